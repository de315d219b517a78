"""Against a real local web server: each manner and each trap by its name."""

from __future__ import annotations

import asyncio
import gzip
import random
import resource
import sys
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.edges.answers import Document, Redirect, Unusable, without_body
from aggregator.edges.http import HttpFetch, user_agent
from aggregator.model import Answer, Failure, Fetched, FetchFailed, NotModified, Validators
from aggregator.rules import Polling
from tests.servers import (
    EXPIRED_CERTIFICATE,
    FeedServer,
    MailServer,
    Reply,
    Script,
    client_tls,
    drip,
    endless,
    gzip_bomb,
    raw,
    redirect,
    reset_mid_body,
    server_tls,
    silent,
)

NOTHING = Validators()
FEED = b"<rss version='2.0'><channel><title>Example</title></channel></rss>"


def rules(**changes: Any) -> Polling:
    made: dict[str, Any] = {"allow_private_networks": True, "deadline": timedelta(seconds=5)}
    return Polling(**made | changes)


@pytest.fixture
def web() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


@pytest.fixture
async def fetch() -> AsyncIterator[HttpFetch]:
    fetching = HttpFetch(rules(), user_agent("https://digest.example.org"))
    yield fetching
    await fetching.aclose()


async def ask(url: str, validators: Validators = NOTHING, **changes: Any) -> Answer:
    tls = changes.pop("tls", None)
    fetching = HttpFetch(rules(**changes), "test/1", tls=tls)
    try:
        return await fetching(url, validators)
    finally:
        await fetching.aclose()


def why(answer: Answer) -> tuple[Failure, str]:
    assert isinstance(answer, FetchFailed), answer
    return answer.why, answer.detail


# ── manners ──────────────────────────────────────────────────────────────────────────────────────


async def test_a_200_gives_body_hash_type_and_validators(web: FeedServer, fetch: HttpFetch) -> None:
    url = web.add("/feed", Reply(body=FEED, etag='W/"a b"', last_modified="Sun, 30 Jun 2019 03:45"))
    answer = await fetch(url, NOTHING)
    assert isinstance(answer, Fetched)
    assert answer.body == FEED
    assert len(answer.body_hash) == 64
    assert answer.url == url
    assert answer.content_type == "application/rss+xml; charset=utf-8"
    assert answer.validators == Validators(etag='W/"a b"', last_modified="Sun, 30 Jun 2019 03:45")
    assert answer.moved_to is None


async def test_headers_introduce_us_and_name_no_referer(web: FeedServer, fetch: HttpFetch) -> None:
    await fetch(web.add("/feed", Reply(body=FEED)), NOTHING)
    (request,) = web.requests
    assert request.method == "GET"
    agent = request.header("user-agent")
    assert agent is not None
    assert agent.startswith("korea-diplomacy-digest/")
    assert agent.endswith(" (+https://digest.example.org)")
    assert request.header("accept-encoding") == "gzip"
    assert (request.header("accept") or "").startswith("application/atom+xml")
    for absent in ("referer", "cookie", "if-none-match", "if-modified-since", "authorization"):
        assert request.header(absent) is None


@pytest.mark.parametrize("etag", ['"abc"', 'W/"abc"', "no-quotes", '"\xe9\xff"', '"a,b" "c"'])
async def test_validators_go_back_byte_for_byte(
    web: FeedServer, fetch: HttpFetch, etag: str
) -> None:
    url = web.add("/feed", Reply(body=FEED, etag=etag))
    first = await fetch(url, NOTHING)
    assert isinstance(first, Fetched)
    second = await fetch(url, first.validators)
    assert second == NotModified(validators=Validators(etag=etag))
    assert web.requests[1].header("if-none-match") == etag


async def test_last_modified_goes_back_as_it_came(web: FeedServer, fetch: HttpFetch) -> None:
    odd = "Sun, 30 Jun 2019 12:45:00 +0900"
    url = web.add("/feed", Reply(body=FEED, last_modified=odd))
    assert isinstance(await fetch(url, Validators(last_modified=odd)), NotModified)


