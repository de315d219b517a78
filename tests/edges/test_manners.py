"""Manners towards publishers, and traps of what they send: whole visits with a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from aggregator import jobs
from aggregator.config import Loaded
from aggregator.hosts import rounds
from aggregator.model import (
    Article,
    Feed,
    FeedState,
    Fetched,
    Outcome,
    Reading,
    Subscriber,
    VisitReport,
)
from aggregator.ports import Tools
from aggregator.rules import Configuration, Polling
from aggregator.steps import polling
from aggregator.wiring import open_tools
from tests.servers import FeedServer, Reply, Request, redirect

pytestmark = pytest.mark.slow

START = datetime(2024, 3, 20, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NEWS = "Kim Jong Un and Trump meet at Panmunjom"


@dataclass
class Desk:
    """One installation whose clock stands until the test moves it."""

    opened: Tools
    now: datetime = START
    read: list[str] = field(default_factory=list)
    """Feeds whose documents were parsed."""
    readings: list[Reading] = field(default_factory=list)

    @property
    def tools(self) -> Tools:
        def read(fetched: Fetched, feed: Feed, at: datetime, unchanged: bytes | None) -> Reading:
            self.read.append(feed.id)
            self.readings.append(self.opened.read(fetched, feed, at, unchanged))
            return self.readings[-1]

        return replace(self.opened, clock=lambda: self.now, read=read)

    def round(
        self, later: timedelta = timedelta(), *, all_feeds: bool = False
    ) -> dict[str, VisitReport]:
        """Visit what is due (or all) so much later."""
        self.now += later
        visits = jobs.claim(self.tools, all_feeds=all_feeds)
        done = asyncio.run(rounds.poll(self.tools, visits))
        return {report.feed_id: report for report in done.reports}

    def state(self, id: str = "wire") -> FeedState:
        return self.tools.store.states()[id]

    def articles(self) -> list[Article]:
        return [item.article for item in self.tools.store.items(limit=1_000, copies=True)]


@contextmanager
def desk(
    folder: Path, urls: dict[str, str], *, spread: bool = False, **settings: Any
) -> Iterator[Desk]:
    """Opened on `folder`, with a feed for each id; `feed` changes them all."""
    changes = settings.pop("feed", {})
    clock = settings.pop("now", START)
    rules = {"allow_private_networks": True, "deadline": timedelta(seconds=10)} | settings
    plain = Feed(id="", url="", title="Wire", language="en", scope="korea-specific", **changes)
    loaded = Loaded(
        config=Configuration(polling=Polling(**rules)),
        feeds={id: replace(plain, id=id, url=url) for id, url in urls.items()},
        path=folder / "feeds.yaml",
        data=folder,
        secret=b"a secret of the tests",
    )
    with open_tools(loaded) as tools:
        made = Desk(tools, clock)
        try:
            jobs.register(made.tools, spread=spread)
            yield made
        finally:
            asyncio.run(tools.fetch.aclose())


@pytest.fixture
def web() -> Iterator[FeedServer]:
    with FeedServer() as server:
        yield server


def rss(*items: str, head: str = "") -> bytes:
    """A feed of these `<item>` bodies."""
    listed = "".join(f"<item>{item}</item>" for item in items)
    return f'<rss version="2.0"><channel><title>W</title>{head}{listed}</channel></rss>'.encode()


def item(slug: str = "dmz", title: str = NEWS, more: str = "") -> str:
    return f"<title>{title}</title><link>https://example.org/{slug}</link>{more}"


# ── manners, by their number in the list that they come from ─────────────────────────────────────


def asked_with(request: Request) -> tuple[str | None, str | None]:
    return request.header("If-None-Match"), request.header("If-Modified-Since")


def test_1_validators_are_opaque_and_a_pair_over_many_visits(
    tmp_path: Path, web: FeedServer
) -> None:
    odd, stamp = 'W/"a, \xe9  b"', "Mon,  1 Jul 2019 00:00:00 +0900"
    url = web.add(
        "/wire.xml",
        Reply(body=rss(item()), headers=(("ETag", odd), ("Last-Modified", stamp))),
        Reply(status=304, headers=(("ETag", '"2"'),)),
        Reply(status=500),
        Reply(status=429),
        Reply(body=rss(item("two")), headers=(("Last-Modified", "yesterday"),)),
        Reply(body=rss(item("three"))),
        Reply(body=rss(item("four"))),
    )
    with desk(tmp_path, {"wire": url}) as mine:
        for _ in range(7):
            mine.round(timedelta(days=2))
    assert [asked_with(request) for request in web.seen("/wire.xml")] == [
        (None, None),
        (odd, stamp),
        ('"2"', stamp),  # a 304 overwrites only what it carries
        ('"2"', stamp),  # a failure clears nothing
        ('"2"', stamp),
        (None, "yesterday"),  # a 200 overwrites both
        (None, None),
    ]


def test_1_a_server_that_lies_about_304_is_asked_plainly(tmp_path: Path, web: FeedServer) -> None:
    url = web.add("/wire.xml", Reply(body=rss(item()), etag='"1"'))
    with desk(tmp_path, {"wire": url}, feed={"cache": False}) as mine:
        mine.round()
        assert mine.round(2 * HOUR)["wire"].outcome is Outcome.UNCHANGED
    assert {asked_with(request) for request in web.requests} == {(None, None)}


def test_2_the_same_bytes_are_not_parsed_but_their_validators_kept(
    tmp_path: Path, web: FeedServer
) -> None:
    same = rss(item())
    url = web.add(
        "/wire.xml", Reply(body=same, etag='"1"'), Reply(body=same, etag='"2"'), Reply(status=304)
    )
    with desk(tmp_path, {"wire": url}) as mine:
        outcomes = [mine.round(timedelta(days=2))["wire"].outcome for _ in range(3)]
        assert outcomes == [Outcome.OK, Outcome.UNCHANGED, Outcome.NOT_MODIFIED]
        assert mine.read == ["wire"]
    assert web.requests[-1].header("If-None-Match") == '"2"'


def test_2_of_a_changed_document_only_what_changed_is_read(tmp_path: Path, web: FeedServer) -> None:
    old, new = item("old"), item("new", "Kim Yo Jong answers Seoul")
    edited = item("old", "Kim Jong Un and Trump met at Panmunjom")
    url = web.add(
        "/wire.xml", Reply(body=rss(old)), Reply(body=rss(new, old)), Reply(body=rss(new, edited))
    )
    with desk(tmp_path, {"wire": url}) as mine:
        reports = [mine.round(timedelta(days=2))["wire"] for _ in range(3)]
        titles = {article.title for article in mine.articles()}
    assert [(r.entries, r.new, r.edited) for r in reports] == [(1, 1, 0), (2, 1, 0), (2, 0, 1)]
    assert [len(reading.articles) for reading in mine.readings] == [1, 1, 1]
    assert titles == {"Kim Yo Jong answers Seoul", "Kim Jong Un and Trump met at Panmunjom"}


@pytest.mark.parametrize(
    ("reply", "quiet", "then"),
    [
        (Reply(status=429, headers=(("Retry-After", "18000"),)), 4.9, 5.1),
        (Reply(status=503, headers=(("Retry-After", "18000"),)), 4.9, 5.1),
        (Reply(status=429, headers=(("Retry-After", "9999999"),)), 23.9, 24.1),
        (Reply(status=429), 1.5, 2.1),
        (Reply(body=rss(item()), headers=(("Cache-Control", "max-age=18000"),)), 4.9, 5.5),
        (Reply(body=rss(item(), head="<ttl>300</ttl>")), 4.9, 5.5),
    ],
    ids=["429", "503", "capped at a day", "bare 429", "max-age", "ttl"],
)
def test_3_a_publisher_that_asks_for_a_pause_gets_it(
    tmp_path: Path, web: FeedServer, reply: Reply, quiet: float, then: float
) -> None:
    url = web.add("/wire.xml", reply)
    with desk(tmp_path, {"wire": url}) as mine:
        assert len(mine.round()) == 1
        assert not mine.round(quiet * HOUR)
        assert len(mine.round((then - quiet) * HOUR)) == 1


def test_4_one_request_at_a_time_a_host_with_a_gap(tmp_path: Path, web: FeedServer) -> None:
    answer, gap = 0.1, 0.3
    urls = {f"f{n}": web.add(f"/{n}.xml", Reply(body=rss(), after=answer)) for n in range(4)}
    with desk(tmp_path, urls, host_gap=timedelta(seconds=gap)) as mine:
        assert len(mine.round()) == 4
    times = [request.at for request in web.requests]
    assert min(b - a for a, b in pairwise(times)) >= answer + gap - 0.02


class Everywhere(FeedServer):
    """On all loopback addresses, so that each feed can have a host of its own."""

    host = "0.0.0.0"
    under_way = 0
    most = 0

    def publish(self, number: int, seconds: float = 0.05) -> str:
        """A feed at a host of its own that takes so long; counts how many are asked at once."""

        async def script(request: Request, writer: Any) -> None:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            await asyncio.sleep(seconds)
            self.under_way -= 1
            body = rss(item(str(number)))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()

        self.add(f"/{number}.xml", script)
        return f"http://127.0.1.{number + 1}:{self.port}/{number}.xml"


def test_4_after_a_long_downtime_overdue_feeds_come_in_turn(tmp_path: Path) -> None:
    with Everywhere() as web:
        urls = {f"f{n}": web.publish(n) for n in range(40)}
        with desk(tmp_path, urls, concurrency=4) as mine:
            reports = mine.round(timedelta(days=30))
        assert {report.outcome for report in reports.values()} == {Outcome.OK}
        assert len(reports) == 40
        assert web.most == 4


def test_4_a_host_rests_between_two_batches_and_a_slow_one_delays_nobody(tmp_path: Path) -> None:
    with Everywhere() as web:
        urls = {"slow": web.publish(0, 6.0), "wire": web.publish(1), "next": web.publish(2)}
        with desk(tmp_path, urls, host_gap=timedelta(seconds=0.4)) as mine:
            tools, ended = mine.tools, list[str]()
            visits = {v.feed.id: v for v in jobs.claim(tools)}

            async def batches() -> None:
                first_ended = asyncio.Event()

                def told(report: VisitReport) -> None:
                    ended.append(report.feed_id)
                    first_ended.set()

                async with asyncio.TaskGroup() as group:
                    poller = rounds.Poller(tools, group.create_task, told)
                    poller.add([visits["slow"], visits["wire"]])
                    await first_ended.wait()
                    poller.add([visits["wire"], visits["next"]])
                    assert not poller.is_idle
                    await poller.idle()

            asyncio.run(batches())
        assert sorted(ended[:3]) == ["next", "wire", "wire"]
        assert ended[3:] == ["slow"]
        first, second = (request.at for request in web.seen("/1.xml"))
        assert second - first >= 0.4


def test_4_what_waits_is_dropped_at_a_stop_and_what_is_under_way_ends(tmp_path: Path) -> None:
    with Everywhere() as web:
        urls = {f"f{n}": web.publish(n, 0.3) for n in range(6)}
        with desk(tmp_path, urls, concurrency=2) as mine:
            ended: list[VisitReport] = []

            async def stopped() -> None:
                async with asyncio.TaskGroup() as group:
                    poller = rounds.Poller(mine.tools, group.create_task, ended.append)
                    poller.add(jobs.claim(mine.tools))
                    await asyncio.sleep(0.1)
                    poller.stop()
                    await poller.idle()

            asyncio.run(stopped())
        assert [report.outcome for report in ended] == [Outcome.OK] * 2


def test_4_due_times_survive_a_restart(tmp_path: Path, web: FeedServer) -> None:
    urls = {f"f{n}": web.add(f"/{n}.xml", Reply(body=rss(item(str(n))))) for n in range(9)}
    with desk(tmp_path, urls, spread=True) as mine:
        first = {id: state.next_check_at for id, state in mine.tools.store.states().items()}
        assert len(set(first.values())) == 9, "first visits are spread"
        mine.round(timedelta(seconds=30))
        due = {id: state.next_check_at for id, state in mine.tools.store.states().items()}
    with desk(tmp_path, urls, spread=True, now=START + timedelta(seconds=31)) as mine:
        again = {id: state.next_check_at for id, state in mine.tools.store.states().items()}
        assert again == due
        assert not mine.round()


def test_5_plain_gets_without_referer_guesses_or_cookies_between_visits(
    tmp_path: Path, web: FeedServer
) -> None:
    page = "<!doctype html><link rel='alternate' href='/feed.xml'>"
    wire = web.add("/wire.xml", Reply(body=rss(item()), headers=(("Set-Cookie", "id=1; Path=/"),)))
    with desk(tmp_path, {"wire": wire, "page": web.add("/page", Reply(body=page))}) as mine:
        for _ in range(3):
            mine.round(timedelta(days=2))
    assert {request.target for request in web.requests} == {"/wire.xml", "/page"}
    for request in web.requests:
        assert request.method == "GET"
        assert request.header("Cookie") is None
        assert request.header("Referer") is None
        assert request.header("Accept-Encoding") == "gzip"
        assert "(+http" in (request.header("User-Agent") or "")


def test_5_publishers_learn_how_many_readers_there_are(tmp_path: Path, web: FeedServer) -> None:
    url = web.add("/wire.xml", Reply(body=rss(item())))
    for id in ("one", "two"):
        with desk(tmp_path, {"wire": url}) as mine:
            mine.round(all_feeds=True)
            mine.tools.store.add_subscriber(
                Subscriber(id=id, address=f"{id}@example.org", consent_at=START), START
            )
    with desk(tmp_path, {"wire": url}) as mine:
        mine.round(all_feeds=True)
    ends = [(request.header("User-Agent") or "").partition("; ")[2] for request in web.requests]
    assert ends == ["", "1 subscriber)", "2 subscribers)"]


@pytest.mark.parametrize("status", [302, 303, 307])
def test_6_a_temporary_redirect_never_moves_a_feed(
    tmp_path: Path, web: FeedServer, status: int
) -> None:
    url = web.add("/wire.xml", redirect(web.add("/new.xml", Reply(body=rss(item()))), status))
    with desk(tmp_path, {"wire": url}) as mine:
        for _ in range(6):
            mine.round(timedelta(days=2))
    assert [request.target for request in web.requests] == ["/wire.xml", "/new.xml"] * 6


def test_6_a_permanent_move_is_followed_once_it_proved_stable_and_undone_when_lost(
    tmp_path: Path, web: FeedServer
) -> None:
    feed = Reply(body=rss(item()), etag='"1"')
    new = web.add("/new.xml", *[feed] * 7, *[Reply(status=404)] * 3)
    url = web.add("/wire.xml", *[redirect(new, 301)] * polling.MOVED_VISITS, feed)
    with desk(tmp_path, {"wire": url}) as mine:
        for _ in range(polling.MOVED_VISITS + 2):
            assert mine.round(timedelta(days=2))["wire"].outcome is not Outcome.FAILED
        assert mine.state().address == new
        before = len(web.requests)
        for _ in range(3):
            assert mine.round(timedelta(days=2))["wire"].outcome is Outcome.FAILED
        assert mine.round(timedelta(days=2))["wire"].outcome is Outcome.UNCHANGED
        assert mine.state().address is None
        assert len(mine.articles()) == 1
    asked = [request.target for request in web.requests]
    assert asked[:before] == ["/wire.xml", "/new.xml"] * polling.MOVED_VISITS + ["/new.xml"] * 2
    assert asked[before:] == ["/new.xml"] * 3 + ["/wire.xml"]


def test_6_back_off_grows_with_the_weight_of_failures_up_to_a_day(
    tmp_path: Path, web: FeedServer
) -> None:
    urls = {
        "server": web.add("/500.xml", Reply(status=500)),
        "client": web.add("/404.xml", Reply(status=404)),
    }
    urls["network"] = "http://127.0.0.1:9/feed.xml"
    waits: dict[str, list[timedelta]] = {id: [] for id in urls}
    with desk(tmp_path, urls) as mine:
        for _ in range(8):
            mine.round(timedelta(days=2))
            for id, kept in waits.items():
                kept.append(mine.state(id).next_check_at - mine.now)
    for kept in waits.values():
        assert kept == sorted(kept)
        assert kept[-1] <= timedelta(hours=24)
    assert waits["network"][0] < waits["server"][0] < waits["client"][0]
    assert waits["client"][-1] == timedelta(hours=24)


@pytest.mark.slow
def test_7_visits_follow_the_hours_in_which_a_feed_publishes(
    tmp_path: Path, web: FeedServer
) -> None:
    """A newsroom that publishes from 10 to 18 o'clock in Seoul, Monday to Friday."""
    start = datetime(2024, 3, 4, tzinfo=UTC)  # a Monday
    dates = [
        day + timedelta(hours=1 + n // 3, minutes=n % 3 * 20)
        for day in (start + timedelta(days=k) for k in range(14))
        if day.weekday() < 5
        for n in range(24)
    ]
    visits: list[datetime] = []
    mine: Desk

    async def newsroom(request: Request, writer: Any) -> None:
        visits.append(mine.now)
        entries = [
            f"<title>{when}</title><guid>{when}</guid><pubDate>{format_datetime(when)}</pubDate>"
            for when in dates
            if when <= mine.now
        ]
        body = rss(*entries[-40:])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()

    with desk(tmp_path, {"wire": web.add("/wire.xml", newsroom)}, now=start) as mine:
        while mine.now < start + timedelta(days=14):
            mine.round(mine.state().next_check_at - mine.now)
    last_week = [at for at in visits if at >= start + timedelta(days=7)]
    at_work = [at for at in last_week if at.weekday() < 5 and 1 <= at.hour < 10]
    at_night = [at for at in last_week if at.weekday() < 5 and 11 <= at.hour < 24]
    weekend = [at for at in last_week if at.weekday() >= 5]
    assert len(at_work) / (5 * 9) > 3 * len(at_night) / (5 * 13)
    assert len(at_work) / (5 * 9) > 2 * len(weekend) / (2 * 24)


def test_9_earlier_pages_are_left_alone_by_a_poll(tmp_path: Path, web: FeedServer) -> None:
    links = "".join(
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="{rel}" href="{web.url("/2")}"/>'
        for rel in ("prev-archive", "next", "next-archive")
    )
    with desk(tmp_path, {"wire": web.add("/1", Reply(body=rss(item(), head=links)))}) as mine:
        assert mine.round()["wire"].new == 1
        mine.round(timedelta(days=2))
    assert {request.target for request in web.requests} == {"/1"}


def test_6_gone_retires_a_feed_and_says_so(tmp_path: Path, web: FeedServer) -> None:
    with desk(tmp_path, {"wire": web.add("/wire.xml", Reply(status=410))}) as mine:
        assert "410" in mine.round()["wire"].detail
        assert not mine.round(timedelta(days=100))
        assert not mine.round(all_feeds=True)
        assert polling.status(mine.state(), mine.now) == "retired"
    assert len(web.requests) == 1


def test_6_a_failing_feed_is_never_silently_dead(tmp_path: Path, web: FeedServer) -> None:
    url = web.add("/wire.xml", *[Reply(status=404)] * 35, Reply(body=rss(item())))
    with desk(tmp_path, {"wire": url}) as mine:
        for _ in range(35):
            assert mine.round(timedelta(hours=24))["wire"].outcome is Outcome.FAILED
            assert polling.status(mine.state(), mine.now) == "failing"
        assert mine.round(timedelta(hours=24))["wire"].new == 1
        assert polling.status(mine.state(), mine.now) == "ok"


def test_10_robots_txt_is_not_asked_for(tmp_path: Path, web: FeedServer) -> None:
    web.add("/robots.txt", Reply(body="User-agent: *\nDisallow: /"))
    with desk(tmp_path, {"wire": web.add("/wire.xml", Reply(body=rss(item())))}) as mine:
        assert mine.round()["wire"].new == 1
    assert [request.target for request in web.requests] == ["/wire.xml"]


# ── traps in documents ───────────────────────────────────────────────────────────────────────────


def only(tmp_path: Path, web: FeedServer, reply: Reply, **settings: Any) -> Article:
    """The one article that came of a visit."""
    with desk(tmp_path, {"wire": web.add("/wire.xml", reply)}, **settings) as mine:
        report = mine.round()["wire"]
        assert report.outcome is Outcome.OK, report.detail
        (article,) = mine.articles()
    return article


def test_a_body_that_is_a_path_or_an_address_is_not_opened(tmp_path: Path, web: FeedServer) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_bytes(rss(item()))
    trap = web.add("/trap.xml", Reply(body=rss(item())))
    bodies = [str(secret), secret.as_uri(), trap]
    urls = {f"f{n}": web.add(f"/{n}", Reply(body=body)) for n, body in enumerate(bodies)}
    with desk(tmp_path, urls) as mine:
        assert {report.outcome for report in mine.round().values()} == {Outcome.FAILED}
    assert not web.seen("/trap.xml")


def test_a_feed_with_relative_ids_that_moves_brings_nothing_twice(
    tmp_path: Path, web: FeedServer
) -> None:
    body = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>W</title><entry><id>news/1</id>'
        b"<title>Kim Jong Un and Trump meet at Panmunjom</title>"
        b"<updated>2024-03-20T01:00:00Z</updated></entry></feed>"
    )
    old, new = web.add("/a/old.xml", Reply(body=body)), web.add("/b/new.xml", Reply(body=body))
    with desk(tmp_path, {"wire": old}) as mine:
        assert mine.round()["wire"].new == 1
        assert [article.guid for article in mine.articles()] == ["news/1"]
    with desk(tmp_path, {"wire": new}, now=START + HOUR) as mine:
        report = mine.round(all_feeds=True)["wire"]
        assert (report.entries, report.new) == (1, 0)


