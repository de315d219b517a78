"""What `traced` tells of each request: all that an operator may read, and nothing secret."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from aggregator.edges.http import HttpFetch
from aggregator.model import Answer, Exchange, Failure, Fetched, FetchFailed, Validators
from aggregator.rules import Polling
from tests.servers import FeedServer, Reply, Script, drip, raw, redirect, reset_mid_body, silent

FEED = b"<rss version='2.0'><channel><title>Example</title></channel></rss>" * 50


@pytest.fixture
def web() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


NOTHING = Validators()


def traced(
    url: str, validators: Validators = NOTHING, **changes: Any
) -> tuple[Answer, tuple[Exchange, ...]]:
    made = {"allow_private_networks": True, "deadline": timedelta(seconds=5)} | changes

    async def ask() -> tuple[Answer, tuple[Exchange, ...]]:
        fetching = HttpFetch(Polling(**made), "test/1")
        try:
            return await fetching.traced(url, validators)
        finally:
            await fetching.aclose()

    return asyncio.run(ask())


def test_every_request_of_a_visit_is_told(web: FeedServer) -> None:
    packed = gzip.compress(FEED)
    web.add("/a", redirect("/b", 301))
    web.add("/b", redirect("/c", 302, ("Set-Cookie", "session=topsecret; Path=/")))
    web.add(
        "/c",
        Reply(
            body=packed,
            etag='"1"',
            after=0.05,
            headers=(
                ("Content-Encoding", "gzip"),
                ("Cache-Control", "max-age=60"),
                ("X-Other", "is not told"),
            ),
        ),
    )
    answer, (first, second, third) = traced(web.url("/a"), Validators(etag='"0"'))
    assert isinstance(answer, Fetched)
    assert answer.body == FEED
    place = f"{web.host}:{web.port}"
    assert [e.url for e in (first, second, third)] == [web.url(p) for p in ("/a", "/b", "/c")]
    assert {(e.method, e.address) for e in (first, second, third)} == {("GET", place)}
    assert [(e.status, e.phrase, e.redirect) for e in (first, second, third)] == [
        (301, "Moved Permanently", "permanent"),
        (302, "Found", "temporary"),
        (200, "OK", ""),
    ]
    assert ("Location", "/b") in first.received
    assert ("Set-Cookie", "a cookie was set") in second.received
    assert dict(third.sent) | {"Accept": ""} == {
        "Host": place,
        "User-Agent": "test/1",
        "Accept": "",
        "Accept-Encoding": "gzip",
        "If-None-Match": '"0"',
        "Cookie": "***",
    }
    assert web.seen("/c")[0].header("Cookie") == "session=topsecret"
    assert dict(third.received) == {
        "Content-Encoding": "gzip",
        "Cache-Control": "max-age=60",
        "ETag": '"1"',
        "Content-Type": "application/rss+xml; charset=utf-8",
        "Content-Length": str(len(packed)),
    }
    assert (third.wire_bytes, third.body_bytes) == (len(packed), len(FEED))
    assert (first.wire_bytes, first.body_bytes) == (0, 0)
    assert third.milliseconds >= 50 > first.milliseconds > 0
    assert "topsecret" not in repr((first, second, third))


def test_no_login_is_told(web: FeedServer) -> None:
    inner = f"http://other:p@ss@{web.host}:{web.port}/b"
    web.add("/a", redirect(inner, 302, ("Link", f"<{inner}>; rel=hub")))
    web.add("/b", Reply(body=FEED))
    login = f"http://me:topsecret@{web.host}:{web.port}/a"
    answer, exchanges = traced(login)
    assert isinstance(answer, Fetched)
    assert web.requests[0].header("Authorization") == "Basic bWU6dG9wc2VjcmV0"
    assert dict(exchanges[0].sent)["Authorization"] == "***"
    assert dict(exchanges[0].received)["Location"] == web.url("/b")
    told = repr(exchanges)
    assert not any(word in told for word in ("topsecret", "bWU6", "p@ss", "other:", "me:"))


@pytest.mark.parametrize(
    ("route", "status", "arrived"),
    [
        (raw(b""), None, 0),
        (silent(), None, 0),
        (reset_mid_body(), 200, 500),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + b"no gzip"), 200, 7),
        (Reply(status=404, body=b"not here"), 404, 0),
    ],
)
def test_a_visit_that_breaks_is_told_as_far_as_it_came(
    web: FeedServer, route: Reply | Script, status: int | None, arrived: int
) -> None:
    web.add("/b", route)
    answer, (first, second) = traced(web.add("/a", redirect("/b")), deadline=timedelta(seconds=1))
    assert isinstance(answer, FetchFailed)
    assert first.redirect == "temporary"
    assert (second.url, second.status, second.wire_bytes) == (web.url("/b"), status, arrived)
    assert second.address == f"{web.host}:{web.port}"


def test_a_body_that_drips_is_counted_until_the_deadline(web: FeedServer) -> None:
    answer, (only,) = traced(web.add("/a", drip()), deadline=timedelta(seconds=0.5))
    assert isinstance(answer, FetchFailed)
    assert only.status == 200
    assert 5 < only.wire_bytes < 60
    assert 450 < only.milliseconds < 3_000


def test_no_connection_has_no_address() -> None:
    answer, (only,) = traced("http://127.0.0.1:9/feed")
    assert isinstance(answer, FetchFailed)
    assert (only.address, only.status, only.received) == ("", None, ())


def test_what_is_never_asked_leaves_no_trail(web: FeedServer) -> None:
    answer, exchanges = traced("ftp://example.org/feed")
    assert isinstance(answer, FetchFailed)
    assert (answer.why, exchanges) == (Failure.REFUSED, ())
    _, exchanges = traced(web.add("/a", redirect("file:///etc/passwd")))
    assert [e.url for e in exchanges] == [web.url("/a")]


def test_the_answer_is_that_of_an_ordinary_visit(web: FeedServer) -> None:
    url = web.add("/a", Reply(body=FEED, etag='"1"'))

    async def both() -> tuple[Answer, Answer]:
        fetching = HttpFetch(Polling(allow_private_networks=True), "test/1")
        try:
            traced, _ = await fetching.traced(url, NOTHING)
            return await fetching(url, NOTHING), traced
        finally:
            await fetching.aclose()

    plain, told = asyncio.run(both())
    assert plain == told
    assert web.requests[0].headers == web.requests[1].headers
