"""What all commands share: options, how errors end, how results are printed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console

from aggregator.config import Loaded, load
from aggregator.errors import AggregatorError, ConfigError
from aggregator.hosts import logs
from aggregator.ports import Tools
from aggregator.wiring import open_tools

P = ParamSpec("P")
R = TypeVar("R")

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def moment(text: str) -> datetime:
    """ISO 8601, in UTC unless it names a zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f'"{text}" is no time: expected ISO 8601 such as 2026-11-21T09:00:00Z'
        ) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


Config = Annotated[
    Path | None,
    typer.Option(
        "--config", help="The feeds.yaml to use. [default: ./feeds.yaml, else the shipped one]"
    ),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="Folder for the database and the outbox. [default: ./data]"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        parser=moment,
        metavar="TIME",
        help="Replace the clock of this one command (ISO 8601, UTC unless it names a zone).",
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Tell every visit and letter.")]


def told(command: Callable[P, R]) -> Callable[P, R]:
    """Errors end as one clear sentence on stderr: 2 for usage and configuration, 1 for the rest."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except AggregatorError as error:
            err.print(str(error), markup=False)
            raise typer.Exit(2 if isinstance(error, ConfigError) else 1) from None
        except BrokenPipeError:  # `aggregator … | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None

    return wrapped


def loaded(config: Path | None, data: Path | None) -> Loaded:
    """The configuration of this command; raises ConfigError."""
    return load(config, os.environ, data=data)


@contextmanager
def tools(
    config: Path | None,
    data: Path | None,
    *,
    as_of: datetime | None = None,
    verbose: bool = False,
) -> Iterator[Tools]:
    """Everything opened, for one command."""
    logs.start(verbose=verbose)
    with open_tools(loaded(config, data), as_of=as_of) as opened:
        yield opened


def print_json(value: Any) -> None:
    """One JSON value on stdout, on one line, readable by people who read Korean."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
