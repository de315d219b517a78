"""Signed letters a second to a sink in another process, beside EmailMessage and dkimpy; and an
issue for 100,000 readers.

`python -m tests.bench.mail [LETTERS]`. The other way has no outbox to keep, which is to its favour.
"""

from __future__ import annotations

import asyncio
import json
import resource
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

import dkim
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, insert

from aggregator import demo, jobs
from aggregator.config import Loaded
from aggregator.edges.signing import new_key
from aggregator.edges.sql.schema import subscribers
from aggregator.edges.sql.store import SqlStore
from aggregator.hosts import rounds, sample
from aggregator.model import Issue
from aggregator.ports import Tools
from aggregator.render.mail import Body
from aggregator.rules import Configuration, MailRules, Site
from aggregator.wiring import open_tools
from tests.render.sample import issue as sample_issue
from tests.servers import SinkServer

LETTERS = 4_000
OTHERS = 400
READERS = 100_000
LEAST_RATE, LEAST_FACTOR = 400, 4.0
MOST_SECONDS, MOST_MEGABYTES = 60, 300
SITE = Site(url="https://digest.example.org", contact="desk@example.org")
NOW = datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What so many letters cost this process."""

    letters: int
    octets: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.letters / self.seconds

    @property
    def cpu_ms(self) -> float:
        return self.cpu / self.letters * 1000


@contextmanager
def sink() -> Iterator[int]:
    """The port of a mail server in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.mail", "sink"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield int(server.stdout.readline())
        finally:
            server.kill()


@contextmanager
def opened(folder: Path, port: int, key: str) -> Iterator[Tools]:
    """An installation that sends to the sink."""
    mail = MailRules(
        url=SecretStr(f"smtp://127.0.0.1:{port}"),
        sender="digest@digest.example.org",
        dkim_selector="bench",
    )
    loaded = Loaded(
        config=Configuration(site=SITE, mail=mail),
        feeds={},
        path=folder / "feeds.yaml",
        data=folder,
        secret=b"the benchmark mails nobody",
        dkim_key=key,
    )
    with open_tools(loaded) as tools:
        yield tools


def add_readers(tools: Tools, count: int) -> None:
    """Written at once: how long a sign-up takes is another matter."""
    assert isinstance(tools.store, SqlStore)

    def write(connection: Connection) -> None:
        for start in range(0, count, 1000):
            numbers = range(start, min(start + 1000, count))
            connection.execute(insert(subscribers), [_reader(n) for n in numbers])

    tools.store.database.write(write)


def _reader(number: int) -> dict[str, object]:
    address = f"reader{number}@mail{number % 50}.example.org"
    return {
        "id": f"{number:016x}",
        "address": address,
        "address_key": address,
        "name": "",
        "timezone": "",
        "language": "en",
        "status": "active",
        "consent_source": "bench",
        "created_at": NOW,
        "topics": (),
        "groups": (),
        "languages": (),
    }


def ours(tools: Tools, letters: int, octets: int) -> Measured:
    """Every letter of a published issue, with its outbox."""
    wall, cpu = time.perf_counter(), time.process_time()
    done = jobs.deliver(tools)
    assert done.states == {"sent": letters}, done.states
    return Measured(
        letters=letters,
        octets=octets,
        seconds=time.perf_counter() - wall,
        cpu=time.process_time() - cpu,
    )


def other(issue: Issue, body: Body, key: str, port: int, letters: int) -> Measured:
    """EmailMessage, dkimpy and smtplib over four connections."""
    mine = threading.local()
    sizes: list[int] = []

    def send(number: int) -> None:
        if not hasattr(mine, "connection"):
            mine.connection = smtplib.SMTP("127.0.0.1", port)
        address = str(_reader(number)["address"])
        link = f"{SITE.url}/unsubscribe/{number:016x}.abcdefghijklmnopqrstuvwx"
        own = body.personal(link, link.replace("unsubscribe", "preferences"))
        message = EmailMessage(policy=SMTP.clone(max_line_length=76))
        for name, value in (
            ("From", "digest@digest.example.org"),
            ("To", address),
            ("Subject", body.subject),
            ("Date", format_datetime(issue.composed_at)),
            ("Message-ID", f"<{number}@digest.example.org>"),
            ("List-Id", "<digest.digest.example.org>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ):
            message[name] = value
        message.set_content(own.text)
        message.add_alternative(own.html, subtype="html")
        made = message.as_bytes()
        signature = dkim.sign(
            made,
            b"bench",
            b"digest.example.org",
            key.encode(),
            canonicalize=(b"relaxed", b"relaxed"),
        )
        sizes.append(len(made))
        mine.connection.sendmail("digest@digest.example.org", [address], signature + made)

    wall, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(letters)))
    return Measured(
        letters=letters,
        octets=max(sizes),
        seconds=time.perf_counter() - wall,
        cpu=time.process_time() - cpu,
    )


