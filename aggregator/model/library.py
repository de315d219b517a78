"""Articles as they are kept, and the stories that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from aggregator.model.articles import Article, Judged, Judgement
from aggregator.model.feeds import Feed, FeedState

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
