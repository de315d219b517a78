"""The Atom feeds: what readers that are not ours make of them."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import fastfeedparser
import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.model import Issue, Item, Rights
from aggregator.render.atom import atom
from aggregator.render.safe import web_link
from aggregator.render.syndication import (
    Channel,
    article_entries,
    issue_entries,
    story_entries,
    tag_uri,
)
from aggregator.taxonomy import load
from tests import make
from tests.render import sample

NS = {"a": "http://www.w3.org/2005/Atom"}
HISTORY = "{http://purl.org/syndication/history/1.0}archive"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
SELF = "https://news.example.org/atom.xml"
ITEMS = tuple(i for each in sample.week() for i in each.items if i.duplicate_of is None)


def made(*items: Item, copies: Mapping[str, Sequence[Item]] | None = None, **changes: Any) -> bytes:
    entries = article_entries(items, site=sample.SITE, taxonomy=sample.NAMES, copies=copies)
    return atom(channel(**changes), entries, sample.SITE)


def channel(**changes: Any) -> Channel:
    return Channel(**({"self_url": SELF, "title": "All articles"} | changes))


def stories() -> bytes:
    entries = story_entries(sample.week(), site=sample.SITE, taxonomy=sample.NAMES)
    return atom(channel(), entries, sample.SITE)


def issues(*given: Issue) -> bytes:
    entries = issue_entries(given, site=sample.SITE, taxonomy=sample.NAMES)
    return atom(channel(), entries, sample.SITE)


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
    for document in (made(*ITEMS), made(), stories(), issues(sample.issue()), issues()):
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
            "rel": "related",
            "href": "https://news.example.org/articles/a1",
            "type": "text/html",
            "title": "Why it is here",
        },
        {
            "rel": "related",
            "href": "https://other.example.org/c1",
            "type": "text/html",
            "hreflang": "ko",
            "title": "Other Wire",
        },
        {
            "rel": "via",
            "href": "https://example-wire.example.org/feed.xml",
            "title": "Example Wire",
        },
    ]
    (entry,) = parsed(document).entries
    assert [x.rel for x in entry.links] == ["alternate", "related", "related", "related", "via"]


def test_the_feed_links_to_itself_its_page_and_its_hub() -> None:
    page, hub = "https://news.example.org/tags/g20", "https://hub.example.org/"
    json, ours = "https://news.example.org/feed.json", "application/atom+xml"
    document = made(
        alternate_url=page, hub_url=hub, formats={ours: SELF, "application/feed+json": json}
    )
    assert [(x["rel"], x["href"], x.get("type")) for x in links(tree(document))] == [
        ("self", SELF, ours),
        ("alternate", page, "text/html"),
        ("alternate", json, "application/feed+json"),
        ("hub", hub, None),
    ]
    assert [x["rel"] for x in links(tree(made()))] == ["self", "alternate"]


def test_pages_of_a_list_lead_to_each_other_and_are_one_feed() -> None:
    second, third = SELF + "?page=2", SELF + "?page=3"
    document = made(self_url=second, first=SELF, previous=SELF, next=third, last=third)
    assert {x["rel"]: x["href"] for x in links(tree(document))} == {
        "self": second,
        "alternate": "https://news.example.org/",
        "first": SELF,
        "previous": SELF,
        "next": third,
        "last": third,
    }
    assert tree(document).findtext("a:id", "", NS) == tree(made()).findtext("a:id", "", NS)
    assert tree(document).find(HISTORY) is None


def test_an_archived_day_says_so_and_belongs_to_the_feed() -> None:
    day = "https://news.example.org/archive/2019-06-{}.atom"
    document = made(
        self_url=day.format(25),
        current=SELF,
        prev_archive=day.format(24),
        next_archive=day.format(26),
        archive=True,
    )
    root = tree(document)
    assert root.find(HISTORY) is not None
    assert [(x["rel"], x["href"]) for x in links(root)][2:] == [
        ("current", SELF),
        ("prev-archive", day.format(24)),
        ("next-archive", day.format(26)),
    ]
    assert root.findtext("a:id", "", NS) == tree(made()).findtext("a:id", "", NS)


def test_a_search_is_a_feed_of_its_own() -> None:
    found = "https://news.example.org/search.atom?q="
    ids = {tree(made(self_url=found + q)).findtext("a:id", "", NS) for q in ("a", "b", "a&page=2")}
    assert len(ids) == 2


def test_a_tag_is_named_in_four_languages_the_english_one_first() -> None:
    entries = article_entries(
        [make.item("a1", "x", "kim-jong-un", "us-dprk-summit")], site=sample.SITE, taxonomy=load()
    )
    entry = entry_of(atom(channel(), entries, sample.SITE))
    found = [(c.get(XML_LANG), c.get("term"), c.get("label"), c.get("scheme"))
             for c in entry.findall("a:category", NS)]  # fmt: skip
    scheme = "https://news.example.org/tags/"
    assert found[:4] == [
        ("en", "kim-jong-un", "Kim Jong Un", scheme),
        ("ko", "kim-jong-un", "김정은", scheme),
        ("ja", "kim-jong-un", "金正恩", scheme),
        ("zh", "kim-jong-un", "金正恩", scheme),
    ]
    assert [c[:2] for c in found[4:]] == [(x, "us-dprk-summit") for x in ("en", "ko", "ja", "zh")]


def test_our_own_words_are_english_whatever_the_language_of_the_entry() -> None:
    quiet = make.feed(rights="title")
    document = made(make.item("a1", language="ko"), make.item("a2", language="ko", by=quiet))
    first, second = tree(document).findall("a:entry", NS)
    assert first.find("a:summary", NS).get(XML_LANG) is None
    assert second.find("a:summary", NS).get(XML_LANG) == "en"
    korean = tree(stories()).findall("a:entry", NS)[2]
    assert (korean.get(XML_LANG), korean.find("a:content", NS).get(XML_LANG)) == ("zh", "en")


def test_the_feed_says_who_made_it_and_whose_the_texts_are() -> None:
    root = tree(made(description="What is told"))
    assert root.findtext("a:subtitle", "", NS) == "What is told"
    assert root.findtext("a:author/a:name", "", NS) == "Korea Diplomacy Digest"
    assert root.findtext("a:icon", "", NS) == "https://news.example.org/icon.svg"
    assert root.findtext("a:generator", "", NS) == "Korea Diplomacy Digest"
    assert "belong to the publishers" in root.findtext("a:rights", "", NS)


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
    document = stories()
    root = tree(document)
    required(root)
    first = root.find("a:entry", NS)
    required(first)
    assert first.findtext("a:id", "", NS) == "tag:news.example.org,2026:story/s0a0"
    assert first.findtext("a:summary", "", NS).startswith("10 reports: Pyongyang 1; Seoul 2; ")
    rels = [x["rel"] for x in links(first)]
    assert rels == ["alternate"] + ["related"] * 10
    assert not any("copy1" in x["href"] for x in links(first))
    assert len(parsed(document).entries) == len(sample.week())


def test_an_issue_links_to_its_web_copy() -> None:
    issue = sample.issue()
    document = issues(issue)
    required(tree(document))
    (entry,) = parsed(document).entries
    assert entry.id == "tag:news.example.org,2026:digest/2019-W26"
    assert entry.link == "https://news.example.org/digests/2019-W26"
    assert entry.title == "Korea diplomacy weekly · 24–30 Jun 2019 · 7 stories, 24 articles"
    assert moment(entry.published) == issue.composed_at


def test_ids_of_different_feeds_differ() -> None:
    one, other = made(), made(self_url="https://news.example.org/tags/g20/atom.xml")
    assert tree(one).findtext("a:id", "", NS) != tree(other).findtext("a:id", "", NS)
