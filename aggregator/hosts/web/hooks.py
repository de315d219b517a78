"""What mail services tell us: letters that came back."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from aggregator import jobs
from aggregator.errors import AggregatorError
from aggregator.hosts.web.bodies import body_of
from aggregator.ports import Tools
from aggregator.steps import bounce_events
from aggregator.steps.bounces import MOST_BYTES

log = logging.getLogger(__name__)


class BounceHook:
    """POST with the token of `bounces.hook_token`: a message that came back, or a list of events.

    Told twice, it changes nothing: a service may repeat what we did not answer.
    """

    _AT_ONCE = 4
    _DEADLINE = timedelta(seconds=30)

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._token = tools.config.bounces.hook_token.get_secret_value().encode()
        self._free = self._AT_ONCE

    async def handle(self, request: Request) -> Response:
        if not self._token:
            return PlainTextResponse("No such page.\n", 404)
        if not self._opens(request.headers.get("authorization", "")):
            return PlainTextResponse(
                "The token is missing or wrong.\n", 401, {"WWW-Authenticate": "Bearer"}
            )
        acts: dict[str, Callable[[bytes], Response]] = {
            "message/rfc822": self._message,
            "application/json": self._events,
        }
        act = acts.get(request.headers.get("content-type", "").partition(";")[0].strip().lower())
        if act is None:
            return PlainTextResponse("Send message/rfc822 or application/json.\n", 415)
        if not self._free:
            return _later()
        self._free -= 1
        try:
            body = await body_of(request, most=MOST_BYTES, within=self._DEADLINE)
            return body if isinstance(body, Response) else await asyncio.to_thread(act, body)
        except AggregatorError as error:
            log.error("reports of a mail service could not be taken: %s", error)
            return _later()
        finally:
            self._free += 1

    def _opens(self, header: str) -> bool:
        scheme, _, token = header.partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(
            token.strip().encode("utf-8", "replace"), self._token
        )

    def _message(self, body: bytes) -> Response:
        return _told((jobs.take_message(self._tools, body),))

    def _events(self, body: bytes) -> Response:
        try:
            events = bounce_events.read(body)
        except ValueError as error:
            return PlainTextResponse(f"{error}\n", 400)
        return _told(jobs.take_events(self._tools, events))


def _told(taken: tuple[jobs.Taken, ...]) -> Response:
    return JSONResponse(Counter(str(each.what) for each in taken))


def _later() -> Response:
    return PlainTextResponse("Please try again.\n", 503, headers={"Retry-After": "120"})
