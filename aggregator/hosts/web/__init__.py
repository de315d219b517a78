"""The site and the feeds over HTTP.

documents    what everybody reads: kept, compressed, conditional (plain ASGI)
subscribe    the way in
preferences  what one reader chose
unsubscribe  the way out
hub          what hubs ask and deliver
hooks        what mail services report
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.errors import AggregatorError
from aggregator.hosts.site import Site, languages_of
from aggregator.hosts.web.documents import Documents
from aggregator.hosts.web.headers import secured
from aggregator.hosts.web.hooks import BounceHook
from aggregator.hosts.web.hub import Hub
from aggregator.hosts.web.preferences import Preferences
from aggregator.hosts.web.subscribe import Subscribe, confirm
from aggregator.hosts.web.unsubscribe import unsubscribe
from aggregator.ports import Tools
from aggregator.render.links import Links

log = logging.getLogger(__name__)


def application(
    tools: Tools,
    *,
    sites: Mapping[str, Site] | None = None,
    delivered: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
) -> ASGIApp:
    """The ASGI application of one installation.

    `sites`: language -> its site, the default one first. `delivered` is called when a hub has
    brought new articles: they belong to no story yet. `clock`: seconds that only grow; says how
    old what is kept may be.
    """
    if sites is None:
        spoken = languages_of(tools)
        sites = {language: Site(tools, Links(), language) for language in spoken}
        chosen = {language: Site(tools, Links(language=language), language) for language in spoken}
    else:
        chosen = dict(sites)
    documents = Documents(tools, sites, chosen, clock=clock)
    both = ["GET", "POST"]
    subscribe = Subscribe(tools, sites, clock=clock)
    preferences = Preferences(tools, sites)
    # Tokens are paths: what is no token shall get our page too, whatever is in it.
    routes = [
        Route("/confirm/{token:path}", confirm(tools, sites), methods=both),
        Route("/preferences/{token}/data.json", preferences.data),
        Route("/preferences/{token}/erase", preferences.erase, methods=both),
        Route("/preferences/{token:path}", preferences.form, methods=both),
        Route("/unsubscribe/{token:path}", unsubscribe(tools, sites), methods=both),
        Route("/websub/{token}", Hub(tools, delivered).handle, methods=["GET", "POST"]),
        Route("/hooks/bounces", BounceHook(tools).handle, methods=["POST"]),
        Route("/healthz", lambda request: PlainTextResponse("alive\n")),
        Route("/readyz", _ready(tools)),
    ]
    theirs = tuple(route.path.partition("{")[0] for route in routes)
    forms = frozenset(
        {"/subscribe", *(f"/{each}/subscribe" for each in sites)}
        if tools.config.subscribe.enabled
        else ()
    )
    routes += [Route(path, subscribe.handle, methods=["POST"]) for path in sorted(forms)]
    others = secured(Starlette(routes=routes, exception_handlers={AggregatorError: _failed}))

    # Ahead of the framework's router, which takes longer than a document that is kept.
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["path"].startswith(theirs)
            or (scope["method"] == "POST" and scope["path"] in forms)
        ):
            await others(scope, receive, send)
        else:
            await documents(scope, receive, send)

    return app


def _ready(tools: Tools) -> Callable[[Request], Response]:
    def handler(request: Request) -> Response:
        try:
            tools.store.check()
        except AggregatorError as error:
            return JSONResponse({"ready": False, "reason": str(error)}, status_code=503)
        return JSONResponse({"ready": True})

    return handler


def _failed(request: Request, error: Exception) -> Response:
    # What follows the first name may be the secret of one reader or hub.
    kind = request.url.path.split("/")[1]
    log.error("page failed: %s", error, extra={"path": f"/{kind}/"})
    return PlainTextResponse(
        "The site cannot be shown just now. Please come back in a minute.\n", status_code=503
    )
