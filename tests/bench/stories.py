"""`make bench`: what copies and stories cost, by the item, beside how much is stored.

A year and more of made-up news is stored, a thousand articles a day; then one more hour arrives.
What this hour costs must not grow with the years before it.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from aggregator import pipeline
from aggregator.edges.sql.store import open_store
from aggregator.model import (
    Arrangement,
    Article,
    Feed,
    FeedState,
    IngestPlan,
    Item,
    Judged,
    Judgement,
    Story,
    Tagging,
    Verdict,
)
from aggregator.rules import Clustering
from aggregator.taxonomy import Taxonomy, load

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
A_DAY = 1_000
NEW = 200
_FEED = Feed(id="bench", url="http://bench/", title="bench", publisher="bench")


def made_up(
    numbers: range, taxonomy: Taxonomy, *, per_day: int = A_DAY
) -> Iterator[tuple[Item, str]]:
    """Articles in the order of publication, each with its event: five to an event, within hours."""
    tags = sorted(t.slug for t in taxonomy.values() if t.facet in ("actor", "topic", "place"))
    for number in numbers:
        event = number // 50 * 10 + number % 10
        chance = random.Random(event)
        told = [f"word{chance.randrange(20_000)}" for _ in range(24)]
        words = random.Random(number)
        slugs = chance.sample(tags, 5)
        at = FIRST + timedelta(days=number / per_day)
        article = Article(
            id=f"a{number:07}",
            feed_id=_FEED.id,
            url=f"https://example.org/{number}",
            guid=str(number),
            title=" ".join(words.sample(told, 10)),
            summary=" ".join(words.sample(told, 20)),
            language="en",
            published_at=at,
            seen_at=at,
            fingerprint=str(number),
        )
        judgement = Judgement(
            verdict=Verdict(relevant=True, score=2.0, reasons=()),
            tags=tuple(Tagging(slug=slug, score=3.0, method="strong") for slug in slugs),
        )
        yield Item(article=article, judgement=judgement, feed=_FEED), f"a{event:07}"


def at_once(taxonomy: Taxonomy) -> float:
    """Items a CPU second, ten thousand of a few days together."""
    items = [item for item, _ in made_up(range(10**6, 10**6 + 10_000), taxonomy, per_day=3_000)]
    started = time.process_time()
    pipeline.arrange(items, (), taxonomy, Clustering(), FIRST)
    return len(items) / (time.process_time() - started)


def one_more_hour(stored: int, taxonomy: Taxonomy) -> float:
    """CPU milliseconds for each of `NEW` articles, when so many are stored already."""
    rules = Clustering()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'bench.db'}", {_FEED.id: _FEED})
        store.register((_FEED,), FIRST)
        for start in range(0, stored + NEW, 1_000):
            numbers = range(start, min(start + 1_000, stored + NEW))
            held = list(made_up(numbers, taxonomy))
            store.apply(
                IngestPlan(
                    feed_id=_FEED.id,
                    claimed_until=FIRST,
                    state=FeedState(feed_id=_FEED.id, next_check_at=FIRST),
                    new=tuple(Judged(article=i.article, judgement=i.judgement) for i, _ in held),
                    edited=(),
                    sightings=(),
                    judged_by="bench",
                    now=FIRST,
                )
            )
            store.save(_as_told([pair for pair in held if _number(pair[0]) < stored]))
        started = time.process_time()
        loose = store.loose()
        first, last = loose[0].article.published_at, loose[-1].article.published_at
        placed = store.placed(first - rules.window, last + rules.window)
        store.save(pipeline.arrange(loose, placed, taxonomy, rules, last))
        spent = time.process_time() - started
        store.close()
    return spent / NEW * 1_000


def _number(item: Item) -> int:
    return int(item.article.id[1:])


def _as_told(held: list[tuple[Item, str]]) -> Arrangement:
    members: dict[str, list[Item]] = {}
    for item, event in held:
        members.setdefault(event, []).append(item)
    stories = tuple(
        Story(
            id=event,
            title=items[0].article.title,
            language="en",
            first_at=items[0].article.published_at,
            last_at=items[-1].article.published_at,
            seen_at=items[0].article.seen_at,
            updated_at=FIRST,
            article_ids=tuple(i.article.id for i in items),
        )
        for event, items in members.items()
    )
    placements = {i.article.id: event for event, items in members.items() for i in items}
    return Arrangement(stories=stories, placements=placements)


def main(sizes: list[int]) -> None:
    """Print the table; the sizes are numbers of stored articles."""
    console, taxonomy = Console(), load()
    console.print(f"copies and stories, all at once: {at_once(taxonomy):,.0f} items a CPU second")
    table = Table("stored", f"ms an item ({NEW} arrive)", "× the first")
    base = 0.0
    for size in sizes:
        spent = one_more_hour(size, taxonomy)
        base = base or spent
        table.add_row(f"{size:,}", f"{spent:.2f}", f"{spent / base:.2f}")
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"peak memory of this run: {peak:.0f} MB")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 400_000])
