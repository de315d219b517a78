"""digest preview, send, ledger; what the operator decides about letters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.table import Table

from aggregator import jobs
from aggregator.errors import AggregatorError
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
from aggregator.model import Issue, LedgerLine, MailState, Period, Subscriber
from aggregator.ports import Tools
from aggregator.render.issues import subject
from aggregator.render.language import ENGLISH
from aggregator.steps import periods

app = typer.Typer(help="The weekly issue.", no_args_is_help=True)

WAITING: tuple[MailState, ...] = ("pending", "claimed", "dot", "deferred", "held")
"""Letters of which nothing final can be said yet."""

Week = Annotated[
    str | None,
    typer.Option("--week", metavar="2026-W34", help="ISO week; default: the last whole one."),
]


def _named(opened: Tools, week: str) -> Period:
    try:
        return periods.named(week, opened.config.digest.timezone)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def chosen(opened: Tools, week: str | None) -> Period:
    """The week asked for; else the last whole one; on a young installation this one so far."""
    if week is not None:
        return _named(opened, week)
    zone = opened.config.digest.timezone
    last = periods.last_complete(opened.clock(), zone)
    if opened.store.counts(last.start, last.end)[1]:
        return last
    this = periods.week_of(opened.clock(), zone)
    return this if opened.store.counts(this.start, this.end)[1] else last


@app.command()
@told
def preview(
    folder: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write it.")] = Path(
        "."
    ),
    week: Week = None,
    language: Annotated[
        str, typer.Option("--language", metavar="en", help="Of the edition.")
    ] = ENGLISH.code,
    config: Config = None,
    data: Data = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Write digest.html, digest.txt and digest.eml as a subscriber would get them; send nothing."""
    with tools(config, data, as_of=as_of) as opened:
        period = chosen(opened, week)
        issue = opened.store.issue(period.name) or jobs.draft(opened, period)
        if language not in opened.languages:
            known = ", ".join(opened.languages)
            raise typer.BadParameter(f"no edition in {language!r}: choose one of {known}")
        paths = _write(opened, issue, language, folder)
        told = _told(opened, issue)
    if as_json:
        print_json(told | {"files": [str(p) for p in paths]})
    else:
        out.print(told["subject"], markup=False)
        for path in paths:
            out.print(f"  {path}", markup=False)


