"""What the site hands out: documents, with what HTTP and files need to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

HTML: Final = "text/html; charset=utf-8"
OPML: Final = "text/x-opml; charset=utf-8"
CSS: Final = "text/css; charset=utf-8"
SVG: Final = "image/svg+xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One document."""

    body: bytes
    media_type: str = HTML
    status: int = 200
    modified: datetime | None = None
    """When what it shows last changed; None: not known."""
    live: bool = False
    """It tells how things stand now: to be made anew although the library did not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The document lives elsewhere for good."""

    path: str
