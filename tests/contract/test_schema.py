"""Migrations: the way there ends at the declared tables, once, whoever starts first."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import warnings
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, text

from aggregator.edges.sql import migrations
from aggregator.edges.sql.columns import columns_of
from aggregator.edges.sql.engine import Database
from aggregator.edges.sql.feeds import conclusions
from aggregator.edges.sql.schema import (
    ARTICLE,
    FEED,
    STORY,
    article_tags,
    articles,
    feeds,
    metadata,
    stories,
)
from aggregator.edges.sql.store import SqlStore, open_store
from aggregator.errors import StoreError
from aggregator.model import Search
from tests import make
from tests.contract.conftest import NewUrl
from tests.make import NOW

ROOT = Path(__file__).parents[2]


def test_migrated_and_declared_tables_are_the_same(store: SqlStore) -> None:
    def differences(connection: Connection) -> list[object]:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            # Of the engine's own kind: their words are compared below.
            "include_name": lambda name, *_: not (name or "").startswith("search_terms"),
            "include_object": lambda thing, name, *_: name not in ("terms", "ix_searchable_terms"),
        }
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    assert store.database.read(differences) == []


def test_indexes_of_the_migration_are_the_declared_ones(new_url: NewUrl) -> None:
    """Alembic does not compare the order (DESC) inside an index; the engine's own words do."""

    def words(connection: Connection) -> set[str]:
        query = (
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
            if connection.dialect.name == "postgresql"
            else "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL"
            " AND (type = 'index' OR name = 'search_terms')"
        )
        rows = connection.scalars(text(query))
        return {" ".join(row.split()) for row in rows if "alembic_version" not in row}

    migrated, declared = Database(new_url()), Database(new_url(migrated=False))
    declared.write(metadata.create_all)
    try:
        assert migrated.read(words) == declared.read(words)
    finally:
        migrated.close()
        declared.close()


def test_head_names_the_last_revision() -> None:
    folder = Path(migrations.__file__).parent
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripts = ScriptDirectory(str(folder))
    assert scripts.get_heads() == [migrations.HEAD]


def test_migrate_is_idempotent(new_url: NewUrl) -> None:
    database = Database(new_url(migrated=False))
    assert migrations.migrate(database) is None
    assert migrations.migrate(database) == migrations.HEAD
    database.close()


def test_tables_of_a_newer_release_are_left_alone(url: str) -> None:
    database = Database(url)
    database.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(StoreError, match="made by a newer release"):
        open_store(url, {})
    database.close()


START = "import sys; from aggregator.edges.sql.store import open_store; open_store(sys.argv[1], {})"


def test_several_processes_may_start_at_once(new_url: NewUrl) -> None:
    url = new_url(migrated=False)
    started = [
        subprocess.Popen([sys.executable, "-c", START, url], cwd=ROOT, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], said
    open_store(url, {}).close()


def test_opening_what_is_up_to_date_does_not_import_alembic(url: str) -> None:
    ask = f"{START}.check(); sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", ask, url], cwd=ROOT, check=False).returncode == 0


def test_a_new_file_that_is_held_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    """SQLite does not wait by itself where a file is switched to write-ahead logging."""
    file = tmp_path / "new.db"
    holder = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    holder.execute("CREATE TABLE held (id)")
    holder.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, holder.execute, ["COMMIT"])
    release.start()
    try:
        open_store(f"sqlite:///{file}", {}).close()
    finally:
        release.join()
        holder.close()


def test_an_older_database_can_be_searched_once_it_is_opened(new_url: NewUrl) -> None:
    """What was stored before there was an index is in it, in batches; a story's tags know when it
    changed."""
    url = new_url(migrated=False)
    database = Database(url)
    database.write(upgrade, "0005")
    database.write(older_rows)
    database.close()
    store = open_store(url, {})
    try:
        assert store.item("copy") is not None
        (found,) = store.search(Search(text="정상회담 이천", tags=("summit",)), limit=9)
        assert (found.article.id, found.feed.id) == ("a2000", "example-wire")
        latest = store.search(Search(), limit=3_000)
        assert [item.article.id for item in latest] == [f"a{n:04}" for n in range(2_100)]
        (latest_story,) = store.stories(limit=1, tag="summit", latest=True)
        assert latest_story.story.id == "s2"
    finally:
        store.close()


def upgrade(connection: Connection, revision: str) -> None:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, revision)


def older_rows(connection: Connection) -> None:
    """2,100 relevant articles, an irrelevant one, a copy and two stories, in the tables of 0005."""
    feed = columns_of(make.feed(), FEED)
    state = {"configured": True, "next_check_at": NOW, "failures": 0.0}
    connection.execute(insert(feeds).values(**feed, **state))
    whole = {f"a{n:04}": NOW - timedelta(hours=n) for n in range(2_100)}
    rows = [
        columns_of(make.article(id, title="정상회담", published_at=at, seen_at=NOW), ARTICLE)
        | conclusions(make.judgement())
        | {"titles": (), "duplicate_of": None}
        for id, at in (whole | {"copy": NOW, "noise": NOW}).items()
    ]
    rows[2_000]["title"] = "정상회담 이천"
    rows[-2]["duplicate_of"] = "a0000"
    rows[-1]["relevant"] = False
    connection.execute(insert(articles), rows)
    shown = {"article_id": "a2000", "slug": "summit", "score": 3.0}
    connection.execute(insert(article_tags).values(**shown, seen_at=NOW, published_at=NOW))
    told = [
        columns_of(make.story(make.item(id), updated_at=at).story, STORY)
        for id, at in {"s1": NOW, "s2": NOW + timedelta(hours=1)}.items()
    ]
    connection.execute(insert(stories), told)
    tags = text(
        "INSERT INTO story_tags (story_id, slug, score, last_at, seen_at)"
        " VALUES (:id, 'summit', 1, 1, 1)"
    )
    connection.execute(tags, [{"id": "s1"}, {"id": "s2"}])
