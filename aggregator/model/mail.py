"""Readers, letters, and what becomes of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from aggregator.model.issues import Cadence


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
