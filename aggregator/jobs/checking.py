"""One visit, step by step, of which nothing is stored."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from aggregator.errors import NotAFeed
from aggregator.jobs.visits import news
from aggregator.model import (
    Answer,
    Exchange,
    Failure,
    Feed,
    FeedState,
    Fetched,
    FetchFailed,
    Reading,
    Validators,
    Visit,
)
from aggregator.ports import Tools
from aggregator.steps import dedup, polling, websub


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One visit of which nothing was stored, step by step."""

    visit: Visit
    asked: str
    """The address that was asked first."""
    exchanges: tuple[Exchange, ...]
    answer: Answer
    """A failure also when the body was no feed."""
    fetched: Fetched | None = None
    """The body, if one came, be it a feed or not."""
    unchanged: bool = False
    """The very bytes of the last visit: a poll would leave them unread."""
    reading: Reading | None = None
    new: int = 0
    edited: int = 0
    decision: polling.Decision


async def check(tools: Tools, feed: Feed) -> Checked:
    """Visit a feed as a poll would, but without validators, and store nothing."""
    now, rules = tools.clock(), tools.config.polling
    state = (await asyncio.to_thread(tools.store.states)).get(feed.id)
    visit = Visit(feed=feed, state=state or FeedState(feed_id=feed.id, next_check_at=now))
    asked = polling.address(visit.state, feed)
    answer, exchanges = await tools.fetch.traced(asked, Validators())
    found = Checked(
        visit=visit,
        asked=asked,
        exchanges=exchanges,
        answer=answer,
        decision=polling.explain(visit.state, answer, feed, rules, tools.clock()),
    )
    if not isinstance(answer, Fetched):
        return found
    return await asyncio.to_thread(_read_checked, tools, found, answer)


def _read_checked(tools: Tools, found: Checked, fetched: Fetched) -> Checked:
    feed, state, now = found.visit.feed, found.visit.state, tools.clock()
    result: polling.Result
    try:
        reading = tools.read(fetched, feed, now, None)
    except NotAFeed as error:
        result = FetchFailed(why=Failure.CONTENT, detail=str(error))
        decision = polling.explain(state, result, feed, tools.config.polling, now)
        return replace(found, fetched=fetched, answer=result, decision=decision)
    fresh = dedup.fresh(reading, tools.store.known(feed.id, reading))
    unchanged = news(found.visit, fetched) is None
    result = fetched if unchanged else polling.parsed(fetched, reading, len(fresh.new))
    return replace(
        found,
        fetched=fetched,
        unchanged=unchanged,
        reading=websub.named(fetched, reading),
        new=len(fresh.new),
        edited=len(fresh.edited),
        decision=polling.explain(state, result, feed, tools.config.polling, now),
    )
