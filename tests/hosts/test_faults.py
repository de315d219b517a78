"""A round in which every tenth publisher misbehaves: the others lose nothing, reasons are true."""

from __future__ import annotations

import asyncio
import gzip
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator import demo, jobs
from aggregator.config import Loaded
from aggregator.hosts import rounds
from aggregator.model import Feed, Outcome, VisitReport
from aggregator.rules import Configuration, Polling
from aggregator.wiring import open_tools
from tests.hosts.conftest import Place, rss
from tests.hosts.test_crash import wait_for
from tests.hosts.test_run import get, running, stop
from tests.servers import (
    FeedServer,
    Reply,
    Script,
    drip,
    endless,
    gzip_bomb,
    raw,
    redirect,
    reset_mid_body,
    silent,
)

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CORPUS = (ROOT / os.environ.get("AGGREGATOR_TEST_DATA", "../shared/corpus")).resolve()
DOCUMENTS = sorted((CORPUS / "feeds").glob("*.xml"))
EVERY = 10
DEADLINE = timedelta(seconds=3)
PARSE_DEADLINE = timedelta(seconds=4)
MAX_BYTES = 5_000_000
LONGEST = 60.0

BILLION_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 11))
    + b']><rss version="2.0"><channel><title>&a10;</title></channel></rss>'
)
QUADRATIC = (
    b'<rss version="2.0"><channel><item '
    + b" ".join(b"a%d='1'" % n for n in range(100_000))
    + b"/></channel></rss>"
)
WIDE_HEADERS = (
    b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1_000) for n in range(10_000))
) + b"\r\n"
TWICE = gzip.compress(gzip.compress(b"<rss/>"))

# What goes wrong, how, and words that the reason in the report must hold.
FAULTS: tuple[tuple[str, Callable[[], Reply | Script], str], ...] = (
    ("reset mid body", reset_mid_body, "connection reset by"),
    ("500", lambda: Reply(status=500), "500 Internal Server Error"),
    ("429", lambda: Reply(status=429, headers=(("Retry-After", "7200"),)), "429 Too Many Requests"),
    (
        "gzip bomb",
        lambda: Reply(body=gzip_bomb(200), headers=(("Content-Encoding", "gzip"),)),
        "more than 5,000,000 bytes",
    ),
    ("endless body", endless, "more than 5,000,000 bytes"),
    ("silence", silent, "no complete answer within 3 s"),
    (
        "truncated gzip",
        lambda: Reply(
            body=gzip.compress(b"<rss/>" * 1_000)[:-20], headers=(("Content-Encoding", "gzip"),)
        ),
        "ends too early",
    ),
    ("redirect loop", lambda: redirect("?"), "redirects in a circle"),
    (
        "web page",
        lambda: Reply(body="<!doctype html><title>Moved</title><p>No feed here."),
        "not a feed",
    ),
    ("XML bomb", lambda: Reply(body=BILLION_LAUGHS), ""),
    ("quadratic attributes", lambda: Reply(body=QUADRATIC), ""),
    ("10 MB of headers", lambda: raw(WIDE_HEADERS), "headers of the answer are too large"),
    ("drip", drip, "no complete answer within 3 s"),
    (
        "stacked encodings",
        lambda: Reply(body=TWICE, headers=(("Content-Encoding", "gzip, gzip"),)),
        "stacked encodings (gzip, gzip) are refused",
    ),
)
# The parser may also find a quick and harmless way to read these: then they are no failure.
MAY_BE_READ = {"XML bomb", "quadratic attributes"}


class Publishers(FeedServer):
    """Answers on all loopback addresses, so that each feed can have a host of its own."""

    host = "0.0.0.0"

    def at(self, number: int) -> str:
        """The address of one publisher."""
        return f"http://127.0.{1 + number // 250}.{1 + number % 250}:{self.port}/{number}.xml"


@contextmanager
def publishing(bodies: dict[int, bytes], faulty: dict[int, str]) -> Iterator[Publishers]:
    """A server with a feed for each number; those in `faulty` have that fault instead."""
    makers = {name: make for name, make, _ in FAULTS}
    with Publishers() as web:
        for number, body in bodies.items():
            path = f"/{number}.xml"
            if (fault := faulty.get(number)) is None:
                web.add(path, Reply(body=body, content_type="application/xml"))
            elif fault == "redirect loop":
                web.add(path, redirect(path))
            else:
                web.add(path, makers[fault]())
        yield web


Library = dict[str, set[tuple[str, str]]]
"""Feed -> guid and address of each of its articles, without the server's port."""


