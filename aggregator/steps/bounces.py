"""Message in the mailbox -> which letter came back and why -> what that means for its reader.

The only module that knows flufl.bounce, which is asked when a server keeps to no standard.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from email.message import Message
from itertools import islice
from typing import TypeAlias

from flufl.bounce import all_failures

from aggregator.model import (
    Bounce,
    BounceKind,
    LetterFate,
    NoBounce,
    SendResult,
    Settlement,
    SuppressionReason,
)
from aggregator.rules import Bounces
from aggregator.steps import tokens, verp

MOST_BYTES = 1_000_000
"""Of a message; what a server says comes before the letter that it returns."""
_MOST_PARTS = 200
_MOST_TEXT = 20_000
_MOST_HEURISTIC = 60_000

Part: TypeAlias = "Message[str, str]"


def read(message: bytes, secret: bytes, recipient: str = "") -> Bounce | NoBounce:
    """What a message reports. Never raises for what it holds.

    `recipient`: the address that it came to, where the mail server tells that apart from To.
    """
    try:
        parts = tuple(islice(email.message_from_bytes(message[:MOST_BYTES]).walk(), _MOST_PARTS))
        told = _told(parts) or _by_heuristics(message, parts)
        if isinstance(told, NoBounce):
            return told
        letter = _letter(secret, [("", recipient), *_headers(parts)])
    except Exception:
        # The standard library answers some malformed messages with bare errors (RecursionError,
        # LookupError of a charset, AttributeError, …), and anybody may write to this address.
        return NoBounce.OTHER
    if letter is None:
        return NoBounce.UNPROVEN
    return Bounce(letter=letter, kind=told.kind, status=told.status, detail=told.detail)


@dataclass(frozen=True, slots=True)
class _Told:
    kind: BounceKind
    status: str = ""
    detail: str = ""


def _told(parts: Sequence[Part]) -> _Told | NoBounce | None:
    """What a report that keeps to a standard says, whoever wrote it; None: it is none."""
    by_type = {part.get_content_type(): part for part in reversed(parts)}
    if report := by_type.get("message/feedback-report"):
        return _complaint(report)
    for kind in ("message/delivery-status", "message/global-delivery-status"):
        if kind in by_type:
            return _delivery_status(by_type[kind])
    return None


# ── what it says ─────────────────────────────────────────────────────────────────────────────────


def _complaint(report: Part) -> _Told | NoBounce:
    """RFC 5965. Reports of other types (not-spam, auth-failure) are no complaint."""
    enclosed = report.get_payload()
    fields = enclosed[0] if isinstance(enclosed, list) else report
    assert isinstance(fields, Message)
    kind = _field(fields, "Feedback-Type").lower()
    if kind not in ("abuse", "fraud", "opt-out", "other"):
        return NoBounce.OTHER
    return _Told("complaint", "", said(f"{kind}, {_field(fields, 'User-Agent')}"))


def _delivery_status(report: Part) -> _Told | NoBounce:
    """RFC 3464. Of several recipients (an alias of theirs) the one that fared worst."""
    found = [told for group in _groups(report) if (told := _recipient(group))]
    failed = [told for told in found if isinstance(told, _Told)]
    failed.sort(key=lambda told: _WORST_FIRST.index(told.kind))
    return next(iter(failed or found), NoBounce.OTHER)


_WORST_FIRST: tuple[BounceKind, ...] = ("hard", "unknown", "soft", "policy", "delayed")


def _groups(report: Part) -> Iterator[Part]:
    """The blocks of fields; of the international form the library knows only the first."""
    for group in report.get_payload() if report.is_multipart() else ():
        assert isinstance(group, Message)
        yield group
        if not group.is_multipart():
            for text in re.split(r"\r?\n\r?\n", _text(group)):
                yield email.message_from_string(text)


def _recipient(group: Part) -> _Told | NoBounce | None:
    action = _field(group, "Action").lower()
    status, diagnostic = _field(group, "Status"), _field(group, "Diagnostic-Code")
    if not action and not status:
        return None
    if action.startswith(("delivered", "relayed", "expanded")) or status.startswith("2"):
        return NoBounce.DELIVERED
    if action.startswith("delayed") or (not action and status.startswith("4")):
        return _Told("delayed", _status(status), said(diagnostic))
    return _failed(status, diagnostic)


def _failed(status: str, words: str) -> _Told:
    """Many servers say 5.0.0, and what they mean in the diagnostic."""
    given, within = _status(status), _status(words)
    exact = within if within and (not given or given.endswith(".0.0")) else given
    kind = of_status(exact) if exact else "unknown"
    return _Told(of_reply(words) if kind == "unknown" else kind, exact, said(words))


def _by_heuristics(message: bytes, parts: Sequence[Part]) -> _Told | NoBounce:
    """A message without a report: from a mail system, or from somebody who is on holiday?"""
    top = parts[0]
    sender = _field(top, "From").lower()
    system = bool(
        re.search(r"\b(mailer-daemon|postmaster|mail delivery|system administrator)", sender)
        or top["X-Failed-Recipients"]
    )
    answers = bool(
        _field(top, "Auto-Submitted").lower().startswith("auto-replied")
        or _field(top, "Precedence").lower() == "auto_reply"
        or top["X-Autoreply"]
        or top["X-Autorespond"]
    )
    if answers and not system:
        return NoBounce.AUTO_REPLY
    if not system and _field(top, "Return-Path") != "<>":
        return NoBounce.OTHER
    passing, lasting = all_failures(email.message_from_bytes(_bounded(message)))
    if not passing and not lasting:
        return NoBounce.AUTO_REPLY if answers else NoBounce.OTHER
    words = _explanation(parts)
    if not lasting:
        return _Told("delayed", _status(words), said(words))
    told = _failed("", words)
    return _Told(told.kind, told.status, _around(words, told.status))


def _bounded(message: bytes) -> bytes:
    """The patterns of flufl.bounce take time by the square of a line's length."""
    return b"\n".join(line[:500] for line in message[:_MOST_HEURISTIC].splitlines())


