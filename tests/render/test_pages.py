"""The pages: complete, readable, and deaf to what strangers write into headlines."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.model import (
    CapitalView,
    Clause,
    Correction,
    FeedHealth,
    Figure,
    Item,
    Quotation,
    StoryItems,
    Telling,
    Upcoming,
)
from aggregator.render import pages
from aggregator.render.links import Links, file_of, story_path
from aggregator.render.safe import shown
from aggregator.render.views import View, timeline
from aggregator.steps.perspectives import coverage
from tests import make
from tests.render import sample

VOID = {"meta", "link", "br", "hr", "img", "input", "line", "rect"}


@dataclass
class Page(HTMLParser):
    """What a browser finds: tags in order, attributes, texts. Raises on a tag left open."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str]] = field(default_factory=list)
    """(tag, name, value)"""
    texts: list[tuple[str, str]] = field(default_factory=list)
    """(innermost tag, text)"""
    opened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.opened, tag
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.opened[-1] if self.opened else "", data))

    def values(self, name: str, *tags: str) -> list[str]:
        return [v for t, n, v in self.attributes if n == name and (not tags or t in tags)]

    def text(self) -> str:
        return " ".join(" ".join(text.split()) for _, text in self.texts)


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert page.opened == []
    return page


def everything(view: View) -> dict[str, str]:
    """Each page of the site with the sample week, by its path."""
    week, issue = sample.week(), sample.issue()
    counts = {"us-dprk-summit": 10, "sanctions": 2, "gone": 0}
    whole = {
        "/": pages.front(
            view,
            stories=[each.story for each in week],
            days=sample.DAYS,
            tag_counts=counts,
            health=sample.health(),
            issue=issue,
            next_check=make.NOW,
            next_digest=make.NOW,
        ),
        "/tags/": pages.tags(view, counts),
        "/tags/sanctions": pages.tag(
            view, "sanctions", stories=[week[4].story], items=week[4].items
        ),
        "/digests/": pages.digests(view, [issue], next_digest=make.NOW),
        "/digests/2019-W26": pages.digest(view, issue),
        "/sources": pages.sources(view, sample.health(), next_check=make.NOW),
        "/about": pages.about(view, feeds=12),
        "/404": pages.not_found(view),
        "/unsubscribe/x": pages.message(
            view,
            here="/unsubscribe/x",
            heading="Unsubscribe",
            paragraphs=("One press.",),
            action="/unsubscribe/x",
            button="Unsubscribe",
        ),
    }
    return whole | {story_path(each.story.id): pages.story(view, each) for each in week}


@cache
def site(static: bool = False) -> dict[str, str]:
    return everything(replace(sample.view(), links=Links(static=static)))


PATHS = sorted(site())


# ── every page ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", PATHS)
def test_each_page_is_well_formed_and_complete(path: str) -> None:
    html = site()[path]
    page = read(html)
    assert html.startswith("<!doctype html>")
    assert [page.tags.count(t) for t in ("html", "title", "h1", "main", "nav")] == [1] * 5
    assert page.values("lang", "html") == ["en"]
    assert "script" not in page.tags
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert "style" not in {name for _, name, _ in page.attributes}
    ids = page.values("id")
    assert len(set(ids)) == len(ids)
    for name in page.values("aria-labelledby"):
        assert name in ids


