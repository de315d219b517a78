"""Which documents are made anew, and which are kept."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

from aggregator.errors import StoreError
from aggregator.hosts.site import Moved, Page, Site
from aggregator.hosts.web import application
from aggregator.hosts.web.shelf import Key, Shelf, document
from aggregator.ports import Tools
from aggregator.render.links import Links
from aggregator.render.syndication import ATOM
from tests.hosts.site import FEEDS, Clock, installation, judged, put


class Watched(Site):
    """A site that says how often it made what, and can be held up or made to fail."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools, Links())
        self.made: list[tuple[str, dict[str, str]]] = []
        self.lost = 0
        """Pages for what is not there."""
        self.begun = threading.Event()
        self.open = threading.Event()
        self.open.set()
        self.failure: Exception | None = None

    def find(self, path: str, query: Mapping[str, str]) -> Page | Moved | None:
        self.made.append((path, dict(query)))
        self.begun.set()
        self.open.wait(10)
        if self.failure is not None:
            raise self.failure
        match path:
            case "/counted":
                return Page(body=b"%d" % len(self.made))
            case "/live":
                return Page(body=b"%d" % len(self.made), live=True)
            case "/long.atom":
                return Page(body=b"<feed/>" * 10_000, media_type=ATOM)
            case _:
                return super().find(path, query)

    def not_found(self) -> Page:
        self.lost += 1
        return super().not_found()


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    with installation(tmp_path) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(tools: Tools) -> Watched:
    return Watched(tools)


@pytest.fixture
async def client(tools: Tools, site: Watched, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(application(tools, sites={"en": site, "ko": site}, clock=clock)) as made:
        yield made


def opened(app: ASGIApp) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="https://news.example.org")


def write(tools: Tools, name: str) -> None:
    """Something that readers see."""
    feed = FEEDS["seoul-daily"]
    put(tools, feed, judged(feed, name, f"Report {name}", "nuclear-talks"))


async def test_a_document_is_made_once_until_the_library_changes(
    client: httpx.AsyncClient, tools: Tools, site: Watched, clock: Clock
) -> None:
    assert [(await client.get("/counted")).text for _ in range(3)] == ["1"] * 3
    clock.seconds += 100
    assert (await client.get("/counted")).text == "1"
    write(tools, "later")
    clock.seconds += 0.9
    assert (await client.get("/counted")).text == "1"
    clock.seconds += 0.1
    assert (await client.get("/counted")).text == "2"
    assert len(site.made) == 2


async def test_the_library_is_asked_for_its_version_once_a_second(
    tools: Tools, site: Watched, clock: Clock
) -> None:
    asked = 0

    class Counted:
        def __getattr__(self, name: str) -> Any:
            nonlocal asked
            asked += name == "version"
            return getattr(tools.store, name)

    counted = replace(tools, store=Counted())
    async with opened(application(counted, sites={"en": site}, clock=clock)) as client:
        before = asked
        for _ in range(5):
            await asyncio.gather(*(client.get("/counted") for _ in range(10)))
        assert asked == before + 1
        clock.seconds += 1
        await asyncio.gather(*(client.get("/counted") for _ in range(10)))
        assert asked == before + 2


async def test_many_who_ask_at_once_wait_for_one_rendering(
    client: httpx.AsyncClient, site: Watched
) -> None:
    site.open.clear()
    asking = [asyncio.create_task(client.get("/counted")) for _ in range(20)]
    await asyncio.to_thread(site.begun.wait, 10)
    asking[0].cancel()  # the one that started it goes away
    await asyncio.sleep(0)
    site.open.set()
    answers = await asyncio.gather(*asking[1:])
    assert {answer.text for answer in answers} == {"1"}
    assert len(site.made) == 1


