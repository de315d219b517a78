"""Facts about an installation -> findings: what is well, what is not, and what to do.

What concerns DNS is judged in `domain`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from aggregator.model import BounceRecord, Reached, RelayFacts

State: TypeAlias = Literal["ok", "warning", "failed", "unchecked"]

LEAST_DISK = 500_000_000
MOST_CLOCK_ERROR = timedelta(seconds=60)
"""A letter dated wrongly costs points with spam filters; feeds and weeks are cut on our clock."""
OLD_CLOCK = 2025
LEAST_CERTIFICATE = timedelta(days=7)
LEAST_SIZE = 150_000
"""A letter has up to 100,000 bytes of HTML before it is coded."""
RECENT = timedelta(days=10)
_SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `advice` says what to do, unless all is well."""

    what: str
    state: State
    found: str
    advice: str = ""


def unchecked(what: str, why: str) -> Finding:
    """It could not be looked at, which says nothing of it."""
    return Finding(what=what, state="unchecked", found=f"not checked: {why}")


# ── this machine ─────────────────────────────────────────────────────────────────────────────────


def disk(folder: str, free: int, trouble: str) -> Finding:
    """`free`: bytes. `trouble`: why nothing can be written there, or nothing."""
    if trouble:
        return Finding(
            what="data folder",
            state="failed",
            found=f"{folder}: {trouble}",
            advice="make it writable for this user, or choose another with --data",
        )
    if free < LEAST_DISK:
        return Finding(
            what="data folder",
            state="warning",
            found=f"{folder}: only {free // 1_000_000} MB free",
            advice="free some space: a full disk stops polling",
        )
    return Finding(
        what="data folder", state="ok", found=f"{folder}, {free // 1_000_000_000} GB free"
    )


def clock(now: datetime, answers: Sequence[Reached]) -> Finding:
    """Against the Date of what answered: the middle one, for a server's clock may be wrong too."""
    shown = f"{now:%Y-%m-%d %H:%M} UTC"
    advice = "the clock of this machine is wrong: turn on time synchronisation (NTP)"
    if now.year < OLD_CLOCK:
        return Finding(what="clock", state="failed", found=shown, advice=advice)
    ahead = [each.ahead for each in answers if each.ahead is not None]
    if not ahead:
        return unchecked("clock", f"{shown}; no server told its time")
    off = median_low(ahead)
    seconds = f"{abs(off) // timedelta(seconds=1)} s {'behind' if off > timedelta() else 'ahead'}"
    if abs(off) > MOST_CLOCK_ERROR:
        return Finding(what="clock", state="warning", found=f"{shown}, {seconds}", advice=advice)
    return Finding(what="clock", state="ok", found=f"{shown}, right to the minute")


def secret(text: str, where: str, *, readable_by_others: bool = False) -> Finding:
    """The key of links and return paths. `text` empty: none is made yet."""
    if not text:
        return Finding(what="secret", state="ok", found="made at the first start")
    if len(set(text)) < _SHORTEST_SECRET // 2 or any(
        word in text.lower() for word in ("change", "secret", "password", "example", "12345")
    ):
        return Finding(
            what="secret",
            state="failed",
            found=f"{where}: it can be guessed",
            advice="`openssl rand -hex 32` makes a good one; links in letters already sent end",
        )
    if readable_by_others:
        return Finding(
            what="secret",
            state="warning",
            found=f"{where}: other users of this machine can read it",
            advice=f"chmod 600 {where}",
        )
    return Finding(what="secret", state="ok", found=where)


# ── the site ─────────────────────────────────────────────────────────────────────────────────────