def test_a_feed_that_moves_with_its_links_and_guids_brings_nothing_twice(
    tmp_path: Path, web: FeedServer
) -> None:
    def document(site: str, *more: str) -> bytes:
        dates = [f"<pubDate>Wed, 20 Mar 2024 0{n}:00:00 GMT</pubDate>" for n in range(4)]
        entries = [
            f"<title>{NEWS}, part {n}</title><link>https://{site}/{n}</link>{date}"
            for n, date in enumerate(dates)
        ]
        return rss(*more, *entries)

    new = item(
        "new", "Kim Yo Jong answers Seoul", "<pubDate>Wed, 20 Mar 2024 11:00:00 GMT</pubDate>"
    )
    first = web.add("/old.xml", Reply(body=document("old.example.org")))
    then = web.add("/new.xml", Reply(body=document("www.example.com/news", new)))
    with desk(tmp_path, {"wire": first}) as mine:
        assert mine.round()["wire"].new == 4
    with desk(tmp_path, {"wire": then}, now=START + HOUR) as mine:
        report = mine.round(all_feeds=True)["wire"]
        assert (report.entries, report.new, report.edited) == (5, 1, 4)
        links = {article.url for article in mine.articles()}
        assert not any("old.example.org" in link for link in links)
        again = mine.round(timedelta(days=1))["wire"]
        assert (again.new, again.edited) == (0, 0)


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2024-03-15 16:29:20", 7),
        ("2024.03.15 16:29:20", 7),
        ("2024/03/15 16:29:20", 7),
        ("2024년 3월 15일 오후 4:29:20", 7),
        ("2024年3月15日 16:29:20", 7),
        ("Fri, 15 Mar 2024 16:29:20 KST", 7),
        ("Fri, 15 Mar 2024 16:29:20 GMT+9", 7),
        ("Fri, 15 Mar 2024 16:29:20 +0900", 7),
        ("Fri, 15 Mar 2024 16:29:20 GMT", 16),
    ],
)
def test_dates_are_read_as_they_were_meant(
    tmp_path: Path, web: FeedServer, written: str, hour: int
) -> None:
    body = rss(item(more=f"<pubDate>{written}</pubDate>"))
    feed = {"country": "South Korea"}
    found = only(tmp_path, web, Reply(body=body, content_type="application/xml"), feed=feed)
    assert found.published_at == datetime(2024, 3, 15, hour, 29, 20, tzinfo=UTC)


