"""The letter in a real browser: two widths, light and dark, two languages, images blocked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from aggregator.rules import READABLE, Theme, contrast
from tests.hosts.browsing import chromium, needs_chromium
from tests.render import sample
from tests.render.test_mail import body_of

pytestmark = [needs_chromium, pytest.mark.slow]

_TEXTS = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const two = part => (+part).toString(16).padStart(2, "0");
  const hex = colour => "#" + colour.match(/\\d+/g).slice(0, 3).map(two).join("");
  while (walker.nextNode()) {
    const words = walker.currentNode.textContent.trim();
    const element = walker.currentNode.parentElement;
    if (!words || words === "\\u00a0" || ["STYLE", "TITLE"].includes(element.tagName)) continue;
    const style = getComputedStyle(element);
    let ground = element;
    while (ground && getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)")
      ground = ground.parentElement;
    found.push({
      words: words.slice(0, 40), ink: hex(style.color), size: parseFloat(style.fontSize),
      ground: ground ? hex(getComputedStyle(ground).backgroundColor) : "#ffffff",
      width: element.getBoundingClientRect().width,
    });
  }
  return found;
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [375, 640])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_37_38_it_fits_and_can_be_read(
    browser: Any, language: str, width: int, scheme: str
) -> None:
    theme = Theme(logo="https://example.org/logo.png")
    html = body_of(sample.issue(40), language=language, theme=theme).html
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, offline=True
    )
    try:
        page = context.new_page()
        page.set_content(html)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        texts = page.evaluate(_TEXTS)
        assert len(texts) > 100
        assert [t for t in texts if t["size"] < 14] == []
        assert [t for t in texts if contrast(t["ink"], t["ground"]) < READABLE] == []
        # With images blocked the name stands where the logo would.
        assert page.locator("img").get_attribute("alt") == "Korea diplomacy weekly"
        assert page.locator("h1").inner_text() == "Korea diplomacy weekly"
    finally:
        context.close()