def _write(opened: Tools, issue: Issue, language: str, folder: Path) -> list[Path]:
    reader = Subscriber(id="preview", address="reader@example.org", language=language)
    rendered = jobs.render(opened, issue, reader)
    site = opened.config.site.url
    own = rendered.personal(f"{site}/unsubscribe/preview", f"{site}/preferences/preview")
    made = {
        "digest.html": own.html.encode(),
        "digest.txt": own.text.encode(),
        "digest.eml": jobs.compose_letter(opened, issue, rendered, reader).message,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise AggregatorError(f"{error.filename or folder}: {error.strerror}") from error
    return [folder / name for name in made]


def _told(opened: Tools, issue: Issue) -> dict[str, object]:
    return {
        "period": issue.period.name,
        "subject": subject(issue, opened.languages[ENGLISH.code]),
        "stories": issue.stories,
        "articles": issue.articles,
        "minutes": issue.minutes,
        "top": [story.title for story in issue.top],
    }


@app.command()
@told
def send(
    week: Week = None,
    config: Config = None,
    data: Data = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Compose the issue if one is due, and hand over every letter that waits. Safe to repeat."""
    with tools(config, data, as_of=as_of, verbose=verbose) as opened:
        period = None
        if week is not None:
            period = _named(opened, week)
            if period.end > opened.clock():
                raise typer.BadParameter(
                    f"{period.name} is not over yet: `digest preview` shows it"
                )
        issues = jobs.compose(opened, period)
        done = jobs.deliver(opened)
        jobs.answer_sign_ups(opened)
        tallies = {i.period.name: opened.store.tally(i.period.name) for i in issues}
        if as_json:
            print_json({"issues": [_told(opened, i) for i in issues], "letters": done.states})
        else:
            for issue in issues:
                out.print(
                    f"composed {issue.period.name}: {_told(opened, issue)['subject']}", markup=False
                )
                tally = tallies[issue.period.name]
                if not tally.audience:
                    out.print("  nobody gets it by mail: it has no subscribers")
                elif held := tally.states.get("held"):
                    out.print(f"  {held} letters are held, for it is late: `digest release`")
            counts = ", ".join(f"{n} {state}" for state, n in sorted(done.states.items()))
            out.print(f"letters: {counts}" if counts else "no letter waits")
        if opened.mail_is_file and done.total:
            err.print("No mail server is configured: the letters are files in the outbox folder.")
    if done.total and not done.states.get("sent"):
        raise typer.Exit(1)


@app.command()
@told
def ledger(
    week: Week = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
    recipients: Annotated[bool, typer.Option("--recipients", help="One line a recipient.")] = False,
) -> None:
    """Who got the issue: the states always add up to the audience."""
    with tools(config, data) as opened:
        name = _published(opened, week)
        tally = opened.store.tally(name)
        lines = opened.store.ledger(name) if recipients else ()
    states = tally.states
    if sum(states.values()) != tally.audience:
        err.print(f"{name}: {tally.audience} letters were queued, {sum(states.values())} are left")
    waiting = sum(states.get(state, 0) for state in WAITING)
    if as_json:
        told = {"period": name, "audience": tally.audience, "waiting": waiting, "states": states}
        print_json(told | ({"recipients": [asdict(line) for line in lines]} if recipients else {}))
        return
    counts = "".join(f", {n} {state}" for state, n in sorted(states.items()))
    out.print(f"{name}: audience {tally.audience}{counts}")
    if recipients:
        _show(lines)


def _published(opened: Tools, week: str | None) -> str:
    """The issue asked for, else the latest."""
    if week is not None:
        return _named(opened, week).name
    latest = opened.store.issues(1)
    if not latest:
        raise AggregatorError("there is no issue yet: `aggregator digest send` makes one")
    return latest[0].period.name


def _show(lines: Iterable[LedgerLine]) -> None:
    table = Table("address", "state", "attempts", "at", "answer", "came back")
    for line in lines:
        at = f"{line.at:%Y-%m-%d %H:%M} UTC" if line.at else ""
        table.add_row(line.address, line.state, str(line.attempts), at, line.detail, line.came_back)
    out.print(table)


@app.command()
@told
def uncertain(
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Whose letters are meant.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All of the issue are meant.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="Send them again.")] = False,
    give_up: Annotated[bool, typer.Option("--give-up", help="Count them as failed.")] = False,
    week: Week = None,
    config: Config = None,
    data: Data = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Letters that were handed over without an answer: who may or may not have got the issue.

    A letter that is sent again has the same Message-ID and date: most mail programs then show it
    once.
    """
    decides = resend or give_up
    if resend and give_up:
        raise typer.BadParameter("--resend and --give-up exclude each other")
    if decides == (not addresses and not every) or (addresses and every):
        raise typer.BadParameter("to decide, give --resend or --give-up, and addresses or --all")
    with tools(config, data, as_of=as_of) as opened:
        name = _published(opened, week)
        if not decides:
            lines = [x for x in opened.store.ledger(name) if x.state == "uncertain"]
            if as_json:
                print_json([asdict(line) for line in lines])
            elif lines:
                _show(lines)
            else:
                out.print(f"{name}: no letter is uncertain")
            return
        _decide(opened, name, "uncertain", resend, addresses, as_json)


@app.command()
@told
def release(
    week: Week = None,
    config: Config = None,
    data: Data = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Let the held letters of an issue go out after all."""
    with tools(config, data, as_of=as_of) as opened:
        _decide(opened, _published(opened, week), "held", True, None, as_json)


@app.command()
@told
def drop(
    week: Week = None,
    config: Config = None,
    data: Data = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Give up the held letters of an issue."""
    with tools(config, data, as_of=as_of) as opened:
        _decide(opened, _published(opened, week), "held", False, None, as_json)


def _decide(
    opened: Tools,
    name: str,
    before: Literal["uncertain", "held"],
    send: bool,
    addresses: list[str] | None,
    as_json: bool,
) -> None:
    number = opened.store.decide_mail(
        name, before, send=send, addresses=addresses, now=opened.clock()
    )
    if as_json:
        print_json({"period": name, "letters": number})
        return
    becomes = "wait to be sent: `aggregator digest send`" if send else "are given up"
    out.print(f"{name}: {number} {before} letters {becomes}")
