"""A workplace of one installation: its folder, its publishers, its mail server, its command."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from typer.testing import CliRunner, Result

from aggregator.hosts.cli import app
from aggregator.ports import Tools
from tests.servers import FeedServer, MailServer, Reply

AGGREGATOR = (sys.executable, "-m", "aggregator")


def rss(*items: tuple[str, str, datetime], title: str = "Example") -> bytes:
    """A small RSS document of (slug, headline, publication)."""
    entries = "".join(
        f"<item><title>{escape(headline)}</title><link>https://example.org/{slug}</link>"
        f"<guid>https://example.org/{slug}</guid><pubDate>{format_datetime(at)}</pubDate></item>"
        for slug, headline, at in items
    )
    head = f"<title>{escape(title)}</title><link>https://example.org/</link>"
    return f'<rss version="2.0"><channel>{head}{entries}</channel></rss>'.encode()


@dataclass
class Place:
    """One installation in a folder."""

    folder: Path
    web: FeedServer
    feeds: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)

    def publish(self, id: str, body: bytes, **changes: Any) -> None:
        """A feed that this installation reads, as its server answers from now on."""
        etag = f'"{hash(body)}"'
        url = self.web.add(f"/{id}.xml", Reply(body=body, etag=etag))
        known = [f for f in self.feeds if f["id"] == id]
        if not known:
            self.feeds.append(
                {"id": id, "url": url, "title": id.title(), "publisher": id} | changes
            )

    def write(self) -> None:
        """feeds.yaml as it now is (JSON is YAML)."""
        polling = {"allow_private_networks": True} | self.settings.get("polling", {})
        # Chromium takes seconds to look at a letter; the tests of the check turn it on.
        digest = {"look": False} | self.settings.get("digest", {})
        content = self.settings | {"polling": polling, "digest": digest, "feeds": self.feeds}
        (self.folder / "feeds.yaml").write_text(json.dumps(content), "utf-8")

    def environment(self) -> dict[str, str]:
        """Of a process of its own."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AGGREGATOR_")}
        return kept | {"PYTHONPATH": str(Path(__file__).parents[2])} | self.environ

    def _invoke(self, arguments: Sequence[str], expect: int) -> Result:
        """In this process: a start of its own costs each command a second."""
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            for name in [n for n in os.environ if n.startswith("AGGREGATOR_")]:
                patch.delenv(name)
            for name, value in self.environ.items():
                patch.setenv(name, value)
            done = CliRunner().invoke(app, arguments)
        logging.getLogger().handlers.clear()  # they write to streams that are gone now
        logging.getLogger().setLevel(logging.WARNING)  # as it was: later tests listen, too
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == expect, f"{done.exit_code}: {done.stdout}\n{done.stderr}"
        return done

    def run(self, *arguments: str, expect: int = 0) -> str:
        """Run a command to its end; returns what it printed, errors last if it was to fail."""
        done = self._invoke(arguments, expect)
        return done.stdout if expect == 0 else done.stdout + done.stderr

    def result(self, *arguments: str, expect: int = 0) -> Result:
        """Run a command to its end; returns what it printed on stdout and on stderr."""
        return self._invoke(arguments, expect)

    def json(self, *arguments: str, expect: int = 0) -> Any:
        """Run a command with --json; returns what it printed."""
        return json.loads(self._invoke([*arguments, "--json"], expect).stdout.splitlines()[-1])

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a process of its own and leave it running."""
        return subprocess.Popen(
            [*AGGREGATOR, *arguments],
            cwd=self.folder,
            env=self.environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with FeedServer() as web:
        yield Place(folder=tmp_path, web=web)


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


# ── what people see ──────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    """The sample week, with a hostile feed among its publishers."""
    from tests.hosts.site import whole_week  # which takes `rss` from here

    with whole_week(tmp_path_factory.mktemp("week")) as tools:
        yield tools


@pytest.fixture(scope="module")
def address(week: Tools) -> Iterator[str]:
    """Where that week is served."""
    from tests.hosts.browsing import served

    with served(week) as found:
        yield found


@pytest.fixture(scope="module")
def browser(week: Tools) -> Iterator[Any]:
    """A headless browser. After the week: it keeps the event loop, and polling needs one."""
    from tests.hosts.browsing import chromium

    with chromium() as opened:
        yield opened
