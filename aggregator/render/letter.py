"""A rendered issue and its reader -> a finished letter. Every byte of it is decided here.

The headers are written by hand: `email.message` turns a List-Unsubscribe of more than 78 characters
into an encoded-word, which no mail client follows.
"""

from __future__ import annotations

import hashlib
from email.utils import format_datetime
from urllib.parse import urlsplit

from aggregator.model import Issue, Mail, Subscriber
from aggregator.render.mail import Body
from aggregator.render.mime import line, part, phrase, words
from aggregator.render.safe import shown
from aggregator.rules import MailRules, Site


def letter(
    issue: Issue,
    made: Body,
    subscriber: Subscriber,
    *,
    site: Site,
    mail: MailRules,
    token: str,
    preferences: str,
) -> Mail:
    """The letter of one reader; the same values give the same bytes.

    `token` opens their link to unsubscribe, `preferences` that to their preferences.
    """
    sender = address(site, mail)
    host = sender.rpartition("@")[2]
    mail_id = f"{issue.period.name}.{subscriber.id}"
    unsubscribe = f"{site.url}/unsubscribe/{token}"
    own = made.personal(unsubscribe, f"{site.url}/preferences/{preferences}")
    boundary = f"=_{hashlib.sha256(mail_id.encode()).hexdigest()[:32]}"
    headers = [
        ("From", f"{phrase('From', mail.sender_name or site.title)} <{sender}>"),
        ("To", f"<{line(subscriber.address)}>"),
        ("Subject", words("Subject", shown(made.subject, 200))),
        ("Date", format_datetime(issue.composed_at)),
        ("Message-ID", f"<{mail_id}@{host}>"),
        ("List-Id", f"{phrase('List-Id', site.title)} <digest.{host}>"),
        ("List-Archive", f"<{site.url}/digests/>"),
        ("List-Unsubscribe", f"<{unsubscribe}>,\r\n <mailto:{sender}?subject=unsubscribe>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        (
            "Feedback-ID",
            f"{issue.period.name}:digest:{issue.period.cadence}:{host.replace('.', '-')}",
        ),
        ("Precedence", "bulk"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'),
    ]
    if mail.reply_to:
        headers.insert(2, ("Reply-To", f"<{line(mail.reply_to)}>"))
    parts = [part("text/plain", own.text, boundary), part("text/html", own.html, boundary)]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    message = head.encode() + b"\r\n" + b"".join(parts) + f"--{boundary}--\r\n".encode()
    return Mail(id=mail_id, sender=sender, recipient=subscriber.address, message=message)


def address(site: Site, mail: MailRules) -> str:
    """The address in From."""
    if mail.sender:
        return line(mail.sender)
    host = urlsplit(site.url).hostname or "localhost"
    return f"digest@{host if any(c.isalpha() for c in host) and ':' not in host else 'localhost'}"
