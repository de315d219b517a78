"""Every kind of feed, read back by readers that are not ours."""

from __future__ import annotations

import io
import shutil
import sqlite3
import subprocess
import threading
from calendar import timegm
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import fastfeedparser
import feedparser
import pytest

from aggregator.render.atom import atom
from aggregator.render.rss import rss
from aggregator.render.syndication import (
    ATOM,
    RSS,
    Channel,
    Entry,
    article_entries,
    issue_entries,
    story_entries,
)
from aggregator.rules import Site
from aggregator.taxonomy import load
from tests.render import sample

NAMES = load()
_ALL = [item for each in sample.week() for item in each.items]
KINDS: dict[str, tuple[Entry, ...]] = {
    "articles": article_entries(
        [item for item in _ALL if item.duplicate_of is None],
        site=sample.SITE,
        taxonomy=NAMES,
        copies={item.duplicate_of: [item] for item in _ALL if item.duplicate_of},
    ),
    "stories": story_entries(sample.week(), site=sample.SITE, taxonomy=NAMES, heard={"tokyo"}),
    "issues": issue_entries([sample.issue()], site=sample.SITE, taxonomy=NAMES),
}
FORMATS: dict[str, Callable[[Channel, Sequence[Entry], Site], bytes]] = {"atom": atom, "rss": rss}
MEDIA_TYPE = {"atom": ATOM, "rss": RSS}
each_kind = pytest.mark.parametrize("kind", KINDS)
each_format = pytest.mark.parametrize("name", FORMATS)


def made(kind: str, name: str) -> bytes:
    channel = Channel(
        title=f"All {kind}",
        self_url=f"https://news.example.org/{kind}.{name}",
        next=f"https://news.example.org/{kind}.{name}?page=2",
        hub_url="https://hub.example.org/",
    )
    return FORMATS[name](channel, KINDS[kind], sample.SITE)


def to_the_second(value: str) -> datetime:
    return datetime.fromisoformat(value).replace(microsecond=0)


def categories(entry: Entry, name: str) -> list[tuple[str, str]]:
    if name == "atom":
        return [(tag.slug, label) for tag in entry.tags for _, label in tag.names]
    return [(tag.label, "") for tag in entry.tags]


@each_kind
@each_format
def test_feedparser_reads_everything(kind: str, name: str) -> None:
    read = feedparser.parse(io.BytesIO(made(kind, name)))
    assert not read.bozo
    assert len(read.entries) == len(KINDS[kind])
    for found, entry in zip(read.entries, KINDS[kind], strict=True):
        assert (found.id, found.title, found.link) == (entry.id, entry.title, entry.url)
        assert found.author == entry.author
        moment = datetime.fromtimestamp(timegm(found.published_parsed), UTC)
        assert moment == entry.published.replace(microsecond=0)
        if name == "atom":
            assert datetime.fromisoformat(found.updated) == entry.updated
        # feedparser folds categories that are the same in every respect but the language.
        told = list(dict.fromkeys(categories(entry, name)))
        assert [(t.term, t.label or "") for t in found.tags] == told
        if entry.html:
            assert found.content[0].value.count("<li>") == entry.html.count("<li>")


@each_kind
@each_format
def test_fastfeedparser_reads_everything(kind: str, name: str) -> None:
    read = fastfeedparser.parse(made(kind, name))
    assert len(read.entries) == len(KINDS[kind])
    for found, entry in zip(read.entries, KINDS[kind], strict=True):
        assert (found.id, found.title, found.link) == (entry.id, entry.title, entry.url)
        assert found.author == entry.author
        assert to_the_second(found.published) == entry.published.replace(microsecond=0)
        assert {t["term"] for t in found.tags} == {term for term, _ in categories(entry, name)}


@contextmanager
def served() -> Iterator[str]:
    """The address under which each kind lies in each format."""

    class Feeds(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, _, name = self.path.strip("/").partition(".")
            body = made(kind, name)
            self.send_response(200)
            self.send_header("Content-Type", MEDIA_TYPE[name])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """The test says what it finds."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Feeds)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.skipif(
    shutil.which("newsboat") is None, reason="newsboat is not installed (Debian: newsboat)"
)
@each_format
def test_newsboat_reads_everything(tmp_path: Path, name: str) -> None:
    with served() as address:
        feeds = {f"{address}/{kind}.{name}": kind for kind in KINDS}
        (tmp_path / "urls").write_text("\n".join(feeds) + "\n")
        (tmp_path / "config").write_text("use-proxy no\n")
        cache = tmp_path / "cache.db"
        subprocess.run(
            ["newsboat", "-C", "config", "-u", "urls", "-c", str(cache), "-x", "reload"],
            cwd=tmp_path,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            check=True,
            timeout=60,
        )
    database = sqlite3.connect(cache)
    try:
        for url, kind in feeds.items():
            rows = database.execute(
                "SELECT guid, title, url, author, pubDate FROM rss_item WHERE feedurl = ?", (url,)
            )
            found = {guid: tuple(rest) for guid, *rest in rows}
            assert found == {
                entry.id: (
                    entry.title,
                    entry.url,
                    entry.author,
                    int(entry.published.timestamp()),
                )
                for entry in KINDS[kind]
            }
    finally:
        database.close()
