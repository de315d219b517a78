"""run, poll, export, demo: what an operator starts."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from aggregator import jobs
from aggregator.errors import AggregatorError
from aggregator.hosts import rounds, sample
from aggregator.hosts.cli.options import (
    AsJson,
    AsOf,
    Config,
    Data,
    Verbose,
    err,
    out,
    print_json,
    told,
    tools,
)
from aggregator.hosts.embedded import Embedded, finish
from aggregator.hosts.export import export as write_site
from aggregator.model import Outcome, VisitReport
from aggregator.ports import Tools
from aggregator.render.safe import shown
from aggregator.steps import health

Host = Annotated[str, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Port to listen on; 0: any free one.")
]


_MOST_AILING = 10
"""Feeds that are named after a round: more would hide its result."""


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (run, poll, export, demo):
        app.command()(command)


@told
def run(
    config: Config = None,
    data: Data = None,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    verbose: Verbose = False,
) -> None:
    """Poll, build stories, mail and serve the site, all in this one process."""
    with tools(config, data, verbose=verbose) as opened:
        _no_server_configured(opened)
        finish(_serve(opened, host, port))


async def _serve(opened: Tools, host: str, port: int, *, open_page: str | None = None) -> None:
    failed: list[VisitReport] = []
    waiting = len(opened.feeds)

    def each(report: VisitReport) -> None:
        nonlocal waiting
        waiting -= 1
        if report.outcome is Outcome.FAILED:
            failed.append(report)
        if waiting == 0:
            _first_round(opened, failed)

    def ready(actual: int) -> None:
        address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{actual}"
        err.print(f"[bold]{opened.config.site.title}[/bold] is on {address}  (stop: Ctrl-C)")
        if open_page is not None:
            webbrowser.open(address + open_page)

    await Embedded(opened, each=each).run(host, port, ready=ready)


def _first_round(opened: Tools, failed: list[VisitReport]) -> None:
    """What a newcomer wants to know: did it work, and if not, with which feeds."""
    total = len(opened.feeds)
    err.print(f"First round done: {total - len(failed)} of {total} feeds answered.")
    for report in sorted(failed, key=lambda r: r.feed_id)[:100]:
        err.print(f"  {report.feed_id}: {report.detail}", markup=False)
    if failed:
        err.print("They are tried again by themselves; /sources shows how each is doing.")


def _no_server_configured(opened: Tools) -> None:
    if opened.mail_is_file:
        err.print(
            "No mail server is configured: letters are written to files in the outbox folder. "
            "Set AGGREGATOR_SMTP_URL to mail them."
        )


@told
def poll(
    config: Config = None,
    data: Data = None,
    all_feeds: Annotated[bool, typer.Option("--all", help="Every feed, due or not.")] = False,
    as_of: AsOf = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """One round over the feeds that are due."""
    with tools(config, data, as_of=as_of, verbose=verbose) as opened:
        jobs.register(opened)
        visits = jobs.claim(opened, all_feeds=all_feeds)

        async def one_round() -> rounds.Round:
            try:
                with _bar(len(visits), shown=err.is_terminal and not as_json) as advance:
                    return await rounds.poll(opened, visits, each=advance)
            finally:
                await opened.fetch.aclose()

        done = asyncio.run(one_round())
        failures = [
            {"feed": r.feed_id, "url": opened.feeds[r.feed_id].url, "reason": r.detail}
            for r in sorted(done.reports, key=lambda r: r.feed_id)
            if r.outcome is Outcome.FAILED
        ]
        if as_json:
            print_json(done.summary() | {"failures": failures})
        else:
            _print_round(done.summary(), failures)
        _print_ailing(opened, {failure["feed"] for failure in failures})
    if visits and len(failures) == len(visits):
        raise typer.Exit(1)


@contextmanager
def _bar(total: int, *, shown: bool) -> Iterator[Any]:
    progress = Progress(
        TextColumn("polling"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=err,
        disable=not shown,
        transient=True,
    )
    with progress:
        task = progress.add_task("", total=total)
        yield lambda report: progress.update(task, advance=1, description=report.feed_id)


def _print_round(summary: dict[str, Any], failures: list[dict[str, str]]) -> None:
    for failure in failures:
        err.print(f"{failure['feed']}: {failure['reason']}", markup=False)
    out.print(
        "{feeds} feeds in {seconds} s: {ok} with news, {not_modified} not modified, "
        "{unchanged} unchanged, {failed} failed; {entries} entries, {new_articles} new articles, "
        "{relevant} relevant, {stories} stories new or changed".format(**summary)
    )


def _print_ailing(opened: Tools, told: set[str]) -> None:
    """What no failure of this round has told: feeds that give nothing although nothing fails."""
    ailing = [
        each
        for each in health.worst_first(jobs.health(opened))
        if each.status in ("silent", "retired") and each.feed.id not in told
    ]
    for each in ailing[:_MOST_AILING]:
        err.print(shown(health.sentence(each), 500), markup=False)
    if len(ailing) > _MOST_AILING:
        more = len(ailing) - _MOST_AILING
        err.print(f"... and {more} more: `aggregator feeds list` shows them all", markup=False)


@told
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write the site.")],
    config: Config = None,
    data: Data = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Write the site and the feeds as files, each one atomically."""
    with tools(config, data, as_of=as_of) as opened:
        try:
            written = write_site(opened, folder)
        except OSError as error:
            raise AggregatorError(f"{error.filename or folder}: {error.strerror}") from error
    if as_json:
        print_json({"folder": str(folder), "files": written})
    else:
        out.print(f"{written} files in {folder}")


@told
def demo(
    host: Host = "127.0.0.1",
    port: Port = 8080,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the site in the web browser.")
    ] = True,
    verbose: Verbose = False,
) -> None:
    """The whole product on a bundled sample week: no network, and no mail leaves."""
    folder = Path(tempfile.mkdtemp(prefix="aggregator-demo-"))
    try:
        with sample.open_sample(folder, f"http://{host}:{port}", verbose=verbose) as opened:
            done = asyncio.run(sample.replay(opened))
            err.print(
                f"A sample week: {done.articles} articles of {len(opened.feeds)} example feeds, "
                f"{done.relevant} about Korea diplomacy; the digest is in {folder / 'outbox'}"
            )
            page = f"/digests/{done.period}" if open_browser else None
            finish(_serve(opened, host, port, open_page=page))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