def round_of(
    folder: Path, bodies: dict[int, bytes], faulty: dict[int, str]
) -> tuple[dict[str, VisitReport], Library, dict[str, float], float]:
    """One round on an empty store: reports, library, hours until the next visit, seconds."""
    with publishing(bodies, faulty) as web:
        feeds = {
            f"feed-{n}": Feed(id=f"feed-{n}", url=web.at(n), title=f"Feed {n}") for n in bodies
        }
        polling = Polling(
            allow_private_networks=True,
            deadline=DEADLINE,
            parse_deadline=PARSE_DEADLINE,
            max_bytes=MAX_BYTES,
        )
        loaded = Loaded(
            config=Configuration(polling=polling),
            feeds=feeds,
            path=folder / "feeds.yaml",
            data=folder,
            secret=b"a secret of the tests",
        )
        with open_tools(loaded) as opened:
            at = opened.clock()
            tools = replace(opened, clock=lambda: at)
            jobs.register(tools)

            async def one_round() -> rounds.Round:
                try:
                    return await rounds.poll(tools, jobs.claim(tools, all_feeds=True))
                finally:
                    await tools.fetch.aclose()

            started = time.monotonic()
            done = asyncio.run(one_round())
            took = time.monotonic() - started
            waits = {
                id: (state.next_check_at - at).total_seconds() / 3600
                for id, state in tools.store.states().items()
            }
    return {r.feed_id: r for r in done.reports}, library(folder, web.port), waits, took


def library(folder: Path, port: int) -> Library:
    """By the sightings of each feed: which of two tells an article first is chance."""
    here = f":{port}/"
    found: Library = {}
    connection = sqlite3.connect(folder / "aggregator.db")
    rows = connection.execute(
        "SELECT s.feed_id, s.guid, a.url FROM sightings s JOIN articles a ON a.id = s.article_id"
    )
    for feed_id, guid, url in rows:
        found.setdefault(feed_id, set()).add((guid.replace(here, "/"), url.replace(here, "/")))
    connection.close()
    return found


def check(folder: Path, bodies: dict[int, bytes], faulty: dict[int, str]) -> None:
    for name in ("without", "with"):
        (folder / name).mkdir()
    calm, expected, _, _ = round_of(folder / "without", bodies, {})
    reports, found, waits, took = round_of(folder / "with", bodies, faulty)
    assert took < LONGEST
    assert set(reports) == set(calm), "every feed has a report"
    words = {name: said for name, _, said in FAULTS}
    for number in bodies:
        id = f"feed-{number}"
        report = reports[id]
        if (fault := faulty.get(number)) is None:
            assert report.outcome is calm[id].outcome, f"{id}: {report.detail}"
            assert found.get(id, set()) == expected.get(id, set())
            continue
        if fault in MAY_BE_READ and report.outcome is Outcome.OK:
            assert report.entries <= 1
            continue
        assert report.outcome is Outcome.FAILED, f"{fault}: {report}"
        assert report.detail, fault
        assert words[fault] in report.detail, f"{fault}: {report.detail}"
        assert waits[id] > 0, f"{fault}: asked again at once"
        assert id not in found
    for number, fault in faulty.items():
        if fault == "429":
            assert waits[f"feed-{number}"] >= 2, "Retry-After holds"


def test_each_fault_beside_healthy_publishers(tmp_path: Path) -> None:
    documents = [demo.document(name) for name in sorted(demo.publishers())]
    faults = [name for name, _, _ in FAULTS]
    bodies = {n: documents[n % len(documents)] for n in range(len(faults) + len(documents))}
    check(tmp_path, bodies, dict(enumerate(faults)))


class Elsewhere(FeedServer):
    """Another host than that of the other publishers."""

    host = "127.0.0.2"


@pytest.mark.slow
def test_a_host_that_hangs_holds_up_neither_the_next_round_nor_the_stories(place: Place) -> None:
    story = ("dmz", "Trump and Kim Jong Un meet at Panmunjom", datetime.now(UTC))
    place.settings["polling"] = {"every": "1s", "fastest": "1s", "slowest": "1s"}
    place.publish("wire", rss(story))
    with Elsewhere() as other:
        place.feeds.append({"id": "slow", "url": other.add("/", silent()), "title": "Slow"})
        place.write()
        with running(place) as (address, process):
            wait_for(lambda: len(other.requests) > 0, "the host that hangs", 30)
            before = len(place.web.requests)
            wait_for(lambda: len(place.web.requests) >= before + 2, "two more rounds", 30)
            wait_for(lambda: "Panmunjom" in get(f"{address}/")[1], "the story", 30)
            assert len(other.requests) == 1, "it still hangs"
            assert stop(process) < 5


@pytest.mark.slow
@pytest.mark.skipif(not DOCUMENTS, reason=f"no feeds at {CORPUS} (AGGREGATOR_TEST_DATA)")
def test_a_fault_in_every_tenth_answer_of_many_real_feeds(tmp_path: Path) -> None:
    real = [path.read_bytes() for path in DOCUMENTS if path.stat().st_size <= 150_000]
    bodies = dict(enumerate(real))
    tenth = range(0, len(bodies), EVERY)
    check(tmp_path, bodies, {n: FAULTS[k % len(FAULTS)][0] for k, n in enumerate(tenth)})
