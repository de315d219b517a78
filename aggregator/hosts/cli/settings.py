"""config check, config schema, doctor."""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import typer

from aggregator import __version__
from aggregator.config import Loaded, schema
from aggregator.edges.relay import relay
from aggregator.edges.smtp import SmtpSend
from aggregator.edges.sql.store import open_store
from aggregator.errors import AggregatorError, ConfigError
from aggregator.hosts.cli.options import AsJson, Config, Data, loaded, out, print_json, told
from aggregator.steps import polling
from aggregator.wiring import database_url, judged_by, now, taxonomy_of

configuration = typer.Typer(help="feeds.yaml.", no_args_is_help=True)
_LEAST_DISK = 500_000_000
_OLD_CLOCK = 2025


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    app.add_typer(configuration, name="config")
    app.command()(doctor)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `advice` says what to do, unless all is well."""

    what: str
    state: Literal["ok", "warning", "bad"]
    found: str
    advice: str = ""


@told
def doctor(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Look at everything that must be right, and say what to do about what is not."""
    try:
        found = loaded(config, data)
        taxonomy = taxonomy_of(found)
    except ConfigError as error:
        findings = [
            Finding(what="configuration", state="bad", found=line, advice="mend this line")
            for line in error.findings
        ]
    else:
        findings = [
            Finding(
                what="configuration", state="ok", found=f"{found.path}, {len(found.feeds)} feeds"
            ),
            _clock(),
            _python(),
            _disk(found.data),
            *_database(found, judged_by(taxonomy, found.config.relevance)),
            _mail(found),
        ]
    if as_json:
        print_json(
            [
                {"what": f.what, "state": f.state, "found": f.found, "advice": f.advice}
                for f in findings
            ]
        )
    else:
        colours = {"ok": "green", "warning": "yellow", "bad": "red"}
        for f in findings:
            out.print(f"[{colours[f.state]}]{f.state:8}[/] [bold]{f.what}[/]  ", end="")
            out.print(f.found, markup=False)
            if f.advice:
                out.print(f"         {f.advice}", markup=False)
    if any(f.state == "bad" for f in findings):
        raise typer.Exit(1)


def _clock() -> Finding:
    at = now()
    if at.year < _OLD_CLOCK:
        return Finding(
            what="clock",
            state="bad",
            found=f"{at:%Y-%m-%d %H:%M} UTC",
            advice="the clock of this machine is wrong: turn on time synchronisation (NTP)",
        )
    return Finding(what="clock", state="ok", found=f"{at:%Y-%m-%d %H:%M} UTC")


def _python() -> Finding:
    python = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        what="program",
        state="ok",
        found=f"version {__version__}, Python {python}, SQLite {sqlite3.sqlite_version}",
    )


def _disk(folder: Path) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.write_text("probe")
        probe.unlink()
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(
            what="data folder",
            state="bad",
            found=f"{folder}: {error.strerror}",
            advice="make it writable for this user, or choose another with --data",
        )
    if free < _LEAST_DISK:
        return Finding(
            what="data folder",
            state="warning",
            found=f"{folder}: only {free // 1_000_000} MB free",
            advice="free some space: a full disk stops polling",
        )
    return Finding(
        what="data folder", state="ok", found=f"{folder}, {free // 1_000_000_000} GB free"
    )


def _database(found: Loaded, present: str) -> list[Finding]:
    try:
        store = open_store(database_url(found), found.feeds)
    except AggregatorError as error:
        return [Finding(what="database", state="bad", found=str(error), advice="see the message")]
    try:
        store.check()
        states, at = store.states(), now()
        subscribers = store.subscribers()
        waiting = store.waiting(present)
    except AggregatorError as error:
        return [Finding(what="database", state="bad", found=str(error), advice="see the message")]
    finally:
        store.close()
    failing = [i for i, s in states.items() if polling.status(s, at) in ("failing", "retired")]
    active = sum(s.status == "active" for s in subscribers)
    return [
        Finding(what="database", state="ok", found=store.database.place),
        Finding(
            what="feeds",
            state="warning" if failing else "ok",
            found=f"{len(states)} known, {len(failing)} failing",
            advice=f"aggregator feeds check {' '.join(failing[:5])}" if failing else "",
        ),
        Finding(
            what="tags",
            state="warning" if waiting else "ok",
            found=f"{waiting} articles wait for being judged by the present taxonomy"
            if waiting
            else "all articles are judged by the present taxonomy",
            advice="`aggregator run` does it in the background, `aggregator retag` at once"
            if waiting
            else "",
        ),
        Finding(
            what="subscribers",
            state="ok" if active else "warning",
            found=f"{active} active",
            advice="" if active else "aggregator subscribers add ADDRESS",
        ),
    ]


def _mail(found: Loaded) -> Finding:
    url = found.config.mail.url.get_secret_value()
    if not url.startswith("smtp"):
        return Finding(
            what="mail",
            state="warning",
            found=f"no server: letters go to {found.data / 'outbox'}",
            advice="set AGGREGATOR_SMTP_URL=smtp://user:password@host:587 to mail them",
        )
    there = relay(url, found.config.mail)
    place = f"{there.host}:{there.port}"
    if trouble := SmtpSend(there).trouble():
        return Finding(
            what="mail",
            state="bad",
            found=f"{place}: {trouble}",
            advice="check host, port, user and password in AGGREGATOR_SMTP_URL, and the firewall",
        )
    return Finding(what="mail", state="ok", found=f"{place} takes letters")
