"""Every document of the site: pages in both languages, feeds in three formats, archives."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest
from lxml import etree

from aggregator import demo, jobs
from aggregator.hosts import rounds
from aggregator.hosts.sample import open_sample
from aggregator.hosts.site import Page, Site, everything
from aggregator.hosts.site.feeds import FEED_ENTRIES
from aggregator.pipeline import judge
from aggregator.ports import Tools
from aggregator.render.links import Links
from tests import make
from tests.hosts.site import FEEDS, installation, judged, put

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    with installation(tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    """One installation for all tests that only read."""
    with installation(tmp_path_factory.mktemp("shared")) as opened:
        yield opened


def page(tools: Tools, path: str, language: str = "", **query: str) -> str:
    found = Site(tools, Links(), language).find(path, query)
    assert isinstance(found, Page), path
    return found.body.decode()


# ── pages ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "path",
    ["/", "/stories/dmz", "/articles/dmz", "/tags/", "/tags/us-dprk-summit", "/perspectives/seoul",
     "/perspectives/rok-press-centre", "/search", "/digests/", "/digests/2019-W26", "/sources",
     "/about"],
)  # fmt: skip
def test_each_page_speaks_both_languages(shared: Tools, path: str) -> None:
    english, korean = page(shared, path, "en"), page(shared, path, "ko")
    assert '<html lang="en">' in english
    assert '<html lang="ko">' in korean
    assert "Skip to the content" in english
    assert "본문으로 건너뛰기" in korean
    assert f'hreflang="ko" href="/ko{path}"' in english
    assert f'rel="canonical" href="https://news.example.org/ko{path}"' in korean


def test_an_article_shows_the_words_that_its_tags_rest_on(tools: Tools) -> None:
    feed = FEEDS["seoul-daily"]
    title = "Trump and Kim Jong Un meet at Panmunjom"
    article = make.article("why", title, feed_id=feed.id, summary="They shook hands.")
    made = judge(article, feed, tools.taxonomy, tools.config.relevance)
    put(
        tools,
        feed,
        replace(judged(feed, "why", title, summary="They shook hands."), judgement=made),
    )
    html = page(tools, "/articles/why")
    assert "<mark>Trump and Kim Jong Un</mark> <mark>meet</mark>" in html
    assert "<mark>Panmunjom</mark>" in html
    assert "anchor kim-jong-un in the title" in html


def test_what_is_not_relevant_is_not_published(tools: Tools) -> None:
    feed = FEEDS["seoul-daily"]
    off = judged(feed, "off", "A football match")
    put(tools, feed, replace(off, judgement=make.judgement(relevant=False)))
    assert Site(tools, Links()).find("/articles/off", {}) is None


def test_search_finds_and_filters(shared: Tools) -> None:
    assert "板門店" in page(shared, "/search", q="板門")
    assert "/stories/" not in page(shared, "/search", q="zyzzyva")
    assert "Panmunjom" in page(shared, "/search", **{"q": "panmunjom", "from": "seoul"})
    assert "Panmunjom" not in page(shared, "/search", **{"q": "panmunjom", "from": "tokyo"})
    assert "There is no tag of this name." in page(shared, "/search", tag="atlantis")
    assert "그런 이름의 태그가 없습니다." in page(shared, "/search", "ko", tag="atlantis")


def test_long_lists_go_on_over_pages(tools: Tools) -> None:
    feed = FEEDS["seoul-daily"]
    many = [
        judged(feed, f"m{n:03}", f"Talks, day {n}", "nuclear-talks", guid=f"m{n}")
        for n in range(FEED_ENTRIES + 30)
    ]
    put(tools, feed, *many)
    first, third = page(tools, "/tags/nuclear-talks"), page(tools, "/tags/nuclear-talks", page="3")
    assert 'href="/tags/nuclear-talks?page=2"' in first
    assert 'rel="next"' not in third
    titles = [
        title
        for number in ("1", "2", "3")
        for title in re.findall(r"Talks, day \d+", page(tools, "/tags/nuclear-talks", page=number))
    ]
    assert set(titles) == {f"Talks, day {n}" for n in range(FEED_ENTRIES + 30)}


# ── feeds ────────────────────────────────────────────────────────────────────────────────────────

FOLDERS = (
    "",
    "/digests",
    "/tags/us-dprk-summit",
    "/perspectives/seoul",
    "/perspectives/rok-press-centre",
)


def feeds() -> Iterator[tuple[str, dict[str, str]]]:
    for folder in FOLDERS:
        for file in ("atom.xml", "rss.xml", "feed.json"):
            yield f"{folder}/{file}", {}
    for ending in ("atom", "rss", "json"):
        yield f"/stories.{ending}", {}
        yield f"/search.{ending}", {"q": "panmunjom"}


@pytest.mark.parametrize(("path", "query"), list(feeds()))
def test_each_feed_is_there_and_names_its_other_formats(
    shared: Tools, path: str, query: dict[str, str]
) -> None:
    found = Site(shared, Links()).find(path, query)
    assert isinstance(found, Page)
    assert found.modified is not None
    if found.media_type.startswith("application/feed+json"):
        read = json.loads(found.body)
        assert len(read["items"]) >= 1
        assert read["feed_url"].startswith("https://news.example.org" + path)
    else:
        parsed = feedparser.parse(io.BytesIO(found.body))
        assert not parsed.bozo
        assert parsed.entries
        mine = {link["href"] for link in parsed.feed.links if link["rel"] == "self"}
        others = {link["href"] for link in parsed.feed.links if link["rel"] == "alternate"}
        assert len(mine) == 1
        assert mine.isdisjoint(others)
        assert len(others) >= 2


def test_a_search_without_words_or_with_a_fault_has_no_feed(shared: Tools) -> None:
    site = Site(shared, Links())
    assert site.find("/search.atom", {}) is None
    assert site.find("/search.atom", {"tag": "atlantis"}) is None


def test_a_hub_is_named_where_it_is_told_of_changes(shared: Tools) -> None:
    config = shared.config.model_copy(
        update={"site": shared.config.site.model_copy(update={"hub": "https://hub.example.org/"})}
    )
    site = Site(replace(shared, config=config), Links())

    def hubs(path: str, **query: str) -> int:
        found = site.find(path, query)
        assert isinstance(found, Page)
        return found.body.count(b"https://hub.example.org/")

    assert (hubs("/atom.xml"), hubs("/stories.rss"), hubs("/feed.json")) == (1, 1, 1)
    assert (hubs("/tags/us-dprk-summit/atom.xml"), hubs("/atom.xml", page="2")) == (0, 0)


def links(body: bytes, rel: str) -> list[str]:
    root = etree.fromstring(body)
    return [each.get("href") for each in root.findall(f"{ATOM}link") if each.get("rel") == rel]


def test_archives_and_feed_together_hold_everything(tools: Tools) -> None:
    feed = FEEDS["seoul-daily"]
    for day in range(1, 12):
        at = make.NOW - timedelta(days=day)
        put(
            tools,
            feed,
            *(
                judged(
                    feed,
                    f"d{day}-{n}",
                    f"Day {day}, {n}",
                    "nuclear-talks",
                    seen_at=at + timedelta(seconds=n),
                    published_at=at,
                )
                for n in range(25)
            ),
        )
    site = Site(tools, Links())
    seen: set[str] = set()
    path, before = "/atom.xml", ""
    for _ in range(20):
        found = site.find(path, {})
        assert isinstance(found, Page), path
        seen |= {e.id for e in feedparser.parse(io.BytesIO(found.body)).entries}
        if before.startswith("/archive"):
            assert links(found.body, "next-archive") == ["https://news.example.org" + before]
        before = path
        if not (earlier := links(found.body, "prev-archive")):
            break
        path = earlier[0].removeprefix("https://news.example.org")
        assert re.fullmatch(r"/archive/2019-06-\d\d\.atom", path)
    wanted = {item.article.id for item in tools.store.items(limit=1000)}
    assert {id.rpartition("/")[2] for id in seen} == wanted


def test_a_day_that_is_not_over_or_empty_has_no_archive(shared: Tools) -> None:
    site = Site(shared, Links())
    assert site.find("/archive/2019-06-30.atom", {}) is None
    assert site.find("/archive/2018-01-01.atom", {}) is None
    assert site.find("/archive/2019-13-45.atom", {}) is None


@pytest.mark.slow
async def test_a_reader_that_comes_twice_a_day_sees_every_article_once(tmp_path: Path) -> None:
    seen: dict[str, int] = {}
    with open_sample(tmp_path, "https://news.example.org") as tools:
        moment, step = demo.START, timedelta(hours=12)
        while moment <= demo.END:
            then = replace(tools, clock=lambda moment=moment: moment)  # type: ignore[misc]
            jobs.register(then)
            await rounds.poll(then, jobs.claim(then, all_feeds=True))
            found = Site(then, Links()).find("/atom.xml", {})
            assert isinstance(found, Page)
            read = [e.id for e in feedparser.parse(io.BytesIO(found.body)).entries]
            assert len(set(read)) == len(read)
            seen |= dict.fromkeys(read, 1)
            moment += step
        await tools.fetch.aclose()
        wanted = {item.article.id for item in tools.store.items(limit=5_000)}
        known = {item.article.id for item in tools.store.items(limit=5_000, copies=True)}
    told = {id.rpartition("/")[2] for id in seen}
    assert len(wanted) > 80
    assert wanted <= told <= known


# ── the static copy ──────────────────────────────────────────────────────────────────────────────


def test_a_copy_holds_all_languages_all_feeds_and_no_search(shared: Tools) -> None:
    paths = [path for path, _ in everything(shared)]
    assert set(paths) >= {
        "/about",
        "/ko/about",
        "/articles/dmz",
        "/ko/articles/dmz",
        "/stories.json",
        "/perspectives/seoul",
        "/ko/perspectives/seoul",
        "/digests/atom.xml",
    }
    assert not [path for path in paths if "search" in path]
    assert not [path for path in paths if path.startswith("/ko/") and path.endswith(".xml")]
    assert len(set(paths)) == len(paths)
