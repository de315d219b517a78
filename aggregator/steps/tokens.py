"""secret, purpose, id -> a token for a link, and back. Derived, so nothing needs to be stored.

A token that is made by chance instead is stored as its `digest` only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac


def make(secret: bytes, purpose: str, subject: str) -> str:
    """`<subject>.<mac>`, safe in a URL. `purpose` keeps one link's token from opening another."""
    mac = hmac.new(secret, f"{purpose}:{subject}".encode(), hashlib.sha256).digest()[:18]
    return f"{subject}.{base64.urlsafe_b64encode(mac).decode()}"


def subject_of(secret: bytes, purpose: str, token: str) -> str | None:
    """The subject, or None when the token is not ours."""
    subject, _, _ = token.rpartition(".")
    good = make(secret, purpose, subject)
    return subject if hmac.compare_digest(good.encode(), token.encode()) else None


def digest(token: str) -> str:
    """What is kept of a token of 256 random bits, which nobody can guess: it needs no salt."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