@pytest.mark.parametrize("path", PATHS)
def test_headings_never_skip_a_level(path: str) -> None:
    levels = [int(tag[1]) for tag in read(site()[path]).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("path", PATHS)
def test_headlines_are_marked_with_their_language(path: str) -> None:
    page = read(site()[path])
    assert all(re.fullmatch("[a-z]{2}", code) for code in page.values("lang"))
    foreign = {code for code in page.values("lang") if code != "en"}
    expected = {"/": {"ko", "zh"}, "/stories/s0a0": {"ko", "ja", "ru", "zh"}, "/about": set()}
    if path in expected:
        assert foreign >= expected[path]


def test_the_same_values_give_the_same_pages() -> None:
    assert everything(sample.view()) == site()


def test_numbers_of_a_story_are_those_of_its_reports() -> None:
    text = read(site()["/stories/s0a0"]).text()
    assert "10 reports · 10 publishers" in text
    assert "1 copy of this text" in text


def test_a_story_is_told_earliest_first_and_marks_the_first_report() -> None:
    each = sample.week()[0]
    reports = timeline(sample.view(), each)
    assert [r.at for r in reports] == sorted(r.at for r in reports)
    assert [r.first for r in reports] == [True] + [False] * 9
    assert [c.publisher for r in reports for c in r.copies] == ["Example Seoul Daily"]


def test_a_copy_without_its_original_is_not_lost() -> None:
    lone = make.item("c1", "Only a copy", duplicate_of="elsewhere")
    (report,) = timeline(sample.view(), make.story(lone))
    assert report.title == "Only a copy"
    assert "Only a copy" in pages.story(sample.view(), make.story(lone))


# ── addresses ────────────────────────────────────────────────────────────────────────────────────


def outside(address: str) -> bool:
    return address.startswith(("https://", "http://", "#"))


FILES = re.compile(
    r"(index|404/index|(ko/)?((tags|digests|sources|about|unsubscribe/x)/)?index"
    r"|(tags|stories|articles|perspectives|digests)/[a-zA-Z0-9._~-]+/index)\.html"
    r"|style\.css|icon\.svg|opml\.xml|stories\.(atom|rss|json)"
    r"|((tags|perspectives)/[a-z0-9-]+/|digests/)?(atom\.xml|rss\.xml|feed\.json)"
)


@pytest.mark.parametrize("path", PATHS)
def test_static_links_are_relative_and_lead_to_files(path: str) -> None:
    page = read(site(static=True)[path])
    for address in page.values("href"):
        if outside(address):
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(file_of(path)), address))
        assert FILES.fullmatch(target), address


@pytest.mark.parametrize("path", PATHS)
def test_online_links_start_with_the_base(path: str) -> None:
    html = everything(replace(sample.view(), links=Links(base="/news")))[path]
    for address in read(html).values("href"):
        assert outside(address) or address.startswith("/news/")


def test_links_of_a_static_page_climb_as_deep_as_the_page_lies() -> None:
    links = Links(static=True)
    assert links.style() == "style.css"
    assert links.at("/sources").front() == "../index.html"
    assert links.at("/stories/s1").feed("/tags/g20/atom.xml") == "../../tags/g20/atom.xml"
    # A slug that climbs would leave the folder of the copy.
    assert links.at("/tags/").tag("../x") == "../tags/..%2Fx"


# ── a fresh installation ─────────────────────────────────────────────────────────────────────────


def test_without_feeds_the_front_page_says_what_to_do() -> None:
    page = read(pages.front(sample.view(), stories=[]))
    assert "No feed is configured. Name some in feeds.yaml" in page.text()
    assert page.tags.count("h1") == 1


def test_before_the_first_check_the_front_page_says_when_it_is() -> None:
    new = [replace(h, status="new") for h in sample.health()]
    html = pages.front(
        sample.view(), stories=[], health=new, next_check=make.NOW, next_digest=make.NOW
    )
    text = read(html).text()
    assert "12 feeds are configured." in text
    assert "The next check is on 30 June 2019 at 21:00 (Asia/Seoul)." in text
    assert "The first digest goes out on 30 June 2019 at 21:00." in text


def test_feeds_that_cannot_be_reached_are_named_at_once() -> None:
    text = read(pages.front(sample.view(), stories=[], health=sample.health())).text()
    assert "Example Capitol Post : The server answered 503 Service Unavailable" in text


def test_a_source_in_trouble_says_since_when_and_why() -> None:
    gone = replace(
        sample.health()[6], state=make.state(retired_at=make.NOW, last_error="answered 410 Gone")
    )
    never = replace(sample.health()[4], since=None)
    empty = replace(sample.health()[3], since=None, usual=None)
    text = read(pages.sources(sample.view(), [*sample.health(), gone, never, empty])).text()
    for words in (
        "silent nothing new since 27 June 2019 , usually every 2 h 30 min",
        "silent it never held an entry",
        "failing since 28 Jun 21:00 : The server answered 503 Service Unavailable",
        "failing never read so far: The server answered 503 Service Unavailable",
        "retired since 21 June 2019 : answered 410 Gone",
    ):
        assert words in text


