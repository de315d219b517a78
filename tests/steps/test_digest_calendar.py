"""Days to come, as headlines in four languages name them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import StoryItems
from aggregator.steps import periods
from aggregator.steps.digest.calendar import AHEAD, dates_in, upcoming
from aggregator.taxonomy import load
from tests import make

TAXONOMY = load()
WEEK = periods.named("2019-W26", "Asia/Seoul")
THURSDAY = date(2019, 6, 27)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Leaders to meet on June 30", ["2019-06-30"]),
        ("Talks resume July 3, ministry says", ["2019-07-03"]),
        ("Working-level talks on 15 July", ["2019-07-15"]),
        ("정상회담 30일 개최", ["2019-06-30"]),
        ("오는 28일 방한", ["2019-06-28"]),
        ("내달 3일 실무협상", ["2019-07-03"]),
        ("7월 4일 기념식", ["2019-07-04"]),
        ("日米韓、来月5日に協議", ["2019-07-05"]),
        ("中韩外长7月5日会晤", ["2019-07-05"]),
        ("29日に首脳会談へ", ["2019-06-29"]),
        # the past, spans, counts and years
        ("지난 25일 발사", []),
        ("25일 발사", []),
        ("오는 30일까지 훈련", []),
        ("Exercise runs until July 5", []),
        ("30일간 단식", []),
        ("The June 30, 2019 meeting", []),
        ("10월 중 재개", []),
        ("31일", []),  # June has no 31st
    ],
)
def test_days_that_are_named(text: str, days: list[str]) -> None:
    assert [day.isoformat() for day in dates_in(text, THURSDAY)] == days


@given(
    st.text(alphabet="0123456789월月일日오는내달 June/-.,", max_size=60), st.dates(date(1980, 1, 1))
)
def test_no_text_dates_the_past_or_far_ahead(text: str, published: date) -> None:
    for day in dates_in(text, min(published, date(9990, 1, 1))):
        assert published < day <= published + AHEAD


def told(id: str, title: str, *tags: str, **changes: Any) -> StoryItems:
    at = datetime(2019, 6, 27, 3, tzinfo=make.NOW.tzinfo)
    return make.story(make.item(id, title, *tags, published_at=at, seen_at=at, **changes))


def test_only_what_comes_after_the_week_is_coming_up() -> None:
    views = [
        told("a", "Leaders to meet on June 29", "us-dprk-summit"),
        told("b", "Envoys to meet on July 10", "nuclear-talks"),
        told("c", "Parade on December 1", "military-exercises"),
    ]
    found = upcoming(views, (), WEEK, TAXONOMY, ["en", "ko"])
    assert [(each.day, each.tellings[0].title) for each in found] == [
        ("2019-07-10", "Envoys to meet on July 10")
    ]
    assert found[0].tellings[0].publisher == make.feed().publisher


def test_opinion_and_closed_feeds_announce_nothing_beyond_their_headline() -> None:
    summary = "The ministers will meet on July 10 in Seoul."
    closed = make.feed("closed", rights="title")
    essay = make.judgement("nuclear-talks", genre="g-oped")
    views = [
        told("a", "What comes next", "nuclear-talks", summary=summary, by=closed),
        told("b", "Meet them on July 10!", judgement=essay),
    ]
    assert upcoming(views, (), WEEK, TAXONOMY, ["en"]) == ()
    open_feed = [told("a", "What comes next", "nuclear-talks", summary=summary)]
    assert [e.tellings[0].title for e in upcoming(open_feed, (), WEEK, TAXONOMY, ["en"])] == [
        summary
    ]


def test_the_calendar_adds_its_days_in_each_language() -> None:
    july = periods.named("2019-W29", "Asia/Seoul")
    assert july.end + timedelta(days=7) > datetime(2019, 7, 27, tzinfo=make.NOW.tzinfo)
    (day,) = upcoming([], TAXONOMY.anniversaries, july, TAXONOMY, ["en", "ko"])
    assert day.day == "2019-07-27"
    assert [t.language for t in day.tellings] == ["en", "ko"]
    assert day.tellings[0].url == ""


def test_one_visit_announced_by_many_is_told_once_a_day() -> None:
    views = [told(f"v{n}", f"Visit on July 10, report {n}", "rok-china") for n in range(5)]
    assert len(upcoming(views, (), WEEK, TAXONOMY, ["en"])) == 1
