"""What a reader chose, what is known of them, and how to be forgotten: one secret link for all."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from aggregator.hosts.site import Site
from aggregator.hosts.site.wishes import chosen
from aggregator.hosts.web.forms import answer, fields_of, site_for
from aggregator.model import Subscriber
from aggregator.ports import Tools
from aggregator.render.names import N_
from aggregator.steps import subscriptions, tokens

log = logging.getLogger(__name__)


class Preferences:
    """/preferences/<token>: GET shows, POST changes. The token opens one reader's pages."""

    def __init__(self, tools: Tools, sites: Mapping[str, Site]) -> None:
        self._tools = tools
        self._sites = sites

    async def form(self, request: Request) -> Response:
        """What they chose, to be changed."""
        if request.method == "POST":
            form = await fields_of(request, self._tools.config.site.url)
            if isinstance(form, Response):
                return form
            return await asyncio.to_thread(self._change, request, form)
        return await asyncio.to_thread(self._with_reader, request, self._show)

    async def data(self, request: Request) -> Response:
        """All that is stored about them, as a file."""
        return await asyncio.to_thread(self._with_reader, request, self._data)

    async def erase(self, request: Request) -> Response:
        """Forget them; GET asks whether it is meant."""
        if request.method == "POST":
            form = await fields_of(request, self._tools.config.site.url)
            if isinstance(form, Response):
                return form
            return await asyncio.to_thread(self._with_reader, request, self._erase)
        return await asyncio.to_thread(self._with_reader, request, self._ask_to_erase)

    # ── one reader ───────────────────────────────────────────────────────────────────────────────

    def _with_reader(
        self, request: Request, then: Callable[[Request, Site, Subscriber], Response]
    ) -> Response:
        token = request.path_params["token"]
        subject = tokens.subject_of(self._tools.secret, "preferences", token)
        reader = self._tools.store.subscriber(subject) if subject is not None else None
        site = site_for(request, self._sites, reader.language if reader else "")
        if reader is None:
            page = site.pages.message(
                request.url.path,
                N_("This link is not valid"),
                N_("It may have been cut off. Open the link at the foot of your latest letter."),
            )
            return answer(page, 404)
        return then(request, site, subscriptions.present(reader, self._tools.clock()))

    def _show(self, request: Request, site: Site, reader: Subscriber) -> Response:
        if reader.status == "unsubscribed":
            return answer(site.pages.left(_own(request)))
        return answer(site.pages.preferences(_own(request), reader))

    def _change(self, request: Request, form: Mapping[str, list[str]]) -> Response:
        def change(request: Request, site: Site, reader: Subscriber) -> Response:
            if reader.status == "unsubscribed":
                return self._show(request, site, reader)
            now = self._tools.clock()
            wanted, faults = chosen(reader, form, tuple(self._tools.languages), now)
            if faults:
                page = site.pages.preferences(_own(request), wanted, faults=faults)
                return answer(page, 422)
            if not self._tools.store.change_subscriber(wanted, now):
                return self._with_reader(request, self._show)  # they left in the meantime
            log.info("preferences", extra={"subscriber": reader.id, "status": wanted.status})
            after = self._sites.get(wanted.language, site)
            return answer(after.pages.preferences(_own(request), wanted, saved=True))

        return self._with_reader(request, change)

    def _data(self, request: Request, site: Site, reader: Subscriber) -> Response:
        data = self._tools.store.data_of(reader.address)
        text = json.dumps(data, ensure_ascii=False, indent=2, default=_plain) + "\n"
        headers = {
            "Cache-Control": "no-store",
            "Content-Disposition": 'attachment; filename="my-data.json"',
            "X-Robots-Tag": "noindex",
        }
        return Response(text, headers=headers, media_type="application/json")

    def _ask_to_erase(self, request: Request, site: Site, reader: Subscriber) -> Response:
        return answer(
            site.pages.message(
                request.url.path,
                N_("Erase my data"),
                N_(
                    "Your address, what you chose and when you agreed are deleted, and no digest "
                    "is sent any more. This cannot be undone."
                ),
                N_(
                    "What stays is a number made from your address, from which it cannot be "
                    "read, so that no old list brings you back. You yourself may subscribe again "
                    "at any time."
                ),
                button=N_("Erase my data"),
                link=(_own(request), N_("Back to my preferences")),
            )
        )

    def _erase(self, request: Request, site: Site, reader: Subscriber) -> Response:
        self._tools.store.erase(reader.address, self._tools.clock())
        log.info("erased", extra={"subscriber": reader.id})
        return answer(
            site.pages.message(
                request.url.path,
                N_("Your data is erased"),
                N_("No further digest will be sent to you."),
            )
        )


def _own(request: Request) -> str:
    """The path of the reader's first page."""
    return f"/preferences/{request.path_params['token']}"


def _plain(value: datetime | tuple[object, ...]) -> object:
    """What JSON has no form of: times and tuples."""
    return value.isoformat() if isinstance(value, datetime) else list(value)