async def test_validators_too_long_to_send_back_are_forgotten(
    web: FeedServer, fetch: HttpFetch
) -> None:
    answer = await fetch(web.add("/feed", Reply(body=FEED, etag='"' + "x" * 9000 + '"')), NOTHING)
    assert isinstance(answer, Fetched)
    assert answer.validators.etag is None


async def test_a_304_to_a_plain_question_is_a_failure(web: FeedServer, fetch: HttpFetch) -> None:
    kind, detail = why(await fetch(web.add("/feed", Reply(status=304)), NOTHING))
    assert kind is Failure.CONTENT
    assert "304" in detail


@pytest.mark.parametrize(
    ("status", "kind", "detail"),
    [
        (204, Failure.CONTENT, "answered 204 No Content"),
        (400, Failure.CLIENT, "answered 400 Bad Request"),
        (404, Failure.CLIENT, "answered 404 Not Found"),
        (410, Failure.GONE, "answered 410 Gone"),
        (429, Failure.BUSY, "answered 429 Too Many Requests"),
        (500, Failure.SERVER, "answered 500 Internal Server Error"),
        (503, Failure.BUSY, "answered 503 Service Unavailable"),
        (301, Failure.CLIENT, "answered 301 Moved Permanently without a target"),
    ],
)
async def test_statuses_become_values(
    web: FeedServer, fetch: HttpFetch, status: int, kind: Failure, detail: str
) -> None:
    assert why(await fetch(web.add("/feed", Reply(status=status)), NOTHING)) == (kind, detail)


DATE = ("Date", "Sun, 30 Jun 2019 12:00:00 GMT")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", timedelta(seconds=120)),
        ("0", timedelta()),
        ("99999999999999999999", timedelta(days=1)),
        ("Sun, 30 Jun 2019 12:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 01 Jul 2030 12:10:00 GMT", timedelta(days=1)),
        ("Sat, 29 Jun 2019 12:10:00 GMT", timedelta()),
        ("soon", None),
        ("-5", None),
    ],
)
async def test_retry_after_in_seconds_and_as_date_capped_at_a_day(
    web: FeedServer, fetch: HttpFetch, value: str, expected: timedelta | None
) -> None:
    answer = await fetch(
        web.add("/feed", Reply(status=503, headers=(("Retry-After", value), DATE))), NOTHING
    )
    assert isinstance(answer, FetchFailed)
    assert answer.retry_after == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((("Cache-Control", "public, max-age=600"),), timedelta(minutes=10)),
        ((("Cache-Control", "max-age=600"), ("Age", "100")), timedelta(seconds=500)),
        ((("Cache-Control", "s-maxage=600"),), None),
        ((("Cache-Control", "no-cache"), ("Cache-Control", "MAX-AGE=60")), timedelta(minutes=1)),
        ((("Expires", "Sun, 30 Jun 2019 12:30:00 GMT"),), timedelta(minutes=30)),
        ((("Expires", "Sun, 30 Jun 2010 12:30:00 GMT"),), timedelta()),
        ((("Expires", "0"),), None),
        ((("Cache-Control", "max-age=" + "9" * 5000),), timedelta(days=365)),
    ],
)
async def test_freshness_is_told(
    web: FeedServer,
    fetch: HttpFetch,
    headers: tuple[tuple[str, str], ...],
    expected: timedelta | None,
) -> None:
    answer = await fetch(web.add("/feed", Reply(body=FEED, headers=(*headers, DATE))), NOTHING)
    assert isinstance(answer, Fetched)
    assert answer.max_age == expected


async def test_a_login_in_the_url_is_sent_but_not_shown(web: FeedServer, fetch: HttpFetch) -> None:
    url = web.add("/feed", Reply(body=FEED)).replace("//", "//reader:p%40ss@")
    answer = await fetch(url, NOTHING)
    assert web.requests[0].header("authorization") == "Basic cmVhZGVyOnBAc3M="
    assert "ss@" not in str(answer)


