"""Documents that no poll brought -> articles: what hubs deliver, and a feed's earlier pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from aggregator import pipeline
from aggregator.errors import NotAFeed
from aggregator.jobs.visits import logged, report_of
from aggregator.model import (
    Feed,
    FeedState,
    Fetched,
    FetchFailed,
    NotModified,
    Outcome,
    Reading,
    Validators,
    Visit,
    VisitReport,
)
from aggregator.ports import Tools
from aggregator.steps import polling

_NO_LEASE = datetime(1970, 1, 1, tzinfo=UTC)
"""No feed is ever due then: a plan with this lease writes articles and leaves the polling alone."""


def receive(tools: Tools, feed: Feed, fetched: Fetched) -> VisitReport:
    """Take in what a hub delivered. When to poll, and with which validators, stays as it is."""
    try:
        reading = tools.read(fetched, feed, tools.clock(), None)
    except NotAFeed as error:
        return logged(_failed(feed, str(error)), "delivery")
    return logged(_take_in(tools, feed, fetched, reading), "delivery")


async def backfill(
    tools: Tools, feed: Feed, pages: int, each: Callable[[str, VisitReport], None]
) -> None:
    """Follow a feed's links to its earlier pages (RFC 5005), at most `pages` documents in all.

    `each` hears the address and the outcome of every page. Ends with the first page that fails,
    names no earlier one, or was read before. Nothing changes in when the feed is polled.
    """
    state = tools.store.states()[feed.id]
    address, seen = polling.address(state, feed), set[str]()
    while address and address not in seen and len(seen) < pages:
        if seen:
            gap = polling.host_gap(address, tools.config.polling)
            await asyncio.sleep(gap.total_seconds())
        seen.add(address)
        page, address = address, ""
        match await tools.fetch(page, Validators()):
            case Fetched() as fetched:
                try:
                    reading = await asyncio.to_thread(
                        tools.read, fetched, feed, tools.clock(), None
                    )
                except NotAFeed as error:
                    each(page, _failed(feed, str(error)))
                    return
                each(page, await asyncio.to_thread(_take_in, tools, feed, fetched, reading))
                address = reading.earlier
            case NotModified():
                each(page, _failed(feed, "answered 304 although no validators were sent"))
            case FetchFailed(detail=detail):
                each(page, _failed(feed, detail))


def _failed(feed: Feed, detail: str) -> VisitReport:
    return VisitReport(feed_id=feed.id, outcome=Outcome.FAILED, detail=detail)


def _take_in(tools: Tools, feed: Feed, fetched: Fetched, reading: Reading) -> VisitReport:
    """Write the articles of a document that no poll brought; the state of polling stays."""
    now = tools.clock()
    known = tools.store.known(feed.id, reading)
    # The state that follows from this one is never stored.
    visit = Visit(feed=feed, state=FeedState(feed_id=feed.id, next_check_at=_NO_LEASE))
    plan = pipeline.decide(
        visit,
        fetched,
        reading,
        known,
        tools.taxonomy,
        tools.config,
        now,
        judged_by=tools.judged_by,
    )
    return report_of(reading, plan, tools.store.apply(plan))
