"""The way out: the link at the foot of each letter."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from aggregator.hosts.site import Site
from aggregator.hosts.web.forms import answer, site_for
from aggregator.ports import Tools
from aggregator.render.names import N_
from aggregator.steps import tokens

log = logging.getLogger(__name__)


def unsubscribe(tools: Tools, sites: Mapping[str, Site]) -> Callable[[Request], Response]:
    """GET asks and changes nothing (scanners follow links); POST acts, and may be repeated."""

    def handler(request: Request) -> Response:
        site = site_for(request, sites)
        here = request.url.path
        subject = tokens.subject_of(tools.secret, "unsubscribe", request.path_params["token"])
        if subject is None:
            page = site.pages.message(
                here,
                N_("This link is not valid"),
                N_("It may have been cut off. Open the link at the foot of your latest letter."),
            )
            return answer(page, 404)
        if request.method != "POST":
            return answer(
                site.pages.message(
                    here,
                    N_("Unsubscribe"),
                    N_("Shall we stop sending you the digest?"),
                    button=N_("Unsubscribe"),
                )
            )
        subscriber = tools.store.subscriber(subject)
        if subscriber is not None and tools.store.remove_subscriber(
            subscriber.address, tools.clock()
        ):
            log.info("unsubscribed", extra={"subscriber": subject})
        return answer(
            site.pages.message(
                here, N_("You are unsubscribed"), N_("No further digest will be sent to you.")
            )
        )

    return handler
