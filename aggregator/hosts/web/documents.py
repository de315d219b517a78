"""The documents of the site over HTTP: kept, compressed, negotiated, conditional.

Plain ASGI: a document that is kept is answered without a thread, a query, or an object of a
framework. What a request may choose is in `negotiation`, what is kept in `shelf`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import format_datetime
from functools import partial
from typing import TypeVar
from urllib.parse import quote, urlencode

from starlette.types import Receive, Scope, Send

from aggregator.errors import AggregatorError
from aggregator.hosts.site import Moved, Page, Site
from aggregator.hosts.web import negotiation
from aggregator.hosts.web.flight import SingleFlight
from aggregator.hosts.web.headers import SECURITY
from aggregator.hosts.web.negotiation import LONGEST_ADDRESS, Query
from aggregator.hosts.web.shelf import Document, Key, Shelf, compressed, document
from aggregator.ports import Tools
from aggregator.steps import websub

log = logging.getLogger(__name__)

T = TypeVar("T")
Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, Headers, bytes]

ASK_EVERY = 1.0
"""Seconds between two looks at the library's version."""
LIVE_FOR = 5.0
"""Seconds for which a page that tells how things stand now is kept, whatever the version."""
MOST = 2_000
MOST_BYTES = 64_000_000

_FEEDS = ("application/atom+xml", "application/feed+json", "application/rss+xml", "text/x-opml")
_PAGE_CACHE = b"public, max-age=60"
_FEED_CACHE = b"public, max-age=300, stale-while-revalidate=600"
_METHODS = b"GET, HEAD, OPTIONS"
_CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Link"),
)
_PREFLIGHT = (
    (b"access-control-allow-methods", _METHODS),
    (b"access-control-allow-headers", b"If-None-Match, If-Modified-Since"),
    (b"access-control-max-age", b"86400"),
)


class _Unshown(Exception):
    """A document could not be made; the reason is in the log."""

    def __init__(self, status: int) -> None:
        self.status = status


class Documents:
    """The ASGI application of all documents that `Site.find` knows."""

    def __init__(
        self,
        tools: Tools,
        sites: Mapping[str, Site],
        chosen: Mapping[str, Site],
        *,
        clock: Callable[[], float],
    ) -> None:
        """`sites`: language -> its site, the default one first; `chosen`: the same for readers who
        chose the language, whose links stay in it. `clock`: seconds that only grow."""
        self._sites = dict(sites) | {f"/{language}": site for language, site in chosen.items()}
        self._languages = tuple(sites)
        self._store = tools.store
        self._config = tools.config.site
        self._clock = clock
        self._shelf = Shelf(most=MOST, most_bytes=MOST_BYTES)
        self._flights = SingleFlight()
        self._version = -1
        self._ask_at = float("-inf")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, headers, body = await self._answer(scope)
        except _Unshown as failure:
            status, headers, body = _unshown(failure.status)
        except Exception:
            log.exception("a request failed", extra={"path": scope["path"]})
            status, headers, body = _unshown(500)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope) -> Answer:
        method, path, text = scope["method"], scope["path"], scope["query_string"]
        if method not in ("GET", "HEAD", "OPTIONS"):
            return _plain(405, "Only GET and HEAD.", (b"allow", _METHODS))
        if len(path) > LONGEST_ADDRESS or len(text) > LONGEST_ADDRESS:
            return _plain(414, "The address is too long.")
        query = negotiation.query(text) if text else ()
        if "\0" in path or any("\0" in value for _, value in query):
            return _plain(400, "The address holds a character that no text has.")
        asked = _headers(scope)
        language, bare = negotiation.split_language(path, self._languages)
        if language and not bare:
            return _moved(f"/{language}/")
        wanted = (
            f"/{language}"
            if language
            else negotiation.language(asked.get(b"accept-language", ""), self._languages)
        )
        document = await self._document(wanted, bare, query)
        if method == "OPTIONS":
            return _options(document.found)
        if isinstance(document.found, Moved):
            target = document.found.path
            within = negotiation.split_language(target, self._languages)[0]
            return _moved(f"/{language}{target}" if language and not within else target)
        if language and not document.key.language:
            return _moved(f"{bare}?{urlencode(query)}" if query else bare)
        return await self._represented(document, document.found, asked, negotiated=not language)

    # ── what is kept ─────────────────────────────────────────────────────────────────────────────

    async def _document(self, wanted: str, path: str, query: Query) -> Document:
        """The document as of at most a second ago; the page that says so where there is none."""
        if self._clock() >= self._ask_at:
            await self._flights.run("version", partial(_told, "version", self._look))
        key = Key(language="", path=path, query=query)
        kept = self._shelf.get(key)
        if kept is None:
            key = Key(language=wanted, path=path, query=query)
            kept = self._shelf.get(key)
        if kept is not None and self._is_fresh(kept):
            return kept
        made = await self._flights.run(
            (key, self._version), partial(_told, path, partial(self._make, key, kept))
        )
        if made is not None:
            if made.key != key:
                self._shelf.drop(key)
            self._shelf.put(made)
            return made
        self._shelf.drop(key)
        return await self._document(wanted, "", ())

    def _look(self) -> None:
        self._version = self._store.version()
        self._ask_at = self._clock() + ASK_EVERY

    def _is_fresh(self, kept: Document) -> bool:
        if isinstance(kept.found, Page) and kept.found.live:
            return self._clock() < kept.made_at + LIVE_FOR
        return kept.version == self._version

    def _make(self, key: Key, before: Document | None) -> Document | None:
        version, now = self._version, self._clock()
        found = self._find(key.language or self._languages[0], key)
        if isinstance(found, Page) and not _has_language(found):
            if key.language and key.language.lstrip("/") != self._languages[0]:
                found = self._find(self._languages[0], key)
            key = key._replace(language="")
        if found is None:
            return None
        return document(key, found, version=version, made_at=now, before=before)

    def _find(self, language: str, key: Key) -> Page | Moved | None:
        site = self._sites[language]
        return site.find(key.path, dict(key.query)) if key.path else site.not_found()

    # ── how it is sent ───────────────────────────────────────────────────────────────────────────

    async def _represented(
        self, document: Document, page: Page, asked: Mapping[bytes, str], *, negotiated: bool
    ) -> Answer:
        coding = document.worth(negotiation.coding(asked.get(b"accept-encoding", "")))
        if page.status == 200 and _is_held(asked, document.etag(coding), page):
            return 304, self._head(document, page, 304, coding, negotiated), b""
        if coding not in document.bodies:
            document.bodies[coding] = await self._flights.run(
                (document.key, document.opaque, coding), partial(compressed, page.body, coding)
            )
            if self._shelf.get(document.key) is document:
                self._shelf.put(document)
        body = document.bodies[coding]
        return page.status, self._head(document, page, page.status, coding, negotiated), body

    def _head(
        self, document: Document, page: Page, status: int, coding: str, negotiated: bool
    ) -> Headers:
        """The headers of one representation, made once."""
        kind = status, coding, negotiated
        if kind not in document.heads:
            document.heads[kind] = [
                *self._validators(document, page, coding),
                *_negotiated(page, negotiated=negotiated),
                *(self._feed(document.key) if _is_feed(page) else ()),
                *(_described(document, page, coding) if status != 304 else ()),
                *SECURITY,
            ]
        return document.heads[kind]

    def _validators(self, document: Document, page: Page, coding: str) -> Headers:
        if page.status != 200:
            return [(b"cache-control", b"no-cache")]
        return [
            (b"etag", document.etag(coding).encode()),
            (b"cache-control", _FEED_CACHE if _is_feed(page) else _PAGE_CACHE),
        ]

    def _feed(self, key: Key) -> Headers:
        """Feeds may be read by scripts of other sites; what the hub is told of names it."""
        if not self._config.hub or key.query or key.path not in websub.TOPICS:
            return list(_CORS)
        own = websub.topic(self._config.url, key.path)
        link = f'<{self._config.hub}>; rel="hub", <{own}>; rel="self"'
        return [*_CORS, (b"link", link.encode("latin-1", "replace"))]


