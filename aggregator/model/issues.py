"""A digest, frozen, and what is held against it before it is mailed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from aggregator.model.library import Coverage, Difference

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

    @property
    def heads(self) -> tuple[IssueStory, ...]:
        """The leading stories and those of the sections; smaller ones are `related` to them."""
        return (*self.top, *(story for part in self.sections for story in part.stories))

    @property
    def told(self) -> tuple[IssueStory, ...]:
        """All of these, each followed by the smaller ones."""
        return tuple(told for story in self.heads for told in (story, *story.related))


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
