"""The text of an article again: on another site, revised, under another headline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Item, StoryItems
from aggregator.rules import Clustering
from aggregator.steps.copies import nearly, title_key
from aggregator.steps.pool import pool
from aggregator.taxonomy import load
from tests import make

RULES = Clustering()
TAXONOMY = load()
WIRE = make.feed("example-wire")
PAPER = make.feed("example-paper")
LONG = "North and South Korea agree to reopen the liaison office in Kaesong"


def copies(items: Sequence[Item], placed: Sequence[StoryItems] = ()) -> dict[str, str]:
    found = nearly(pool(items, placed, TAXONOMY, RULES), TAXONOMY.weights["copy"], RULES)
    return {c.article_id: c.original_id for c in found}


# ── titles ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(LEAD) Envoys meet in Stockholm today", "Envoys meet in Stockholm today"),
        ("(2nd LD) Envoys meet in Stockholm today", "Envoys meet in Stockholm today"),
        ("UPDATE 2-Envoys meet in Stockholm today", "Envoys meet in Stockholm today"),
        ("Envoys meet in Stockholm today (Reuters)", "Envoys meet in Stockholm today"),
        ("Envoys meet in Stockholm today - Example Post", "Envoys meet in Stockholm today"),
        ("[속보] 남북 연락사무소 다시 문 연다", "남북 연락사무소 다시 문 연다(종합2보)"),
        ("ENVOYS MEET: in Stockholm today", "Envoys meet in “Stockholm” today"),
    ],
)
def test_marks_of_revision_do_not_count(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


@given(st.text(max_size=200))
def test_a_title_key_never_fails_and_is_stable(title: str) -> None:
    key = title_key(title)
    assert title_key(key) == key or len(key) < 8


# ── nearly ───────────────────────────────────────────────────────────────────────────────────────


def test_wire_text_on_another_site_is_a_copy_of_the_earlier_one() -> None:
    first = make.item("a", LONG, by=WIRE)
    again = make.item("b", LONG + " (Example Wire)", by=PAPER, published_at=make.NOW)
    assert copies([again, first]) == {"b": "a"}


def test_a_copy_of_a_copy_points_to_the_original() -> None:
    items = [
        make.item(id, LONG, by=make.feed(f"p{id}"), published_at=make.NOW + timedelta(hours=n))
        for n, id in enumerate("abc")
    ]
    assert copies(items) == {"b": "a", "c": "a"}


def test_the_order_of_arrival_does_not_show() -> None:
    items = [make.item(id, LONG, by=make.feed(f"p{id}")) for id in "cab"]
    assert copies(items) == copies(items[::-1]) == {"b": "a", "c": "a"}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"language": "ko"}, id="another language"),
        pytest.param({"published_at": make.NOW + timedelta(days=9)}, id="another week"),
    ],
)
def test_what_only_looks_alike_is_no_copy(other: dict[str, object]) -> None:
    items = [make.item("a", LONG, by=WIRE), make.item("b", LONG, by=PAPER, **other)]
    assert copies(items) == {}


def test_a_series_of_one_desk_is_never_merged() -> None:
    title = "Headlines of the North Korean press this morning"
    items = [
        make.item("a", title, by=WIRE),
        make.item("b", title, by=WIRE, published_at=make.NOW + timedelta(hours=22)),
    ]
    assert copies(items) == {}


def test_a_number_that_differs_is_a_new_version() -> None:
    items = [
        make.item("a", "North Korea fires 2 missiles into the sea off its east coast", by=WIRE),
        make.item("b", "North Korea fires 3 missiles into the sea off its east coast", by=PAPER),
    ]
    assert copies(items) == {}


def test_short_titles_alone_make_no_copy() -> None:
    items = [
        make.item("a", "Press review", by=WIRE, summary="Papers on the summit in Osaka."),
        make.item(
            "b", "Press review", by=PAPER, summary="Papers on rice for the World Food Programme."
        ),
    ]
    assert copies(items) == {}


def test_a_placed_original_is_found() -> None:
    placed = make.story(make.item("a", LONG, by=WIRE))
    assert copies([make.item("b", LONG, by=PAPER)], [placed]) == {"b": "a"}


STANDING = (
    "This newsletter brings readers the week's most important analysis of diplomacy and security"
    " on the peninsula, written by our correspondents in five capitals."
)


def test_standing_sentences_make_no_copy() -> None:
    items = [
        make.item("a", "Envoys meet in Stockholm", by=WIRE, summary=STANDING),
        make.item("b", "A harvest under sanctions", by=WIRE, summary=STANDING),
        make.item("c", "What the parade left unsaid", by=WIRE, summary=STANDING),
    ]
    assert copies(items) == {}


def test_a_revision_under_another_headline_is_a_copy_and_may_come_later() -> None:
    text = (
        "(서울=연합뉴스) 통일부는 14일 남북 연락사무소를 다시 여는 방안을 북측과 협의하고 있다고"
        " 밝혔다. 통일부 당국자는 정례브리핑에서 실무 접촉이 이어지고 있다고 말했다."
    )
    wire = make.feed("wire-ko", language="ko")
    items = [
        make.item("a", '통일부 "연락사무소 재개 협의"', by=wire, language="ko", summary=text),
        make.item(
            "b",
            "통일부, 남북 연락사무소 다시 여는 방안 북측과 협의(종합)",
            by=wire,
            language="ko",
            summary=text,
            published_at=make.NOW + timedelta(hours=5),
        ),
    ]
    assert copies(items) == {"b": "a"}


def test_undated_pieces_of_one_series_are_not_copies() -> None:
    title = "Headlines of the North Korean press this morning"
    items = [make.item(id, title, by=WIRE, dated=False) for id in "abc"]
    assert copies(items) == {}


def test_the_earlier_one_is_the_original_however_many_there_are() -> None:
    items = [
        make.item(f"n{n:02}", LONG, by=make.feed(f"p{n}"), published_at=make.NOW) for n in range(30)
    ]
    assert set(copies(items).values()) == {"n00"}
