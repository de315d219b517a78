"""Why the next visit is when it is, in words that follow from the decision itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aggregator.model import Failure, FeedState, Fetched, FetchFailed, NotModified
from aggregator.rules import Polling
from aggregator.steps import reasons
from aggregator.steps.polling import Parsed, Result, after, explain
from aggregator.steps.spans import span
from tests.make import NOW, feed, state

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
OLD, NEW = "https://example.org/old", "https://new.example.org/feed"


def fetched(**changes: Any) -> Fetched:
    return Fetched(**{"url": OLD, "body": b"x", "body_hash": "h"} | changes)


def read(*ages: timedelta, **changes: Any) -> Parsed:
    published = tuple(NOW - age for age in ages)
    made: dict[str, Any] = {"answer": fetched(), "new": len(ages), "published": published}
    return Parsed(**made | changes)


def failed(why: Failure, **changes: Any) -> FetchFailed:
    return FetchFailed(why=why, detail="broken", **changes)


HOURLY = [HOUR * (n + 1) * 1.0021 for n in range(60)]


@pytest.mark.parametrize(
    ("result", "options", "said"),
    [
        (NotModified(), {"every": 20 * MINUTE}, "`every` sets it to 20 min"),
        (NotModified(), {"every": MINUTE}, "`polling.fastest` lengthens it to 5 min"),
        (NotModified(), {"every": 9 * DAY}, "`polling.slowest` shortens it to 1 day"),
        (read(*HOURLY), {}, "own rhythm asks for"),
        (read(new=1), {}, "`polling.every` sets it to 1 h"),
        (read(*HOURLY, ttl=5 * HOUR), {}, "the ttl of the feed lengthens it to 5 h"),
        (NotModified(max_age=4 * HOUR), {}, "max-age of the answer lengthens it to 4 h"),
        (NotModified(), {}, "so that feeds do not come all at once"),
        (failed(Failure.SERVER), {}, "made up after 1 h; failures that weigh 0.5 by now lengthen"),
        (failed(Failure.NETWORK), {}, "made up after 10 min"),
        (failed(Failure.BUSY, retry_after=5 * HOUR), {}, "Retry-After lengthens it to 5 h"),
        (failed(Failure.GONE), {}, "410 retires the feed"),
    ],
)
def test_each_step_is_told(result: Result, options: dict[str, Any], said: str) -> None:
    told = reasons.why_next(explain(state(), result, feed(**options), Polling(), NOW))
    assert said in told


def test_without_a_rhythm_a_tenth_of_the_silence_or_the_last_interval() -> None:
    slow = state(last_ok_at=NOW - HOUR, last_new_at=NOW - 50 * HOUR)
    fast = state(last_ok_at=NOW - 10 * MINUTE, last_new_at=NOW - 20 * MINUTE)
    told = [explain(before, NotModified(), feed(), Polling(), NOW) for before in (slow, fast)]
    assert "a tenth of the time since its newest entry: 5 h" in reasons.why_next(told[0])
    assert "the last interval is kept: 10 min" in reasons.why_next(told[1])


def test_hints_that_do_not_lengthen_are_not_told() -> None:
    told = reasons.why_next(explain(state(), read(*HOURLY, ttl=MINUTE), feed(), Polling(), NOW))
    assert "ttl" not in told


@pytest.mark.parametrize(
    "result",
    [
        read(*HOURLY, ttl=2 * HOUR),
        read(new=1),
        NotModified(max_age=9 * DAY),
        fetched(),
        *[failed(why) for why in Failure],
        failed(Failure.BUSY, retry_after=30 * HOUR),
    ],
)
@pytest.mark.parametrize("every", [None, MINUTE, 3 * HOUR, 9 * DAY])
def test_the_last_step_told_is_the_wait_that_is_taken(
    result: Result, every: timedelta | None
) -> None:
    """The words cannot drift from the deed: both come of one decision."""
    for before in (state(), state(failures=7.5, address=NEW, last_ok_at=NOW - HOUR)):
        decision = explain(before, result, feed(every=every), Polling(), NOW)
        assert decision.state == after(before, result, feed(every=every), Polling(), NOW)
        assert decision.why[-1][1] == decision.state.next_check_at - NOW
        assert reasons.why_next(decision)


def test_a_move_is_told_as_it_is_judged() -> None:
    def told(before: FeedState, result: Result) -> str:
        decision = explain(before, result, feed(url=OLD), Polling(), NOW)
        return reasons.moved(before, decision, OLD, NEW)

    permanent = NotModified(moved_to=NEW)
    assert "found there 1 of the 5 times" in told(state(), permanent)
    known = state(moved_to=NEW, moved_visits=3)
    assert "found there 4 of the 5 times" in told(known, permanent)
    assert "often enough" in told(state(moved_to=NEW, moved_visits=4), permanent)
    assert "temporarily" in told(state(), NotModified())
    unmoved = explain(state(), NotModified(), feed(url=OLD), Polling(), NOW)
    assert reasons.moved(state(), unmoved, OLD, OLD) == ""


def test_a_place_that_is_given_up_is_told() -> None:
    moved = state(address=NEW, failures=2.5, last_ok_at=NOW - HOUR)
    decision = explain(moved, failed(Failure.CLIENT), feed(url=OLD), Polling(), NOW)
    assert "configured address asked again" in reasons.why_next(decision)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (45, "45 s"),
        (90, "1 min 30 s"),
        (720, "12 min"),
        (9_000, "2 h 30 min"),
        (3_599.9, "1 h"),
        (7_203, "2 h"),
        (86_399, "1 day"),
        (86_400, "1 day"),
        (273_700, "3 days 4 h"),
    ],
)
def test_a_length_of_time_in_words(seconds: float, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words
