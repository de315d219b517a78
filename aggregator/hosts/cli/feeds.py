"""feeds list, check, add, import, export."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from aggregator import jobs
from aggregator.config import Loaded, add_feeds, shipped
from aggregator.errors import AggregatorError
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
from aggregator.model import (
    Feed,
    FeedState,
    Fetched,
    FetchFailed,
    NotModified,
    Outcome,
    Validators,
    VisitReport,
)
from aggregator.ports import Tools
from aggregator.render.opml import opml, read_opml
from aggregator.rules import FeedEntry
from aggregator.steps import polling

app = typer.Typer(help="The configured feeds.", no_args_is_help=True)


@app.command("list")
@told
def list_feeds(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Every configured feed and how it is doing."""
    with tools(config, data) as opened:
        states, now = opened.store.states(), opened.clock()
        rows: list[dict[str, Any]] = []
        for feed in opened.feeds.values():
            state = states.get(feed.id)
            rows.append(
                {
                    "id": feed.id,
                    "title": feed.title,
                    "url": feed.url,
                    "perspective": feed.perspective,
                    "status": polling.status(state, now) if state else "new",
                    "since": polling.since(state, now) if state else None,
                    "last_ok_at": state.last_ok_at if state else None,
                    "next_check_at": state.next_check_at if state else None,
                    "error": state.last_error if state else None,
                }
            )
    if as_json:
        print_json(rows)
        return
    table = Table("id", "status", "perspective", "last answer", "next check", "title")
    for row in rows:
        table.add_row(
            row["id"],
            row["status"] + (f" since {row['since']:%m-%d}" if row["since"] else ""),
            row["perspective"],
            f"{row['last_ok_at']:%m-%d %H:%M}" if row["last_ok_at"] else "",
            f"{row['next_check_at']:%m-%d %H:%M}" if row["next_check_at"] else "",
            row["title"],
        )
    out.print(table)


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
    """Ask feeds now and tell what they answer; nothing is stored."""
    with tools(config, data, as_of=as_of) as opened:
        chosen = _chosen(opened, ids or [])

        async def ask() -> list[dict[str, Any]]:
            try:
                return [await _check(opened, feed) for feed in chosen]
            finally:
                await opened.fetch.aclose()

        found = asyncio.run(ask())
    for row in found:
        if as_json:
            print_json(row)
        else:
            mark = "[green]ok[/green]" if row["ok"] else "[red]failed[/red]"
            out.print(f"{mark} {row['feed']}")
            for key, value in row.items():
                if key not in ("ok", "feed") and value not in ("", None):
                    out.print(f"     {key}: {value}", markup=False)
    if not all(row["ok"] for row in found):
        raise typer.Exit(1)


def _chosen(opened: Tools, ids: list[str]) -> list[Feed]:
    unknown = [i for i in ids if i not in opened.feeds]
    if unknown:
        raise typer.BadParameter(
            f"no such feed: {', '.join(unknown)}; `aggregator feeds list` shows the ids"
        )
    return [opened.feeds[i] for i in ids] or list(opened.feeds.values())


async def _check(opened: Tools, feed: Feed) -> dict[str, Any]:
    state = opened.store.states().get(feed.id) or FeedState(
        feed_id=feed.id, next_check_at=opened.clock()
    )
    asked = polling.address(state, feed)
    row: dict[str, Any] = {"feed": feed.id, "ok": False, "url": asked}
    if asked != feed.url:
        row["configured_url"] = feed.url
    match await opened.fetch(asked, Validators()):
        case FetchFailed(why=why, detail=detail):
            return row | {"failure": why.value, "reason": detail}
        case NotModified():
            return row | {"reason": "answered 304 although no validators were sent"}
        case Fetched() as fetched:
            return row | await _describe(opened, feed, state, fetched)


async def _describe(
    opened: Tools, feed: Feed, state: FeedState, fetched: Fetched
) -> dict[str, Any]:
    described: dict[str, Any] = {
        "final_url": fetched.url if fetched.url != polling.address(state, feed) else "",
        "moved_to": fetched.moved_to,
        "bytes": len(fetched.body),
        "content_type": fetched.content_type,
        "etag": fetched.validators.etag,
        "last_modified": fetched.validators.last_modified,
    }
    try:
        now = opened.clock()
        reading = await asyncio.to_thread(opened.read, fetched, feed, now, None)
    except AggregatorError as error:
        return described | {"failure": "content", "reason": str(error)}
    after = polling.after(
        state, polling.parsed(fetched, reading, 0), feed, opened.config.polling, now
    )
    newest = max((a.published_at for a in reading.articles if a.dated), default=None)
    return described | {
        "ok": True,
        "title": reading.title,
        "entries": len(reading.articles),
        "undated": sum(not a.dated for a in reading.articles),
        "dropped": reading.dropped,
        "newest": newest,
        "max_age": _minutes(fetched.max_age),
        "ttl": _minutes(reading.ttl),
        "hub": fetched.hub or reading.hub,
        "interval": "set by `every`" if feed.every else "the feed's own rhythm and the hints above",
        "next_check": after.next_check_at,
        "latest_headline": reading.articles[0].title if reading.articles else "",
    }


def _minutes(hint: timedelta | None) -> str:
    return "" if hint is None else f"{hint.total_seconds() / 60:g} min"


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