async def many(folder: Path) -> None:
    """The sample week, composed and queued for all readers; in a process of its own."""
    with sample.open_sample(folder, SITE.url) as tools:
        start, end = (m.astimezone(UTC) for m in (demo.START, demo.END - sample.STEP))
        jobs.register(replace(tools, clock=lambda: start))
        then = replace(tools, clock=lambda: end)
        await rounds.poll(then, jobs.claim(then, all_feeds=True))
        await tools.fetch.aclose()
        add_readers(tools, READERS)
        before = _peak()
        wall, cpu = time.perf_counter(), time.process_time()
        (issue,) = jobs.compose(tools)
        found = {
            "seconds": time.perf_counter() - wall,
            "cpu": time.process_time() - cpu,
            "before": before,
            "peak": _peak(),
            "queued": tools.store.tally(issue.period.name).states.get("pending"),
        }
        sys.stdout.write(json.dumps(found) + "\n")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(letters: int = LETTERS) -> bool:
    """Print the table; whether all figures are met."""
    console = Console(width=100)
    issue = replace(sample_issue(60), composed_at=NOW)
    key = new_key()
    with (
        tempfile.TemporaryDirectory() as temporary,
        sink() as port,
        opened(Path(temporary), port, key) as tools,
    ):
        add_readers(tools, letters)
        assert tools.store.publish_issue(issue, mailed=True)
        body = jobs.render(tools, issue)
        reader = tools.store.subscribers()[0]
        octets = len(jobs.compose_letter(tools, issue, body, reader).message)
        mine = ours(tools, letters, octets)
        theirs = other(issue, body, key, port, OTHERS)
    with tempfile.TemporaryDirectory() as temporary:
        command = [sys.executable, "-m", "tests.bench.mail", "many", temporary]
        told = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
        queue = json.loads(told.splitlines()[-1])
    table = Table("way", "letters", "KB", "letters/s", "CPU ms a letter", "letters/CPU s")
    for name, m in (("ours, with its outbox", mine), ("EmailMessage + dkimpy", theirs)):
        table.add_row(
            name,
            str(m.letters),
            f"{m.octets / 1000:.0f}",
            f"{m.rate:.0f}",
            f"{m.cpu_ms:.2f}",
            f"{1000 / m.cpu_ms:.0f}",
        )
    console.print(table)
    factor = mine.rate / theirs.rate
    verdicts = [
        (f"{mine.rate:.0f} letters a second", mine.rate >= LEAST_RATE),
        (
            f"{factor:.1f} times the other way; {theirs.cpu_ms / mine.cpu_ms:.1f} by CPU time",
            factor >= LEAST_FACTOR,
        ),
        (
            f"composed and queued for {queue['queued']:,} readers in {queue['seconds']:.1f} s",
            queue["seconds"] <= MOST_SECONDS and queue["queued"] == READERS,
        ),
        (
            f"peak memory {queue['peak']:.0f} MB (before: {queue['before']:.0f})",
            queue["peak"] <= MOST_MEGABYTES,
        ),
    ]
    for sentence, met in verdicts:
        console.print(f"{'met   ' if met else 'MISSED'} {sentence}")
    return all(met for _, met in verdicts)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sink"]:
            with SinkServer() as server:
                sys.stdout.write(f"{server.port}\n")
                sys.stdout.flush()
                threading.Event().wait()
        case ["many", folder]:
            asyncio.run(many(Path(folder)))
        case [number]:
            main(int(number))
        case _:
            main()