# ── redirects ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("statuses", "moves"),
    [
        ((301,), True),
        ((308,), True),
        ((301, 308), True),
        ((302,), False),
        ((301, 307), False),
        ((302, 301), False),
    ],
)
async def test_only_permanent_redirects_move_a_feed(
    web: FeedServer, fetch: HttpFetch, statuses: tuple[int, ...], moves: bool
) -> None:
    for hop, status in enumerate(statuses):
        web.add(f"/{hop}", redirect(f"/{hop + 1}", status))
    end = web.add(f"/{len(statuses)}", Reply(body=FEED))
    answer = await fetch(web.url("/0"), NOTHING)
    assert isinstance(answer, Fetched)
    assert answer.url == end
    assert answer.moved_to == (end if moves else None)


async def test_validators_follow_a_redirect(web: FeedServer, fetch: HttpFetch) -> None:
    web.add("/old", redirect("/new"))
    web.add("/new", Reply(body=FEED, etag='"1"'))
    assert isinstance(await fetch(web.url("/old"), Validators(etag='"1"')), NotModified)


async def test_307_to_itself_until_a_cookie_is_set(web: FeedServer, fetch: HttpFetch) -> None:
    async def gate(request: Any, writer: asyncio.StreamWriter) -> None:
        if request.header("cookie") == "WMONID=abc":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        else:
            head = b"HTTP/1.1 307 Temporary Redirect\r\nSet-Cookie: WMONID=abc; Path=/\r\n"
            writer.write(head + b"Location: /feed\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    url = web.add("/feed", gate)
    for visit in range(2):
        answer = await fetch(url, NOTHING)
        assert isinstance(answer, Fetched), answer
        assert answer.body == b"ok"
        first, second = web.seen("/feed")[2 * visit :]
        assert first.header("cookie") is None  # no cookie outlives its visit
        assert second.header("cookie") == "WMONID=abc"


async def test_redirect_loop(web: FeedServer, fetch: HttpFetch) -> None:
    web.add("/a", redirect("/b"))
    kind, detail = why(await fetch(web.add("/b", redirect("/a")), NOTHING))
    assert kind is Failure.CLIENT
    assert "circle" in detail
    assert len(web.requests) == 2


async def test_more_than_ten_redirects(web: FeedServer, fetch: HttpFetch) -> None:
    for hop in range(12):
        web.add(f"/{hop}", redirect(f"/{hop + 1}"))
    answer = why(await fetch(web.url("/0"), NOTHING))
    assert answer == (Failure.CLIENT, "more than 10 redirects")
    assert len(web.requests) == 11


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.org/", "javascript:alert"])
async def test_redirect_to_another_scheme_is_refused(
    web: FeedServer, fetch: HttpFetch, target: str
) -> None:
    kind, detail = why(await fetch(web.add("/feed", redirect(target)), NOTHING))
    assert kind is Failure.REFUSED
    assert detail.startswith(f"redirects to {target.partition(':')[0]}://")


async def test_redirect_into_a_private_network_is_refused(web: FeedServer) -> None:
    """The first hop is let through by hand, as a public one would be; the second is checked."""
    fetching = HttpFetch(rules(allow_private_networks=False), "test/1")
    fetching._backend._allow_private = True
    web.add("/feed", redirect("http://2130706433:1/"))
    real = fetching._ask

    async def then_guarded(*args: Any) -> Any:
        answer = await real(*args)
        fetching._backend._allow_private = False
        return answer

    fetching._ask = then_guarded  # type: ignore[method-assign,assignment]
    kind, detail = why(await fetching(web.url("/feed"), NOTHING))
    await fetching.aclose()
    assert kind is Failure.REFUSED
    assert "127.0.0.1 is a private address" in detail


async def test_redirect_to_a_korean_path_in_raw_utf8(web: FeedServer, fetch: HttpFetch) -> None:
    head = "HTTP/1.1 302 Found\r\nLocation: /소식?면=1\r\nContent-Length: 0\r\n\r\n"
    end = web.add("/%EC%86%8C%EC%8B%9D?%EB%A9%B4=1", Reply(body=FEED))
    answer = await fetch(web.add("/feed", raw(head.encode())), NOTHING)
    assert isinstance(answer, Fetched), answer
    assert answer.url == end


@pytest.mark.parametrize("target", ["http://[::1", "http://example.org:port/", "//", "http://a b/"])
async def test_redirect_to_nowhere(web: FeedServer, fetch: HttpFetch, target: str) -> None:
    answer = await fetch(web.add("/feed", redirect(target)), NOTHING)
    assert isinstance(answer, FetchFailed)


# ── traps ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("script", "kind", "detail"),
    [
        (silent(), Failure.NETWORK, "no complete answer within 0.3 s"),
        (drip(), Failure.NETWORK, "no complete answer within 0.3 s"),
        (endless(), Failure.CONTENT, "more than 1,000,000 bytes"),
        (reset_mid_body(), Failure.NETWORK, "connection reset by HOST"),
        (raw(b""), Failure.NETWORK, "HOST closed the connection without an answer"),
        (
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc"),
            Failure.NETWORK,
            "HOST closed the connection in the middle of its answer",
        ),
        (
            raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"),
            Failure.NETWORK,
            "HOST closed the connection in the middle of its answer",
        ),
        (
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nabc"),
            Failure.CONTENT,
            "more than 1,000,000 bytes",
        ),
        (
            raw(b"HTTP/1.1 200 OK\r\nX-Huge: " + b"x" * 300_000 + b"\r\n\r\n"),
            Failure.CONTENT,
            "the headers of the answer are too large",
        ),
        (raw(b"HTTP/1.1 100 Continue\r\n\r\n" * 3), Failure.NETWORK, "HOST closed the conn"),
        (raw(b"220 mail.example.org ESMTP\r\n\r\n"), Failure.CONTENT, "not an HTTP answer: "),
        (raw(b"\x00\xff\r\n\r\n"), Failure.CONTENT, "not an HTTP answer: "),
    ],
    ids=lambda value: getattr(value, "__qualname__", "").partition(".")[0] or None,
)
async def test_servers_that_misbehave(
    web: FeedServer, script: Script, kind: Failure, detail: str
) -> None:
    quick = timedelta(seconds=0.3) if "0.3 s" in detail else timedelta(seconds=5)
    answer = await ask(web.add("/feed", script), deadline=quick, max_bytes=1_000_000)
    assert why(answer)[0] is kind
    assert why(answer)[1].startswith(detail.replace("HOST", f"127.0.0.1:{web.port}"))


