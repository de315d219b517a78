"""The RSS feeds: the same entries as the Atom feeds, in the words of RSS 2.0."""

from __future__ import annotations

import io
import locale
from calendar import timegm
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import feedparser
import pytest
from lxml import etree

from aggregator.model import Item
from aggregator.render.atom import atom
from aggregator.render.rss import rss
from aggregator.render.syndication import (
    Channel,
    article_entries,
    issue_entries,
    story_entries,
)
from tests import make
from tests.render import sample

SELF = "https://news.example.org/rss.xml"
ITEMS = tuple(i for each in sample.week() for i in each.items if i.duplicate_of is None)
ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
DC = "{http://purl.org/dc/elements/1.1/}"
ENCODED = "{http://purl.org/rss/1.0/modules/content/}encoded"


def channel(**changes: Any) -> Channel:
    return Channel(**({"self_url": SELF, "title": "All articles"} | changes))


def made(
    *items: Item, copies: Mapping[str, Sequence[Item]] | None = None, **changes: Any
) -> Any:  # fmt: skip
    entries = article_entries(items, site=sample.SITE, taxonomy=sample.NAMES, copies=copies)
    (found,) = etree.fromstring(rss(channel(**changes), entries, sample.SITE))
    return found


def test_an_item_says_what_the_article_says() -> None:
    item = make.item("a1", "Leaders meet", "us-dprk-summit", language="ko", author="A. Writer")
    (found,) = made(item).findall("item")
    assert found.findtext("title") == "Leaders meet"
    assert found.findtext("link") == "https://example.org/a1"
    assert found.findtext("guid") == "tag:news.example.org,2026:article/a1"
    assert found.find("guid").get("isPermaLink") == "false"
    assert found.findtext("pubDate") == "Sun, 30 Jun 2019 10:00:00 GMT"
    assert found.findtext(DC + "creator") == "A. Writer"
    assert found.findtext(DC + "language") == "ko"
    assert [(c.text, c.get("domain")) for c in found.findall("category")] == [
        ("US–DPRK summit", "https://news.example.org/tags/")
    ]
    source = found.find("source")
    assert (source.text, source.get("url")) == (
        "Example Wire",
        "https://example-wire.example.org/feed.xml",
    )


def test_ids_titles_links_and_order_are_those_of_the_atom_feed() -> None:
    entries = article_entries(ITEMS, site=sample.SITE, taxonomy=sample.NAMES)
    one, other = (
        feedparser.parse(io.BytesIO(write(channel(), entries, sample.SITE))).entries
        for write in (rss, atom)
    )
    assert [(e.id, e.title, e.link) for e in one] == [(e.id, e.title, e.link) for e in other]


def test_the_channel_is_complete() -> None:
    page, hub, second = "https://news.example.org/tags/g20", "https://hub.example.org/", SELF + "?2"
    found = made(*ITEMS, alternate_url=page, hub_url=hub, next=second, archive=True)
    assert found.findtext("title") == "All articles"
    assert found.findtext("link") == page
    assert found.findtext("description").startswith("How each capital")
    assert (found.findtext("language"), found.findtext("ttl")) == ("en", "60")
    newest = max(i.article.seen_at for i in ITEMS)
    (built,) = found.findall("lastBuildDate")
    assert parsedate_to_datetime(built.text) == newest
    assert [(x.get("rel"), x.get("href")) for x in found.findall(ATOM_LINK)] == [
        ("self", SELF),
        ("hub", hub),
        ("next", second),
    ]
    assert found.find("{http://purl.org/syndication/history/1.0}archive") is not None


def test_an_empty_feed_is_complete_and_not_of_today() -> None:
    found = made()
    assert found.findall("item") == []
    assert parsedate_to_datetime(found.findtext("lastBuildDate")).year == 2019


def test_a_description_is_html_and_a_title_is_not() -> None:
    (found,) = made(make.item("a1", "R&D <b>", summary="a < b & c")).findall("item")
    assert found.findtext("title") == "R&D <b>"
    assert found.findtext("description") == "a &lt; b &amp; c"


def test_a_story_has_its_whole_text_beside_a_summary() -> None:
    entries = story_entries(sample.week(), site=sample.SITE, taxonomy=sample.NAMES)
    (found,) = etree.fromstring(rss(channel(), entries, sample.SITE))
    first = found.find("item")
    assert first.findtext(ENCODED) == entries[0].html
    assert first.findtext("description") == entries[0].summary
    assert first.findtext("link") == "https://news.example.org/stories/s0a0"


def test_the_same_values_give_the_same_bytes_and_leave_the_locale_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*given: object) -> str:
        raise AssertionError("the locale belongs to the whole process")

    entries = issue_entries([sample.issue()], site=sample.SITE, taxonomy=sample.NAMES)
    before = rss(channel(), entries, sample.SITE)
    monkeypatch.setattr(locale, "setlocale", refuse)
    assert rss(channel(), entries, sample.SITE) == before
    (read,) = feedparser.parse(io.BytesIO(before)).entries
    assert datetime.fromtimestamp(timegm(read.published_parsed), UTC) == sample.issue().composed_at
