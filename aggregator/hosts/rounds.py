"""One round over the feeds: many hosts at once, each host one request at a time with a gap."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aggregator import jobs
from aggregator.errors import Stopped
from aggregator.model import Outcome, Visit, VisitReport
from aggregator.ports import Tools
from aggregator.steps.polling import host_gap
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


async def poll(
    tools: Tools,
    visits: Sequence[Visit],
    *,
    each: Callable[[VisitReport], None] = lambda report: None,
) -> Round:
    """Make all visits, then build stories. A visit that goes wrong never stops another one."""
    started = time.monotonic()
    done = Round()
    free = asyncio.Semaphore(tools.config.polling.concurrency)

    async def one_host(queue: Sequence[Visit]) -> None:
        for n, visit in enumerate(queue):
            if n:
                await asyncio.sleep(host_gap(visit.feed.url, tools.config.polling).total_seconds())
            async with free:
                report = await _visit(tools, visit)
            done.reports.append(report)
            each(report)

    by_host: dict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        by_host[host(visit.feed.url)].append(visit)
    async with asyncio.TaskGroup() as group:
        for queue in by_host.values():
            group.create_task(one_host(queue))
    done.stories = await asyncio.to_thread(jobs.arrange, tools)
    done.seconds = time.monotonic() - started
    return done


async def _visit(tools: Tools, visit: Visit) -> VisitReport:
    try:
        return await jobs.refresh(tools, visit)
    except Stopped as stopped:
        return VisitReport(feed_id=visit.feed.id, outcome=Outcome.FAILED, detail=str(stopped))
    except Exception as error:
        # The lease brings the feed back; what went wrong is ours to mend, so keep the trace.
        log.exception("visit failed", extra={"feed": visit.feed.id})
        return VisitReport(
            feed_id=visit.feed.id,
            outcome=Outcome.FAILED,
            detail=f"{type(error).__name__}: {error}",
        )
