"""doctor."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from aggregator.edges.dns import Resolver
from aggregator.errors import ConfigError
from aggregator.hosts import logs
from aggregator.hosts.cli.options import AsJson, Config, Data, loaded, out, print_json, told
from aggregator.hosts.examination import examine
from aggregator.steps.doctor import Finding, State
from aggregator.wiring import taxonomy_of

_COLOURS: dict[State, str] = {
    "ok": "green",
    "warning": "yellow",
    "failed": "red",
    "unchecked": "dim",
}


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(doctor)


@told
def doctor(
    config: Config = None,
    data: Data = None,
    dns: Annotated[
        str,
        typer.Option(
            "--dns",
            metavar="HOST[:PORT]",
            envvar="AGGREGATOR_DNS",
            help="Name server to ask. [default: the system's]",
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Look at everything that must be right, and say what to do about what is not."""
    logs.start(verbose=False)
    resolver = Resolver(dns)
    try:
        found = loaded(config, data)
        taxonomy_of(found)
    except ConfigError as error:
        findings = [
            Finding(what="configuration", state="failed", found=line, advice="mend this line")
            for line in error.findings
        ]
    else:
        whole = f"{found.path}, {len(found.feeds)} feeds"
        findings = [
            Finding(what="configuration", state="ok", found=whole),
            *examine(found, resolver),
        ]
    if as_json:
        print_json([asdict(each) for each in findings])
    else:
        _print(findings)
    if any(each.state == "failed" for each in findings):
        raise typer.Exit(1)


def _print(findings: list[Finding]) -> None:
    table = Table("", "", "", box=None, show_header=False, pad_edge=False)
    for each in findings:
        said = Text(each.found)
        if each.state != "ok" and each.advice:
            said.append(f"\n→ {each.advice}", style="italic")
        table.add_row(Text(each.state, style=_COLOURS[each.state]), Text(each.what, "bold"), said)
    out.print(table)
    counts = Counter(each.state for each in findings)
    out.print(", ".join(f"{counts[state]} {state}" for state in _COLOURS if counts[state]))
