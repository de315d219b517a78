"""When to come again, and what to remember."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import (
    Failure,
    FeedState,
    Fetched,
    FetchFailed,
    NotModified,
    Reading,
    Validators,
)
from aggregator.rules import Polling
from aggregator.steps.polling import (
    Parsed,
    Result,
    address,
    after,
    first_checks,
    host_gap,
    parsed,
    since,
    status,
    validators,
)
from tests.make import NOW, article, feed, state

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
JITTER = 1.05


def rules(**changes: Any) -> Polling:
    return Polling(**changes)


def fetched(etag: str | None = '"new"', modified: str | None = None, **changes: Any) -> Fetched:
    made: dict[str, Any] = {
        "url": "https://example.org/feed",
        "body": b"x",
        "body_hash": "new-hash",
        "validators": Validators(etag=etag, last_modified=modified),
    }
    return Fetched(**made | changes)


def read(*ages: timedelta, **changes: Any) -> Parsed:
    made: dict[str, Any] = {
        "answer": changes.pop("answer", fetched()),
        "new": len(ages),
        "published": tuple(NOW - age for age in ages),
    }
    return Parsed(**made | changes)


def failed(why: Failure = Failure.SERVER, **changes: Any) -> FetchFailed:
    made: dict[str, Any] = {"why": why, "detail": "answered 500"}
    return FetchFailed(**made | changes)


def known(**changes: Any) -> FeedState:
    made: dict[str, Any] = {
        "etag": '"old"',
        "last_modified": "old date",
        "body_hash": "old-hash",
        "last_ok_at": NOW - HOUR,
        "last_new_at": NOW - 2 * HOUR,
    }
    return state(**made | changes)


def wait(before: FeedState, result: Result, **changes: Any) -> timedelta:
    source = changes.pop("by", feed())
    return after(before, result, source, rules(**changes), NOW).next_check_at - NOW


def about(got: timedelta, expected: timedelta) -> bool:
    return expected <= got <= expected * JITTER


# ── what is remembered ───────────────────────────────────────────────────────────────────────────


def test_a_200_overwrites_both_validators() -> None:
    for result in (fetched('"new"', None), read(HOUR)):
        now = after(known(), result, feed(), rules(), NOW)
        assert (now.etag, now.last_modified, now.body_hash) == ('"new"', None, "new-hash")


def test_a_304_overwrites_only_what_it_carries() -> None:
    answer = NotModified(validators=Validators(etag='"fresh"'))
    now = after(known(), answer, feed(), rules(), NOW)
    assert (now.etag, now.last_modified, now.body_hash) == ('"fresh"', "old date", "old-hash")
    now = after(known(), NotModified(), feed(), rules(), NOW)
    assert (now.etag, now.last_modified) == ('"old"', "old date")


@pytest.mark.parametrize("why", list(Failure))
def test_failures_never_clear_what_is_known(why: Failure) -> None:
    now = after(known(), failed(why), feed(), rules(), NOW)
    assert (now.etag, now.last_modified, now.body_hash) == ('"old"', "old date", "old-hash")
    assert now.last_ok_at == NOW - HOUR
    assert (now.last_error, now.last_error_at) == ("answered 500", NOW)


def test_withheld_entries_make_the_next_visit_read_again() -> None:
    now = after(known(), read(HOUR, complete=False), feed(), rules(), NOW)
    assert (now.etag, now.last_modified, now.body_hash) == (None, None, None)
    assert now.last_ok_at == NOW


def test_success_forgets_failures() -> None:
    before = known(failures=3.5, last_error="answered 500", retired_at=NOW - DAY)
    for result in (fetched(), NotModified(), read(HOUR)):
        now = after(before, result, feed(), rules(), NOW)
        assert (now.failures, now.last_error, now.retired_at) == (0.0, None, None)
        assert now.last_ok_at == NOW


def test_a_server_that_lies_about_304_is_asked_plainly() -> None:
    liar = feed(cache=False)
    now = after(known(), fetched(), liar, rules(), NOW)
    assert (now.etag, now.last_modified, now.body_hash) == (None, None, "new-hash")
    assert validators(known(), liar) == Validators()
    assert validators(known(), feed()) == Validators(etag='"old"', last_modified="old date")


def test_last_new_is_the_newest_entry_that_is_not_of_the_future() -> None:
    now = after(known(), read(HOUR, -DAY, 3 * HOUR), feed(), rules(), NOW)
    assert now.last_new_at == NOW - HOUR
    assert after(known(), read(5 * HOUR), feed(), rules(), NOW).last_new_at == NOW - 2 * HOUR
    assert after(known(), read(new=1), feed(), rules(), NOW).last_new_at == NOW
    assert after(known(), read(), feed(), rules(), NOW).last_new_at == NOW - 2 * HOUR


def test_parsed_takes_the_dates_that_entries_bear() -> None:
    reading = Reading(
        articles=(article("a"), article("b", dated=False)), withheld=1, ttl=HOUR, title="Example"
    )
    assert parsed(fetched(), reading, 2) == Parsed(
        answer=fetched(), new=2, published=(NOW - 2 * HOUR,), ttl=HOUR, complete=False
    )


# ── rhythm ───────────────────────────────────────────────────────────────────────────────────────


def every(gap: timedelta, count: int) -> list[timedelta]:
    return [gap * (n + 1) for n in range(count)]


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        (every(timedelta(seconds=3), 2000), 5 * MINUTE),  # never faster than `fastest`
        (every(10 * MINUTE, 200), 25 * MINUTE),
        (every(HOUR, 200), HOUR),  # the price of a request
        (every(4 * HOUR, 80), 3 * HOUR),
        ([60 * DAY, 90 * DAY], DAY),  # never slower than `slowest`
        ([], HOUR),
    ],
)
def test_the_interval_follows_the_root_of_the_rate(
    ages: list[timedelta], expected: timedelta
) -> None:
    # Seconds off the full hour, so that no minute stands out.
    uneven = [age * 1.0021 for age in ages]
    got = wait(state(), read(*uneven))
    assert expected * 0.6 <= got <= expected * 1.6
    assert 5 * MINUTE <= got <= DAY


def test_every_is_the_price_of_a_request() -> None:
    ages = [age * 1.0021 for age in every(HOUR, 200)]
    waits = [wait(state(), read(*ages), every=price) for price in (HOUR / 4, HOUR, 4 * HOUR)]
    assert waits[0] < waits[1] < waits[2]


def test_a_pinned_old_entry_does_not_slow_a_fast_feed() -> None:
    often = every(6 * MINUTE, 20)
    assert wait(state(), read(*often, 300 * DAY)) < 45 * MINUTE
    assert wait(state(), read(*often, 300 * DAY)) <= wait(state(), read(*often)) * 1.2


def test_visits_teach_the_rhythm() -> None:
    first = after(state(), read(*every(HOUR, 20)), feed(), rules(), NOW)
    same = after(first, NotModified(), feed(), rules(), NOW + 5 * HOUR)
    more = after(first, read(*every(-MINUTE, 200)), feed(), rules(), NOW + 5 * HOUR)
    waits = [s.next_check_at - NOW - 5 * HOUR for s in (same, more)]
    assert first.rhythm
    assert len({first.rhythm, same.rhythm, more.rhythm}) == 3
    assert waits[1] < waits[0]


def test_a_daily_batch_is_not_taken_for_a_fast_feed() -> None:
    batches = [n * DAY + m * timedelta(seconds=1) for n in range(3) for m in range(1, 11)]
    assert wait(state(), read(*batches)) >= HOUR / 2


def test_unchanged_waits_a_tenth_of_the_silence() -> None:
    for result in (NotModified(), fetched()):
        assert about(wait(known(last_new_at=NOW - 50 * HOUR), result), 5 * HOUR)
        assert wait(known(last_new_at=NOW - 90 * DAY), result) == DAY


def test_unchanged_keeps_the_last_interval_up_to_every() -> None:
    fast = known(last_ok_at=NOW - 10 * MINUTE, last_new_at=NOW - 20 * MINUTE)
    assert about(wait(fast, NotModified()), 10 * MINUTE)
    after_an_outage = known(last_ok_at=NOW - 3 * HOUR, last_new_at=NOW - 4 * HOUR)
    assert about(wait(after_an_outage, NotModified()), HOUR)
    assert about(wait(state(), NotModified()), HOUR)


def test_hints_of_the_publisher_lengthen_but_never_shorten() -> None:
    often = every(10 * MINUTE, 40)
    assert about(wait(state(), read(*often, ttl=2 * HOUR)), 2 * HOUR)
    assert about(wait(state(), read(*often, answer=fetched(max_age=3 * HOUR))), 3 * HOUR)
    assert about(wait(known(), NotModified(max_age=4 * HOUR)), 4 * HOUR)
    assert wait(state(), read(*often, ttl=365 * DAY)) == DAY
    assert wait(state(), read(*every(HOUR, 40), ttl=MINUTE)) >= HOUR


def test_an_interval_that_the_operator_set_stands() -> None:
    fixed = feed(every=20 * MINUTE)
    for result in (read(*every(DAY, 9), ttl=DAY), NotModified(max_age=DAY), fetched()):
        assert wait(known(), result, by=fixed) == 20 * MINUTE
    assert wait(known(), NotModified(), by=feed(every=MINUTE)) == 5 * MINUTE
    assert wait(known(), NotModified(), by=feed(every=9 * DAY)) == DAY


# ── failures ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("why", "weight", "hours"),
    [
        (Failure.BUSY, 0.0, 2.0),
        (Failure.NETWORK, 0.25, 2**0.25 / 6),
        (Failure.SERVER, 0.5, 2**0.5),
        (Failure.CONTENT, 0.5, 2**0.5),
        (Failure.CLIENT, 1.0, 2.0),
        (Failure.REFUSED, 1.0, 2.0),
    ],
)
def test_failures_are_graded(why: Failure, weight: float, hours: float) -> None:
    now = after(known(), failed(why), feed(), rules(), NOW)
    assert now.failures == weight
    assert (now.next_check_at - NOW) / HOUR == pytest.approx(hours)
    assert now.retired_at is None


def test_back_off_grows_to_slowest_and_never_dies() -> None:
    before, last = known(), timedelta()
    for _ in range(5000):
        before = after(before, failed(Failure.CLIENT), feed(), rules(), NOW)
        assert last <= before.next_check_at - NOW <= DAY
        last = before.next_check_at - NOW
    assert last == DAY
    assert before.retired_at is None


def test_back_off_starts_at_the_feeds_own_interval() -> None:
    assert wait(known(), failed(Failure.CLIENT), by=feed(every=3 * HOUR)) == 6 * HOUR


def test_retry_after_is_honoured_even_beyond_slowest() -> None:
    busy = failed(Failure.BUSY, retry_after=5 * HOUR)
    assert wait(known(), busy) == 5 * HOUR
    assert wait(known(), busy, slowest=2 * HOUR) == 5 * HOUR
    assert wait(known(), failed(Failure.BUSY, retry_after=MINUTE)) == 2 * HOUR


def test_gone_retires() -> None:
    now = after(known(), failed(Failure.GONE), feed(), rules(), NOW)
    assert now.retired_at == NOW
    assert status(now, NOW) == "retired"


# ── spread, gap, health ──────────────────────────────────────────────────────────────────────────


def test_first_visits_are_spread_evenly_and_always_alike() -> None:
    ids = [f"feed-{n}" for n in range(600)]
    dates = list(first_checks(ids, NOW, rules()).values())
    assert dates == list(first_checks(ids, NOW, rules()).values())
    assert all(NOW <= date < NOW + HOUR for date in dates)
    tenths = [sum((d - NOW) // (6 * MINUTE) == n for d in dates) for n in range(10)]
    assert min(tenths) > 30


def test_a_fresh_installation_has_items_within_a_minute() -> None:
    dates = first_checks([f"feed-{n}" for n in range(200)], NOW, rules(), fresh=True).values()
    assert all(NOW <= date < NOW + MINUTE for date in dates)
    assert len(set(dates)) == 200
    few = first_checks(["a", "b"], NOW, rules(), fresh=True).values()
    assert all(date < NOW + timedelta(seconds=1) for date in few)


@pytest.mark.parametrize(
    ("url", "seconds"),
    [
        ("https://example.org/feed", 5),
        ("http://127.0.0.1:8000/", 0),
        ("http://127.1.2.3/", 0),
        ("http://[::1]:80/", 0),
        ("http://LocalHost:1/", 0),
        ("http://a.localhost./", 0),
        ("http://10.0.0.1/", 5),
        ("http://localhost.example.org/", 5),
    ],
)
def test_host_gap(url: str, seconds: int) -> None:
    assert host_gap(url, rules()) == timedelta(seconds=seconds)
    assert host_gap(url, rules(host_gap="7s")) == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("before", "word"),
    [
        (state(), "new"),
        (state(last_error="x", failures=0.25), "failing"),
        (known(), "ok"),
        (known(last_new_at=NOW - 31 * DAY), "silent"),
        (known(last_new_at=None), "silent"),
        (known(last_error="x", failures=0.25), "ok"),
        (known(last_error="x", failures=1.0), "failing"),
        (known(last_error="x", failures=0.0, last_ok_at=NOW - 2 * DAY), "failing"),
        (known(retired_at=NOW), "retired"),
    ],
)
def test_status(before: FeedState, word: str) -> None:
    assert status(before, NOW) == word


dates = st.timedeltas(-20_000 * DAY, 20_000 * DAY).map(lambda gap: NOW + gap)
spans = st.none() | st.timedeltas(timedelta(), timedelta(days=400))


@given(
    published=st.lists(dates, max_size=30),
    new=st.integers(0, 30),
    ttl=spans,
    every=spans,
    last_new=st.none() | dates,
    last_ok=st.none() | dates,
)
def test_any_feed_is_visited_between_fastest_and_slowest(
    published: list[datetime],
    new: int,
    ttl: timedelta | None,
    every: timedelta | None,
    last_new: datetime | None,
    last_ok: datetime | None,
) -> None:
    before = state(last_new_at=last_new, last_ok_at=last_ok)
    results = (
        Parsed(answer=fetched(), new=new, published=tuple(published), ttl=ttl),
        NotModified(max_age=ttl),
        fetched(),
        failed(Failure.NETWORK),
    )
    for result in results:
        got = wait(before, result, by=feed(every=every))
        assert 5 * MINUTE <= got <= DAY


# ── moves ────────────────────────────────────────────────────────────────────────────────────────

NEW = "https://new.example.org/feed"


def visits(before: FeedState, *results: Result) -> FeedState:
    for n, result in enumerate(results):
        before = after(before, result, feed(), rules(), NOW + n * HOUR)
    return before


@pytest.mark.parametrize(
    "result", [NotModified(moved_to=NEW), fetched(moved_to=NEW), read(answer=fetched(moved_to=NEW))]
)
def test_a_permanent_move_is_believed_after_some_visits(result: Result) -> None:
    waiting = visits(known(), *[result] * 4)
    assert (waiting.address, waiting.moved_to, waiting.moved_visits) == (None, NEW, 4)
    assert address(waiting, feed()) == feed().url
    moved = visits(waiting, result)
    assert (moved.address, moved.moved_to, moved.moved_visits) == (NEW, None, 0)
    assert address(moved, feed()) == NEW


@pytest.mark.parametrize(
    "between", [NotModified(), fetched(moved_to="https://else.example.org/"), failed()]
)
def test_a_move_that_is_not_stable_is_not_believed(between: Result) -> None:
    move = NotModified(moved_to=NEW)
    after_all = visits(known(), *[move] * 4, between, *[move] * 4)
    assert (after_all.address, after_all.moved_visits) == (None, 4)


def test_a_feed_may_move_again_and_back_home() -> None:
    moved = known(address=NEW)
    assert visits(moved, NotModified()).address == NEW
    further = NotModified(moved_to="https://newer.example.org/")
    assert visits(moved, *[further] * 5).address == "https://newer.example.org/"
    assert visits(moved, *[NotModified(moved_to=feed().url)] * 5).address is None


@pytest.mark.parametrize(
    ("why", "times"),
    [(Failure.CLIENT, 3), (Failure.REFUSED, 3), (Failure.CONTENT, 6), (Failure.GONE, 1)],
)
def test_a_new_place_that_fails_is_given_up_for_the_old_one(why: Failure, times: int) -> None:
    before = visits(known(address=NEW), *[failed(why)] * (times - 1))
    assert before.address == NEW
    home = visits(before, failed(why))
    assert (home.address, home.retired_at, home.etag, home.last_modified) == (
        None,
        None,
        None,
        None,
    )
    assert visits(home, failed(Failure.GONE)).retired_at is not None


# ── silence ──────────────────────────────────────────────────────────────────────────────────────


def test_silence_is_measured_by_the_feeds_own_rhythm() -> None:
    def quiet(gap: timedelta, count: int, age: timedelta) -> str:
        shown = read(*(age_ * 1.0021 for age_ in every(gap, count)))
        loud = after(state(), shown, feed(), rules(), NOW)
        later = after(loud, NotModified(), feed(), rules(), NOW + age)
        return status(later, NOW + age)

    assert quiet(HOUR, 200, 1.5 * DAY) == "ok"
    assert quiet(HOUR, 200, 3 * DAY) == "silent"
    assert quiet(2 * DAY, 30, 6 * DAY) == "ok"
    assert quiet(DAY / 2, 60, 14 * DAY) == "silent"
    assert quiet(15 * DAY, 4, 13 * DAY) == "ok"
    assert quiet(15 * DAY, 4, 17 * DAY) == "silent"


@pytest.mark.parametrize(
    ("before", "date"),
    [
        (state(), None),
        (known(), None),
        (known(last_new_at=NOW - 31 * DAY), NOW - 31 * DAY),
        (known(last_new_at=None), None),
        (known(last_error="x", failures=1.0), NOW - HOUR),
        (state(last_error="x", failures=1.0), None),
        (known(retired_at=NOW - DAY), NOW - DAY),
    ],
)
def test_since_when_the_status_holds(before: FeedState, date: datetime | None) -> None:
    assert since(before, NOW) == date


# ── the network ──────────────────────────────────────────────────────────────────────────────────


def test_a_lost_connection_is_tried_again_soon_and_then_ever_later() -> None:
    lost = FetchFailed(why=Failure.NETWORK, detail="no DNS entry for example.org")
    known, waits = state(), []
    for _ in range(40):
        known = after(known, lost, feed(), rules(), NOW)
        waits.append(known.next_check_at - NOW)
    assert waits[0] < 15 * MINUTE
    assert waits == sorted(waits)
    assert waits[-1] == rules().slowest
