"""Parsing in worker processes: real ones, and documents that hurt."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator import pipeline
from aggregator.edges.parsing import ParserPool
from aggregator.errors import NotAFeed, Stopped
from aggregator.model import Fetched, Reading
from tests.make import NOW, feed

ITEM = b"<item><title>Talks</title><link>https://example.org/%d</link></item>"
# feedparser looks every attribute up in a list of all: 4 s for these, hours for ten times as many.
SLOW = b"<item " + b" ".join(b"a%d='1'" % n for n in range(30_000)) + b"/>"


def document(items: bytes) -> Fetched:
    body = b"<rss version='2.0'><channel><title>Example</title>" + items + b"</channel></rss>"
    return Fetched(url="https://example.org/feed.xml", body=body, body_hash="")


def read(pool: ParserPool, items: bytes = ITEM % 1) -> Reading:
    return pool.run(pipeline.read, document(items), feed(), NOW, replay=False)


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    made = ParserPool(2, timedelta(seconds=1))
    yield made
    made.close()


def test_reads(pool: ParserPool) -> None:
    found = read(pool, ITEM % 1 + ITEM % 2)
    assert found.title == "Example"
    assert [a.url for a in found.articles] == ["https://example.org/1", "https://example.org/2"]


def test_a_date_without_a_zone_is_the_publishers() -> None:
    item = b"<item><title>x</title><guid>1</guid><pubDate>2019-06-30 12:00:00</pubDate></item>"
    pool = ParserPool(1, timedelta(seconds=30))
    try:
        found = pool.run(pipeline.read, document(item), feed(country="ROK"), NOW, replay=False)
    finally:
        pool.close()
    assert found.articles[0].published_at == NOW - timedelta(hours=9)


def test_no_feed(pool: ParserPool) -> None:
    page = Fetched(url="https://example.org/", body=b"<html><title>Hello</title>", body_hash="")
    with pytest.raises(NotAFeed, match="a web page, not a feed"):
        pool.run(pipeline.read, page, feed(), NOW, replay=False)


def test_a_slow_document_is_given_up_and_others_are_not(pool: ParserPool) -> None:
    with ThreadPoolExecutor(4) as threads:
        slow = threads.submit(read, pool, SLOW)
        others = [threads.submit(read, pool) for _ in range(8)]
        assert all(other.result().articles for other in others)
        with pytest.raises(NotAFeed, match="took longer than 1 s to parse"):
            slow.result()
    assert read(pool).articles


def test_a_large_document_is_given_up() -> None:
    pool = ParserPool(1, timedelta(seconds=30), memory_mb=100)
    try:
        assert read(pool).articles
        with pytest.raises(NotAFeed, match="needed more than 100 MB to parse"):
            read(pool, b"<item><title>" + b"x" * 10_000_000 + b"</title></item>")
        assert read(pool).articles
    finally:
        pool.close()


def test_a_worker_that_dies_takes_only_its_document_along() -> None:
    pool = ParserPool(1, timedelta(seconds=30))
    try:
        before = set(workers())
        read(pool)
        with ThreadPoolExecutor(1) as threads:
            job = threads.submit(read, pool, SLOW)
            time.sleep(0.3)
            for worker in set(workers()) - before:
                os.kill(worker, signal.SIGKILL)
            with pytest.raises(NotAFeed, match="broke the parser"):
                job.result()
        assert read(pool).articles
    finally:
        pool.close()


def test_an_idle_worker_that_dies_is_replaced() -> None:
    pool = ParserPool(1, timedelta(seconds=30))
    try:
        before = set(workers())
        read(pool)
        for worker in set(workers()) - before:
            os.kill(worker, signal.SIGKILL)
        time.sleep(0.4)
        assert read(pool).articles
    finally:
        pool.close()


def workers() -> list[int]:
    return [child.pid for child in multiprocessing.active_children() if child.pid]


def test_a_reason_is_given_when_no_process_can_be_started(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120)  # too long for the socket of the process that forks
    folder.mkdir()
    script = tmp_path / "script.py"
    script.write_text(
        "from datetime import timedelta\n"
        "from aggregator.edges.parsing import ParserPool\n"
        "if __name__ == '__main__':\n"
        "    pool = ParserPool(1, timedelta(seconds=5))\n"
        "    for _ in range(2):\n"
        "        try:\n"
        "            pool.run(max, [1, 2])\n"
        "        except Exception as error:\n"
        "            print(type(error).__name__, error)\n"
        "    pool.close()\n"
    )
    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.count("AggregatorError no parser process can be started (AF_UNIX") == 2


def test_lazy_and_gone() -> None:
    before = set(workers())
    pool = ParserPool(1, timedelta(seconds=30))
    assert set(workers()) == before
    read(pool)
    assert len(set(workers()) - before) == 1
    failures: list[BaseException] = []

    def wait() -> None:
        try:
            read(pool, SLOW)
        except Stopped as error:
            failures.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.3)
    started = time.monotonic()
    pool.close()
    waiting.join(5)
    assert time.monotonic() - started < 2
    assert [str(failure) for failure in failures] == ["parsing was stopped: the program ends"]
    assert set(workers()) <= before
    pool.close()
    with pytest.raises(Stopped, match="the program ends"):
        read(pool)


PROGRAM = """
import sys, time
sys.path.insert(0, {root!r})
from tests.edges.test_parsing import *
if __name__ == "__main__":
    # A shell starts background jobs with SIGINT ignored, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    pool = ParserPool(2, timedelta(seconds=30))
    try:
        read(pool)
        print("ready", flush=True)
        time.sleep(30)
    except KeyboardInterrupt:
        pool.close()
        print("closed", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_ctrl_c_ends_the_program_quietly(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM.format(root=str(Path(__file__).parents[2])), "utf-8")
    with subprocess.Popen(
        [sys.executable, "-W", "error", str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as program:
        assert program.stdout
        assert program.stderr
        assert program.stdout.readline() == "ready\n"
        os.killpg(program.pid, signal.SIGINT)  # as a terminal does: parent and workers
        out, err = program.communicate(timeout=10)
    assert (out, err, program.returncode) == ("closed\n", "", 0)
