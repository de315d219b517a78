"""figures measured now, and the table committed in docs/quality.md -> what got better or worse."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

NOTICED: Final = 0.005
"""Smaller changes are not called better or worse."""
HEADER: Final = ("figure", "target", "measured")
_MEASURED: Final = re.compile(r"^Measured on .*$", re.MULTILINE)


@dataclass(slots=True)
class Report:
    """Figures by name, and by measure the confusions with how often they came."""

    figures: dict[str, float] = field(default_factory=dict)
    confusions: dict[str, Counter[str]] = field(default_factory=dict)

    def confuse(self, measure: str, what: str) -> None:
        self.confusions.setdefault(measure, Counter())[what] += 1


class Target(NamedTuple):
    """What a figure should reach; `lower`: less is better."""

    goal: float | None = None
    lower: bool = False


class Line(NamedTuple):
    """One figure beside its target and what was committed last."""

    name: str
    target: Target
    now: float
    before: float | None

    @property
    def change(self) -> str:
        """ "better", "worse", "new", or nothing."""
        if self.before is None:
            return "new"
        gain = (self.before - self.now) if self.target.lower else (self.now - self.before)
        return "" if abs(gain) <= NOTICED else "better" if gain > 0 else "worse"

    @property
    def met(self) -> bool:
        """Whether the target is reached, or there is none."""
        goal, lower = self.target
        return goal is None or (self.now <= goal if lower else round(self.now, 3) >= goal)


def number(value: float) -> str:
    """A count as a whole number, a share with three places."""
    return f"{value:.0f}" if value == int(value) and value != 1 else f"{value:.3f}"


def goal(target: Target) -> str:
    """ "≥ 0.960", "≤ 0" or "–"."""
    if target.goal is None:
        return "–"
    return f"{'≤' if target.lower else '≥'} {number(target.goal)}"


def committed(page: str) -> dict[str, float]:
    """The figures of the page's table by name; {} if it has none.

    Raises ValueError with the line's number where a figure is not a number.
    """
    found: dict[str, float] = {}
    for place, cells in _rows(page):
        try:
            found[cells[0]] = float(cells[2])
        except (ValueError, IndexError):
            raise ValueError(
                f"line {place}: expected | figure | target | number |, found {' | '.join(cells)!r}"
            ) from None
    return found


def compared(
    now: Mapping[str, float], targets: Mapping[str, Target], page: str
) -> tuple[tuple[Line, ...], tuple[str, ...]]:
    """A line for each figure, and the committed ones that were not measured."""
    before = committed(page)
    lines = tuple(
        Line(name, targets.get(name, Target()), value, before.get(name))
        for name, value in now.items()
    )
    return lines, tuple(name for name in before if name not in now)


def written(page: str, lines: Iterable[Line], when: str) -> str:
    """The page with the table of these figures; `when`: date and commit.

    Raises ValueError if the page has no such table.
    """
    table = [_row(HEADER), _row(["---", "---", "---:"])]
    table += [_row([line.name, goal(line.target), number(line.now)]) for line in lines]
    old, places = page.splitlines(), [place for place, _ in _rows(page)]
    start = _start(page)
    if start is None:
        raise ValueError(f"no table with the header {_row(HEADER)}")
    rest = old[max([start + 1, *places]) :]
    made = "\n".join([*old[: start - 1], *table, *rest]) + "\n"
    return _MEASURED.sub(f"Measured on {when}.", made)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _start(page: str) -> int | None:
    """The number (from 1) of the header's line."""
    for place, line in enumerate(page.splitlines(), 1):
        if _cells(line) == HEADER:
            return place
    return None


def _rows(page: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Number (from 1) and cells of each row below the header."""
    start = _start(page)
    if start is None:
        return
    for place, line in enumerate(page.splitlines()[start + 1 :], start + 2):
        if not line.startswith("|"):
            return
        yield place, _cells(line)


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
