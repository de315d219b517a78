"""Documents as they are kept: each with its bytes in every coding that was asked for."""

from __future__ import annotations

import gzip
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

import brotli

from aggregator.hosts.site import Moved, Page
from aggregator.hosts.web.negotiation import Query

BROTLI_QUALITY = 5
"""A feed of 500 entries, 559 KB: 103 KB in 9 ms; gzip needs 10 ms for 112 KB, quality 7 needs 14 ms
for 4 % less, and 11 a whole second for 12 % less."""
GZIP_LEVEL = 6
_LEAST = 1_000
"""Bytes. What is smaller fits one packet anyway."""
_OVERHEAD = 2_000
"""Bytes that an entry takes beside its bodies, about."""


class Key(NamedTuple):
    """What a document is asked for with."""

    language: str
    """"": it is the same in all, as feeds are. "/ko": its links stay in the language."""
    path: str
    """Without the language. "": the page for what is not there."""
    query: Query


@dataclass(slots=True, kw_only=True)
class Document:
    """One document of the site at one version of the library."""

    key: Key
    found: Page | Moved
    version: int
    made_at: float
    """In seconds of the clock of who keeps it."""
    opaque: str = ""
    """Of its entity tags: the hash of its bytes."""
    bodies: dict[str, bytes] = field(default_factory=dict)
    """Coding -> bytes; "" is none."""
    heads: dict[tuple[int, str, bool], list[tuple[bytes, bytes]]] = field(default_factory=dict)
    """(status, coding, negotiated by language) -> headers, as once made."""

    @property
    def size(self) -> int:
        """Bytes of memory, about."""
        return _OVERHEAD + sum(map(len, self.bodies.values()))

    def worth(self, coding: str) -> str:
        """The coding, if it makes this document smaller; else ""."""
        page = self.found
        return coding if isinstance(page, Page) and len(page.body) >= _LEAST and text(page) else ""

    def etag(self, coding: str) -> str:
        """Strong, so each coding has its own (RFC 9110 section 8.8.3.3)."""
        return f'"{self.opaque}-{coding}"' if coding else f'"{self.opaque}"'


def document(
    key: Key, found: Page | Moved, *, version: int, made_at: float, before: Document | None
) -> Document:
    """A document to keep. What `before` has compressed is taken over if the bytes are the same."""
    made = Document(key=key, found=found, version=version, made_at=made_at)
    if isinstance(found, Page):
        made.opaque = hashlib.sha256(found.body).hexdigest()[:32]
        made.bodies[""] = found.body
        if before is not None and before.opaque == made.opaque:
            made.bodies |= before.bodies
    return made


def text(page: Page) -> bool:
    """Whether the document is of a kind that compresses."""
    kind = page.media_type.partition(";")[0]
    return kind.startswith("text/") or kind.endswith(("xml", "json"))


def compressed(body: bytes, coding: str) -> bytes:
    """The bytes in one of the codings "br" and "gzip"."""
    if coding == "br":
        return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY))
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


class Shelf:
    """The documents asked for last, up to a number and a size."""

    def __init__(self, *, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Key, Document] = OrderedDict()
        self._sizes: dict[Key, int] = {}
        self.size = 0
        """Bytes, about."""

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Document | None:
        """The document, which counts as asked for last from now on."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, document: Document) -> None:
        """Keep it, or weigh it anew; others make room, and it is not kept if it is too large."""
        self.drop(document.key)
        self._kept[document.key] = document
        self._sizes[document.key] = document.size
        self.size += document.size
        while len(self._kept) > self._most or self.size > self._most_bytes:
            self.drop(next(iter(self._kept)))

    def drop(self, key: Key) -> None:
        if self._kept.pop(key, None) is not None:
            self.size -= self._sizes.pop(key)
