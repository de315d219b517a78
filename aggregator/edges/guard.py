"""Host name -> checked address -> connection. Keeps requests out of private networks.

Sits under the HTTP client, so that every connection passes it: redirects, names that change
their address between check and use (DNS rebinding), and spellings such as 2130706433 or 0x7f.1.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpcore

_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
_6TO4 = ipaddress.ip_network("2002::/16")

Resolve = Callable[[str, int], list[str]]


class AddressRefused(httpcore.ConnectError):
    """Every address of the host is private. The text is a sentence for the operator."""


class Unreachable(httpcore.ConnectError):
    """No connection came about. The text is a sentence for the operator."""


def is_public(address: str) -> bool:
    """Whether an IPv4 or IPv6 literal is a unicast address of the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        # `is_global` holds for 64:ff9b::/96 (NAT64), ::/96 and 2002::/16 (6to4), which all carry
        # an IPv4 address that may be private. Public unicast is 2000::/3 (RFC 4291, section 2.4).
        return ip in _GLOBAL_V6 and ip not in _6TO4 and ip.is_global
    return ip.is_global and not ip.is_multicast


def resolve(host: str, port: int) -> list[str]:
    """Addresses of a host, in the order of the system's resolver. Blocks; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Resolves, checks, and connects to the very address that it checked."""

    def __init__(
        self, *, allow_private: bool, lookups: int = 20, resolver: Resolve = resolve
    ) -> None:
        self._allow_private = allow_private
        self._resolver = resolver
        self._network = httpcore.AnyIOBackend()
        # Threads of our own: a name server that does not answer holds a thread for seconds, and
        # the default pool of the event loop has only CPU count + 4, which others need.
        self._threads = ThreadPoolExecutor(lookups, thread_name_prefix="dns")

    def close(self) -> None:
        """Let go of the look-up threads without waiting for a name server."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Try the public addresses of `host` in order, each for at most `timeout` seconds."""
        failed: Exception = Unreachable(f"no DNS entry for {host}")
        for address in self._allowed(host, await self._addresses(host, port, timeout)):
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except httpcore.ConnectTimeout as error:
                failed = error
            except httpcore.ConnectError as error:
                failed = Unreachable(_reason(error, host, port))
        raise failed

    async def _addresses(self, host: str, port: int, seconds: float | None) -> list[str]:
        try:
            return [str(ipaddress.ip_address(host.partition("%")[0])) and host]
        except ValueError:
            pass
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(seconds):
                return await loop.run_in_executor(self._threads, self._resolver, host, port)
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise Unreachable(f"the name server gave no answer for {host}") from error
            raise Unreachable(f"no DNS entry for {host}") from error
        except TimeoutError as error:
            raise Unreachable(f"the name server gave no answer for {host}") from error
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"{host} cannot be looked up: {error}") from error

    def _allowed(self, host: str, addresses: list[str]) -> list[str]:
        if self._allow_private:
            return addresses
        allowed = [address for address in addresses if is_public(address)]
        if addresses and not allowed:
            address = addresses[0]
            raise AddressRefused(
                f"{'' if address == host else f'{host} leads to {address}: '}{address} is a private"
                " address; polling.allow_private_networks: true allows it"
            )
        return allowed


def _reason(error: Exception, host: str, port: int) -> str:
    """A failed connect as a sentence; the OSError sits somewhere below in the chain."""
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    code = _errno(error)
    if code == errno.ECONNREFUSED:
        return f"connection refused by {place}"
    if code in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return f"no route to {place}"
    return f"no connection to {place}" + (f": {os.strerror(code)}" if code else "")


def _errno(error: BaseException | None) -> int | None:
    while error is not None:
        if isinstance(error, OSError) and error.errno:
            return error.errno
        error = error.__cause__
    return None
