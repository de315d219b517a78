"""`make bench`: what a search costs among 100,000 articles, beside `LIKE` and the rows alone.

Made-up news in two languages: words as common as in real headlines, one word in all of a language,
300 tags, 500 feeds. A database URL as argument: that database instead, filled where it is empty.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, or_, select, text

from aggregator.edges.sql import library
from aggregator.edges.sql.schema import articles
from aggregator.edges.sql.store import SqlStore, open_store
from aggregator.model import (
    Article,
    Feed,
    FeedState,
    IngestPlan,
    Judged,
    Judgement,
    Search,
    Tagging,
    Verdict,
)

STORED = 100_000
PAGE = 30
TIMES = 5
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
LAST = FIRST + timedelta(minutes=10 * STORED)
_FEEDS = [Feed(id=f"feed-{n}", url=f"http://bench/{n}", title=f"Feed {n}") for n in range(500)]
_BY_ID = {feed.id: feed for feed in _FEEDS}
_MANY = frozenset(f"feed-{n}" for n in range(100, 10_100))
_SOME = frozenset(f"feed-{n}" for n in range(400, 450))
_SILENT = frozenset(f"feed-{n}" for n in range(1_000, 11_000))
_SYLLABLES = (
    "가강경고공관국군기김남년대도동련리무문미민반방보부북비사산상서선성수시신실안연영외용우원위"
    "육의이인일자장전정제조주중지진차천총측통평표하한합해핵협호화회훈"
)


def _vocabulary(chance: random.Random, letters: str, longest: int) -> list[str]:
    return ["".join(chance.choices(letters, k=chance.randint(2, longest))) for _ in range(20_000)]


def made_up(numbers: range) -> Iterator[Judged]:
    """Articles in the order of publication, ten minutes apart."""
    chance = random.Random(1)
    words = {
        "ko": _vocabulary(chance, _SYLLABLES, 4),
        "en": _vocabulary(chance, "abcdefghiklmnoprstuvwy", 9),
    }
    named = {"ko": "북한이", "en": "Korea"}
    for number in numbers:
        chance = random.Random(number)
        language = "ko" if chance.random() < 0.7 else "en"
        known = words[language]
        told = [known[min(int(chance.paretovariate(0.5)), 20_000) - 1] for _ in range(50)]
        told.insert(chance.randrange(10), named[language])
        if number % 20_000 == 7:
            told.insert(3, "zyzzyva")
        at = FIRST + timedelta(minutes=10 * number)
        slugs = {f"tag-{int(chance.paretovariate(0.7)) % 300}" for _ in range(4)}
        yield Judged(
            article=Article(
                id=f"{number:040x}",
                feed_id=f"feed-{int(chance.paretovariate(0.5)) % 500}",
                url=f"https://example.org/{number}",
                guid=str(number),
                title=" ".join(told[:12]),
                summary=" ".join(told[12:]),
                language=language,
                published_at=at,
                seen_at=at,
                fingerprint=str(number),
            ),
            judgement=Judgement(
                verdict=Verdict(relevant=True, score=2.0, reasons=()),
                tags=tuple(Tagging(slug=slug, score=3.0, method="strong") for slug in slugs),
            ),
        )


def filled(url: str) -> SqlStore:
    """A store with the made-up news."""
    store = open_store(url, _BY_ID)
    if store.installed_at() is not None:
        return store
    store.register(_FEEDS, FIRST)
    for start in range(0, STORED, 1_000):
        store.apply(
            IngestPlan(
                feed_id="feed-0",
                claimed_until=FIRST,
                state=FeedState(feed_id="feed-0", next_check_at=FIRST),
                new=tuple(made_up(range(start, start + 1_000))),
                edited=(),
                sightings=(),
                judged_by="bench",
                now=FIRST,
            )
        )
    return store


def asked() -> dict[str, tuple[Search, int]]:
    """What is looked for, and from which place on."""
    common = _vocabulary(random.Random(1), _SYLLABLES, 4)
    one, two = common[2], common[3]
    title = next(iter(made_up(range(50_000, 50_001)))).article.title
    month: dict[str, Any] = {
        "since": LAST - timedelta(days=400),
        "until": LAST - timedelta(days=370),
    }
    return {
        "a rare word": (Search(text="zyzzyva"), 0),
        "no article has it": (Search(text="qwertz"), 0),
        "in every Korean article": (Search(text="북한"), 0),
        "in every English article": (Search(text="korea"), 0),
        "the same, page 100": (Search(text="북한"), 99 * PAGE),
        "two common words": (Search(text=f"{one} {two}"), 0),
        "two that never meet": (Search(text="북한 korea"), 0),
        "a phrase of one headline": (Search(text=f'"{title}"'), 0),
        "a phrase of common words": (Search(text=f'"{one} {two}"'), 0),
        "one character": (Search(text="핵"), 0),
        "without a common word": (Search(text=f"북한 -{one}"), 0),
        "a common word and a rare tag": (Search(text="북한", tags=("tag-250",)), 0),
        "two tags": (Search(tags=("tag-1", "tag-40")), 0),
        "a common word, other language": (Search(text="북한", languages=("en",)), 0),
        "a common word of one quiet feed": (Search(text="북한", feeds=frozenset({"feed-480"})), 0),
        "a common word of 50 feeds": (Search(text="북한", feeds=_SOME), 0),
        "a common word of feeds without any": (Search(text="북한", feeds=_SILENT), 0),
        "a common word of 10,000 feeds": (Search(text="북한", feeds=_MANY), 0),
        "a common word, one month": (Search(text="북한", **month), 0),
        "one character, one month": (Search(text="핵", **month), 0),
        "everything at once": (
            Search(
                text="북한",
                tags=("tag-3",),
                languages=("ko",),
                feeds=frozenset({"feed-9"}),
                **month,
            ),
            0,
        ),
        "no text": (Search(), 0),
    }


def milliseconds(work: Callable[[], object]) -> float:
    """The median of some runs."""
    spent = []
    for _ in range(TIMES):
        started = time.perf_counter()
        work()
        spent.append(time.perf_counter() - started)
    return sorted(spent)[TIMES // 2] * 1_000


def feed_of(_connection: Connection, feed_id: str) -> Feed:
    return _BY_ID[feed_id]


def by_like(store: SqlStore, words: str) -> Sequence[str]:
    """The page that a plain `LIKE` finds."""
    like = f"%{words}%"
    query = select(articles.c.id).where(
        or_(articles.c.title.like(like), articles.c.summary.like(like))
    )
    query = query.order_by(articles.c.published_at.desc()).limit(PAGE)
    return store.database.read(lambda connection: connection.scalars(query).all())


def main(url: str | None = None) -> None:
    """Print the table."""
    console = Console(width=110)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "bench.db"
        started = time.perf_counter()
        store = filled(url or f"sqlite:///{file}")
        console.print(f"{STORED:,} articles stored in {time.perf_counter() - started:.0f} s")
        if store.database.engine.dialect.name == "postgresql":  # what autovacuum does by and by
            with store.database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.execute(text("VACUUM ANALYZE"))
        like = milliseconds(lambda: by_like(store, "zyzzyva"))
        console.print(f"a plain LIKE: {like:.0f} ms")
        table = Table("search", "found", "ms", "share of LIKE", "× the rows alone")
        for name, (search, offset) in asked().items():
            found = store.search(search, limit=PAGE, offset=offset)
            ids = [item.article.id for item in found]
            spent = milliseconds(partial(store.search, search, limit=PAGE, offset=offset))
            rows = milliseconds(partial(store.database.read, library.of_ids, feed_of, ids))
            table.add_row(
                name,
                f"{len(found)}",
                f"{spent:.1f}",
                f"{spent / like:.1%}",
                f"{spent / rows:.1f}" if found else "",
            )
        console.print(table)
        store.close()


if __name__ == "__main__":
    main(*sys.argv[1:2])
