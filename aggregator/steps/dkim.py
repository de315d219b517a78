"""Headers and body -> a DKIM-Signature (RFC 6376): rsa-sha256, relaxed/relaxed.

No second Ed25519 signature: Microsoft and Yahoo fail letters that bear one. No time and no expiry
either, so that a letter has the same bytes at every attempt.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

Header = tuple[str, str]
"""Name and value; the value may be folded with CRLF."""

# All that a mail program shows or acts on. Each is listed once more than it occurs: one that is
# added on the way breaks the signature.
SIGNED = (
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "list-id",
    "list-archive",
    "list-help",
    "list-post",
    "list-subscribe",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "feedback-id",
    "precedence",
    "auto-submitted",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Whose signature, and the key that makes it."""

    domain: str
    """d=, as A-label: the domain of From."""
    selector: str
    sign: Callable[[bytes], bytes] = field(repr=False)
    """RSA with SHA-256, PKCS #1 v1.5."""


def signature(headers: Sequence[Header], body_hash: bytes, signer: Signer) -> Header:
    """The header that signs `headers`, in any order, and a body with that SHA-256."""
    by_name: dict[str, list[Header]] = {}
    for header in headers:
        by_name.setdefault(header[0].lower(), []).append(header)
    chosen = {name: by_name.get(name, []) for name in SIGNED}
    listed = [name for name, found in chosen.items() for _ in range(len(found) + 1)]
    value = (
        f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={signer.domain}; s={signer.selector};\r\n"
        f" h={_folded(':'.join(listed), ':')};\r\n"
        f" bh={base64.b64encode(body_hash).decode()};\r\n b="
    )
    # A header that occurs twice is taken from the bottom up.
    lines = [relaxed_header(h) for found in chosen.values() for h in reversed(found)]
    unsigned = relaxed_header(("DKIM-Signature", value)).removesuffix("\r\n")
    made = base64.b64encode(signer.sign("".join([*lines, unsigned]).encode())).decode()
    return "DKIM-Signature", value + _folded(made, "")


def signed(message: bytes, signer: Signer) -> bytes:
    """A whole message with its signature on top."""
    head, _, body = message.partition(b"\r\n\r\n")
    unfolded = re.sub(rb"\r\n(?=[ \t])", b"", head).decode().split("\r\n")
    headers = [(name, value) for name, _, value in (line.partition(":") for line in unfolded)]
    name, value = signature(headers, sha256(relaxed_body(body)).digest(), signer)
    return f"{name}: {value}\r\n".encode() + message


def relaxed_header(header: Header) -> str:
    """RFC 6376, 3.4.2."""
    name, value = header
    return f"{name.lower()}:{' '.join(value.split())}\r\n"


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376, 3.4.4."""
    body = re.sub(rb"[ \t]+", b" ", body).replace(b" \r\n", b"\r\n").rstrip(b" ")
    body = re.sub(rb"(\r\n)+\Z", b"", body)
    return body + b"\r\n" if body else b""


def _folded(text: str, after: str) -> str:
    """In lines of at most 75 characters; only behind `after`, where it is given."""
    if not after:
        return "\r\n ".join(text[n : n + 72] for n in range(0, len(text), 72))
    lines, line = [], ""
    for part in re.findall(f"[^{after}]+{after}?", text):
        if len(line) + len(part) > 70:
            lines.append(line)
            line = ""
        line += part
    return "\r\n ".join([*lines, line])
