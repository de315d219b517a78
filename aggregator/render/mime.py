"""Words -> pieces of a message (RFC 5322, MIME). Same words, same bytes."""

from __future__ import annotations

import base64
import quopri
from email.header import Header
from email.utils import quote

from aggregator.steps.addresses import ascii_domain

_FOLD = "\r\n "


def part(media_type: str, text: str, boundary: str) -> bytes:
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


def line(text: str) -> str:
    """Nothing that could begin another header."""
    return "".join(c for c in text if c.isprintable()).strip()


def words(name: str, text: str) -> str:
    """The value of an unstructured header: encoded-words of at most 75 characters where needed."""
    plain = line(text)
    if plain.isascii() and len(name) + 2 + len(plain) <= 76:
        return plain
    charset = "us-ascii" if plain.isascii() else "utf-8"
    return Header(plain, charset, header_name=name, maxlinelen=76).encode(linesep="\r\n")


def phrase(name: str, text: str) -> str:
    """A display name: quoted, or encoded when it is not ASCII."""
    plain = line(text)
    return f'"{quote(plain)}"' if plain.isascii() else words(name, plain)


def named(header: str, name: str, address: str) -> str:
    """A display name and what it stands for; folded where a line would pass 76 characters."""
    said = phrase(header, name)
    last = f"{header}: {said}".rpartition("\r\n")[2]
    return f"{said}{' ' if len(last) + len(address) <= 73 else _FOLD}<{address}>"


def bare_address(text: str) -> str:
    """An address as it stands in a header, its domain as A-label."""
    try:
        return ascii_domain(line(text))
    except UnicodeError:  # the mail server's edge refuses it, with a reason
        return line(text)
