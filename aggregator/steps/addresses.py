"""What somebody typed -> an e-mail address, the key under which it is known, its domain."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress

import idna

LONGEST = 254
"""Characters of an address (RFC 5321 section 4.5.3.1.3, without the angle brackets)."""
_LONGEST_LOCAL = 64
_LONGEST_TEXT = 1_000
_NAMED = re.compile(r"[^<>]*<([^<>]*)>")
_LOCAL = re.compile(r"[^\s.()<>\[\]:;@\\,\"]+(\.[^\s.()<>\[\]:;@\\,\"]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?")


def address_of(text: str) -> str:
    """The bare address of "a@example.org" or "Name <a@example.org>".

    Quoted local parts and addresses of bare numbers are none to us. Raises ValueError with what
    was expected.
    """
    written = unicodedata.normalize("NFC", text.strip()[:_LONGEST_TEXT])
    named = _NAMED.fullmatch(written)
    address = (named[1] if named else written).strip().rstrip(".")
    domain = local = ""
    with suppress(UnicodeError):
        local, _, domain = ascii_domain(address).rpartition("@")
    if (
        len(local.encode("utf-8", "replace")) > _LONGEST_LOCAL
        or len(local) + 1 + len(domain) > LONGEST
        or not _LOCAL.fullmatch(local)
        or not local.isprintable()
        or not _DOMAIN.fullmatch(domain.lower())
    ):
        raise ValueError(f'"{text.strip()[:100]}" is no e-mail address')
    return address


def key_of(address: str) -> str:
    """The same for every way to write one address: in lower case, the domain in ASCII."""
    written = unicodedata.normalize("NFC", address.strip())
    with suppress(UnicodeError):
        written = ascii_domain(written)
    return written.lower()


def ascii_domain(address: str) -> str:
    """The address with its domain as A-label (RFC 5891); the local part stays.

    Raises UnicodeError when the domain cannot exist.
    """
    local, at, domain = address.rpartition("@")
    return address if domain.isascii() else local + at + idna.encode(domain, uts46=True).decode()


def domain_of(address: str) -> str:
    """The receiving domain, in lower case and as A-label where it has one."""
    with suppress(UnicodeError):
        address = ascii_domain(address)
    return address.rpartition("@")[2].strip().lower()
