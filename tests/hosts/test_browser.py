"""The pages in a real browser: nothing overflows, nothing runs, nobody else is asked."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from aggregator.hosts.web import application
from tests.hosts.site import installation

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PAGES = (
    "/",
    "/stories/dmz",
    "/stories/hostile",
    "/tags/",
    "/digests/2019-W26",
    "/sources",
    "/about",
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with installation(tmp_path_factory.mktemp("browser")) as tools, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(application(tools), log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(5)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_api.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield opened
        opened.close()


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (375, "dark"), (1280, "light")])
def test_pages_fit_are_quiet_and_ask_nobody_else(
    address: str, browser: Any, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    for path in PAGES:
        page.goto(address + path)
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{path} scrolls sideways by {overflow} px"
        assert page.title() != "owned"
        levels = page.eval_on_selector_all(
            "h1,h2,h3,h4,h5,h6", "found => found.map(h => Number(h.tagName[1]))"
        )
        assert levels.count(1) <= 1, path
        assert all(b - a <= 1 for a, b in pairwise(levels)), (path, levels)
    context.close()
    assert said == []
    assert all(url.startswith(address) for url in asked)


def test_the_letter_fits_a_phone(address: str, browser: Any, tmp_path: Path) -> None:
    from tests.render import sample, test_mail

    letter = tmp_path / "letter.html"
    letter.write_text(test_mail.part(test_mail.made(sample.issue(40)), "html"), "utf-8")
    for width in (375, 640):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(letter.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
