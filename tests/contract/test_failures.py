"""A database that cannot be used ends as one sentence; a killed writer leaves all or nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from aggregator.edges.sql import engine
from aggregator.edges.sql.store import SqlStore, open_store
from aggregator.errors import StoreError
from tests import make
from tests.contract.build import judged, plan
from tests.contract.conftest import Postgres
from tests.make import NOW

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "digest.db"


def opened(file: Path) -> SqlStore:
    store = open_store(f"sqlite:///{file}", {})
    store.register([make.feed()], NOW)
    return store


def test_check_is_quiet_when_all_is_well(store: SqlStore) -> None:
    store.check()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite://", "SQLite needs a file"),
        ("sqlite:///:memory:", "SQLite needs a file"),
        ("nonsense", "cannot be read"),
        ("mysql://root:secret@host/x", "'mysql'"),
        ("postgresql://me:secret@127.0.0.1:1/digest", "'digest' at 127.0.0.1:1 cannot be reached"),
        ("postgres://me:secret@127.0.0.1:x/digest", "cannot be read"),
    ],
)
def test_an_address_that_cannot_be_used(url: str, sentence: str) -> None:
    with pytest.raises(StoreError, match=sentence) as caught:
        open_store(url, {})
    assert "secret" not in str(caught.value)


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'korea-diplomacy-digest\[postgres\]'"):
        open_store("postgresql://me:secret@127.0.0.1/digest", {})


def test_a_file_that_is_no_database(file: Path) -> None:
    file.write_bytes(b"this is no database at all, but long enough to have a header " * 20)
    with pytest.raises(StoreError, match=r"digest\.db cannot be used: it is no SQLite database"):
        open_store(f"sqlite:///{file}", {})


def test_a_damaged_database(file: Path) -> None:
    store = opened(file)
    store.apply(plan(*(judged(f"a{n}") for n in range(150))))
    store.close()
    whole = bytearray(file.read_bytes())
    whole[4096 * 8 :] = b"\xff" * (len(whole) - 4096 * 8)
    file.write_bytes(whole)
    with pytest.raises(StoreError, match=r"digest\.db cannot be used: it is damaged"):
        opened(file).items(limit=150)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
def test_a_read_only_file(file: Path) -> None:
    opened(file).close()
    file.chmod(0o444)
    with pytest.raises(StoreError, match="cannot be written"):
        opened(file)


def test_a_read_only_connection(file: Path) -> None:
    opened(file).close()
    store = open_store(f"sqlite:///file:{file}?mode=ro&uri=true", {})
    store.check()
    with pytest.raises(StoreError, match=r"cannot be written\. Check the owner and mode"):
        store.apply(plan(judged()))
    store.close()


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(f"sqlite:///{tmp_path}/data/digest.db", {})


def test_a_folder_in_place_of_the_file(file: Path) -> None:
    file.mkdir()
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(f"sqlite:///{file}", {})


def test_a_full_disk_stores_nothing_of_the_step(file: Path) -> None:
    store = opened(file)

    def small_disk(connection: sqlite3.Connection, _record: object) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 20}")

    event.listen(store.database.engine, "connect", small_disk)
    store.close()  # the pool begins anew, on the small disk
    with pytest.raises(StoreError, match="the disk is full"):
        store.apply(plan(*(judged(f"a{n}", content="x" * 500) for n in range(2000))))
    assert store.items(limit=9) == ()
    assert store.apply(plan(judged("a1"))) == 1
    store.close()


def test_a_lock_that_is_held_too_long(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    store = opened(file)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program has held it"):
        store.apply(plan(judged()))
    assert store.items(limit=9) == ()  # readers do not wait
    other.close()
    store.close()


KILLED = """
import os, signal, sys
from sqlalchemy import Connection, event, text
from aggregator.edges.sql.store import open_store
from tests.contract.build import judged, plan

store, when, met = open_store(sys.argv[1], {}), int(sys.argv[2]), 0

def count(connection, cursor, statement, *rest):
    global met
    met += not statement.startswith(("PRAGMA", "SELECT"))
    if met == when:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(store.database.engine, "after_cursor_execute", count)
store.apply(plan(*(judged(f"a{n}", "summit", content="x" * 900) for n in range(1500))))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("when", [1, 2, 3, 5, 99])
def test_a_killed_writer_leaves_all_or_nothing(file: Path, when: int) -> None:
    opened(file).close()
    arguments = [sys.executable, "-c", KILLED, f"sqlite:///{file}", str(when)]
    ended = subprocess.run(arguments, cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    store = opened(file)
    wanted = 1500 if when == 99 else 0
    assert len(store.items(limit=9999)) == wanted
    assert store.tag_counts().get("summit", 0) == wanted
    assert store.article_counts().get("example-wire", 0) == wanted
    assert store.version() == (1 if wanted else 0)
    assert store.apply(plan(judged("one-more"))) == 1
    store.close()


def test_a_lost_race_on_postgresql_is_run_again(postgres: Postgres) -> None:
    database = engine.Database(postgres.new_database())
    runs: list[int] = []

    def work(connection: Connection, losses: int) -> int:
        runs.append(connection.execute(text("UPDATE meta SET version = version + 1")).rowcount)
        if len(runs) <= losses:
            connection.execute(text("DO $$ BEGIN RAISE SQLSTATE '40001'; END $$"))
        return connection.execute(text("SELECT version FROM meta")).scalar_one()  # type: ignore[no-any-return]

    assert database.write(work, 2) == 1
    assert len(runs) == 3
    runs.clear()
    with pytest.raises(StoreError):
        database.write(work, 9)
    assert len(runs) == 3
    database.close()


def test_a_row_that_cannot_be_read_names_the_database(store: SqlStore) -> None:
    store.apply(plan(judged()))
    store.database.write(lambda c: c.execute(text("UPDATE articles SET tags = '{}'")))
    with pytest.raises(StoreError, match="holds a row that this release cannot read"):
        store.items(limit=9)


def test_a_refusal_quotes_no_values(store: SqlStore) -> None:
    with pytest.raises(StoreError) as caught:
        store.apply(plan(judged("a1", feed_id="nobody-knows"), feed_id="nobody-knows"))
    assert "nobody-knows" not in str(caught.value)


def test_sqlite_is_set_up_as_promised(file: Path) -> None:
    store = opened(file)
    with store.database.engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    expected = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 30_000}
    assert found == expected
    store.close()
