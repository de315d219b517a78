"""The sample week is what it says: ours, inside its week, readable, and as varied as real feeds."""

from __future__ import annotations

import io
import re
from collections import Counter
from datetime import datetime
from urllib.parse import urlsplit

import feedparser
import pytest

from aggregator import demo
from aggregator.demo import DemoItem, Publisher

PUBLISHERS = demo.publishers()
ITEMS = [(p, item) for p in PUBLISHERS.values() for item in p.items]
CAPITALS = {
    "Pyongyang": "dprk-",
    "Seoul": "rok-",
    "Washington": "us-",
    "Tokyo": "japan-",
    "Beijing": "china-",
    "Moscow": "russia-",
}


def test_the_week_is_large_and_varied_enough() -> None:
    languages = Counter(p.entry.language for p, _ in ITEMS)
    assert len(PUBLISHERS) >= 14
    assert len(ITEMS) >= 72
    assert set(languages) == {"en", "ko", "ja", "zh", "ru"}
    assert min(languages.values()) >= 5
    perspectives = {p.entry.perspective for p in PUBLISHERS.values()}
    for capital, prefix in CAPITALS.items():
        assert any(p.startswith(prefix) for p in perspectives), capital
    assert {"think-tank", "nk-specialist", "un-iaea", "intl-press"} <= perspectives
    assert {p.format for p in PUBLISHERS.values()} == {"rss", "atom", "rdf"}
    assert {p.encoding for p in PUBLISHERS.values()} == {"utf-8", "euc-kr", "shift_jis"}
    assert sum(item.off_topic for _, item in ITEMS) >= 12
    assert sum(item.published is None for _, item in ITEMS) == 1


@pytest.mark.parametrize("publisher", PUBLISHERS.values(), ids=PUBLISHERS)
def test_publishers_are_examples_and_complete(publisher: Publisher) -> None:
    entry = publisher.entry
    assert re.search(r"Example|Sample|Mihon|Primer|Shili", entry.publisher)
    assert re.fullmatch(r"[A-Z]{2}", entry.country)
    hosts = {
        urlsplit(url).hostname or "" for url in (entry.site, *(i.url for i in publisher.items))
    }
    assert len(hosts) == 1
    assert re.fullmatch(r"[a-z-]+(\.[a-z-]+)*\.example\.(org|com|net)", hosts.pop())


@pytest.mark.parametrize("publisher", PUBLISHERS.values(), ids=PUBLISHERS)
def test_document_says_exactly_what_the_material_says(publisher: Publisher) -> None:
    made = demo.document(publisher.entry.id)
    assert made == demo.document(publisher.entry.id)
    assert f"encoding='{publisher.encoding}'".encode() in made[:60]
    read = feedparser.parse(io.BytesIO(made), sanitize_html=False)
    assert not read.bozo
    assert read.encoding == publisher.encoding
    assert read.feed.title == publisher.entry.title
    assert read.feed.language == publisher.entry.language
    assert len(read.entries) == len(publisher.items)
    for entry, item in zip(read.entries, publisher.items, strict=True):
        assert entry.title == item.title
        assert entry.link == item.url
        assert re.sub(r"</?p>", "", entry.summary) == item.summary
        at = entry.get("published_parsed") or entry.get("updated_parsed")
        assert (at and tuple(at)[:6]) == (item.published and item.published.utctimetuple()[:6])


def test_every_item_lies_inside_the_week() -> None:
    dates = [item.published for _, item in ITEMS if item.published]
    assert datetime(2019, 6, 24).date() == demo.START.date()  # noqa: DTZ001 - only the day counts
    assert all(demo.START <= at < demo.END for at in dates)
    assert len({at.astimezone(demo.START.tzinfo).date() for at in dates}) == 7


def test_the_newest_item_comes_first() -> None:
    for publisher in PUBLISHERS.values():
        dates = [item.published for item in publisher.items if item.published]
        assert dates == sorted(dates, reverse=True)


def test_titles_and_addresses_are_told_once_and_texts_are_short() -> None:
    assert max(Counter(item.url for _, item in ITEMS).values()) == 1
    assert max(Counter((p.entry.id, item.title) for p, item in ITEMS).values()) == 1
    for _, item in ITEMS:
        assert 8 <= len(item.title) <= 120, item.title
        assert 20 <= len(item.summary) <= 480, item.title
        assert "  " not in item.summary
        assert "\n" not in item.summary


CJK = {
    "ko": r"[가-힣]",
    "ja": r"[ぁ-ヿ一-鿿]",
    "zh": r"[一-鿿]",
    "ru": r"[а-яА-Я]",
    "en": r"[A-Za-z]",
}


@pytest.mark.parametrize("publisher", PUBLISHERS.values(), ids=PUBLISHERS)
def test_each_desk_writes_its_own_language(publisher: Publisher) -> None:
    for item in publisher.items:
        letters = re.findall(r"\w", item.title)
        own = re.findall(CJK[publisher.entry.language], item.title)
        assert len(own) / len(letters) > 0.5, item.title
        if publisher.entry.language in ("ja", "zh"):
            assert not re.search(r"[ぁ-ヿ一-鿿][,;:!?()]", item.title + item.summary), item.title


def test_a_wire_text_is_copied_and_a_report_is_revised() -> None:
    texts = Counter(_squeezed(item) for _, item in ITEMS)
    assert [text for text, n in texts.items() if n > 1]
    titles = [item.title for item in PUBLISHERS["example-wire-seoul"].items]
    first = next(t for t in titles if t.endswith("(1보)"))
    full = next(t for t in titles if t.endswith("(종합)"))
    assert first.split("…")[0] == full.split("…")[0]


def _squeezed(item: DemoItem) -> str:
    return re.sub(r"\W", "", item.summary).lower()


def test_configuration_points_at_the_host_that_serves_it() -> None:
    entries = demo.configuration("http://127.0.0.1:8000/")
    assert [entry.id for entry in entries] == list(PUBLISHERS)
    assert entries[0].url == f"http://127.0.0.1:8000/{entries[0].id}.xml"


def test_unknown_publisher() -> None:
    with pytest.raises(KeyError):
        demo.document("nobody")
