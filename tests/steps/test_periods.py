"""Weeks, schedules, and which issue is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.rules import Digest
from aggregator.steps import periods

SEOUL = "Asia/Seoul"
RULES = Digest()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_a_week_is_cut_at_local_midnight() -> None:
    week = periods.week_of(at("2025-08-20T12:00:00+09:00"), SEOUL)
    assert week.name == "2025-W34"
    assert week.start == at("2025-08-18T00:00:00+09:00")
    assert week.end == at("2025-08-25T00:00:00+09:00")


def test_a_week_with_a_clock_change_is_an_hour_longer() -> None:
    week = periods.week_of(at("2025-10-29T12:00:00Z"), "America/New_York")
    assert week.end - week.start == timedelta(days=7, hours=1)


@given(
    st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1900 < moment.year < 2100),
    st.sampled_from([SEOUL, "UTC", "America/New_York", "Pacific/Apia"]),
)
def test_every_moment_lies_in_exactly_its_week(moment: datetime, zone: str) -> None:
    week = periods.week_of(moment, zone)
    assert week.start <= moment < week.end
    assert periods.named(week.name, zone) == week
    assert periods.week_of(week.end, zone).start == week.end
    assert periods.before(week).end == week.start


@pytest.mark.parametrize("name", ["2025-W54", "2025-W00", "W34", "last", "", "2025-08-32"])
def test_a_name_that_is_no_week_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="expected an ISO week"):
        periods.named(name, SEOUL)


def test_nothing_is_due_before_installation_is_known() -> None:
    assert periods.due(RULES, None, None, at("2025-08-25T09:00:00+09:00")) is None


def test_the_week_of_installation_is_the_first_issue() -> None:
    installed = at("2025-08-20T10:00:00+09:00")
    assert periods.due(RULES, installed, None, at("2025-08-25T06:59:00+09:00")) is None
    due = periods.due(RULES, installed, None, at("2025-08-25T07:00:00+09:00"))
    assert due is not None
    assert due.period.name == "2025-W34"
    assert not due.late


def test_a_missed_tick_changes_nothing() -> None:
    installed = at("2025-08-20T10:00:00+09:00")
    due = periods.due(RULES, installed, None, at("2025-08-26T23:00:00+09:00"))
    assert due is not None
    assert due.period.name == "2025-W34"


def test_what_is_covered_is_not_due_again() -> None:
    installed, covered = at("2025-08-20T10:00:00+09:00"), at("2025-08-25T00:00:00+09:00")
    assert periods.due(RULES, installed, covered, at("2025-08-31T23:00:00+09:00")) is None


def test_after_an_outage_weeks_come_one_by_one_and_old_ones_are_late() -> None:
    installed, covered = at("2025-08-01T10:00:00+09:00"), at("2025-08-11T00:00:00+09:00")
    now = at("2025-08-25T08:00:00+09:00")
    names = []
    while due := periods.due(RULES, installed, covered, now):
        names.append((due.period.name, due.late))
        covered = due.period.end
    assert names == [("2025-W33", True), ("2025-W34", False)]


def test_a_schedule_in_the_middle_of_the_week_is_honoured() -> None:
    rules = Digest(schedule="30 18 * * wed")
    week = periods.named("2025-W34", SEOUL)
    assert periods.sends_at(week, rules) == at("2025-08-27T18:30:00+09:00")


def test_a_digest_that_is_off_is_never_due() -> None:
    rules = Digest(enabled=False)
    assert periods.due(rules, at("2025-01-01T00:00:00Z"), None, at("2025-08-25T09:00:00Z")) is None
