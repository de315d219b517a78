"""URL and validators -> answer. The only module that knows httpx: manners, limits, addresses."""

from __future__ import annotations

import asyncio
import base64
import ssl
from dataclasses import replace
from typing import Any

import httpcore
import httpx

from aggregator import __version__
from aggregator.edges.answers import Document, Redirect, Unusable, failed, fetched, without_body
from aggregator.edges.guard import AddressRefused, GuardedBackend, Unreachable
from aggregator.edges.trail import Trail
from aggregator.model import (
    Answer,
    Exchange,
    Failure,
    Fetched,
    FetchFailed,
    NotModified,
    Validators,
)
from aggregator.rules import Polling

ACCEPT = (
    b"application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, "
    b"application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
)
MAX_REDIRECTS = 10


def user_agent(site_url: str, subscribers: int = 0) -> str:
    """How we introduce ourselves: product, version, where to read about it, and for how many."""
    readers = f"; {subscribers} subscriber{'s' if subscribers > 1 else ''}" if subscribers else ""
    return f"korea-diplomacy-digest/{__version__} (+{site_url}{readers})"


def trusted() -> ssl.SSLContext:
    """TLS that trusts the public authorities. Takes 25 ms: make it once."""
    return httpx.create_ssl_context()


class HttpFetch:
    """Conditional GETs, for the life of the process. Implements `ports.Fetch`.

    Each request has a connection of its own. Measured with 304 answers, 20 at a time, one core:
    1,000 to 1,400 requests a second, against 350 to 380 of httpx with its pool, whose cost grows
    with the number of its connections. A pool would also now and then hand out a connection that
    the server has just closed, and two visits to one host are seconds apart anyway.

    `tls` replaces the trusted authorities (for an intranet's own).
    """

    def __init__(
        self, rules: Polling, user_agent: str, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._rules = rules
        self._user_agent = user_agent.encode("latin-1", "replace")
        self._tls = tls or trusted()
        self._backend = GuardedBackend(
            allow_private=rules.allow_private_networks, lookups=rules.concurrency
        )

    async def aclose(self) -> None:
        """Nothing is open between two visits but the look-up threads."""
        self._backend.close()

    async def __call__(self, url: str, validators: Validators) -> Answer:
        """Fetch `url`, following redirects. Whatever the far side does becomes a value."""
        return await self._bounded(url, validators, _Where())

    async def traced(self, url: str, validators: Validators) -> tuple[Answer, tuple[Exchange, ...]]:
        """The same, and each request that it took, also when it broke off."""
        trail = Trail()
        answer = await self._bounded(url, validators, _Where(trail))
        return answer, trail.exchanges()

    async def _bounded(self, url: str, validators: Validators, here: _Where) -> Answer:
        deadline = asyncio.timeout(self._rules.deadline.total_seconds())
        try:
            async with deadline:
                return await self._visit(url, validators, here)
        except TimeoutError:
            if not deadline.expired():
                return failed(Failure.NETWORK, f"{here.place} stopped answering")
            seconds = self._rules.deadline.total_seconds()
            return failed(Failure.NETWORK, f"no complete answer within {seconds:g} s")
        except (httpx.InvalidURL, UnicodeError) as error:
            why = Failure.CLIENT if here.place else Failure.REFUSED
            return failed(why, f"the URL cannot be read: {error}")
        except Unusable as error:
            return failed(Failure.CONTENT, str(error))
        except (*_HTTPCORE, OSError) as error:
            return _explain(error, here.place, self._rules)

    async def _visit(self, address: str, validators: Validators, here: _Where) -> Answer:
        url = httpx.URL(address)
        cookies = httpx.Cookies()  # lives for this visit: the ROK foreign ministry asks for it
        seen: set[tuple[str, str]] = set()
        permanent = True
        for hops in range(MAX_REDIRECTS + 1):
            if fault := _fault(url, redirected=hops > 0):
                return failed(Failure.REFUSED, fault)
            here.place = _place(url)
            request = self._request(url, validators, cookies)
            step = (str(url), request.headers.get("cookie", ""))
            if step in seen:
                return failed(Failure.CLIENT, f"{here.place} redirects in a circle")
            seen.add(step)
            answer = await self._ask(request, cookies, validators, here.trail)
            if not isinstance(answer, Redirect):
                if isinstance(answer, Fetched | NotModified) and hops and permanent:
                    return replace(answer, moved_to=str(url.copy_with(userinfo=b"")))
                return answer
            permanent = permanent and answer.permanent
            url = url.join(answer.target)
        return failed(Failure.CLIENT, f"more than {MAX_REDIRECTS} redirects")

    def _request(
        self, url: httpx.URL, validators: Validators, cookies: httpx.Cookies
    ) -> httpx.Request:
        headers = [
            (b"User-Agent", self._user_agent),
            (b"Accept", ACCEPT),
            (b"Accept-Encoding", b"gzip"),
        ]
        if url.userinfo:
            login = f"{url.username}:{url.password}".encode()
            headers.append((b"Authorization", b"Basic " + base64.b64encode(login)))
        # Latin-1 both ways keeps the very bytes that the server sent.
        if validators.etag:
            headers.append((b"If-None-Match", validators.etag.encode("latin-1", "ignore")))
        if validators.last_modified:
            since = validators.last_modified.encode("latin-1", "ignore")
            headers.append((b"If-Modified-Since", since))
        request = httpx.Request("GET", url, headers=headers)
        cookies.set_cookie_header(request)
        return request

    async def _ask(
        self,
        request: httpx.Request,
        cookies: httpx.Cookies,
        validators: Validators,
        trail: Trail | None,
    ) -> Answer | Redirect:
        """One request on a connection of its own."""
        url = request.url
        # Reading is bounded by the deadline of the whole visit: a limit on each read lets a server
        # that sends a byte a minute go on for ever.
        extensions: dict[str, Any] = {
            "timeout": {"connect": self._rules.connect_timeout.total_seconds()}
        }
        if trail is not None:
            trail.ask("GET", str(url), request.headers.raw)
            extensions["trace"] = trail.hear
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        )
        connection = httpcore.AsyncHTTPConnection(
            origin=target.origin, ssl_context=self._tls, network_backend=self._backend
        )
        try:
            raw = await connection.handle_async_request(
                httpcore.Request(
                    "GET",
                    target,
                    headers=request.headers.raw,
                    extensions=extensions,
                )
            )
            if trail is not None:
                trail.answered(raw.status, raw.headers)
            cookies.extract_cookies(
                httpx.Response(raw.status, headers=raw.headers, request=request)
            )
            if raw.status in (200, 203):
                document = Document(raw.headers, self._rules.max_bytes)
                if trail is not None:
                    trail.read(document)
                async for chunk in raw.aiter_stream():
                    document.add(chunk)
                shown = str(url.copy_with(userinfo=b""))
                return fetched(shown, raw.headers, document.finish())
            asked = bool(validators.etag or validators.last_modified)
            answer = without_body(raw.status, raw.headers, conditional=asked)
            if trail is not None:
                trail.concluded(answer)
            return answer
        finally:
            await connection.aclose()


