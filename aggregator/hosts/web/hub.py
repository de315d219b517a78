"""What hubs ask of us and what they deliver (WebSub)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from aggregator import jobs
from aggregator.errors import AggregatorError, Stopped
from aggregator.hosts.web.bodies import body_of
from aggregator.model import Feed, Fetched, HubSubscription
from aggregator.ports import Tools
from aggregator.steps import websub

log = logging.getLogger(__name__)


class Hub:
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
        return await body_of(request, most=rules.max_bytes, within=rules.deadline)

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
