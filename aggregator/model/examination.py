"""What `aggregator doctor` finds out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.model.mail import MailState


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
