"""What an entry becomes: an article with its tags and its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

from aggregator.model.feeds import FeedState

# ── normalise ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article, whoever announced it. `id` is a hash of the canonical URL."""

    id: str
    feed_id: str
    """The feed that told us first."""
    url: str
    guid: str
    title: str
    summary: str = ""
    content: str = ""
    author: str = ""
    language: str = ""
    """ISO 639-1, of this text (not of the feed)."""
    published_at: datetime
    """Theirs, for order. Never later than `seen_at`."""
    dated: bool = True
    """False: the entry had no usable date and `published_at` is `seen_at`."""
    updated_at: datetime | None = None
    seen_at: datetime
    """Ours, for cutting weeks."""
    fingerprint: str = ""
    """Hash of title, summary and content: an edit changes it."""


# ── tag, judge ───────────────────────────────────────────────────────────────────────────────────

Field: TypeAlias = Literal["title", "summary", "content"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a tag was seen: `text == getattr(article, field)[start:end]`."""

    field: Field
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagging:
    """One tag on one article. Only score >= 2 is shown, and `implied` parents never as if said."""

    slug: str
    score: float
    method: str
    """strong | weak:<rule> | pair | office | implied | feed | hint"""
    evidence: tuple[Evidence, ...] = ()
    certainty: str = ""
    """Of an event that is spoken of otherwise than the article's own, e.g. "c-historical"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Is the article about Korea diplomacy, and why."""

    relevant: bool
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """All that was concluded from one article's text and its feed."""

    verdict: Verdict
    tags: tuple[Tagging, ...] = ()
    genre: str = "g-news"
    certainty: str = "c-confirmed"
    relays: tuple[str, ...] = ()
    """Agencies on whose word the article rests, the nearest first, e.g. ("tass", "kcna")."""


# ── read -> decide -> apply ──────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the body of one visit gave, before we ask what was known."""

    articles: tuple[Article, ...]
    """One an article id, in document order. Without those of unchanged entries."""
    unchanged: int = 0
    """Entries that the last document of the feed held, letter for letter."""
    entries: bytes = b""
    """Hashes of all entries, for the next visit."""
    shared_guids: frozenset[str] = frozenset()
    """Guids that several entries of the document bear: they identify none of them."""
    aside: frozenset[str] = frozenset()
    """Fingerprints of articles that name no Korea: they cannot be relevant."""
    withheld: int = 0
    """Entries dated after a replaced clock (`--as-of`): they are not there yet."""
    dropped: int = 0
    """Entries with neither a usable link nor a guid, or with no text at all."""
    empty: int = 0
    """Of the dropped ones those with no text."""
    listed: int = 0
    """Entries of the document, all of them."""
    reader: Literal["", "xmlfeed", "feedparser"] = ""
    """As `Document.reader`."""
    ttl: timedelta | None = None
    title: str = ""
    hub: str = ""
    topic: str = ""
    earlier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store already holds of a reading."""

    fingerprints: Mapping[str, str] = field(default_factory=dict)
    """article id -> fingerprint"""
    guids: Mapping[str, str] = field(default_factory=dict)
    """guid within this feed -> article id"""
    sighted: frozenset[str] = frozenset()
    """article ids that this very feed announced before"""
    moved: Mapping[str, str] = field(default_factory=dict)
    """Of a feed all of whose addresses and guids are new: article id -> the id under which it
    announced an article of the same title and date before"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An article with what was concluded from it, ready to be written."""

    article: Article
    judgement: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """This feed announced that article under this guid."""

    article_id: str
    guid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestPlan:
    """What one visit writes, in one transaction."""

    feed_id: str
    claimed_until: datetime
    """The lease we hold: the plan is void when somebody else has moved it since."""
    state: FeedState
    new: tuple[Judged, ...] = ()
    edited: tuple[Judged, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    judged_by: str = "unknown"
    """The version of taxonomy, rules and program that `new` and `edited` were judged by."""
    now: datetime


class Outcome(StrEnum):
    """How a visit ended, for the round's report."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitReport:
    """One line of `poll`: what came of one visit."""

    feed_id: str
    outcome: Outcome
    detail: str = ""
    entries: int = 0
    new: int = 0
    edited: int = 0
    relevant: int = 0
    next_check_at: datetime | None = None