async def test_a_slow_but_complete_answer_is_waited_for(web: FeedServer, fetch: HttpFetch) -> None:
    answer = await fetch(web.add("/feed", Reply(body=FEED, after=0.3)), NOTHING)
    assert isinstance(answer, Fetched)


async def test_cancelling_a_visit_is_not_swallowed(web: FeedServer, fetch: HttpFetch) -> None:
    visit = asyncio.create_task(fetch(web.add("/feed", silent()), NOTHING))
    await asyncio.sleep(0.1)
    visit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await visit


def encoded(coding: str, body: bytes) -> Reply:
    return Reply(body=body, headers=(("Content-Encoding", coding),))


def raw_deflate(body: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-15)
    return deflate.compress(body) + deflate.flush()


@pytest.mark.parametrize(
    "reply",
    [
        encoded("gzip", gzip.compress(FEED)),
        encoded("x-gzip", gzip.compress(FEED)),
        encoded("GZIP, identity", gzip.compress(FEED)),
        encoded("deflate", zlib.compress(FEED)),
        encoded("deflate", raw_deflate(FEED)),
        encoded("identity", FEED),
    ],
)
async def test_encodings(web: FeedServer, fetch: HttpFetch, reply: Reply) -> None:
    answer = await fetch(web.add("/feed", reply), NOTHING)
    assert isinstance(answer, Fetched), answer
    assert answer.body == FEED


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (encoded("gzip", FEED), "the gzip data is broken"),
        (encoded("gzip", gzip.compress(FEED)[:-20]), "the gzip data ends too early"),
        (encoded("gzip", gzip.compress(FEED)[:-8] + b"x" * 8), "the gzip data is broken"),
        (encoded("deflate", b"\xff\xff\xff"), "the deflate data is broken"),
        (encoded("gzip, gzip", b""), "stacked encodings (gzip, gzip) are refused"),
        (encoded("br", b"x"), "encoded as 'br', which nobody asked for"),
    ],
)
async def test_broken_stacked_and_unasked_for_encodings(
    web: FeedServer, fetch: HttpFetch, reply: Reply, detail: str
) -> None:
    answer = await fetch(web.add("/feed", reply), NOTHING)
    assert why(answer) == (Failure.CONTENT, detail)


