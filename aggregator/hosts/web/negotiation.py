"""Request headers and query strings -> what to answer with. Pure; nothing here raises."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import parse_qsl

CODINGS = ("br", "gzip")
"""Content codings that are offered, the smaller first."""
KNOWN_KEYS = frozenset({"page", "q", "tag", "from", "lang", "since", "until"})
LONGEST_ADDRESS = 2_000
"""Characters of a path, or of a query string."""

_LONGEST_HEADER = 1_000
_QUALITY = re.compile(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", re.I)
_TAG = re.compile(r'"[^"]*"')

Query = tuple[tuple[str, str], ...]
"""Known keys with their values, in the order of the keys."""


def coding(accept_encoding: str) -> str:
    """The content coding to use; "" is none at all (RFC 9110 section 12.5.3).

    Identity comes last unless it is asked for with a higher weight; it is sent also where the
    client refuses it and takes nothing else that we have.
    """
    return _coding(accept_encoding[:_LONGEST_HEADER])


@lru_cache(1_000)
def _coding(accept_encoding: str) -> str:
    asked = dict(_weighed(accept_encoding))
    others = asked.get("*", 0.0)
    plain = asked.get("identity", 0.0)
    weights = {name: asked.get(name, others) for name in CODINGS}
    best = max(CODINGS, key=lambda name: weights[name])
    return best if weights[best] > 0 and weights[best] >= plain else ""


def language(accept_language: str, offered: tuple[str, ...]) -> str:
    """The best of `offered`, by RFC 4647 lookup ("ko-KR" finds "ko"); the first one by default."""
    return _language(accept_language[:_LONGEST_HEADER], offered)


@lru_cache(1_000)
def _language(accept_language: str, offered: tuple[str, ...]) -> str:
    ranges = sorted(_weighed(accept_language), key=lambda found: -found[1])
    refused = {name for name, weight in ranges if weight == 0}
    for name, weight in ranges:
        while weight > 0 and name:
            if name in offered:
                return name
            name = name.rpartition("-")[0]
    return next((each for each in offered if each not in refused), offered[0])


def _weighed(header: str) -> Iterator[tuple[str, float]]:
    """(name in lower case, weight) of each element that can be read."""
    for element in header.lower().split(","):
        name, *parameters = element.split(";")
        if name.strip():
            found = (_QUALITY.fullmatch(each) for each in parameters)
            yield name.strip(), next((float(each[1]) for each in found if each), 1.0)


def holds(if_none_match: str, etag: str) -> bool:
    """Whether the client has this representation; compared weakly (RFC 9110 section 13.1.2)."""
    return (
        if_none_match == etag or if_none_match.strip() == "*" or etag in _TAG.findall(if_none_match)
    )


@lru_cache(1_000)
def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def unmodified(if_modified_since: str, modified: datetime | None) -> bool:
    """Whether nothing changed since; HTTP dates have whole seconds."""
    since = _date(if_modified_since[:_LONGEST_HEADER])
    return modified is not None and since is not None and modified.replace(microsecond=0) <= since


def query(text: bytes) -> Query:
    """What of a query string makes a document of its own, whatever its order.

    The last value of a key counts.
    """
    found = parse_qsl(text.decode("utf-8", "replace"))
    return tuple(sorted({key: value for key, value in found if key in KNOWN_KEYS}.items()))


def split_language(path: str, offered: Collection[str]) -> tuple[str, str]:
    """("ko", "/tags/") for "/ko/tags/"; ("", path) where the path names no language."""
    first, slash, rest = path[1:].partition("/")
    return (first, slash + rest) if first in offered else ("", path)
