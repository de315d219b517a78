"""Ten thousand feeds in one process: three rounds beside a bare HTTP client in the same run.

`python -m tests.bench.scale [FEEDS]`. Each feed has a loopback address of its own, so that hosts
are as many as feeds; a second process answers.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from aggregator import jobs
from aggregator.config import Loaded
from aggregator.hosts import rounds
from aggregator.model import Feed, Validators
from aggregator.ports import Tools
from aggregator.rules import Configuration, Polling
from aggregator.wiring import now, open_tools

FEEDS = 10_000
BASELINE = 3_000
"""Requests of the bare client: enough for a rate."""
CONCURRENCY = 20
ENTRIES = 3
TICK = 0.01
MOST_DELAY = 0.25
MOST_MEGABYTES = 250
LEAST_SHARE = 0.6

ROUND_NEW, ROUND_304, ROUND_SAME = "all new", "all 304", "all 200, same bytes"


# ── the publishers' side ─────────────────────────────────────────────────────────────────────────


def body(number: str) -> bytes:
    """A small feed; one in fifty writes about Korea."""
    about = "Kim Jong Un inspects farm" if int(number) % 50 == 0 else "Council repairs road"
    date = format_datetime(STARTED)
    items = "".join(
        f"<item><title>{about} {number} in district {n}</title>"
        f"<link>https://example.org/{number}/{n}</link><pubDate>{date}</pubDate></item>"
        for n in range(ENTRIES)
    )
    return f'<rss version="2.0"><channel><title>{number}</title>{items}</channel></rss>'.encode()


STARTED = now()


class Publishers(asyncio.Protocol):
    """Answers GET /N.xml, with 304 where the ETag is known unless told to forget that."""

    forgetful = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._head = b""

    def data_received(self, data: bytes) -> None:
        self._head += data
        while b"\r\n\r\n" in self._head:
            head, _, self._head = self._head.partition(b"\r\n\r\n")
            path = head.split(b" ", 2)[1]
            if path in (b"/forget", b"/heed"):
                Publishers.forgetful = path == b"/forget"
                self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            elif b"\r\nif-none-match:" in head.lower() and not Publishers.forgetful:
                self._transport.write(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n')
            else:
                document = body(path.decode()[1:-4])
                self._transport.write(
                    b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Type: application/rss+xml\r\n'
                    b"Content-Length: %d\r\n\r\n%b" % (len(document), document)
                )


async def serve() -> None:
    """Say the port and answer until killed."""
    server = await asyncio.get_running_loop().create_server(Publishers, "0.0.0.0", 0, backlog=1_000)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def address(number: int, port: int) -> str:
    """A URL whose host no other feed has."""
    host = f"127.{1 + number // 60_000}.{number // 250 % 240}.{1 + number % 250}"
    return f"http://{host}:{port}/{number}.xml"


# ── our side ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(kw_only=True)
class Measured:
    """One stretch of work."""

    name: str
    requests: int
    seconds: float
    cpu: float
    delay: float
    """Seconds by which the event loop was late, at most."""
    megabytes: float
    """Largest resident memory of this process while it ran."""

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    @property
    def per_core(self) -> float:
        """Requests for each second of CPU time of this process."""
        return self.requests / self.cpu


def resident() -> float:
    """Megabytes of this process that are in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


