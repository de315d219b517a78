"""Feeds that are pushed: a real hub, a real subscriber."""

from __future__ import annotations

import asyncio
import hmac
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from aggregator import jobs
from aggregator.edges.http import HttpFetch
from aggregator.edges.websub import HubRequest
from aggregator.hosts import rounds
from aggregator.hosts.web import application
from aggregator.model import Fetched, HubAnswer, HubSubscription
from aggregator.ports import Tools
from aggregator.rules import Polling
from aggregator.steps import websub
from tests import make
from tests.hosts.conftest import Place, rss
from tests.hosts.site import FEEDS, installation
from tests.hosts.test_crash import wait_for
from tests.servers import FeedServer, Reply, redirect, silent

pytestmark = pytest.mark.slow

FEED = FEEDS["seoul-daily"]
HUB, TOPIC = "https://hub.example.org/", "https://seoul-daily.example.org/self.xml"
NEWS = rss(("push", "Kim Jong Un and Trump meet again at Panmunjom", make.NOW))


def sign(secret: str, body: bytes, method: str = "sha256") -> dict[str, str]:
    mac = hmac.new(secret.encode(), body, method).hexdigest()
    return {"X-Hub-Signature": f"{method}={mac}", "Content-Type": "application/rss+xml"}


class Hub:
    """A hub on a free port of 127.0.0.1 that verifies what it accepts, and delivers on demand."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.echoes: list[tuple[int, str]] = []
        self.status = 202

    def __enter__(self) -> Self:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                hub.forms.append(form)
                self.send_response(hub.status)
                self.send_header("Content-Length", "0")
                self.end_headers()
                if hub.status == 202:
                    hub.echoes.append(hub.verify(form))

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hub"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
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

    def verify(self, form: dict[str, str]) -> tuple[int, str]:
        asked = {
            "hub.mode": form["hub.mode"],
            "hub.topic": form["hub.topic"],
            "hub.challenge": "challenge-7",
            "hub.lease_seconds": "864000",
        }
        return ask(f"{form['hub.callback']}?{urlencode(asked)}")

    def deliver(self, body: bytes, secret: str | None = None) -> int:
        form = self.forms[-1]
        headers = sign(secret or form["hub.secret"], body)
        return ask(form["hub.callback"], body, headers)[0]


def ask(
    url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    request = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except urllib.error.URLError:
        return 0, ""


# ── the pages for hubs ───────────────────────────────────────────────────────────────────────────


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    """An installation with a public address, and the clock as it is told."""
    with installation(tmp_path, filled=False) as opened:
        yield replace(opened, replay=False)


@pytest.fixture
def client(tools: Tools) -> Iterator[TestClient]:
    with TestClient(application(tools)) as made:
        yield made


def pending(tools: Tools, **changes: Any) -> HubSubscription:
    """A subscription that the hub was asked for."""
    made = HubSubscription(
        token=tools.random(),
        feed_id=FEED.id,
        hub=HUB,
        topic=TOPIC,
        secret=tools.random(),
        next_ask_at=make.NOW,
    )
    asked = replace(websub.asked(made, make.NOW), **changes)
    tools.store.add_hub(asked)
    return asked


def query(**changes: str) -> dict[str, str]:
    made = {"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.challenge": "<b>say this</b>"}
    return made | {f"hub.{name}": value for name, value in changes.items()}


def titles(tools: Tools) -> set[str]:
    jobs.arrange(tools)
    return {item.article.title for item in tools.store.items(limit=100)}


def test_a_challenge_is_echoed_as_plain_text_once(client: TestClient, tools: Tools) -> None:
    held = pending(tools)
    answer = client.get(f"/websub/{held.token}", params=query(lease_seconds="864000"))
    assert (answer.status_code, answer.text) == (200, "<b>say this</b>")
    assert answer.headers["content-type"].startswith("text/plain")
    after = tools.store.hub(held.token)
    assert after is not None
    assert after.expires_at == make.NOW + timedelta(days=10)
    assert client.get(f"/websub/{held.token}", params=query()).status_code == 404


@pytest.mark.parametrize(
    "changes", [{"topic": "https://example.org/other"}, {"mode": "unsubscribe"}, {"challenge": ""}]
)
def test_a_wrong_topic_or_mode_is_a_404(
    client: TestClient, tools: Tools, changes: dict[str, str]
) -> None:
    held = pending(tools)
    assert client.get(f"/websub/{held.token}", params=query(**changes)).status_code == 404
    assert tools.store.hub(held.token) == held


def test_a_head_request_verifies_nothing(client: TestClient, tools: Tools) -> None:
    held = pending(tools)
    assert client.head(f"/websub/{held.token}", params=query()).status_code == 405
    assert tools.store.hub(held.token) == held


def test_tokens_are_unguessable(client: TestClient, tools: Tools) -> None:
    tokens = {tools.random() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 43  # 256 bits
    pending(tools)
    assert client.get("/websub/guess", params=query()).status_code == 404
    assert client.post("/websub/guess", content=NEWS).status_code == 410


def test_a_denial_is_recorded(client: TestClient, tools: Tools) -> None:
    held = pending(tools)
    told = query(mode="denied", reason="not for you")
    assert client.get(f"/websub/{held.token}", params=told).status_code == 200
    after = tools.store.hub(held.token)
    assert after is not None
    assert after.detail == "the hub denied it: not for you"


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
def test_a_delivery_with_a_good_signature_is_ingested(
    client: TestClient, tools: Tools, method: str
) -> None:
    held = pending(tools)
    before = tools.store.states()
    headers = sign(held.secret, NEWS, method)
    assert client.post(f"/websub/{held.token}", content=NEWS, headers=headers).status_code == 202
    assert titles(tools) == {"Kim Jong Un and Trump meet again at Panmunjom"}
    assert tools.store.states() == before  # when to poll, and with which validators


def test_a_delivery_with_a_bad_signature_is_answered_alike_and_ignored(
    client: TestClient, tools: Tools
) -> None:
    held = pending(tools)
    for headers in (sign("another secret", NEWS), sign(held.secret, NEWS + b" "), {}):
        answer = client.post(f"/websub/{held.token}", content=NEWS, headers=headers)
        assert answer.status_code == 202
    assert titles(tools) == set()


def test_a_delivery_twice_is_one_article(client: TestClient, tools: Tools) -> None:
    held = pending(tools)
    for _ in range(2):
        client.post(f"/websub/{held.token}", content=NEWS, headers=sign(held.secret, NEWS))
    assert len(titles(tools)) == 1


def test_a_delivery_that_is_no_feed_is_let_go(client: TestClient, tools: Tools) -> None:
    held = pending(tools)
    body = b"<html><title>Hello</title></html>"
    answer = client.post(f"/websub/{held.token}", content=body, headers=sign(held.secret, body))
    assert answer.status_code == 202
    assert titles(tools) == set()


def test_a_feed_that_is_configured_no_more_is_gone(client: TestClient, tools: Tools) -> None:
    held = pending(tools)
    del tools.feeds[FEED.id]
    headers = sign(held.secret, NEWS)
    try:
        answer = client.post(f"/websub/{held.token}", content=NEWS, headers=headers)
        assert answer.status_code == 410
        assert client.get(f"/websub/{held.token}", params=query()).status_code == 404
    finally:
        tools.feeds[FEED.id] = FEED


def test_a_subscription_that_we_left_is_gone(client: TestClient, tools: Tools) -> None:
    held = pending(tools, mode="unsubscribe")
    headers = sign(held.secret, NEWS)
    assert client.post(f"/websub/{held.token}", content=NEWS, headers=headers).status_code == 410
    answer = client.get(f"/websub/{held.token}", params=query(mode="unsubscribe"))
    assert answer.text == "<b>say this</b>"


def test_a_body_that_is_too_large_is_refused_as_it_comes(tools: Tools) -> None:
    polling = Polling(max_bytes=10_000)
    small = replace(tools, config=tools.config.model_copy(update={"polling": polling}))
    held = pending(small)
    client = TestClient(application(small))
    body = b" " * 10_001
    answer = client.post(f"/websub/{held.token}", content=body, headers=sign(held.secret, body))
    assert answer.status_code == 413


def test_a_compressed_body_is_refused(client: TestClient, tools: Tools) -> None:
    held = pending(tools)
    headers = sign(held.secret, NEWS) | {"Content-Encoding": "gzip"}
    assert client.post(f"/websub/{held.token}", content=NEWS, headers=headers).status_code == 415


async def test_too_many_deliveries_at_once_are_put_off(tools: Tools) -> None:
    held = pending(tools)
    go_on = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield NEWS[:100]
        await go_on.wait()
        yield NEWS[100:]

    transport = httpx.ASGITransport(application(tools))
    path, headers = f"/websub/{held.token}", sign(held.secret, NEWS)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        first = [
            asyncio.create_task(client.post(path, content=slowly(), headers=headers))
            for _ in range(4)
        ]
        await asyncio.sleep(0.3)
        refused = await client.post(path, content=NEWS, headers=headers)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "120")
        go_on.set()
        assert {answer.status_code for answer in await asyncio.gather(*first)} == {202}
        again = await client.post(path, content=NEWS, headers=headers)
        assert again.status_code == 202


def test_a_dead_database_tells_no_token(
    client: TestClient, tools: Tools, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    held = pending(tools)
    tools.store.close()
    (tmp_path / "aggregator.db").write_bytes(b"this is no database" * 100)
    for extra in ("-wal", "-shm"):
        (tmp_path / f"aggregator.db{extra}").unlink(missing_ok=True)
    answer = client.post(f"/websub/{held.token}", content=NEWS, headers=sign(held.secret, NEWS))
    assert answer.status_code == 503
    assert caplog.records
    assert held.token not in "".join(str(vars(record)) for record in caplog.records)


def test_without_websub_nothing_is_taken(tools: Tools) -> None:
    polling = Polling(websub=False)
    off = replace(tools, config=tools.config.model_copy(update={"polling": polling}))
    held = pending(off)
    client = TestClient(application(off))
    assert client.get(f"/websub/{held.token}", params=query()).status_code == 404
    headers = sign(held.secret, NEWS)
    assert client.post(f"/websub/{held.token}", content=NEWS, headers=headers).status_code == 410


# ── asking hubs ──────────────────────────────────────────────────────────────────────────────────

FORM = {"hub.mode": "subscribe", "hub.topic": TOPIC}


async def request(url: str, *, private: bool = True) -> HubAnswer:
    asking = HubRequest(Polling(allow_private_networks=private), "test")
    try:
        return await asking(url, FORM)
    finally:
        asking.close()


async def test_a_hub_that_accepts() -> None:
    with Hub() as hub:
        hub.status = 204
        assert await request(hub.url) == HubAnswer(accepted=True)
        assert hub.forms == [FORM]


async def test_a_private_hub_is_refused_by_the_guard() -> None:
    with Hub() as hub:
        answer = await request(hub.url, private=False)
        assert not answer.accepted
        assert "private" in answer.detail
        assert hub.forms == []


async def test_a_hub_that_moved_is_followed_and_a_page_is_not() -> None:
    with Hub() as hub, FeedServer() as web:
        hub.status = 204
        moved = web.add("/moved", redirect(hub.url, 307))
        assert (await request(moved)).accepted
        assert hub.forms == [FORM]
        circle = web.add("/circle", redirect("/circle", 308))
        assert (await request(circle)).detail == "the hub answered 308"
        other = web.add("/other", redirect(hub.url, 302))
        assert (await request(other)).detail == "the hub answered 302"


async def test_what_a_hub_does_wrong_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.edges.websub.DEADLINE_SECONDS", 0.3)
    with FeedServer() as web:
        large = web.add("/large", Reply(status=500, body=b"x" * 1_000_000))
        assert (await request(large)).detail == "the hub answered 500"
        assert "within 0.3 s" in (await request(web.add("/mute", silent()))).detail
        closed = web.url("/")
    assert "connection refused" in (await request(closed)).detail
    for address in ("mailto:hub@example.org", "https://", "http://[", "http://허브.example/", ""):
        answer = await request(address)
        assert not answer.accepted
        assert answer.detail


# ── from the feed to the hub and back ────────────────────────────────────────────────────────────


def with_hub(body: bytes, hub: str, topic: str) -> bytes:
    links = (
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{hub}"/>'
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="{topic}"/>'
    )
    return body.replace(b"<channel>", b"<channel>" + links.encode())


@contextmanager
def polled(place: Place, tools: Tools, hub: str) -> Iterator[Callable[..., Tools]]:
    """Poll one feed that names `hub`; gives tools with another clock."""
    feed = replace(FEED, url=place.web.url("/wire.xml"))
    place.web.add("/wire.xml", Reply(body=with_hub(NEWS, hub, feed.url)))
    polling = Polling(allow_private_networks=True)
    config = tools.config.model_copy(update={"polling": polling})
    asking = HubRequest(polling, "test")
    fed = replace(tools, config=config, feeds={feed.id: feed}, ask_hub=asking)
    jobs.register(fed)
    yield lambda **later: replace(fed, clock=lambda: make.NOW + timedelta(**later))
    asking.close()


async def poll(tools: Tools) -> None:
    visits = jobs.claim(tools, all_feeds=True)
    local = replace(tools, fetch=HttpFetch(tools.config.polling, "test"))
    try:
        await rounds.poll(local, visits)
    finally:
        await local.fetch.aclose()


async def test_a_hub_that_refuses_is_asked_once_a_day(place: Place, tools: Tools) -> None:
    with Hub() as hub, polled(place, tools, hub.url) as at:
        hub.status = 500
        await poll(at())
        asked = [await jobs.subscribe_hubs(at(hours=h)) for h in (0, 1, 23, 24, 25)]
        assert asked == [1, 0, 0, 1, 0]
        assert len(hub.forms) == 2
        (held,) = tools.store.hubs()
        assert held.detail == "the hub answered 500"
        assert not held.awaiting


async def test_hub_and_topic_may_stand_in_link_headers(place: Place, tools: Tools) -> None:
    with Hub() as hub, polled(place, tools, "https://unused.example.org/") as at:
        hub.status = 204
        links = (
            "<mailto:hub@example.org>; rel=hub",
            f'<{hub.url}>; rel="hub", </self.xml>; title="a; b"; rel=self',
        )
        headers = tuple(("Link", link) for link in links)
        place.web.add("/wire.xml", Reply(body=NEWS, headers=headers))
        await poll(at())
        await jobs.subscribe_hubs(at())
        assert [form["hub.topic"] for form in hub.forms] == [place.web.url("/self.xml")]


async def test_a_renewal_keeps_callback_and_secret(place: Place, tools: Tools) -> None:
    with Hub() as hub, polled(place, tools, hub.url) as at:
        hub.status = 204
        await poll(at())
        await jobs.subscribe_hubs(at())
        (held,) = tools.store.hubs()
        told = websub.verify(held, query(topic=held.topic, lease_seconds="864000"), make.NOW)
        assert told is not None
        tools.store.change_hub(held, told[1])
        assert await jobs.subscribe_hubs(at(days=7)) == 0
        assert await jobs.subscribe_hubs(at(days=7, hours=12)) == 1
        assert hub.forms[0] == hub.forms[1]
        assert len(hub.forms[0]["hub.secret"].encode()) < 200


async def test_a_feed_that_names_no_hub_any_more_takes_leave(place: Place, tools: Tools) -> None:
    with Hub() as hub, polled(place, tools, hub.url) as at:
        hub.status = 204
        await poll(at())
        await jobs.subscribe_hubs(at())
        (held,) = tools.store.hubs()
        told = websub.verify(held, query(topic=held.topic), make.NOW)
        assert told is not None
        tools.store.change_hub(held, told[1])
        place.web.add("/wire.xml", Reply(body=NEWS))
        await poll(at(days=1))
        await jobs.subscribe_hubs(at(days=1))
        assert hub.forms[-1]["hub.mode"] == "unsubscribe"
        await jobs.subscribe_hubs(at(days=2))
        assert tools.store.hubs() == ()
        assert len(hub.forms) == 2


async def test_a_feed_without_a_hub_and_a_site_without_address_ask_nobody(
    place: Place, tools: Tools
) -> None:
    with Hub() as hub, polled(place, tools, hub.url) as at:
        site = tools.config.site.model_copy(update={"url": "http://127.0.0.1:8080"})
        config = tools.config.model_copy(update={"site": site, "polling": Polling()})
        hidden = replace(at(), config=config)
        assert not jobs.hubs_can_reach(hidden)
        document = with_hub(NEWS, hub.url, TOPIC)
        visit = jobs.claim(at(), all_feeds=True)[0]
        jobs.ingest(hidden, visit, Fetched(url=FEED.url, body=document, body_hash="new"))
        assert tools.store.hubs() == ()
        assert await jobs.subscribe_hubs(hidden) == 0


# ── the whole program ────────────────────────────────────────────────────────────────────────────

AT = datetime.now(UTC)
OLD = ("old", "Trump and Kim Jong Un meet at Panmunjom", AT)
FRESH = ("fresh", "North Korea launches a ballistic missile into the East Sea", AT)
FORGED = ("forged", "Forged: North Korea invites Trump to Pyongyang", AT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(place: Place, port: int) -> Iterator[subprocess.Popen[str]]:
    process = place.start("run", "--verbose", "--port", str(port))
    try:
        wait_for(lambda: ask(f"http://127.0.0.1:{port}/healthz")[0] == 200, "the start", 30)
        yield process
    finally:
        process.terminate()
        said = "".join(process.communicate(timeout=15))
        (place.folder / "log").write_text(said)


@pytest.mark.slow
def test_a_feed_with_a_hub_is_pushed_into_the_running_program(place: Place) -> None:
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    place.settings["site"] = {"url": site}
    with Hub() as hub:
        topic = place.web.url("/wire.xml")
        place.publish("wire", with_hub(rss(OLD), hub.url, topic))
        place.publish("other", rss())
        place.write()
        with running(place, port):
            wait_for(lambda: len(hub.echoes) > 0, "the subscription", 30)
            assert hub.echoes == [(200, "challenge-7")]
            form = hub.forms[0]
            assert form["hub.topic"] == topic
            assert form["hub.callback"].startswith(f"{site}/websub/")
            assert hub.deliver(rss(OLD, FORGED), secret="not the secret") == 202
            assert hub.deliver(rss(OLD, FRESH)) == 202
            wait_for(lambda: "ballistic missile" in ask(f"{site}/")[1], "the pushed story", 30)
            assert "Forged" not in ask(f"{site}/")[1]
            assert len(place.web.seen("/wire.xml")) == 1  # it was not polled for
            other = urlsplit(form["hub.callback"])._replace(path="/websub/guess").geturl()
            assert ask(other, b"x")[0] == 410
        log = (place.folder / "log").read_text()
        assert "delivery" in log
        for secret in (form["hub.secret"], form["hub.callback"].rpartition("/")[2]):
            assert secret not in log

        place.feeds = [feed for feed in place.feeds if feed["id"] == "other"]
        place.write()
        hub.status = 500
        with running(place, port):
            assert hub.deliver(rss(OLD, FRESH)) == 410
        assert len(hub.forms) == 1  # the farewell waits for its day
