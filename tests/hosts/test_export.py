"""The site as files: whole, linked, and only ever replacing its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from aggregator.hosts.export import export
from aggregator.hosts.site import everything
from aggregator.ports import Tools
from tests.hosts.site import installation


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    with installation(tmp_path / "data") as opened:
        yield opened


def test_every_relative_link_leads_to_a_file(tools: Tools, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert export(tools, out) > 10
    checked = 0
    for page in out.rglob("*.html"):
        for address in re.findall(r'(?:href|src|action)="([^"#]+)', page.read_text("utf-8")):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            assert not address.startswith("/"), f"{page}: {address} is not relative"
            target = (page.parent / unquote(parts.path)).resolve()
            assert target.is_file(), f"{page} links to {address}"
            checked += 1
    assert checked > 50


def test_the_documents_that_interfaces_promise_are_there(tools: Tools, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(tools, out)
    for name in ("atom.xml", "feed.json", "opml.xml", "tags/humanitarian-aid/atom.xml"):
        assert (out / name).read_bytes()


def test_what_is_gone_goes_and_nothing_else_does(tools: Tools, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "CNAME").write_text("news.example.org")
    export(tools, out)
    (out / "stories/old").mkdir(parents=True)
    (out / "stories/old/index.html").write_text("gone")
    listed = out / ".aggregator-files"
    listed.write_text(listed.read_text() + "stories/old/index.html\n../../outside\n/etc/passwd\n")
    export(tools, out)
    assert not (out / "stories/old").exists()
    assert (out / "CNAME").read_text() == "news.example.org"
    assert not list(out.rglob(".new-*"))


def test_the_same_library_gives_the_same_files(tools: Tools, tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    export(tools, first)
    export(tools, second)
    for path in first.rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (second / path.relative_to(first)).read_bytes()


def test_feeds_and_front_page_come_last(tools: Tools) -> None:
    paths = [path for path, _ in everything(tools)]
    assert paths[-2:] == ["/", "/ko/"]
    assert all(path.endswith((".xml", ".atom", ".rss", ".json")) for path in paths[-20:-3])
    assert len(paths) == len(set(paths))
