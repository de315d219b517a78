"""places in a text -> does one of them cover this one? Asked for thousands of hits."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final

_LONGEST: Final = 120
"""No alias, and nothing that an exception matches, is longer."""


class Cover:
    """Places with a kind, by their start."""

    __slots__ = ("_places", "_starts")

    def __init__(self, places: Iterable[tuple[int, int, str]]) -> None:
        self._places = sorted(set(places))
        self._starts = [start for start, _, _ in self._places]

    def _around(self, start: int, end: int) -> Iterable[tuple[int, int, str]]:
        first = bisect_left(self._starts, start - _LONGEST)
        return self._places[first : bisect_right(self._starts, end)]

    def inside(self, start: int, end: int, kind: str) -> bool:
        """Whether a longer place of this kind covers it."""
        return any(
            first <= start and end <= last and other == kind and last - first > end - start
            for first, last, other in self._around(start, end)
        )

    def inside_any(self, start: int, end: int) -> bool:
        """Whether a longer place of any kind covers it."""
        return any(
            first <= start and end <= last and last - first > end - start
            for first, last, _ in self._around(start, end)
        )

    def overlaps(self, start: int, end: int) -> bool:
        """Whether any place shares a character with it."""
        return any(first < end and start < last for first, last, _ in self._around(start, end))


NOTHING: Final = Cover(())
