"""A pool -> which of its items repeat the text of another one.

A wire report on another site, a revision with an edited headline. What only tells of the same
event in other words is no copy but another report of the story.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final

from aggregator.model import Copy, Item
from aggregator.rules import Clustering
from aggregator.steps.likeness import Vector, cosine, log_odds, unit
from aggregator.steps.pool import Pool
from aggregator.steps.sketch import lead_of
from aggregator.steps.words import CJK, words

WINDOW: Final = 3.0
"""Days within which a text is repeated."""
_SERIES_GAP: Final = 0.25
"""Days after which one desk writes the next of a series ("Press Review"), not the same again."""
_REVISED: Final = 1.0
"""Days within which a desk revises its report under a mark that says so."""
_SERIES: Final = 3
"""Undated headlines of one publisher that are equal: a series, whose days are not known."""
_REVISED_ODDS: Final = 1.0
"""So much (log-odds) a mark of revision says by itself."""
_BY_CHANCE: Final = 0.8
"""So much (log-odds) surer must be who compares texts that are cut into pairs of letters: more of
these are alike by chance, and most labelled pairs are English."""
_WORTH_A_LOOK: Final = 0.25
"""Cosine of words below which no text is repeated."""
_TITLES_APART, _ALL_ELSE = 0.15, 0.6
"""Under headlines that have nothing in common (cosine), nearly all else must be the same."""
_FEW_WORDS: Final = 8
_PHRASE: Final = 3
_LONGEST_RUN: Final = 15
_PAIRED: Final = 0.7

FEATURES: Final = ("start", "phrases", "title", "shared phrases", "longest run", "same title")
_TITLE, _PHRASES = FEATURES.index("title"), FEATURES.index("phrases")

# Marks of revision and of syndication: they tell versions of one text apart, not events.
_MARKS = re.compile(
    r"""^\s*(?:
          \[(?:속보|단독|종합|緊急|速報|快讯|更新|update|breaking)[^\]]*\]
        | \((?:\d*\s*(?:lead|ld)|\d+(?:st|nd|rd|th)\s+(?:lead|ld)|urgent|update\w*|yonhap\ .*?)\)
        | (?:update|corrected|refile|breaking|exclusive)\s*\d*\s*[-:–]
      )\s*
    | \s*\((?:종합\d*보?|\d+보|종합|reuters|afp|ap|upi|xinhua|연합뉴스|update\ ?\d+)\)\s*$
    | \s+[-–—|]\s+[^-–—|]{2,40}$
    """,
    re.IGNORECASE | re.VERBOSE,
)
_REVISION: Final = re.compile(
    r"\((?:종합(?:\d보)?|\d보|\d*(?:st|nd|rd|th)?\s?(?:lead|ld)|update\ ?\d+)\)|^update\ ?\d|"
    r"^\[(?:\d보|종합)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_FLASH: Final = re.compile(
    r"^\s*\[(?:속보|긴급|단독|\d보|종합\d*보?)\]\s*|^\s*(?:BREAKING|URGENT):\s*"
)


@lru_cache(maxsize=16_384)
def title_key(title: str) -> str:
    """A headline without marks of revision, publisher, punctuation and case."""
    text = unicodedata.normalize("NFKC", title)
    for _ in range(3):  # marks are stacked: "[속보] … (종합2보)"
        shorter = _MARKS.sub("", text)
        if shorter == text or len(shorter) < 8:
            break
        text = shorter
    return " ".join(re.findall(r"\w+", text.casefold()))


def without_revision(title: str) -> str:
    """A headline as a story bears it: without marks of haste and of revision."""
    return _FLASH.sub("", _REVISION.sub("", title)).strip(" -–") or title


def nearly(pool: Pool, weights: Mapping[str, float], rules: Clustering) -> tuple[Copy, ...]:
    """Which arriving items repeat an earlier one. An original is never itself a copy."""
    found = Copies(pool, weights, rules)
    roots = {i.article.id: i.duplicate_of or i.article.id for i in pool.items}
    earlier: dict[int, list[int]] = {}
    for m, n in (*pool.pairs, *found.same_titles()):
        a, b = (m, n) if pool.owners[n] is None else (n, m)
        earlier.setdefault(b, []).append(a)
    copies: list[Copy] = []
    for n in pool.arriving():
        item = pool.items[n]
        originals = [m for m in earlier.get(n, ()) if m != n and found.is_copy(m, n)]
        if originals:
            root = roots[pool.items[min(originals)].article.id]
            if root != item.article.id:
                roots[item.article.id] = root
                copies.append(Copy(article_id=item.article.id, original_id=root))
    return tuple(copies)


class Copies:
    """What is asked of pairs of a pool."""

    def __init__(self, pool: Pool, weights: Mapping[str, float], rules: Clustering) -> None:
        self._pool = pool
        self._weights = [weights.get(name, 0.0) for name in FEATURES]
        self._least = log_odds(rules.copy_at)
        self._phrases: dict[int, Vector] = {}
        self._leads: set[tuple[str, ...]] | None = None
        keys = [title_key(item.article.title) for item in pool.items]
        self._keys = keys
        self._undated = Counter(
            (each.publisher, key)
            for each, key in zip(pool.space.sketches, keys, strict=True)
            if each.publisher and not each.dated
        )

    def _standing(self, n: int) -> bool:
        """Whether a lead is one that a site puts under many headlines."""
        if self._leads is None:
            titles: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
            for item, key in zip(self._pool.items, self._keys, strict=True):
                titles[_tokens(item)].add(key)
            self._leads = {lead for lead, keys in titles.items() if len(keys) >= _SERIES}
        return _tokens(self._pool.items[n]) in self._leads

    def same_titles(self) -> list[tuple[int, int]]:
        """Pairs of equal headlines, also where no index would bring them together."""
        last: dict[tuple[str, str], list[int]] = {}
        pairs: list[tuple[int, int]] = []
        for n, (key, each) in enumerate(zip(self._keys, self._pool.space.sketches, strict=True)):
            if _long_enough(key):
                same = last.setdefault((each.language, key), [])
                pairs += [
                    (m, n)
                    for m in same[-_SERIES * 4 :]
                    if self._pool.owners[n] is None or self._pool.owners[m] is None
                ]
                same.append(n)
        return pairs

    def is_copy(self, m: int, n: int) -> bool:
        """Whether two items are one text."""
        a, b = self._pool.space.sketches[m], self._pool.space.sketches[n]
        apart = abs(a.at - b.at)
        if a.language != b.language or (a.dated and b.dated and apart > WINDOW):
            return False
        key, other = self._keys[m], self._keys[n]
        if key != other and self._pool.space.words_in_common(m, n) < _WORTH_A_LOOK:
            return False
        same_desk = a.publisher != "" and a.publisher == b.publisher
        revised = same_desk and apart <= _REVISED and self._is_revision(m, n)
        if same_desk and not revised and (apart > _SERIES_GAP or self._in_series(m, n)):
            return False
        if key == other and _long_enough(key):
            return True
        if a.brief and b.brief and same_desk:
            return False
        if _clash(key, other) and not revised:
            return False
        found = self.features(m, n)
        if found[_TITLE] < _TITLES_APART and (found[_PHRASES] < _ALL_ELSE or self._standing(m)):
            return False
        odds = sum([x * w for x, w in zip(found, self._weights, strict=True)])
        least = self._least + (_BY_CHANCE if a.language in ("ko", "ja", "zh") else 0.0)
        return odds > least - (_REVISED_ODDS if revised else 0.0)

    def _is_revision(self, m: int, n: int) -> bool:
        later = max(m, n)  # numbers follow publication
        return _REVISION.search(self._pool.items[later].article.title) is not None

    def _in_series(self, m: int, n: int) -> bool:
        a = self._pool.space.sketches[m]
        return (
            self._keys[m] == self._keys[n] and self._undated[a.publisher, self._keys[m]] >= _SERIES
        )

    def features(self, m: int, n: int) -> tuple[float, ...]:
        """By the names in `FEATURES`."""
        space = self._pool.space
        a, b = (_tokens(self._pool.items[x]) for x in (m, n))
        return (
            1.0,
            cosine(self._phrases_of(m), self._phrases_of(n)),
            cosine(space.title(m), space.title(n)),
            _shared_phrases(a, b),
            min(_longest_run(a, b), _LONGEST_RUN) / 10,
            1.0 if self._keys[m] == self._keys[n] else 0.0,
        )

    def _phrases_of(self, n: int) -> Vector:
        """Words, and pairs of neighbours, of title and lead."""
        if n not in self._phrases:
            article = self._pool.items[n].article
            rarity = self._pool.space.rarity[article.language]
            found = words(f"{article.title} {lead_of(article.summary)}", article.language)
            weights = {w: rarity[w] for w in found}
            for one, two in pairwise(found):
                weights[f"{one} {two}"] = _PAIRED * max(weights[one], weights[two])
            self._phrases[n] = unit(weights)
        return self._phrases[n]


def _tokens(item: Item) -> tuple[str, ...]:
    """The lead's words, or all there is where they are too few to tell whose they are."""
    article, lead = item.article, lead_of(item.article.summary)
    found = words(lead, article.language)
    return found if len(found) >= _FEW_WORDS else words(f"{article.title} {lead}", article.language)


