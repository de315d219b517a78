"""An older database -> the declared tables. One linear history for both engines.

A revision is a file in `versions/`, written by hand; HEAD names the last one. Old revisions never
change, so they name plain column types and import nothing of `schema`.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from aggregator.edges.sql import search
from aggregator.edges.sql.engine import Database
from aggregator.errors import StoreError

HEAD = "0010"
_LOCK = 0x4B44_4431
"""Any number, but for ever the same: the advisory lock of everybody who migrates this database."""


def migrate(database: Database) -> str | None:
    """Bring the tables up to date; the revision that was found, None for a new database.

    Quick when nothing is to do (Alembic is not even imported: 95 ms), and safe when several
    processes start at once. Raises StoreError when the tables belong to a newer release.
    """
    found = database.read(_revision)
    if found != HEAD:
        database.write(_upgrade, database.place)
    return found


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _upgrade(connection: Connection, place: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    if _revision(connection) == HEAD:
        return  # somebody else was faster; on SQLite the writer's transaction is the lock
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    # The percent sign is configparser's; a folder may hold one.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"The tables in {place} were made by a newer release ({error}). "
            "Install that release again, or restore a backup made with this one."
        ) from error
    # Here, and not in a revision: by then the tables are as the program knows them. A revision that
    # changes how terms are made empties the index.
    search.fill(connection)
