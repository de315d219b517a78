"""What the operator decides, as values: the sections of feeds.yaml, with their defaults.

Each class is both the schema of its section (so `aggregator config schema` shows these very
descriptions in an editor) and the value that steps, jobs and views receive.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    WithJsonSchema,
    model_validator,
)

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return timedelta(seconds=value)
    if isinstance(value, str) and (found := re.fullmatch(r"(\d+)\s*([smhdw])", value.strip())):
        return timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    raise ValueError('expected a duration such as "90s", "15m", "1h", "10d"')


def _zone(value: Any) -> Any:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise ValueError('expected a time zone such as "Asia/Seoul" or "UTC"') from None
    return value


def _cron(value: Any) -> Any:
    try:
        CronSim(value, datetime(2026, 1, 1))  # noqa: DTZ001 - only the syntax is checked here
    except (CronSimError, AttributeError, TypeError):
        raise ValueError(
            "expected a cron line of five fields (minute hour day month weekday) "
            'such as "0 7 * * mon"'
        ) from None
    return value


def _http_url(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s/?#]+\S*", value, re.I):
        raise ValueError('expected a URL that starts with "http://" or "https://"')
    return value


def _hub(value: Any) -> Any:
    """Readers see it, and it stands between angle brackets in a header."""
    if value != "" and not re.fullmatch(r"(?i:https?)://[0-9A-Za-z\[][!-;=?A-~]*", str(value)):
        raise ValueError(
            'expected a URL that starts with "http://" or "https://", in ASCII and without password'
        )
    return value


def _mailbox_address(value: Any) -> Any:
    """Its name leaves room for a letter's id and its proof (64 octets, RFC 5321)."""
    if value != "" and not re.fullmatch(r"[\w.-]{1,19}@[^\s@<>]+\.[^\s@<>]+", str(value), re.A):
        raise ValueError(
            "expected an address such as bounces@example.org, with at most 19 letters, digits, "
            '".", "_" or "-" before the "@"'
        )
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": r"^\d+\s*[smhdw]$"}, {"type": "integer"}]}
    ),
]
Zone = Annotated[str, BeforeValidator(_zone), WithJsonSchema({"type": "string"})]
Cron = Annotated[str, BeforeValidator(_cron), WithJsonSchema({"type": "string"})]
HttpUrl = Annotated[
    str, BeforeValidator(_http_url), WithJsonSchema({"type": "string", "format": "uri"})
]
MailboxAddress = Annotated[
    str, BeforeValidator(_mailbox_address), WithJsonSchema({"type": "string"})
]
HubUrl = Annotated[str, BeforeValidator(_hub), WithJsonSchema({"type": "string"})]


class Rules(BaseModel):
    """A section: frozen, and unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Site(Rules):
    """How the product presents itself."""

    title: str = Field("Korea Diplomacy Digest", min_length=1, max_length=120)
    """Name of the site, the feeds and the letter."""
    url: HttpUrl = "http://127.0.0.1:8080"
    """Public address, without a slash at the end. Ids of entries and links in mail rest on it."""
    description: str = "How each capital reports Korea diplomacy, gathered from public feeds."
    timezone: Zone = "Asia/Seoul"
    """Zone in which pages and letters show times."""
    language: str = Field("en", pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")
    """Language of the pages when the reader's browser asks for none that the site speaks."""
    contact: str = ""
    """Address of the operator, shown to readers and in the User-Agent."""
    hub: HubUrl = ""
    """A WebSub hub that is told when our feeds change and tells their readers."""


