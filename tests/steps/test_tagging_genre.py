"""Titles -> genre and certainty, exactly one each."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.steps.tagging.certainty import certainty
from aggregator.steps.tagging.genre import genre
from aggregator.taxonomy import load
from tests.make import article, feed

TAXONOMY = load()


@pytest.mark.parametrize(
    ("title", "source", "expected"),
    [
        ("Leaders meet at Panmunjom", {}, "g-news"),
        ("[속보] 남북 정상 판문점 도착", {}, "g-breaking"),
        ("(2nd LD) Leaders meet at Panmunjom", {}, "g-breaking"),
        ("[북한날씨] 맑음", {}, "g-weather"),
        ("[게시판] 강좌 안내", {}, "g-notice"),
        ("[영상] 판문점의 하루", {}, "g-photo-video"),
        ("Watch: leaders cross the line", {}, "g-photo-video"),
        ("Watching the line: a border village", {}, "g-news"),
        ("[사설] 회담 이후", {}, "g-editorial"),
        ("Opinion | What comes after the summit", {}, "g-oped"),
        ("[기고] 회담 이후", {}, "g-oped"),
        ("[북한단신] 연회 개최", {}, "g-brief"),
        ("What if the talks fail?", {}, "g-what-if"),
        ("Satellite imagery shows new hall", {}, "g-imagery"),
        ("Poll: most favour talks", {}, "g-data"),
        ("Analysis: a narrow path", {}, "g-analysis"),
        ("A narrow path", {"kind": "analysis"}, "g-analysis"),
        ("Readout of the call", {}, "g-official"),
        ("Readout of the call", {"kind": "official"}, "g-official"),
        ("Department Press Briefing", {"kind": "official"}, "g-transcript"),
        ("Press Statement of a Vice Director", {"perspective": "dprk-state"}, "g-dprk-statement"),
        ("Shoe factory opens", {"perspective": "dprk-state"}, "g-state-media"),
    ],
)
def test_genre(title: str, source: dict[str, Any], expected: str) -> None:
    assert genre(article(title=title), feed(**source)) == expected


@pytest.mark.parametrize(
    ("title", "source", "expected"),
    [
        ("Leaders meet at Panmunjom", {}, "c-confirmed"),
        ("Envoy says talks go on", {}, "c-claimed"),
        ('정부 "회담은 계속된다"', {}, "c-claimed"),
        ("Leaders meet at Panmunjom", {"perspective": "dprk-state"}, "c-claimed"),
        ("Talks could resume in May", {}, "c-hypothetical"),
        ("회담 재개 가능성", {}, "c-hypothetical"),
        ("Summit ends with no agreement", {}, "c-negated"),
        ("핵 언급 없이 끝난 회담", {}, "c-negated"),
        ("Ten years after the first summit", {}, "c-historical"),
        ("The 1972 communique remembered", {}, "c-historical"),
        ("Sources: envoy to travel", {}, "c-reported-anon"),
        ("정부 소식통, 특사 파견 검토", {}, "c-reported-anon"),
    ],
)
def test_certainty(title: str, source: dict[str, Any], expected: str) -> None:
    assert certainty(article(title=title), feed(**source)) == expected


@given(st.text(max_size=60), st.sampled_from(["dprk-state", "think-tank", "intl-press"]))
def test_always_exactly_one_known_slug(title: str, perspective: str) -> None:
    text, by = article(title=title), feed(perspective=perspective)
    assert TAXONOMY[genre(text, by)].facet == "genre"
    assert TAXONOMY[certainty(text, by)].facet == "certainty"
