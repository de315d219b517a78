"""An installation with a stored week, for tests of what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from pathlib import Path

from aggregator import demo, jobs
from aggregator.config import Loaded
from aggregator.config.feedlist import as_feed
from aggregator.hosts import rounds
from aggregator.model import (
    Article,
    Feed,
    FeedState,
    IngestPlan,
    Judged,
    Sighting,
    Subscriber,
)
from aggregator.ports import Tools
from aggregator.rules import Configuration, Digest, Polling, Site
from aggregator.wiring import open_tools
from tests import hostile, make
from tests.hosts.conftest import rss
from tests.servers import FeedServer, Reply

HOSTILE = '<script>document.title="owned"</script><img src=x onerror=alert(1)> {{ 7 * 7 }} \u202e'
FEEDS = {
    feed.id: feed
    for feed in (
        make.feed("seoul-daily", perspective="rok-press-centre"),
        make.feed("tokyo-daily", perspective="japan-public", language="ja"),
        make.feed("hostile-daily", title=HOSTILE[:80], publisher=HOSTILE[:80]),
    )
}


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    seconds: float = 0.0

    def __call__(self) -> float:
        return self.seconds


def judged(feed: Feed, id: str, title: str, *tags: str, **changes: object) -> Judged:
    """One article of a feed, already judged relevant."""
    article: Article = make.article(id, title, feed_id=feed.id, **changes)
    return Judged(article=article, judgement=make.judgement(*tags))


def put(tools: Tools, feed: Feed, *articles: Judged) -> None:
    """Write articles as a visit would."""
    state = tools.store.states()[feed.id]
    tools.store.apply(
        IngestPlan(
            feed_id=feed.id,
            claimed_until=state.next_check_at,
            state=FeedState(
                feed_id=feed.id,
                next_check_at=make.NOW + timedelta(hours=1),
                last_ok_at=make.NOW,
                last_new_at=make.NOW,
            ),
            new=articles,
            sightings=tuple(Sighting(article_id=a.article.id, guid=a.article.id) for a in articles),
            now=make.NOW,
        )
    )


@contextmanager
def installation(folder: Path, *, filled: bool = True) -> Iterator[Tools]:
    """Tools on a store with three stories and an issue (or on an empty one)."""
    loaded = Loaded(
        config=Configuration(site=Site(url="https://news.example.org"), digest=Digest(look=False)),
        feeds=FEEDS,
        path=folder / "feeds.yaml",
        data=folder,
        secret=b"a secret of the tests",
    )
    with open_tools(loaded, as_of=make.NOW) as tools:
        jobs.register(tools)
        if filled:
            fill(tools)
        yield tools


def fill(tools: Tools) -> None:
    """Three stories in two languages, one hostile; one subscriber; last week's issue."""
    dmz = ("us-dprk-summit", "donald-trump", "kim-jong-un", "panmunjom")
    tools.store.add_subscriber(
        Subscriber(id="reader", address="reader@example.org", consent_source="test"), make.NOW
    )
    put(
        tools,
        FEEDS["seoul-daily"],
        judged(FEEDS["seoul-daily"], "dmz", "Leaders meet at Panmunjom and talk for an hour", *dmz),
        judged(FEEDS["seoul-daily"], "rice", "Rice through the WFP", "humanitarian-aid"),
    )
    put(
        tools,
        FEEDS["tokyo-daily"],
        judged(FEEDS["tokyo-daily"], "dmz-ja", "米朝首脳 板門店で面会", *dmz, language="ja"),
    )
    put(
        tools,
        FEEDS["hostile-daily"],
        judged(
            FEEDS["hostile-daily"],
            "hostile",
            HOSTILE,
            "military-exercises",
            summary=HOSTILE,
            author=HOSTILE,
            url="https://example.org/?q=%22%3E%3Cscript%3E&x='onmouseover=alert(1)",
        ),
    )
    jobs.arrange(tools)
    later = replace(tools, clock=lambda: make.NOW + timedelta(days=2))
    jobs.compose(later)


# ── a whole week ─────────────────────────────────────────────────────────────────────────────────

EVENING = demo.END.astimezone(UTC) - timedelta(hours=8)
NIGHT = EVENING + timedelta(hours=6)
MORNING = EVENING + timedelta(hours=17)
"""When the pages are read: the issue went out two hours ago."""
FRINGE = (
    make.feed("hostile-markup", title=hostile.MARKUP[2], publisher=hostile.BREAKOUTS[0][:180]),
    make.feed("hostile-text", title=hostile.BREAKOUTS[4], publisher=hostile.BREAKOUTS[2][:180]),
    make.feed("hostile-links", title=hostile.UNSEEN[0], publisher=hostile.UNSEEN[2]),
    make.feed("hostile-store", title=hostile.LONG[0], publisher=hostile.LONG[1]),
    make.feed("relay-north", perspective="us-press"),
    make.feed("relay-south", perspective="rok-press-centre"),
    make.feed("gone"),
    make.feed("broken"),
    make.feed("moody", perspective="china-state"),
    make.feed("sleepy", perspective="russia-state", language="ru", title="Сонный вестник"),
)


