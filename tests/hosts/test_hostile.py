"""Strangers' text throughout the site: pages keep their shape, feeds can be read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.hosts.site import Page, Site
from aggregator.model import FeedHealth, FormerTitle, Item
from aggregator.render import pages
from aggregator.render.links import Links
from aggregator.render.safe import shown, web_link
from tests import hostile, make
from tests.hosts.site import installation
from tests.render import sample

TEXT = st.one_of(
    st.sampled_from(hostile.TEXTS),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.text("<>&\"'`/= {}%!-#\u202e\u2028scriptonhref", max_size=60),
)
LINK = st.one_of(st.sampled_from(hostile.LINKS), TEXT)
FORMATS = ("atom", "rss", "json")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with installation(tmp_path_factory.mktemp("hostile")) as tools:
        yield Site(tools, Links())


class Shape(HTMLParser):
    """The elements of a page in order, and what could act in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.acting: list[str] = []
        self.headings = 0
        """First-level ones that hold words."""
        self._heading = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self._heading = tag == "h1" or (self._heading and tag == "mark")
        for name, value in attrs:
            link = name in ("href", "action")
            if name.startswith(("on", "src", "style")) or (
                link and not re.match(r"https?://[a-z0-9\[]|[/#](?!/)|\?", value or "", re.I)
            ):
                self.acting.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        if self._heading and data.strip():
            self.headings += 1
            self._heading = False

    def handle_comment(self, data: str) -> None:
        self.acting.append(f"comment {data}")


def shapes(title: str, text: str, link: str) -> list[Shape]:
    """Pages that show strangers' text wherever a page of theirs does."""
    view = sample.view()
    by = make.feed(title=title, publisher=text, site=link, perspective="us-press")
    told = replace(make.judgement("sanctions"), relays=(title, "tass"))
    item: Item = make.item("a1", title, by=by, url=link, summary=text, author=text, judgement=told)
    copy: Item = make.item("a2", text, by=by, url=link, duplicate_of="a1")
    failing = FeedHealth(
        feed=by, state=make.state(failures=4.0, last_error=text), status="failing"
    )  # fmt: skip
    former = (FormerTitle(title=text, until=make.NOW),)
    made = [
        pages.article(view, item, copies=[copy], former=former),
        pages.perspective(view, "washington", items=[item], health=[failing]),
        pages.sources(view, [failing]),
    ]
    return [Shape(page) for page in made]


@given(title=TEXT, text=TEXT, link=LINK)
@example(title=hostile.MARKUP[0], text=hostile.BREAKOUTS[5], link=hostile.LINKS[0])
@example(title="\u200e ", text="\u2029", link="")
@settings(max_examples=60, deadline=None)
def test_a_page_keeps_its_shape_whatever_strangers_write(title: str, text: str, link: str) -> None:
    # A link that may not be shown takes its element along, an empty text the one around it.
    plain = "https://example.org/1" if web_link(link) else link and "javascript:"
    usual = shapes(shown(title) and "A title", shown(text) and "A text", plain)
    for shape, expected in zip(shapes(title, text, link), usual, strict=True):
        assert shape.acting == []
        assert shape.headings == expected.headings == 1
        assert shape.elements == expected.elements


@given(text=TEXT, field=st.sampled_from(("q", "tag", "from", "lang", "since", "until", "page")))
@settings(max_examples=150, deadline=None)
def test_whatever_is_looked_for_the_answer_is_well_formed(
    site: Site, text: str, field: str
) -> None:
    asked = {"q": "Leaders"} | {field: text}
    page = site.find("/search", asked)
    assert isinstance(page, Page)
    shape = Shape(page.body.decode())
    assert shape.acting == []
    assert shape.elements.count("title") == shape.elements.count("h1") == 1
    for ending in FORMATS:
        found = site.find(f"/search.{ending}", asked)
        if found is None:
            continue  # as many as the page says are wrong
        assert isinstance(found, Page)
        if ending == "json":
            json.loads(found.body)
        else:
            ET.fromstring(found.body)
