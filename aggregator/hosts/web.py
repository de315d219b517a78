"""The site and the feeds over HTTP (Starlette). Every handler is plain and runs in a thread."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from threading import Lock

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aggregator.errors import AggregatorError
from aggregator.hosts.site import Moved, Page, Site
from aggregator.ports import Tools
from aggregator.render.links import Links
from aggregator.steps import tokens

log = logging.getLogger(__name__)

# No script, no frame, nothing from elsewhere: what a hostile headline smuggles in is dead.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_FEEDS = ("/atom.xml", "/stories.atom", "/feed.json", "/opml.xml")


def application(tools: Tools) -> Starlette:
    """The ASGI application of one installation."""
    documents = _Documents(tools)
    routes = [Route(path, documents.serve(path)) for path in _SIMPLE]
    routes += [Route(path, documents.serve(path)) for path in _NAMED]
    routes += [
        Route("/tags", lambda request: RedirectResponse("/tags/", 308)),
        Route("/digests", lambda request: RedirectResponse("/digests/", 308)),
        Route("/unsubscribe/{token}", _unsubscribe(tools, documents.site), methods=["GET", "POST"]),
        Route("/healthz", lambda request: PlainTextResponse("alive\n")),
        Route("/readyz", _ready(tools)),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(_SecurityHeaders), Middleware(GZipMiddleware, minimum_size=1_000)],
        exception_handlers={
            404: lambda request, error: _response(documents.site.not_found()),
            AggregatorError: _failed,
        },
    )


_SIMPLE: dict[str, Callable[[Site], Page]] = {
    "/": Site.front,
    "/tags/": Site.tags,
    "/digests/": Site.digests,
    "/sources": Site.sources,
    "/about": Site.about,
    "/style.css": Site.style,
    "/icon.svg": Site.icon,
    "/atom.xml": Site.atom,
    "/stories.atom": Site.stories_atom,
    "/feed.json": Site.json_feed,
    "/opml.xml": Site.opml,
}
_NAMED: dict[str, Callable[[Site, str], Page | Moved | None]] = {
    "/stories/{name}": Site.story,
    "/tags/{name}": Site.tag,
    "/tags/{name}/atom.xml": Site.tag_atom,
    "/digests/{name}": Site.digest,
}
# These show how feeds are doing and when the next check is: they change without a new article.
_LIVE = ("/", "/sources")


class _Documents:
    """Documents, kept until the library changes."""

    _MOST = 2_000

    def __init__(self, tools: Tools) -> None:
        self.site = Site(tools, Links())
        self._version = tools.store.version
        self._kept: dict[str, Page | Moved | None] = {}
        self._kept_version = -1
        self._lock = Lock()

    def serve(self, route: str) -> Callable[[Request], Response]:
        def handler(request: Request) -> Response:
            found = self._document(route, request.url.path, request.path_params.get("name", ""))
            if found is None:
                return _response(self.site.not_found())
            if isinstance(found, Moved):
                return RedirectResponse(found.path, 308)
            return _conditional(request, _response(found))

        return handler

    def _document(self, route: str, path: str, name: str) -> Page | Moved | None:
        if route in _LIVE:
            return _SIMPLE[route](self.site)
        version = self._version()
        with self._lock:
            if version != self._kept_version or len(self._kept) > self._MOST:
                self._kept, self._kept_version = {}, version
            kept = self._kept
        if path not in kept:
            made = _SIMPLE[route](self.site) if route in _SIMPLE else _NAMED[route](self.site, name)
            if made is None:
                return None  # unknown names are not kept: there are endlessly many
            kept[path] = made
        return kept[path]


def _response(page: Page) -> Response:
    response = Response(page.body, status_code=page.status, media_type=page.media_type)
    if page.status == 200:
        response.headers["ETag"] = f'"{hashlib.sha256(page.body).hexdigest()[:32]}"'
        response.headers["Cache-Control"] = "public, max-age=60"
    return response


def _conditional(request: Request, response: Response) -> Response:
    """304 when the client holds these very bytes (RFC 9110 section 13.1.2)."""
    asked = {
        tag.strip().removeprefix("W/")
        for tag in request.headers.get("if-none-match", "").split(",")
    }
    if response.headers["ETag"] in asked or "*" in asked:
        kept = {k: response.headers[k] for k in ("ETag", "Cache-Control")}
        return Response(status_code=304, headers=kept)
    return response


def _unsubscribe(tools: Tools, site: Site) -> Callable[[Request], Response]:
    """GET asks and changes nothing (scanners follow links); POST acts, and may be repeated."""

    def handler(request: Request) -> Response:
        here = request.url.path
        subject = tokens.subject_of(tools.secret, "unsubscribe", request.path_params["token"])
        if subject is None:
            page = site.message(
                here,
                "This link is not valid",
                "It may have been cut off. Open the link at the foot of your latest letter.",
            )
            return Response(page.body, 404, media_type=page.media_type)
        if request.method != "POST":
            return _response(
                site.message(
                    here,
                    "Unsubscribe",
                    "Shall we stop sending you the digest?",
                    button="Unsubscribe",
                )
            )
        subscriber = tools.store.subscriber(subject)
        if subscriber is not None and tools.store.remove_subscriber(
            subscriber.address, tools.clock()
        ):
            log.info("unsubscribed", extra={"subscriber": subject})
        return _response(
            site.message(here, "You are unsubscribed", "No further digest will be sent to you.")
        )

    return handler


def _ready(tools: Tools) -> Callable[[Request], Response]:
    def handler(request: Request) -> Response:
        try:
            tools.store.check()
        except AggregatorError as error:
            return JSONResponse({"ready": False, "reason": str(error)}, status_code=503)
        return JSONResponse({"ready": True})

    return handler


def _failed(request: Request, error: Exception) -> Response:
    log.error("page failed: %s", error, extra={"path": request.url.path})
    return PlainTextResponse(
        "The site cannot be shown just now. Please come back in a minute.\n", status_code=503
    )


class _SecurityHeaders:
    """Headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].endswith(("/atom.xml", *_FEEDS)):
                    headers["Access-Control-Allow-Origin"] = "*"
            await send(message)

        await self._app(scope, receive, with_headers)