@contextmanager
def whole_week(folder: Path) -> Iterator[Tools]:
    """The sample week, polled from a real server, with all that goes wrong beside it.

    Hostile feeds whose headlines were edited, reports that differ and rest on others' word, copies,
    and a source in every kind of trouble.
    """
    with FeedServer() as web:
        feeds = {entry.id: as_feed(entry) for entry in demo.configuration(web.url().rstrip("/"))}
        for name in feeds:
            web.add(f"/{name}.xml", Reply(body=demo.document(name)))
        for each in FRINGE:
            feeds[each.id] = replace(each, url=web.url(f"/{each.id}.xml"))
        _publish(web)
        loaded = Loaded(
            config=Configuration(
                digest=Digest(look=False),
                site=Site(url="https://news.example.org", contact="desk@example.org"),
                polling=Polling(allow_private_networks=True),
            ),
            feeds=feeds,
            path=folder / "feeds.yaml",
            data=folder,
            secret=b"a secret of the tests",
        )
        with open_tools(loaded, as_of=MORNING) as tools:
            asyncio.run(_poll(tools))
            yield tools


def _publish(web: FeedServer) -> None:
    """Each hostile feed in two editions; two that contradict each other; one that is gone."""
    web.add("/hostile-links.xml", Reply(body=hostile.links(EVENING)))
    for name, written in (("markup", hostile.rss), ("text", hostile.rss_of_text)):
        web.add(f"/hostile-{name}.xml", *(Reply(body=written(EVENING, n)) for n in (1, 2)))
    north = "North Korea fires two short-range ballistic missiles from Wonsan into the East Sea"
    south = "Joint Chiefs: three ballistic missiles of North Korea flew from Wonsan to the East Sea"
    told = "Kim Jong Un may visit Seoul after the Singapore summit and the Panmunjom Declaration"
    web.add(
        "/relay-north.xml",
        Reply(
            body=rss(
                ("n1", north, EVENING),
                ("n2", f"Yonhap: {north}, KCNA reports", EVENING),
                ("n3", f"{told}, Yonhap reports, citing TASS", EVENING),
            )
        ),
    )
    web.add(
        "/relay-south.xml",
        Reply(body=rss(("s1", south, EVENING), ("s2", f"{told}: Reuters", EVENING))),
    )
    web.add("/gone.xml", Reply(status=410))


async def _poll(tools: Tools) -> None:
    """Twice, the second time after the hostile desks edited; then the issue of the week."""
    try:
        for moment in (EVENING, NIGHT):
            then = replace(tools, clock=lambda moment=moment: moment)  # type: ignore[misc]
            jobs.register(then)
            await rounds.poll(then, jobs.claim(then, all_feeds=True))
    finally:
        await tools.fetch.aclose()
    stored = next(each for each in FRINGE if each.id == "hostile-store")
    put(
        tools,
        stored,
        *(
            judged(
                stored,
                f"stored-{n}",
                hostile.told(n, text),
                "sanctions",
                "military-exercises",
                summary=text,
                author=text,
                url=hostile.LINKS[n % len(hostile.LINKS)],
                published_at=NIGHT,
                seen_at=NIGHT,
            )
            for n, text in enumerate(hostile.TEXTS)
        ),
    )
    _trouble(tools, "moody", failures=3.0, last_error=hostile.MARKUP[0], last_ok_at=EVENING)
    _trouble(tools, "sleepy", last_ok_at=NIGHT, last_new_at=NIGHT - timedelta(days=40))
    jobs.arrange(tools)
    jobs.compose(tools)
    tools.feeds["unread"] = make.feed("unread")
    jobs.register(tools)


def _trouble(tools: Tools, id: str, **changes: object) -> None:
    """What became of a feed in weeks that no test waits for."""
    state = tools.store.states()[id]
    known = FeedState(feed_id=id, next_check_at=MORNING + timedelta(hours=1))
    tools.store.apply(
        IngestPlan(
            feed_id=id,
            claimed_until=state.next_check_at,
            state=replace(known, **changes),  # type: ignore[arg-type]
            now=NIGHT,
        )
    )
