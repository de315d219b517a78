"""config check, config schema."""

from __future__ import annotations

import json
import sys

import typer

from aggregator.config import schema
from aggregator.hosts.cli.options import AsJson, Config, Data, loaded, out, print_json, told
from aggregator.wiring import taxonomy_of

configuration = typer.Typer(help="feeds.yaml.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(configuration, name="config")


@configuration.command("check")
@told
def check(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Read the configuration and tell every fault in it."""
    found = loaded(config, data)
    taxonomy_of(found)
    if as_json:
        print_json({"file": str(found.path), "feeds": len(found.feeds), "ok": True})
    else:
        out.print(f"{found.path}: good, {len(found.feeds)} feeds", markup=False)


@configuration.command("schema")
def print_schema() -> None:
    """Print the JSON Schema of feeds.yaml, for editors."""
    sys.stdout.write(json.dumps(schema(), indent=2, ensure_ascii=False) + "\n")
