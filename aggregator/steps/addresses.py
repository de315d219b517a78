"""A mail address -> how servers spell it."""

from __future__ import annotations

from contextlib import suppress

import idna


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