class Polling(Rules):
    """When and how publishers are asked."""

    every: Duration = timedelta(hours=1)
    """Interval of a feed until its own rhythm is known."""
    fastest: Duration = timedelta(minutes=5)
    """No feed is asked more often than this."""
    slowest: Duration = timedelta(hours=24)
    """No feed waits longer than this, failing ones included."""
    host_gap: Duration | None = None
    """Pause between two requests to one host. Default: 5s, none for this machine itself."""
    concurrency: int = Field(20, ge=1, le=200)
    """Hosts that are asked at the same time."""
    connect_timeout: Duration = timedelta(seconds=10)
    deadline: Duration = timedelta(seconds=60)
    """A visit that takes longer in total is given up."""
    parse_deadline: Duration = timedelta(seconds=30)
    """A document that takes longer to parse is given up and its worker process killed."""
    max_bytes: int = Field(15_000_000, ge=10_000)
    """A body larger than this, after decompression, is given up."""
    max_entries: int = Field(10_000, ge=1)
    """Of a longer document only so many entries are read."""
    allow_private_networks: bool = False
    """Allow feeds on loopback and private addresses (tests, intranets)."""
    websub: bool = True
    """Let feeds that name a hub be pushed to us; only while site.url is a public address."""
    user_agent: str = ""
    """Default: korea-diplomacy-digest/VERSION (+SITE URL; N subscribers)."""


class Relevance(Rules):
    """Which articles belong to the digest."""

    threshold: float = Field(1.0, ge=0)
    """Score from which an article is relevant."""
    exclude_genres: tuple[str, ...] = ("g-weather", "g-notice", "g-photo-video")
    """Genres that never qualify an article of a korea-specific feed by themselves."""


class TagRules(Rules):
    """Tags of the operator's own, beside the shipped taxonomy."""

    files: tuple[str, ...] = ()
    """Further taxonomy files, relative to feeds.yaml; a slug that exists is replaced."""
    off: tuple[str, ...] = ()
    """Slugs of shipped tags that shall not be used."""


class Clustering(Rules):
    """How articles of one event become a story."""

    window: Duration = timedelta(days=5)
    """An article joins a story only when it is this near to one of its members."""
    longest: Duration = timedelta(days=14)
    """From a story's first report to its last; what comes later opens another story."""
    join: float = Field(0.33, gt=0, lt=1)
    """Probability (0 to 1) from which articles in one language are one story."""
    across: float = Field(0.4, gt=0, lt=1)
    """Probability (0 to 1) from which articles in two languages are one story."""
    copy_at: float = Field(0.45, alias="copy", gt=0, lt=1)
    """Probability (0 to 1) from which two texts are copies of one article."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True
    )


class Digest(Rules):
    """The issue of the week, and that of the day for readers who want one."""

    enabled: bool = True
    schedule: Cron = "0 7 * * mon"
    """When the issue about the last whole week (Monday to Sunday) goes out."""
    daily: Cron = "0 7 * * *"
    """When the issue about the last whole day goes out, while anybody gets it."""
    timezone: Zone = "Asia/Seoul"
    """Zone of the schedules and of the borders of weeks and days."""
    backlog: Duration = timedelta(days=10)
    """An article published longer than this before we first saw it is archive, not news."""
    expires: Duration = timedelta(days=3)
    """A letter this late (after a long outage) is held: the operator releases or drops it."""
    stories: int = Field(40, ge=1, le=200)
    """Most stories in one issue; the rest stays on the site."""
    look: bool = True
    """Let SpamAssassin and Chromium, where they are installed, look at an issue before it goes."""


def _colour(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError('expected a colour such as "#17555b"')
    return value.lower()


Colour = Annotated[
    str, BeforeValidator(_colour), WithJsonSchema({"type": "string", "pattern": "^#[0-9a-f]{6}$"})
]

READABLE = 4.5
"""Contrast of text that everybody can read (WCAG 2.2, 1.4.3)."""


def contrast(one: str, other: str) -> float:
    """1 to 21: how far two colours ("#rrggbb") stand apart, as WCAG 2.2 measures it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        ]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Colours(Rules):
    """The colours of the letter. Each text must stand out from its ground by 4.5 : 1."""

    page: Colour = "#f4f2ec"
    """Around the sheet."""
    sheet: Colour = "#fdfcf9"
    ink: Colour = "#1c1d22"
    muted: Colour = "#55585f"
    """Sources, times, notes."""
    accent: Colour = "#17555b"
    """Links and numbers; the ground of who was first."""
    on_accent: Colour = "#ffffff"
    tint: Colour = "#d9e7e4"
    """The ground of who reports."""
    on_tint: Colour = "#12393d"
    quote: Colour = "#9c3b2e"
    """The line beside a quotation."""

    @model_validator(mode="after")
    def _readable(self) -> Colours:
        for text, ground in (
            ("ink", "sheet"),
            ("muted", "sheet"),
            ("accent", "sheet"),
            ("on_accent", "accent"),
            ("on_tint", "tint"),
        ):
            found = contrast(getattr(self, text), getattr(self, ground))
            if found < READABLE:
                raise ValueError(
                    f"{text} on {ground} has a contrast of {found:.1f} : 1, and needs {READABLE}"
                )
        return self


