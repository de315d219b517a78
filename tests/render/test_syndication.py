"""What entries tell, whatever the format; and that nothing breaks any of the three."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree, html

from aggregator.model import Clause, Difference, Item, Saying, StoryItems
from aggregator.render.atom import atom
from aggregator.render.jsonfeed import jsonfeed
from aggregator.render.rss import rss
from aggregator.render.syndication import (
    Channel,
    Entry,
    article_entries,
    issue_entries,
    story_entries,
)
from aggregator.rules import Site
from aggregator.taxonomy import load
from tests import make
from tests.render import sample

NAMES = load()
CHANNEL = Channel(title="All", self_url="https://news.example.org/feed")


def told(each: StoryItems, *heard: str) -> Entry:
    (entry,) = story_entries([each], site=sample.SITE, taxonomy=NAMES, heard=heard)
    return entry


def points(markup: str, heading: str) -> list[str]:
    """The list below a heading, as text."""
    found = html.fromstring(markup).xpath(
        "//p[strong=$heading]/following-sibling::*[1]/li", heading=heading
    )
    return [point.text_content() for point in found]


def paragraphs(markup: str) -> list[str]:
    return [p.text_content() for p in html.fromstring(markup).xpath("//p")]


# ── a story ──────────────────────────────────────────────────────────────────────────────────────


def test_a_story_says_who_reports_from_where_and_who_was_first() -> None:
    entry = told(sample.week()[0])
    assert entry.title == "Trump crosses the demarcation line at Panmunjom"
    assert paragraphs(entry.html)[0] == (
        "10 reports. First: Example Capitol Post (Washington), 30 June 2019, 06:06 (Asia/Seoul)."
    )
    who = points(entry.html, "Who reports")
    assert "Washington: 2 reports, first (Example Capitol Post, Example State Desk)" in who
    assert "Seoul: 2 reports (Example Seoul Wire, Example Seoul Daily)" in who


def test_only_capitals_that_are_listened_to_can_be_silent() -> None:
    each = sample.week()[1]
    (unheard,) = story_entries([each], site=sample.SITE, taxonomy=NAMES)
    assert "ilent" not in unheard.html + unheard.summary
    heard = told(each, "pyongyang", "seoul", "un")
    assert points(heard.html, "Who reports")[-1] == "Silent: Pyongyang, UN"
    assert heard.summary.endswith("silent: Pyongyang, UN.")


def test_certainty_is_told_where_it_is_in_doubt() -> None:
    claimed = make.judgement("g20", certainty="c-claimed")
    doubtful = make.story(
        make.item("a1", judgement=claimed), make.item("a2", judgement=claimed), make.item("a3")
    )
    assert "Certainty: Claimed by one party." in paragraphs(told(doubtful).html)
    assert "Certainty" not in told(make.story(make.item())).html


def test_what_sources_differ_on_is_set_side_by_side() -> None:
    differs = (
        Difference(
            about="missiles",
            sayings=(
                Saying(value="3", publishers=("A", "B")),
                Saying(value="2", publishers=("C",)),
            ),
        ),
        Difference(
            about="certainty",
            sayings=(
                Saying(value="c-confirmed", publishers=("A",)),
                Saying(value="c-negated", publishers=("B",)),
            ),
        ),
    )
    entry = told(make.story(make.item(), differs=differs))
    assert points(entry.html, "What sources differ on") == [
        "How many missiles: 3 (A, B); 2 (C)",
        f"Whether it is so: {NAMES.label('c-confirmed')} (A); {NAMES.label('c-negated')} (B)",
    ]
    assert entry.facts["differs"][0]["sayings"][0] == {"value": "3", "publishers": ["A", "B"]}


def test_headlines_are_links_in_their_own_languages() -> None:
    markup = told(sample.week()[0]).html
    links = html.fromstring(markup).xpath("//p[strong='Headlines']/following-sibling::ul//a")
    assert [(a.text, a.get("lang"), a.get("href")) for a in links][:3] == [
        (i.article.title, i.article.language, i.article.url)
        for i in sample.week()[0].items
        if i.duplicate_of is None
    ][:3]
    assert points(markup, "Headlines")[1].endswith(" – Example Seoul Wire (Seoul), 30 Jun 06:12")


def test_a_large_story_names_twenty_reports_and_says_how_many_more() -> None:
    items = [make.item(f"a{n}", published_at=make.NOW + timedelta(hours=n)) for n in range(50)]
    entry = told(make.story(*items))
    assert len(entry.links) == 20
    headlines = points(entry.html, "Headlines")
    assert len(headlines) == 21
    assert headlines[-1] == "30 more reports"


def test_a_copy_without_its_original_is_a_report() -> None:
    entry = told(make.story(make.item("a1", duplicate_of="elsewhere")))
    assert entry.summary.startswith("1 report")
    assert points(entry.html, "Headlines")


# ── an article ───────────────────────────────────────────────────────────────────────────────────


def one(item: Item) -> Entry:
    (entry,) = article_entries([item], site=sample.SITE, taxonomy=NAMES)
    return entry


def test_where_nothing_may_be_quoted_publisher_capital_and_tags_are_told() -> None:
    quiet = make.feed(rights="title", perspective="rok-wire")
    item = make.item("a1", "Leaders meet", "kim-jong-un", "us-dprk-summit", by=quiet)
    assert one(item).summary == "Example Wire (Seoul) · Kim Jong Un · US–DPRK summit diplomacy"


def test_tags_that_only_follow_from_others_are_not_shown() -> None:
    judgement = make.judgement(
        tags=(
            make.tagging("kim-jong-un"),
            make.tagging("north-korea", method="implied"),
            make.tagging("sanctions", 1.9),
        )
    )
    entry = one(make.item(judgement=judgement))
    assert [tag.slug for tag in entry.tags] == ["kim-jong-un"]
    assert [tag["slug"] for tag in entry.facts["tags"]] == ["kim-jong-un"]


def test_grouping_an_article_anew_leaves_its_date_alone() -> None:
    item = make.item()
    grouped = replace(item, story_id="s1", judgement=make.judgement("kim-jong-un"))
    assert one(item).updated == one(grouped).updated
    edited = replace(item, article=replace(item.article, updated_at=make.NOW))
    assert one(edited).updated > one(item).updated


# ── an issue ─────────────────────────────────────────────────────────────────────────────────────


def test_an_issue_gives_its_lede_its_headlines_and_the_way_to_the_rest() -> None:
    issue = sample.issue()
    (entry,) = issue_entries([issue], site=sample.SITE, taxonomy=sample.NAMES)
    assert entry.summary == (
        "The US and DPRK leaders met at Panmunjom on 30 June. "
        "Both sides agreed to resume working-level talks."
    )
    headlines = points(entry.html, "Leading stories")
    assert len(headlines) == 5
    assert headlines[0].startswith("Trump crosses the demarcation line at Panmunjom – 10 reports: ")
    last = html.fromstring(entry.html).xpath("//p")[-1]
    assert last.text_content() == "The whole issue: 7 stories, 24 articles."
    assert last.find("a").get("href") == "https://news.example.org/digests/2019-W26"


# ── strangers' text ──────────────────────────────────────────────────────────────────────────────

Write = Callable[[Channel, Sequence[Entry], Site], bytes]
ILLEGAL = (
    "a\x00b\x08c\x1b[0m\ufffe\uffff\ud800\udfff\u202e]]>&amp;<script>alert(1)</script><!--0-->"
)
HOSTILE = st.one_of(
    st.text(max_size=60),
    st.text(st.characters(codec=None), max_size=60),
    st.just(ILLEGAL),
    st.just("javascript:alert(1)"),
    st.just('"><img src=x onerror=alert(1)>'),
)


def hostile(text: Callable[[], str]) -> tuple[Entry, ...]:
    """An entry of each kind, all of whose texts are strangers'."""
    source = make.feed(
        title=text(), publisher=text(), url=text(), site=text(), perspective="rok-wire"
    )
    items = [
        make.item(
            f"a{n}",
            text(),
            "kim-jong-un",
            by=source,
            summary=text(),
            author=text(),
            language=text(),
            url=f"https://example.org/{text()}",
        )
        for n in range(2)
    ]
    covered = replace(sample.week()[0].story.coverage[0], publishers=(text(), text()))
    story = make.story(
        *items,
        title=text(),
        language=text(),
        coverage=(covered,),
        differs=(
            Difference(
                about=text(), sayings=(Saying(value=text(), publishers=(text(),)),) * 2
            ),
        ),
    )  # fmt: skip
    issue = replace(
        sample.issue(),
        title=text(),
        opening=(Clause(text=text(), language="en", url=text(), publisher=text()),),
        top=(replace(sample.issue().top[0], title=text(), language=text(), coverage=(covered,)),),
    )
    site, names = sample.SITE, NAMES
    return (
        *article_entries(items, site=site, taxonomy=names, copies={"a0": items}),
        *story_entries([story], site=site, taxonomy=names, heard={"seoul"}),
        *issue_entries([issue], site=site, taxonomy=names),
    )


