"""How feeds are doing, in words, and what has changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aggregator.model import FeedHealth
from aggregator.steps import health, rhythm
from tests.make import NOW, feed, state

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def of(id: str = "wire", **changes: Any) -> FeedHealth:
    return health.health(feed(id), state(id, **changes), NOW)


def silent(id: str = "wire", **changes: Any) -> FeedHealth:
    """Published each three hours for weeks, then nothing for three days."""
    end = NOW - 3 * DAY
    published = [end - n * 3 * HOUR for n in range(200)]
    learnt = rhythm.begin(published, end)
    made: dict[str, Any] = {"last_ok_at": NOW, "last_new_at": end, "rhythm": learnt}
    return of(id, **made | changes)


OK: dict[str, Any] = {"last_ok_at": NOW - HOUR, "last_new_at": NOW - HOUR}
FAILING: dict[str, Any] = {
    "failures": 2.0,
    "last_error": "answered 404 Not Found",
    "last_ok_at": NOW - 2 * DAY,
}
RETIRED: dict[str, Any] = {"retired_at": NOW - DAY, "last_error": "answered 410 Gone"}


def test_a_silent_feed_is_told_by_its_own_rhythm() -> None:
    found = silent()
    assert (found.status, found.since) == ("silent", NOW - 3 * DAY)
    assert found.usual is not None
    assert 2 * HOUR < found.usual < 4 * HOUR
    said = health.sentence(found)
    assert said.startswith("wire is silent: nothing new since 2019-06-27 12:00 UTC, usually every ")
    assert " h" in said


def test_of_an_archive_no_rhythm_is_told() -> None:
    published = [NOW - 3_000 * DAY - n * 3 * HOUR for n in range(50)]
    found = silent(last_new_at=published[0], rhythm=rhythm.begin(published, NOW))
    assert health.reason(found) == "nothing new since 2011-04-13 12:00 UTC"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (OK, "wire is ok"),
        ({}, "wire is new: not asked yet"),
        (
            FAILING,
            "wire is failing: answered 404 Not Found; it last answered 2019-06-28 12:00 UTC",
        ),
        (
            {"failures": 1.0, "last_error": "no DNS entry for x"},
            "wire is failing: no DNS entry for x (it has never answered with a feed)",
        ),
        (
            RETIRED,
            "wire is retired: its publisher ended it: answered 410 Gone, 2019-06-29 12:00 UTC",
        ),
        ({"last_ok_at": NOW}, "wire is silent: no entry ever"),
        (
            {"last_ok_at": NOW, "last_new_at": NOW - 40 * DAY},
            "wire is silent: nothing new since 2019-05-21 12:00 UTC",
        ),
        (
            OK | {"failures": 0.25, "last_error": "connection reset"},
            "wire is ok: only the last visit failed: connection reset",
        ),
    ],
)
def test_each_status_says_why(changes: dict[str, Any], said: str) -> None:
    assert health.sentence(of(**changes)) == said


def test_nothing_is_silent_while_nobody_asked() -> None:
    """After a pause of the whole installation no feed may be called silent before it was asked."""
    assert silent(last_ok_at=NOW - 3 * DAY + HOUR).status == "ok"


def test_worst_first_and_one_line_for_all() -> None:
    feeds = [of("a", **OK), of("b"), of("c", **RETIRED), of("d", **FAILING), silent("e")]
    assert [h.feed.id for h in health.worst_first(feeds)] == ["d", "e", "c", "b", "a"]
    assert health.summary(feeds) == "1 ok, 1 new, 1 silent, 1 failing, 1 retired"
    assert health.summary([of("a", **OK), of("b", **OK), silent()]) == "2 ok, 1 silent"
    assert health.summary([]) == "no feeds"


def test_a_change_is_told_once_and_only_where_there_is_trouble() -> None:
    before = health.statuses([of("a", **OK), of("b"), silent("c"), of("d", **FAILING)])
    now = [of("a", **FAILING), of("b", **OK), of("c", **OK), of("d", **FAILING)]
    told = health.changed(before, now)
    assert [(h.feed.id, h.status) for h in told] == [("a", "failing"), ("c", "ok")]
    assert health.changed(health.statuses(now), now) == []
    assert [h.feed.id for h in health.changed({}, now)] == ["a", "d"]
