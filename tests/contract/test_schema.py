"""Migrations: the way there ends at the declared tables, once, whoever starts first."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from aggregator.edges.sql import migrations
from aggregator.edges.sql.engine import Database
from aggregator.edges.sql.schema import metadata
from aggregator.edges.sql.store import SqlStore, open_store
from aggregator.errors import StoreError
from tests.contract.conftest import NewUrl

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
