"""Entries to articles: identity, dates, texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Article, Document, Entry, Reading
from aggregator.steps.normalise import LONGEST_CONTENT, LONGEST_SUMMARY, normalise, read
from tests.make import NOW, entry, feed

HOUR = timedelta(hours=1)


def made(**changes: Any) -> Article:
    article = normalise(entry(**changes), feed(), NOW)
    assert article is not None
    return article


def reading(*entries: Entry, replay: bool = False) -> Reading:
    return read(Document(entries=entries), feed(), NOW, replay=replay)


def test_an_everyday_entry() -> None:
    article = made(
        title="Leaders &amp; aides meet",
        summary="<p>They shook hands.</p>",
        content="<p>They shook hands. Then they talked.</p>",
        link="https://www.example.org/1?utm_source=rss",
        authors=("desk@example.org (First Reporter)", "Second Reporter", "desk@example.org"),
        updated=NOW - HOUR,
    )
    assert article.url == "https://www.example.org/1?utm_source=rss"
    assert article.id == made(link="http://example.org/1").id
    assert article.title == "Leaders & aides meet"
    assert article.summary == "They shook hands."
    assert article.content == "They shook hands. Then they talked."
    assert article.author == "First Reporter, Second Reporter"
    assert article.language == "en"
    assert (article.published_at, article.updated_at) == (NOW - 2 * HOUR, NOW - HOUR)
    assert article.seen_at == NOW
    assert article.dated


# ── what is read again, and what is left aside ───────────────────────────────────────────────────


def again(first: Reading, *entries: Entry) -> Reading:
    """The visit after `first`."""
    return read(Document(entries=entries), feed(), NOW, replay=False, unchanged=first.entries)


def test_an_entry_that_stayed_letter_for_letter_is_not_read_again() -> None:
    old, new = entry(link="https://example.org/1"), entry(link="https://example.org/2")
    first = reading(old)
    assert (len(first.articles), first.unchanged) == (1, 0)
    second = again(first, new, old)
    assert [a.url for a in second.articles] == ["https://example.org/2"]
    assert second.unchanged == 1
    third = again(second, new, replace(old, title="Edited"))
    assert [a.title for a in third.articles] == ["Edited"]
    assert third.unchanged == 1


def test_a_touched_date_is_no_edit() -> None:
    first = reading(entry(updated=NOW - HOUR))
    assert again(first, entry(updated=NOW)).unchanged == 1


def test_of_entries_that_share_a_link_all_are_read_or_none() -> None:
    early = entry(title="Early", published=NOW - 3 * HOUR, guid="1")
    late = entry(title="Late", published=NOW - HOUR, guid="2")
    first = reading(early, late)
    assert [a.title for a in first.articles] == ["Late"]
    edited = again(first, replace(early, title="Early, edited"), late)
    assert [a.title for a in edited.articles] == ["Late"]
    assert edited.unchanged == 0


def test_a_guid_of_several_entries_is_told_even_when_one_is_not_read_again() -> None:
    old = entry(link="https://example.org/1", guid="all")
    second = again(reading(old), entry(link="https://example.org/2", guid="all"), old)
    assert len(second.articles) == 1
    assert second.shared_guids == {"all"}


def test_a_withheld_entry_is_read_when_its_time_has_come() -> None:
    late = entry(published=NOW + HOUR)
    first = reading(late, replay=True)
    assert (first.articles, first.withheld, first.entries) == ((), 1, b"")
    assert len(again(first, late).articles) == 1


def test_what_does_not_count_keeps_title_and_summary_only() -> None:
    seen: list[tuple[str, str]] = []

    def counts(title: str, summary: str) -> bool:
        seen.append((title, summary))
        return "Korea" in title

    entries = (
        entry(link="https://example.org/1", title="Korea", summary="<b>One</b>", content="Long."),
        entry(link="https://example.org/2", title="Mars", summary="<b>Two</b>", content="Long."),
        entry(link="https://example.org/3", title="", summary="", content="<p>Only this.</p>"),
    )
    found = read(Document(entries=entries), feed(), NOW, replay=False, counts=counts)
    assert seen == [("Korea", "One"), ("Mars", "Two"), ("Only this.", "")]
    assert [a.content for a in found.articles] == ["Long.", "", ""]
    assert found.aside == {a.fingerprint for a in found.articles[1:]}


def set_aside(summary: str) -> Article:
    """An article that does not count."""
    document = Document(entries=(entry(title="Title", summary=summary),))
    (found,) = read(document, feed(), NOW, replay=False, counts=lambda *texts: False).articles
    return found


def test_a_summary_that_is_mostly_markup_is_read_to_its_end() -> None:
    picture = f"<img src='https://example.org/{'x' * 500}'>"
    source = f"<p>It begins.</p>{picture * 20}<p>It ends.</p>"
    assert set_aside(source).summary == "It begins. It ends."


@given(st.text(alphabet="<>&;ab /p\"' 한.\n", max_size=80), st.integers(0, 400))
def test_a_long_summary_starts_as_it_would_if_all_of_it_were_read(start: str, more: int) -> None:
    source = start + "<p>" + "An everyday sentence of some words. " * more
    assert set_aside(source).summary == made(title="Title", summary=source).summary


# ── dates ────────────────────────────────────────────────────────────────────────────────────────


def test_a_future_date_is_now() -> None:
    article = made(published=NOW + HOUR, updated=NOW + HOUR)
    assert (article.published_at, article.dated, article.updated_at) == (NOW, True, None)


@pytest.mark.parametrize(
    "date",
    [
        None,
        datetime(1989, 12, 31, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
        NOW.replace(year=2999),
    ],
)
def test_no_usable_date(date: datetime | None) -> None:
    article = made(published=date)
    assert (article.published_at, article.dated) == (NOW, False)


def test_updated_stands_in_for_published() -> None:
    article = made(published=None, updated=NOW - HOUR)
    assert (article.published_at, article.dated) == (NOW - HOUR, True)


def test_a_replay_leaves_the_future_alone() -> None:
    entries = (
        entry(link="https://example.org/1"),
        entry(link="https://example.org/2", published=NOW + HOUR),
        entry(link="https://example.org/3", published=NOW.replace(year=2999)),
        entry(link="https://example.org/4", published=None, updated=NOW + HOUR),
        entry(link="https://example.org/5", updated=NOW + HOUR),
    )
    replayed = reading(*entries, replay=True)
    assert [a.url[-1] for a in replayed.articles] == ["1", "5"]
    assert replayed.withheld == 3
    assert replayed.articles[1].updated_at is None
    assert len(reading(*entries).articles) == 5


# ── identity ─────────────────────────────────────────────────────────────────────────────────────


def test_neither_link_nor_guid_nor_text() -> None:
    found = reading(
        entry(link="", guid=""),
        entry("", summary=" <p></p>", content="<!-- -->"),
        entry(link=""),
        entry(guid=""),
    )
    assert (len(found.articles), found.dropped, found.empty, found.listed) == (2, 2, 1, 4)


def test_without_a_link_the_guid_names_it_within_its_feed() -> None:
    one = normalise(entry(link="", guid="7"), feed("one"), NOW)
    other = normalise(entry(link="", guid="7"), feed("other", site=""), NOW)
    assert one
    assert other
    assert one.id != other.id
    assert one.url == "https://one.example.org/"
    assert other.url == "https://other.example.org/feed.xml"


@pytest.mark.parametrize(
    "link",
    [
        "https://example-wire.example.org",
        "https://example.org/",
        "https://example.org/news/?utm_id=1",
    ],
)
def test_links_to_the_home_page_name_no_article(link: str) -> None:
    source = feed(site="https://example.org/news")
    document = Document(entries=tuple(entry(f"Talk {n}", link=link, guid=f"{n}") for n in range(3)))
    assert len(read(document, source, NOW, replay=False).articles) == 3


def test_items_at_anchors_of_one_page() -> None:
    links = ("https://example.org/log#v1", "https://example.org/log#v2", "https://example.org/log")
    assert len(reading(*(entry(link=link) for link in links)).articles) == 3
    assert made(link="https://example.org/1#comments").id == made(link="https://example.org/1").id


def test_one_article_announced_twice() -> None:
    old = entry("Leaders to meet", link="http://example.org/1", published=NOW - 3 * HOUR)
    new = entry("Leaders met", link="https://www.example.org/1?utm_source=x", published=NOW - HOUR)
    other = entry("Other", link="https://example.org/2")
    for entries in ((old, other, new), (new, other, old)):
        articles = reading(*entries).articles
        assert [a.title for a in articles] == ["Leaders met", "Other"]
        assert articles[0].published_at == NOW - 3 * HOUR
    undated = replace(new, published=None)
    assert [a.title for a in reading(undated, old).articles] == ["Leaders to meet"]


# ── texts ────────────────────────────────────────────────────────────────────────────────────────


def test_a_summary_that_repeats_the_title() -> None:
    html = '<a href="https://example.org/1">Leaders meet</a>&nbsp;&nbsp;<font>Example Wire</font>'
    assert made(title="Leaders meet - Example Wire", summary=html).summary == ""


def test_long_texts() -> None:
    text = "They met. " * 5_000
    article = made(summary=text)
    assert len(article.summary) <= LONGEST_SUMMARY < len(article.content) <= LONGEST_CONTENT
    assert article.summary.endswith("met.")
    only = made(summary="", content="<p>They met.</p>")
    assert (only.summary, only.content) == ("They met.", "")


def test_a_missing_title_comes_from_the_text() -> None:
    article = made(title="", summary="북한이 미사일을 발사했다. " * 20)
    assert article.title.startswith("북한이 미사일을 발사했다.")
    assert len(article.title) <= 120
    assert article.language == "ko"


def test_an_edit_changes_the_fingerprint() -> None:
    assert made().fingerprint == made(updated=NOW, authors=("Example Reporter",)).fingerprint
    assert (
        len({made(**{name: "Edited"}).fingerprint for name in ("title", "summary", "content")}) == 3
    )


def test_the_document_is_passed_on() -> None:
    document = Document(title="Example &amp; Co", ttl=HOUR)
    found = read(document, feed(), NOW, replay=False)
    assert (found.title, found.ttl) == ("Example & Co", HOUR)


@given(st.builds(Entry, guid=st.text(), link=st.text(), title=st.text(), summary=st.text()))
def test_any_entry(strange: Entry) -> None:
    article = normalise(strange, feed(), NOW)
    if article is not None:
        assert len(article.id) == 16
        assert article.title
