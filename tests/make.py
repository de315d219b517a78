"""Builders for tests: say only what the test is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.model import (
    Article,
    Entry,
    Feed,
    FeedState,
    Item,
    Judgement,
    Story,
    StoryItems,
    Tagging,
    Verdict,
)

NOW = datetime(2019, 6, 30, 12, 0, tzinfo=UTC)


def feed(id: str = "example-wire", **changes: Any) -> Feed:
    made = Feed(
        id=id,
        url=f"https://{id}.example.org/feed.xml",
        title=id.replace("-", " ").title(),
        site=f"https://{id}.example.org/",
        publisher=id.replace("-", " ").title(),
        country="Example",
        perspective="intl-press",
        language="en",
    )
    return replace(made, **changes)


def state(feed_id: str = "example-wire", **changes: Any) -> FeedState:
    return replace(FeedState(feed_id=feed_id, next_check_at=NOW), **changes)


def entry(title: str = "Leaders meet at Panmunjom", **changes: Any) -> Entry:
    made = Entry(
        guid="tag:example.org,2019:1",
        link="https://example.org/1",
        title=title,
        summary="The two leaders shook hands.",
        published=NOW - timedelta(hours=2),
    )
    return replace(made, **changes)


def article(id: str = "a1", title: str = "Leaders meet at Panmunjom", **changes: Any) -> Article:
    made = Article(
        id=id,
        feed_id="example-wire",
        url=f"https://example.org/{id}",
        guid=id,
        title=title,
        summary="The two leaders shook hands.",
        language="en",
        published_at=NOW - timedelta(hours=2),
        seen_at=NOW - timedelta(hours=1),
        fingerprint=f"{id}-{title}",
    )
    return replace(made, **changes)


def tagging(slug: str, score: float = 3.0, **changes: Any) -> Tagging:
    return replace(Tagging(slug=slug, score=score, method="strong"), **changes)


def judgement(*slugs: str, relevant: bool = True, **changes: Any) -> Judgement:
    made = Judgement(
        verdict=Verdict(relevant=relevant, score=3.0 if relevant else 0.0, reasons=("made",)),
        tags=tuple(tagging(slug) for slug in slugs),
    )
    return replace(made, **changes)


def item(
    id: str = "a1",
    title: str = "Leaders meet at Panmunjom",
    *tags: str,
    by: Feed | None = None,
    **changes: Any,
) -> Item:
    source = by or feed()
    extra = {k: changes.pop(k) for k in ("story_id", "duplicate_of", "judgement") if k in changes}
    made = Item(
        article=article(id, title, feed_id=source.id, **changes),
        judgement=judgement(*tags),
        feed=source,
    )
    return replace(made, **extra)


def story(*items: Item, **changes: Any) -> StoryItems:
    first, last = items[0].article, items[-1].article
    made = Story(
        id=first.id,
        title=first.title,
        language=first.language,
        first_at=first.published_at,
        last_at=last.published_at,
        seen_at=first.seen_at,
        updated_at=last.seen_at,
        article_ids=tuple(i.article.id for i in items if i.duplicate_of is None),
        tags=tuple(t.slug for t in items[0].judgement.tags),
        score=1.0,
    )
    return StoryItems(story=replace(made, **changes), items=items)
