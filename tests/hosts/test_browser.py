"""The pages in a real browser: anybody can read them, nothing runs, nobody else is asked."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from aggregator.model import SignUp, StoryItems, Subscriber
from aggregator.ports import Tools
from aggregator.steps import tokens
from tests.hosts.browsing import Witness, needs_chromium

LANGUAGES = ("en", "ko")
WIDTHS = (375, 1280)
SCHEMES = ("light", "dark")
MOST_BYTES = 100_000
MOST_REQUESTS = 3

pytestmark = [needs_chromium, pytest.mark.slow]


@pytest.fixture(scope="module")
def stories(week: Tools) -> tuple[StoryItems, ...]:
    return week.store.stories(limit=1000)


@pytest.fixture(scope="module")
def pages(week: Tools, stories: tuple[StoryItems, ...]) -> dict[str, str]:
    """What a page shows -> its path, without the language."""
    items = [item for each in stories for item in each.items]

    def story(wanted: Any) -> str:
        return f"/stories/{next(each.story.id for each in stories if wanted(each))}"

    def article(wanted: Any) -> str:
        return f"/articles/{next(i.article.id for i in items if wanted(i))}"

    return {
        "front": "/",
        "story with differences": story(lambda s: s.story.differs),
        "story with background": story(
            lambda s: any(t.slug in week.taxonomy.background for t in s.items[0].judgement.tags)
        ),
        "story with copies": story(lambda s: any(i.duplicate_of for i in s.items)),
        "story in doubt": story(
            lambda s: all(i.judgement.certainty != "c-confirmed" for i in s.items)
        ),
        "story on others' word": story(lambda s: any(i.judgement.relays for i in s.items)),
        "hostile story": story(lambda s: s.items[0].article.feed_id == "hostile-text"),
        "article with former titles": article(lambda i: week.store.former_titles(i.article.id)),
        "article that is a copy": article(lambda i: i.duplicate_of),
        "article on others' word": article(lambda i: len(i.judgement.relays) > 1),
        "tags": "/tags/",
        "tag": "/tags/kim-jong-un",
        "tag, further on": "/tags/north-korea?page=2",
        "capital": "/perspectives/pyongyang",
        "capital, further on": "/perspectives/others?page=2",
        "capital that nobody reads": "/perspectives/japan-wire",
        "search": "/search",
        "search with results": "/search?q=Korea&from=others&page=2",
        "search without results": "/search?q=nothing+of+the+kind",
        "search with a fault": "/search?q=Kim&since=yesterday",
        "digests": "/digests/",
        "digest": "/digests/2019-W26",
        "sources": "/sources",
        "about": "/about",
        "way in": "/subscribe",
        "nothing": "/nowhere",
    }


@pytest.fixture(scope="module")
def ways_out(week: Tools) -> dict[str, str]:
    """Pages that are one reader's alone; the browser chooses their language, or the reader did."""
    for id, status in (("here", "paused"), ("gone", "unsubscribed")):
        week.store.add_subscriber(
            Subscriber(id=id, address=f"{id}@example.org", status=status),  # type: ignore[arg-type]
            week.clock(),
        )
    asked = SignUp(
        id="asked",
        address="asked@example.org",
        asked_at=week.clock(),
        not_before=week.clock(),
        expires_at=week.clock() + timedelta(days=2),
        token_hash=tokens.digest("asked"),
    )
    week.store.add_sign_up(asked)
    here, gone = (tokens.make(week.secret, "preferences", id) for id in ("here", "gone"))
    token = tokens.make(week.secret, "unsubscribe", "reader")
    return {
        "way out": f"/unsubscribe/{token}",
        "broken way out": "/unsubscribe/none",
        "confirm": "/confirm/asked",
        "preferences": f"/preferences/{here}",
        "erase": f"/preferences/{here}/erase",
        "left": f"/preferences/{gone}",
    }


def witness(browser: Any, address: str, **context: Any) -> Witness:
    return Witness(browser.new_context(**context), address)


# ── anybody can read it ──────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def axe() -> str:
    found = pytest.importorskip("axe_playwright_python.base", reason="axe-core is not installed")
    return str(found.AXE_SCRIPT)


STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def faults(page: Any) -> list[str]:
    """What axe-core finds wrong with the page as it now looks."""
    options = {
        "runOnly": STANDARD,
        "resultTypes": ["violations"],
        "rules": {"target-size": {"enabled": True}},
    }
    found = page.evaluate("options => axe.run(options)", options)
    return [
        f"{rule['id']}: {node['target']} {node['html'][:160]} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def look(seen: Witness, axe: str, looks: list[tuple[int, str]]) -> list[str]:
    seen.page.evaluate(axe)
    found = []
    for width, scheme in looks:
        seen.page.set_viewport_size({"width": width, "height": 800})
        seen.page.emulate_media(color_scheme=scheme)
        found += [f"{width} {scheme} {fault}" for fault in faults(seen.page)]
    return found


def accessible(
    browser: Any,
    address: str,
    axe: str,
    language: str,
    paths: list[str],
    looks: list[tuple[int, str]],
) -> list[str]:
    """Everything that is wrong on the pages."""
    seen = witness(browser, address, bypass_csp=True, locale=language)
    found = []
    for path in paths:
        seen.open(path)
        found += [f"{path}: {fault}" for fault in look(seen, axe, looks)]
    seen.page.context.close()
    return found


def everywhere(language: str, pages: dict[str, str], ways_out: dict[str, str]) -> list[str]:
    """The paths of all pages in a language; the ways out speak that of the browser."""
    return [*(f"/{language}{path}" for path in pages.values()), *ways_out.values()]


@pytest.mark.parametrize(
    ("language", "width", "scheme", "names"),
    [
        ("en", 375, "dark", ("front", "search with results", "article with former titles")),
        ("ko", 1280, "light", ("story with differences", "sources", "search with a fault")),
        ("ko", 375, "light", ("digest", "tag, further on")),
    ],
)
def test_axe_finds_nothing(
    address: str,
    browser: Any,
    axe: str,
    pages: dict[str, str],
    language: str,
    width: int,
    scheme: str,
    names: tuple[str, ...],
) -> None:
    paths = [f"/{language}{pages[name]}" for name in names]
    assert accessible(browser, address, axe, language, paths, [(width, scheme)]) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_in_any_width_and_scheme(
    address: str,
    browser: Any,
    axe: str,
    pages: dict[str, str],
    ways_out: dict[str, str],
    language: str,
) -> None:
    looks = [(width, scheme) for width in WIDTHS for scheme in SCHEMES]
    paths = everywhere(language, pages, ways_out)
    assert accessible(browser, address, axe, language, paths, looks) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_form_that_is_not_taken_says_so_where_it_is(
    address: str, browser: Any, axe: str, language: str
) -> None:
    seen = witness(browser, address, bypass_csp=True)
    seen.open(f"/{language}/subscribe")
    seen.page.evaluate("document.querySelector('form').noValidate = true")
    seen.page.fill("#address", "nonsense")
    seen.page.click("main button")
    assert look(seen, axe, [(w, s) for w in WIDTHS for s in SCHEMES]) == []
    seen.page.click(".faults a")
    assert seen.page.evaluate("document.activeElement.id") == "address"
    seen.page.fill("#address", "reader@example.org")
    seen.page.click("main button")
    assert seen.page.locator("form").count() == 0
    seen.page.context.close()


FOCUSED = """() => {
  const e = document.activeElement
  if (!e || e === document.body) return null
  const all = [...document.querySelectorAll(REACHABLE)].filter(x => x.checkVisibility())
  const box = e.getBoundingClientRect(), style = getComputedStyle(e)
  return {
    index: all.indexOf(e), of: all.length, html: e.outerHTML.slice(0, 160),
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  }
}""".replace("REACHABLE", "'a[href], button, input, select, summary, [tabindex=\"0\"]'")


@pytest.mark.parametrize("name", ["article with former titles", "search with results", "sources"])
def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    address: str, browser: Any, pages: dict[str, str], name: str
) -> None:
    seen = witness(
        browser, address, viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    seen.open("/en" + pages[name])
    reached: list[int] = []
    controls = 0
    while True:
        seen.page.keyboard.press("Tab")
        at = seen.page.evaluate(FOCUSED)
        if at is None or (reached and at["index"] < reached[-1]):
            break  # behind the last one; a field for a day has several stops
        assert at["outlined"], at
        assert at["seen"], at
        reached.append(at["index"])
        controls = at["of"]
    assert sorted(set(reached)) == list(range(controls))
    seen.page.context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_first_stop_leads_past_the_navigation(address: str, browser: Any, width: int) -> None:
    seen = witness(browser, address, viewport={"width": width, "height": 800})
    seen.open("/ko/")
    skip = seen.page.locator(".skip")
    assert skip.bounding_box()["x"] < 0
    seen.page.keyboard.press("Tab")
    assert skip.bounding_box()["x"] >= 0
    assert skip.evaluate("e => e === document.activeElement")
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.activeElement.id") == "main"
    seen.page.keyboard.press("Tab")
    assert seen.page.evaluate("document.activeElement.closest('main') !== null")
    seen.page.context.close()


def test_each_text_says_its_language(
    address: str, browser: Any, stories: tuple[StoryItems, ...], pages: dict[str, str]
) -> None:
    """A screen reader speaks a Japanese headline in Japanese, whoever reads the page."""
    known = {item.article.url: item.article.language for each in stories for item in each.items}
    mixed = max(stories, key=lambda s: len({item.article.language for item in s.items}))
    seen = witness(browser, address)
    for language in LANGUAGES:
        for path in (f"/stories/{mixed.story.id}", "/search?q=Trump", pages["digest"]):
            seen.open(f"/{language}{path}")
            assert seen.page.get_attribute("html", "lang") == language
            shown = seen.page.eval_on_selector_all(
                "main a[rel=noopener]",
                "found => found.map(a => [a.href, a.closest('[lang]').lang])",
            )
            told = [(url, spoken) for url, spoken in shown if known.get(url)]
            assert told
            assert [(url, spoken) for url, spoken in told if spoken != known[url]] == []
    assert len({item.article.language for item in mixed.items}) >= 3
    seen.page.context.close()


# ── it fits, and is light ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [
        ("en", 320, "light"),
        ("ko", 320, "dark"),
        *(
            pytest.param(language, width, "light", marks=pytest.mark.slow)
            for language in LANGUAGES
            for width in WIDTHS
        ),
    ],
)
def test_pages_fit_are_quiet_and_ask_nobody_else(
    address: str,
    browser: Any,
    pages: dict[str, str],
    ways_out: dict[str, str],
    language: str,
    width: int,
    scheme: str,
) -> None:
    seen = witness(
        browser,
        address,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        locale=language,
    )
    for path in everywhere(language, pages, ways_out):
        seen.open(path)
        overflow = seen.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} scrolls sideways by {overflow} px"
        levels = seen.page.eval_on_selector_all(
            "h1,h2,h3,h4,h5,h6", "found => found.map(h => Number(h.tagName[1]))"
        )
        assert levels.count(1) == 1, path
        assert all(b - a <= 1 for a, b in pairwise(levels)), (path, levels)
    assert seen.strangers() == []
    seen.page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_front_page_of_a_full_week_is_light(address: str, browser: Any, language: str) -> None:
    seen = witness(browser, address)
    answers: list[Any] = []
    seen.page.on("response", lambda answer: answers.append(answer))
    seen.open(f"/{language}/")
    seen.page.wait_for_load_state("networkidle")
    assert seen.page.locator(".story").count() == 30
    assert [a.header_value("content-encoding") for a in answers[:2]] == ["br", "br"]
    sizes = [answer.request.sizes() for answer in answers]
    weight = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    assert weight <= MOST_BYTES
    assert len(seen.asked) <= MOST_REQUESTS
    assert seen.strangers() == []
    seen.page.context.close()


def test_on_paper_there_is_what_paper_can_use(
    address: str, browser: Any, axe: str, pages: dict[str, str]
) -> None:
    seen = witness(
        browser,
        address,
        bypass_csp=True,
        color_scheme="dark",
        viewport={"width": 794, "height": 1123},
    )
    seen.page.emulate_media(media="print")
    for path in pages.values():
        seen.open(path)
        for gone in (".masthead nav", ".speech", ".skip", ".pages", "form"):
            assert not seen.page.locator(gone).first.is_visible(), (path, gone)
        paper = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(255, 255, 255)"
    seen.open(pages["story with differences"])
    told = seen.page.eval_on_selector_all(
        ".timeline h3 a",
        "found => found.map(a => [a.href, getComputedStyle(a, '::after').content])",
    )
    assert told
    assert all(url in after for url, after in told)
    seen.page.evaluate(axe)
    assert faults(seen.page) == []
    seen.page.context.close()


def test_the_letter_fits_a_phone(browser: Any, tmp_path: Path) -> None:
    from tests.render import sample, test_mail

    letter = tmp_path / "letter.html"
    letter.write_text(test_mail.part(test_mail.made(sample.issue(40)), "html"), "utf-8")
    for width in (375, 640):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(letter.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
