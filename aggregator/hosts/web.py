"""The site and the feeds over HTTP (Starlette). Page handlers are plain and run in threads."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from threading import Lock

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aggregator import jobs
from aggregator.errors import AggregatorError, Stopped
from aggregator.hosts.site import Moved, Page, Site
from aggregator.model import Feed, Fetched, HubSubscription
from aggregator.ports import Tools
from aggregator.render.links import Links
from aggregator.steps import tokens, websub

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


def application(tools: Tools, *, delivered: Callable[[], None] = lambda: None) -> Starlette:
    """The ASGI application of one installation.

    `delivered` is called when a hub has brought new articles: they belong to no story yet.
    """
    documents = _Documents(tools)
    routes = [
        Route("/unsubscribe/{token}", _unsubscribe(tools, documents.site), methods=["GET", "POST"]),
        Route("/websub/{token}", _Hub(tools, delivered).handle, methods=["GET", "POST"]),
        Route("/healthz", lambda request: PlainTextResponse("alive\n")),
        Route("/readyz", _ready(tools)),
        Route("/{path:path}", documents.serve),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(_SecurityHeaders), Middleware(GZipMiddleware, minimum_size=1_000)],
        exception_handlers={
            404: lambda request, error: _response(documents.site.not_found()),
            AggregatorError: _failed,
        },
    )


class _Documents:
    """Documents, kept until the library changes."""

    _MOST = 2_000

    def __init__(self, tools: Tools) -> None:
        self.site = Site(tools, Links())
        self._version = tools.store.version
        self._kept: dict[str, Page | Moved] = {}
        self._kept_version = -1
        self._lock = Lock()

    def serve(self, request: Request) -> Response:
        found = self._document(request.url.path, request.query_params)
        if found is None:
            return _response(self.site.not_found())
        if isinstance(found, Moved):
            return RedirectResponse(found.path, 308)
        return _conditional(request, _response(found))

    def _document(self, path: str, query: Mapping[str, str]) -> Page | Moved | None:
        version = self._version()
        with self._lock:
            if version != self._kept_version or len(self._kept) > self._MOST:
                self._kept, self._kept_version = {}, version
            kept = self._kept
        if query or path not in kept:
            made = self.site.find(path, query)
            # Unknown names are not kept: there are endlessly many.
            if made is None or query or (isinstance(made, Page) and made.live):
                return made
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


class _Hub:
    """What hubs ask (GET) and what they deliver (POST), each at the address of one subscription.

    The path is a secret: nothing here may end in `_failed`, which logs it.
    """

    _AT_ONCE = 4
    _GONE = PlainTextResponse("No such subscription.\n", 410)

    def __init__(self, tools: Tools, delivered: Callable[[], None]) -> None:
        self._tools = tools
        self._delivered = delivered
        self._free = self._AT_ONCE

    async def handle(self, request: Request) -> Response:
        act: dict[str, Callable[[Request, HubSubscription | None], Awaitable[Response]]] = {
            "GET": self._verify,
            "POST": self._take,
        }
        if request.method not in act:  # HEAD, which Starlette adds to every GET
            return PlainTextResponse("", 405)
        try:
            found = await asyncio.to_thread(self._subscription, request.path_params["token"])
            return await act[request.method](request, found)
        except AggregatorError as error:
            log.error("a hub could not be served: %s", error)
            return _later()

    def _subscription(self, token: str) -> HubSubscription | None:
        """Unless websub is off, or the feed is configured no more."""
        if not jobs.hubs_can_reach(self._tools):
            return None
        found = self._tools.store.hub(token)
        return found if found is not None and found.feed_id in self._tools.feeds else None

    async def _verify(self, request: Request, subscription: HubSubscription | None) -> Response:
        not_ours = PlainTextResponse("No such subscription.\n", 404)
        if subscription is None:
            return not_ours
        told = websub.verify(subscription, request.query_params, self._tools.clock())
        if told is None:
            return not_ours
        echo, after = told
        if not await asyncio.to_thread(self._tools.store.change_hub, subscription, after):
            return not_ours
        log.info(
            "hub verified",
            extra={
                "feed": after.feed_id,
                "mode": request.query_params["hub.mode"],
                "until": after.expires_at and after.expires_at.isoformat(),
                "detail": after.detail,
            },
        )
        return PlainTextResponse(echo)

    async def _take(self, request: Request, subscription: HubSubscription | None) -> Response:
        """202 at once; the articles are taken in afterwards."""
        if subscription is None or subscription.mode == "unsubscribe":
            return self._GONE
        if not self._free:
            return _later()
        feed = self._tools.feeds[subscription.feed_id]
        self._free -= 1
        handed_on = False
        try:
            body = await self._body(request)
            if isinstance(body, Response):
                return body
            # A wrong signature gets no other answer than a right one: it would be an oracle.
            answer = Response(status_code=202)
            signature = request.headers.get("x-hub-signature", "")
            if not websub.signed(subscription.secret, signature, body):
                log.warning("a delivery without a good signature", extra={"feed": feed.id})
                return answer
            document = Fetched(
                url=feed.url,
                body=body,
                body_hash="",  # it tells polls apart, and this is none
                content_type=request.headers.get("content-type", ""),
            )
            answer.background = BackgroundTask(partial(self._ingest, feed, document))
            handed_on = True
            return answer
        finally:
            if not handed_on:
                self._free += 1

    async def _body(self, request: Request) -> bytes | Response:
        """The body, or why it is not taken."""
        rules = self._tools.config.polling
        if request.headers.get("content-encoding", "identity").lower() != "identity":
            return PlainTextResponse("Send it without Content-Encoding.\n", 415)
        parts, size = [], 0
        try:
            async with asyncio.timeout(rules.deadline.total_seconds()):
                async for part in request.stream():
                    parts.append(part)
                    size += len(part)
                    if size > rules.max_bytes:
                        return PlainTextResponse(f"More than {rules.max_bytes:,} bytes.\n", 413)
        except TimeoutError:
            return PlainTextResponse("Too slow.\n", 408)
        except ClientDisconnect:
            return PlainTextResponse("", 400)
        return b"".join(parts)

    async def _ingest(self, feed: Feed, document: Fetched) -> None:
        try:
            report = await asyncio.to_thread(jobs.receive, self._tools, feed, document)
        except Stopped:
            return
        except Exception:
            # The next visit finds the same articles; what went wrong is ours to mend.
            log.exception("a delivery failed", extra={"feed": feed.id})
            return
        finally:
            self._free += 1
        if report.new or report.edited:
            self._delivered()


def _later() -> Response:
    return PlainTextResponse("Please try again.\n", 503, headers={"Retry-After": "120"})


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
