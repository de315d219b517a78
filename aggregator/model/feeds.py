"""What is asked of publishers, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

# ── feeds ────────────────────────────────────────────────────────────────────────────────────────

Scope: TypeAlias = Literal["korea-specific", "section", "general"]
Rights: TypeAlias = Literal["title", "snippet", "full"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One subscription, as the operator configured it."""

    id: str
    url: str
    title: str
    site: str = ""
    publisher: str = ""
    country: str = ""
    perspective: str = "unclassified"
    language: str = ""
    kind: str = "news"
    scope: Scope = "general"
    rights: Rights = "snippet"
    tags: tuple[str, ...] = ()
    every: timedelta | None = None
    cache: bool = True
    """False: never send validators (for servers that answer 304 although they changed)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """What we know about one feed between two visits. `next_check_at` is also the lease."""

    feed_id: str
    next_check_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    failures: float = 0.0
    last_error: str | None = None
    last_error_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_new_at: datetime | None = None
    retired_at: datetime | None = None
    """Set by a 410: the feed is not polled any more."""
    rhythm: tuple[int, ...] = ()
    """What was learnt of when this feed publishes (`steps.rhythm` knows how to read it)."""
    address: str | None = None
    """Where the feed lives now, after a permanent move that proved stable; else its own URL."""
    moved_to: str | None = None
    """The target of a permanent redirect that has not yet proved stable."""
    moved_visits: int = 0
    """Visits in a row that were led to `moved_to` and found a feed there."""
    entries: bytes | None = None
    """Hashes of the entries of the last document: these need not be read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One claimed feed: what to fetch, and what was known before."""

    feed: Feed
    state: FeedState


# ── fetch ────────────────────────────────────────────────────────────────────────────────────────


class Failure(StrEnum):
    """Why a visit gave nothing; the back-off is graded by it."""

    NETWORK = "network"
    """DNS, refused, reset, TLS, time-out."""
    BUSY = "busy"
    """429 or 503: they asked us to come later."""
    SERVER = "server"
    """Any other 5xx."""
    CLIENT = "client"
    """Any other 4xx, a redirect loop."""
    GONE = "gone"
    """410."""
    REFUSED = "refused"
    """We refused: a private address, a scheme that is not http(s)."""
    CONTENT = "content"
    """An answer that is no feed, or too large, or a broken encoding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """ETag and Last-Modified, byte-exact and opaque."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A 200 with a body, decompressed."""

    url: str
    """The final URL, after redirects."""
    body: bytes
    body_hash: str
    content_type: str = ""
    validators: Validators = Validators()
    max_age: timedelta | None = None
    moved_to: str | None = None
    """The target, when every redirect on the way was permanent."""
    hub: str = ""
    """Named by a Link header, as `topic`: the feed's own address in the words of its server."""
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """A 304. `validators` holds only what the answer carried."""

    validators: Validators = Validators()
    max_age: timedelta | None = None
    moved_to: str | None = None
    """As in `Fetched`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailed:
    """No answer, or one that cannot be used. `detail` is a sentence for the operator."""

    why: Failure
    detail: str
    retry_after: timedelta | None = None


Answer: TypeAlias = Fetched | NotModified | FetchFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request of a visit and its answer, as far as it came; nothing in it is secret."""

    method: str
    url: str
    sent: tuple[tuple[str, str], ...]
    address: str = ""
    """Address and port that were connected to; empty when no connection came about."""
    status: int | None = None
    phrase: str = ""
    received: tuple[tuple[str, str], ...] = ()
    """Headers of the answer that matter to a visit."""
    redirect: Literal["", "permanent", "temporary"] = ""
    wire_bytes: int = 0
    """Of the body, as it came; redirects and failures are not read."""
    body_bytes: int = 0
    """Of the body, decompressed."""
    milliseconds: float = 0.0
    """From the look-up of the name to the end of the body."""


# ── parse ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as the document has it. Texts may hold HTML; `guid` is raw, never resolved."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str = ""
    published: datetime | None = None
    updated: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed feed document."""

    title: str = ""
    language: str = ""
    site: str = ""
    hub: str = ""
    topic: str = ""
    """The feed's own address as it names it (`rel="self"`): what a hub is asked for."""
    earlier: str = ""
    """The page before this one: older entries of the same feed (RFC 5005)."""
    ttl: timedelta | None = None
    entries: tuple[Entry, ...] = ()
    reader: Literal["", "xmlfeed", "feedparser"] = field(default="", compare=False)
    """Who read it: `xmlfeed` in agreement with feedparser, or feedparser alone."""


# ── hubs ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSubscription:
    """What a hub was asked to push to us (WebSub), and what it agreed to."""

    token: str = field(repr=False)
    """The unguessable end of our callback URL."""
    feed_id: str
    hub: str
    topic: str
    secret: str = field(repr=False)
    """Signs what the hub delivers; under 200 bytes."""
    mode: Literal["subscribe", "unsubscribe"] = "subscribe"
    """What we want of the hub."""
    awaiting: bool = False
    """The hub was asked and may now verify that it was us."""
    asked_at: datetime | None = None
    next_ask_at: datetime
    """When to ask: for the first time, again after a failure, or to renew."""
    expires_at: datetime | None = None
    """End of the verified lease."""
    detail: str = ""
    """Why it did not come about, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAnswer:
    """What a hub said to a request. `detail`: why not, a sentence for the operator."""

    accepted: bool
    detail: str = ""
