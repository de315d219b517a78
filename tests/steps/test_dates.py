"""Dates in the forms that feeds carry."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.steps.dates import parse_date, zone_of

FILE = Path(__file__).parents[1] / "cases" / "dates" / "dates.jsonl"
CASES = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"] or "empty")
def test_a_date(case: dict[str, Any]) -> None:
    zone = zone_of(case.get("country", ""), case.get("language", ""))
    expected = case["utc"] and datetime.fromisoformat(case["utc"]).replace(tzinfo=UTC)
    assert parse_date(case["text"], zone) == expected


@given(st.text(max_size=120))
@example("9999-12-31T23:59:59-12:00")
@example("2024-01-01 10:00:00 +99:99")
def test_any_text_gives_utc_or_nothing(text: str) -> None:
    moment = parse_date(text)
    assert moment is None or moment.tzinfo is UTC


@given(st.integers(631_152_000, 2_524_607_999))
def test_what_is_written_is_read(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    for form in (
        "%a, %d %b %Y %H:%M:%S GMT",
        "%Y-%m-%dT%H:%M:%SZ",
        "%Y.%m.%d %H:%M:%S",
        "%Y년 %m월 %d일 %H:%M:%S",
        "%Y/%m/%d %I:%M:%S %p",
        "%c",
    ):
        assert parse_date(moment.strftime(form)) == moment


def test_zones() -> None:
    noon = datetime(2024, 3, 15, 12, tzinfo=UTC)
    assert noon.replace(tzinfo=zone_of("ROK", "en")).astimezone(UTC).hour == 3
    assert noon.replace(tzinfo=zone_of("", "ko-KR")).astimezone(UTC).hour == 3
    assert zone_of("France", "fr") is UTC
