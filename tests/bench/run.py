"""`make bench`: CPU time of each stage beside a baseline measured in the same run."""

from __future__ import annotations

import gc
import io
import os
import re
import resource
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import feedparser
from rich.console import Console
from rich.table import Table

from aggregator import demo, pipeline
from aggregator.config import load as load_configuration
from aggregator.config import shipped
from aggregator.edges.sql.store import open_store
from aggregator.model import Article, Feed, FeedState, Fetched, Item, Visit
from aggregator.render.atom import atom
from aggregator.render.jsonfeed import jsonfeed
from aggregator.render.rss import rss
from aggregator.render.syndication import Channel, Entry, article_entries
from aggregator.rules import Configuration, Site
from aggregator.steps.relevance import telling
from aggregator.steps.tagging import compile_tagger, tag
from aggregator.steps.text import plain
from aggregator.taxonomy import Taxonomy, load

NOW = datetime(2025, 9, 1, tzinfo=UTC)
DATA = Path(os.environ.get("AGGREGATOR_TEST_DATA", "../shared/corpus"))
CONFIG = Configuration()


def documents() -> list[tuple[str, bytes]]:
    """Real documents where they are at hand, else the sample week."""
    found = [*sorted((DATA / "feeds").glob("*")), *sorted((DATA / "two-weeks/feeds").glob("*"))]
    if found:
        return [(path.name, path.read_bytes()) for path in found]
    return [(name, demo.document(name)) for name in demo.publishers()]


@contextmanager
def clock(times: dict[str, float], name: str) -> Iterator[None]:
    """CPU seconds of this process."""
    gc.collect()
    started = time.process_time()
    yield
    times[name] = time.process_time() - started


def baseline(bodies: list[tuple[str, bytes]]) -> None:
    """What feedparser alone needs for the same bytes."""
    for _, body in bodies:
        feedparser.parse(io.BytesIO(body))


def ingest(bodies: list[tuple[str, bytes]], folder: Path) -> tuple[dict[str, float], list[Item]]:
    """Every stage of a first round, over all documents, in this one process."""
    times: dict[str, float] = {}
    feeds = {name: Feed(id=name, url=f"http://{name}/", title=name) for name, _ in bodies}
    taxonomy = load()
    names = telling(taxonomy, CONFIG.relevance)
    readings = {}
    with clock(times, "parse, normalise"):
        for name, body in bodies:
            fetched = Fetched(url=f"http://{name}/", body=body, body_hash=name)
            try:
                reading = pipeline.read(fetched, feeds[name], NOW, replay=False, names=names)
            except Exception:
                continue
            readings[name] = (fetched, reading)
    store = open_store(f"sqlite:///{folder / 'bench.db'}", feeds)
    store.register(tuple(feeds.values()), NOW)
    plans = []
    with clock(times, "known, tag, judge"):
        for name, (fetched, reading) in readings.items():
            state = FeedState(feed_id=name, next_check_at=NOW)
            known = store.known(name, reading)
            visit = Visit(feed=feeds[name], state=state)
            plan = pipeline.decide(
                visit, fetched, reading, known, taxonomy, CONFIG, NOW, judged_by="bench"
            )
            plans.append(plan)
    with clock(times, "store"):
        for plan in plans:
            store.apply(plan)
    items = [
        Item(article=j.article, judgement=j.judgement, feed=feeds[plan.feed_id])
        for plan in plans
        for j in plan.new
    ]
    relevant = [i for i in items if i.judgement.verdict.relevant]
    with clock(times, "copies, stories"):
        pipeline.arrange(relevant, (), taxonomy, CONFIG.stories, NOW)
    store.close()
    return times, items


def tagging_speed(items: list[Item]) -> dict[str, float]:
    """Megabytes of text a second: lowered and split into words, tagged, tagged and judged."""
    taxonomy = load()
    tagger = compile_tagger(taxonomy)
    articles: list[Article] = [i.article for i in items][:4_000]
    size = sum(len((a.title + a.summary + a.content).encode()) for a in articles)
    feed = Feed(id="bench", url="", title="bench")
    times: dict[str, float] = {}
    with clock(times, "words"):
        for a in articles:
            re.findall(r"\w+", f"{a.title} {a.summary} {a.content}".lower())
    with clock(times, "tag"):
        for article in articles:
            tag(article, feed, tagger)
    with clock(times, "tag and judge"):
        for article in articles:
            pipeline.judge(article, feed, taxonomy, CONFIG.relevance)
    return {name: size / 1e6 / seconds for name, seconds in times.items()}


def best_of(runs: int, work: Callable[[], object]) -> float:
    """Milliseconds of the quickest run."""
    found = []
    for _ in range(runs):
        started = time.process_time()
        work()
        found.append((time.process_time() - started) * 1000)
    return min(found)


def publish(
    write: Callable[[Channel, Sequence[Entry], Site], bytes],
    channel: Channel,
    items: Sequence[Item],
    site: Site,
    taxonomy: Taxonomy,
) -> bytes:
    """A feed rendered anew, from what the store gives."""
    return write(channel, article_entries(items, site=site, taxonomy=taxonomy), site)


def main() -> None:
    warnings.simplefilter("ignore")
    console = Console()
    bodies = documents()
    megabytes = sum(len(body) for _, body in bodies) / 1e6
    times: dict[str, float] = {}
    with clock(times, "feedparser.parse alone"):
        baseline(bodies)
    with tempfile.TemporaryDirectory() as folder:
        stages, items = ingest(bodies, Path(folder))
    base = times["feedparser.parse alone"]
    table = Table(
        "stage", "CPU s", "× feedparser", title=f"{len(bodies)} documents, {megabytes:.1f} MB"
    )
    table.add_row("feedparser.parse alone", f"{base:.2f}", "1.00")
    for name, seconds in stages.items():
        table.add_row(name, f"{seconds:.2f}", f"{seconds / base:.2f}")
    total = sum(stages.values())
    table.add_row("cold ingest, together", f"{total:.2f}", f"{total / base:.2f}")
    console.print(table)
    taxonomy, site = load(), Site()
    entries = [i for i in items if i.judgement.tags and i.article.url.startswith("http")][:500]
    console.print(
        f"articles: {len(items)}, relevant: {sum(i.judgement.verdict.relevant for i in items)}"
    )
    speed = tagging_speed(items)
    for name in ("tag", "tag and judge"):
        console.print(
            f"{name}: {speed[name]:.1f} MB/s of text, "
            f"{speed['words'] / speed[name]:.1f} × finding its words"
        )
    channel = Channel(title="bench", self_url=f"{site.url}/feed")
    for name, write in (("atom.xml", atom), ("rss.xml", rss), ("feed.json", jsonfeed)):
        work = partial(publish, write, channel, entries, site, taxonomy)
        console.print(f"{name}, {len(entries)} tagged entries: {best_of(5, work):.0f} ms")
    console.print(f"taxonomy loaded: {best_of(3, load):.0f} ms")
    shipped_feeds = partial(load_configuration, shipped(), {})
    console.print(f"shipped feeds.yaml loaded: {best_of(3, shipped_feeds):.0f} ms")
    html = "<p>" + "A sentence &amp; another one. " * 200 + "</p>"
    console.print(
        f"plain text of {len(html)} characters of HTML: {best_of(5, lambda: plain(html)):.2f} ms"
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"peak memory of this run: {peak:.0f} MB")


if __name__ == "__main__":
    main()
