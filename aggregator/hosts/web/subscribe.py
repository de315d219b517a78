"""The way in: the form, and the link in the mail that it is answered with."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from aggregator.hosts.site import Site
from aggregator.hosts.site.wishes import asked_for
from aggregator.hosts.web.forms import answer, fields_of, site_for
from aggregator.hosts.web.limits import Limit, client_key
from aggregator.model import SignUp
from aggregator.ports import Tools
from aggregator.render.names import N_
from aggregator.steps import tokens

log = logging.getLogger(__name__)

_HOUR = 3600.0


class Subscribe:
    """POST /subscribe. Whoever's address it is, the answer is the same, and as fast: what becomes
    of it is decided later, and told by mail to the address alone."""

    def __init__(
        self, tools: Tools, sites: Mapping[str, Site], *, clock: Callable[[], float]
    ) -> None:
        """`clock`: seconds that only grow."""
        self._tools = tools
        self._sites = sites
        rules = tools.config.subscribe
        self._of_client = Limit(rules.per_client, _HOUR, clock)
        self._of_all = Limit(rules.per_hour, _HOUR, clock)

    async def handle(self, request: Request) -> Response:
        language = request.url.path[1:].partition("/")[0]
        pages = site_for(request, self._sites, language).pages
        form = await fields_of(request, self._tools.config.site.url)
        if isinstance(form, Response):
            return form
        given = {name: values[-1] for name, values in form.items()}
        wanted, faults = asked_for(given, tuple(self._tools.languages))
        if faults:
            return answer(await asyncio.to_thread(pages.subscribe, given, faults), 422)
        client = client_key(request.client.host if request.client else "")
        wait = max(self._of_client.wait(client), self._of_all.wait(""))
        if wait:
            page = await asyncio.to_thread(
                pages.message,
                request.url.path,
                N_("Too many sign-ups just now"),
                N_("Please try again in an hour."),
            )
            return answer(page, 429, **{"Retry-After": str(wait)})
        # A field that people do not see: whoever fills it in is a program, and need not know.
        if not given.get("website"):
            self._of_client.take(client)
            self._of_all.take("")
            now = self._tools.clock()
            sign_up = SignUp(
                id=secrets.token_hex(8),
                address=wanted.address,
                language=wanted.language,
                cadence=wanted.cadence,
                asked_at=now,
                not_before=now,
                expires_at=now + self._tools.config.subscribe.valid_for,
            )
            await asyncio.to_thread(self._tools.store.add_sign_up, sign_up)
        page = await asyncio.to_thread(
            pages.message,
            request.url.path,
            N_("Look into your mailbox"),
            N_(
                "If we may write to this address, a mail is on its way there. Open the link in "
                "it and press the button: only then the digest comes."
            ),
            N_(
                "No mail after some minutes? Look among the unwanted mail, and check how the "
                "address was written."
            ),
        )
        return answer(page)


def confirm(tools: Tools, sites: Mapping[str, Site]) -> Callable[[Request], Response]:
    """GET asks and changes nothing (scanners follow links); POST acts, once."""

    def handler(request: Request) -> Response:
        token = tokens.digest(request.path_params["token"])
        here = request.url.path
        asked = tools.store.sign_up(token, tools.clock())
        pages = site_for(request, sites, asked.language if asked else "").pages
        if asked is not None and request.method != "POST":
            return answer(
                pages.message(
                    here,
                    N_("Confirm your subscription"),
                    N_(
                        "Press the button and the digest comes to the address at which you got "
                        "our mail."
                    ),
                    button=N_("Confirm subscription"),
                )
            )
        reader = tools.store.confirm(token, tools.clock()) if asked is not None else None
        if reader is None:
            page = pages.message(
                here,
                N_("This link is not valid"),
                N_(
                    "It works once and for a short time. If you have confirmed already, all is "
                    "well; if not, ask for the digest once more."
                ),
            )
            return answer(page, 404)
        log.info("confirmed", extra={"subscriber": reader.id})
        own = tokens.make(tools.secret, "preferences", reader.id)
        return answer(
            pages.message(
                here,
                N_("You are subscribed"),
                N_("The next digest comes to you by mail. Every letter holds a link that ends it."),
                link=(f"/preferences/{own}", N_("Choose topics, day and hour")),
            )
        )

    return handler
