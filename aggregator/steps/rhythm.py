"""Times of publication -> when a feed publishes, and when it is next worth a visit.

What is learnt of a feed is the mean number of entries for each quarter of an hour of the day, how
they lie on the minutes of an hour (articles are set to appear at the full hour, and a visit just
after it finds them all), and how the thirds of each day of the week differ: newsrooms sleep, and
rest at the weekend. All fade over weeks. From them follows what to expect at any time ahead; a feed
that has just published more than that is expected to go on for some hours.

A visit costs a request; every entry that waits for one costs delay. With entries that come at a
steady rate r and visits every T, the cost r T^2 / 2 of the waiting balances the cost c of a request
when T = sqrt(2 c / r). So the interval goes with the root of the rate, and no other division of the
same number of requests among feeds gives a smaller mean delay. For a rate that changes the rule is:
come when the delay expected to have gathered since the last visit reaches c.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import exp

SLOTS = 96
MINUTES = 60
SLOT = 15
"""Minutes."""
DAY = 24 * 60
WEEK = 7 * DAY
CELLS = 21
CELL = 8 * 60
"""Minutes: a third of a day, for the midnights of the world are not that of UTC."""

FADE = 21.0
"""Days in which the weight of what was seen falls to 1 / e."""
MEMORY = 63
"""Days after which nothing is left worth reading."""
UNIT = 100
"""Stored counts are hundredths: fading would lose whole ones."""
MOST = 999_999
DAY_PRIOR = 1.0
"""Days of watching by which the surroundings of a quarter of an hour speak for it."""
WEEK_PRIOR = 4.0
"""Entries, beside those of a usual day, by which the week is taken to be even."""
MINUTE_PRIOR = 1.0
"""Entries on each minute of the hour by which these are taken to be even."""
REACH = 4
"""Quarters of an hour on each side that count as surroundings."""
RECENT = 360.0
"""Minutes in which the weight of what was just seen falls to 1 / e."""
RECENT_PRIOR = 3.0

_SINCE, _UNTIL, _OBSERVED, _EXPECTED, _HEAD = 0, 1, 2, 3, 4
_DAY = _HEAD + CELLS
_HOUR = _DAY + SLOTS
_SIZE = _HOUR + MINUTES
_LEFT = exp(-1 / FADE)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


class Rhythm:
    """What is known of one feed, ready to be asked. Rates are entries a minute."""

    __slots__ = ("_base", "_cells", "_factors", "_held", "_minutes", "_since", "_surge", "_until")

    def __init__(self, stored: tuple[int, ...]) -> None:
        self._since, self._until = stored[_SINCE], stored[_UNTIL]
        self._cells = stored[_HEAD:_DAY]
        self._base = self._profile(stored[_DAY:_HOUR])
        self._minutes = _even(stored[_HOUR:])
        # Minutes that the entries of a quarter of an hour wait until its end, at a rate of 1.
        self._held = [
            sum(self._minutes[start + n] * (SLOT - n - 0.5) for n in range(SLOT))
            for start in range(0, MINUTES, SLOT)
        ]
        self._factors: dict[int, float] = {}
        observed, expected = stored[_OBSERVED] / UNIT, stored[_EXPECTED] / UNIT
        # Less than expected is left out: a slow hour is no reason to miss the next one.
        self._surge = max((observed + RECENT_PRIOR) / (expected + RECENT_PRIOR) - 1.0, 0.0)

    def _profile(self, counts: Sequence[int]) -> list[float]:
        """Entries a minute for each quarter of an hour of a day."""
        watched = self._watched()
        # Of a slow feed only the mean is known: half an entry keeps it above nothing.
        total = sum(counts) / UNIT
        mean = (total + 0.5) / (sum(watched) + REACH)
        sums = [0, *accumulate((*counts[-REACH:], *counts, *counts[:REACH]))]
        times = [0.0, *accumulate((*watched[-REACH:], *watched, *watched[:REACH]))]
        width = 2 * REACH + 1
        prior = DAY_PRIOR * width
        base = []
        for slot, (count, days) in enumerate(zip(counts, watched, strict=True)):
            near = (sums[slot + width] - sums[slot]) / UNIT + mean * prior
            near /= times[slot + width] - times[slot] + prior
            base.append((count / UNIT + near * DAY_PRIOR) / ((days + DAY_PRIOR) * SLOT))
        return base

    def _watched(self) -> list[float]:
        """Faded days for which each quarter of an hour was watched."""
        whole, rest = divmod(min(self._until - self._since, MEMORY * DAY), DAY)
        less = (1 - _LEFT**whole) / (1 - _LEFT)
        more = (1 - _LEFT ** (whole + 1)) / (1 - _LEFT)
        first, extra = self._until % DAY // SLOT, rest // SLOT
        watched = [less] * SLOTS
        for n in range(extra + 1):
            watched[(first - n) % SLOTS] = more
        return watched

    def _factor(self, cell: int) -> float:
        """How much more is published in this third of a day than in that of other days."""
        if cell not in self._factors:
            first = cell * CELL % DAY // SLOT
            usual = sum(self._base[first : first + CELL // SLOT]) * SLOT
            # When this third of a day last began; then week by week back.
            age = (self._until - (cell - 9) * CELL) % WEEK
            watched = min(self._until - self._since, MEMORY * DAY)
            due = 0.0
            while age <= watched:
                slots = min(age // SLOT + 1, CELL // SLOT)
                due += sum(self._base[first : first + slots]) * SLOT * _LEFT ** (age // DAY)
                age += WEEK
            seen = self._cells[cell] / UNIT if due else 0.0
            # One day is not every day: a usual one is put beside those that were seen.
            prior = WEEK_PRIOR + usual
            self._factors[cell] = (seen + prior) / (due + prior)
        return self._factors[cell]

    def _rate(self, at: int) -> float:
        """Entries a minute in the quarter of an hour in which minute `at` lies."""
        return self._base[at % DAY // SLOT] * self._factor(_cell(at))

    def expected(self, start: int, end: int) -> float:
        """Number of entries from minute `start` to minute `end`."""
        total = 0.0
        while start < end:
            step = min(end, (start // SLOT + 1) * SLOT)
            share = sum(self._minutes[start % MINUTES : (step - 1) % MINUTES + 1])
            total += self._rate(start) * share
            start = step
        return total

    def wait(self, limit: int, cost: float) -> int:
        """Minutes from the last visit until the delay to be expected reaches `cost`."""
        start, end = self._until + 1, self._until + limit
        at, count, delay = start, 0.0, 0.0
        while at < end:
            stop = min(end, (at // SLOT + 1) * SLOT)
            rate = self._rate(at) * (1.0 + self._surge * exp((start - at) / RECENT))
            shares = self._minutes[at % MINUTES : (stop - 1) % MINUTES + 1]
            if stop - at == SLOT:
                more = SLOT * count + rate * self._held[at % MINUTES // SLOT]
                if delay + more < cost:
                    at, count, delay = stop, count + rate * SLOT, delay + more
                    continue
            for share in shares:
                at += 1
                delay += count + rate * share / 2
                count += rate * share
                if delay >= cost:
                    return at - self._until
        return limit


def _even(counts: Sequence[int]) -> list[float]:
    """How the entries of a quarter of an hour lie on its minutes; 1 is the mean."""
    shares = []
    for start in range(0, MINUTES, SLOT):
        quarter = [n / UNIT + MINUTE_PRIOR for n in counts[start : start + SLOT]]
        mean = sum(quarter) / SLOT
        shares += [n / mean for n in quarter]
    return shares


def _cell(at: int) -> int:
    # The epoch was a Thursday, and the first cells are those of Monday.
    return (at // CELL + 9) % CELLS


def _minutes(when: datetime) -> int:
    return (when - _EPOCH) // _MINUTE


def begin(published: Sequence[datetime], now: datetime) -> tuple[int, ...]:
    """What the first document of a feed tells; `published` is newest first, none after `now`.

    The oldest quarter is left out: one pinned entry would make years of silence of it.
    """
    if not published:
        return ()
    until = _minutes(now)
    oldest = published[(len(published) - 1) * 3 // 4]
    since = max(_minutes(oldest), until - MEMORY * DAY)
    stored: list[float] = [since, until, 0, 0, *(0,) * (_SIZE - _HEAD)]
    for when in published:
        if (at := _minutes(when)) >= since:
            _count(stored, at, UNIT * _LEFT ** (until // DAY - at // DAY))
    return _whole(stored)


def learn(
    stored: tuple[int, ...], published: Sequence[datetime], new: int, now: datetime
) -> tuple[int, ...]:
    """What is known after a later visit.

    `published` may hold entries of any date: those since the last visit count. New entries beyond
    these bear dates on which they were not there yet; they came somewhere between the visits.
    """
    if len(stored) != _SIZE:
        return begin(published, now)
    start, end = stored[_UNTIL], _minutes(now)
    if end <= start:
        return stored
    came = [at for when in published if start < (at := _minutes(when)) <= end]
    came += [(start + end) // 2] * (new - len(came))
    changed: list[float] = list(stored)
    changed[_SINCE] = max(stored[_SINCE], end - MEMORY * DAY)
    changed[_UNTIL] = end
    fading = exp((start - end) / RECENT)
    changed[_OBSERVED] = stored[_OBSERVED] * fading + UNIT * len(came)
    expected = Rhythm(stored).expected(start, min(end, start + DAY))
    changed[_EXPECTED] = stored[_EXPECTED] * fading + UNIT * expected
    if days := end // DAY - start // DAY:
        left = _LEFT**days
        changed[_HEAD:] = [value * left for value in changed[_HEAD:]]
    for at in came:
        _count(changed, at, UNIT * _LEFT ** (end // DAY - at // DAY))
    return _whole(changed)


def _whole(stored: Sequence[float]) -> tuple[int, ...]:
    times = (int(stored[_SINCE]), int(stored[_UNTIL]))
    return (*times, *(min(round(value), MOST) for value in stored[_OBSERVED:]))


def _count(stored: list[float], at: int, weight: float) -> None:
    stored[_HEAD + _cell(at)] += weight
    stored[_DAY + at % DAY // SLOT] += weight
    stored[_HOUR + at % MINUTES] += weight


def wait(stored: tuple[int, ...], cost: timedelta, longest: timedelta) -> timedelta | None:
    """How long from the last visit until delays worth `cost` are to be expected, all entries
    together; at most `longest`, None when nothing is known."""
    if len(stored) != _SIZE:
        return None
    return Rhythm(stored).wait(longest // _MINUTE, cost / _MINUTE) * _MINUTE


def expected(stored: tuple[int, ...], start: datetime, end: datetime) -> float | None:
    """Number of entries to expect between two times; None when nothing is known."""
    if len(stored) != _SIZE:
        return None
    return Rhythm(stored).expected(_minutes(start), _minutes(end))
