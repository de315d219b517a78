"""A loaded taxonomy -> aliases that two tags claim, or that can never matter.

Two tags may share an alias where each means it: a phrase names a place and the meeting held there,
an event and its topic, an army and its state. So only tags of one facet clash; events do not if
each has a date of its own, for the date parts them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from aggregator.steps.tagging.match import NEGATIVE, STRONG, VOCABULARY, Alias, Names, names_of
from aggregator.steps.tagging.rules import compile_rules
from aggregator.taxonomy import Placed, Tag, Taxonomy
from aggregator.taxonomy.checking import Finding, Level, at

_IDENTITIES: Final = frozenset({"actor", "state", "org", "place"})
"""Facets of things that there are once: an alias of two of them is wrong in one place at least."""
_SURROUNDED: Final = re.compile(r"\(\?[=!<]|\\[bB]|\^|\$")
"""A pattern that looks beyond what it matches may spare the alias elsewhere."""


def functions(taxonomy: Taxonomy) -> frozenset[str]:
    """Rules that the program itself knows, whatever their conditions say."""
    checks = compile_rules(taxonomy).checks
    declared = {name for name, rule in taxonomy.rules.items() if rule.declared}
    return frozenset({NEGATIVE, *checks} - declared)


def clashes(placed: Placed) -> Iterator[Finding]:
    """What strong aliases do to those of other tags, and of their own."""
    taxonomy = placed.taxonomy
    claimed: defaultdict[tuple[str, str], list[Alias]] = defaultdict(list)
    for tag in taxonomy.values():
        aliases = names_of([tag]).aliases
        for alias in aliases:
            if alias.rule == STRONG:
                claimed[tag.facet, alias.text.lower()].append(alias)
        yield from _idle(placed, tag, aliases)
        yield from _excepted(placed, tag, aliases)
    for (facet, _), found in claimed.items():
        for one, other in combinations(found, 2):
            first, second = taxonomy[one.slug], taxonomy[other.slug]
            if one.slug == other.slug or not _meet(one, other):
                continue
            if facet == "event" and first.when and second.when and first.when != second.when:
                continue
            level: Level = "error" if facet in _IDENTITIES else "warning"
            what = f"{other.text!r} is a strong alias of {first.slug} too"
            advice = "keep it with one of them, or make it weak under a rule that tells them apart"
            yield _told(placed, second, other, level, what, advice)


def _meet(one: Alias, other: Alias) -> bool:
    """Whether some text is taken for both: case parts US from us."""
    return one.text == other.text or not (one.cased and other.cased)


def _idle(placed: Placed, tag: Tag, aliases: tuple[Alias, ...]) -> Iterator[Finding]:
    """Weak aliases that never decide, for a strong one of the tag stands in them."""
    strong = [alias for alias in aliases if alias.rule == STRONG]
    written = {(weak.alias, weak.rule) for weak in tag.weak}
    for alias in aliases:
        if alias.rule in (STRONG, VOCABULARY, NEGATIVE) or (alias.text, alias.rule) not in written:
            continue
        for other in strong:
            if Names((other,)).stand_in(alias.text):
                what = f"{alias.text!r} never waits for {alias.rule}: {other.text!r} fires alone"
                advice = "drop one of the two (labels count as strong unless `label_aliases` says)"
                yield _told(placed, tag, alias, "warning", what, advice)
                break


def _excepted(placed: Placed, tag: Tag, aliases: tuple[Alias, ...]) -> Iterator[Finding]:
    """Aliases that the tag's own `except` takes away wherever they stand."""
    patterns = [re.compile(p) for p in tag.excepts if not _SURROUNDED.search(p)]
    for alias in aliases:
        if alias.rule == NEGATIVE:
            continue
        for pattern in patterns:
            if pattern.search(alias.text):
                what = f"{alias.text!r} never fires: `except` {pattern.pattern!r} covers it"
                yield _told(placed, tag, alias, "error", what, "drop one of the two")
                break


def _told(placed: Placed, tag: Tag, alias: Alias, level: Level, what: str, advice: str) -> Finding:
    keys = {STRONG: "strong", VOCABULARY: "vocabulary"}
    key = keys.get(alias.rule, "weak")
    return at(placed, tag, key, level, what, advice, alias=alias.text)