def test_within_a_group_the_sources_in_trouble_come_first() -> None:
    seoul = [h for h in sample.health() if h.feed.perspective.startswith("rok-")]
    fine = [replace(h, status="ok", since=None, usual=None) for h in seoul]
    last = max(fine, key=lambda h: h.feed.title.casefold())
    rows = [replace(h, status="failing") if h is last else h for h in fine]
    text = read(pages.sources(sample.view(), rows)).text()
    assert len(rows) > 1
    assert all(text.index(last.feed.title) <= text.index(h.feed.title) for h in rows)


@pytest.mark.parametrize("static", [False, True])
def test_every_page_has_an_empty_state(static: bool) -> None:
    view = replace(sample.view(), links=Links(static=static), version="")
    empty = {
        "Nothing yet": pages.front(view, stories=[]),
        "No article shows a tag yet.": pages.tags(view, {}),
        "No article shows this tag yet.": pages.tag(view, "sanctions"),
        "No issue has been composed yet.": pages.digests(view, []),
        "No feed is configured.": pages.sources(view, []),
        "Public feeds are read": pages.about(view),
    }
    for sentence, html in empty.items():
        page = read(html)
        assert sentence in page.text()
        assert page.tags.count("h1") == 1


def test_a_quiet_week_is_an_issue_too() -> None:
    page = read(
        pages.digest(sample.view(), replace(sample.issue(0), top=(), sections=(), opening=()))
    )
    assert "0 stories, 24 articles" in page.text()


# ── strangers' text ──────────────────────────────────────────────────────────────────────────────

HOSTILE = st.one_of(
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "' onmouseover='alert(1)",
            "</title></h1></main><h1>mine</h1>",
            "<!-- ",
            "]]><svg/onload=alert(1)>",
            "{{7*7}} {% include '/etc/passwd' %} {{ site.__class__ }}",
            "&lt;b&gt; &amp;amp; &#60;script&#62;",
            "\u202egnp.exe\u2066 \u200f\ufeff",
            "\x00\x08\x1b[31m\x7f\x9b\ud800\ufffe",
            "W" * 10_000,
            "김 " * 5_000,
            "",
            "   ",
        ]
    ),
    st.text(st.characters(codec=None), max_size=80),
    st.text("<>&\"'/= {}%!-scriptonhref", max_size=80),
)
ADDRESS = st.one_of(
    st.sampled_from(
        [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " java\tscript:alert(1)",
            "\x01javascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "vbscript:x",
            "//evil.example/",
            "http://",
            'https://example.org/"onmouseover="alert(1)',
            'https://a"b.example.org/',
            "https://example.org/'><script>alert(1)</script>",
            "https://user:password@example.org/",
            "file:///etc/passwd",
        ]
    ),
    st.text(st.characters(codec=None), max_size=60),
)


def hostile_story(title: str, text: str, address: str) -> StoryItems:
    by = make.feed(title=title, publisher=title, site=address, perspective="us-press")
    items: list[Item] = [
        make.item("a1", title, "sanctions", by=by, url=address, summary=text, author=title,
                  story_id="a1"),
        make.item("a2", text, by=by, url=address, duplicate_of="a1"),
        make.item("a3", text, by=make.feed("b"), url=address),
    ]  # fmt: skip
    made = make.story(*items)
    return StoryItems(story=replace(made.story, coverage=coverage(items)), items=made.items)


