"""What strangers write into their feeds, in a real browser: text, and nothing but text."""

from __future__ import annotations

import io
import json
import re
from typing import Any
from urllib.parse import quote, urlencode

import feedparser
import httpx
import pytest
from lxml import etree

from aggregator import jobs
from aggregator.ports import Tools
from tests import hostile
from tests.hosts.browsing import Witness, needs_chromium

PAGES = (
    "/",
    "/ko/",
    "/tags/",
    "/tags/sanctions",
    "/tags/north-korea?page=2",
    "/perspectives/others",
    "/search?q=Korea",
    "/digests/",
    "/digests/2019-W26",
    "/sources",
    "/ko/sources",
    "/about",
)
KINDS = ("stories", "tags", "unsubscribe", "preferences")
"""Of pages whose names come from the address."""
ENDINGS = ("atom", "rss", "json")

pytestmark = [needs_chromium, pytest.mark.slow]


FOREIGN = """root => {
  root ||= document
  const found = []
  if (window.owned !== undefined) found.push("something ran")
  const known = new Set(`KNOWN`.split(" "))
  for (const e of root.querySelectorAll("*")) {
    const name = e.tagName.toLowerCase()
    if (!known.has(name)) found.push(e.outerHTML.slice(0, 100))
    const ours = [location.origin, "https://news.example.org"]
    if (name === "link" && !ours.includes(new URL(e.href).origin))
      found.push(e.outerHTML)
    if (name === "form" && new URL(e.action).origin !== location.origin) found.push(e.outerHTML)
    for (const {name: key, value} of e.attributes) {
      if (/^(on|src|style$|accesskey$|autofocus$|formaction$|http-equiv$|ping$)/i.test(key))
        found.push(`${name} ${key}=${value}`)
      if (/^(href|action|cite|data)$|:href$/i.test(key) &&
          !/^https?:$/.test(new URL(value, location.href).protocol))
        found.push(`${name} ${key}=${value}`)
    }
    if (e.username || e.password) found.push(e.outerHTML)
  }
  const wide = document.documentElement.scrollWidth - innerWidth
  if (wide > 0) found.push(`scrolls sideways by ${wide} px`)
  if (root.body.innerText.includes("1337")) found.push("a template ran")
  return found
}""".replace(
    "KNOWN",
    "html head meta title link body a header div p nav ul li main footer h1 h2 h3 section article"
    " aside span b time ol dl dt dd details summary table thead tbody tr th td mark code form"
    " fieldset legend label input select option datalist button meter blockquote svg rect line text"
    " g desc br",
)


def test_the_check_knows_what_to_look_for(browser: Any) -> None:
    """Let in as it is, each piece of markup is seen, and what can run does."""
    seen = Witness(browser.new_context(bypass_csp=True))
    parsed = f"text => ({FOREIGN})(new DOMParser().parseFromString(text, 'text/html'))"
    for text in hostile.MARKUP:
        assert seen.page.evaluate(parsed, f"<main>{text}</main>"), text
    for text in (hostile.MARKUP[0], hostile.MARKUP[2]):
        seen.page.set_content(text)
    seen.page.wait_for_function("window.owned === 1")
    assert any(said.startswith("dialog") for said in seen.said)
    seen.page.context.close()


def searches() -> list[str]:
    """Each hostile text as what is looked for, and in one more field of the form."""
    fields = ("q", "tag", "from", "lang", "since", "until")
    return [
        "/search?" + urlencode({"q": text[:90], fields[n % len(fields)]: text[:90]})
        for n, text in enumerate((*hostile.TEXTS, *hostile.LINKS))
        if "\0" not in text
    ]


@pytest.mark.parametrize(("feed", "every"), [("hostile-store", 4), ("hostile", 1)])
def test_no_stranger_gets_further_than_the_text(
    week: Tools, address: str, browser: Any, feed: str, every: int
) -> None:
    """Without the policy that forbids scripts, so that nothing but the escaping keeps them out."""
    stories = week.store.stories(limit=1000)
    articles = [i.article for s in stories for i in s.items if i.article.feed_id.startswith(feed)]
    paths = [
        *PAGES,
        *(f"/stories/{each.story.id}" for each in stories[::every]),
        *(f"/articles/{article.id}" for article in articles),
        *searches()[::every],
        *(
            f"/{kind}/{quote(text[:80].replace('/', ''))}"
            for kind in KINDS
            for text in hostile.BREAKOUTS
        ),
    ]
    assert len(articles) >= len(hostile.TEXTS)
    seen = Witness(
        browser.new_context(bypass_csp=True, viewport={"width": 320, "height": 700}), address
    )
    for path in paths:
        seen.open(path)
        assert seen.page.evaluate(FOREIGN) == [], path
        assert "Korea Diplomacy Digest" in seen.page.title(), path
        assert seen.page.locator("h1").count() == 1, path
        assert seen.strangers() == [], path
    seen.page.wait_for_timeout(50)
    assert seen.strangers() == []
    seen.page.context.close()


def feeds() -> list[str]:
    """Every feed that holds hostile entries, and those of searches for hostile text."""
    lists = ("/", "/tags/sanctions/", "/perspectives/others/", "/digests/")
    return [
        *(base + name for base in lists for name in ("atom.xml", "rss.xml", "feed.json")),
        "/archive/2019-06-30.atom",
        "/opml.xml",
        *(f"/stories.{ending}" for ending in ENDINGS),
        *(path.replace("/search", f"/search.{e}") for path in searches()[::4] for e in ENDINGS),
    ]


def test_feeds_stay_whole(address: str) -> None:
    entries = 0
    for path in feeds():
        answer = httpx.get(address + path)
        if answer.status_code == 404:
            continue  # what is asked for is wrong, as the page of the search says
        if "json" in answer.headers["content-type"]:
            items = json.loads(answer.content)["items"]
            assert all(item["url"].startswith("http") for item in items), path
            texts = [item.get("content_html", "") for item in items]
        else:
            etree.fromstring(answer.content)
            parsed = feedparser.parse(io.BytesIO(answer.content), sanitize_html=False)
            assert not parsed.bozo or path == "/opml.xml", path
            texts = [content.value for e in parsed.entries for content in e.get("content", [])]
            assert not [e.link for e in parsed.entries if not e.link.startswith("http")], path
            entries += len(parsed.entries)
        for text in texts:
            assert not re.search(r"<(script|img|svg|iframe|style|base|form|meta)", text, re.I), path
            assert not re.search(r"<[^>]*\son\w+=", text), path
    assert entries > 5 * len(hostile.TEXTS)


def test_the_letter_holds_only_text(week: Tools) -> None:
    letter = jobs.render(week, week.store.issues(1)[0]).html
    root = etree.fromstring(letter, etree.HTMLParser())
    assert "window.owned" in letter
    assert not root.xpath("//script|//iframe|//img[@onerror]|//svg[@onload]|//base|//form")
    assert not root.xpath("//@*[starts-with(name(), 'on')]")
    assert not [h for h in root.xpath("//a/@href") if not str(h).startswith(("http", "mailto"))]
