"""Feed documents to entries."""

from __future__ import annotations

import io
import json
import os
import warnings
from calendar import timegm
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import NotAFeed
from aggregator.model import Document, Entry
from aggregator.steps.parse import LONGEST_CONTENT, LONGEST_SUMMARY, LONGEST_TITLE, parse
from aggregator.steps.text import plain

CASES = Path(__file__).parents[1] / "cases" / "parse"
ROOT = Path(__file__).parents[2]
CORPUS = (ROOT / os.environ.get("AGGREGATOR_TEST_DATA", "../shared/corpus")).resolve()
URL = "https://example.org/feeds/feed.xml"


def expected(case: dict[str, Any]) -> Document:
    def moment(text: str | None) -> datetime | None:
        return datetime.fromisoformat(text) if text else None

    def made(entry: dict[str, Any]) -> Entry:
        for name, value in entry.items():
            if isinstance(value, list):
                entry[name] = tuple(value)
        for name in ("published", "updated"):
            entry[name] = moment(entry.get(name))
        return Entry(**entry)

    entries = tuple(made(entry) for entry in case.pop("entries"))
    ttl = case.pop("ttl", None)
    return Document(**case, ttl=ttl and timedelta(seconds=ttl), entries=entries)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.xml")), ids=lambda path: path.stem)
def test_a_document(path: Path) -> None:
    found = parse(path.read_bytes(), URL)
    if path.stem == "truncated":  # what the cut left of the last text is not promised
        found = replace(found, entries=tuple(replace(e, summary="") for e in found.entries))
    assert found == expected(json.loads(path.with_suffix(".json").read_text("utf-8")))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "empty"),
        (b" \n\0", "empty"),
        (
            b"<!DOCTYPE html><html><head><title>Not &amp; found</title></head></html>",
            "this is a web page, not a feed (its title is “Not & found”)",
        ),
        (b"<html><p>No title", "this is a web page, not a feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "a JSON Feed"),
        (b'[{"id": 1}]', "this is JSON"),
        (b"Not found", "plain text"),
        (b"\x1f\x8b\x08\0abc", "binary"),
        (b"<opml version='2.0'><body/></opml>", "no RSS or Atom element"),
        (b"<?xml version='1.0'?><rss version='2.0'><channel><title>Cut", "before its first entry"),
    ],
)
def test_no_feed(body: bytes, sentence: str) -> None:
    with pytest.raises(NotAFeed) as caught:
        parse(body, URL)
    assert sentence in str(caught.value)


def test_an_empty_feed_is_a_feed() -> None:
    assert parse(
        b"<rss version='2.0'><channel><title>New</title></channel></rss>", URL
    ) == Document(title="New")


def test_a_body_that_is_a_path_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    body = "<rss version='2.0'><channel><item><title>x</title></item></channel></rss>"
    Path("<rss>").write_text(body, "utf-8")
    with pytest.raises(NotAFeed):
        parse(b"<rss>", URL)


def test_an_id_stays_when_the_feed_moves() -> None:
    body = (
        b"<rss version='2.0'><channel><item><guid>/a</guid><title>x</title></item></channel></rss>"
    )
    here, there = (
        parse(body, url).entries[0] for url in (URL, "https://elsewhere.example.org/feed.xml")
    )
    assert here.guid == there.guid == "/a"
    assert here.link == "https://example.org/a"


def test_every_field_has_an_end() -> None:
    long = "x" * (LONGEST_CONTENT + 1)
    item = f"<item><title>{long}</title><description>{long}</description><content:encoded>{long}"
    body = (
        "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
        f"{item}</content:encoded></item>{'<item><title>x</title></item>' * 5}</channel></rss>"
    )
    entries = parse(body.encode(), URL, max_entries=3).entries
    assert len(entries) == 3
    assert len(entries[0].title) == LONGEST_TITLE
    assert len(entries[0].summary) == LONGEST_SUMMARY
    assert len(entries[0].content) == LONGEST_CONTENT


