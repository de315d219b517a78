"""When a letter comes, and what a sign-up is answered with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Cadence, Subscriber, SuppressionReason
from aggregator.steps.subscriptions import letter_at, present, reply
from tests.make import NOW

READER = Subscriber(id="r", address="r@example.org")
QUARTER = timedelta(minutes=15)
ZONES = (
    *("Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"),
    *("Africa/Cairo", "America/Sao_Paulo", "Pacific/Apia", "Asia/Pyongyang", "UTC"),
)


def at(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("wanted", "composed", "leaves"),
    [
        # Issue out on Monday at 7 in Seoul: Sunday evening in New York.
        ({"weekday": 0, "hour": 7}, "2025-08-25T07:00", "2025-08-25T07:00"),
        ({"weekday": 0, "hour": 6}, "2025-08-25T07:00", "2025-09-01T06:00"),
        ({"weekday": 4, "hour": 18}, "2025-08-25T07:00", "2025-08-29T18:00"),
        ({"hour": 6}, "2025-08-25T07:00", "2025-08-26T06:00"),
        ({"weekday": 2}, "2025-08-25T07:00", "2025-08-27T00:00"),
        ({"cadence": "daily", "weekday": 4, "hour": 8}, "2025-08-25T07:00", "2025-08-25T08:00"),
    ],
)
def test_a_letter_waits_for_its_day_and_hour(
    wanted: dict[str, object], composed: str, leaves: str
) -> None:
    reader = replace(READER, **wanted)  # type: ignore[arg-type]
    assert letter_at(reader, at(composed, "Asia/Seoul"), "Asia/Seoul") == at(leaves, "Asia/Seoul")


@pytest.mark.parametrize("wanted", [{}, {"weekday": 0}, {"cadence": "daily", "weekday": 3}])
def test_who_asked_for_no_time_gets_it_at_once(wanted: dict[str, object]) -> None:
    reader = replace(READER, **wanted)  # type: ignore[arg-type]
    assert letter_at(reader, at("2025-08-25T07:00", "Asia/Seoul"), "Asia/Seoul") is None


def test_the_readers_zone_counts() -> None:
    reader = replace(READER, weekday=0, hour=8, timezone="America/New_York")
    composed = at("2025-08-25T07:00", "Asia/Seoul")
    assert letter_at(reader, composed, "Asia/Seoul") == at("2025-08-25T08:00", "America/New_York")


def test_a_skipped_hour_is_the_moment_the_clocks_skip_to() -> None:
    reader = replace(READER, cadence="daily", hour=2, timezone="Europe/Berlin")
    composed = at("2025-03-30T00:30", "Europe/Berlin")
    assert letter_at(reader, composed, "UTC") == at("2025-03-30T03:00", "Europe/Berlin")


def test_of_an_hour_that_comes_twice_the_next_one_counts() -> None:
    reader = replace(READER, cadence="daily", hour=2, timezone="Europe/Berlin")
    first = datetime(2025, 10, 26, 0, tzinfo=UTC)
    assert letter_at(reader, first - timedelta(hours=5), "UTC") == first
    assert letter_at(reader, first + QUARTER, "UTC") == first + timedelta(hours=1)


@given(
    composed=st.datetimes(datetime(2005, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    zone=st.sampled_from(ZONES),
    weekday=st.none() | st.integers(0, 6),
    hour=st.integers(0, 23),
    cadence=st.sampled_from(get_args(Cadence)),
)
def test_it_is_the_first_such_hour(
    composed: datetime, zone: str, weekday: int | None, hour: int, cadence: Cadence
) -> None:
    """Against a search through every quarter of an hour."""
    reader = replace(READER, timezone=zone, weekday=weekday, hour=hour, cadence=cadence)
    leaves = letter_at(reader, composed, "UTC")
    assert leaves is not None
    assert leaves >= composed

    def matches(moment: datetime) -> bool:
        local = moment.astimezone(ZoneInfo(zone))
        day = weekday is None or cadence == "daily" or local.weekday() == weekday
        return day and (local.hour, local.minute) == (hour, 0)

    start = composed.replace(minute=0, second=0, microsecond=0)
    moments = (start + n * QUARTER for n in range(24 * 4 * 16))
    expected = next(m for m in moments if m >= composed and matches(m))
    if leaves != expected:  # only where the clocks skip that hour
        assert leaves < expected
        local = leaves.astimezone(ZoneInfo(zone))
        earlier = (leaves - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
        assert local.utcoffset() != earlier.utcoffset()


def test_a_pause_ends_by_itself() -> None:
    paused = replace(READER, status="paused", paused_until=NOW)
    assert present(paused, NOW - timedelta(seconds=1)) == paused
    assert present(paused, NOW) == READER
    open_end = replace(READER, status="paused")
    assert present(open_end, NOW + timedelta(days=9999)) == open_end


@pytest.mark.parametrize("reason", get_args(SuppressionReason))
def test_34_only_the_erased_come_back_by_the_form(reason: SuppressionReason) -> None:
    expected = "confirm" if reason == "erased" else None
    assert reply(None, reason, 0, most=3) == expected


def test_a_reader_gets_the_way_to_their_preferences() -> None:
    for status, answer in (
        ("active", "preferences"),
        ("paused", "preferences"),
        ("unsubscribed", "confirm"),
    ):
        known = replace(READER, status=status)  # type: ignore[arg-type]
        assert reply(known, None, 2, most=3) == answer
        assert reply(known, None, 3, most=3) is None