def _explanation(parts: Iterable[Part]) -> str:
    """The first text, without the letter that is returned beneath it."""
    text = next((_text(p) for p in parts if p.get_content_maintype() == "text"), "")
    return re.split(r"(?im)^-{2,}.*|^(?:Received|Return-Path): ", text, maxsplit=1)[0]


def _around(words: str, status: str) -> str:
    """The line with the status, else the last that says something."""
    lines = [line for line in words.splitlines() if line.strip()]
    return said(next((line for line in lines if status and status in line), "".join(lines[-1:])))


# ── what it means ────────────────────────────────────────────────────────────────────────────────

_NO_MAILBOX = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
_OUR_FAULT = frozenset({"1.7", "1.8", "2.3", "3.4"})
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\d|\.\d)")
_REFUSES_US = re.compile(
    r"spam|block|\blisted|black ?list|policy|reputation|\brate\b|\bspf\b|dkim|dmarc|relay", re.I
)


def of_status(status: str) -> BounceKind:
    """By the table of RFC 3463 and what servers make of it.

    Hard is only what says that no such mailbox exists: bad mailbox or domain, syntax, moved, a
    domain without mail (RFC 7505). Mailbox disabled (5.2.1) is counted instead, for Gmail also says
    it to a reader who just gets too much; so is all of 5.2, 5.3 and 5.4. What concerns the sender
    (x.1.7, x.1.8), the size (x.2.3, x.3.4), protocol, content and policy (x.5, x.6, x.7) would
    come from a server for each of its readers: it must not cost us them.
    """
    if status in _NO_MAILBOX:
        return "hard"
    subject = status[2:].partition(".")[0]
    if subject in ("5", "6", "7") or status[2:] in _OUR_FAULT:
        return "policy"
    return "unknown" if subject == "0" and status[0] == "5" else "soft"


def failed(status: str, words: str) -> BounceKind:
    """By both, where a status may be missing or vague."""
    return _failed(status, words).kind


def is_status(text: str) -> bool:
    """Whether it is a status of a failure, such as 5.1.1."""
    return _STATUS.fullmatch(text) is not None


def of_reply(text: str) -> BounceKind:
    """By the words of a server that gives no status, perhaps with a code of RFC 5321."""
    found = re.search(r"(?<![\d.])([45]\d\d)(?![\d.])", text)
    code = found[1] if found else ""
    if code == "556":  # RFC 7504: the domain takes no mail
        return "hard"
    if _REFUSES_US.search(text) or code in ("500", "501", "502", "503", "504", "521", "530", "555"):
        return "policy"
    return "soft" if code[:1] == "4" or code == "552" else "unknown"


