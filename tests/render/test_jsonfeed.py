"""The JSON feed: every MUST of JSON Feed 1.1, and the same entries as the Atom feed."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model import Item, Rights
from aggregator.render.atom import atom
from aggregator.render.jsonfeed import jsonfeed
from aggregator.render.syndication import Channel, article_entries, story_entries
from tests import make
from tests.render import sample

SELF = "https://news.example.org/feed.json"
ITEMS = tuple(i for each in sample.week() for i in each.items if i.duplicate_of is None)


def made(
    *items: Item, copies: Mapping[str, Sequence[Item]] | None = None, **changes: Any
) -> dict[str, Any]:
    entries = article_entries(items, site=sample.SITE, taxonomy=sample.NAMES, copies=copies)
    return read(jsonfeed(channel(**changes), entries, sample.SITE))


def channel(**changes: Any) -> Channel:
    return Channel(**({"self_url": SELF, "title": "All articles"} | changes))


def read(document: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(document.decode("utf-8"))
    return found


def is_rfc3339(value: str) -> bool:
    return datetime.fromisoformat(value).tzinfo is not None and value[10] == "T"


def is_complete(feed: dict[str, Any]) -> bool:
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"]
    assert isinstance(feed["items"], list)
    for item in feed["items"]:
        assert isinstance(item["id"], str)
        assert item["id"]
        assert item.get("content_text") or item["content_html"]
        assert is_rfc3339(item["date_published"])
        assert is_rfc3339(item["date_modified"])
        assert isinstance(item["authors"], list)
        assert all(author["name"] for author in item["authors"])
        assert all(isinstance(tag, str) for tag in item["tags"])
        extensions = [key for key in item if key.startswith("_")]
        assert extensions == ["_korea_diplomacy"]
        assert item["_korea_diplomacy"]["about"].startswith("https://")
    return True


def test_the_sample_week_is_complete() -> None:
    feed = made(*ITEMS)
    assert is_complete(feed)
    assert len(feed["items"]) == len(ITEMS)
    assert feed["feed_url"] == SELF
    assert feed["home_page_url"] == "https://news.example.org/"
    assert feed["authors"] == [
        {"name": "Korea Diplomacy Digest", "url": "https://news.example.org/"}
    ]


def test_an_empty_feed_is_complete() -> None:
    feed = made()
    assert is_complete(feed)
    assert feed["items"] == []


def test_ids_titles_links_and_order_are_those_of_the_atom_feed() -> None:
    told = article_entries(ITEMS, site=sample.SITE, taxonomy=sample.NAMES)
    document = atom(channel(), told, sample.SITE)
    entries = feedparser.parse(io.BytesIO(document)).entries
    assert [(x["id"], x["title"], x["url"]) for x in made(*ITEMS)["items"]] == [
        (e.id, e.title, e.link) for e in entries
    ]


def test_ids_are_unique() -> None:
    ids = [item["id"] for item in made(*ITEMS)["items"]]
    assert len(set(ids)) == len(ids)


def test_dates_are_the_stored_ones() -> None:
    edited = make.NOW + timedelta(days=1)
    first, second = made(make.item("a1"), make.item("a2", updated_at=edited))["items"]
    assert first["date_published"] == "2019-06-30T10:00:00+00:00"
    assert first["date_modified"] == "2019-06-30T11:00:00+00:00"
    assert second["date_modified"] == edited.isoformat()


def test_the_same_values_give_the_same_bytes() -> None:
    one, two = (
        jsonfeed(
            channel(),
            article_entries(ITEMS, site=sample.SITE, taxonomy=sample.NAMES),
            sample.SITE,
        )
        for _ in range(2)
    )
    assert one == two
    assert "판문점" in one.decode("utf-8")


@pytest.mark.parametrize(("rights", "quoted"), [("title", 0), ("snippet", 300), ("full", 1799)])
def test_no_more_text_than_the_rights_allow(rights: Rights, quoted: int) -> None:
    text = ("word " * 360).strip()
    (item,) = made(make.item(by=make.feed(rights=rights), summary=text))["items"]
    assert item["content_text"].count("word") <= quoted // 5 + 1
    assert ("word" in item["content_text"]) == bool(quoted)
    assert len(item["content_text"]) <= max(quoted, len(item["title"]))
    assert "content_html" not in item


def test_what_was_concluded_is_in_the_extension() -> None:
    weak = make.tagging("sanctions", 1.9)
    shown = make.tagging("us-dprk-summit")
    copy = make.item("c1", url="https://copy.example.org/1")
    broken = make.item("c2", url="javascript:alert(1)")
    item = make.item(
        by=make.feed(perspective="dprk-state"),
        judgement=make.judgement(tags=(shown, weak), genre="g-analysis"),
        story_id="s1",
    )
    (read,) = made(item, copies={"a1": (copy, broken)})["items"]
    ours = read["_korea_diplomacy"]
    assert read["tags"] == ["US–DPRK summit"]
    assert ours["tags"] == [{"slug": "us-dprk-summit", "score": 3.0, "method": "strong"}]
    assert (ours["perspective"], ours["group"]) == ("dprk-state", "pyongyang")
    assert (ours["genre"], ours["story"]) == ("g-analysis", "s1")
    assert ours["copies"] == ["https://copy.example.org/1"]


def test_a_language_is_given_only_when_it_is_known() -> None:
    known, unknown = made(make.item("a1", language="ko"), make.item("a2", language=""))["items"]
    assert known["language"] == "ko"
    assert "language" not in unknown


def test_pages_and_hub_are_named() -> None:
    hub, second = "https://hub.example.org/", SELF + "?page=2"
    feed = made(hub_url=hub, next=second, alternate_url="https://news.example.org/tags/g20")
    assert feed["hubs"] == [{"type": "WebSub", "url": hub}]
    assert feed["next_url"] == second
    assert feed["home_page_url"] == "https://news.example.org/tags/g20"
    assert not {"hubs", "next_url"} & made().keys()


def test_a_story_tells_programs_who_was_first_and_who_is_silent() -> None:
    entries = story_entries(
        sample.week(), site=sample.SITE, taxonomy=sample.NAMES, heard={"tokyo", "un"}
    )
    feed = read(jsonfeed(channel(), entries, sample.SITE))
    assert is_complete(feed)
    item = feed["items"][3]
    ours = item["_korea_diplomacy"]
    assert item["summary"].startswith("3 reports: Pyongyang 1, first; ")
    assert item["content_html"].startswith('<div lang="en">')
    assert [(c["group"], c["reports"]) for c in ours["capitals"]] == [
        ("pyongyang", 1),
        ("seoul", 1),
        ("washington", 1),
    ]
    assert ours["first"]["publisher"] == "Example Central Agency"
    assert ours["silent"] == ["tokyo", "un"]
    assert (ours["certainty"], ours["differs"]) == ("c-confirmed", [])


HOSTILE = st.one_of(st.text(max_size=60), st.text(st.characters(codec=None), max_size=60))


@given(title=HOSTILE, summary=HOSTILE, author=HOSTILE, url=HOSTILE)
@settings(max_examples=60, deadline=None)
def test_hostile_values_never_break_the_document(
    title: str, summary: str, author: str, url: str
) -> None:
    item = make.item("a1", title, summary=summary, author=author, url=f"https://example.org/{url}")
    feed = made(item, make.item("a2", url=url), title=title)
    assert is_complete(feed)
    for each in feed["items"]:
        assert each["url"].startswith(("https://", "http://"))
