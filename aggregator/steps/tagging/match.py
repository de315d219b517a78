"""Taxonomy -> an automaton of all aliases; text -> the places where they stand.

One pass over the text finds all aliases in all languages (Aho-Corasick). What a script calls a
word is settled afterwards: letters of Latin and Cyrillic need a boundary, CJK has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple

import ahocorasick

from aggregator.steps.tagging.cover import NOTHING, Cover
from aggregator.steps.tagging.normal import Normal, normal
from aggregator.taxonomy import MATCHED, Tag, Taxonomy

STRONG: Final = ""
VOCABULARY: Final = "vocabulary"
NEGATIVE: Final = "neg"
HINT: Final = "R-STANCE"
"""Words of accusation and argument: evidence of who says what, never shown as a tag."""
_NEVER: Final = frozenset({"no", "genre", "date"})
_SHORT: Final = 5
_SPELT: Final = 4
"""From this length on a word is known in a headline all in capitals too."""
_LETTERS: Final = frozenset(
    chr(code)
    for first, last in (("0", "9"), ("A", "Z"), ("a", "z"), ("À", "ɏ"), ("Ѐ", "ӿ"))
    for code in range(ord(first), ord(last) + 1)
)
"""Letters and digits of scripts that put spaces between words."""
_WORD: Final = re.compile(r"(?:[A-Za-z-]+ )*[a-z]{3,}(?<!s)")
"""An English term that ends in a common noun: its plural is looked for too."""
_GIVEN_NAME: Final = re.compile(r"([A-Z][a-z]+) ([A-Z][a-z]+)[ -]([A-Za-z][a-z]+)")


class Alias(NamedTuple):
    """One thing to look for. `rule` is STRONG, VOCABULARY or the name of a rule."""

    slug: str
    text: str
    rule: str
    cased: bool
    left: bool
    right: bool


class Hit(NamedTuple):
    """An alias that stands at a place of a normal form."""

    start: int
    end: int
    alias: Alias


class _Automata(NamedTuple):
    """Aliases that stand in any case; those that count in their own case only (US, UN, IT).

    In any case the letters are bytes of UTF-8: pyahocorasick looks through the children of a node
    one by one, which takes 65 ns a character of Korean, and 155 ns with 540 first characters.
    """

    any_case: Any
    own_case: Any


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matcher:
    """`whole` holds all aliases; `body` those that are looked for in long texts."""

    whole: _Automata
    body: _Automata
    excepts: dict[str, tuple[re.Pattern[str], ...]]
    """One by one: with a literal beginning of its own each is found twice as fast as joined."""

    def hits(self, text: Normal, *, headline: bool) -> list[Hit]:
        """All aliases in the text, by place; of one tag and rule the longest at each place."""
        found = list(_found(text, self.whole if headline else self.body))
        return list(self._kept(found, text.text)) if found else found

    def _kept(self, found: list[Hit], text: str) -> Iterator[Hit]:
        blank = {
            slug: Cover((*m.span(), "") for m in blanks)
            for slug in self.excepts.keys() & {hit.alias.slug for hit in found}
            if (blanks := [m for p in self.excepts[slug] for m in p.finditer(text)])
        }
        negative = [(h.start, h.end, h.alias.slug) for h in found if h.alias.rule == NEGATIVE]
        refused = Cover(negative) if negative else NOTHING
        ends: dict[tuple[str, str], int] = {}
        for hit in sorted(found, key=lambda h: (h.start, -h.end, h.alias.rule)):
            slug, rule = hit.alias.slug, hit.alias.rule
            if rule == NEGATIVE or (slug in blank and blank[slug].overlaps(hit.start, hit.end)):
                continue
            if refused.inside(hit.start, hit.end, slug):
                continue
            # A weak alias may fail its rule, so it hides only others of the same rule.
            if hit.end > max(ends.get((slug, STRONG), -1), ends.get((slug, rule), -1)):
                ends[slug, rule] = hit.end
                yield hit


def _found(text: Normal, automata: _Automata) -> Iterator[Hit]:
    cased, size = text.text, len(text.text)
    places = _places(automata.any_case, text.lower)
    if cased != text.lower:
        # "us", "un" and "no" stand in every third English word: half of all hits, found in vain.
        places = chain(places, automata.own_case.iter(cased))
    for last, (length, aliases) in places:
        end = last + 1
        start = end - length
        inside_left = start > 0 and cased[start - 1] in _LETTERS
        inside_right = end < size and cased[end] in _LETTERS
        for alias in aliases:
            if (inside_left and alias.left) or (inside_right and alias.right):
                continue
            if alias.cased and not _same_case(alias.text, cased[start:end]):
                continue
            yield Hit(start, end, alias)


def _places(automaton: Any, text: str) -> Iterator[tuple[int, tuple[int, tuple[Alias, ...]]]]:
    """Place of the last character, length and aliases of each key in a text."""
    return automaton.iter(text) if text.isascii() else _in_characters(automaton, text)


def _in_characters(
    automaton: Any, text: str
) -> Iterator[tuple[int, tuple[int, tuple[Alias, ...]]]]:
    encoded = text.encode("utf-8", "surrogatepass")
    at, characters = 0, 0
    for last, found in automaton.iter(encoded.decode("latin-1")):
        characters += len(encoded[at : last + 1].decode("utf-8", "surrogatepass"))
        at = last + 1
        yield characters - 1, found


def _bytes(text: str) -> str:
    """One character for each byte of UTF-8."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Aliases of some tags. Light enough to be sent to another process, where it is compiled."""

    aliases: tuple[Alias, ...]

    def stand_in(self, text: str) -> bool:
        """Whether one of them stands in the text, refused by an exception or not."""
        return next(_found(normal(text), _compiled(self)), None) is not None


