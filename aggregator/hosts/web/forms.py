"""What the handlers of forms share: the fields that came, who sent them, and how it is answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from aggregator.hosts.site import Page, Site
from aggregator.hosts.web import negotiation
from aggregator.hosts.web.bodies import body_of

_MOST_BYTES = 20_000
_MOST_FIELDS = 200
_DEADLINE = timedelta(seconds=30)
_URLENCODED = "application/x-www-form-urlencoded"


async def fields_of(request: Request, site_url: str) -> dict[str, list[str]] | Response:
    """The fields of a form of our own, or why it is not taken."""
    if _is_foreign(request, site_url):
        return PlainTextResponse("This form belongs to another site.\n", 403)
    kind, _, _ = request.headers.get("content-type", _URLENCODED).partition(";")
    if kind.strip().lower() != _URLENCODED:
        return PlainTextResponse(f"Only {_URLENCODED}.\n", 415)
    body = await body_of(request, most=_MOST_BYTES, within=_DEADLINE)
    if isinstance(body, Response):
        return body
    text = body.decode("utf-8", "replace").replace("\0", "\ufffd")
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return PlainTextResponse("This is no form that we know.\n", 400)


def _is_foreign(request: Request, site_url: str) -> bool:
    """Whether a page of another site made the browser send this.

    Our pages have no referrer, and so the browser calls their origin "null": the newer header says
    more. No cookie gives a browser any right here; this only keeps other sites from signing up
    addresses through their visitors.
    """
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched not in ("same-origin", "none")
    origin = request.headers.get("origin", "null")
    ours = {request.headers.get("host", "").lower(), urlsplit(site_url).netloc.lower()}
    return origin != "null" and urlsplit(origin).netloc.lower() not in ours


def site_for(request: Request, sites: Mapping[str, Site], language: str = "") -> Site:
    """The site in `language` if it is spoken, else in the best one that the browser asks for."""
    if language in sites:
        return sites[language]
    asked = request.headers.get("accept-language", "")
    return sites[negotiation.language(asked, tuple(sites))]


def answer(page: Page, status: int = 200, **headers: str) -> Response:
    """A page that is one reader's alone."""
    return Response(page.body, status, {"Cache-Control": "no-store"} | headers, page.media_type)
