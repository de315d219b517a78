"""The queries behind pages and jobs walk an index: SQLite's own plan says so."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, func, or_, select
from sqlalchemy.dialects import sqlite

from aggregator.edges.sql import archive, library
from aggregator.edges.sql.engine import SqliteCompiler
from aggregator.edges.sql.outbox import CLAIM
from aggregator.edges.sql.schema import articles, issues, sightings, stories
from aggregator.edges.sql.store import open_store
from tests import make
from tests.make import NOW

ANY_TIME: dict[str, Any] = {"since": None, "until": None}
ONE_WEEK: dict[str, Any] = {"since": NOW, "until": NOW}
LIST: dict[str, Any] = {"limit": 100, "offset": 30, "copies": False}

HOT: dict[str, Any] = {
    "newest": library.newest(tag=None, **LIST, **ANY_TIME),
    "newest of a week": library.newest(tag=None, **LIST, **ONE_WEEK),
    "newest of a tag": library.newest(tag="summit", **LIST, **ANY_TIME),
    "newest of a tag and week": library.newest(tag="summit", **LIST, **ONE_WEEK),
    "best": library.best(limit=30, tag=None, **ANY_TIME),
    "archived": archive.latest(limit=100, after=make.article(), unless_judged_by="x"),
    "best of a tag": library.best(limit=30, tag="summit", **ANY_TIME),
    "best of the latest": library.best(limit=30, latest=True),
    "letters whose lease ended": CLAIM[0],
    "deferred letters": CLAIM[1],
    "pending letters": CLAIM[2],
    "best of the latest of a tag": library.best(limit=30, tag="summit", latest=True),
}
INDEXED: dict[str, Any] = {
    "best of a week": library.best(limit=30, tag=None, **ONE_WEEK),
    "best of a tag and week": library.best(limit=30, tag="summit", **ONE_WEEK),
    "loose": select(articles.c.title).where(
        articles.c.story_id.is_(None), articles.c.published_at >= NOW
    ),
    "placed": select(stories.c.title).where(stories.c.last_at >= NOW),
    "members and copies": select(articles.c.title).where(
        or_(articles.c.id.in_(["a", "b"]), articles.c.duplicate_of.in_(["a", "b"]))
    ),
    "newest of feeds": library.by_feed(
        library.newest(tag=None, **LIST, **ANY_TIME), articles.c.feed_id.in_(["a", "b"])
    ),
    "counts": select(func.count(articles.c.duplicate_of)).where(articles.c.seen_at >= NOW),
    "sighted": select(sightings.c.article_id).where(
        sightings.c.feed_id == "x", sightings.c.article_id.in_(["a", "b"])
    ),
    "waiting for being judged": select(func.count()).where(articles.c.judged_by != "x"),
    "covered until": select(func.max(issues.c.ends_at)),
}


@pytest.fixture(scope="module")
def plan_of(tmp_path_factory: pytest.TempPathFactory) -> Any:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('plans') / 'x.db'}", {})

    def explain(query: Any) -> list[str]:
        dialect = sqlite.dialect(paramstyle="named")
        dialect.statement_compiler = SqliteCompiler
        words = str(query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
        values = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}).params
        values = {name: 0 if value is NOW else value for name, value in values.items()}

        def work(connection: Connection) -> list[str]:
            assert connection.connection.dbapi_connection is not None
            rows = connection.connection.dbapi_connection.execute(
                f"EXPLAIN QUERY PLAN {words}", values
            )
            return [row[3] for row in rows]

        return store.database.read(work)

    yield explain
    store.close()


def full_scans(plan: list[str]) -> list[str]:
    """`SCAN x` without an index; one along an index in its order, or of a subquery, is fine."""
    return [
        step
        for step in plan
        if step.startswith("SCAN") and "USING" not in step and "chosen" not in step
    ]


@pytest.mark.parametrize("name", [*HOT, *INDEXED])
def test_no_table_is_read_whole(plan_of: Any, name: str) -> None:
    plan = plan_of((HOT | INDEXED)[name])
    assert plan
    assert full_scans(plan) == []


def test_a_page_reads_no_rows_but_those_it_shows(plan_of: Any) -> None:
    """A deep page, and one of feeds with few articles, is found within an index."""
    for name in ("newest", "newest of a week", "newest of feeds"):
        (step, *_) = plan_of((HOT | INDEXED)[name])
        assert "COVERING INDEX ix_articles_" in step
    assert "ix_articles_feed" in plan_of(INDEXED["newest of feeds"])[0]


@pytest.mark.parametrize("name", HOT)
def test_lists_come_out_of_the_index_in_order(plan_of: Any, name: str) -> None:
    sorts = [step for step in plan_of(HOT[name]) if "TEMP B-TREE" in step]
    # `best` sorts its 30 chosen rows once more, after the limit.
    assert len(sorts) == (1 if name.startswith("best") else 0), sorts


def test_the_check_sees_a_full_scan(plan_of: Any) -> None:
    assert full_scans(plan_of(select(articles.c.title).where(articles.c.title == "x")))