async def test_a_failing_page_fails_for_all_who_wait_and_is_not_kept(
    client: httpx.AsyncClient, site: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    site.failure = StoreError("the database is away")
    site.open.clear()
    asking = [asyncio.create_task(client.get("/counted")) for _ in range(5)]
    await asyncio.to_thread(site.begun.wait, 10)
    site.open.set()
    assert {answer.status_code for answer in await asyncio.gather(*asking)} == {503}
    assert len(caplog.records) == 1
    site.failure = None
    assert (await client.get("/counted")).text == "2"


async def test_what_failed_does_not_bring_back_what_was_kept(
    client: httpx.AsyncClient, tools: Tools, site: Watched, clock: Clock
) -> None:
    assert (await client.get("/counted")).status_code == 200
    write(tools, "later")
    clock.seconds += 1
    site.failure = ValueError("a mistake in a page")
    assert (await client.get("/counted")).status_code == 500
    site.failure = None
    assert (await client.get("/counted")).text == "3"


async def test_a_page_that_tells_how_things_stand_is_kept_for_seconds(
    client: httpx.AsyncClient, tools: Tools, clock: Clock
) -> None:
    assert (await client.get("/live")).text == "1"
    write(tools, "later")
    clock.seconds += 4.9
    assert (await client.get("/live")).text == "1"
    clock.seconds += 0.1
    assert (await client.get("/live")).text == "2"


async def test_only_known_keys_make_a_document_of_their_own(
    client: httpx.AsyncClient, site: Watched
) -> None:
    for path in ("/counted", "/counted?utm_source=x", "/counted?fbclid=1&v=2", "/counted?q="):
        assert (await client.get(path)).text == "1"
    for path in ("/counted?q=kim&page=2", "/counted?utm_source=x&page=2&q=kim"):
        assert (await client.get(path)).text == "2"
    assert site.made == [("/counted", {}), ("/counted", {"page": "2", "q": "kim"})]


async def test_a_feed_is_made_once_for_all_languages(
    client: httpx.AsyncClient, tools: Tools, site: Watched, clock: Clock
) -> None:
    for language in ("en", "ko", "fr"):
        await client.get("/long.atom", headers={"Accept-Language": language})
    assert len(site.made) == 1
    write(tools, "later")
    clock.seconds += 1
    for language in ("ko", "en"):
        await client.get("/long.atom", headers={"Accept-Language": language})
    assert len(site.made) == 2


async def test_what_is_not_there_is_looked_for_and_its_page_kept(
    client: httpx.AsyncClient, site: Watched
) -> None:
    for name in ("a", "b", "a"):
        assert (await client.get(f"/nowhere/{name}")).status_code == 404
    assert len(site.made) == 3
    assert site.lost == 1


async def test_a_tag_that_is_gone_is_gone(
    client: httpx.AsyncClient, tools: Tools, site: Watched, clock: Clock
) -> None:
    assert (await client.get("/long.atom")).status_code == 200
    site.find = lambda path, query: None  # type: ignore[method-assign]
    write(tools, "later")
    clock.seconds += 1
    assert (await client.get("/long.atom")).status_code == 404


# ── the shelf ────────────────────────────────────────────────────────────────────────────────────


def kept(name: str, size: int) -> Any:
    page = Page(body=b"x" * size)
    return document(Key("en", f"/{name}", ()), page, version=1, made_at=0, before=None)


def test_the_shelf_keeps_what_was_asked_for_last() -> None:
    shelf = Shelf(most=2, most_bytes=1_000_000)
    for name in ("a", "b"):
        shelf.put(kept(name, 10))
    assert shelf.get(Key("en", "/a", ()))
    shelf.put(kept("c", 10))
    assert [shelf.get(Key("en", f"/{name}", ())) is not None for name in "abc"] == [
        True,
        False,
        True,
    ]


def test_the_shelf_is_bounded_in_bytes() -> None:
    shelf = Shelf(most=100, most_bytes=50_000)
    for n in range(20):
        shelf.put(kept(str(n), 10_000))
        assert shelf.size <= 50_000
    assert len(shelf) == 4
    grown = kept("19", 10_000)
    shelf.put(grown)
    grown.bodies["br"] = b"x" * 20_000
    shelf.put(grown)
    assert len(shelf) == 2
    assert shelf.size <= 50_000
    shelf.put(kept("huge", 60_000))
    assert (len(shelf), shelf.size) == (0, 0)


def test_what_stayed_the_same_is_not_compressed_again() -> None:
    before = kept("a", 5_000)
    before.bodies["br"] = b"compressed"
    same = document(before.key, before.found, version=2, made_at=9, before=before)
    assert same.bodies["br"] == b"compressed"
    other = document(before.key, Page(body=b"y" * 5_000), version=2, made_at=9, before=before)
    assert set(other.bodies) == {""}