def harmless(markup: str) -> bool:
    tree = html.fragment_fromstring(markup)
    tags = {e.tag for e in tree.iter()}
    links = [a.get("href") for a in tree.iter("a")]
    attributes = {name for e in tree.iter() for name in e.attrib}
    return (
        tags <= {"div", "p", "strong", "ul", "li", "a", "span"}
        and attributes <= {"href", "lang"}
        and all(link.startswith(("https://", "http://")) for link in links)
    )


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_hostile_text_breaks_no_format(data: Any) -> None:
    entries = hostile(lambda: data.draw(HOSTILE))
    channel = replace(CHANNEL, title=data.draw(HOSTILE), description=data.draw(HOSTILE))
    assert all(harmless(entry.html) for entry in entries if entry.html)
    root = etree.fromstring(atom(channel, entries, sample.SITE))
    atoms = root.findall("{*}entry")
    assert [e.findtext("{*}title") for e in atoms] == [e.title for e in entries]
    assert [len(e.findall("{*}category")) for e in atoms[:2]] == [4, 4]
    assert not list(root.iter(etree.Comment))
    items = etree.fromstring(rss(channel, entries, sample.SITE))[0].findall("item")
    assert [e.findtext("title") for e in items] == [e.title for e in entries]
    read = json.loads(jsonfeed(channel, entries, sample.SITE))["items"]
    assert [e["title"] for e in read] == [e.title for e in entries]


@pytest.mark.parametrize("write", [atom, rss, jsonfeed])
def test_a_title_of_megabytes_is_cut(write: Write) -> None:
    title = "<b>&]]>" * 400_000
    item = make.item("a1", title, summary=title, author=title, by=make.feed(title=title))
    entries = (
        *article_entries([item], site=sample.SITE, taxonomy=NAMES),
        *story_entries([make.story(item)], site=sample.SITE, taxonomy=NAMES),
    )
    assert len(write(CHANNEL, entries, sample.SITE)) < 60_000


@pytest.mark.parametrize("write", [atom, rss])
def test_feedparser_reads_what_strangers_wrote(write: Write) -> None:
    entries = hostile(lambda: ILLEGAL)
    read = feedparser.parse(io.BytesIO(write(CHANNEL, entries, sample.SITE)))
    assert len(read.entries) == len(entries)
    assert not read.bozo
