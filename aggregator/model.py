"""Every value that passes between two stages, in the order of the pipeline.

All are frozen. All times are aware and in UTC. All texts are plain text unless a name says html.
"""

from __future__ import annotations

from collections.abc import Mapping
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


# ── the library ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An article as the library holds it."""

    article: Article
    judgement: Judgement
    feed: Feed
    story_id: str | None = None
    duplicate_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """`article_id` is the same text as `original_id`."""

    article_id: str
    original_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How one capital (or group) covers a story: who was first there, and how many reports."""

    group: str
    first_at: datetime
    articles: int
    publishers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """One answer, and who gives it."""

    value: str
    """A number, or the slug of a tag or certainty."""
    publishers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What the sources of one story do not tell alike."""

    about: str
    """A slug of `taxonomy/contrasts.toml`."""
    sayings: tuple[Saying, ...]
    """At least two, the one of most publishers first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One event, many articles. `id` comes from the earliest member and stays."""

    id: str
    title: str
    language: str
    first_at: datetime
    """Publication of the first report."""
    last_at: datetime
    seen_at: datetime
    """When we saw the first report: the week that the story belongs to."""
    updated_at: datetime
    """When a member was last added, changed or merged, on our clock."""
    article_ids: tuple[str, ...]
    """Without copies, earliest first."""
    tags: tuple[str, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    """In the fixed order of `perspectives.GROUPS`; silent groups are not listed."""
    differs: tuple[Difference, ...] = ()
    score: float = 0.0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """What story building writes, in one transaction."""

    stories: tuple[Story, ...]
    """New or changed ones."""
    placements: Mapping[str, str] = field(default_factory=dict)
    """article id -> story id"""
    copies: tuple[Copy, ...] = ()
    merged: tuple[tuple[str, str], ...] = ()
    """(story id that is no more, story id that took its place)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryItems:
    """A story with its members, for whoever shows it. Copies follow their originals."""

    story: Story
    items: tuple[Item, ...]


# ── searching ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a reader looks for: all that is set must hold."""

    text: str = ""
    """Words that must all occur; in "quotes", one after the other."""
    tags: tuple[str, ...] = ()
    """Slugs, all of which the article shows."""
    feeds: frozenset[str] | None = None
    """Ids of feeds, one of which announced it first; None: any."""
    languages: tuple[str, ...] = ()
    """Any of these; empty: any."""
    since: datetime | None = None
    """since <= published_at < until"""
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerTitle:
    """A headline that was changed: what it said, and until when."""

    title: str
    until: datetime


# ── judging anew ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejudged:
    """A stored article, as it was read and as it is judged now."""

    before: Item
    after: Judged
    changed: bool
    """Whether readers or later steps can tell the difference; else only the version is noted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleStory:
    """A story some of whose members were judged anew. `marks`: how often it was said so."""

    story_id: str
    """Under which it was marked; `found` may be the one that took its place."""
    marks: int
    found: StoryItems | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """What becomes of a stale story; `story` None: none of its members is relevant any more."""

    stale: StaleStory
    story: Story | None


FeedStatus: TypeAlias = Literal["ok", "silent", "failing", "retired", "new"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """How one feed is doing. `steps.health` puts it into words."""

    feed: Feed
    state: FeedState
    status: FeedStatus
    since: datetime | None = None
    """When it last answered (failing), last had something new (silent), was ended (retired)."""
    usual: timedelta | None = None
    """From one entry to the next, as its own rhythm has it; only known of a silent feed."""
    articles: int = 0


# ── digest ───────────────────────────────────────────────────────────────────────────────────────


Cadence: TypeAlias = Literal["weekly", "daily"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A week or a day on our clock, half-open: start <= seen_at < end."""

    name: str
    """ISO week, "2026-W34", or day, "2026-08-24"."""
    start: datetime
    end: datetime
    timezone: str

    @property
    def cadence(self) -> Cadence:
        """Of the issue about it."""
        return "weekly" if "W" in self.name else "daily"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A period whose issue should exist by now. `late`: past its window, so no mail by itself."""

    period: Period
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueItem:
    """One article inside a frozen issue."""

    article_id: str
    title: str
    url: str
    publisher: str
    perspective: str
    group: str
    language: str
    kind: str
    genre: str
    published_at: datetime
    summary: str = ""
    """As much as the feed's rights allow."""
    tags: tuple[str, ...] = ()
    """Topics, events and people first: for those who cannot read the headline's language."""
    relays: tuple[str, ...] = ()
    """As `Judgement.relays`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Something in one language, in the words of one report."""

    title: str
    language: str
    url: str
    publisher: str
    what: str = ""
    """Whole sentences of a report, at most two."""
    what_source: str = ""
    """Whose they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """What many of the week's stories turn around."""

    tag: str
    stories: int
    before: int | None = None
    """The same in the issue before; None: there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueStory:
    """One story inside a frozen issue, in the words of `language`."""

    id: str
    title: str
    language: str
    what: str
    """At most two sentences, taken from one of the items; empty when no item may be quoted."""
    what_source: str = ""
    url: str = ""
    """The report whose headline this is."""
    certainty: str = "c-confirmed"
    tags: tuple[str, ...] = ()
    first: IssueItem
    items: tuple[IssueItem, ...]
    """One a publisher, the one that bears the headline among them; earliest first."""
    coverage: tuple[Coverage, ...] = ()
    articles: int = 1
    section: str = ""
    """A slug of `steps.sections`."""
    weight: float = 0.0
    tellings: tuple[Telling, ...] = ()
    """One for each language of an edition in which it is told."""
    differs: tuple[Difference, ...] = ()
    theme: Theme | None = None
    gist: tuple[str, ...] = ()
    """Tags that tell a reader of another language what it is about."""
    related: tuple[IssueStory, ...] = ()
    """Smaller stories of the same theme, which stand nowhere else in the issue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the issue under one heading."""

    slug: str
    heading: str
    stories: tuple[IssueStory, ...]
    more: int = 0
    """Stories of it that only the web copy shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One sentence of the lede, and whose it is."""

    text: str
    language: str
    url: str
    publisher: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How many of the week's stories are about one kind of thing."""

    slug: str
    count: int
    publishers: tuple[str, ...]
    """Whose reports were counted, those of most stories first."""
    stories: tuple[str, ...] = ()
    """Their ids."""
    before: int | None = None
    """The same in the issue before; None: there is none, or its source was down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CapitalView:
    """What one capital (or group) made of the week."""

    group: str
    state: Literal["reports", "silent", "unheard", "failed"]
    """Silent: it is read and said nothing. Unheard: no feed of it is read. Failed: none answered.
    """
    articles: int = 0
    stories: int = 0
    first: int = 0
    """Stories that it was the first to report."""
    lead: IssueItem | None = None
    """Its own report of the weightiest story that it tells."""
    absent: str = ""
    """Id of the weightiest story that several others tell and it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """Words of Pyongyang, as its media or those who cite them have them."""

    words: str
    speaker: str = ""
    """Slug of the tag of who said so; empty: the source itself."""
    item: IssueItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A box on an event or agreement that the week goes back to."""

    slug: str
    when: str
    texts: Mapping[str, str]
    """Language -> what it was and what became of it."""
    story: str
    """Id of the story that goes back to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """Something with a date, after the issue's week."""

    day: str
    """ISO."""
    tellings: tuple[Telling, ...]
    """In the words of reports, or (without URL) of the calendar; one a language."""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A headline of an earlier issue that its publisher has changed since."""

    was: str
    current: str
    item: IssueItem
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """What the issue rests on, so that a gap is not read as calm."""

    feeds_ok: int = 0
    feeds_silent: tuple[str, ...] = ()
    feeds_failed: tuple[str, ...] = ()
    seen: int = 0
    kept: int = 0
    merged: int = 0
    heard: tuple[str, ...] = ()
    """Groups of `steps.perspectives` of which at least one feed answers."""
    asked: tuple[str, ...] = ()
    """Groups of which at least one feed is configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A frozen digest: mail, web page and Atom entry all come from this one value."""

    period: Period
    title: str = ""
    """The digest's name."""
    language: str = ""
    """Of the edition that was made of it; empty: of none."""
    opening: tuple[Clause, ...] = ()
    """The lede. Before an edition is made: the clauses of all languages, one after the other."""
    figures: tuple[Figure, ...] = ()
    top: tuple[IssueStory, ...] = ()
    """The leading story first."""
    sections: tuple[Section, ...] = ()
    views: tuple[CapitalView, ...] = ()
    """In the order of `perspectives.GROUPS`."""
    quotations: tuple[Quotation, ...] = ()
    """From Pyongyang: quoted, apart from the news."""
    analysis: tuple[IssueItem, ...] = ()
    scenarios: tuple[IssueItem, ...] = ()
    """What-if pieces."""
    past: tuple[Past, ...] = ()
    coming: tuple[Upcoming, ...] = ()
    ritual: tuple[IssueItem, ...] = ()
    corrections: tuple[Correction, ...] = ()
    days: tuple[tuple[str, int], ...] = ()
    """(ISO date in the issue's zone, relevant articles)"""
    coverage: tuple[Coverage, ...] = ()
    ledger: Ledger = Ledger()
    themes: tuple[tuple[str, int], ...] = ()
    """(tag, stories), for the issue after it."""
    stories: int = 0
    articles: int = 0
    minutes: int = 1
    composed_at: datetime


# ── the gate ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class SpamScore:
    """What SpamAssassin thinks of a letter; 5 is spam to most of its users."""

    score: float
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A letter as a browser shows it in a frame so wide."""

    width: int
    scheme: Literal["light", "dark"]
    seen_width: int
    """More than `width`: it has to be scrolled sideways."""
    seen_height: int
    picture: str
    """The file; empty when none could be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a letter. An `error` holds the issue."""

    number: int
    """Of the requirement in docs/mail.md that it breaks."""
    what: str
    severity: Literal["error", "warning"] = "error"


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """One reader, and what they asked for. Their links carry tokens that are derived from `id`."""

    id: str
    address: str
    name: str = ""
    timezone: str = ""
    """Of `weekday` and `hour`; empty: the digest's."""
    language: str = "en"
    """Of the letter: headings, names of tags, and the headlines where there is a choice."""
    status: Literal["active", "paused", "unsubscribed"] = "active"
    consent_at: datetime | None = None
    consent_source: str = ""
    cadence: Cadence = "weekly"
    weekday: int | None = None
    """Of weekly letters, 0: Monday; None: as soon as the issue is out."""
    hour: int | None = None
    """0 to 23; None: as soon as the issue is out."""
    topics: tuple[str, ...] = ()
    """Slugs of `steps.sections`; empty: all."""
    groups: tuple[str, ...] = ()
    """Slugs of `steps.perspectives`; empty: all."""
    languages: tuple[str, ...] = ()
    """Of the articles; empty: all."""
    paused_until: datetime | None = None
    """End of a pause; None while `paused`: until they say so."""


SuppressionReason: TypeAlias = Literal["bounce", "complaint", "operator", "erased"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """What somebody asked for at the form. Nobody is a reader before they confirmed it."""

    id: str
    """Becomes the reader's."""
    address: str
    language: str = "en"
    cadence: Cadence = "weekly"
    asked_at: datetime
    not_before: datetime
    """When to answer it; also the lease of whoever is at it."""
    expires_at: datetime
    """The end of its link; then it is forgotten."""
    attempts: int = 0
    mailed_at: datetime | None = None
    token_hash: str | None = field(default=None, repr=False)
    """`steps.tokens.digest` of the link in the mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A finished letter: RFC 5322 bytes with CRLF, and its envelope."""

    id: str
    sender: str
    recipient: str
    message: bytes


MailState: TypeAlias = Literal[
    "pending", "claimed", "dot", "sent", "deferred", "failed", "uncertain", "suppressed", "held"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem:
    """One letter that waits: `id` is "<period>.<subscriber id>"."""

    id: str
    period: str
    subscriber: Subscriber
    claimed_until: datetime
    """The lease we hold: an answer counts only while nobody has taken the letter since."""
    attempts: int = 0
    first_at: datetime | None = None
    """When it was first tried; None: never."""
    state: MailState = "pending"
    detail: str = ""


class Sent(StrEnum):
    """What one attempt to hand over a letter gave."""

    SENT = "sent"
    LATER = "later"
    NEVER = "never"
    UNCERTAIN = "uncertain"
    """The final dot was sent and no answer came: nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """The answer of the mail server, or what went wrong before one came."""

    result: Sent
    code: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How an attempt changes its outbox row."""

    state: MailState
    attempts: int
    first_at: datetime | None = None
    not_before: datetime | None = None
    detail: str = ""


BounceKind: TypeAlias = Literal["hard", "soft", "unknown", "policy", "delayed", "complaint"]
"""Hard: there is no such mailbox. Soft: it may pass. Unknown: nobody said which. Policy: we or the
letter were refused, which is not the reader's fault. Delayed: it is still under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A report about one letter, which is proven to be ours."""

    letter: str
    kind: BounceKind
    status: str = ""
    """Of RFC 3463, "5.1.1"; empty when none was told."""
    detail: str = ""
    """The far side's words, without addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceEvent:
    """What a mail service reports about one letter: its id, or else the address that it went to."""

    letter: str = ""
    address: str = ""
    kind: BounceKind | None
    """None: it arrived."""
    status: str = ""
    detail: str = ""


class NoBounce(StrEnum):
    """Why a message is none."""

    OTHER = "other"
    AUTO_REPLY = "auto-reply"
    DELIVERED = "delivered"
    UNPROVEN = "unproven"
    """It reports a letter, but nothing in it proves that the letter was ours: it may be forged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFate:
    """One letter that left, and all that was reported about it."""

    letter: str
    at: datetime
    """When it was handed over or given up."""
    kinds: frozenset[BounceKind] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceRecord:
    """A bounce as it was noted."""

    letter: str
    subscriber_id: str
    kind: BounceKind
    status: str
    detail: str
    effect: SuppressionReason | None
    """Why the reader gets no more since then."""
    at: datetime


# ── looking at an installation ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What a web server answered when it was asked for a page's head."""

    status: int = 0
    ahead: timedelta | None = None
    """Its clock minus ours; None: it did not tell."""
    trouble: str = ""
    """Why no answer came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayFacts:
    """The mail server as it introduces itself to somebody who could send."""

    trouble: str = ""
    """Why nobody could."""
    certificate_until: datetime | None = None
    """None: the connection is not encrypted."""
    size_limit: int = 0
    """Bytes of a message; 0: none told."""
    smtputf8: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How an issue went out, as numbers: those in `states` add up to `audience`."""

    audience: int
    """Letters that it was published with."""
    states: Mapping[MailState, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One recipient of one issue."""

    address: str
    state: MailState
    attempts: int
    detail: str = ""
    at: datetime | None = None
    came_back: str = ""
    """Kind and status of the latest report about it, "hard 5.1.1"."""
