"""retag: the stored archive, judged by the present taxonomy."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from aggregator import jobs
from aggregator.hosts.cli.options import (
    AsJson,
    Config,
    Data,
    Verbose,
    err,
    out,
    print_json,
    told,
    tools,
)
from aggregator.model import Judgement, Rejudged
from aggregator.ports import Tools
from aggregator.render.safe import shown
from aggregator.steps.tagging import SHOWN

_MOST_EXAMPLES = 20


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(retag)


@dataclass(slots=True)
class _Count:
    """What a run has done so far."""

    judged: int = 0
    changed: int = 0
    """Whose verdict or shown tags differ."""
    gained: int = 0
    lost: int = 0
    left: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)

    def add(self, batch: jobs.Batch) -> None:
        self.judged += len(batch.articles)
        self.left += batch.left
        for each in batch.articles:
            example = _difference(each)
            if example is None:
                continue
            self.changed += 1
            before, after = example["relevant"]
            self.gained += after and not before
            self.lost += before and not after
            if len(self.examples) < _MOST_EXAMPLES:
                self.examples.append(example)


def _difference(each: Rejudged) -> dict[str, Any] | None:
    """What readers would notice; None: nothing."""
    if not each.changed:
        return None
    before, after = each.before.judgement, each.after.judgement
    was, now = _slugs(before), _slugs(after)
    verdicts = [before.verdict.relevant, after.verdict.relevant]
    if was == now and verdicts[0] == verdicts[1]:
        return None
    return {
        "id": each.before.article.id,
        "title": each.before.article.title,
        "relevant": verdicts,
        "added": sorted(now - was),
        "removed": sorted(was - now),
    }


def _slugs(judgement: Judgement) -> frozenset[str]:
    return frozenset(t.slug for t in judgement.tags if t.score >= SHOWN and t.method != "implied")


@told
def retag(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what would change, and change nothing.")
    ] = False,
    every: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Judge also what is up to date, as after a change of a feed's scope or tags.",
        ),
    ] = False,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Judge stored articles anew by the present taxonomy and rules, latest first.

    Safe beside `run`. Ctrl-C ends it after the batch in hand; the next run continues there.
    """
    with tools(config, data, verbose=verbose) as opened:
        total = _total(opened, every=every)
        started, done, count = time.monotonic(), False, _Count()
        with _stoppable() as stopping, _bar(total, visible=err.is_terminal and not as_json) as bar:
            for batch in jobs.retag(opened, again=every, write=not dry_run):
                count.add(batch)
                bar(count.judged)
                if stopping():
                    break
            else:
                done = True
        stories = jobs.arrange(opened) if done and not dry_run else 0
        summary: dict[str, Any] = {
            "waiting": total,
            "judged": count.judged,
            "changed": count.changed,
            "now_relevant": count.gained,
            "no_longer_relevant": count.lost,
            "edited_meanwhile": count.left,
            "stories": stories,
            "seconds": round(time.monotonic() - started, 2),
            "finished": done,
        }
        if dry_run:
            summary["examples"] = count.examples
        if as_json:
            print_json(summary)
        else:
            _print(summary, dry_run=dry_run, every=every)
    if not done:
        raise typer.Exit(1)


def _total(opened: Tools, *, every: bool) -> int:
    # No version is called so: all articles were judged by another one.
    return opened.store.waiting("") if every else jobs.waiting(opened)


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """Ctrl-C and SIGTERM are asked for, instead of ending the program in the middle."""
    asked: list[int] = []

    def ask(number: int, _frame: object) -> None:
        asked.append(number)

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _bar(total: int, *, visible: bool) -> Iterator[Callable[[int], None]]:
    progress = Progress(
        TextColumn("judging"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=not visible,
        transient=True,
    )
    with progress:
        task = progress.add_task("", total=total)
        yield lambda judged: progress.update(task, completed=judged)


def _print(summary: dict[str, Any], *, dry_run: bool, every: bool) -> None:
    for example in summary.get("examples", ()):
        out.print(shown(example["title"], 120), markup=False)
        out.print(f"   {_words(example)}", markup=False)
    would = "would change" if dry_run else "changed"
    out.print(
        "{judged} articles judged in {seconds} s: {changed} ".format(**summary)
        + f"{would}, "
        + "{now_relevant} now relevant, {no_longer_relevant} no longer; ".format(**summary)
        + "{stories} stories new or changed".format(**summary)
    )
    if summary["finished"]:
        return
    kept = "nothing was to be kept" if dry_run else "what is done is kept"
    onward = "" if dry_run or every else "; run it again and it continues there"
    err.print(
        f"stopped after {summary['judged']} of {summary['waiting']} articles: {kept}{onward}",
        markup=False,
    )


def _words(example: dict[str, Any]) -> str:
    before, after = example["relevant"]
    verdict = {(False, True): "becomes relevant", (True, False): "is no longer relevant"}
    parts = [verdict.get((before, after), "")]
    parts += [f"+{slug}" for slug in example["added"]]
    parts += [f"-{slug}" for slug in example["removed"]]
    return " ".join(filter(None, parts))
