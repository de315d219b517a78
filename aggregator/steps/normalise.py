"""An entry of a feed -> an article of ours, with an identity, one date and plain texts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from aggregator.model import Article, Document, Entry, Feed, Reading
from aggregator.steps.language import language
from aggregator.steps.text import plain, shorten
from aggregator.steps.urls import article_id, canonical

LONGEST_TITLE = 500
LONGEST_SUMMARY = 1_000
LONGEST_CONTENT = 20_000
_LONGEST_AUTHOR = 300
_TITLE_FROM_TEXT = 120
_LONG = 4_000
_TELLS_LANGUAGE = 100
_HASH_SIZE = 8
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_FAR_FUTURE = timedelta(days=2 * 366)
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_EMPTY_BRACKETS = re.compile(r"\(\s*\)|\[\s*\]|<\s*>")
_IN_BRACKETS = re.compile(r"^\(([^()]*)\)$")
_ANCHOR = re.compile(r"#(?!(?:comments?|respond|rss|feed|top|main|ref)\b)([^\W\d_][\w.:%-]+)$")
_FRONT_PAGE = re.compile(r"[^:/?#]+://[^/?#]*/?\??(?:#(?![!/]).*)?", re.DOTALL)
_NO_LETTER = re.compile(r"[\W_]+")


def read(
    document: Document,
    feed: Feed,
    now: datetime,
    *,
    replay: bool,
    unchanged: bytes = b"",
    counts: Callable[[str, str], bool] = lambda title, summary: True,
) -> Reading:
    """The entries of a document as articles, one an id, in document order.

    `replay`: `now` is not the real time, so entries dated after it are left alone and counted.
    `unchanged`: what `Reading.entries` was at the last visit; these entries are only counted.
    `counts`: whether title and summary deserve a closer look; else the content is left unread.
    """
    there = [e for e in document.entries if not (replay and (_date(e) or now) > now)]
    hashes = [_entry_hash(entry) for entry in there]
    known = {unchanged[at : at + _HASH_SIZE] for at in range(0, len(unchanged), _HASH_SIZE)}
    # Of entries that share a link the latest counts, so all of them are looked at or none.
    changed_links = {e.link for e, hash in zip(there, hashes, strict=True) if hash not in known}
    found: dict[str, Article] = {}
    aside: set[str] = set()
    skipped = dropped = empty = 0
    for entry, hash in zip(there, hashes, strict=True):
        if hash in known and (not entry.link or entry.link not in changed_links):
            skipped += 1
            continue
        texts = _texts(entry, counts)
        article = _article(entry, feed, now, texts)
        if article is None:
            dropped += 1
            empty += not texts.title
            continue
        if texts.aside:
            aside.add(article.fingerprint)
        other = found.get(article.id)
        found[article.id] = article if other is None else _newer(other, article)
    return Reading(
        articles=tuple(found.values()),
        unchanged=skipped,
        entries=b"".join(hashes),
        shared_guids=_shared_guids(there),
        aside=frozenset(aside),
        withheld=len(document.entries) - len(there),
        dropped=dropped,
        empty=empty,
        listed=len(document.entries),
        reader=document.reader,
        ttl=document.ttl,
        title=plain(document.title),
        hub=document.hub,
        topic=document.topic,
        earlier=document.earlier,
    )


def normalise(entry: Entry, feed: Feed, now: datetime) -> Article | None:
    """The article, or None for an entry with neither link nor guid, or without any text."""
    return _article(entry, feed, now, _texts(entry, lambda title, summary: True))


def _article(entry: Entry, feed: Feed, now: datetime, texts: _Texts) -> Article | None:
    title, summary, content, aside = texts
    if not title or not (entry.link or entry.guid):
        return None
    date = _date(entry)
    if date is not None and date > now + _FAR_FUTURE:
        date = None
    tongue = _primary(feed.language or entry.language)
    return Article(
        id=_identity(entry, feed, title),
        feed_id=feed.id,
        url=entry.link or feed.site or feed.url,
        guid=entry.guid,
        title=title,
        summary=summary,
        content=content,
        # Nobody sees who wrote what is set aside, or in which language.
        author="" if aside else _author(entry.authors),
        language=tongue if aside else language_of(title, summary, tongue),
        published_at=min(date, now) if date else now,
        dated=date is not None,
        updated_at=_edit_date(entry, now),
        seen_at=now,
        fingerprint=_hash(title, summary, content),
    )


def language_of(title: str, summary: str, fallback: str) -> str:
    """The language of an article, by its title and the start of its summary."""
    return language(f"{title} {summary[:_TELLS_LANGUAGE]}", fallback)


def _date(entry: Entry) -> datetime | None:
    """When it was published, else when it was updated; None before 1990 (epoch zero, year 1)."""
    dates = (entry.published, entry.updated)
    return next((date for date in dates if date is not None and date >= _EARLIEST), None)


def _edit_date(entry: Entry, now: datetime) -> datetime | None:
    updated = entry.updated
    if updated is None or not _EARLIEST <= updated <= now:
        return None
    return None if updated == entry.published else updated


class _Texts(NamedTuple):
    """Plain, capped, and none repeating another."""

    title: str
    summary: str
    content: str = ""
    aside: bool = False
    """Not worth a closer look: the content was left unread."""


def _texts(entry: Entry, counts: Callable[[str, str], bool]) -> _Texts:
    title = shorten(plain(entry.title), LONGEST_TITLE)
    start = _start(entry.summary) or _start(entry.content)
    title = title or shorten(start, _TITLE_FROM_TEXT)
    start = "" if _same(start, title) else shorten(start, LONGEST_SUMMARY)
    if not counts(title, start):
        return _Texts(title, start, aside=True)
    if not entry.content and len(entry.summary) <= LONGEST_SUMMARY:
        return _Texts(title, start)
    summary = plain(entry.summary)
    content = summary if entry.content == entry.summary else plain(entry.content)
    summary = summary or content
    # Many feeds put the whole text into the summary: the part beyond its cap is content.
    if len(summary) > max(len(content), LONGEST_SUMMARY):
        content = summary
    summary = "" if _same(summary, title) else shorten(summary, LONGEST_SUMMARY)
    content = "" if _same(content, summary) or _same(content, title) else content
    return _Texts(title, summary, shorten(content, LONGEST_CONTENT))


def _start(source: str) -> str:
    """As much of the text as a summary may need; of a long article the rest is not looked at."""
    if len(source) > _LONG:
        text = plain(source[:_LONG])
        if len(text) > LONGEST_SUMMARY + 100:  # half an entity at the cut is beyond it
            return text
    return plain(source)


def _same(one: str, other: str) -> bool:
    """Equal but for punctuation and case."""
    if abs(len(one) - len(other)) > 20 + len(other) // 10:
        return False
    return _NO_LETTER.sub("", one).casefold() == _NO_LETTER.sub("", other).casefold()


def _identity(entry: Entry, feed: Feed, title: str) -> str:
    if not entry.link or _is_home_page(entry.link, feed):
        return _hash(feed.id, entry.guid or title)  # a guid is unique within its feed only
    if anchor := _ANCHOR.search(entry.link):
        # A page of many items, each at its own anchor: change logs, collections of links.
        return _hash(canonical(entry.link), anchor[1])
    return article_id(entry.link)


def _is_home_page(link: str, feed: Feed) -> bool:
    """Does the link lead to a site's front page, and so name no article?

    The rule must not look at the entry's neighbours: an id has to stay when they are gone.
    """
    return bool(_FRONT_PAGE.fullmatch(link)) or canonical(link) in _own_pages(feed)


@lru_cache(maxsize=64)
def _own_pages(feed: Feed) -> tuple[str, str]:
    return canonical(feed.site), canonical(feed.url)


def _newer(one: Article, other: Article) -> Article:
    """Of two announcements of one article the later one; the first in the document if they tie."""
    dates = [a.updated_at or (a.published_at if a.dated else _EARLIEST) for a in (one, other)]
    late, early = (other, one) if dates[1] > dates[0] else (one, other)
    if early.dated and (not late.dated or early.published_at < late.published_at):
        return replace(late, published_at=early.published_at, dated=True)
    return late


def _author(authors: tuple[str, ...]) -> str:
    names = dict.fromkeys(name for author in authors if (name := _name(author)))
    return shorten(", ".join(names), _LONGEST_AUTHOR)


def _name(author: str) -> str:
    """Without the address: `desk@example.org (Kim Example)` -> `Kim Example`."""
    name = _EMPTY_BRACKETS.sub("", _EMAIL.sub("", plain(author))).strip(" ,;:|")
    return _IN_BRACKETS.sub(r"\1", name).strip()


def _primary(tag: str) -> str:
    """en-US -> en."""
    return tag.partition("-")[0].lower()


def _entry_hash(entry: Entry) -> bytes:
    """Of all that makes an article, dates apart: many systems touch these without an edit."""
    parts = (entry.guid, entry.link, entry.title, entry.summary, entry.content)
    text = "\0".join(parts).encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=_HASH_SIZE).digest()


def _shared_guids(entries: Sequence[Entry]) -> frozenset[str]:
    links: dict[str, str] = {}
    return frozenset(e.guid for e in entries if links.setdefault(e.guid, e.link) != e.link)


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
