"""Sketches -> how likely two of them tell of one event.

What is rare among the articles at hand says more than what is common. A few learned weights
(`taxonomy/likeness.toml`) make one number of the features; `Space.features` names each of them.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from aggregator.steps.sketch import Sketch

Vector: TypeAlias = Mapping[str, float]

_BACKGROUND, _FAMILIAR = 1000, 0.1
"""A word in a pool of ten articles is not thereby rare: so many unseen ones stand behind them, and
a tenth as large a part of these holds what the pool holds."""
_CROWD: Final = 1.5
"""Days to either side in which articles crowd together."""
_FEW: Final = 8
"""Where fewer are at hand, that is our list of feeds, not the world's silence."""
_BURST: Final = 20 / (24 * 60)
_FILED: Final = 10
"""Under so many of its rarest words, and of its rarest marks, an article is found."""
_MOST_UNDER_ONE: Final = 100
_NEAREST, _NEAREST_ABROAD = 10, 6
_LEAST_SHARED: Final = 0.1
"""Likeness by these keys alone below which two articles have nothing to do with each other."""

WITHIN: Final = (
    "start",
    "words",
    "title",
    "marks",
    "hours",
    "crowd",
    "hours in a crowd",
    "flash",
    "brief",
    "same actors",
    "both relevant",
    "burst",
)
ACROSS: Final = ("start", "marks", "shared marks", "share of the smaller", "days", "both relevant")


def cosine(a: Vector, b: Vector) -> float:
    """0 (nothing in common) to 1 (the same), of vectors of unit length."""
    if len(b) < len(a):
        a, b = b, a
    # A list, not a generator: this is the innermost loop of copies and stories.
    return sum([value * b[word] for word, value in a.items() if word in b])


def unit(weights: Mapping[str, float]) -> Vector:
    """Scaled to length 1."""
    length = math.sqrt(sum([v * v for v in weights.values()])) or 1.0
    return {word: v / length for word, v in weights.items()}


class _Rarity(dict[str, float]):
    """Word -> inverse document frequency. Computed once for each word that is asked for."""

    def __init__(self, held: Mapping[str, int], texts: int) -> None:
        super().__init__()
        self._held = held
        self._total = _BACKGROUND + texts + 1
        self._share = 1 + _FAMILIAR * _BACKGROUND / max(texts, 1)

    def __missing__(self, word: str) -> float:
        found = math.log(self._total / (self._held.get(word, 0) * self._share + 0.5))
        self[word] = found
        return found


def log_odds(probability: float) -> float:
    """Of a probability between 0 and 1."""
    return math.log(probability / (1 - probability))


