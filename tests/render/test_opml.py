"""OPML: our list in other readers, and other readers' lists here."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.errors import NotAFeed
from aggregator.model import Feed
from aggregator.render.opml import MAX_BYTES, opml, read_opml
from aggregator.steps.perspectives import GROUPS
from tests import make
from tests.render import sample

FEEDS = tuple(sample.FEEDS.values())


def tree(*feeds: Feed, title: str = "Sources") -> Any:
    return etree.fromstring(opml(feeds, title))


def outlines(inside: str) -> bytes:
    return f'<opml version="2.0"><head/><body>{inside}</body></opml>'.encode()


# ── writing ──────────────────────────────────────────────────────────────────────────────────────


def test_what_was_written_is_read_back() -> None:
    read = read_opml(opml(FEEDS, "Sources"))
    assert {(x.url, x.title, x.site) for x in read} == {(f.url, f.title, f.site) for f in FEEDS}
    folders = {x.url: x.folders for x in read}
    assert folders[sample.FEEDS["hanguk-wire"].url] == ("Seoul",)
    assert folders[sample.FEEDS["world-service"].url] == ("Others",)


def test_folders_are_the_groups_in_their_order_and_never_empty() -> None:
    body = tree(*reversed(FEEDS)).find("body")
    assert [folder.get("text") for folder in body] == [group.label for group in GROUPS]
    few = tree(make.feed(perspective="un-iaea"), make.feed("b", perspective="nonsense"))
    assert [folder.get("text") for folder in few.find("body")] == ["UN", "Others"]


def test_each_outline_has_what_opml_asks_of_a_subscription() -> None:
    root = tree(*FEEDS)
    assert root.get("version") == "2.0"
    assert root.findtext("head/title") == "Sources"
    for node in root.iterfind("body/outline/outline"):
        assert node.get("type") == "rss"
        assert node.get("text")
        assert node.get("xmlUrl").startswith("https://")


def test_no_feeds_give_a_document_that_is_read_as_empty() -> None:
    assert read_opml(opml((), "")) == ()


def test_a_feed_without_a_web_address_is_left_out() -> None:
    assert read_opml(opml([make.feed(url="file:///etc/passwd")], "x")) == ()


@given(title=st.text(st.characters(codec=None), max_size=60))
@settings(max_examples=60, deadline=None)
def test_hostile_titles_never_break_the_document(title: str) -> None:
    (read,) = read_opml(opml([make.feed(title=title)], title))
    assert read.url == make.feed().url
    assert read.title


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def test_nested_folders_are_kept_outermost_first() -> None:
    read = read_opml(
        outlines(
            '<outline text="Asia"><outline title="Korea" text="ignored"><outline>'
            '<outline text="Wire" xmlUrl="https://example.org/feed" htmlUrl="https://example.org/"/>'
            "</outline></outline></outline>"
            '<outline xmlurl="https://example.org/bare"/>'
        )
    )
    assert [(x.title, x.folders, x.site) for x in read] == [
        ("Wire", ("Asia", "Korea"), "https://example.org/"),
        ("https://example.org/bare", (), ""),
    ]


def test_each_address_is_read_once_and_others_than_web_addresses_never() -> None:
    read = read_opml(
        outlines(
            '<outline text="One" xmlUrl="https://example.org/feed"/>'
            '<outline text="Again" xmlUrl="https://example.org/feed"/>'
            '<outline text="Disk" xmlUrl="file:///etc/passwd"/>'
            '<outline text="Script" xmlUrl="javascript:alert(1)"/>'
            '<outline text="Note"/>'
        )
    )
    assert [x.title for x in read] == ["One"]


BOMB = (
    '<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {y} "{f"&{x};" * 10}">' for x, y in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "]>"
)


@pytest.mark.parametrize(
    "before",
    [
        "<!DOCTYPE opml>",
        '<!DOCTYPE opml SYSTEM "https://example.org/opml.dtd">',
        '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_document_type_is_refused(before: str) -> None:
    document = before.encode() + outlines('<outline text="x" xmlUrl="https://example.org/"/>')
    with pytest.raises(NotAFeed, match="document type declaration, which is not accepted"):
        read_opml(document)


@pytest.mark.parametrize("use", ['<outline text="&i;"/>', "<outline>&i;</outline>"])
def test_an_entity_bomb_is_refused(use: str) -> None:
    with pytest.raises(NotAFeed, match=r"document type declaration|this is no OPML"):
        read_opml(BOMB.encode() + outlines(use))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "this is no OPML"),
        (b"\x00\x01", "this is no OPML"),
        (b"<html><body/></html>", "this is no OPML: the document is <html>"),
        (b"<rss/>", "the document is <rss>"),
        (b"<opml><body><outline></body></opml>", "this is no OPML: .*line 1"),
        (b'<?xml version="1.0" encoding="no-such"?><opml/>', "this is no OPML"),
        (b"<opml><body>" + b"<outline>" * 5000, "this is no OPML"),
        (b" " * (MAX_BYTES + 1), "larger than 10 MB"),
    ],
    ids=["empty", "binary", "html", "rss", "unclosed", "encoding", "deep", "large"],
)
def test_what_is_no_opml_is_refused_with_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(NotAFeed, match=sentence):
        read_opml(data)


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(NotAFeed):
        assert read_opml(outlines("").replace(b"<head/>", data)) == ()
