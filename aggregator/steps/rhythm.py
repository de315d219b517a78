"""Times of publication -> when a feed publishes, and when it is next worth a visit.

What is learnt of a feed is the mean number of entries for each hour of the day and its quarters,
how they lie on the minutes of an hour (articles are set to appear at the full hour, and a visit
just after it finds them all), and how the thirds of each day of the week differ: newsrooms sleep,
and rest at the weekend. All fade over weeks. How much more or less than that came of late, over
spans of an hour to some days, tells how far it holds now: stories break, and feeds change.

Everything finer is believed by what was seen of it, and until then what is coarser speaks for it:
an hour is taken for its surroundings and these for the day, a weekday for any day, this hour for
usual. To weigh as much as the coarser it takes both entries and days: few entries prove little of a
slow feed, and few days little of a fast one, whose entries come in batches.

A visit costs a request; every entry that waits for one costs delay. With entries that come at a
steady rate r and visits every T, the cost r T^2 / 2 of the waiting balances the cost c of a request
when T = sqrt(2 c / r). So the interval goes with the root of the rate, and no other division of the
same number of requests among feeds gives a smaller mean delay. For a rate that changes the rule is:
come when the delay expected to have gathered since the last visit reaches c.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise
from math import exp
from operator import mul

SLOTS = 96
SLOT = 15
"""Minutes."""
HOUR = 60
HOURS = 24
DAY = 24 * HOUR
WEEK = 7 * DAY
CELLS = 21
CELL = 8 * HOUR
"""Minutes: a third of a day, for the midnights of the world are not that of UTC."""

FADE = 21.0
"""Days in which the weight of what was seen falls to 1 / e."""
MEMORY = 63
"""Days after which nothing is left worth reading."""
UNIT = 100
"""Stored counts are hundredths: fading would lose whole ones."""
MOST = 999_999
ENTRIES = 1.0
DAYS = 2.0
"""What is finer weighs as much as what is coarser after so many entries and usual days of them."""
SURGE = 2.0
"""Entries by which what came of late weighs as much as what is usual."""
LULL = 4.0
"""Days, beside these, for less than usual: that none came is often but the gap between batches."""
EVEN = 15.0
"""Entries by which the minutes of an hour are taken to be even."""
REACH = 2
"""Hours on each side that count as surroundings."""
SPANS = (HOUR, 4 * HOUR, 16 * HOUR, 64 * HOUR)
"""Minutes in which the weight of what came of late falls to 1 / e."""

_SINCE, _UNTIL, _LATE = 0, 1, 2
_HEAD = _LATE + 2 * len(SPANS)
_DAY = _HEAD + CELLS
_MINUTES = _DAY + SLOTS
_SIZE = _MINUTES + HOUR
_LEFT = exp(-1 / FADE)
_HOURLY = tuple(exp(-HOUR / span) for span in SPANS)
_WAITED = [HOUR - n - 0.5 for n in range(HOUR)]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


class Rhythm:
    """What is known of one feed, ready to be asked. Rates are entries an hour.

    Only what is asked for is worked out: this runs at every visit, and most look an hour ahead.
    """

    __slots__ = (
        "_cells",
        "_extra",
        "_factors",
        "_first",
        "_held",
        "_hours",
        "_late",
        "_less",
        "_mean",
        "_minutes",
        "_more",
        "_quarters",
        "_rates",
        "_shapes",
        "_shares",
        "_since",
        "_slots",
        "_until",
    )

    def __init__(self, stored: tuple[int, ...]) -> None:
        self._since, self._until = stored[_SINCE], stored[_UNTIL]
        self._late = stored[_LATE:_HEAD]
        self._cells = stored[_HEAD:_DAY]
        self._slots = slots = stored[_DAY:_MINUTES]
        self._hours = [
            (a + b + c + d) / UNIT
            for a, b, c, d in zip(slots[::4], slots[1::4], slots[2::4], slots[3::4], strict=True)
        ]
        # Faded days for which an hour was watched: those just past may have been once more.
        whole, rest = divmod(min(self._until - self._since, MEMORY * DAY), DAY)
        self._less = (1 - _LEFT**whole) / (1 - _LEFT)
        self._more = (1 - _LEFT ** (whole + 1)) / (1 - _LEFT)
        self._first, self._extra = self._until % DAY // HOUR, rest // HOUR
        days = self._less + (self._more - self._less) * (self._extra + 1) / HOURS
        # Half an entry keeps a feed with none above nothing.
        self._mean = (sum(self._hours) + 0.5) / (HOURS * days + 1)
        minutes = stored[_MINUTES:]
        even = EVEN / HOUR
        part = 1 / (sum(minutes) / UNIT + EVEN)
        self._minutes = [(n / UNIT + even) * part for n in minutes]
        self._shares = [0.0, *accumulate(self._minutes)]
        self._quarters = [b - a for a, b in pairwise(self._shares[::SLOT])]
        # Minutes that the entries of each quarter wait until the hour ends, at one an hour.
        waits = [0.0, *accumulate(map(mul, self._minutes, _WAITED))]
        self._held = [b - a for a, b in pairwise(waits[::SLOT])]
        self._rates: dict[int, float] = {}
        self._factors: dict[int, float] = {}
        self._shapes: dict[int, list[float]] = {}

    def _watched(self, hour: int) -> float:
        return self._more if (self._first - hour) % HOURS <= self._extra else self._less

    def _usual(self, hour: int) -> float:
        """Entries in this hour of a day."""
        if hour not in self._rates:
            count = days = 0.0
            for n in range(hour - REACH, hour + REACH + 1):
                count += self._hours[n % HOURS]
                days += self._watched(n % HOURS)
            prior = ENTRIES + DAYS * (2 * REACH + 1) * self._mean
            near = (count + prior) / (days + prior / self._mean)
            prior = ENTRIES + DAYS * near
            count, days = self._hours[hour], self._watched(hour)
            self._rates[hour] = (count + prior) / (days + prior / near)
        return self._rates[hour]

    def _factor(self, cell: int) -> float:
        """How much more is published in this third of a day than in that of other days."""
        if cell not in self._factors:
            first = cell * CELL % DAY // HOUR
            hours = range(first, first + CELL // HOUR)
            count = sum(self._hours[first : first + CELL // HOUR])
            days = sum(self._watched(hour) for hour in hours) / len(hours)
            usual = count / max(days, 1.0)
            # When this third of a day last began; then week by week back.
            age = (self._until - (cell - 9) * CELL) % WEEK
            watched = min(self._until - self._since, MEMORY * DAY)
            due = 0.0
            while age <= watched:
                due += usual * min(age / CELL, 1.0) * _LEFT ** (age // DAY)
                age += WEEK
            seen = self._cells[cell] / UNIT if due else 0.0
            # A weekday comes once a week: to wait for more of them would take a month.
            prior = ENTRIES + usual
            self._factors[cell] = (seen + prior) / (due + prior)
        return self._factors[cell]

    def _shape(self, hour: int) -> list[float]:
        """How much more of the entries of this hour than of others lies in each of its quarters."""
        if hour not in self._shapes:
            counts = self._slots[4 * hour : 4 * hour + 4]
            total = self._hours[hour] + ENTRIES
            self._shapes[hour] = [
                (n / UNIT + ENTRIES * share) / (total * share)
                for n, share in zip(counts, self._quarters, strict=True)
            ]
        return self._shapes[hour]

    def _rate(self, at: int) -> float:
        """Entries in the hour in which minute `at` lies."""
        return self._usual(at % DAY // HOUR) * self._factor((at // CELL + 9) % CELLS)

    def _share(self, at: int, stop: int) -> float:
        """Part of the entries of an hour that come from minute `at` to `stop`, both of it."""
        if stop - at == HOUR:
            return 1.0
        first, last = at % HOUR, (stop - 1) % HOUR + 1
        shares, shape, total = self._shares, self._shape(at % DAY // HOUR), 0.0
        while first < last:
            quarter = first // SLOT
            end = min(last, (quarter + 1) * SLOT)
            total += shape[quarter] * (shares[end] - shares[first])
            first = end
        return total

    def parts(self, start: int, end: int) -> Iterator[tuple[int, float]]:
        """The hours from minute `start` to minute `end`: where each ends, and its entries."""
        while start < end:
            stop = min(end, (start // HOUR + 1) * HOUR)
            yield stop, self._rate(start) * self._share(start, stop)
            start = stop

    def expected(self, start: int, end: int) -> float:
        """Number of entries from minute `start` to minute `end`."""
        return sum(count for _, count in self.parts(start, end))

    def _levels(self) -> list[float]:
        """What each span adds to the usual rate, 1, by what came of late; the shortest first."""
        level, added = 1.0, []
        lull = SURGE + LULL * HOURS * self._mean
        for n in reversed(range(len(SPANS))):
            seen, due = self._late[2 * n] / UNIT, self._late[2 * n + 1] / UNIT
            prior = SURGE if seen > level * due else lull
            now = (seen + prior * level) / (due + prior)
            added.append(now - level)
            level = now
        return added[::-1]

    def wait(self, limit: int, cost: float) -> int:
        """Minutes from the last visit until the delay to be expected reaches `cost`."""
        start, end = self._until + 1, self._until + limit
        at, count, delay = start, 0.0, 0.0
        levels = self._levels()
        while at < end:
            stop = min(end, (at // HOUR + 1) * HOUR)
            rate = self._rate(at) * (1.0 + sum(levels))
            shape = self._shape(at % DAY // HOUR)
            whole = stop - at == HOUR
            if whole:
                more = HOUR * count + rate * sum(map(mul, shape, self._held))
                if delay + more < cost:
                    at, count, delay = stop, count + rate, delay + more
                    levels = list(map(mul, levels, _HOURLY))
                    continue
            left = at - stop
            for minute in range(at % HOUR, (stop - 1) % HOUR + 1):
                at += 1
                share = rate * shape[minute // SLOT] * self._minutes[minute]
                delay += count + share / 2
                count += share
                if delay >= cost:
                    return at - self._until
            levels = [level * exp(left / span) for level, span in zip(levels, SPANS, strict=True)]
        return limit


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
    came = [at for when in published if (at := _minutes(when)) >= since]
    stored: list[float] = [since, until, *(0,) * (_SIZE - _LATE)]
    for at in came:
        _count(stored, at, UNIT * _LEFT ** (until // DAY - at // DAY))
    whole = Rhythm(_whole(stored))
    for stop, due in whole.parts(max(since, until - 4 * SPANS[-1]), until):
        for n, span in enumerate(SPANS):
            stored[_LATE + 2 * n + 1] += UNIT * due * exp((stop - until) / span)
    _came(stored, came, until)
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
    times = [_minutes(when) for when in published]
    came = [at for at in times if start < at <= end]
    if (more := new - len(came)) > 0:
        # The last visit saw a part of its minute: batches at the full hour are met in the midst.
        same = min(times.count(start), more)
        came += [start] * same + [(start + end) // 2] * (more - same)
    gap = end - start
    # Of an absence only the last day is looked at; it stands for all.
    due = Rhythm(stored).expected(max(start, end - DAY), end) * max(gap / DAY, 1.0)
    changed: list[float] = [max(stored[_SINCE], end - MEMORY * DAY), end, *stored[_LATE:_HEAD]]
    for n, span in enumerate(SPANS):
        fading = exp(-gap / span)
        changed[_LATE + 2 * n] *= fading
        late = _LATE + 2 * n + 1
        changed[late] = changed[late] * fading + UNIT * due * (1 - fading) * span / gap
    days = end // DAY - start // DAY
    if not came and not days:
        return (*_whole(changed), *stored[_HEAD:])
    left = _LEFT**days
    changed += [value * left for value in stored[_HEAD:]]
    for at in came:
        _count(changed, at, UNIT * _LEFT ** (end // DAY - at // DAY))
    _came(changed, came, end)
    return _whole(changed)


def _whole(stored: Sequence[float]) -> tuple[int, ...]:
    times = (int(stored[_SINCE]), int(stored[_UNTIL]))
    return (*times, *(min(round(value), MOST) for value in stored[_LATE:]))


def _count(stored: list[float], at: int, weight: float) -> None:
    # The epoch was a Thursday, and the first cells are those of Monday.
    stored[_HEAD + (at // CELL + 9) % CELLS] += weight
    stored[_DAY + at % DAY // SLOT] += weight
    stored[_MINUTES + at % HOUR] += weight


def _came(stored: list[float], came: Sequence[int], until: int) -> None:
    for n, span in enumerate(SPANS):
        stored[_LATE + 2 * n] += UNIT * sum(exp((at - until) / span) for at in came)


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