class Memory(threading.Thread):
    """Looks at the memory now and then, so that each stretch has a peak of its own."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0.0
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(0.05):
            self.peak = max(self.peak, resident())

    def end(self) -> float:
        self._ended.set()
        self.join()
        return max(self.peak, resident())


async def lateness(found: list[float]) -> None:
    """Sleep for ten milliseconds again and again; `found[0]` is by how much it was late."""
    while True:
        started = time.monotonic()
        await asyncio.sleep(TICK)
        found[0] = max(found[0], time.monotonic() - started - TICK)


async def measured(name: str, work: Callable[[], Awaitable[int]]) -> Measured:
    """Run `work`, which tells how many requests it made."""
    late = [0.0]
    watch = asyncio.create_task(lateness(late))
    memory = Memory()
    memory.start()
    started, cpu = time.monotonic(), time.process_time()
    requests = await work()
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu
    await asyncio.sleep(2 * TICK)
    watch.cancel()
    return Measured(
        name=name,
        requests=requests,
        seconds=seconds,
        cpu=cpu,
        delay=late[0],
        megabytes=memory.end(),
    )


async def bare(urls: Sequence[str], *, conditional: bool) -> int:
    """What httpx alone does with these addresses."""
    waiting = iter(urls)
    headers = {"If-None-Match": '"1"'} if conditional else {}

    async def worker(client: httpx.AsyncClient) -> None:
        for url in waiting:
            answer = await client.get(url, headers=headers)
            assert answer.status_code == (304 if conditional else 200)

    limits = httpx.Limits(max_connections=CONCURRENCY)
    async with httpx.AsyncClient(limits=limits) as client:
        await asyncio.gather(*(worker(client) for _ in range(CONCURRENCY)))
    return len(urls)


async def bare_fetch(tools: Tools, urls: Sequence[str], *, conditional: bool) -> int:
    """What our own fetch does with these addresses, without store and parser."""
    waiting = iter(urls)
    known = Validators(etag='"1"') if conditional else Validators()

    async def worker() -> None:
        for url in waiting:
            await tools.fetch(url, known)

    await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
    return len(urls)


async def one_round(tools: Tools) -> int:
    visits = await asyncio.to_thread(jobs.claim, tools, all_feeds=True)
    done = await rounds.poll(tools, visits)
    assert not (failed := [r.detail for r in done.reports if r.outcome == "failed"]), failed[:3]
    return len(done.reports)


def tell(port: int, path: str) -> None:
    urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10).close()


async def measure(tools: Tools, urls: Sequence[str], port: int) -> list[Measured]:
    some = urls[:BASELINE]
    found = []
    try:
        found.append(await measured(ROUND_NEW, lambda: one_round(tools)))
        found.append(await measured(ROUND_304, lambda: one_round(tools)))
        found.append(await measured("bare httpx, 304", lambda: bare(some, conditional=True)))
        found.append(
            await measured("our fetch, 304", lambda: bare_fetch(tools, some, conditional=True))
        )
        await asyncio.to_thread(tell, port, "/forget")
        found.append(await measured(ROUND_SAME, lambda: one_round(tools)))
        found.append(await measured("bare httpx, 200", lambda: bare(some, conditional=False)))
    finally:
        await tools.fetch.aclose()
    return found


def report(found: Sequence[Measured]) -> bool:
    """Print figures and verdicts; True when every target was met."""
    console = Console(width=110)
    table = Table("stretch", "requests/s", "requests/CPU s", "loop late by ms", "peak MB")
    for m in found:
        table.add_row(
            m.name,
            f"{m.rate:.0f}",
            f"{m.per_core:.0f}",
            f"{m.delay * 1e3:.0f}",
            f"{m.megabytes:.0f}",
        )
    console.print(table)
    by = {m.name: m for m in found}
    rounds_ = [by[name] for name in (ROUND_NEW, ROUND_304, ROUND_SAME)]
    share_304 = by[ROUND_304].per_core / by["bare httpx, 304"].per_core
    share_200 = by[ROUND_SAME].per_core / by["bare httpx, 200"].per_core
    delay, peak = max(m.delay for m in rounds_), max(m.megabytes for m in rounds_)
    verdicts = [
        (f"304: {share_304:.0%} of bare httpx for each CPU second", share_304 >= LEAST_SHARE),
        (f"same bytes: {share_200:.0%} of bare httpx", share_200 >= LEAST_SHARE),
        (f"304: {by[ROUND_304].per_core:.0f} feeds a CPU second", by[ROUND_304].per_core >= 300),
        (f"event loop late by {delay * 1e3:.0f} ms at most", delay < MOST_DELAY),
        (f"peak memory {peak:.0f} MB", peak <= MOST_MEGABYTES),
    ]
    for sentence, met in verdicts:
        console.print(f"{'met   ' if met else 'MISSED'} {sentence}")
    return all(met for _, met in verdicts)


def main(count: int = FEEDS) -> bool:
    with (
        subprocess.Popen(
            [sys.executable, "-m", "tests.bench.scale", "serve"], stdout=subprocess.PIPE, text=True
        ) as server,
        tempfile.TemporaryDirectory() as folder,
    ):
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            urls = [address(n, port) for n in range(count)]
            feeds = {
                f"feed-{n}": Feed(id=f"feed-{n}", url=url, title=f"Feed {n}")
                for n, url in enumerate(urls)
            }
            loaded = Loaded(
                config=Configuration(
                    polling=Polling(allow_private_networks=True, concurrency=CONCURRENCY)
                ),
                feeds=feeds,
                path=Path(folder) / "feeds.yaml",
                data=Path(folder),
                secret=b"the benchmark mails nobody",
            )
            with open_tools(loaded) as tools:
                jobs.register(tools)
                return report(asyncio.run(measure(tools, urls, port)))
        finally:
            server.kill()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(serve())
        case [number]:
            main(int(number))
        case _:
            main()