class Space:
    """Sketches side by side: rarity, neighbours, likeness. Articles are known by their number."""

    def __init__(
        self, sketches: Sequence[Sketch], weights: Mapping[str, Mapping[str, float]]
    ) -> None:
        self.sketches = sketches
        self._within = [weights["within"].get(name, 0.0) for name in WITHIN]
        self._across = [weights["across"].get(name, 0.0) for name in ACROSS]
        held: defaultdict[str, Counter[str]] = defaultdict(Counter)
        times: defaultdict[str, list[float]] = defaultdict(list)
        marks: Counter[str] = Counter()
        for each in sketches:
            held[each.language].update(each.wording.words.keys())
            times[each.language].append(each.at)
            marks.update(each.wording.marks.keys())
        self._times = {language: sorted(found) for language, found in times.items()}
        self.rarity = {
            language: _Rarity(words, len(times[language])) for language, words in held.items()
        }
        """Language -> word -> how rare it is in texts of the language."""
        self._mark_rarity = _Rarity(marks, len(sketches))
        self._words: dict[int, Vector] = {}
        self._titles: dict[int, Vector] = {}
        self._marks: dict[int, tuple[Vector, Vector, float]] = {}
        self._crowds: dict[int, float] = {}
        self._likes: dict[tuple[int, int], float] = {}
        self._common: dict[tuple[int, int], float] = {}
        self._by_key: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
        self._keys: dict[int, Sequence[tuple[str, float]]] = {}

    def words(self, number: int) -> Vector:
        """Of title and lead."""
        if number not in self._words:
            each = self.sketches[number]
            rarity = self.rarity[each.language]
            self._words[number] = unit({w: x * rarity[w] for w, x in each.wording.words.items()})
        return self._words[number]

    def title(self, number: int) -> Vector:
        if number not in self._titles:
            each = self.sketches[number]
            rarity = self.rarity[each.language]
            self._titles[number] = unit({w: rarity[w] for w in each.wording.title})
        return self._titles[number]

    def _marks_of(self, number: int) -> tuple[Vector, Vector, float]:
        """Of unit length, as they are, and their sum."""
        if number not in self._marks:
            rarity = self._mark_rarity
            raw = {m: x * rarity[m] for m, x in self.sketches[number].wording.marks.items()}
            self._marks[number] = unit(raw), raw, sum(raw.values())
        return self._marks[number]

    def _crowd(self, number: int) -> float:
        """Logarithm of how many articles of the language appeared around the same time."""
        if number not in self._crowds:
            each = self.sketches[number]
            times = self._times[each.language]
            first, last = (
                bisect_left(times, each.at - _CROWD),
                bisect_right(times, each.at + _CROWD),
            )
            self._crowds[number] = math.log(1 + max(last - first, _FEW))
        return self._crowds[number]

    # ── pairs ────────────────────────────────────────────────────────────────────────────────

    def words_in_common(self, one: int, other: int) -> float:
        """Cosine of the words of two articles in one language."""
        pair = (one, other) if one < other else (other, one)
        if (found := self._common.get(pair)) is None:
            found = self._common[pair] = cosine(self.words(one), self.words(other))
        return found

    def nearness(self, numbers: Sequence[int]) -> dict[int, float]:
        """How much each headline says what all say: marks, and in one language words.

        The sum of its cosines with all, by their sum: in large stories pairs would cost minutes.
        """
        marks: defaultdict[str, float] = defaultdict(float)
        titles: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        for n in numbers:
            for mark, value in self._marks_of(n)[0].items():
                marks[mark] += value
            for word, value in self.title(n).items():
                titles[self.sketches[n].language][word] += value
        return {
            # Rounded, that equal headlines tie whatever the order of addition.
            n: round(
                cosine(self._marks_of(n)[0], marks)
                + cosine(self.title(n), titles[self.sketches[n].language]),
                9,
            )
            for n in numbers
        }

    def features(self, one: int, other: int) -> tuple[float, ...]:
        """By the names in `WITHIN` (one language) or `ACROSS` (two)."""
        a, b = self.sketches[one], self.sketches[other]
        days = abs(a.at - b.at)
        mine, raw, sum_a = self._marks_of(one)
        theirs, raw_b, sum_b = self._marks_of(other)
        marks = cosine(mine, theirs)
        relevant = 1.0 if a.relevant and b.relevant else 0.0
        if a.language != b.language:
            if len(raw_b) < len(raw):
                raw, raw_b = raw_b, raw
            shared = sum([min(x, raw_b[m]) for m, x in raw.items() if m in raw_b])
            smaller = min(sum_a, sum_b) or 1.0
            return (
                1.0,
                marks,
                min(shared, 40.0) / 10,
                shared / smaller,
                math.sqrt(days),
                relevant,
            )
        hours, words = math.log1p(days * 24), self.words_in_common(one, other)
        crowd = min(self._crowd(one), self._crowd(other))
        p, q = a.wording, b.wording
        burst = (
            days < _BURST
            and p.speaker != ""
            and p.speaker == q.speaker
            and a.publisher == b.publisher
        )
        return (
            1.0,
            words,
            cosine(self.title(one), self.title(other)) if words else 0.0,
            marks,
            hours,
            crowd,
            hours * crowd,
            1.0 if p.flash or q.flash else 0.0,
            1.0 if a.brief or b.brief else 0.0,
            min(len(p.actors & q.actors), 2.0),
            relevant,
            1.0 if burst else 0.0,
        )

    def likeness(self, one: int, other: int) -> float:
        """Log-odds that both tell of one event."""
        pair = (one, other) if one < other else (other, one)
        if (odds := self._likes.get(pair)) is None:
            same = self.sketches[one].language == self.sketches[other].language
            weights = self._within if same else self._across
            found = self.features(one, other)
            odds = self._likes[pair] = sum([x * w for x, w in zip(found, weights, strict=True)])
        return odds

    # ── neighbours ───────────────────────────────────────────────────────────────────────────

    def _filed_under(self, number: int) -> Sequence[tuple[str, float]]:
        """The keys that say most of an article, with their weights."""
        if number not in self._keys:
            language = self.sketches[number].language
            words, (marks, _, _) = self.words(number), self._marks_of(number)
            rarest = sorted(words, key=words.__getitem__, reverse=True)[:_FILED]
            telling = sorted(marks, key=marks.__getitem__, reverse=True)[:_FILED]
            self._keys[number] = (
                *((f"{language}:{word}", words[word]) for word in rarest),
                *((mark, marks[mark]) for mark in telling),
            )
        return self._keys[number]

    def file(self, number: int) -> None:
        """From now on `near` finds it."""
        for key, weight in self._filed_under(number):
            self._by_key[key].append((number, weight))

    def near(self, number: int, within: float) -> list[int]:
        """The most promising of those on file and at most `within` days away, of its own language
        and of others. Cost follows the index, not how many there are."""
        sketches, each = self.sketches, self.sketches[number]
        shared: defaultdict[int, float] = defaultdict(float)
        for key, weight in self._filed_under(number):
            for other, others in self._by_key.get(key, ())[-_MOST_UNDER_ONE:]:
                shared[other] += weight * others
        shared.pop(number, None)
        own_language: list[tuple[float, int]] = []
        abroad: list[tuple[float, int]] = []
        for other, alike in shared.items():
            if alike >= _LEAST_SHARED and abs(sketches[other].at - each.at) <= within:
                same = sketches[other].language == each.language
                (own_language if same else abroad).append((alike, -other))
        own_language.sort(reverse=True)
        abroad.sort(reverse=True)
        return [-n for _, n in (*own_language[:_NEAREST], *abroad[:_NEAREST_ABROAD])]
