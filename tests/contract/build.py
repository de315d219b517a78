"""Builders for what is written: plans, arrangements, issues and readers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from aggregator.model import (
    Article,
    FeedState,
    IngestPlan,
    Issue,
    Item,
    Judged,
    Judgement,
    Period,
    Reading,
    Sighting,
    StoryItems,
    Subscriber,
)
from aggregator.ports import Store
from tests import make
from tests.make import NOW

LEASE = timedelta(minutes=10)
HOUR = timedelta(hours=1)


def judged(id: str = "a1", *tags: str, relevant: bool = True, **changes: Any) -> Judged:
    return Judged(
        article=make.article(id, **changes), judgement=make.judgement(*tags, relevant=relevant)
    )


def plan(*new: Judged, edited: tuple[Judged, ...] = (), **changes: Any) -> IngestPlan:
    """A visit without a lease: it writes articles and sightings, and no state."""
    feed_id = changes.pop("feed_id", "example-wire")
    made = IngestPlan(
        feed_id=feed_id,
        claimed_until=NOW - timedelta(days=9),
        state=FeedState(feed_id=feed_id, next_check_at=NOW + HOUR),
        new=new,
        edited=edited,
        sightings=tuple(
            Sighting(article_id=j.article.id, guid=j.article.guid) for j in (*new, *edited)
        ),
        now=NOW,
    )
    return replace(made, **changes)


def reading(*articles: Article) -> Reading:
    return Reading(articles=articles)


def stored(store: Store, *ids: str, **changes: Any) -> tuple[Item, ...]:
    """Put relevant articles into the store; the items as the store gives them back."""
    store.apply(plan(*(judged(id, **changes) for id in ids)))
    found = {item.article.id: item for item in store.items(limit=1000)}
    return tuple(found[id] for id in ids)


def story(*items: Item, **changes: Any) -> StoryItems:
    return make.story(*items, **changes)


def issue(week: int = 26, **changes: Any) -> Issue:
    start = datetime.fromisocalendar(2019, week, 1).replace(tzinfo=NOW.tzinfo)
    period = Period(
        name=f"2019-W{week}", start=start, end=start + timedelta(days=7), timezone="UTC"
    )
    return replace(Issue(period=period, title=f"Week {week}", composed_at=NOW), **changes)


def subscriber(id: str = "s1", **changes: Any) -> Subscriber:
    return replace(Subscriber(id=id, address=f"{id}@example.org"), **changes)


def conclusions(item: Item) -> tuple[Article, Judgement]:
    return item.article, item.judgement
