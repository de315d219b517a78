"""When the hub of our own feeds is told that they changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from aggregator import jobs
from aggregator.ports import Tools

log = logging.getLogger(__name__)

GAP = 60.0
"""Seconds between two requests."""
RETRY = 600.0
"""Seconds after one that failed."""


class Announcer:
    """Tells the hub what it has not heard of yet, at most once a minute.

    What was told is forgotten with the process: after a start the hub is told once more, and finds
    nothing new.
    """

    def __init__(self, tools: Tools, clock: Callable[[], float]) -> None:
        """`clock`: seconds that only grow."""
        self._tools = tools
        self._clock = clock
        self._told = -1
        """The version of the library."""
        self._next_at = float("-inf")
        self._failing = False
        site = tools.config.site
        if site.hub and not tools.replay and not jobs.hub_reads_us(tools):
            log.warning("site.hub is never told: site.url, %s, is no public address", site.url)

    async def announce(self) -> bool:
        """Tell the hub if something changed and it is time; whether it was told."""
        if not jobs.hub_reads_us(self._tools) or self._clock() < self._next_at:
            return False
        version = await asyncio.to_thread(self._tools.store.version)
        if version == self._told:
            return False
        self._next_at = self._clock() + GAP
        answer = await jobs.publish(self._tools)
        if answer.accepted:
            self._told = version
            log.info("the hub was told of new articles%s", " again" if self._failing else "")
        else:
            self._next_at = self._clock() + RETRY
            level = logging.INFO if self._failing else logging.WARNING
            log.log(level, "the hub was not told of new articles: %s", answer.detail)
        self._failing = not answer.accepted
        return answer.accepted
