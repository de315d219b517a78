"""The pages in a real browser: nothing overflows, nothing runs, nobody else is asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.hosts.browsing import Witness, chromium, needs_chromium, served
from tests.hosts.site import installation

PAGES = (
    "/",
    "/stories/dmz",
    "/stories/hostile",
    "/articles/dmz",
    "/articles/hostile",
    "/tags/",
    "/tags/us-dprk-summit",
    "/tags/dmz-meeting-2019",
    "/perspectives/seoul",
    "/perspectives/others",
    "/search",
    "/search?q=panmunjom",
    "/search?q=" + quote('"><script>alert(1)</script>'),
    "/search?tag=" + quote("'onfocus='alert(1)"),
    "/digests/",
    "/digests/2019-W26",
    "/sources",
    "/about",
    "/nowhere",
)
AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with installation(tmp_path_factory.mktemp("browser")) as tools, served(tools) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(320, "light", "en"), (320, "dark", "ko"), (375, "dark", "en"), (1280, "light", "ko")],
)
def test_pages_fit_are_quiet_and_ask_nobody_else(
    address: str, browser: Any, width: int, scheme: str, language: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    seen = Witness(context)
    page = seen.page
    for path in PAGES:
        page.goto(f"{address}/{language}{path}")
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} scrolls sideways by {overflow} px"
        assert page.title() != "owned"
        assert page.get_attribute("html", "lang") == language
        levels = page.eval_on_selector_all(
            "h1,h2,h3,h4,h5,h6", "found => found.map(h => Number(h.tagName[1]))"
        )
        assert levels.count(1) == 1, path
        assert all(b - a <= 1 for a, b in pairwise(levels)), (path, levels)
    context.close()
    assert [line for line in seen.said if "404" not in line] == []
    assert all(url.startswith(address) for url in seen.asked)


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [
        (320, "light", "en"),
        pytest.param(1280, "dark", "ko", marks=pytest.mark.slow),
        pytest.param(1280, "light", "en", marks=pytest.mark.slow),
        pytest.param(375, "dark", "en", marks=pytest.mark.slow),
    ],
)
def test_axe_finds_nothing(
    address: str, browser: Any, width: int, scheme: str, language: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.base", reason="axe is not installed")
    script = axe.AXE_FILE_PATH.read_text("utf-8")
    # Only to let the checker in: our own policy forbids every script.
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    for path in PAGES:
        page.goto(f"{address}/{language}{path}")
        page.evaluate(script)
        found = page.evaluate("tags => axe.run({runOnly: tags})", AXE)
        faults = [(fault["id"], fault["nodes"][0]["html"]) for fault in found["violations"]]
        assert faults == [], path
        assert len(found["passes"]) > 10
    context.close()


def test_the_front_page_is_light(address: str, browser: Any) -> None:
    context = browser.new_context()
    seen = Witness(context)
    weights: list[int] = []
    seen.page.on("response", lambda answer: weights.append(len(answer.body())))
    seen.page.goto(address, wait_until="networkidle")
    context.close()
    assert len(seen.asked) <= 3
    assert sum(weights) <= 100_000


def test_the_keyboard_reaches_the_content_first(address: str, browser: Any) -> None:
    page = browser.new_page()
    page.goto(address + "/en/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    box = page.evaluate("JSON.stringify(document.activeElement.getBoundingClientRect())")
    assert '"x":0' in box  # it comes into view
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.close()


def test_paper_has_no_menus_and_says_where_links_lead(address: str, browser: Any) -> None:
    page = browser.new_page()
    page.goto(address + "/en/stories/dmz")
    page.emulate_media(media="print")
    assert not page.is_visible("nav")
    after = "getComputedStyle(document.querySelector('.timeline h3 a'), '::after').content"
    assert "example.org" in page.evaluate(after) or "attr(href)" in page.evaluate(after)
    page.close()


def test_the_letter_fits_a_phone(browser: Any, tmp_path: Path) -> None:
    from tests.render import sample, test_mail

    letter = tmp_path / "letter.html"
    letter.write_text(test_mail.part(test_mail.made(sample.issue(40)), "html"), "utf-8")
    for width in (375, 640):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(letter.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
