"""How many readers one core serves: the site beside a bare Starlette handler in the same run.

Each server is a process of its own on loopback, and is asked over kept connections. What counts is
the answers for each second of the server's CPU time: the machine may have other work.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from rich.console import Console
from rich.table import Table
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.hosts.embedded import finish, serving
from aggregator.hosts.web import application
from tests.hosts.site import FEEDS, installation, judged, put

CONNECTIONS = 8
SECONDS = 3.0
ENTRIES = 100
LEAST_RATE = 2_000
LEAST_SHARE = 0.5
BARE, KEPT = "bare Starlette, constant", "/atom.xml, 304"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one kind of request came to."""

    name: str
    answers: int
    seconds: float
    cpu: float
    """Seconds of the server's processor."""
    size: int
    """Bytes of an answer."""

    @property
    def per_core(self) -> float:
        return self.answers / self.cpu


# ── the servers ──────────────────────────────────────────────────────────────────────────────────


def serve_bare() -> None:
    """One route that answers with a constant."""

    async def constant(request: Request) -> Response:
        return Response(b"constant\n", media_type="text/plain")

    _serve(serving(Starlette(routes=[Route("/atom.xml", constant)])))


def serve_site() -> None:
    """A small site with a feed of many entries."""
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as tools:
        feed = FEEDS["seoul-daily"]
        articles = (judged(feed, f"a{n}", f"Report {n} of talks", "talks") for n in range(ENTRIES))
        put(tools, feed, *articles)
        _serve(serving(application(tools)))


def _serve(config: uvicorn.Config) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(512)
        print(listener.getsockname()[1], flush=True)  # noqa: T201 - read by the parent
        finish(uvicorn.Server(config).serve(sockets=[listener]))


@contextmanager
def server(kind: str) -> Iterator[tuple[int, int]]:
    """(process id, port)"""
    command = [sys.executable, "-m", "tests.bench.web", kind]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.pid, int(process.stdout.readline())
        finally:
            process.kill()


def cpu_of(process_id: int) -> float:
    """Processor seconds that a process has used so far."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


# ── the readers ──────────────────────────────────────────────────────────────────────────────────


async def ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[bytes, int]:
    """(head, bytes of the whole answer)"""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    if b" 304 " not in head[:16]:
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    return head, len(head) + length


def request(path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: localhost", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def load_on(process_id: int, port: int, name: str, text: bytes, expected: int) -> Load:
    """Ask the same over and over on a few connections, each as soon as it is answered."""
    ends = time.perf_counter() + SECONDS

    async def reader() -> tuple[int, int]:
        stream, writer = await asyncio.open_connection("127.0.0.1", port)
        count = size = 0
        while time.perf_counter() < ends:
            head, size = await ask(stream, writer, text)
            assert b" %d " % expected in head[:16], head
            count += 1
        writer.close()
        return count, size

    before, started = cpu_of(process_id), time.perf_counter()
    found = await asyncio.gather(*(reader() for _ in range(CONNECTIONS)))
    return Load(
        name=name,
        answers=sum(count for count, _ in found),
        seconds=time.perf_counter() - started,
        cpu=cpu_of(process_id) - before,
        size=found[0][1],
    )


async def etag_of(port: int, path: str, *headers: str) -> str:
    stream, writer = await asyncio.open_connection("127.0.0.1", port)
    head, _ = await ask(stream, writer, request(path, *headers))
    writer.close()
    return head.partition(b"etag: ")[2].partition(b"\r\n")[0].decode()


async def measure() -> list[Load]:
    found = []
    with server("bare") as (process_id, port):
        found.append(await load_on(process_id, port, BARE, request("/atom.xml"), 200))
    with server("site") as (process_id, port):
        accept = "Accept-Encoding: gzip, deflate, br"
        etag = await etag_of(port, "/atom.xml", accept)
        for name, text, expected in (
            (KEPT, request("/atom.xml", accept, f"If-None-Match: {etag}"), 304),
            ("/atom.xml, brotli", request("/atom.xml", accept), 200),
            ("/atom.xml, as it is", request("/atom.xml"), 200),
            ("/, brotli", request("/", accept, "Accept-Language: ko-KR,ko;q=0.9"), 200),
        ):
            found.append(await load_on(process_id, port, name, text, expected))
    return found


def report(found: list[Load]) -> bool:
    """Print figures and verdicts; True when every target was met."""
    console = Console(width=110)
    table = Table("request", "answers/s", "answers/CPU s", "× bare", "bytes")
    by = {load.name: load for load in found}
    for load in found:
        share = load.per_core / by[BARE].per_core
        table.add_row(
            load.name,
            f"{load.answers / load.seconds:,.0f}",
            f"{load.per_core:,.0f}",
            f"{share:.2f}",
            f"{load.size:,}",
        )
    console.print(table)
    rate, share = by[KEPT].per_core, by[KEPT].per_core / by[BARE].per_core
    verdicts = [
        (f"{KEPT}: {rate:,.0f} a CPU second", rate >= LEAST_RATE),
        (f"{KEPT}: {share:.2f} × {BARE}", share >= LEAST_SHARE),
    ]
    for sentence, met in verdicts:
        console.print(f"{'met   ' if met else 'MISSED'} {sentence}")
    return all(met for _, met in verdicts)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["bare"]:
            serve_bare()
        case ["site"]:
            serve_site()
        case _:
            report(asyncio.run(measure()))
