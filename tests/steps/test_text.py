"""HTML to plain text, and where it is cut."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.steps.text import plain, sentences, shorten


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Talks in Hanoi", "Talks in Hanoi"),
        ("  Talks\n\tin\u3000Hanoi\u00a0 ", "Talks in Hanoi"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("One<br>Two<br/>Three", "One Two Three"),
        ("<ul><li>One</li><li>Two</li></ul>", "One Two"),
        ("<table><tr><td>1</td><td>2</td></tr></table>", "1 2"),
        ("<b>한국</b>은 <i>K</i>orea", "한국은 Korea"),
        ("One<img src=x>Two", "One Two"),
        ("One<script>alert(1)</script>Two<style>p{}</style>Three<!-- no -->", "One Two Three"),
        ('<a title="x>y" href="https://example.org">Link</a>', "Link"),
        ("R&D, S&amp;P and AT&amp;amp;T", "R&D, S&P and AT&T"),
        ("5 < 6 & 7 > 2", "5 < 6 & 7 > 2"),
        ("5 &lt; 6", "5 < 6"),
        ("&lt;p&gt;Said &quot;yes&quot;.&lt;/p&gt;&lt;p&gt;Left.&lt;/p&gt;", 'Said "yes". Left.'),
        ("&#8216;Yes&#8217; &#xAC00;", "‘Yes’ 가"),
        ("한\u200b국\u202e\ufeff \x00\x08외\ufffe\uffff교\ud800", "한국 외교"),
        ("&#8203;Talks&#xFFFE;", "Talks"),
        ("푸틴, 열병식 참석 &lt;CCTV&gt;", "푸틴, 열병식 참석 <CCTV>"),
        ("<p", ""),
        ("", ""),
    ],
)
def test_plain(source: str, text: str) -> None:
    assert plain(source) == text


@given(st.one_of(st.text(), st.text("<>/&;#xpb ampltg'\"!-[]CDATA\n\x00\ud800\u200b가")))
def test_plain_takes_anything(source: str) -> None:
    text = plain(source)
    assert text == " ".join(text.split())
    text.encode()


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("Short.", 10, "Short."),
        ("They met at noon. They talked for an hour.", 30, "They met at noon."),
        ("The two leaders shook hands at Panmunjom", 34, "The two leaders shook hands at…"),
        ("The two leaders, it seems, shook hands", 17, "The two leaders…"),
        ("북한이 미사일을 발사했다고 합참이 밝혔다", 15, "북한이 미사일을 발사했다고…"),
        ("首脳会談が開かれた首脳会談が開かれた", 10, "首脳会談が開かれた…"),
        ("abcdefghij", 5, "abcd…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_shorten(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@given(st.text(), st.integers(0, 50))
def test_shorten_keeps_the_limit(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert len(short) <= limit
    assert text.startswith(short.removesuffix("…"))


@pytest.mark.parametrize(
    "parts",
    [
        ("N. Korea fires a missile.", "The U.S. condemned it.", "Gen. Park said so on Nov. 5."),
        ("U.S. troops stay.", "He left the U.S.", "The talks ended."),
        ("They met at 3 p.m. in Hanoi.", '"We agree."', "They left."),
        ("It rose 3.5 percent.", "No. 5 is here.", "Really?", "Yes!"),
        ("Donald J. Trump and Moon Jae-in met.", "It was brief…", "Nobody spoke."),
        ("북한이 미사일을 발사했다.", "합참은 사거리를 3.5㎞라고 밝혔다.", "끝"),
    ],
)
def test_sentences(parts: tuple[str, ...]) -> None:
    assert sentences(" ".join(parts)) == parts


def test_sentences_without_spaces_between() -> None:
    assert sentences("首脳会談が開かれた。「合意した。」") == (
        "首脳会談が開かれた。",
        "「合意した。」",
    )
    assert sentences("中方表示关切。美方回应！") == ("中方表示关切。", "美方回应！")
    assert sentences(" ") == ()


@given(st.text())
@example("U.S. " * 3)
def test_sentences_lose_nothing(text: str) -> None:
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())
