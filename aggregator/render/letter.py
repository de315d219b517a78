"""A rendered issue and its reader -> a finished letter. Every byte of it is decided here.

The headers are written by hand: `email.message` turns a List-Unsubscribe of more than 78 characters
into an encoded-word, which no mail client follows.
"""

from __future__ import annotations

import base64
import hashlib
import quopri
from email.header import Header
from email.utils import format_datetime, quote
from urllib.parse import urlsplit

from aggregator.model import Issue, Mail, Subscriber
from aggregator.render.mail import Body
from aggregator.render.safe import shown
from aggregator.rules import MailRules, Site


def letter(
    issue: Issue, made: Body, subscriber: Subscriber, *, site: Site, mail: MailRules, token: str
) -> Mail:
    """The letter of one reader; the same values give the same bytes. `token` opens their links."""
    sender = address(site, mail)
    host = sender.rpartition("@")[2]
    mail_id = f"{issue.period.name}.{subscriber.id}"
    unsubscribe = f"{site.url}/unsubscribe/{token}"
    own = made.personal(unsubscribe)
    boundary = f"=_{hashlib.sha256(mail_id.encode()).hexdigest()[:32]}"
    headers = [
        ("From", f"{_phrase('From', mail.sender_name or site.title)} <{sender}>"),
        ("To", f"<{_line(subscriber.address)}>"),
        ("Subject", _words("Subject", shown(issue.subject, 200))),
        ("Date", format_datetime(issue.composed_at)),
        ("Message-ID", f"<{mail_id}@{host}>"),
        ("List-Id", f"{_phrase('List-Id', site.title)} <digest.{host}>"),
        ("List-Archive", f"<{site.url}/digests/>"),
        ("List-Unsubscribe", f"<{unsubscribe}>,\r\n <mailto:{sender}?subject=unsubscribe>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("Feedback-ID", f"{issue.period.name}:digest:weekly:{host.replace('.', '-')}"),
        ("Precedence", "bulk"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'),
    ]
    if mail.reply_to:
        headers.insert(2, ("Reply-To", f"<{_line(mail.reply_to)}>"))
    parts = [_part("text/plain", own.text, boundary), _part("text/html", own.html, boundary)]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    message = head.encode() + b"\r\n" + b"".join(parts) + f"--{boundary}--\r\n".encode()
    return Mail(id=mail_id, sender=sender, recipient=subscriber.address, message=message)


def address(site: Site, mail: MailRules) -> str:
    """The address in From."""
    if mail.sender:
        return _line(mail.sender)
    host = urlsplit(site.url).hostname or "localhost"
    return f"digest@{host if any(c.isalpha() for c in host) and ':' not in host else 'localhost'}"


# ── MIME ─────────────────────────────────────────────────────────────────────────────────────────


def _part(media_type: str, text: str, boundary: str) -> bytes:
    """One part, in whichever coding is shorter: Korean is, in base64."""
    raw = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode()
    in_base64 = base64.encodebytes(raw)
    # RFC 2045 section 6.7: "From " and a lone dot at a line's start are changed on the way.
    quoted = quopri.encodestring(raw.replace(b"\r\n", b"\n"))
    coding, coded = (
        ("base64", in_base64) if len(in_base64) <= len(quoted) else ("quoted-printable", quoted)
    )
    head = (
        f"--{boundary}\r\nContent-Type: {media_type}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: {coding}\r\n\r\n"
    )
    return head.encode() + coded.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n"


def _line(text: str) -> str:
    """Nothing that could begin another header."""
    return "".join(c for c in text if c.isprintable()).strip()


def _words(name: str, text: str) -> str:
    """The value of an unstructured header: encoded-words of at most 75 characters where needed."""
    line = _line(text)
    if line.isascii() and len(name) + 2 + len(line) <= 76:
        return line
    charset = "us-ascii" if line.isascii() else "utf-8"
    return Header(line, charset, header_name=name, maxlinelen=76).encode(linesep="\r\n")


def _phrase(name: str, text: str) -> str:
    """A display name: quoted, or encoded when it is not ASCII."""
    line = _line(text)
    return f'"{quote(line)}"' if line.isascii() else _words(name, line)