async def test_stacked_encodings_in_two_headers(web: FeedServer, fetch: HttpFetch) -> None:
    two = (("Content-Encoding", "gzip"), ("Content-Encoding", "deflate"))
    kind, detail = why(await fetch(web.add("/feed", Reply(body=b"x", headers=two)), NOTHING))
    assert kind is Failure.CONTENT
    assert detail == "stacked encodings (gzip, deflate) are refused"


async def test_gzip_bomb_of_a_gibibyte_costs_no_memory(web: FeedServer) -> None:
    bomb = gzip_bomb(1024)
    assert 500_000 < len(bomb) < 2_000_000
    url = web.add("/feed", encoded("gzip", bomb))
    unit = 1 if sys.platform == "darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    started = time.monotonic()
    answer = await ask(url)
    assert why(answer) == (Failure.CONTENT, "more than 15,000,000 bytes")
    assert time.monotonic() - started < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before < 60_000_000


@pytest.mark.parametrize("coding", [b"identity", b"gzip"])
async def test_the_limit_is_the_last_byte_that_is_allowed(coding: bytes) -> None:
    body = FEED * 10
    headers = [(b"Content-Encoding", coding)]
    wire = gzip.compress(body) if coding == b"gzip" else body
    fits = Document(headers, len(body))
    fits.add(wire)
    assert fits.finish() == body
    tight = Document(headers, len(body) - 1)
    with pytest.raises(Unusable, match="more than"):
        tight.add(wire)


def test_rubbish_without_end_behind_a_complete_gzip_is_given_up() -> None:
    document = Document([(b"Content-Encoding", b"gzip")], 10_000)
    document.add(gzip.compress(FEED))
    with pytest.raises(Unusable, match="more than 10,000 bytes"):
        document.add(b"x" * 10_000)


@given(body=st.binary(max_size=300_000), size=st.integers(1, 70_000), stretch=st.integers(1, 300))
@settings(max_examples=40, deadline=None)
def test_any_body_survives_any_cut_into_reads(body: bytes, size: int, stretch: int) -> None:
    body = body * stretch if len(body) < 1000 else body
    for coding, wire in ((b"gzip", gzip.compress(body)), (b"deflate", raw_deflate(body))):
        document = Document([(b"content-encoding", coding)], len(body) + 1000)
        for start in range(0, len(wire), size):
            document.add(wire[start : start + size])
        assert document.finish() == body


HEADER_NAMES = [b"Retry-After", b"Location", b"Date", b"Expires", b"Cache-Control", b"Age", b"ETag"]


@given(
    status=st.integers(100, 999),
    headers=st.lists(st.tuples(st.sampled_from(HEADER_NAMES), st.binary(max_size=60))),
    conditional=st.booleans(),
)
def test_no_headers_make_it_raise(
    status: int, headers: list[tuple[bytes, bytes]], conditional: bool
) -> None:
    answer = without_body(status, headers, conditional=conditional)
    assert isinstance(answer, NotModified | FetchFailed | Redirect)


STATUSES = [b"200", b"301", b"307", b"304", b"503", b"101", b"099", b"999"]
NAMES = [b"Location", b"Set-Cookie", b"ETag", b"Content-Encoding", b"Content-Length", b"Date"]


