"""A sign-up -> the mail that asks whether it was meant.

Anybody may type anybody's address into a form. So nothing of what was typed stands in the mail: it
cannot be used to write to strangers.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.utils import format_datetime
from typing import Any

import jinja2

from aggregator.model import Mail, SignUp
from aggregator.render.letter import address
from aggregator.render.mime import bare_address, named, part, words
from aggregator.render.safe import shown
from aggregator.render.templates import render
from aggregator.rules import MailRules, Site, Theme
from aggregator.steps import dkim
from aggregator.steps.subscriptions import Reply


def confirmation(
    asked: SignUp,
    reply: Reply,
    token: str,
    now: datetime,
    *,
    site: Site,
    mail: MailRules,
    theme: Theme,
    hours: int,
    env: jinja2.Environment,
    signer: dkim.Signer | None = None,
) -> Mail:
    """The mail to who asked: with the link that confirms, or for a reader with the one to their
    preferences. `hours`: how long the first works. `env` speaks the language that was asked for."""
    sender = address(site, mail)
    mail_id = f"confirm.{asked.id}.{asked.attempts}"
    boundary = f"=_{hashlib.sha256(mail_id.encode()).hexdigest()[:32]}"
    path = "confirm" if reply == "confirm" else "preferences"
    values: dict[str, Any] = {
        "site": site,
        "mail": mail,
        "theme": theme,
        "reply": reply,
        "hours": hours,
        "link": f"{site.url}/{path}/{token}",
    }
    subject, *text = render(env, "mail/confirm.txt", **values).splitlines()
    headers = [
        ("From", named("From", mail.sender_name or site.title, sender)),
        ("To", f"<{bare_address(asked.address)}>"),
        ("Subject", words("Subject", shown(subject, 200))),
        ("Date", format_datetime(now)),
        ("Message-ID", f"<{mail_id}@{sender.rpartition('@')[2]}>"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'),
    ]
    html = render(env, "mail/confirm.html", **values, subject=subject)
    parts = [
        part("text/plain", "\n".join(text).strip() + "\n", boundary),
        part("text/html", html, boundary),
    ]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    message = head.encode() + b"\r\n" + b"".join(parts) + f"--{boundary}--\r\n".encode()
    if signer:
        message = dkim.signed(message, signer)
    return Mail(id=mail_id, sender=sender, recipient=asked.address, message=message)
