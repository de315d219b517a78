"""When two addresses name one article."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.steps.urls import article_id, canonical, host

FILE = Path(__file__).parents[1] / "cases" / "urls" / "canonical.txt"
BLOCKS = [block.split("\n") for block in FILE.read_text("utf-8").strip().split("\n\n")[1:]]
URLISH = st.text("htps:/.w%aé가?#&=;@[]0 -_~!%2541\n", max_size=60).map(lambda tail: f"http:{tail}")


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block[0])
def test_one_article(block: list[str]) -> None:
    assert {url: canonical(url) for url in block} == dict.fromkeys(block, block[0])
    assert len({article_id(url) for url in block}) == 1


def test_different_articles() -> None:
    ids = {article_id(block[0]) for block in BLOCKS}
    assert len(ids) == len(BLOCKS)
    assert all(len(id) == 16 and int(id, 16) >= 0 for id in ids)


@given(st.one_of(st.text(max_size=80), URLISH))
@example("http://x/%%37e")
@example("http://www.m.www.example.org./amp/amp/x/amp/amp/")
@example("http://x.org:8x/")
@example("http://\ud800.org/\ud800")
@example("http://xn--\u0130.example.org/")
@example("http://[::1]:80/")
def test_never_raises_and_is_idempotent(url: str) -> None:
    once = canonical(url)
    assert canonical(once) == once
    assert article_id(url) == article_id(once)
    host(url)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.Example.org:8443/x", "example.org"),
        ("https://m.example.org", "m.example.org"),
        ("//example.org/x", "example.org"),
        ("http://[::1]:80/x", "[::1]"),
        ("/x", ""),
        ("http://[", ""),
    ],
)
def test_host(url: str, name: str) -> None:
    assert host(url) == name
