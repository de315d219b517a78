"""bounces read, list."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from aggregator import jobs
from aggregator.errors import AggregatorError
from aggregator.hosts.cli.options import (
    AsJson,
    AsOf,
    Config,
    Data,
    err,
    out,
    print_json,
    told,
    tools,
)
from aggregator.ports import Tools
from aggregator.steps.bounces import MOST_BYTES

app = typer.Typer(help="Letters that came back.", no_args_is_help=True)

_NO_INPUT, _TRY_AGAIN = 66, 75
"""EX_NOINPUT and EX_TEMPFAIL of sysexits.h: with the latter a mail server keeps the message."""


@app.command()
def read(
    file: Annotated[
        str, typer.Argument(metavar="[FILE|-]", help="One message; without it, the mailbox.")
    ] = "",
    recipient: Annotated[
        str,
        typer.Option(
            "--recipient",
            metavar="ADDRESS",
            envvar="ORIGINAL_RECIPIENT",
            help="To which the message came; Postfix tells it by itself.",
        ),
    ] = "",
    config: Config = None,
    data: Data = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Take what came back: a message that a mail server pipes in, or all in bounces.mailbox.

    Exits with 0 also when it was no bounce, and with 75 (try again) when it could not be taken.
    """
    try:
        with tools(config, data, as_of=as_of) as opened:
            counts = _one(opened, _message(file), recipient) if file else _all(opened)
    except OSError as error:
        err.print(f"{file}: cannot be read: {error.strerror}", markup=False)
        raise typer.Exit(_NO_INPUT) from None
    except AggregatorError as error:
        err.print(str(error), markup=False)
        raise typer.Exit(_TRY_AGAIN) from None
    if as_json:
        print_json(counts)
    else:
        told = ", ".join(f"{n} {what}" for what, n in sorted(counts.items()))
        out.print(told or "nothing waits", markup=False)


def _message(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read(MOST_BYTES)
    with Path(file).open("rb") as message:
        return message.read(MOST_BYTES)


def _one(opened: Tools, message: bytes, recipient: str) -> Counter[str]:
    return Counter([str(jobs.take_message(opened, message, recipient).what)])


def _all(opened: Tools) -> Counter[str]:
    if opened.open_mailbox is None:
        raise typer.BadParameter("name a FILE, or set bounces.mailbox (AGGREGATOR_BOUNCES_URL)")
    return Counter({str(what): n for what, n in jobs.read_mailbox(opened).items()})


@app.command("list")
@told
def list_bounces(
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """What was reported, latest first, and what it did."""
    with tools(config, data) as opened:
        records = opened.store.bounces(limit)
    if as_json:
        print_json([asdict(record) for record in records])
        return
    table = Table("noted", "letter", "kind", "status", "no more letters", "the server's words")
    for each in records:
        at = f"{each.at:%Y-%m-%d %H:%M} UTC"
        table.add_row(
            at, each.letter, each.kind, each.status, each.effect or "", escape(each.detail)
        )
    out.print(table)
