"""A rendered issue and its reader -> a finished letter. Every byte of it is decided here.

What all readers get alike is coded once (`letter`), what is one reader's own is put in for each
(`made_out`): with `email.message` a letter took 6 ms, and a List-Unsubscribe of more than 78
characters became an encoded-word, which no mail client follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from hashlib import sha256
from urllib.parse import urlsplit

from aggregator.model import Issue, Mail, Subscriber
from aggregator.render.mail import PREFERENCES, UNSUBSCRIBE, Body
from aggregator.render.mime import bare_address, line, named, words
from aggregator.render.safe import shown
from aggregator.render.stencil import Stencil, stencil
from aggregator.rules import MailRules, Site
from aggregator.steps import dkim

_GAPS = {"unsubscribe": UNSUBSCRIBE, "preferences": PREFERENCES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One issue as a letter in which only a reader's own words are missing."""

    period: str
    sender: str
    """The address in From."""
    headers: tuple[dkim.Header, ...]
    """Those that all readers get alike."""
    boundary: str
    text: Stencil
    html: Stencil
    signer: dkim.Signer | None


def letter(
    issue: Issue, made: Body, *, site: Site, mail: MailRules, signer: dkim.Signer | None = None
) -> Letter:
    """The letter of all readers for whom `made` was rendered."""
    sender, period = address(site, mail), issue.period
    host = sender.rpartition("@")[2]
    boundary = f"=_{sha256(period.name.encode()).hexdigest()[:32]}"
    headers = [
        ("From", named("From", mail.sender_name or site.title, sender)),
        ("Subject", words("Subject", shown(made.subject, 200))),
        ("Date", format_datetime(issue.composed_at)),
        ("List-Id", named("List-Id", site.title, f"digest.{host}")),
        ("List-Archive", f"<{site.url}/digests/>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Feedback-ID", f"{period.name}:digest:{period.cadence}:{host.replace('.', '-')}"),
        ("Precedence", "bulk"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'),
    ]
    if mail.reply_to:
        headers.insert(1, ("Reply-To", f"<{line(mail.reply_to)}>"))
    return Letter(
        period=period.name,
        sender=sender,
        headers=tuple(headers),
        boundary=boundary,
        text=stencil(made.text, _GAPS, between=r"\s"),
        html=stencil(made.html, _GAPS, between='"<>'),
        signer=signer,
    )


def made_out(
    letter: Letter,
    subscriber: Subscriber,
    *,
    unsubscribe: str,
    preferences: str,
) -> Mail:
    """The letter of one reader; the same values give the same bytes.

    `unsubscribe`, `preferences`: URLs of their own.
    """
    mail_id = f"{letter.period}.{subscriber.id}"
    host = letter.sender.rpartition("@")[2]
    headers: list[dkim.Header] = [
        *letter.headers,
        ("To", f"<{bare_address(subscriber.address)}>"),
        ("Message-ID", f"<{mail_id}@{host}>"),
        ("List-Unsubscribe", f"<{unsubscribe}>,\r\n <mailto:{letter.sender}?subject=unsubscribe>"),
    ]
    links = {"unsubscribe": unsubscribe, "preferences": preferences}
    parts = [
        part
        for kind, coded in (("plain", letter.text), ("html", letter.html))
        for part in (_head(kind, coded, letter.boundary), coded.fill(links), b"\r\n")
    ]
    body = b"".join([*parts, f"--{letter.boundary}--\r\n".encode()])
    if letter.signer:
        # The body is its own relaxed form: see `stencil`.
        headers.insert(0, dkim.signature(headers, sha256(body).digest(), letter.signer))
    return Mail(
        id=mail_id,
        sender=letter.sender,
        recipient=subscriber.address,
        message=_written(headers) + b"\r\n" + body,
    )


def address(site: Site, mail: MailRules) -> str:
    """The address in From."""
    if mail.sender:
        return bare_address(mail.sender)
    host = urlsplit(site.url).hostname or "localhost"
    return f"digest@{host if any(c.isalpha() for c in host) and ':' not in host else 'localhost'}"


def _head(kind: str, coded: Stencil, boundary: str) -> bytes:
    return (
        f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {coded.coding}\r\n\r\n"
    ).encode()


def _written(headers: Sequence[dkim.Header]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode()
