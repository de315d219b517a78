"""Our own feeds changed: a real hub is told."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

import pytest

from aggregator import jobs
from aggregator.edges.websub import HubRequest
from aggregator.hosts.announcing import GAP, RETRY, Announcer
from aggregator.ports import Tools
from aggregator.rules import Polling
from aggregator.steps.websub import TOPICS
from tests import make
from tests.hosts.conftest import Place, rss
from tests.hosts.site import FEEDS, Clock, installation, judged, put
from tests.hosts.test_crash import wait_for
from tests.hosts.test_run import running


class Hub:
    """A hub on a free port of 127.0.0.1 that remembers what it was told."""

    def __init__(self) -> None:
        self.forms: list[dict[str, list[str]]] = []
        self.status = 204

    def __enter__(self) -> Self:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                hub.forms.append(parse_qs(body))
                self.send_response(hub.status)
                self.end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hub"
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as started:
        yield started


@pytest.fixture
def tools(tmp_path: Path, hub: Hub) -> Iterator[Tools]:
    """An installation with a hub on this very machine."""
    polling = Polling(allow_private_networks=True)
    with installation(tmp_path, filled=False) as opened:
        site = opened.config.site.model_copy(update={"hub": hub.url})
        config = opened.config.model_copy(update={"site": site, "polling": polling})
        ask = HubRequest(polling, "test")
        yield replace(opened, replay=False, config=config, ask_hub=ask)
        ask.close()


def write(tools: Tools, name: str) -> None:
    feed = FEEDS["seoul-daily"]
    put(tools, feed, judged(feed, name, f"Report {name}", "nuclear-talks"))


async def test_the_hub_is_told_of_changed_feeds_once_a_minute(tools: Tools, hub: Hub) -> None:
    clock = Clock()
    announcer = Announcer(tools, clock)
    assert await announcer.announce()  # what a former life told is not known
    assert hub.forms == [
        {
            "hub.mode": ["publish"],
            "hub.url": [f"https://news.example.org{path}" for path in TOPICS],
        }
    ]
    clock.seconds += GAP
    assert not await announcer.announce()  # nothing new
    write(tools, "one")
    assert await announcer.announce()
    write(tools, "two")
    clock.seconds += GAP - 1
    assert not await announcer.announce()
    clock.seconds += 1
    assert await announcer.announce()
    jobs.arrange(tools)  # stories are news as well
    clock.seconds += GAP
    assert await announcer.announce()
    assert len(hub.forms) == 4


async def test_a_hub_that_fails_is_warned_of_once_and_told_later(
    tools: Tools, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    announcer = Announcer(tools, clock)
    hub.status = 500
    for _ in range(3):
        assert not await announcer.announce()
        clock.seconds += RETRY - 1
        assert not await announcer.announce()  # not yet
        clock.seconds += 1
    assert len(hub.forms) == 3
    warned = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert warned == ["the hub was not told of new articles: the hub answered 500"]
    hub.status = 204
    assert await announcer.announce()
    clock.seconds += RETRY
    assert not await announcer.announce()
    assert len(hub.forms) == 4


async def test_nobody_is_told_of_a_site_that_no_hub_can_reach(
    tools: Tools, hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    def changed(**site: str) -> Tools:
        config = tools.config
        public = Polling(allow_private_networks=False)
        config = config.model_copy(
            update={"site": config.site.model_copy(update=site), "polling": public}
        )
        return replace(tools, config=config)

    for silent in (changed(hub=""), replace(tools, replay=True)):
        assert not await Announcer(silent, Clock()).announce()
    assert not caplog.records
    assert not await Announcer(changed(url="http://127.0.0.1:8080"), Clock()).announce()
    assert "site.url, http://127.0.0.1:8080, is no public address" in caplog.text
    assert hub.forms == []


def test_a_running_installation_tells_its_hub(place: Place, hub: Hub) -> None:
    place.publish("wire", rss(("a", "Kim Jong Un and Trump meet", make.NOW)), scope="section")
    place.settings["site"] = {"hub": hub.url}
    place.write()
    with running(place):
        wait_for(lambda: bool(hub.forms), "the hub to be told")
    assert hub.forms[0]["hub.url"][0] == "http://127.0.0.1:8080/atom.xml"
