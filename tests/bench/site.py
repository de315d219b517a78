"""`make bench`: CPU of the site's documents with 50,000 articles stored, beside their reads alone.

Made-up news, six reports a story; the latest story has sixty.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from aggregator.config import Loaded
from aggregator.hosts.site import Moved, Page, Site
from aggregator.hosts.site.feeds import MOST_FEED_ENTRIES
from aggregator.model import (
    Arrangement,
    Feed,
    FeedState,
    IngestPlan,
    Item,
    Judged,
    Story,
    Tagging,
)
from aggregator.ports import Tools
from aggregator.render.links import Links
from aggregator.rules import Configuration
from aggregator.steps.perspectives import GROUPS, coverage
from aggregator.wiring import open_tools
from tests.bench.search import FIRST, made_up

STORED = 50_000
LARGE = 60
USUAL = 6
TIMES = 7
_SLUGS = (
    "kim-jong-un",
    "donald-trump",
    "north-korea",
    "missile-launch",
    "sanctions",
    "inter-korean-relations",
    "denuclearization",
)
_SPEAKERS = [p for group in GROUPS for p in group.perspectives] + ["intl-press"]
FEEDS = {
    f"feed-{n}": Feed(
        id=f"feed-{n}",
        url=f"http://bench/{n}",
        title=f"Feed {n}",
        publisher=f"Publisher {n}",
        perspective=_SPEAKERS[n % len(_SPEAKERS)],
    )
    for n in range(56)
}
LAST = FIRST + timedelta(minutes=10 * STORED)


def news() -> Iterator[Judged]:
    """The made-up articles with tags of the taxonomy, from feeds with a perspective."""
    for number, judged in enumerate(made_up(range(STORED))):
        slugs = {_SLUGS[number % len(_SLUGS)], _SLUGS[number // 7 % len(_SLUGS)]}
        yield Judged(
            article=replace(judged.article, feed_id=f"feed-{number * 31 % len(FEEDS)}"),
            judgement=replace(
                judged.judgement,
                tags=tuple(Tagging(slug=slug, score=3.0, method="strong") for slug in slugs),
            ),
        )


def told(items: list[Item]) -> Story:
    """One story of these."""
    first, last = items[0].article, items[-1].article
    return Story(
        id=first.id,
        title=first.title,
        language=first.language,
        first_at=first.published_at,
        last_at=last.published_at,
        seen_at=first.seen_at,
        updated_at=last.seen_at,
        article_ids=tuple(item.article.id for item in items),
        tags=tuple(tag.slug for tag in items[0].judgement.tags),
        coverage=coverage(items),
        score=(last.published_at - FIRST) / timedelta(days=1),
    )


def fill(tools: Tools) -> str:
    """Store everything; returns the id of the large story."""
    articles = list(news())
    tools.store.register(tuple(FEEDS.values()), FIRST)
    for start in range(0, STORED, 1_000):
        tools.store.apply(
            IngestPlan(
                feed_id="feed-0",
                claimed_until=FIRST,
                state=FeedState(feed_id="feed-0", next_check_at=FIRST),
                new=tuple(articles[start : start + 1_000]),
                judged_by="bench",
                now=FIRST,
            )
        )
    items = [
        Item(article=j.article, judgement=j.judgement, feed=FEEDS[j.article.feed_id])
        for j in articles
    ]
    usual, large = items[:-LARGE], items[-LARGE:]
    stories = [told(usual[n : n + USUAL]) for n in range(0, len(usual), USUAL)] + [told(large)]
    placements = {id: story.id for story in stories for id in story.article_ids}
    tools.store.save(Arrangement(stories=tuple(stories), placements=placements))
    return stories[-1].id


def milliseconds(work: Callable[[], object]) -> float:
    """CPU of the quickest run; the first one, which compiles templates, does not count."""
    work()
    found = []
    for _ in range(TIMES):
        started = time.process_time()
        work()
        found.append((time.process_time() - started) * 1000)
    return min(found)


def found(site: Site, path: str, query: Mapping[str, str]) -> Page:
    page = site.find(path, query)
    if page is None or isinstance(page, Moved):
        raise AssertionError(f"{path} is not there")
    return page


def main() -> None:
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        loaded = Loaded(
            config=Configuration(),
            feeds=FEEDS,
            path=Path(folder) / "feeds.yaml",
            data=Path(folder),
            secret=b"bench",
        )
        with open_tools(loaded, as_of=LAST) as tools:
            large = fill(tools)
            site, store = Site(tools, Links()), tools.store
            newest = partial(store.items, limit=MOST_FEED_ENTRIES)
            documents: list[tuple[str, str, dict[str, str], Callable[[], object]]] = [
                ("front page", "/", {}, partial(store.ranked, limit=30)),
                (f"story of {LARGE} reports", f"/stories/{large}", {}, lambda: store.story(large)),
                ("tag", "/tags/sanctions", {}, partial(store.items, limit=50, tag="sanctions")),
                ("search", "/search", {"q": "북한"}, partial(store.items, limit=50)),
                ("atom.xml", "/atom.xml", {}, newest),
                ("rss.xml", "/rss.xml", {}, newest),
                ("feed.json", "/feed.json", {}, newest),
                ("stories.atom", "/stories.atom", {}, partial(store.stories, limit=100)),
            ]
            table = Table(
                "document", "CPU ms", "its rows alone", "×", "KB", title=f"{STORED:,} articles"
            )
            for name, path, query, rows in documents:
                made = milliseconds(partial(found, site, path, query))
                base = milliseconds(rows)
                size = len(found(site, path, query).body) / 1000
                table.add_row(
                    name, f"{made:.1f}", f"{base:.1f}", f"{made / base:.1f}", f"{size:.0f}"
                )
            console.print(table)


if __name__ == "__main__":
    main()