@pytest.mark.parametrize("written", ["", "soon", "0001-01-01", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_an_undated_entry_is_dated_when_seen_and_stays_so(
    tmp_path: Path, web: FeedServer, written: str
) -> None:
    body = rss(item(more=f"<pubDate>{written}</pubDate>"))
    url = web.add("/wire.xml", Reply(body=body), Reply(body=body + b" "))
    with desk(tmp_path, {"wire": url}) as mine:
        mine.round()
        assert mine.round(timedelta(days=2))["wire"].new == 0
        (article,) = mine.articles()
    assert (article.published_at, article.dated) == (START, False)


@pytest.mark.parametrize("written", ["Thu, 21 Mar 2024 12:00:00 GMT", "2099-01-01T00:00:00Z"])
def test_an_entry_of_the_future_is_not_dated_after_it_was_seen(
    tmp_path: Path, web: FeedServer, written: str
) -> None:
    body = rss(item(more=f"<pubDate>{written}</pubDate>"))
    assert only(tmp_path, web, Reply(body=body)).published_at == START


@pytest.mark.parametrize(
    ("coding", "real", "title"),
    [
        ("euc-kr", "cp949", "김정은, 펲시콜라 믜 판문점서 트럼프와 회담"),
        ("shift_jis", "cp932", "金正恩氏、板門店で①髙官と会談"),
        ("gb2312", "gb18030", "金正恩与特朗普在板門店會談镕"),
    ],
)
@pytest.mark.parametrize("told", ["declaration", "header"])
def test_characters_beyond_the_declared_charset_spoil_nothing(
    tmp_path: Path, web: FeedServer, coding: str, real: str, title: str, told: str
) -> None:
    kind, head = "text/xml", ""
    if told == "header":
        kind += f"; charset={coding}"
    else:
        head = f'<?xml version="1.0" encoding="{coding}"?>'
    body = (head + rss(item(title=title)).decode()).encode(real)
    assert only(tmp_path, web, Reply(body=body, content_type=kind)).title == title


def test_text_xml_without_charset_is_no_reason_to_refuse(tmp_path: Path, web: FeedServer) -> None:
    body = rss(item(title=f"{NEWS} – é"))
    assert only(tmp_path, web, Reply(body=body, content_type="text/xml")).title.endswith("– é")


def test_bare_ampersands_stay_as_they_were(tmp_path: Path, web: FeedServer) -> None:
    entry = f"<title>{NEWS} on R&D</title><link>https://example.org/?a=1&copy=3</link>"
    article = only(tmp_path, web, Reply(body=rss(entry)))
    assert article.title == f"{NEWS} on R&D"
    assert article.url == "https://example.org/?a=1&copy=3"


def test_control_characters_are_dropped(tmp_path: Path, web: FeedServer) -> None:
    article = only(tmp_path, web, Reply(body=rss(item(title=f"\x00\x0b{NEWS}\x1f\ufffe"))))
    assert article.title == NEWS


def test_scripts_in_texts_and_links_do_not_come_through(tmp_path: Path, web: FeedServer) -> None:
    nasty = (
        "<title>&lt;script>alert(1)&lt;/script>" + NEWS + "</title><link>javascript:alert(1)</link>"
        "<guid isPermaLink='false'>1</guid><description>&lt;math>&lt;mi xlink:href="
        "'javascript:alert(1)'>x&lt;/mi>&lt;/math>&lt;form action='javascript:1'>Text &lt;/form>"
        "&lt;svg>&lt;image href='data:text/html,x'/>&lt;/svg></description>"
    )
    article = only(tmp_path, web, Reply(body=rss(nasty)))
    assert article.title == NEWS
    assert article.url.startswith("http")
    assert "javascript" not in article.summary
    assert "<" not in article.summary


def test_an_endless_title_is_capped(tmp_path: Path, web: FeedServer) -> None:
    article = only(tmp_path, web, Reply(body=rss(item(title=NEWS + " again" * 500_000))))
    assert len(article.title) < 2_500


def test_quadratic_attributes_are_given_up_while_others_poll_on(tmp_path: Path) -> None:
    attributes = " ".join(f"a{n}='1'" for n in range(200_000))
    with Everywhere() as web:
        urls = {f"f{n}": web.publish(n) for n in range(10)}
        web.add("/bomb.xml", Reply(body=f"<rss><channel><item {attributes}/></channel></rss>"))
        urls["bomb"] = f"http://127.0.2.1:{web.port}/bomb.xml"
        order: list[str] = []
        with desk(tmp_path, urls, parse_deadline=timedelta(seconds=3)) as mine:
            tools = mine.tools
            done = asyncio.run(
                rounds.poll(tools, jobs.claim(tools), each=lambda r: order.append(r.feed_id))
            )
        outcomes = {r.feed_id: r.outcome for r in done.reports if r.feed_id != "bomb"}
        assert set(outcomes.values()) == {Outcome.OK}
        assert len(outcomes) == 10
        assert done.seconds < 15


@pytest.mark.slow
def test_a_feed_of_a_hundred_thousand_entries_is_read_up_to_the_limit(
    tmp_path: Path, web: FeedServer
) -> None:
    body = rss(*(f"<title>{n}</title><guid>{n}</guid>" for n in range(100_000)))
    url = web.add("/wire.xml", Reply(body=body))
    with desk(tmp_path, {"wire": url}, max_entries=500) as mine:
        report = mine.round()["wire"]
        if report.outcome is Outcome.OK:
            assert (report.entries, report.new) == (500, 500)
        else:  # on a slow machine
            assert "to parse" in report.detail


@pytest.mark.parametrize("told", [True, False], ids=["with a length", "without"])
def test_a_body_of_fifty_megabytes_is_refused(tmp_path: Path, web: FeedServer, told: bool) -> None:
    async def unannounced(request: Request, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(50):
            writer.write(b" " * 1_000_000)
            await writer.drain()

    reply = Reply(body=b" " * 50_000_000) if told else unannounced
    with desk(tmp_path, {"wire": web.add("/wire.xml", reply)}) as mine:
        assert "more than 15,000,000 bytes" in mine.round()["wire"].detail


# ── traps in addresses ───────────────────────────────────────────────────────────────────────────

SPELLINGS: tuple[Callable[[int], str], ...] = (
    lambda port: f"http://127.0.0.1:{port}/",
    lambda port: f"http://2130706433:{port}/",
    lambda port: f"http://0x7f.1:{port}/",
    lambda port: f"http://0.0.0.0:{port}/",
    lambda port: f"http://[::ffff:127.0.0.1]:{port}/",
    lambda port: f"http://[64:ff9b::7f00:1]:{port}/",
    lambda port: f"http://localhost:{port}/",
    lambda port: f"http://localhost.:{port}/",
)


def test_no_spelling_of_this_machine_is_asked_unless_allowed(
    tmp_path: Path, web: FeedServer
) -> None:
    web.add("/", Reply(body=rss(item())))
    urls = {f"f{n}": spelt(web.port) for n, spelt in enumerate(SPELLINGS)}
    gap = timedelta()
    with desk(tmp_path, urls, allow_private_networks=False, host_gap=gap) as mine:
        reports = mine.round()
    assert {report.outcome for report in reports.values()} == {Outcome.FAILED}
    assert "private address" in reports["f0"].detail
    assert not web.requests