class Theme(Rules):
    """How the letter looks and who sends it: theme.yaml."""

    name: str = Field("", max_length=120)
    """Name of the digest. Default: site.title."""
    sender: str = ""
    """Address in From. Default: mail.sender."""
    sender_name: str = Field("", max_length=120)
    """Name in From. Default: mail.sender_name, else the name."""
    logo: HttpUrl | None = None
    """A picture on top (PNG or JPEG: Outlook shows no SVG or WebP)."""
    logo_width: int = Field(160, ge=16, le=600)
    """In pixels, as it is shown."""
    font: Literal["serif", "sans"] = "serif"
    light: Colours = Colours()
    dark: Colours = Colours(
        page="#0e1113",
        sheet="#15191c",
        ink="#e9e7e1",
        muted="#a9adb3",
        accent="#86cdc6",
        on_accent="#08282b",
        tint="#1f3d40",
        on_tint="#d4ece9",
        quote="#d98273",
    )


def _domain(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-z-]+(\.[0-9a-z-]+)+", value):
        raise ValueError("expected a domain in lower case such as gmail.com")
    return value


Domain = Annotated[str, BeforeValidator(_domain)]


class MailRules(Rules):
    """How letters leave. Without `url` they are written to DATA/outbox as .eml files."""

    url: SecretStr = SecretStr("")
    """smtp://user:password@host:587 (STARTTLS), smtps://… (TLS), maildir:DIR or file:DIR.

    Better kept out of the file: AGGREGATOR_SMTP_URL."""
    sender: str = ""
    """Address in From. Default: digest@ and the host of site.url."""
    sender_name: str = ""
    """Name in From. Default: site.title."""
    reply_to: str = ""
    postal_address: str = ""
    """Shown in the footer; bulk mail must name one in many countries."""
    tls: Literal["require", "if-offered", "off"] = "require"
    """Without TLS only to a relay on this machine."""
    connections: int = Field(4, ge=1, le=20)
    retry_for: Duration = timedelta(days=5)
    """How long a letter that the server puts off is tried again."""
    rate: float | None = Field(None, gt=0)
    """Letters a second, all connections together. Default: as many as the server takes."""
    domain_rate: dict[Domain, Annotated[float, Field(gt=0)]] = {}
    """Letters a second to one receiving domain, as in {gmail.com: 2}."""
    dkim_selector: str = Field("", pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$")
    """Name of the DKIM key in DNS; the key itself stands in AGGREGATOR_DKIM_KEY."""


class Bounces(Rules):
    """What becomes of letters that come back."""

    address: MailboxAddress = ""
    """Letters bear it as return path, each with a mark of its own. Empty: the sender's address."""
    mailbox: SecretStr = SecretStr("")
    """Where they come back to: imaps://user:password@host/INBOX or maildir:PATH.

    Better kept out of the file: AGGREGATOR_BOUNCES_URL."""
    hook_token: SecretStr = SecretStr("")
    """Opens POST /hooks/bounces to a mail service; without it that address does not exist.

    Better kept out of the file: AGGREGATOR_HOOK_TOKEN."""
    every: Duration = timedelta(minutes=5)
    """How often the mailbox is read."""
    soft_limit: int = Field(5, ge=1, le=100)
    """After so many letters in a row that came back for a passing reason a reader gets no more,"""
    soft_span: Duration = timedelta(days=14)
    """if they went out over at least this time."""


class SubscribeRules(Rules):
    """The form at /subscribe, where readers ask for the digest."""

    enabled: bool = True
    """false: readers come by `aggregator subscribers` only."""
    valid_for: Duration = timedelta(hours=48)
    """How long the link in a confirmation mail works; what is not confirmed by then is deleted."""
    per_client: int = Field(5, ge=1)
    """Most sign-ups an hour from one network address (of IPv6: one /64)."""
    per_address: int = Field(3, ge=1)
    """Most confirmation mails a day to one mail address."""
    per_hour: int = Field(200, ge=1)
    """Most sign-ups an hour from everybody together."""


class Storage(Rules):
    """Where things are kept."""

    database_url: SecretStr = SecretStr("")
    """Default: SQLite in the data folder. postgresql://user:password@host/name for PostgreSQL."""
    window: Duration = timedelta(days=400)
    """How long the pages go back on the front page's lists; nothing is deleted."""


class FeedEntry(Rules):
    """One feed."""

    url: HttpUrl
    title: str = Field(min_length=1, max_length=200)
    id: str = Field("", pattern=r"^([a-z0-9][a-z0-9-]{0,63})?$")
    """Short stable name (a-z, 0-9, -). Default: made from the URL."""
    site: str = ""
    """Address of the publisher's pages."""
    publisher: str = ""
    country: str = ""
    perspective: Literal[
        "dprk-state",
        "dprk-aligned",
        "rok-gov",
        "rok-wire",
        "rok-press-right",
        "rok-press-centre",
        "rok-press-left",
        "us-gov",
        "us-gov-media",
        "us-press",
        "think-tank",
        "nk-specialist",
        "japan-gov",
        "japan-public",
        "japan-wire",
        "japan-press-left",
        "japan-press-centre",
        "japan-press-right",
        "china-state",
        "china-hk-press",
        "taiwan-press",
        "russia-state",
        "russia-press",
        "russia-press-independent",
        "un-iaea",
        "other-gov",
        "intl-press",
        "regional",
        "aggregator",
        "unclassified",
    ] = "unclassified"
    """Who speaks here. Never inferred from a text."""
    language: str = Field("", pattern=r"^([a-z]{2,3}(-[A-Za-z]{2,4})?)?$")
    """Language of most items: en, ko, ja, zh, ru."""
    kind: Literal["news", "analysis", "official", "state-media"] = "news"
    scope: Literal["korea-specific", "section", "general"] = "general"
    """korea-specific: every item counts unless it is weather, a notice or a photo."""
    rights: Literal["title", "snippet", "full"] = "snippet"
    """What of the text may be shown again."""
    tags: tuple[str, ...] = ()
    """Tags that every item of this feed gets."""
    every: Duration | None = None
    """Fixed interval instead of the learnt one."""
    cache: bool = True
    """false: ask without ETag and Last-Modified (for servers that lie)."""
    enabled: bool = True


class Configuration(Rules):
    """feeds.yaml: what the Korea Diplomacy Digest reads and how it behaves."""

    site: Site = Site()
    polling: Polling = Polling()
    relevance: Relevance = Relevance()
    tags: TagRules = TagRules()
    stories: Clustering = Clustering()
    digest: Digest = Digest()
    mail: MailRules = MailRules()
    bounces: Bounces = Bounces()
    subscribe: SubscribeRules = SubscribeRules()
    storage: Storage = Storage()
    feeds: tuple[FeedEntry, ...] = ()
