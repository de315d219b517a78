"""mail.url -> the mail server, and how to speak to it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, unquote, urlsplit

from aggregator.errors import ConfigError
from aggregator.rules import MailRules
from aggregator.steps.addresses import ascii_domain


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The mail server that takes our letters."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Literal["implicit", "starttls", "if-offered", "none"] = "starttls"
    ehlo: str = ""
    """The name we greet with; empty: this machine's."""


def relay(url: str, rules: MailRules) -> Relay:
    """smtp://user:password@host:587 or smtps://… -> Relay. Raises ConfigError.

    Default ports: 465 for smtps, 587 with a user, else 25. A relay on this machine is spoken to
    without TLS unless `mail.tls` is if-offered: its certificate can hardly be for 127.0.0.1.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its text holds parts of the password
        raise _bad(
            "the port is not a number from 1 to 65535 (in a password, write @ as %40, / as %2F, "
            "# as %23, ? as %3F, : as %3A)"
        ) from None
    if parts.scheme not in ("smtp", "smtps"):
        raise _bad("it must start with smtp://, smtps:// or file:")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise _bad("nothing may follow host and port (in a password, write / as %2F, # as %23)")
    if not parts.hostname:
        raise _bad("it names no host")
    if bool(parts.username) != bool(parts.password):
        raise _bad("user and password belong together, as in smtp://user:password@host:587")
    default = 465 if parts.scheme == "smtps" else 587 if parts.username else 25
    return Relay(
        host=parts.hostname,
        port=port or default,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=_tls(parts, rules),
        ehlo=_sender_domain(rules),
    )


def folder(url: str) -> Path:
    """file:DIR or file:///absolute/dir -> DIR. Raises ConfigError."""
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise _bad("write file:DIR or file:///absolute/dir")
    if not parts.path:
        raise _bad("file: names no folder")
    return Path(unquote(parts.path))


def is_loopback(host: str) -> bool:
    """Whether a host name or literal is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"


def _bad(why: str) -> ConfigError:
    return ConfigError((f"mail.url (AGGREGATOR_SMTP_URL): {why}",))


def _tls(
    parts: SplitResult, rules: MailRules
) -> Literal["implicit", "starttls", "if-offered", "none"]:
    if parts.scheme == "smtps":
        return "implicit"
    if rules.tls == "if-offered":
        return "if-offered"
    if is_loopback(parts.hostname or ""):
        return "none"
    if rules.tls == "off":
        raise ConfigError(("mail.tls: off is only for a mail server on this machine (localhost)",))
    return "starttls"


def _sender_domain(rules: MailRules) -> str:
    """Container names such as 3f2a1b are refused as greeting; the sender's domain exists."""
    try:
        return ascii_domain(rules.sender).rpartition("@")[2]
    except UnicodeError:
        return ""
