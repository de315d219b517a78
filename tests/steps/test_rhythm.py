"""What is learnt of when a feed publishes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aggregator.steps import rhythm

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
MONDAY = datetime(2019, 6, 3, tzinfo=UTC)
COST = HOUR / 2


def watched(published: list[datetime], until: datetime) -> tuple[int, ...]:
    """What hourly visits learn, until `until`."""
    stored: tuple[int, ...] = ()
    now, past = published[0] + HOUR, [published[0]]
    while now <= until:
        shown = [when for when in published if now - 2 * DAY < when <= now]
        new = [when for when in shown if when > now - HOUR]
        stored = rhythm.learn(stored, (shown or past)[::-1], len(new), now)
        now += HOUR
    return stored


def daily(*hours: float, days: int = 21, each: int = 1) -> list[datetime]:
    return [
        MONDAY + day * DAY + hour * HOUR + n * MINUTE
        for day in range(days)
        for hour in hours
        for n in range(each)
    ]


def test_nothing_is_known_of_a_feed_without_dates() -> None:
    assert rhythm.learn((), [], 5, MONDAY) == ()
    assert rhythm.wait((), COST, DAY) is None
    assert rhythm.expected((), MONDAY, MONDAY + DAY) is None


def test_a_steady_feed_is_visited_by_the_root_of_its_rate() -> None:
    waits = {}
    for minutes in (15, 60, 240):
        gap = timedelta(minutes=minutes)
        count = 14 * DAY // gap
        # A step that is no part of an hour, so that no minute stands out.
        times = [MONDAY + n * (gap + timedelta(seconds=7)) for n in range(count)]
        wait = rhythm.wait(watched(times, times[-1]), COST, DAY)
        assert wait is not None
        waits[minutes] = wait / HOUR
    assert 0.35 < waits[15] < 0.75
    assert 0.7 < waits[60] < 1.4
    assert waits[15] < waits[60]
    assert waits[240] > 0.7


def test_a_daily_batch_is_awaited_and_met() -> None:
    now = MONDAY + 20 * DAY + 12 * HOUR
    stored = watched(daily(9, each=10), now)
    batch, visits = MONDAY + 21 * DAY + 9 * HOUR, 0
    while now <= batch:
        wait = rhythm.wait(stored, COST, DAY)
        assert wait is not None
        now += wait
        visits += 1
        stored = rhythm.learn(stored, [], 0, now)
    assert visits <= 5
    assert now - batch <= 20 * MINUTE


def test_a_feed_that_turns_fast_is_followed_within_hours() -> None:
    times = daily(9, days=14)
    now = MONDAY + 14 * DAY
    stored = watched(times, now)
    for n in range(1, 5):
        at = now + n * HOUR
        came = [at - k * 7 * MINUTE for k in range(8)]
        stored = rhythm.learn(stored, came, len(came), at)
    wait = rhythm.wait(stored, COST, DAY)
    assert wait is not None
    assert wait < HOUR / 2


def test_a_feed_that_stops_is_visited_ever_less() -> None:
    times = daily(*range(24), days=14)
    stored, last = watched(times, times[-1]), timedelta()
    for day in (0, 2, 4, 8, 16, 32):
        quiet = stored
        for n in range(1, day + 1):
            quiet = rhythm.learn(quiet, [], 0, times[-1] + n * DAY)
        wait = rhythm.wait(quiet, COST, DAY)
        assert wait is not None
        assert wait >= last
        last = wait
    assert last > 3 * HOUR


def test_a_few_entries_do_not_make_an_hour_of_a_slow_feed() -> None:
    """Three entries have three hours, which are chance: the others must not be given up."""
    stored = rhythm.begin([MONDAY - n * DAY - n * 5 * HOUR for n in range(3)], MONDAY + HOUR)
    day = [
        rhythm.expected(stored, MONDAY + n * HOUR, MONDAY + (n + 1) * HOUR) for n in range(1, 25)
    ]
    rates = [rate for rate in day if rate is not None]
    assert len(rates) == 24
    assert max(rates) < 20 * min(rates)


def test_the_minute_of_the_hour_is_learnt() -> None:
    times = daily(*range(24))
    at = times[-1] - 30 * MINUTE
    stored = watched(times, at)
    ahead = [rhythm.expected(stored, at + n * MINUTE, at + (n + 5) * MINUTE) for n in (20, 30)]
    assert ahead[0] is not None
    assert ahead[1] is not None
    assert ahead[1] > 4 * ahead[0]


def test_nights_and_weekends_are_expected_to_be_quiet() -> None:
    office = [when for when in daily(*range(8, 18), days=42, each=3) if when.weekday() < 5]
    stored = watched(office, MONDAY + 42 * DAY)

    def expected(day: int, start: int, end: int) -> float:
        first = MONDAY + (42 + day) * DAY
        found = rhythm.expected(stored, first + start * HOUR, first + end * HOUR)
        assert found is not None
        return found

    assert 20 < expected(1, 8, 18) < 36
    assert expected(1, 20, 24) < 1.5
    assert expected(5, 8, 18) < expected(1, 8, 18) / 3


def test_what_is_learnt_fades() -> None:
    times = daily(*range(24), days=14)
    loud = watched(times, times[-1])
    quiet = loud
    for day in range(1, 43):
        quiet = rhythm.learn(quiet, [], 0, times[-1] + day * DAY)
    later = times[-1] + 42 * DAY
    before = rhythm.expected(loud, later, later + DAY)
    after = rhythm.expected(quiet, later, later + DAY)
    assert before is not None
    assert after is not None
    assert 18 < before < 30
    assert 0 < after < 6


def test_a_surge_brings_the_next_visit_forward_and_a_lull_does_not_delay_it() -> None:
    times = daily(*range(24), days=14)
    now = times[-1] + HOUR
    stored = watched(times, times[-1])
    waits = {}
    for new in (0, 1, 12):
        learnt = rhythm.learn(stored, [now - n * MINUTE for n in range(new)], new, now)
        waits[new] = rhythm.wait(learnt, COST, DAY)
    usual, surge, lull = waits[1], waits[12], waits[0]
    assert usual is not None
    assert surge is not None
    assert lull is not None
    assert surge < usual * 0.9
    assert lull <= usual * 1.2


def test_entries_with_a_date_of_before_the_last_visit_came_since() -> None:
    """Of a newspaper whose entries all bear midnight, not midnight is the time to come."""
    stored = rhythm.begin([MONDAY], MONDAY + HOUR)
    for day in range(1, 15):
        midnight = MONDAY + day * DAY
        for hour in range(24):
            new = 20 if hour == 15 else 0
            shown = [midnight] * 20 if hour >= 15 else [midnight - DAY] * 20
            stored = rhythm.learn(stored, shown, new, midnight + hour * HOUR + MINUTE)
    next_day = MONDAY + 15 * DAY
    early = rhythm.expected(stored, next_day, next_day + HOUR)
    real = rhythm.expected(stored, next_day + 14 * HOUR, next_day + 15 * HOUR)
    assert early is not None
    assert real is not None
    assert real > 10 * early


def test_it_stays_small() -> None:
    times = [MONDAY + n * timedelta(seconds=7) for n in range(3 * 86_400 // 7)]
    stored = watched(times, times[-1])
    assert len(json.dumps(stored, separators=(",", ":"))) < 1_100
    assert all(isinstance(value, int) for value in stored)


def test_what_another_version_stored_is_learnt_anew() -> None:
    assert rhythm.wait((1, 2, 3), COST, DAY) is None
    assert len(rhythm.learn((1, 2, 3), [MONDAY], 1, MONDAY + HOUR)) > 100


def test_a_clock_that_stands_or_goes_back_teaches_nothing() -> None:
    stored = rhythm.begin([MONDAY], MONDAY + HOUR)
    assert rhythm.learn(stored, [MONDAY], 4, MONDAY + HOUR) == stored
    assert rhythm.learn(stored, [MONDAY], 4, MONDAY) == stored


gaps = st.timedeltas(timedelta(), 400 * DAY)


@given(st.lists(gaps, max_size=40), st.lists(st.tuples(gaps, st.integers(0, 2_000)), max_size=5))
def test_any_wait_is_within_its_limit(
    ages: list[timedelta], visits: list[tuple[timedelta, int]]
) -> None:
    now = MONDAY
    stored = rhythm.learn((), sorted((now - age for age in ages), reverse=True), 0, now)
    for gap, new in visits:
        now += gap
        stored = rhythm.learn(stored, [now - gap / 2], new, now)
        wait = rhythm.wait(stored, COST, DAY)
        assert wait is None or timedelta() < wait <= DAY
        assert all(value >= 0 for value in stored[2:])
