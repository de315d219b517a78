"""The search form: what its fields mean, and what is wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.hosts.site.asking import asked, feeds_of, given_of, page_of
from aggregator.model import Search
from aggregator.taxonomy import load
from tests import make

TAXONOMY = load()
FEEDS = (
    make.feed("seoul-daily", perspective="rok-press-left"),
    make.feed("blue-office", perspective="rok-gov"),
    make.feed("nowhere", perspective="unclassified"),
)


def search(**given: str) -> Search | str:
    return asked(given_of({k.rstrip("_"): v for k, v in given.items()}), FEEDS, TAXONOMY, "UTC")


def test_all_fields_together() -> None:
    assert search(
        q=" 북한 ",
        tag="kim-jong-un",
        from_="seoul",
        lang="ko",
        since="2026-08-01",
        until="2026-08-02",
    ) == Search(
        text="북한",
        tags=("kim-jong-un",),
        feeds=frozenset({"seoul-daily", "blue-office"}),
        languages=("ko",),
        since=datetime(2026, 8, 1, tzinfo=UTC),
        until=datetime(2026, 8, 3, tzinfo=UTC),
    )


def test_a_tag_is_known_by_its_name_in_any_language() -> None:
    for name in ("Kim Jong Un", "kim jong un", "김정은"):
        found = search(tag=name)
        assert isinstance(found, Search)
        assert found.tags == ("kim-jong-un",)


def test_a_perspective_or_a_group_names_its_feeds() -> None:
    assert feeds_of("rok-gov", FEEDS) == frozenset({"blue-office"})
    assert feeds_of("others", FEEDS) == frozenset({"nowhere"})
    assert feeds_of("moscow", FEEDS) == frozenset()
    assert feeds_of("atlantis", FEEDS) is None


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("tag", "atlantis", "tag"),
        ("from_", "atlantis", "perspective"),
        ("since", "last week", "A day is written like"),
        ("until", "9999-12-31", "A day is written like"),
        ("since", "0001-01-01", "A day is written like"),
    ],
)
def test_what_is_wrong_is_said(field: str, value: str, sentence: str) -> None:
    found = search(**{field: value})
    assert isinstance(found, str)
    assert sentence in found


@pytest.mark.parametrize(
    ("text", "page"), [("", 1), ("2", 2), ("0", 1), ("-3", 1), ("٣", 1), ("x", 1), ("9" * 30, 200)]
)
def test_pages_are_numbers_from_one(text: str, page: int) -> None:
    assert page_of({"page": text}) == page
