"""feeds list, check, add, import, export."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from aggregator import jobs
from aggregator.config import Loaded, add_feeds, shipped
from aggregator.errors import AggregatorError
from aggregator.hosts.cli import check as visits
from aggregator.hosts.cli.options import (
    AsJson,
    AsOf,
    Config,
    Data,
    err,
    loaded,
    out,
    print_json,
    told,
    tools,
)
from aggregator.model import Feed, FeedHealth, FeedState, Outcome, VisitReport
from aggregator.ports import Tools
from aggregator.render.opml import opml, read_opml
from aggregator.render.safe import shown
from aggregator.rules import FeedEntry
from aggregator.steps import health
from aggregator.steps.urls import without_login

app = typer.Typer(help="The configured feeds.", no_args_is_help=True)


@app.command("list")
@told
def list_feeds(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Every configured feed and how it is doing, worst first."""
    with tools(config, data) as opened:
        known, found = opened.store.states(), jobs.health(opened)
    if as_json:
        print_json([_health_row(each, known.get(each.feed.id)) for each in found])
        return
    table = Table("id", "status", "since", "why", "last answer", "next check")
    for each in health.worst_first(found):
        state = each.state
        table.add_row(
            *map(
                Text,
                (
                    each.feed.id,
                    each.status,
                    f"{each.since:%Y-%m-%d}" if each.since else "",
                    shown(health.reason(each), 200),
                    _short(state.last_ok_at),
                    _short(state.next_check_at if _is_asked(each, known) else None),
                ),
            )
        )
    out.print(table)
    out.print(health.summary(found))


def _health_row(each: FeedHealth, state: FeedState | None) -> dict[str, Any]:
    return {
        "id": each.feed.id,
        "title": each.feed.title,
        "url": without_login(each.feed.url),
        "perspective": each.feed.perspective,
        "status": each.status,
        "since": each.since,
        "reason": health.reason(each),
        "usual_seconds": round(each.usual.total_seconds()) if each.usual else None,
        "last_ok_at": each.state.last_ok_at,
        "last_new_at": each.state.last_new_at,
        "next_check_at": state.next_check_at if state else None,
        "error": each.state.last_error,
    }


def _is_asked(each: FeedHealth, known: Mapping[str, FeedState]) -> bool:
    return each.feed.id in known and each.status != "retired"


def _short(at: datetime | None) -> str:
    return f"{at:%m-%d %H:%M}" if at else ""


@app.command()
@told
def check(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Default: all.")
    ] = None,
    config: Config = None,
    data: Data = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Visit feeds now and tell each step; nothing is stored."""
    with tools(config, data, as_of=as_of) as opened:
        chosen = _chosen(opened, ids or [])

        async def ask() -> list[dict[str, Any]]:
            try:
                return [visits.row(await jobs.check(opened, feed)) for feed in chosen]
            finally:
                await opened.fetch.aclose()

        found = asyncio.run(ask())
    for row in found:
        if as_json:
            print_json(row)
            continue
        mark = "[green]ok[/green]" if row["ok"] else "[red]failed[/red]"
        out.print(f"{mark} {row['feed']}")
        for line in visits.lines(row):
            out.print(f"     {line}", markup=False)
    if not all(row["ok"] for row in found):
        raise typer.Exit(1)


def _chosen(opened: Tools, ids: list[str]) -> list[Feed]:
    unknown = [i for i in ids if i not in opened.feeds]
    if unknown:
        raise typer.BadParameter(
            f"no such feed: {', '.join(unknown)}; `aggregator feeds list` shows the ids"
        )
    return [opened.feeds[i] for i in ids] or list(opened.feeds.values())


@app.command()
@told
def backfill(
    feed_id: Annotated[str, typer.Argument(metavar="ID")],
    pages: Annotated[int, typer.Option(min=1, help="Documents to read at most.")] = 50,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Read a feed's earlier pages, where its publisher links to them (RFC 5005)."""
    failed = False

    def each(page: str, report: VisitReport) -> None:
        nonlocal failed
        failed = failed or report.outcome is Outcome.FAILED
        if as_json:
            row = {"url": page, "outcome": report.outcome, "detail": report.detail}
            print_json(row | {"entries": report.entries, "new": report.new})
        else:
            said = report.detail or f"{report.entries} entries, {report.new} new"
            out.print(f"{page}: {said}", markup=False, soft_wrap=True)

    with tools(config, data) as opened:
        feed = _chosen(opened, [feed_id])[0]
        jobs.register(opened)

        async def follow() -> None:
            try:
                await jobs.backfill(opened, feed, pages, each)
            finally:
                await opened.fetch.aclose()

        asyncio.run(follow())
        jobs.arrange(opened)
    if failed:
        raise typer.Exit(1)


def _own_file(config: Path | None, data: Path | None) -> Loaded:
    """The operator's file. The shipped one is only a fallback, and an update would undo an edit."""
    found = loaded(config, data)
    here = Path("feeds.yaml").resolve()
    if config is None and found.path.resolve() == shipped().resolve() != here:
        raise AggregatorError(
            f"{found.path} is the shipped list; copy it to ./feeds.yaml or name yours with --config"
        )
    return found


@app.command()
@told
def add(
    url: str,
    title: Annotated[str, typer.Option(help="Default: the address.")] = "",
    perspective: str = "unclassified",
    language: str = "",
    config: Config = None,
    data: Data = None,
) -> None:
    """Append one feed to feeds.yaml; its comments stay."""
    found = _own_file(config, data)
    try:
        entry = FeedEntry.model_validate(
            {"url": url, "title": title or url, "perspective": perspective, "language": language}
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    _report(add_feeds(found.path, [entry]), 1, found.path)


@app.command("import")
@told
def import_opml(
    file: Annotated[Path, typer.Argument(metavar="OPML")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Append the feeds of an OPML file to feeds.yaml; those that are there already are left out."""
    found = _own_file(config, data)
    try:
        outlines = read_opml(file.read_bytes())
    except OSError as error:
        raise AggregatorError(f"{file}: {error.strerror}") from error
    entries = [
        FeedEntry.model_validate({"url": o.url, "title": (o.title or o.url)[:200], "site": o.site})
        for o in outlines
    ]
    _report(add_feeds(found.path, entries), len(entries), found.path)


def _report(added: tuple[FeedEntry, ...], wanted: int, path: Path) -> None:
    for entry in added:
        out.print(f"added {entry.id or entry.url}", markup=False)
    if len(added) < wanted:
        err.print(f"{wanted - len(added)} already stood in {path}", markup=False)


@app.command("export")
@told
def export_opml(config: Config = None, data: Data = None) -> None:
    """Print the configured feeds as OPML."""
    found = loaded(config, data)
    typer.echo(opml(tuple(found.feeds.values()), found.config.site.title))