async def test_no_answer_makes_it_raise(web: FeedServer, fetch: HttpFetch) -> None:
    chance = random.Random(7)

    def value() -> bytes:
        letters = b"abc0129=;,:/ \"'%.-@[]?#\xed\x95\x9c\x80\xff"
        text = bytes(chance.choice(letters) for _ in range(chance.randrange(40)))
        return (
            chance.choice([b"", b"gzip", b"http://", b"//", b"a=b; Max-Age=", b"a=b; Domain="])
            + text
        )

    fetch._backend._resolver = lambda host, port: ["127.0.0.1"]
    for n in range(200):
        head = b"HTTP/1.1 " + chance.choice(STATUSES) + b" Said\r\n"
        for _ in range(chance.randrange(5)):
            head += chance.choice(NAMES) + b": " + value() + b"\r\n"
        answer = await fetch(web.add(f"/{n}", raw(head + b"\r\n" + value())), NOTHING)
        assert isinstance(answer, Fetched | NotModified | FetchFailed)


# ── network ──────────────────────────────────────────────────────────────────────────────────────


async def test_connection_refused_names_host_and_port() -> None:
    answer = await ask("http://127.0.0.1:1/")
    assert why(answer) == (Failure.NETWORK, "connection refused by 127.0.0.1:1")


async def test_no_dns_entry() -> None:
    kind, detail = why(await ask("http://no-such-host.invalid/"))
    assert kind is Failure.NETWORK
    assert detail in (
        "no DNS entry for no-such-host.invalid",
        "the name server gave no answer for no-such-host.invalid",
    )


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("ftp://example.org/feed", "the URL has ftp://"),
        ("feed.xml", "the URL has no scheme"),
        ("http:///feed", "the URL has no host"),
        ("http://example.org:99999/", "the URL has the port 99999"),
        ("http://[::1/", "the URL cannot be read"),
        ("http://" + "a" * 80 + ".\u200b.example/", "the URL cannot be read"),
    ],
)
async def test_urls_that_cannot_be_asked_for(url: str, detail: str) -> None:
    kind, said = why(await ask(url))
    assert kind is Failure.REFUSED
    assert said.startswith(detail)


async def test_tls_with_a_trusted_certificate() -> None:
    with FeedServer(server_tls()) as web:
        answer = await ask(web.add("/feed", Reply(body=FEED)), tls=client_tls())
    assert isinstance(answer, Fetched), answer


@pytest.mark.parametrize(
    ("certificate", "tls", "host", "detail"),
    [
        (EXPIRED_CERTIFICATE, True, "localhost", "TLS: the certificate has expired"),
        (None, True, "other.example.org", "TLS: the certificate is for another host"),
        (None, False, "localhost", "TLS: the certificate is signed by itself"),
    ],
)
async def test_tls_faults_are_named(
    certificate: str | None, tls: bool, host: str, detail: str
) -> None:
    pem = (certificate,) if certificate else ()
    with FeedServer(server_tls(*pem)) as web:
        fetching = HttpFetch(rules(), "test/1", tls=client_tls(*pem) if tls else None)
        fetching._backend._resolver = lambda name, port: ["127.0.0.1"]
        answer = await fetching(web.url("/feed").replace("127.0.0.1", host), NOTHING)
        await fetching.aclose()
    assert why(answer) == (Failure.NETWORK, detail)


async def test_https_to_a_server_that_speaks_no_tls() -> None:
    with MailServer() as server:  # it speaks first, and in clear text
        answer = await ask(f"https://{server.address}/", tls=client_tls())
        place = server.address
    assert why(answer) == (Failure.NETWORK, f"TLS: wrong version number at {place}")


async def test_twenty_at_a_time(web: FeedServer, fetch: HttpFetch) -> None:
    url = web.add("/feed", Reply(body=FEED, etag='"1"'))
    answers = await asyncio.gather(*(fetch(url, Validators(etag='"1"')) for _ in range(60)))
    assert all(isinstance(answer, NotModified) for answer in answers)
