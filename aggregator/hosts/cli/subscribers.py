"""subscribers add, import, list, export, remove, erase, suppress, unsuppress."""

from __future__ import annotations

import csv
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
from aggregator.model import Cadence, Subscriber
from aggregator.ports import Tools
from aggregator.render.names import GROUP, LANGUAGE
from aggregator.steps.addresses import address_of
from aggregator.steps.sections import TOPICS

app = typer.Typer(help="Who gets the digest.", no_args_is_help=True)

_COLUMNS = tuple(field.name for field in fields(Subscriber))
_STATUSES = ("active", "paused", "unsubscribed")
_NOBODY = "nothing is known under this address"


def _address(text: str) -> str:
    try:
        return address_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


@app.command()
@told
def add(
    address: str,
    name: str = "",
    language: str = "en",
    cadence: Annotated[str, typer.Option(help="weekly or daily")] = "weekly",
    source: Annotated[
        str, typer.Option("--consent-source", help="Where this person agreed to get the digest.")
    ] = "added by the operator",
    config: Config = None,
    data: Data = None,
) -> None:
    """Add one subscriber who has agreed to get the digest."""
    row = {"address": address, "name": name, "language": language, "cadence": cadence}
    with tools(config, data) as opened:
        now = opened.clock()
        given = row | {"consent_source": source, "consent_at": now.isoformat()}
        try:
            subscriber = _read(given, tuple(opened.languages), now)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        added = opened.store.add_subscriber(subscriber, now)
        reason = opened.store.suppression(subscriber.address)
    if reason is not None:
        raise AggregatorError(
            f"{subscriber.address} is suppressed ({reason}): "
            "`aggregator subscribers unsuppress` lets it in again"
        )
    out.print(f"{'added' if added else 'there already:'} {subscriber.address}", markup=False)


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
    """Add subscribers from a CSV: address, and any column that `export` writes.

    Each row, or --consent-source, says where that person agreed. Addresses that are there, that
    left or that are suppressed stay as they are.
    """
    faults: list[str] = []
    added = known = 0
    with tools(config, data) as opened:
        now = opened.clock()
        for line, row in _rows(file):
            try:
                subscriber = _read(row, tuple(opened.languages), now, source=source)
            except ValueError as error:
                faults.append(f"{file}:{line}: {error}")
                continue
            if opened.store.add_subscriber(subscriber, now):
                added += 1
            else:
                known += 1
    for fault in faults:
        err.print(fault, markup=False)
    out.print(f"{added} added, {known} left as they were, {len(faults)} refused")
    if faults:
        raise typer.Exit(1)


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, restkey="", restval="")
            names = reader.fieldnames or ()
            if "address" not in names:
                raise AggregatorError(f'{file}:1: the first line must name a column "address"')
            if unknown := [name for name in names if name not in _COLUMNS]:
                raise AggregatorError(
                    f'{file}:1: unknown column "{unknown[0]}": take it out, or name it one of '
                    f"{', '.join(_COLUMNS)}"
                )
            return [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise AggregatorError(f"{file}: cannot be read: {error}") from error


def _read(
    row: Mapping[str, str], languages: tuple[str, ...], now: datetime, *, source: str = ""
) -> Subscriber:
    """One subscriber; an empty text means the default. Raises ValueError with a sentence."""
    if "" in row:
        raise ValueError("more fields than the first line has columns")
    given = {key: text.strip() for key, text in row.items() if text and text.strip()}
    consent = given.pop("consent_source", source.strip())
    if not consent:
        raise ValueError("no consent source: add the column or --consent-source")
    read: dict[str, Callable[[str], Any]] = {
        "id": _id,
        "address": address_of,
        "name": str,
        "timezone": _zone,
        "language": _one_of(languages),
        "status": _one_of(_STATUSES),
        "consent_at": _moment(now),
        "cadence": _one_of(get_args(Cadence)),
        "weekday": _number(7),
        "hour": _number(24),
        "topics": _some_of(TOPICS),
        "groups": _some_of(tuple(GROUP)),
        "languages": _some_of(tuple(LANGUAGE)),
        "paused_until": _moment(None),
    }
    values: dict[str, Any] = {"id": secrets.token_hex(8), "address": ""}
    for key, text in {"address": "", **given}.items():
        try:
            values[key] = read[key](text)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None
    return Subscriber(**values, consent_source=consent)


def _id(text: str) -> str:
    if not (text.isascii() and text.isalnum() and len(text) <= 32):
        raise ValueError(f'"{text}" is no id: at most 32 letters and digits')
    return text


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{text}" is no time zone: expected one such as Asia/Seoul') from None


def _one_of(known: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError(f'"{text}" is none of {", ".join(known)}')
        return text

    return read


def _some_of(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    one = _one_of(known)
    return lambda text: tuple(one(word) for word in text.split())


def _number(end: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and int(text) < end):
            raise ValueError(f'"{text}" is no number from 0 to {end - 1}')
        return int(text)

    return read


def _moment(latest: datetime | None) -> Callable[[str], datetime]:
    def read(text: str) -> datetime:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f'"{text}" is no date: expected ISO 8601 such as 2026-11-21') from None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        if latest is not None and moment > latest:
            raise ValueError(f'"{text}" lies in the future')
        return moment

    return read


@app.command("list")
@told
def list_subscribers(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """All subscribers."""
    with tools(config, data) as opened:
        subscribers = opened.store.subscribers()
    if as_json:
        print_json([{key: getattr(s, key) for key in _COLUMNS} for s in subscribers])
        return
    table = Table("address", "name", "language", "status", "cadence", "since", "consent")
    for each in subscribers:
        since = f"{each.consent_at:%Y-%m-%d}" if each.consent_at else ""
        table.add_row(
            each.address,
            each.name,
            each.language,
            each.status,
            each.cadence,
            since,
            each.consent_source,
        )
    out.print(table)


@app.command()
@told
def export(config: Config = None, data: Data = None) -> None:
    """Print all subscribers as CSV, with all that `import` reads."""
    with tools(config, data) as opened:
        subscribers = opened.store.subscribers()
    writer = csv.writer(sys.stdout)
    writer.writerow(_COLUMNS)
    for each in subscribers:
        writer.writerow([_written(getattr(each, key)) for key in _COLUMNS])


def _written(value: Any) -> Any:
    match value:
        case None:
            return ""
        case tuple():
            return " ".join(value)
        case datetime():
            return value.isoformat()
    return value


@app.command()
@told
def remove(address: str, config: Config = None, data: Data = None) -> None:
    """Unsubscribe one address; what waits for it is not sent any more."""
    _act(
        address,
        config,
        data,
        lambda opened, known: opened.store.remove_subscriber(known, opened.clock()),
        done="unsubscribed",
        otherwise="this is no subscriber's address",
    )


@app.command()
@told
def erase(address: str, config: Config = None, data: Data = None) -> None:
    """Delete all that is stored about one address.

    Its letters stay in the ledger without it. A hash of it stays as well, so that no old list
    brings it back; only they themselves can, by the form and the mail that confirms it.
    """
    _act(
        address,
        config,
        data,
        lambda opened, known: opened.store.erase(known, opened.clock()),
        done="erased",
        otherwise=f"{_NOBODY}; it is suppressed all the same",
    )


@app.command()
@told
def suppress(
    address: str,
    detail: Annotated[str, typer.Option(help="Why; a note for yourself.")] = "",
    config: Config = None,
    data: Data = None,
) -> None:
    """Never mail one address again, whoever adds it."""
    _act(
        address,
        config,
        data,
        lambda opened, known: opened.store.suppress(known, "operator", detail, opened.clock()),
        done="suppressed",
        otherwise="this address is suppressed already",
    )


@app.command()
@told
def unsuppress(address: str, config: Config = None, data: Data = None) -> None:
    """Let one address be added again, after a bounce or complaint too. It is not added by this."""
    _act(
        address,
        config,
        data,
        lambda opened, known: opened.store.unsuppress(known),
        done="may be added again:",
        otherwise="this address is not suppressed",
    )


def _act(
    address: str,
    config: Path | None,
    data: Path | None,
    act: Callable[[Tools, str], object],
    *,
    done: str,
    otherwise: str,
) -> None:
    """Do something to one address; a sentence either way."""
    known = _address(address)
    with tools(config, data) as opened:
        did = act(opened, known)
    if not did:
        raise AggregatorError(f"{known}: {otherwise}")
    out.print(f"{done} {known}", markup=False)