def names_of(tags: Iterable[Tag]) -> Names:
    """Everything to look for that names one of these tags."""
    return Names(tuple(alias for tag in tags for alias in _aliases(tag)))


@lru_cache(maxsize=8)
def _compiled(names: Names) -> _Automata:
    return _automaton(names.aliases)


def compile_matcher(taxonomy: Taxonomy) -> Matcher:
    """Build the automaton of a taxonomy; about 30 ms for 390 tags."""
    everything = names_of(taxonomy.values()).aliases
    only_headlines = {name for name, rule in taxonomy.rules.items() if rule.headline}
    return Matcher(
        whole=_automaton(everything),
        body=_automaton([a for a in everything if a.rule not in only_headlines]),
        excepts={
            tag.slug: tuple(re.compile(p) for p in tag.excepts)
            for tag in taxonomy.values()
            if tag.excepts
        },
    )


def _automaton(aliases: Iterable[Alias]) -> _Automata:
    any_case: dict[str, dict[Alias, None]] = {}
    own_case: dict[str, dict[Alias, None]] = {}
    for alias in aliases:
        if alias.cased and (len(alias.text) < _SPELT or alias.text.isupper()):
            own_case.setdefault(alias.text, {})[alias] = None
        else:
            any_case.setdefault(normal(alias.text).lower, {})[alias] = None
    return _Automata(_built(any_case, _bytes), _built(own_case, str))


def _built(table: dict[str, dict[Alias, None]], letters: Callable[[str], str]) -> Any:
    automaton = ahocorasick.Automaton()
    for key, entries in table.items():
        automaton.add_word(letters(key), (len(key), tuple(entries)))
    if not table:
        automaton.add_word("\0\0", (2, ()))
    automaton.make_automaton()
    return automaton


def _aliases(tag: Tag) -> Iterator[Alias]:
    if tag.facet == "stance":
        for text in tag.strong:
            yield _alias(tag, text, HINT)
    if tag.facet not in MATCHED:
        return
    strong = list(tag.strong)
    if tag.facet == "actor":
        strong += [variant for alias in tag.strong for variant in _given_name_variants(alias)]
    for text in dict.fromkeys(strong):
        yield _alias(tag, text, STRONG)
    for text in strong:
        if _WORD.fullmatch(text):
            yield _alias(tag, _plural(text), STRONG)
    for text in tag.vocabulary:
        yield _alias(tag, text, VOCABULARY)
    for weak in tag.weak:
        if weak.rule not in _NEVER:
            yield _alias(tag, weak.alias, weak.rule)
            if _WORD.fullmatch(weak.alias):
                yield _alias(tag, _plural(weak.alias), weak.rule)


def _plural(text: str) -> str:
    return text + ("es" if text.endswith(("ch", "sh", "x")) else "s")


def _alias(tag: Tag, text: str, rule: str) -> Alias:
    form = normal(text).text
    letters = [c for c in form if c.isalpha()]
    cased = bool(letters) and (
        len(letters) <= _SHORT or all(c.isupper() for c in letters) or rule == "case"
    )
    return Alias(
        slug=tag.slug,
        text=form,
        rule=rule,
        cased=cased and form != form.lower(),
        left=form[0] in _LETTERS and not (tag.glued and len(form) >= 9),
        right=form[-1] in _LETTERS,
    )


def _given_name_variants(alias: str) -> Iterator[str]:
    """ "Kim Jong Un" is also written "Kim Jong-un"; case does not matter here."""
    if found := _GIVEN_NAME.fullmatch(alias):
        family, first, second = found.groups()
        yield f"{family} {first}-{second}"
        yield f"{family} {first} {second}"


def _same_case(alias: str, found: str) -> bool:
    """Equal, or a word of at least four letters in a headline all in capitals."""
    return found == alias or (len(alias) >= _SPELT and found.isupper() and not alias.isupper())
