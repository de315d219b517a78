"""secret, letter id -> the return path of that letter, and back (VERP).

A bounce comes to the address that it was sent from: who reads `bounces+2026-w34.a1b2.<mac>@…`
knows which letter it was, and that nobody made it up.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable

MOST_OCTETS = 64
"""Of a local part (RFC 5321, 4.5.3.1.1)."""
_MAC_BYTES = 10
"""16 letters: with 27 of the letter's id they leave 19 for the mailbox's own name."""
_TOKEN = re.compile(
    r"\+(?P<period>\d{4}-(?:w\d\d|\d\d-\d\d))\.(?P<subscriber>[0-9a-z-]+)\.(?P<mac>[a-z2-7]{16})"
    r"(?![0-9a-z.+_-])",
    re.I | re.A,
)


def return_path(secret: bytes, letter_id: str, address: str) -> str:
    """`local+<letter>.<mac>@domain` for a mailbox `local@domain`.

    The address itself for a letter whose id would not survive servers that write an address in
    lower case, or that is too long.
    """
    local, _, domain = address.rpartition("@")
    path = f"{local}+{letter_id.lower()}.{_mac(secret, letter_id)}"
    fits = len(path.encode()) <= MOST_OCTETS and letter_of(secret, path) == letter_id
    return f"{path}@{domain}" if fits else address


def letter_of(secret: bytes, text: str) -> str | None:
    """The letter whose return path stands in `text`; None when none does, or none of ours."""
    for found in _TOKEN.finditer(text):
        letter_id = f"{found['period'].upper()}.{found['subscriber'].lower()}"
        if hmac.compare_digest(_mac(secret, letter_id), found["mac"].lower()):
            return letter_id
    return None


def first_letter(secret: bytes, texts: Iterable[str]) -> str | None:
    """As `letter_of`, in the first text that has one."""
    return next(filter(None, (letter_of(secret, text) for text in texts)), None)


def _mac(secret: bytes, letter_id: str) -> str:
    mac = hmac.new(secret, f"return-path:{letter_id}".encode(), hashlib.sha256).digest()
    return base64.b32encode(mac[:_MAC_BYTES]).decode().lower()