# ── places ───────────────────────────────────────────────────────────────────────────────────────


class _Where:
    """The place that is being asked, for the sentence when it fails; and the trail, if wanted."""

    __slots__ = ("place", "trail")

    def __init__(self, trail: Trail | None = None) -> None:
        self.place = ""
        self.trail = trail


def _fault(url: httpx.URL, *, redirected: bool) -> str:
    """Why this URL is not asked for; empty when it is."""
    start = "redirects to" if redirected else "the URL has"
    if url.scheme not in ("http", "https"):
        scheme = f"{url.scheme}://" if url.scheme else "no scheme"
        return f"{start} {scheme}; only http:// and https:// are fetched"
    if not url.host:
        return f"{start} no host"
    if url.port is not None and not 0 < url.port < 65_536:
        return f"{start} the port {url.port}, which does not exist"
    return ""


def _place(url: httpx.URL) -> str:
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{host}:{url.port or (443 if url.scheme == 'https' else 80)}"


# ── what went wrong ──────────────────────────────────────────────────────────────────────────────

_HTTPCORE = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpcore.ConnectionNotAvailable,
)

_CERTIFICATE = {
    10: "the certificate has expired",
    9: "the certificate is not valid yet",
    18: "the certificate is signed by itself",
    19: "the certificate is signed by an unknown authority",
    20: "the certificate is signed by an unknown authority, or an intermediate one is missing",
    21: "the certificate is signed by an unknown authority, or an intermediate one is missing",
    62: "the certificate is for another host",
    64: "the certificate is for another address",
}


def _explain(error: Exception, place: str, rules: Polling) -> FetchFailed:
    """An exception of the layers below, as a value with a true sentence."""
    match error:
        case AddressRefused():
            return failed(Failure.REFUSED, str(error))
        case Unreachable():
            return failed(Failure.NETWORK, str(error))
        case httpcore.ConnectTimeout():
            seconds = rules.connect_timeout.total_seconds()
            return failed(Failure.NETWORK, f"no connection to {place} within {seconds:g} s")
        case httpcore.RemoteProtocolError():
            return _protocol(str(error), place)
        case httpcore.LocalProtocolError():
            return failed(Failure.CLIENT, f"the URL cannot be asked for: {error}")
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = _CERTIFICATE.get(cause.verify_code, cause.verify_message)
            return failed(Failure.NETWORK, f"TLS: {reason}")
        if isinstance(cause, ssl.SSLError):
            reason = (cause.reason or "failed").replace("_", " ").lower()
            return failed(Failure.NETWORK, f"TLS: {reason} at {place}")
        if isinstance(cause, ConnectionResetError | BrokenPipeError):
            return failed(Failure.NETWORK, f"connection reset by {place}")
    return failed(Failure.NETWORK, f"the connection to {place} broke off")


def _protocol(said: str, place: str) -> FetchFailed:
    if "without sending a response" in said:
        return failed(Failure.NETWORK, f"{place} closed the connection without an answer")
    if "without sending complete" in said or "incomplete chunked" in said:
        return failed(Failure.NETWORK, f"{place} closed the connection in the middle of its answer")
    if "too long" in said:
        return failed(Failure.CONTENT, "the headers of the answer are too large")
    return failed(Failure.CONTENT, f"not an HTTP answer: {said[:200]}")


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        inner = error.args[0] if error.args else None
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__
    return found