def test_charset_and_zone() -> None:
    body = (
        '<?xml version="1.0" encoding="euc-kr"?>'
        '<rss version="2.0"><channel><title>외교</title><item>'
        "<title>똠방각하</title><pubDate>2018.04.27 09:30:00</pubDate></item></channel></rss>"
    ).encode("cp949")
    document = parse(body, URL, "text/xml", default_zone=timezone(timedelta(hours=9)))
    assert document.title == "외교"
    assert document.entries[0].title == "똠방각하"
    assert document.entries[0].published == datetime(2018, 4, 27, 0, 30, tzinfo=UTC)


def test_entities_do_not_explode() -> None:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = (
        f'<!DOCTYPE rss [<!ENTITY l0 "lol">{lines}]><rss version="2.0"><channel><title>&l9;</title>'
        "<item><title>x</title></item></channel></rss>"
    )
    assert len(parse(body.encode(), URL).title) <= LONGEST_TITLE


@settings(deadline=None, max_examples=60)
@given(st.text("<>/&;#x0 rsitemchanlk'\"=![]CDATA-?\n\0가", max_size=200))
def test_anything_gives_a_document_or_a_reason(rubbish: str) -> None:
    body = f"<rss version='2.0'><channel><item><title>x</title>{rubbish}</item></channel></rss>"
    try:
        document = parse(body.encode(), URL)
    except NotAFeed:
        return
    assert {entry.link[:4] for entry in document.entries} <= {"", "http"}


def corpus_files() -> list[Path]:
    return sorted([*CORPUS.glob("feeds/*.xml"), *CORPUS.glob("two-weeks/feeds/*.xml")])


@pytest.mark.slow
@pytest.mark.skipif(not corpus_files(), reason=f"no test data at {CORPUS} (AGGREGATOR_TEST_DATA)")
def test_real_documents_read_as_feedparser_reads_them() -> None:
    """Exceptions are listed: there feedparser is wrong, and why is said.

    Relative ids are no exception here: importing our module stops feedparser from resolving them.
    """
    differences: dict[str, set[str]] = {}
    for path in corpus_files():
        body = path.read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = feedparser.parse(
                io.BytesIO(body),
                response_headers={"content-location": URL, "content-type": "application/xml"},
            )
        ours = parse(body, URL, max_entries=len(theirs.entries) + 1)
        assert len(ours.entries) == len(theirs.entries), path.name
        for mine, other in zip(ours.entries, theirs.entries, strict=True):
            assert mine.link == other.get("link", ""), path.name
            found = differences.setdefault(path.name, set())
            if mine.guid != other.get("id", ""):
                found.add("guid")
            if plain(mine.title) != plain(other.get("title", "")):
                found.add("title")
            if other.get("published") and seconds(mine.published) != moment(
                other.get("published_parsed")
            ):
                found.add("published")
    assert {name: found for name, found in differences.items() if found} == {
        # A bare `&utm_medium=rss` becomes `&utm;_medium=rss` in feedparser's lenient mode.
        "0462_nmdias-FeedKit_Ampersand-xml.xml": {"guid"},
        # `2013.12.24 16:29:20` is no 1 November.
        "0153_earthreader-libearth_imbcnews-xml.xml": {"published"},
        # `&lt;CCTV&gt;`, escaped twice, is a name in angle brackets and no element to remove.
        "yna-kr.xml": {"title"},
    }


def moment(parsed: Any) -> datetime | None:
    return datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None


def seconds(date: datetime | None) -> datetime | None:
    return date and date.replace(microsecond=0)  # feedparser drops the fraction


def test_who_read_a_document_is_told() -> None:
    def document(*items: str) -> bytes:
        listed = "".join(f"<item><title>{text}</title></item>" for text in items)
        return f'<rss version="2.0"><channel><title>W</title>{listed}</channel></rss>'.encode()

    assert parse(document(*"abcdef"), URL).reader == "xmlfeed"
    assert parse(document("a"), URL).reader == "feedparser"
    assert parse(document(*"abcde").replace(b"</channel>", b""), URL).reader == "feedparser"
