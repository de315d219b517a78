"""A database URL -> transactions. SQLite and PostgreSQL differ here, and in `search`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar, cast

from pydantic import ValidationError
from sqlalchemy import (
    URL,
    BindParameter,
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    Row,
    Select,
    Table,
    Text,
    any_,
    bindparam,
    create_engine,
    event,
    exc,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import make_url

from aggregator.edges.sql.columns import clean
from aggregator.errors import StoreError

P = ParamSpec("P")
T = TypeVar("T")
AnyRow: TypeAlias = Row[*tuple[Any, ...]]
Query: TypeAlias = Select[*tuple[Any, ...]]

BUSY_SECONDS = 30
_MOMENT = 0.02
"""Seconds."""
_ATTEMPTS = 3
_LOST_RACE = frozenset({"40001", "40P01"})
"""PostgreSQL's serialization_failure and deadlock_detected: nothing was written, do it again."""


class _Kept:
    """One piece of work that waits for its transaction."""

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.done = False
        self.result: Any = None
        self.error: StoreError | None = None


def _together(connection: Connection, batch: Sequence[_Kept]) -> None:
    for each in batch:
        each.result = each.work(connection)


class Database:
    """Runs one function in one transaction, and turns what the driver raises into StoreError."""

    def __init__(self, url: str) -> None:
        self._url = _read_url(url)
        self.place = _place(self._url)
        self.engine = _open(self._url)
        self._reader: Engine = self.engine
        if self.engine.dialect.name == "postgresql":
            # Several SELECTs of one method shall see one state; SQLite's BEGIN does that anyway.
            self._reader = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        self._writer = self.engine.execution_options(writes=True)
        self._keeper = self.engine.execution_options(writes=True, survives=True)
        self._turn = Lock()
        self._keeping: list[_Kept] = []

    def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`work(connection, ...)` on one state of the database."""
        try:
            with self._reader.begin() as connection:
                return work(connection, *args, **kwargs)
        except (exc.SQLAlchemyError, ValidationError) as error:
            raise _explained(error, self.place) from error

    def write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`work(connection, ...)`: all of it is stored, or nothing."""
        return self._write(self._writer, work, *args, **kwargs)

    def keep(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `write`; once it returns, even a power cut takes back neither this nor what was
        written before. What several threads keep meanwhile shares one transaction, and so the wait
        for the disk."""
        mine = _Kept(lambda connection: work(connection, *args, **kwargs))
        self._keeping.append(mine)
        with self._turn:
            if not mine.done:
                batch, self._keeping = self._keeping, []
                self._keep_all(batch)
        if mine.error is not None:
            raise mine.error
        return cast(T, mine.result)

    def _keep_all(self, batch: Sequence[_Kept]) -> None:
        try:
            self._write(self._keeper, _together, batch)
        except StoreError as error:
            if len(batch) == 1:
                batch[0].error = error
            else:  # one of them may be to blame: each by itself
                for each in batch:
                    self._keep_all([each])
        finally:
            for each in batch:
                each.done = True

    def _write(
        self,
        engine: Engine,
        work: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        attempt = 1
        while True:
            try:
                with engine.begin() as connection:
                    return work(connection, *args, **kwargs)
            except (exc.SQLAlchemyError, ValidationError) as error:
                if attempt == _ATTEMPTS or not _lost_race(error):
                    raise _explained(error, self.place) from error
                attempt += 1

    def close(self) -> None:
        self.engine.dispose()


def insert_into(connection: Connection, table: Table) -> sqlite.Insert:
    """An INSERT that knows ON CONFLICT; both dialects spell it alike, in two classes."""
    if connection.dialect.name == "postgresql":
        return cast(sqlite.Insert, postgresql.insert(table))
    return sqlite.insert(table)


def among(
    connection: Connection, column: ColumnElement[str], values: Iterable[str]
) -> ColumnElement[bool]:
    """`column IN values` with one bound value, however many there are.

    SQLite takes 32,766 bound values at most (999 before 3.32), and a statement that does not
    change with the number of values is compiled once.
    """
    given = listed(connection, values)
    return _among(connection.dialect.name, column, bindparam(None, given, unique=True))


def among_bound(dialect: str, column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """As `among`, with the values bound when the statement is run: `{name: listed(...)}`."""
    return _among(dialect, column, bindparam(name))


def listed(connection: Connection, values: Iterable[str]) -> list[str] | str:
    """Values for `among_bound`."""
    cleaned = [clean(value) for value in values]
    return cleaned if connection.dialect.name == "postgresql" else json.dumps(cleaned)


def _among(
    dialect: str, column: ColumnElement[str], values: BindParameter[Any]
) -> ColumnElement[bool]:
    if dialect == "postgresql":
        return column == any_(type_coerce(values, postgresql.ARRAY(Text)))
    each = func.json_each(type_coerce(values, Text)).table_valued("value")
    return column.in_(select(each.c.value))


def _read_url(url: str) -> URL:
    try:
        read = make_url(url)
    except (exc.ArgumentError, ValueError):
        # `from None`: the cause could quote the URL, and with it the password.
        raise StoreError(
            "The database URL cannot be read: write sqlite:////folder/file.db or "
            "postgresql://user:password@host/name (special characters in the password as %XX)."
        ) from None
    if read.drivername in {"postgresql", "postgres"}:
        read = read.set(drivername="postgresql+psycopg")
    if read.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise StoreError(
            f"The database URL names {read.drivername!r}: use sqlite:/// or postgresql://."
        )
    if read.get_backend_name() == "sqlite" and read.database in {None, "", ":memory:"}:
        raise StoreError("SQLite needs a file here: write sqlite:////folder/file.db.")
    return read


def _place(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return f"the database file {url.database}"
    host = url.host or url.query.get("host") or "the local socket"
    port = f":{url.port}" if url.port else ""
    return f"the PostgreSQL database {url.database or ''!r} at {host}{port}"


class SqliteCompiler(SQLiteCompiler):
    """Writes what `with_hint` says after a table: `INDEXED BY`, which SQLAlchemy drops."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text


def _open(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        file = Path(str(url.database))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder {file.parent} for the database cannot be made: {error.strerror}."
            ) from error
        engine = create_engine(
            url,
            connect_args={"timeout": BUSY_SECONDS},
            pool_size=5,
            max_overflow=35,
            hide_parameters=True,
        )
        engine.dialect.statement_compiler = SqliteCompiler
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(
            url,
            connect_args={"connect_timeout": 10} if "connect_timeout" not in url.query else {},
            pool_pre_ping=True,
            max_overflow=15,
            hide_parameters=True,
        )
    except ImportError as error:
        raise StoreError(
            "PostgreSQL needs its driver: pip install 'korea-diplomacy-digest[postgres]'"
        ) from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN is off: see _begin_sqlite
    cursor = connection.cursor()
    _write_ahead(cursor)
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA cache_size = -16000")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Switch a new file to write-ahead logging: once a file, for it has to be alone for a moment.

    SQLite does not wait for a writer here, whatever its time-out: of five processes that opened a
    new file at once, one in 170 was told that it is locked.
    """
    until = monotonic() + BUSY_SECONDS
    while True:
        try:
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or monotonic() > until:
                raise
            sleep(_MOMENT)


def _begin_sqlite(connection: Connection) -> None:
    # A writer that begins as a reader cannot wait for another one: it ends in "database is
    # locked" at once, whatever the time-out (seen with eight claimants).
    options = connection.get_execution_options()
    if options.get("writes"):
        # NORMAL: a power cut may take the last seconds back, which are then polled again.
        level = "FULL" if options.get("survives") else "NORMAL"
        if connection.info.get("synchronous") != level:
            connection.exec_driver_sql(f"PRAGMA synchronous = {level}")
            connection.info["synchronous"] = level
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.exec_driver_sql("BEGIN")


def _lost_race(error: Exception) -> bool:
    return isinstance(error, exc.DBAPIError) and getattr(error.orig, "sqlstate", None) in _LOST_RACE


_ADVICE = (
    ("malformed", "it is damaged. Restore the latest backup, or move the file away to begin anew"),
    (
        "no such module: fts5",
        "the SQLite of this Python has no full-text search. Run another Python",
    ),
    ("not a database", "it is no SQLite database, or damaged. Restore the latest backup"),
    ("readonly", "it cannot be written. Check the owner and mode of the file and of its folder"),
    ("unable to open", "it cannot be opened. Check the owner and mode of the file and its folder"),
    ("full", "the disk is full. Free some room; nothing of this step was stored"),
    ("disk i/o", "the disk reports an error. Check the disk and the system's log"),
    ("locked", f"another program has held it for {BUSY_SECONDS} s. End that program"),
)


def _explained(error: exc.SQLAlchemyError | ValidationError, place: str) -> StoreError:
    """One sentence: which database, what is wrong, what to do. Never the password or a value."""
    start = place[0].upper() + place[1:]
    if isinstance(error, ValidationError):
        return StoreError(
            f"{start} holds a row that this release cannot read ({error.title}, "
            f"{error.error_count()} faults). Was it changed by hand, or by a newer release?"
        )
    cause = error.orig if isinstance(error, exc.StatementError) and error.orig else error
    # The first line only: PostgreSQL quotes the row's values in the ones below it.
    said = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    if isinstance(error, exc.StatementError) and not isinstance(error, exc.DBAPIError):
        return StoreError(f"{start} was given a value that it cannot hold: {said}")
    if "PostgreSQL" not in place:
        for sign, advice in _ADVICE:
            if sign in said.lower():
                return StoreError(f"{start} cannot be used: {advice} ({said}).")
    elif isinstance(error, exc.OperationalError | exc.TimeoutError):
        return StoreError(
            f"{start} cannot be reached: {said}. Check that it runs, and its name and password."
        )
    return StoreError(f"{start} refused: {said}")
