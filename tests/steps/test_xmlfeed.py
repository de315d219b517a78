"""The fast reading of a document is feedparser's, or there is none."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator import demo
from aggregator.errors import NotAFeed
from aggregator.model import Document
from aggregator.steps import xmlfeed
from aggregator.steps.charset import decode
from aggregator.steps.parse import parse

URL = "https://example.org/news/feed.xml"
CORPUS = Path(os.environ.get("AGGREGATOR_TEST_DATA", "../shared/corpus"))


def authority(body: bytes) -> Document | None:
    """What feedparser alone makes of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xmlfeed, "read", lambda *_: None)
        try:
            return parse(body, URL, max_entries=100_000)
        except NotAFeed:
            return None


def swift(body: bytes) -> Document | None:
    """What is read without feedparser; None where that is left to it."""
    text = decode(body, "")
    root = xmlfeed.tree(text)
    read = None if root is None else xmlfeed.read(root, text, URL)
    if read is None:
        return None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xmlfeed, "read", lambda *_: None)
        patch.setattr("aggregator.steps.parse._feedparser", lambda *_: Answer(read))
        return parse(body, URL, max_entries=100_000)


class Answer:
    """Stands in the place of feedparser's."""

    def __init__(self, read: xmlfeed.Parsed) -> None:
        self.feed, self.entries = read.feed, read.entries

    def get(self, name: str) -> str:
        return "rss20" if name == "version" else ""


@pytest.mark.parametrize("name", list(demo.publishers()))
def test_the_sample_feeds_are_read_without_feedparser(name: str) -> None:
    body = demo.document(name)
    assert swift(body) is not None
    assert swift(body) == authority(body)


@pytest.mark.slow
def test_the_corpus_is_read_as_feedparser_reads_it() -> None:
    paths = [*CORPUS.glob("feeds/*"), *CORPUS.glob("two-weeks/feeds/*")]
    if not paths:
        pytest.skip(f"no feeds in {CORPUS}: set AGGREGATOR_TEST_DATA")
    differ = []
    for path in paths:
        body = path.read_bytes()
        try:
            found = parse(body, URL, max_entries=100_000)
        except NotAFeed:
            found = None
        if found != authority(body):
            differ.append(path.name)
    assert differ == []


ATOM = "http://www.w3.org/2005/Atom"
NAMES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "atom": ATOM,
    "own": "https://example.org/own",
}
texts = st.sampled_from(
    ["", "  ", "북한, 담화 발표", "R&amp;D &lt;b&gt;bold&lt;/b&gt; text",
     "<![CDATA[<p>One</p> & two]]>",
     "5 &lt; 6", "caf\u00c3\u00a9", "a\u0093b", "desk@example.org (Desk)", "one, two",
         "2026-11-01T00:00:00Z",
     "Sun, 01 Nov 2026 09:00:00 +0900", "https://example.org/a?b=1&amp;c=2",
     "/relative/path", "mailto:desk@example.org"]
)  # fmt: skip
tags = st.sampled_from(
    "title description summary content link guid id pubDate published updated created author "
    "category language source comments dc:title dc:creator dc:date dc:subject dc:language "
    "dcterms:modified dcterms:issued content:encoded media:title media:description media:keywords "
    "media:category itunes:summary itunes:author own:title own:thing atom:updated atom:link".split()
)
attributes = st.sampled_from(
    ["", "", "", ' type="html"', ' type="text"', ' rel="alternate"', ' rel="self"',
     ' href="/there?x=1"', ' rel="alternate" href="https://example.org/x"', ' isPermaLink="false"',
     ' term="t" label="T"', ' domain="d"', ' xml:lang="ko"', ' url="https://example.org/u"']
)  # fmt: skip
elements = st.builds(lambda t, a, x: f"<{t}{a}>{x}</{t}>", tags, attributes, texts)
groups = st.builds(
    lambda t, inner: f"<{t}>{''.join(inner)}</{t}>",
    st.sampled_from(["media:group", "media:content", "image", "own:box"]),
    st.lists(elements, max_size=2),
)
children = st.lists(st.one_of(elements, elements, elements, groups), max_size=6)


documents = st.lists(children, max_size=3), children, st.booleans()


def check_read_alike(entries: list[list[str]], head: list[str], atom: bool) -> None:
    names = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMES.items())
    item = "entry" if atom else "item"
    inside = "".join([*head, *(f"<{item}>{''.join(entry)}</{item}>" for entry in entries)])
    body = (
        f'<feed xmlns="{ATOM}" {names}>{inside}</feed>'
        if atom
        else f'<rss version="2.0" {names}><channel>{inside}</channel></rss>'
    ).encode()
    found = swift(body)
    if found is not None:
        assert found == authority(body)


@given(*documents)
@settings(max_examples=300, deadline=None)
def test_any_document_is_read_alike_or_left_to_feedparser(
    entries: list[list[str]], head: list[str], atom: bool
) -> None:
    check_read_alike(entries, head, atom)


@pytest.mark.slow
@given(*documents)
@settings(max_examples=10_000, deadline=None)
def test_ten_thousand_documents_are_read_alike_or_left_to_feedparser(
    entries: list[list[str]], head: list[str], atom: bool
) -> None:
    check_read_alike(entries, head, atom)


def test_a_title_counts_anew_after_one_inside_of_another_element() -> None:
    entry = "<title>One</title><media:group><title>Two</title></media:group><title/>"
    check_read_alike([[entry]], [], False)


def test_feedparser_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    items = "".join(
        f"<item><title>T{n}</title><link>https://example.org/{n}</link></item>" for n in range(9)
    )
    body = f'<rss version="2.0"><channel>{items}</channel></rss>'.encode()
    truth, read = parse(body, URL), xmlfeed.read

    def wrong(*given: Any) -> xmlfeed.Parsed | None:
        found = read(*given)
        assert found is not None
        return replace(found, entries=[{**e, "title": "Something else"} for e in found.entries])

    monkeypatch.setattr(xmlfeed, "read", wrong)
    assert parse(body, URL) == truth


@pytest.mark.parametrize(
    "entry",
    [
        '<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">A <b>b</b></div></title>',
        "<title>A <b>bold</b> one</title>",
        '<content type="application/octet-stream">QQ==</content>',
        '<content src="https://example.org/elsewhere"/>',
        "<title>Outer</title><item><title>Inner</title></item>",
    ],
    ids=["xhtml", "elements in a text", "packed", "elsewhere", "an entry in an entry"],
)
def test_what_is_rare_is_left_to_feedparser(entry: str) -> None:
    items = f"<item>{entry}</item>" * 5
    body = f'<rss version="2.0"><channel>{items}</channel></rss>'
    assert swift(body.encode()) is None