def _shared_phrases(a: Sequence[str], b: Sequence[str]) -> float:
    """The share of the shorter text's runs of three words that the other has too."""
    mine, theirs = (
        {tuple(text[i : i + _PHRASE]) for i in range(len(text) - _PHRASE + 1)} for text in (a, b)
    )
    return len(mine & theirs) / (min(len(mine), len(theirs)) or 1)


def _longest_run(a: Sequence[str], b: Sequence[str]) -> int:
    """Words in a row that both texts have."""
    places: dict[str, list[int]] = {}
    for j, word in enumerate(b):
        places.setdefault(word, []).append(j)
    longest, before = 0, dict[int, int]()
    for word in a:
        now = {j: before.get(j - 1, 0) + 1 for j in places.get(word, ())}
        longest = max(longest, *now.values()) if now else longest
        before = now
    return longest


def _long_enough(key: str) -> bool:
    """Short headlines ("Press Review") are alike without being copies."""
    return len(key.split()) >= 5 or (bool(CJK.search(key)) and len(key.replace(" ", "")) >= 12)


def _clash(one: str, other: str) -> bool:
    """Whether both headlines give numbers, and neither gives all of the other's."""
    a, b = (frozenset(_NUMBER.findall(key)) for key in (one, other))
    return bool(a) and bool(b) and not (a <= b or b <= a)
