"""Letters that came back -> notes, and readers who get no more."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal, TypeAlias

from aggregator.model import (
    Bounce,
    BounceEvent,
    BounceKind,
    Mail,
    NoBounce,
    SendResult,
    Settlement,
    SuppressionReason,
)
from aggregator.ports import Tools
from aggregator.steps import bounces, verp

log = logging.getLogger(__name__)

What: TypeAlias = BounceKind | NoBounce | Literal["known", "stray"]
"""Known: it was noted before. Stray: of a letter that this installation never sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one report was, and whether its reader gets no more since then."""

    what: What
    letter: str = ""
    effect: SuppressionReason | None = None


def returning(tools: Tools, mail: Mail) -> Mail:
    """The letter with a return path of its own, when `bounces.address` is set."""
    address = tools.config.bounces.address
    return (
        replace(mail, sender=verp.return_path(tools.secret, mail.id, address)) if address else mail
    )


def read_mailbox(tools: Tools) -> Counter[What]:
    """Take every message that waits in the mailbox; how many were what.

    Its effect first, its mark afterwards: whatever ends in between, a second reading changes
    nothing. What is no report is flagged for the operator.
    """
    counts: Counter[What] = Counter()
    if tools.open_mailbox is None:
        return counts
    with closing(tools.open_mailbox()) as mailbox:
        for key, message in mailbox.waiting():
            taken = take_message(tools, message)
            mailbox.handled(key, flagged=taken.what in (NoBounce.OTHER, NoBounce.UNPROVEN))
            counts[taken.what] += 1
    if counts:
        log.info("bounces", extra={"read": {str(what): n for what, n in counts.items()}})
    return counts


def take_message(tools: Tools, message: bytes, recipient: str = "") -> Taken:
    """One message, as it came to `recipient` (where that is known)."""
    told = bounces.read(message, tools.secret, recipient)
    if isinstance(told, NoBounce):
        return Taken(what=told)
    return _note(tools, told, sha256(message[: bounces.MOST_BYTES]).hexdigest())


def take_events(tools: Tools, events: Sequence[BounceEvent]) -> tuple[Taken, ...]:
    """What a mail service reports; it is trusted, for it showed the token."""
    return tuple(_event(tools, event) for event in events)


def _event(tools: Tools, event: BounceEvent) -> Taken:
    letter = event.letter or tools.store.letter_to(event.address)
    if letter is None:
        return Taken(what="stray")
    if event.kind is None:
        return Taken(what=NoBounce.DELIVERED, letter=letter)
    bounce = Bounce(letter=letter, kind=event.kind, status=event.status, detail=event.detail)
    return _note(tools, bounce, f"event:{event.detail}")


def refused(tools: Tools, letter: str, result: SendResult, settlement: Settlement) -> None:
    """A letter that was given up while sending is a bounce like any other."""
    if bounce := bounces.at_smtp(letter, result, settlement):
        _note(tools, bounce, "smtp")


def _note(tools: Tools, bounce: Bounce, report: str) -> Taken:
    history = tools.store.fates(bounce.letter)
    if history is None:
        return Taken(what="stray", letter=bounce.letter)
    effect = bounces.effect(bounce, history, tools.config.bounces)
    if not tools.store.note_bounce(bounce, report, effect, tools.clock()):
        return Taken(what="known", letter=bounce.letter)
    told = {"letter": bounce.letter, "kind": bounce.kind, "status": bounce.status, "effect": effect}
    log.info("bounce", extra=told)
    return Taken(what=bounce.kind, letter=bounce.letter, effect=effect)
