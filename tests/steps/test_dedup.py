"""The same article again: in the same feed, at another address, on another site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Article, Item, Known, Reading
from aggregator.rules import Clustering
from aggregator.steps import dedup
from tests import make

RULES = Clustering()
WIRE = make.feed("example-wire")
PAPER = make.feed("example-paper")
LONG = "North and South Korea agree to reopen the liaison office in Kaesong"


def copies(items: Sequence[Item]) -> dict[str, str]:
    return {c.article_id: c.original_id for c in dedup.nearly(items, (), RULES)}


def fresh_of(*articles: Article, known: Known, shared: str = "") -> dedup.Fresh:
    """Of a document that holds these; several entries bear the guid `shared`."""
    return dedup.fresh(Reading(articles=articles, shared_guids=frozenset({shared})), known)


NOTHING = dedup.Fresh(new=(), edited=(), sightings=())

# ── fresh ────────────────────────────────────────────────────────────────────────────────────────


def test_an_unknown_article_is_new_and_sighted() -> None:
    found = fresh_of(make.article("a", guid="g"), known=Known())
    assert [a.id for a in found.new] == ["a"]
    assert found.sightings == (("a", "g"),)


def test_a_known_article_is_nothing() -> None:
    article = make.article("a", guid="g")
    known = Known(
        fingerprints={"a": article.fingerprint}, guids={"g": "a"}, sighted=frozenset({"a"})
    )
    assert fresh_of(article, known=known) == NOTHING


def test_an_edited_title_updates_the_article_instead_of_doubling_it() -> None:
    article = make.article("a", "A new headline", guid="g")
    known = Known(fingerprints={"a": "before"}, guids={"g": "a"}, sighted=frozenset({"a"}))
    found = fresh_of(article, known=known)
    assert found.new == ()
    assert [a.title for a in found.edited] == ["A new headline"]


def test_a_known_guid_at_a_new_address_is_the_same_article_moved() -> None:
    moved = make.article("b", guid="g", fingerprint="same")
    known = Known(fingerprints={"a": "same"}, guids={"g": "a"}, sighted=frozenset({"a"}))
    assert fresh_of(moved, known=known) == NOTHING


def test_an_article_of_a_feed_that_moved_takes_on_its_new_address() -> None:
    moved = make.article("b", guid="new", url="https://new.example.org/1", fingerprint="same")
    found = fresh_of(moved, known=Known(fingerprints={}, moved={"b": "a"}))
    assert found.new == ()
    assert [(a.id, a.url) for a in found.edited] == [("a", "https://new.example.org/1")]
    assert found.sightings == (("a", "new"),)


def test_another_feed_with_another_wording_does_not_edit() -> None:
    article = make.article("a", guid="other", fingerprint="their wording")
    found = fresh_of(article, known=Known(fingerprints={"a": "our wording"}))
    assert found.new == found.edited == ()
    assert found.sightings == (("a", "other"),)


def test_one_guid_for_all_entries_identifies_nothing() -> None:
    articles = [make.article("a", guid="home"), make.article("b", guid="home")]
    known = Known(fingerprints={"x": "x"}, guids={"home": "x"}, sighted=frozenset({"x"}))
    assert [a.id for a in fresh_of(*articles, known=known, shared="home").new] == ["a", "b"]


def test_an_entry_without_guid_is_known_by_its_address() -> None:
    article = make.article("a", guid="")
    known = Known(fingerprints={"a": article.fingerprint}, sighted=frozenset({"a"}))
    assert fresh_of(article, known=known) == NOTHING


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
    assert dedup.title_key(one) == dedup.title_key(other)


@given(st.text(max_size=200))
def test_a_title_key_never_fails_and_is_stable(title: str) -> None:
    key = dedup.title_key(title)
    assert dedup.title_key(key) == key or len(key) < 8


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
    found = dedup.nearly([make.item("b", LONG, by=PAPER)], [placed], RULES)
    assert [(c.article_id, c.original_id) for c in found] == [("b", "a")]
