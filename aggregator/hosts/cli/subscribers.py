"""subscribers add, import, list, export, remove."""

from __future__ import annotations

import csv
import secrets
import sys
from datetime import UTC, datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from aggregator.errors import AggregatorError
from aggregator.hosts.cli.options import (
    AsJson,
    Config,
    Data,
    err,
    out,
    print_json,
    told,
    tools,
)
from aggregator.model import Subscriber

app = typer.Typer(help="Who gets the digest.", no_args_is_help=True)

_COLUMNS = ("address", "name", "language", "timezone", "status", "consent_at", "consent_source")


def address_of(text: str) -> str:
    """The bare address. Raises ValueError with what is wrong."""
    _, address = parseaddr(text.strip())
    local, at, domain = address.rpartition("@")
    if not at or not local or "." not in domain.strip(".") or any(c.isspace() for c in address):
        raise ValueError(f'"{text.strip()}" is no e-mail address')
    return address


def _made(address: str, name: str, language: str, at: datetime | None, source: str) -> Subscriber:
    return Subscriber(
        id=secrets.token_hex(8),
        address=address_of(address),
        name=name.strip(),
        language=language.strip() or "en",
        consent_at=at,
        consent_source=source,
    )


@app.command()
@told
def add(
    address: str,
    name: str = "",
    language: str = "en",
    source: Annotated[
        str, typer.Option("--consent-source", help="Where this person agreed to get the digest.")
    ] = "added by the operator",
    config: Config = None,
    data: Data = None,
) -> None:
    """Add one subscriber who has agreed to get the digest."""
    with tools(config, data) as opened:
        now = opened.clock()
        try:
            subscriber = _made(address, name, language, now, source)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        if opened.store.add_subscriber(subscriber, now):
            out.print(f"added {subscriber.address}", markup=False)
        else:
            out.print(f"{subscriber.address} is there already", markup=False)


@app.command("import")
@told
def import_csv(
    file: Annotated[Path, typer.Argument(metavar="CSV")],
    source: Annotated[
        str, typer.Option("--consent-source", help="Used where the file names none.")
    ] = "",
    config: Config = None,
    data: Data = None,
) -> None:
    """Add subscribers from a CSV: address, name, language, consent_at, consent_source."""
    faults: list[str] = []
    added = known = 0
    with tools(config, data) as opened:
        now = opened.clock()
        for line, row in _rows(file):
            consent = (row.get("consent_source") or source).strip()
            try:
                if not consent:
                    raise ValueError("no consent source: add the column or --consent-source")
                at = _moment(row.get("consent_at") or "")
                made = _made(
                    row.get("address") or "",
                    row.get("name") or "",
                    row.get("language") or "",
                    at,
                    consent,
                )
            except ValueError as error:
                faults.append(f"{file}:{line}: {error}")
                continue
            if opened.store.add_subscriber(made, now):
                added += 1
            else:
                known += 1
    for fault in faults:
        err.print(fault, markup=False)
    out.print(f"{added} added, {known} there already, {len(faults)} refused")
    if faults:
        raise typer.Exit(1)


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            if "address" not in (reader.fieldnames or ()):
                raise AggregatorError(f'{file}:1: the first line must name a column "address"')
            return [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise AggregatorError(f"{file}: cannot be read: {error}") from error


def _moment(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f'"{text}" is no date: expected ISO 8601 such as 2026-11-21') from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


@app.command("list")
@told
def list_subscribers(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """All subscribers."""
    with tools(config, data) as opened:
        rows = [{key: getattr(s, key) for key in _COLUMNS} for s in opened.store.subscribers()]
    if as_json:
        print_json(rows)
        return
    table = Table("address", "name", "language", "status", "since", "consent")
    for row in rows:
        since = f"{row['consent_at']:%Y-%m-%d}" if row["consent_at"] else ""
        table.add_row(
            row["address"],
            row["name"],
            row["language"],
            row["status"],
            since,
            row["consent_source"],
        )
    out.print(table)


@app.command()
@told
def export(config: Config = None, data: Data = None) -> None:
    """Print all subscribers as CSV."""
    with tools(config, data) as opened:
        writer = csv.writer(sys.stdout)
        writer.writerow(_COLUMNS)
        for subscriber in opened.store.subscribers():
            writer.writerow([getattr(subscriber, key) or "" for key in _COLUMNS])


@app.command()
@told
def remove(address: str, config: Config = None, data: Data = None) -> None:
    """Unsubscribe one address; what waits for it is not sent any more."""
    with tools(config, data) as opened:
        if not opened.store.remove_subscriber(address, opened.clock()):
            raise AggregatorError(f"{address} is no active subscriber")
    out.print(f"unsubscribed {address}", markup=False)
