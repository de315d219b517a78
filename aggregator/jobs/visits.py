"""Feeds that are due -> answers -> articles in the library, and when to come again."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from aggregator import pipeline
from aggregator.errors import NotAFeed
from aggregator.jobs.hubs import note_hub
from aggregator.model import (
    Answer,
    Failure,
    FeedHealth,
    FeedState,
    Fetched,
    FetchFailed,
    IngestPlan,
    NotModified,
    Outcome,
    Reading,
    Visit,
    VisitReport,
)
from aggregator.ports import Tools
from aggregator.steps import health as feed_health
from aggregator.steps import polling, websub

log = logging.getLogger(__name__)

FETCH_LEASE = timedelta(minutes=30)
"""Far above the deadline of a visit: an older outcome must not overwrite a newer one."""
_CLAIM = 500


def register(tools: Tools, *, spread: bool = False) -> None:
    """Make the configured feeds known; with `spread` the first visits are no burst."""
    now, feeds = tools.clock(), tuple(tools.feeds.values())
    first = {}
    if spread:
        fresh = tools.store.installed_at() is None
        first = polling.first_checks(tools.feeds, now, tools.config.polling, fresh=fresh)
    tools.store.register(feeds, now, first)


def claim(tools: Tools, *, all_feeds: bool = False) -> tuple[Visit, ...]:
    """Lease the feeds that are due (or all of them); nobody else gets them meanwhile."""
    limit = len(tools.feeds) if all_feeds else _CLAIM
    states = tools.store.claim(tools.clock(), FETCH_LEASE, limit, all_feeds=all_feeds)
    return tuple(Visit(feed=tools.feeds[s.feed_id], state=s) for s in states)


async def ask(tools: Tools, visit: Visit) -> Answer:
    """Ask the publisher: the first half of a visit."""
    address = polling.address(visit.state, visit.feed)
    return await tools.fetch(address, polling.validators(visit.state, visit.feed))


def news(visit: Visit, answer: Answer) -> Fetched | None:
    """The answer if it is a body that we have not seen, to be `ingest`ed; all else is `settle`d."""
    if isinstance(answer, Fetched) and answer.body_hash != visit.state.body_hash:
        return answer
    return None


def settle(tools: Tools, visits: Sequence[tuple[Visit, Answer]]) -> list[VisitReport]:
    """Write when to come again after visits without news, all in one transaction."""
    now = tools.clock()
    states = [
        polling.after(visit.state, answer, visit.feed, tools.config.polling, now)
        for visit, answer in visits
    ]
    tools.store.settle(
        [
            (state, visit.state.next_check_at)
            for (visit, _), state in zip(visits, states, strict=True)
        ]
    )
    return [
        logged(_without_articles(answer, state))
        for (_, answer), state in zip(visits, states, strict=True)
    ]


def ingest(tools: Tools, visit: Visit, fetched: Fetched) -> VisitReport:
    """A body that we have not seen: read, tag and judge what is fresh in it, write once."""
    now = tools.clock()
    try:
        reading = tools.read(fetched, visit.feed, now, visit.state.entries)
    except NotAFeed as error:
        (report,) = settle(tools, [(visit, FetchFailed(why=Failure.CONTENT, detail=str(error)))])
        return report
    known = tools.store.known(visit.feed.id, reading)
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
    new = tools.store.apply(plan)
    note_hub(tools, visit.feed, websub.named(fetched, reading), now)
    return logged(report_of(reading, plan, new, plan.state.next_check_at))


def health(tools: Tools) -> tuple[FeedHealth, ...]:
    """How each configured feed is doing, in the order of the configuration."""
    states, now = tools.store.states(), tools.clock()
    return tuple(
        feed_health.health(
            feed, states.get(feed.id) or FeedState(feed_id=feed.id, next_check_at=now), now
        )
        for feed in tools.feeds.values()
    )


def _without_articles(answer: Answer, state: FeedState) -> VisitReport:
    match answer:
        case Fetched():
            outcome, detail = Outcome.UNCHANGED, ""
        case NotModified():
            outcome, detail = Outcome.NOT_MODIFIED, ""
        case FetchFailed(detail=detail):
            outcome = Outcome.FAILED
    return VisitReport(
        feed_id=state.feed_id, outcome=outcome, detail=detail, next_check_at=state.next_check_at
    )


def report_of(
    reading: Reading, plan: IngestPlan, new: int, next_check_at: datetime | None = None
) -> VisitReport:
    return VisitReport(
        feed_id=plan.feed_id,
        outcome=Outcome.OK,
        entries=len(reading.articles) + reading.unchanged,
        new=new,
        edited=len(plan.edited),
        relevant=sum(j.judgement.verdict.relevant for j in plan.new),
        next_check_at=next_check_at,
    )


def logged(report: VisitReport, event: str = "visit") -> VisitReport:
    """The report, which the log has now too."""
    log.info(
        event,
        extra={
            "feed": report.feed_id,
            "outcome": report.outcome.value,
            "detail": report.detail,
            "entries": report.entries,
            "new": report.new,
        },
    )
    return report
