"""What a visit does on the wire -> exchanges that an operator may read: no password, no cookie."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aggregator.edges.answers import Document, Headers, Redirect, phrase
from aggregator.model import Answer, Exchange
from aggregator.steps.urls import without_login

_TOLD = {
    name.lower().encode(): name
    for name in (
        "Location",
        "Content-Type",
        "Content-Encoding",
        "Content-Length",
        "ETag",
        "Last-Modified",
        "Cache-Control",
        "Age",
        "Expires",
        "Date",
        "Retry-After",
        "Link",
    )
}
"""Headers that matter to a visit."""
_SECRET = ("authorization", "cookie")
_LONGEST = 500


class Trail:
    """Collects the exchanges of one visit while they happen."""

    def __init__(self) -> None:
        self._done: list[Exchange] = []
        self._now: Exchange | None = None
        self._started = 0.0
        self._document: Document | None = None

    def ask(self, method: str, url: str, headers: Headers) -> None:
        """A request begins."""
        self._end()
        sent = tuple((key.decode("latin-1"), value.decode("latin-1")) for key, value in headers)
        self._now = Exchange(
            method=method,
            url=without_login(url),
            sent=tuple((k, "***" if k.lower() in _SECRET else v) for k, v in sent),
        )
        self._started = time.monotonic()

    async def hear(self, event: str, info: Mapping[str, Any]) -> None:
        """For httpcore, which tells each step of a request."""
        if event == "connection.connect_tcp.complete":
            self._know(address=_place(info["return_value"].get_extra_info("server_addr")))

    def answered(self, status: int, headers: Headers) -> None:
        """Status and headers are here."""
        self._know(status=status, phrase=phrase(status), received=_told(headers))

    def read(self, document: Document) -> None:
        """The body is being read into `document`."""
        self._document = document

    def concluded(self, answer: Answer | Redirect) -> None:
        """What the answer means."""
        if isinstance(answer, Redirect):
            self._know(redirect="permanent" if answer.permanent else "temporary")

    def _end(self) -> None:
        """The request is over: another one follows, or none."""
        if self._now is not None:
            if self._document is not None:
                self._know(wire_bytes=self._document.wire, body_bytes=self._document.size)
            passed = (time.monotonic() - self._started) * 1000
            self._done.append(replace(self._now, milliseconds=round(passed, 1)))
            self._now = self._document = None

    def exchanges(self) -> tuple[Exchange, ...]:
        """All that was done."""
        self._end()
        return tuple(self._done)

    def _know(self, **more: Any) -> None:
        if self._now is not None:
            self._now = replace(self._now, **more)


def _told(headers: Headers) -> tuple[tuple[str, str], ...]:
    told = []
    for key, value in headers:
        if name := _TOLD.get(key.lower()):
            told.append((name, without_login(value.decode("latin-1"))[:_LONGEST]))
        elif key.lower() == b"set-cookie":
            told.append(("Set-Cookie", "a cookie was set"))
    return tuple(told)


def _place(address: Sequence[Any] | None) -> str:
    """("::1", 80, 0, 0) -> [::1]:80"""
    if not address:
        return ""
    host, port = str(address[0]), address[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
