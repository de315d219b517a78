"""The lint of a letter: ours passes; each way of spoiling it is found, under its number."""

from __future__ import annotations

import re

import pytest

from aggregator.model import Finding
from aggregator.render.lint import lint
from aggregator.rules import Colours, Theme, contrast
from tests.render import sample
from tests.render.test_mail import LETTER, body_of, made


def test_a_letter_of_ours_passes_in_both_languages() -> None:
    assert lint(LETTER.message) == ()
    korean = body_of(sample.issue(40), language="ko")
    assert korean.html
    assert lint(made(sample.issue(40)).message) == ()


def test_17_an_issue_of_forty_stories_stays_under_ninety_thousand_bytes() -> None:
    for language in ("en", "ko"):
        assert len(body_of(sample.issue(40), language=language).html.encode()) <= 90_000


def spoiled(old: bytes, new: bytes) -> tuple[Finding, ...]:
    assert old in LETTER.message, old
    return lint(LETTER.message.replace(old, new, 1))


@pytest.mark.parametrize(
    ("number", "old", "new"),
    [
        (1, b"List-Unsubscribe: <https:", b"List-Unsubscribe: <http:"),
        (1, b"List-Unsubscribe:", b"X-Was:"),
        (1, b"<mailto:digest@", b"<https://digest@"),
        (2, b"List-Unsubscribe=One-Click", b"One-Click"),
        (3, b"List-Archive: <https://news", b"List-Archive: <=?utf-8?q?x?=https://news"),
        (9, b" <digest.news.example.org>", b""),
        (10, b"To: <reader@example.org>", b"To: <reader@example.org>, <other@example.org>"),
        (10, b"Date:", b"X-Date:"),
        (11, b".reader1@news.example.org>", b".reader1@elsewhere.example>"),
        (12, b"Subject: ", b"Subject: =?utf-8?q?" + b"a" * 90 + b"?= "),
        (14, b"Precedence: bulk\r\n", b"Precedence: bulk\n"),
        (14, b"MIME-Version: 1.0", b"X-Long: " + b"a" * 1000 + b"\r\nMIME-Version: 1.0"),
        (15, b"Content-Type: text/plain", b"Content-Type: text/enriched"),
        (23, b"Feedback-ID: ", b"Feedback-ID: one person:"),
        (24, b"Auto-Submitted: auto-generated", b"Auto-Submitted: no"),
        (24, b"Precedence: bulk", b"Precedence: first-class"),
    ],
)
def test_a_spoiled_header_is_found(number: int, old: bytes, new: bytes) -> None:
    assert number in {f.number for f in spoiled(old, new) if f.severity == "error"}


def with_html(change: tuple[str, str]) -> set[int]:
    """Numbers found when the HTML of a letter is changed: its part is coded anew, plainly."""
    html = body_of(sample.issue()).personal("https://n.example/unsubscribe/x", "https://n.example")
    old, new = change
    assert re.search(old, html.html), old
    spoilt = re.sub(old, new, html.html, count=1)
    head, _, _ = LETTER.message.partition(b"\r\n\r\n")
    boundary = re.search(rb'boundary="([^"]+)"', head)
    assert boundary
    parts = b"".join(
        b"--" + boundary[1] + b"\r\nContent-Type: " + kind + b"; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 8bit\r\n\r\n" + text.replace("\n", "\r\n").encode() + b"\r\n"
        for kind, text in ((b"text/plain", html.text), (b"text/html", _folded(spoilt)))
    )
    return {f.number for f in lint(head + b"\r\n\r\n" + parts + b"--" + boundary[1] + b"--\r\n")}


def _folded(text: str) -> str:
    return text.replace(">", ">\n")


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (36, (r'<html lang="en"', "<html")),
        (36, (r' role="presentation"', "")),
        (36, (r"</h1>", "</h1><h1>Another</h1>")),
        (36, (r"<h1", '<img src="https://x.example/a.png"><h1')),
        (38, (r"color: ?#55585f", "color:#c0c0c0")),
        (38, (r"font-size: ?14px", "font-size:11px")),
        (39, (r'href="https?://', 'href="javascript://')),
        (39, (r"<h1", '<h1 onclick="x()"')),
        (40, (r"<h1", "<form></form><h1")),
        (40, (r'<h1[^>]*style="', r'<h1 style="position:absolute;')),
        (40, (r"<h1", '<p style="display:none">hidden words</p><h1')),
        (17, (r"</body>", "<p>" + "word " * 21_000 + "</p></body>")),
        (18, (r"</body>", "<p>&#54620;</p></body>")),
        (16, (r"<h3([^>]*)>", r"<h3\1>Another headline ")),
    ],
)
def test_spoiled_markup_is_found(number: int, change: tuple[str, str]) -> None:
    assert number in with_html(change)


def test_38_the_shipped_colours_can_be_read_light_and_dark() -> None:
    theme = Theme()
    for colours in (theme.light, theme.dark):
        assert contrast(colours.ink, colours.sheet) >= 7
        assert contrast(colours.muted, colours.sheet) >= 4.5
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_38_colours_that_nobody_could_read_are_refused() -> None:
    with pytest.raises(ValueError, match=r"muted on sheet has a contrast of 1\.\d"):
        Colours(muted="#e0e0e0")


def test_a_theme_reaches_the_letter() -> None:
    theme = Theme(
        logo="https://example.org/logo.png",
        light=Colours(accent="#6b1d1d"),
        font="sans",
    )
    html = body_of(sample.issue(), theme=theme).html
    assert "#6b1d1d" in html
    assert re.search(r'<img src="https://example.org/logo.png" width="160" alt="[^"]+"', html)
    assert "Georgia" not in html
