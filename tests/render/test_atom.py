"""The Atom feeds: what readers that are not ours make of them."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import fastfeedparser
import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.model import Item, Rights
from aggregator.render.atom import atom, issues_atom, stories_atom, tag_uri
from aggregator.render.safe import web_link
from tests import make
from tests.render import sample

NS = {"a": "http://www.w3.org/2005/Atom"}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SELF = "https://news.example.org/atom.xml"
ITEMS = tuple(i for each in sample.week() for i in each.items if i.duplicate_of is None)


def made(*items: Item, **changes: Any) -> bytes:
    given = {"self_url": SELF, "title": "All articles"} | changes
    return atom(items, site=sample.SITE, taxonomy=sample.NAMES, **given)


def tree(document: bytes) -> Any:
    return etree.fromstring(document)


def entry_of(document: bytes) -> Any:
    (entry,) = tree(document).findall("a:entry", NS)
    return entry


def parsed(document: bytes) -> Any:
    found = feedparser.parse(io.BytesIO(document))
    assert not found.bozo, found.bozo_exception
    return found


def moment(value: str) -> datetime:
    return datetime.fromisoformat(value.replace("Z", "+00:00"))


# ── round trip ───────────────────────────────────────────────────────────────────────────────────


def test_feedparser_reads_back_what_was_written() -> None:
    entries = parsed(made(*ITEMS)).entries
    assert len(entries) == len(ITEMS)
    for entry, item in zip(entries, ITEMS, strict=True):
        article = item.article
        assert entry.id == f"tag:news.example.org,2026:article/{article.id}"
        assert entry.title == article.title
        assert entry.title_detail.type == "text/plain"
        assert entry.link == article.url
        assert entry.author == item.feed.publisher
        assert moment(entry.published) == article.published_at
        assert moment(entry.updated).replace(microsecond=0) == article.seen_at
        assert [(t.term, t.label) for t in entry.tags] == [
            (t.slug, sample.NAMES.label(t.slug)) for t in item.judgement.tags
        ]
        assert entry.summary == article.summary


def test_fastfeedparser_reads_back_what_was_written() -> None:
    entries = fastfeedparser.parse(made(*ITEMS)).entries
    assert len(entries) == len(ITEMS)
    for entry, item in zip(entries, ITEMS, strict=True):
        article = item.article
        assert entry.id == tag_uri(sample.SITE, "article", article.id)
        assert entry.title == article.title
        assert entry.link == article.url
        assert entry.author == item.feed.publisher
        assert moment(entry.published) == article.published_at
        assert moment(entry.updated).replace(microsecond=0) == article.seen_at
        assert {t["term"] for t in entry.tags} == {t.slug for t in item.judgement.tags}


def test_an_author_that_is_named_stands_before_the_publisher() -> None:
    document = made(make.item(author="A. Writer"), make.item("a2"))
    assert [e.author for e in parsed(document).entries] == ["A. Writer", "Example Wire"]


def test_weak_tags_are_no_categories() -> None:
    judgement = make.judgement("us-dprk-summit")
    weak = make.tagging("sanctions", 1.9)
    document = made(make.item(judgement=replace(judgement, tags=(*judgement.tags, weak))))
    (entry,) = parsed(document).entries
    assert [(t.term, t.scheme) for t in entry.tags] == [
        ("us-dprk-summit", "https://news.example.org/tags/")
    ]


# ── stable bytes, stored dates ───────────────────────────────────────────────────────────────────


def test_the_same_values_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    before = made(*ITEMS), made()
    time.sleep(0.01)
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    try:
        assert (made(*ITEMS), made()) == before
    finally:
        monkeypatch.undo()
        time.tzset()


def test_updated_is_the_latest_of_what_is_stored() -> None:
    edited = make.NOW + timedelta(days=3)
    document = made(make.item("a1"), make.item("a2", updated_at=edited))
    read = parsed(document)
    first, second = (moment(e.updated) for e in read.entries)
    assert first.replace(microsecond=0) == make.NOW - timedelta(hours=1)
    assert second.replace(microsecond=0) == edited
    assert moment(read.feed.updated) == second


def test_no_date_in_any_feed_is_of_this_year() -> None:
    issue = sample.issue()
    for document in (
        made(*ITEMS),
        made(),
        stories_atom(
            sample.week(), site=sample.SITE, taxonomy=sample.NAMES, self_url=SELF, title="Stories"
        ),
        issues_atom([issue], site=sample.SITE, self_url=SELF, title="Issues"),
        issues_atom([], site=sample.SITE, self_url=SELF, title="Issues"),
    ):
        root = tree(document)
        dates = [moment(e.text) for name in ("updated", "published")
                 for e in root.iterfind(f".//a:{name}", NS)]  # fmt: skip
        assert dates
        assert {d.year for d in dates} == {2019}
        assert all(d.tzinfo is not None for d in dates)


def test_entries_of_one_visit_have_distinct_dates_and_are_never_older_than_published() -> None:
    same = [make.item(f"a{n}", published_at=make.NOW, seen_at=make.NOW) for n in range(50)]
    entries = parsed(made(*same)).entries
    assert len({e.updated for e in entries}) == len(same)
    assert all(moment(e.published) <= moment(e.updated) for e in entries)


# ── strangers' text ──────────────────────────────────────────────────────────────────────────────

ILLEGAL = "a\x00b\x08c\x1b[0m\ufffe\uffff\ud800\udfff\u202e]]>&amp;<script>"
HOSTILE = st.one_of(st.text(max_size=60), st.text(st.characters(codec=None), max_size=60),
                    st.just(ILLEGAL))  # fmt: skip


def test_characters_that_xml_forbids_are_dropped() -> None:
    source = make.feed(title=ILLEGAL, publisher=ILLEGAL)
    item = make.item("a1", ILLEGAL, by=source, summary=ILLEGAL, author=ILLEGAL)
    (entry,) = parsed(made(item, title=ILLEGAL)).entries
    assert entry.title_detail.value == "a b c [0m]]>&amp;<script>"
    assert tree(made(item)).find("a:entry/a:title", NS).text == "a b c [0m]]>&amp;<script>"


@given(title=HOSTILE, author=HOSTILE, summary=HOSTILE, language=HOSTILE, url=HOSTILE)
@settings(max_examples=60, deadline=None)
def test_hostile_values_never_break_the_document(
    title: str, author: str, summary: str, language: str, url: str
) -> None:
    item = make.item(
        "a1",
        title,
        author=author,
        summary=summary,
        language=language,
        url=f"https://example.org/{url}",
        story_id="s1",
    )
    strange = make.item("a2", url=f"http://{url}")
    copy = make.item("c1", url=url, by=make.feed(publisher=author, title=title))
    document = made(item, strange, copies={"a1": (copy,)})
    for entry in tree(document).findall("a:entry", NS):
        assert entry.find("a:title", NS).text
        for link in entry.findall("a:link", NS):
            assert link.get("href").startswith(("https://", "http://"))
            assert link.get("href").isascii()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "ftp://example.org/", "data:,x"])
def test_an_article_without_a_web_link_is_left_out(url: str) -> None:
    assert parsed(made(make.item(url=url))).entries == []


@pytest.mark.parametrize(
    "url", ["http://a\x00b/", 'http://a"b/', "http://a<b>/", "http://good.example\\.example.org/"]
)
def test_a_host_that_is_none_gives_no_link(url: str) -> None:
    assert web_link(url) == ""


# ── rights ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("rights", "least", "most"), [("title", 0, 0), ("snippet", 150, 300),
                                                       ("full", 1799, 1799)])  # fmt: skip
def test_no_more_text_than_the_rights_allow(rights: Rights, least: int, most: int) -> None:
    text = ("word " * 360).strip()
    source = make.feed(rights=rights)
    item = make.item(by=source, summary=text, content="<p>the whole article</p>")
    entry = entry_of(made(item))
    quoted = re.sub(r"[^a-z ]", "", entry.findtext("a:summary", "", NS))
    assert least <= len(quoted) * ("word" in quoted) <= most
    assert entry.find("a:content", NS) is None
    assert b"the whole article" not in made(item)


def test_where_nothing_may_be_quoted_our_own_words_stand() -> None:
    item = make.item("a1", "Leaders meet", "us-dprk-summit", by=make.feed(rights="title"))
    assert entry_of(made(item)).findtext("a:summary", "", NS) == "Example Wire · US–DPRK summit"


# ── links, language, source ──────────────────────────────────────────────────────────────────────


def links(node: Any) -> list[Mapping[str, str]]:
    return [dict(link.attrib) for link in node.findall("a:link", NS)]


def test_links_keep_rel_type_language_and_title() -> None:
    other = make.feed("other-wire", language="ko")
    copy = make.item("c1", by=other, language="ko", url="https://other.example.org/c1")
    broken = make.item("c2", by=other, url="javascript:alert(1)")
    document = made(make.item(story_id="s1"), copies={"a1": (copy, broken)})
    assert links(entry_of(document)) == [
        {
            "rel": "alternate",
            "href": "https://example.org/a1",
            "type": "text/html",
            "hreflang": "en",
        },
        {
            "rel": "related",
            "href": "https://news.example.org/stories/s1",
            "type": "text/html",
            "title": "The story",
        },
        {
            "rel": "via",
            "href": "https://other.example.org/c1",
            "type": "text/html",
            "hreflang": "ko",
            "title": "Other Wire",
        },
    ]
    (entry,) = parsed(document).entries
    assert [(x.rel, x.type) for x in entry.links] == [
        ("alternate", "text/html"),
        ("related", "text/html"),
        ("via", "text/html"),
    ]


def test_the_feed_links_to_itself_its_page_and_its_hub() -> None:
    page, hub = "https://news.example.org/tags/g20", "https://hub.example.org/"
    document = made(alternate_url=page, hub_url=hub)
    assert {x["rel"]: (x["href"], x.get("type")) for x in links(tree(document))} == {
        "self": (SELF, "application/atom+xml"),
        "alternate": (page, "text/html"),
        "hub": (hub, None),
    }
    assert [x["rel"] for x in links(tree(made()))].count("hub") == 0


def test_each_entry_has_the_language_of_its_text() -> None:
    root = tree(made(*ITEMS, make.item("unknown", language="")))
    assert root.get(XML_LANG) == "en"
    given = [e.get(XML_LANG) for e in root.findall("a:entry", NS)]
    assert given == [*(i.article.language for i in ITEMS), None]
    assert {"ko", "ja", "zh", "ru", "en"} <= set(given)


def test_the_source_has_id_title_and_updated() -> None:
    item = make.item(by=make.feed("central-wire"))
    entry = entry_of(made(item))
    source = entry.find("a:source", NS)
    assert source.findtext("a:id", "", NS) == "https://central-wire.example.org/feed.xml"
    assert source.findtext("a:title", "", NS) == "Central Wire"
    assert source.findtext("a:updated", "", NS) == entry.findtext("a:updated", "", NS)
    assert links(source) == [
        {"rel": "alternate", "type": "text/html", "href": "https://central-wire.example.org/"},
        {"rel": "self", "href": "https://central-wire.example.org/feed.xml"},
    ]


# ── every feed ───────────────────────────────────────────────────────────────────────────────────


def required(node: Any) -> None:
    for name in ("id", "title", "updated"):
        assert len(node.findall(f"a:{name}", NS)) == 1, name
        assert node.findtext(f"a:{name}", "", NS)
    assert node.findall("a:author/a:name", NS)


def test_an_empty_feed_is_complete() -> None:
    document = made()
    root = tree(document)
    required(root)
    assert root.tag == "{http://www.w3.org/2005/Atom}feed"
    assert root.findall("a:entry", NS) == []
    assert parsed(document).entries == []
    assert moment(root.findtext("a:updated", "", NS)) == datetime(2019, 1, 1, tzinfo=UTC)


def test_stories_link_to_their_page_and_to_each_report_but_no_copy() -> None:
    document = stories_atom(
        sample.week(), site=sample.SITE, taxonomy=sample.NAMES, self_url=SELF, title="Stories"
    )
    root = tree(document)
    required(root)
    first = root.find("a:entry", NS)
    required(first)
    assert first.findtext("a:id", "", NS) == "tag:news.example.org,2026:story/s0a0"
    assert first.findtext("a:summary", "", NS).startswith("10 reports: Example Capitol Post, ")
    rels = [x["rel"] for x in links(first)]
    assert rels == ["alternate"] + ["related"] * 10
    assert not any("copy1" in x["href"] for x in links(first))
    assert len(parsed(document).entries) == len(sample.week())


def test_an_issue_links_to_its_web_copy() -> None:
    issue = sample.issue()
    document = issues_atom([issue], site=sample.SITE, self_url=SELF, title="Issues")
    required(tree(document))
    (entry,) = parsed(document).entries
    assert entry.id == "tag:news.example.org,2026:digest/2019-W26"
    assert entry.link == "https://news.example.org/digests/2019-W26"
    assert entry.title == issue.subject
    assert moment(entry.published) == issue.composed_at


def test_ids_of_different_feeds_differ() -> None:
    one, other = made(), made(self_url="https://news.example.org/tags/g20/atom.xml")
    assert tree(one).findtext("a:id", "", NS) != tree(other).findtext("a:id", "", NS)
