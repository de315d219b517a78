"""Visits in order: many hosts at once, each host one request at a time with a gap."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from aggregator import jobs
from aggregator.errors import Stopped
from aggregator.model import Answer, Outcome, Visit, VisitReport
from aggregator.ports import Tools
from aggregator.steps.polling import address, host_gap
from aggregator.steps.urls import host

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Round:
    """What a round has done so far."""

    reports: list[VisitReport] = field(default_factory=list)
    stories: int = 0
    seconds: float = 0.0

    def count(self, outcome: Outcome) -> int:
        return sum(r.outcome is outcome for r in self.reports)

    def summary(self) -> dict[str, int | float]:
        """The figures that `poll --json` prints."""
        return {
            "feeds": len(self.reports),
            "ok": self.count(Outcome.OK),
            "not_modified": self.count(Outcome.NOT_MODIFIED),
            "unchanged": self.count(Outcome.UNCHANGED),
            "failed": self.count(Outcome.FAILED),
            "entries": sum(r.entries for r in self.reports),
            "new_articles": sum(r.new for r in self.reports),
            "relevant": sum(r.relevant for r in self.reports),
            "stories": self.stories,
            "seconds": round(self.seconds, 2),
        }


class _Quiet:
    """Settles visits without news, which are most, together: a transaction costs as much as the
    rest of such a visit, and while one is written others end. Belongs to one event loop.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._waiting: list[tuple[Visit, Answer, asyncio.Future[VisitReport]]] = []
        self._writing = False

    async def settle(self, visit: Visit, answer: Answer) -> VisitReport:
        report: asyncio.Future[VisitReport] = asyncio.get_running_loop().create_future()
        self._waiting.append((visit, answer, report))
        if not self._writing:
            await self._write()
        return await report

    async def _write(self) -> None:
        """Write what waits until nothing does."""
        self._writing = True
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                pairs = [(visit, answer) for visit, answer, _ in batch]
                found = await asyncio.to_thread(self._settled, pairs)
                for (_, _, report), outcome in zip(batch, found, strict=True):
                    if report.done():  # its visit was given up
                        continue
                    if isinstance(outcome, Exception):
                        report.set_exception(outcome)
                    else:
                        report.set_result(outcome)
        finally:
            self._writing = False

    def _settled(self, pairs: Sequence[tuple[Visit, Answer]]) -> Sequence[VisitReport | Exception]:
        try:
            return jobs.settle(self._tools, pairs)
        except Exception as error:
            if len(pairs) == 1:
                return [error]
            # One of them may be to blame: it shall not take the others along.
            return [self._settled([pair])[0] for pair in pairs]


class Poller:
    """Makes visits as they are handed in: many hosts at once, each host one request at a time.

    A host rests after each request, also between two batches; a slow one holds up only itself.
    Belongs to one event loop. `start` makes a task of a worker; there are at most as many as
    `polling.concurrency`, whatever waits.
    """

    def __init__(
        self,
        tools: Tools,
        start: Callable[[Coroutine[Any, Any, None]], object],
        each: Callable[[VisitReport], None] = lambda report: None,
    ) -> None:
        self._tools = tools
        self._start = start
        self._each = each
        self._quiet = _Quiet(tools)
        self._hosts: dict[str, dict[str, Visit]] = {}
        """Host -> feed id -> waiting visit. A host stays while it is asked and while it rests."""
        self._ready: deque[str] = deque()
        self._workers = 0
        self._open = 0
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def has_room(self) -> bool:
        """Whether more visits could be used: fewer hosts wait for a worker than there are workers.

        Visits that wait for their own host do not count: a host with a thousand feeds would keep
        all others out.
        """
        return len(self._ready) < self._tools.config.polling.concurrency

    @property
    def is_idle(self) -> bool:
        """Nothing waits and nothing is under way."""
        return self._idle.is_set()

    def add(self, visits: Iterable[Visit]) -> None:
        """Take visits in. The visit of a feed that waits already gets the place of the former one,
        whose lease has run out."""
        for visit in visits:
            name = host(address(visit.state, visit.feed))
            if name not in self._hosts:
                self._hosts[name] = {}
                self._ready.append(name)
            if visit.feed.id not in self._hosts[name]:
                self._open += 1
            self._hosts[name][visit.feed.id] = visit
        self._note_whether_idle()
        self._engage()

    def stop(self) -> None:
        """Forget what waits (its leases end); what is under way goes on."""
        for queue in self._hosts.values():
            self._open -= len(queue)
            queue.clear()
        for name in self._ready:
            del self._hosts[name]
        self._ready.clear()
        self._note_whether_idle()

    async def idle(self) -> None:
        """Wait until every visit was made."""
        await self._idle.wait()

    def _engage(self) -> None:
        free = self._tools.config.polling.concurrency - self._workers
        for _ in range(min(free, len(self._ready))):
            self._workers += 1
            self._start(self._work())

    async def _work(self) -> None:
        try:
            while self._ready:
                name = self._ready.popleft()
                queue = self._hosts[name]
                visit = queue.pop(next(iter(queue)))
                try:
                    self._each(await self._visit(visit))
                finally:
                    self._open -= 1
                    self._note_whether_idle()
                    self._rest(name, visit)
        finally:
            self._workers -= 1

    async def _visit(self, visit: Visit) -> VisitReport:
        try:
            answer = await jobs.ask(self._tools, visit)
            if news := jobs.news(visit, answer):
                return await asyncio.to_thread(jobs.ingest, self._tools, visit, news)
            return await self._quiet.settle(visit, answer)
        except Stopped as stopped:
            return _failed(visit, str(stopped))
        except Exception as error:
            # The lease brings the feed back; what went wrong is ours to mend, so keep the trace.
            log.exception("visit failed", extra={"feed": visit.feed.id})
            return _failed(visit, f"{type(error).__name__}: {error}")

    def _rest(self, name: str, visit: Visit) -> None:
        asked = address(visit.state, visit.feed)
        gap = host_gap(asked, self._tools.config.polling).total_seconds()
        if gap:
            asyncio.get_running_loop().call_later(gap, self._rested, name)
        else:
            self._rested(name)

    def _rested(self, name: str) -> None:
        if self._hosts[name]:
            self._ready.append(name)
            self._engage()
        else:
            del self._hosts[name]

    def _note_whether_idle(self) -> None:
        if self._open:
            self._idle.clear()
        else:
            self._idle.set()


def _failed(visit: Visit, detail: str) -> VisitReport:
    return VisitReport(feed_id=visit.feed.id, outcome=Outcome.FAILED, detail=detail)


async def poll(
    tools: Tools,
    visits: Sequence[Visit],
    *,
    each: Callable[[VisitReport], None] = lambda report: None,
) -> Round:
    """Make all visits, then build stories. A visit that goes wrong never stops another one."""
    started = time.monotonic()
    done = Round()

    def told(report: VisitReport) -> None:
        done.reports.append(report)
        each(report)

    async with asyncio.TaskGroup() as group:
        poller = Poller(tools, group.create_task, told)
        poller.add(visits)
        await poller.idle()
    done.stories = await asyncio.to_thread(jobs.arrange, tools)
    done.seconds = time.monotonic() - started
    return done
