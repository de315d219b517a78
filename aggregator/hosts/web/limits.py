"""How often somebody may: events of the last while, by key."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict, deque
from collections.abc import Callable

_MOST_KEYS = 10_000


class Limit:
    """At most `most` events a key within `seconds`. For one thread."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float]) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._events: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, key: str) -> int:
        """Whole seconds until the next event of `key` is allowed; 0: now."""
        events = self._events.get(key)
        if events is None or len(events) < self._most:
            return 0
        return max(0, math.ceil(events[0] + self._seconds - self._clock()))

    def take(self, key: str) -> None:
        """Count one event."""
        events = self._events.setdefault(key, deque(maxlen=self._most))
        events.append(self._clock())
        self._events.move_to_end(key)
        if len(self._events) > _MOST_KEYS:
            self._events.popitem(last=False)


def client_key(host: str) -> str:
    """One key a client: of IPv6 its /64, all of whose addresses one home or server has."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((address.packed[:8] + bytes(8), 64)))
    return str(address)
