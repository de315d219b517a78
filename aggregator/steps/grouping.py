"""Likeness of pairs -> groups: which articles tell of one event.

Two groups merge while it is likelier than the threshold that they are one, the likeliest first.
How likely two groups are one is half the mean of the best pairs and half the mean of all: one good
pair alone does not chain them. First within each language, where words compare; then across.
Neither the order of the articles nor that of the groups shows.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from aggregator.rules import Clustering
from aggregator.steps.likeness import log_odds
from aggregator.steps.pool import Pool

_BEST: Final = 5
_SAMPLE: Final = 8
"""Members of each group that are compared when groups are large: 64 pairs, evenly spaced."""
_SETTLED: Final = 0.5
"""By so much (log-odds) two stories that readers have seen must be likelier one than two reports:
what they remember as two should not be joined on a doubt."""
_AGAINST: Final = 1.0
"""So much (log-odds) below the threshold may likeness within a language be for groups that
another language joins."""


@dataclass(slots=True)
class _Group:
    """Members by number, in the order of publication."""

    members: list[int]
    first: float
    last: float
    settled: bool
    languages: dict[str, list[int]] = field(default_factory=dict)
    near: set[int] = field(default_factory=set)
    """Groups that hold an article like one of ours."""
    version: int = 0


class Grouping:
    """All groups while they merge. A group is known by its lowest number."""

    def __init__(self, pool: Pool, together: Iterable[tuple[int, int]], rules: Clustering) -> None:
        """`together`: pairs of numbers that belong together whatever their likeness, copies."""
        self._space = pool.space
        self._pairs = pool.pairs
        self._window = rules.window.total_seconds() / 86_400
        self._longest = rules.longest.total_seconds() / 86_400
        self._join = log_odds(rules.join)
        self._bridge = log_odds(rules.across)
        self.groups: dict[int, _Group] = {}
        self._of: dict[int, int] = {}
        by_owner: defaultdict[str, list[int]] = defaultdict(list)
        for number, owner in enumerate(pool.owners):
            if owner is None:
                self._add([number], settled=False)
            else:
                by_owner[owner].append(number)
        for owner in sorted(by_owner):
            self._add(by_owner[owner], settled=True)
        for a, b in together:
            if self._of[a] != self._of[b]:
                self._join_groups(*sorted((self._of[a], self._of[b])))

    def _add(self, members: list[int], *, settled: bool) -> None:
        sketches = self._space.sketches
        members = sorted(members, key=lambda n: (sketches[n].at, sketches[n].id))
        group = _Group(members, sketches[members[0]].at, sketches[members[-1]].at, settled)
        for n in members:
            group.languages.setdefault(sketches[n].language, []).append(n)
        name = min(members)
        self.groups[name] = group
        self._of.update(dict.fromkeys(members, name))

    # ── merging ──────────────────────────────────────────────────────────────────────────────

    def merge(self) -> list[list[int]]:
        """The groups in the end, each in the order of publication."""
        sketches, like = self._space.sketches, self._space.likeness
        same = [p for p in self._pairs if sketches[p[0]].language == sketches[p[1]].language]
        strange = [p for p in self._pairs if sketches[p[0]].language != sketches[p[1]].language]
        self._merge((p for p in same if like(*p) > self._join - _AGAINST), self._within)
        self._merge((p for p in strange if like(*p) > self._bridge - _AGAINST), self._across)
        return [group.members for _, group in sorted(self.groups.items())]

    def _merge(
        self, pairs: Iterable[tuple[int, int]], linked: Callable[[_Group, _Group], float]
    ) -> None:
        for group in self.groups.values():
            group.near.clear()
        for n, m in pairs:
            a, b = self._of[n], self._of[m]
            if a != b:
                self.groups[a].near.add(b)
                self.groups[b].near.add(a)
        heap: list[tuple[float, int, int, int, int]] = []
        for a in sorted(self.groups):
            for b in sorted(self.groups[a].near):
                if a < b:
                    self._consider(a, b, linked, heap)
        while heap:
            _, a, b, version_a, version_b = heapq.heappop(heap)
            one, other = self.groups.get(a), self.groups.get(b)
            if one is None or other is None:
                continue
            if (one.version, other.version) == (version_a, version_b):
                self._join_groups(a, b)
                for c in sorted(one.near):
                    self._consider(min(a, c), max(a, c), linked, heap)

    def _consider(
        self,
        a: int,
        b: int,
        linked: Callable[[_Group, _Group], float],
        heap: list[tuple[float, int, int, int, int]],
    ) -> None:
        one, other = self.groups[a], self.groups[b]
        apart = max(one.first, other.first) - min(one.last, other.last)
        span = max(one.last, other.last) - min(one.first, other.first)
        if apart > self._window or span > self._longest:
            return
        margin = linked(one, other) - (_SETTLED if one.settled and other.settled else 0.0)
        if margin > 0:
            heapq.heappush(heap, (-margin, a, b, one.version, other.version))

    def _join_groups(self, a: int, b: int) -> None:
        """b's members move into a, which is the older name."""
        one, other = self.groups[a], self.groups.pop(b)
        sketches = self._space.sketches
        one.members = sorted(
            one.members + other.members, key=lambda n: (sketches[n].at, sketches[n].id)
        )
        for language, members in other.languages.items():
            one.languages[language] = sorted(one.languages.get(language, []) + members)
        one.first, one.last = min(one.first, other.first), max(one.last, other.last)
        one.settled = one.settled or other.settled
        one.version += 1
        self._of.update(dict.fromkeys(other.members, a))
        one.near |= other.near
        one.near -= {a, b}
        for c in other.near - {a}:
            self.groups[c].near.discard(b)
            self.groups[c].near.add(a)

    # ── how likely two groups are one, above the threshold ───────────────────────────────────

    def _within(self, one: _Group, other: _Group) -> float:
        """By the languages that both have; below every threshold when there is none."""
        likes = [
            like
            for language in sorted(one.languages.keys() & other.languages.keys())
            for like in self._likes(one.languages[language], other.languages[language])
        ]
        return _linkage(likes) - self._join if likes else -math.inf

    def _across(self, one: _Group, other: _Group) -> float:
        likes = [
            like
            for mine, members in sorted(one.languages.items())
            for theirs, others in sorted(other.languages.items())
            if mine != theirs
            for like in self._likes(members, others)
        ]
        if not likes:
            return -math.inf
        within = self._within(one, other)
        if within != -math.inf and within < -_AGAINST:
            return -math.inf
        return _linkage(likes) - self._bridge

    def _likes(self, mine: Sequence[int], theirs: Sequence[int]) -> list[float]:
        like = self._space.likeness
        return [like(n, m) for n in _sample(mine) for m in _sample(theirs)]


def _sample(members: Sequence[int]) -> Sequence[int]:
    if len(members) <= _SAMPLE:
        return members
    step = (len(members) - 1) / (_SAMPLE - 1)
    return [members[round(i * step)] for i in range(_SAMPLE)]


def _linkage(likes: list[float]) -> float:
    best = heapq.nlargest(_BEST, likes)
    return (sum(best) / len(best) + sum(likes) / len(likes)) / 2
