"""A form -> a hub's answer. Behind the guard of the feeds: a hub is an address from outside."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from urllib.parse import urlencode, urljoin

import httpcore

from aggregator.edges.guard import AddressRefused, GuardedBackend, Unreachable
from aggregator.edges.http import trusted
from aggregator.model import HubAnswer
from aggregator.rules import Polling

DEADLINE_SECONDS = 20.0
MOST_BYTES = 10_000
"""Of a hub's answer only so much is read; only its status counts."""
_MAX_REDIRECTS = 3


class HubRequest:
    """POSTs to hubs, each on a connection of its own. Implements `ports.AskHub`."""

    def __init__(
        self, rules: Polling, user_agent: str, *, tls: ssl.SSLContext | None = None
    ) -> None:
        self._rules = rules
        self._user_agent = user_agent.encode("latin-1", "replace")
        self._tls = tls
        self._backend = GuardedBackend(allow_private=rules.allow_private_networks, lookups=4)

    def close(self) -> None:
        """Let go of the look-up threads."""
        self._backend.close()

    async def __call__(self, hub: str, form: Mapping[str, str | list[str]]) -> HubAnswer:
        """POST the form. Whatever the hub does becomes a value, in a sentence without the form."""
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                return await self._follow(hub, urlencode(form, doseq=True).encode())
        except TimeoutError:
            return _refused(f"the hub gave no answer within {DEADLINE_SECONDS:g} s")
        except (AddressRefused, Unreachable) as error:
            return _refused(str(error))
        except (httpcore.UnsupportedProtocol, ValueError, UnicodeError):
            return _refused("the hub's address cannot be read")
        except (
            httpcore.TimeoutException,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            OSError,
        ) as error:
            return _refused(f"the connection to the hub failed ({type(error).__name__})")

    async def _follow(self, hub: str, body: bytes) -> HubAnswer:
        for _ in range(_MAX_REDIRECTS + 1):
            status, target = await self._post(hub, body)
            if status not in (307, 308) or not target:
                break
            hub = urljoin(hub, target)
        if 200 <= status < 300:
            return HubAnswer(accepted=True)
        return _refused(f"the hub answered {status}")

    async def _post(self, hub: str, body: bytes) -> tuple[int, str]:
        """(status, target of a redirect)"""
        url = httpcore.URL(hub.encode("ascii", "strict"))
        if url.scheme not in (b"http", b"https") or not url.host:
            raise httpcore.UnsupportedProtocol
        if url.scheme == b"https" and self._tls is None:
            self._tls = trusted()
        connection = httpcore.AsyncHTTPConnection(
            origin=url.origin, ssl_context=self._tls, network_backend=self._backend
        )
        host = url.host if url.port is None else b"%b:%d" % (url.host, url.port)
        try:
            answer = await connection.handle_async_request(
                httpcore.Request(
                    "POST",
                    url,
                    headers=[
                        (b"Host", host),
                        (b"User-Agent", self._user_agent),
                        (b"Content-Type", b"application/x-www-form-urlencoded"),
                        (b"Content-Length", b"%d" % len(body)),
                        (b"Connection", b"close"),
                    ],
                    content=body,
                    extensions={
                        "timeout": {"connect": self._rules.connect_timeout.total_seconds()}
                    },
                )
            )
            size = 0
            async for chunk in answer.aiter_stream():
                size += len(chunk)
                if size > MOST_BYTES:
                    break
            target = next((v for k, v in answer.headers if k.lower() == b"location"), b"")
            return answer.status, target.decode("latin-1").strip()
        finally:
            await connection.aclose()


def _refused(detail: str) -> HubAnswer:
    return HubAnswer(accepted=False, detail=detail)
