"""An installation with a stored week, for tests of what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from aggregator import jobs
from aggregator.config import Loaded
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
from aggregator.rules import Configuration, Site
from aggregator.wiring import open_tools
from tests import make

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
        config=Configuration(site=Site(url="https://news.example.org")),
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