def _told(name: str, work: Callable[[], T]) -> T:
    """What `work` returns; why it failed goes to the log once, however many wait for it."""
    try:
        return work()
    except AggregatorError as error:
        log.error("page failed: %s", error, extra={"path": name})
        raise _Unshown(503) from error
    except Exception as error:
        log.exception("page failed", extra={"path": name})
        raise _Unshown(500) from error


def _headers(scope: Scope) -> dict[bytes, str]:
    """What the client says, each header once: several lines are one list (RFC 9110 section 5.3)."""
    asked: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        asked[name] = f"{asked[name]}, {text}" if name in asked else text
    return asked


def _is_held(asked: Mapping[bytes, str], etag: str, page: Page) -> bool:
    tags = asked.get(b"if-none-match")
    if tags is not None:
        return negotiation.holds(tags, etag)
    since = asked.get(b"if-modified-since")
    return since is not None and negotiation.unmodified(since, page.modified)


def _has_language(page: Page) -> bool:
    return page.media_type.startswith("text/html")


def _is_feed(page: Page) -> bool:
    return page.media_type.partition(";")[0] in _FEEDS


def _negotiated(page: Page, *, negotiated: bool) -> Headers:
    by_language = negotiated and _has_language(page)
    return [(b"vary", b"Accept-Encoding, Accept-Language" if by_language else b"Accept-Encoding")]


def _described(document: Document, page: Page, coding: str) -> Headers:
    head = [
        (b"content-type", page.media_type.encode()),
        (b"content-length", b"%d" % len(document.bodies[coding])),
    ]
    if coding:
        head.append((b"content-encoding", coding.encode()))
    if document.key.language:
        head.append((b"content-language", document.key.language.lstrip("/").encode()))
    if page.modified is not None:
        modified = format_datetime(page.modified.astimezone(UTC), usegmt=True)
        head.append((b"last-modified", modified.encode()))
    return head


def _plain(status: int, sentence: str, *headers: tuple[bytes, bytes]) -> Answer:
    body = f"{sentence}\n".encode()
    head = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        *headers,
        *SECURITY,
    ]
    return status, head, body


def _unshown(status: int) -> Answer:
    return _plain(
        status,
        "The site cannot be shown just now. Please come back in a minute.",
        (b"retry-after", b"60"),
        (b"cache-control", b"no-store"),
    )


def _moved(target: str) -> Answer:
    location = quote(target, safe=":/%#?=@[]!$&'()*+,").encode()
    head = [(b"location", location), (b"content-length", b"0"), *SECURITY]
    return 308, head, b""


def _options(found: Page | Moved) -> Answer:
    open_to_all = (*_CORS, *_PREFLIGHT) if isinstance(found, Page) and _is_feed(found) else ()
    return 204, [(b"allow", _METHODS), *open_to_all, *SECURITY], b""