def site(url: str, answer: Reached | None) -> Finding:
    """Whether readers can open what letters link to."""
    parts = urlsplit(url)
    if parts.hostname in ("localhost", "127.0.0.1", "::1"):
        return Finding(
            what="site",
            state="warning",
            found=f"{url}: links in letters lead to the reader's own machine",
            advice="set site.url (AGGREGATOR_SITE_URL) to the public address",
        )
    if answer is None:
        return unchecked("site", f"{url} gave no answer in time")
    if answer.trouble:
        return Finding(
            what="site",
            state="failed",
            found=f"{url}: {answer.trouble}",
            advice="the address must lead to this program, mostly through a reverse proxy",
        )
    if answer.status >= 400:
        return Finding(
            what="site",
            state="failed",
            found=f"{url} answers {answer.status}",
            advice="is the program running, and does the proxy pass requests on to it?",
        )
    if parts.scheme != "https":
        return Finding(
            what="site",
            state="failed",
            found=f"{url} has no TLS",
            advice="one-click unsubscribing needs https (RFC 8058): put it behind a proxy with TLS",
        )
    return Finding(what="site", state="ok", found=f"{url} answers {answer.status}")


def hub(url: str, answer: Reached | None) -> Finding:
    """The hub that is told of our feeds."""
    if answer is None:
        return unchecked("hub", f"{url} gave no answer in time")
    if answer.trouble or answer.status >= 500:
        return Finding(
            what="hub",
            state="warning",
            found=f"{url}: {answer.trouble or f'answers {answer.status}'}",
            advice="readers that subscribed there get news late; see site.hub",
        )
    return Finding(what="hub", state="ok", found=f"{url} answers")


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────


def relay(place: str, facts: RelayFacts | None, now: datetime) -> Finding:
    """The mail server that takes our letters."""
    if facts is None:
        return unchecked("mail", f"{place} gave no answer in time")
    if facts.trouble:
        return Finding(
            what="mail",
            state="failed",
            found=facts.trouble,
            advice="check host, port, user and password in AGGREGATOR_SMTP_URL, and the firewall",
        )
    if facts.size_limit and facts.size_limit < LEAST_SIZE:
        return Finding(
            what="mail",
            state="failed",
            found=f"{place} takes no letters of more than {facts.size_limit:,} bytes",
            advice=f"raise its limit to {LEAST_SIZE:,} at least (Postfix: message_size_limit)",
        )
    until = facts.certificate_until
    left = None if until is None else until - now
    if left is not None and left < LEAST_CERTIFICATE:
        return Finding(
            what="mail",
            state="warning",
            found=f"{place}: its certificate ends in {max(left.days, 0)} days",
            advice="renew it: from then on no letter leaves",
        )
    told = [
        f"{place} takes letters",
        f"TLS, certificate for {left.days} days" if left is not None else "without TLS",
        *([] if facts.smtputf8 else ["no SMTPUTF8: addresses in ASCII only"]),
    ]
    return Finding(what="mail", state="ok", found=", ".join(told))


def refusals(records: Sequence[BounceRecord], now: datetime) -> Finding | None:
    """What mail servers hold against us; None when nothing was refused lately."""
    recent = [each for each in records if each.kind == "policy" and now - each.at < RECENT]
    if not recent:
        return None
    words = next((each.detail for each in recent if each.detail), "no reason given")
    return Finding(
        what="refusals",
        state="warning",
        found=f"{len(recent)} letters were refused for what we are or send, the last: {words}",
        advice="`aggregator bounces list` shows them; no reader is to blame",
    )


def mailbox(configured: bool, address: str, trouble: str | None) -> Finding:
    """Whether what comes back is read. `trouble` None: no answer in time."""
    if not configured:
        return Finding(
            what="bounces",
            state="warning",
            found="letters that come back are not read"
            + ("" if address else ", and have no return path of their own"),
            advice="see docs/deliverability.md: bounces.address and AGGREGATOR_BOUNCES_URL",
        )
    if trouble is None:
        return unchecked("bounces", "the mailbox gave no answer in time")
    if trouble:
        return Finding(
            what="bounces",
            state="failed",
            found=trouble,
            advice="check AGGREGATOR_BOUNCES_URL: until then nobody is taken off the list",
        )
    return Finding(what="bounces", state="ok", found="the mailbox can be read")
