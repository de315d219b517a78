"""The bundled sample week, run for real: served on loopback, polled hour by hour, digested.

Only the clock is ours: it starts on 24 June 2019 and stops when the issue has gone out.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from aggregator import demo, jobs
from aggregator.config import Loaded
from aggregator.config.feedlist import as_feed
from aggregator.hosts import logs, rounds
from aggregator.model import Subscriber
from aggregator.ports import Tools
from aggregator.rules import Configuration, Digest, Polling, Site
from aggregator.wiring import open_tools

STEP = timedelta(hours=6)
AFTERWARDS = timedelta(hours=9)
"""The sample's clock stops so long after the week: the issue went out at seven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What the sample week gave."""

    articles: int
    relevant: int
    period: str


class _Publishers(BaseHTTPRequestHandler):
    """Serves the example publishers' documents."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name = self.path.strip("/").removesuffix(".xml")
        try:
            body, status = demo.document(name), 200
        except KeyError:
            body, status = b"no such publisher\n", 404
        self.send_response(status)
        self.send_header("Content-Type", demo.MEDIA_TYPE if status == 200 else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Not a word: this is a stage set."""


@contextmanager
def open_sample(folder: Path, address: str, *, verbose: bool = False) -> Iterator[Tools]:
    """Tools on an empty store in `folder`, with the example publishers as feeds.

    `address`: where the site will be, for the links in feeds and letters.
    """
    logs.start(verbose=verbose)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Publishers)
    thread = threading.Thread(target=server.serve_forever, name="publishers", daemon=True)
    thread.start()
    try:
        entries = demo.configuration(f"http://127.0.0.1:{server.server_port}")
        config = Configuration(
            site=Site(
                url=address,
                description="A sample week: 24 to 30 June 2019, told by example publishers.",
            ),
            polling=Polling(allow_private_networks=True),
            digest=Digest(look=False),
            feeds=entries,
        )
        loaded = Loaded(
            config=config,
            feeds={entry.id: as_feed(entry) for entry in entries},
            path=folder / "feeds.yaml",
            data=folder,
            secret=b"the sample week mails nobody",
        )
        with open_tools(loaded, as_of=(demo.END + AFTERWARDS).astimezone(UTC)) as tools:
            yield tools
    finally:
        server.shutdown()
        server.server_close()


async def replay(tools: Tools) -> Replayed:
    """Live through the week, four polls a day, then compose the issue and write the letter."""
    moment = demo.START.astimezone(UTC) + STEP
    tools.store.add_subscriber(
        Subscriber(id="reader", address="reader@example.org", consent_source="sample"), moment
    )
    articles = relevant = 0
    try:
        while moment <= tools.clock():
            then = _at(tools, moment)
            jobs.register(then)
            done = await rounds.poll(then, jobs.claim(then, all_feeds=True))
            articles += sum(r.new for r in done.reports)
            relevant += sum(r.relevant for r in done.reports)
            moment += STEP
    finally:
        await tools.fetch.aclose()
    issue = jobs.compose(tools)[-1]
    jobs.deliver(tools)
    return Replayed(articles=articles, relevant=relevant, period=issue.period.name)


def _at(tools: Tools, moment: datetime) -> Tools:
    return replace(tools, clock=lambda: moment)
