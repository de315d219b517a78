"""Questions -> what name servers answered. The only module that knows dnspython."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import dns.exception
import dns.rdata
import dns.rdtypes.txtbase
import dns.resolver

from aggregator.errors import ConfigError
from aggregator.steps.spf import Answer, Question

SECONDS = 2.0
"""For one question, all name servers together."""
_AT_ONCE = 16


class Resolver:
    """Asks `server` (HOST, HOST:PORT or [HOST]:PORT), else the name servers of the system.

    Raises ConfigError for a server that cannot be read.
    """

    def __init__(self, server: str = "") -> None:
        self._resolver: dns.resolver.Resolver | None
        try:
            self._resolver = dns.resolver.Resolver(configure=not server)
            if server:
                host, port = _place(server)
                self._resolver.nameservers, self._resolver.port = [host], port
        except dns.resolver.NoResolverConfiguration:
            self._resolver = None
        except ValueError:
            raise ConfigError(
                (f"{server!r} is no name server: write its address, as in 127.0.0.1:5353",)
            ) from None
        if self._resolver is not None:
            self._resolver.lifetime, self._resolver.timeout = SECONDS, SECONDS / 2

    def ask(self, questions: Iterable[Question]) -> dict[Question, Answer]:
        """The answer to each, all asked at once."""
        asked = list(questions)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="dns") as pool:
            return dict(zip(asked, pool.map(self._one, asked), strict=True))

    def _one(self, question: Question) -> Answer:
        if self._resolver is None:
            return None
        try:
            found = self._resolver.resolve(*question, raise_on_no_answer=False, search=False)
        except (dns.exception.Timeout, dns.resolver.NoNameservers, OSError):
            return None
        except dns.exception.DNSException:  # no such name, or none that could be one
            return ()
        return tuple(map(_text, found))


def _place(server: str) -> tuple[str, int]:
    try:
        return str(ipaddress.ip_address(server)), 53
    except ValueError:
        parts = urlsplit(f"//{server}")
        return str(ipaddress.ip_address(parts.hostname or "")), parts.port or 53


def _text(record: dns.rdata.Rdata) -> str:
    if isinstance(record, dns.rdtypes.txtbase.TXTBase):
        return b"".join(record.strings).decode("utf-8", "replace")
    return record.to_text().rstrip(".").strip()