def hostile_pages(title: str, text: str, address: str) -> list[str]:
    view, each = sample.view(), hostile_story(title, text, address)
    by = each.items[0].feed
    state = make.state(failures=4.0, last_error=text, last_ok_at=make.NOW)
    health = [FeedHealth(feed=by, state=state, status="failing")]
    told = sample.issue_story(each)
    told = replace(told, what=text, what_source=title)
    issue = replace(
        sample.issue(0),
        title=title,
        opening=(
            Clause(text=title, language="en", url=address, publisher=text),
            Clause(text=text, language="en", url=address, publisher=title),
        ),
        figures=(Figure(slug="meetings", count=1, publishers=(title,), stories=(told.id,)),),
        top=(told,),
        quotations=(Quotation(words=text, speaker="", item=told.first),),
        views=(CapitalView(group="seoul", state="reports", articles=1, lead=told.first),),
        coming=(
            Upcoming(
                day="2019-07-10",
                tellings=(Telling(title=title, language="en", url=address, publisher=text),),
            ),
        ),
        corrections=(Correction(was=text, current=title, item=told.first, period="2019-W25"),),
        analysis=told.items,
        ritual=told.items,
        ledger=replace(sample.issue(0).ledger, feeds_failed=(title,), feeds_silent=(text,)),
    )
    return [
        pages.front(view, stories=[each.story], health=health, issue=issue),
        pages.front(view, stories=[], health=health),
        pages.story(view, each),
        pages.tag(view, "sanctions", stories=[each.story], items=each.items),
        pages.digests(view, [issue]),
        pages.digest(view, issue),
        pages.sources(view, health),
    ]  # fmt: skip


CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
ALLOWED = {tag for html in site().values() for tag in read(html).tags} | {"h3"}


@given(title=HOSTILE, text=HOSTILE, address=ADDRESS)
@example(title="<script>", text="{{7*7}}", address="javascript:alert(1)")
@settings(max_examples=40, deadline=None)
def test_hostile_text_stays_text(title: str, text: str, address: str) -> None:
    for html in hostile_pages(title, text, address):
        page = read(html)
        assert set(page.tags) <= ALLOWED
        assert page.tags.count("h1") == 1
        assert page.tags.count("title") == 1
        assert not [name for _, name, _ in page.attributes if name.startswith("on")]
        for link in page.values("href", "a") + page.values("action") + page.values("src"):
            assert re.match(r"(https?://[a-zA-Z0-9\[]|/(?!/)|#)", link), link
        # Controls cut a page short, bidi overrides turn the rest of it around.
        assert not CONTROLS.search(page.text())
        # A headline of 10,000 characters would push everything else off the page.
        assert max(len(each) for _, each in page.texts) <= 2200
        html.encode("utf-8")


def outline(values: tuple[str, str, str]) -> list[list[str]]:
    return [read(html).tags for html in hostile_pages(*values)]


WORDS = HOSTILE.filter(lambda text: bool(shown(text)))


@given(title=WORDS, text=WORDS)
@settings(max_examples=40, deadline=None)
def test_hostile_text_adds_no_element_and_takes_none_away(title: str, text: str) -> None:
    address = "https://example.org/1"
    assert outline((title, text, address)) == outline(("A title", "A text", address))


def test_templates_inside_of_headlines_are_not_run() -> None:
    html = "".join(hostile_pages("{{7*7}}", "{{ 7*7 }}", "https://example.org/1"))
    assert "{{7*7}}" in html
    assert "49" not in html


def test_a_headline_of_ten_thousand_characters_is_cut() -> None:
    html = pages.story(sample.view(), hostile_story("W" * 10_000, "x", "https://example.org/1"))
    assert "W" * 299 + "…" in html
    assert "W" * 301 not in html


def test_an_article_without_a_web_link_is_shown_without_a_link() -> None:
    html = pages.story(sample.view(), hostile_story("Headline", "x", "javascript:alert(1)"))
    assert "Headline" in html
    assert "javascript" not in html


def test_rights_hold_on_the_story_page() -> None:
    for rights, most in (("title", 0), ("snippet", 60), ("full", 360)):
        item = make.item(by=make.feed(rights=rights), summary="word " * 360)
        words = pages.story(sample.view(), make.story(item)).count("word")
        assert (most // 2 < words <= most) or words == most == 0


def test_an_article_without_a_date_says_so() -> None:
    html = pages.story(sample.view(), make.story(make.item(dated=False)))
    assert "(seen; no date given)" in html


def test_a_failing_feed_says_since_when_and_why() -> None:
    text = read(site()["/sources"]).text()
    assert "503 Service Unavailable" in text
    assert "12 feeds" in text


def test_style_and_icon_are_served_as_they_are() -> None:
    style, icon = pages.stylesheet(sample.env()), pages.icon(sample.env())
    assert style.count("{") == style.count("}")
    assert "url(" not in style
    assert "@import" not in style
    assert icon.startswith("<svg")
    assert "<script" not in icon