def at_smtp(letter: str, result: SendResult, settlement: Settlement) -> Bounce | None:
    """A letter that was given up after the mail server's answer; None when it said nothing."""
    if settlement.state != "failed" or not result.code:
        return None
    told = _failed("", f"{result.code} {result.detail}")
    return Bounce(letter=letter, kind=told.kind, status=told.status, detail=told.detail)


def effect(
    bounce: Bounce, history: Sequence[LetterFate], rules: Bounces
) -> SuppressionReason | None:
    """Whether the reader gets no more letters, and why.

    `history`: their letters that left, the one of `bounce` among them. What may pass counts letters
    that came back one after the other; a letter that did not ends such a row.
    """
    if bounce.kind == "complaint":
        return "complaint"
    if bounce.kind == "hard":
        return "bounce"
    if bounce.kind not in _COUNTED:
        return None
    row = _row(bounce, sorted(history, key=lambda fate: (fate.at, fate.letter)))
    lasting = bool(row) and row[-1].at - row[0].at >= rules.soft_span
    return "bounce" if len(row) >= rules.soft_limit and lasting else None


_COUNTED = frozenset({"hard", "soft", "unknown"})


def _row(bounce: Bounce, history: Iterable[LetterFate]) -> list[LetterFate]:
    """The letters in a row that came back, around the one of `bounce`. Refusals of us do not count
    either way."""
    row: list[LetterFate] = []
    for fate in history:
        if fate.letter == bounce.letter or fate.kinds & _COUNTED:
            row.append(fate)
        elif "policy" not in fate.kinds:
            if any(each.letter == bounce.letter for each in row):
                break
            row = []
    return row if any(each.letter == bounce.letter for each in row) else []


# ── whose letter it is ───────────────────────────────────────────────────────────────────────────

_MESSAGE_ID = re.compile(r"<([0-9w-]+)\.([^<>@\s]+)@", re.I)
_UNSUBSCRIBE = re.compile(r"/unsubscribe/([^\s<>,?]+)")
_IN_TEXT = re.compile(r"(?im)^(return-path|message-id|list-unsubscribe):(.*(?:\r?\n[ \t].*)*)")


def _letter(secret: bytes, headers: Sequence[tuple[str, str]]) -> str | None:
    """By a return path of ours; else by the Message-ID of a letter whose link only we can make."""
    if found := verp.first_letter(secret, (value for _, value in headers)):
        return found
    readers = {
        tokens.subject_of(secret, "unsubscribe", token)
        for name, value in headers
        if name.lower() == "list-unsubscribe"
        for token in _UNSUBSCRIBE.findall(value)
    }
    named = (
        (period, reader)
        for name, value in headers
        if name.lower() == "message-id"
        for period, reader in _MESSAGE_ID.findall(value)
    )
    return next((f"{period}.{reader}" for period, reader in named if reader in readers), None)


def _headers(parts: Iterable[Part]) -> Iterator[tuple[str, str]]:
    """Of the message and of all that it encloses; in a plain text of what looks like a letter."""
    for part in parts:
        for name, value in part.items():
            yield name, str(value)
        if part.get_content_maintype() == "text":
            for found in _IN_TEXT.finditer(_text(part)):
                yield found[1], re.sub(r"\r?\n[ \t]", " ", found[2]).strip()


# ── texts ────────────────────────────────────────────────────────────────────────────────────────


def said(words: str) -> str:
    """At most 300 characters on one line, addresses without their local part."""
    line = " ".join(re.sub(r"^\s*[\w-]+\s*;", "", words[:1000]).split())
    return re.sub(r"[^\s<>@\"'(),;:]+@", "…@", line)[:300].strip(" ,")


def _status(text: str) -> str:
    found = _STATUS.search(text)
    return found[0] if found else ""


def _field(part: Part, name: str) -> str:
    return " ".join(str(part.get(name, "")).split())


def _text(part: Part) -> str:
    raw = part.get_payload(decode=True)
    return raw[:_MOST_TEXT].decode("utf-8", "replace") if isinstance(raw, bytes) else ""
