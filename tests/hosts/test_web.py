"""What the site answers, request by request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from starlette.testclient import TestClient

from aggregator.hosts.web import application
from aggregator.model import Arrangement
from aggregator.ports import Tools
from aggregator.steps import tokens
from tests import make
from tests.hosts.site import FEEDS, Clock, installation, judged, put


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    with installation(tmp_path) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(tools: Tools, clock: Clock) -> Iterator[TestClient]:
    with TestClient(application(tools, clock=clock), follow_redirects=False) as made:
        yield made


PATHS = {
    "/": "text/html",
    "/stories/dmz": "text/html",
    "/tags/": "text/html",
    "/tags/humanitarian-aid": "text/html",
    "/tags/humanitarian-aid/atom.xml": "application/atom+xml",
    "/digests/": "text/html",
    "/digests/2019-W26": "text/html",
    "/sources": "text/html",
    "/about": "text/html",
    "/atom.xml": "application/atom+xml",
    "/stories.atom": "application/atom+xml",
    "/feed.json": "application/feed+json",
    "/opml.xml": "text/x-opml",
    "/style.css": "text/css",
    "/icon.svg": "image/svg+xml",
}


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_every_document_is_there_with_its_type_and_its_headers(
    client: TestClient, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(PATHS[path])
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(path).status_code == 200
    if path.endswith((".xml", ".atom")):
        ET.fromstring(answer.content)
        assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "path", ["/nowhere", "/stories/none", "/tags/none", "/tags/none/atom.xml", "/digests/2019-W99"]
)
def test_what_is_not_there_is_a_404_page(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert "text/html" in answer.headers["content-type"]


def test_a_new_article_is_shown_within_a_second(
    client: TestClient, tools: Tools, clock: Clock
) -> None:
    before = client.get("/atom.xml")
    asked = {"If-None-Match": before.headers["etag"]}
    feed = FEEDS["seoul-daily"]
    put(tools, feed, judged(feed, "later", "A later report", "nuclear-talks"))
    clock.seconds += 1
    after = client.get("/atom.xml", headers=asked)
    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]
    assert "A later report" in after.text


def test_a_merged_story_leads_to_the_one_that_took_its_place(
    client: TestClient, tools: Tools
) -> None:
    found = tools.store.story("dmz")
    assert found is not None
    assert not isinstance(found, str)
    tools.store.save(Arrangement(stories=(found.story,), merged=(("rice", "dmz"),)))
    answer = client.get("/stories/rice")
    assert (answer.status_code, answer.headers["location"]) == (308, "/stories/dmz")


def test_unsubscribe_asks_on_get_and_acts_on_post(client: TestClient, tools: Tools) -> None:
    path = f"/unsubscribe/{tokens.make(tools.secret, 'unsubscribe', 'reader')}"
    assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200
    assert [s.status for s in tools.store.subscribers()] == ["active"]
    for _ in range(2):  # idempotent
        answer = client.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert [s.status for s in tools.store.subscribers()] == ["unsubscribed"]


def test_a_foreign_token_leaks_nothing(client: TestClient, tools: Tools) -> None:
    real = tokens.make(b"another secret", "unsubscribe", "reader")
    unknown = tokens.make(b"another secret", "unsubscribe", "nobody")
    pages = [client.post(f"/unsubscribe/{token}") for token in (real, unknown, "x")]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text.replace(real, "").replace(unknown, "") for page in pages}) == 1
    assert [s.status for s in tools.store.subscribers()] == ["active"]


def test_a_dead_database_is_told_to_the_operator_not_to_the_reader(
    client: TestClient, tools: Tools, tmp_path: Path
) -> None:
    assert client.get("/readyz").json() == {"ready": True}
    tools.store.close()
    database = tmp_path / "aggregator.db"
    database.write_bytes(b"this is no database" * 100)
    for extra in ("-wal", "-shm"):
        database.with_name(database.name + extra).unlink(missing_ok=True)
    assert client.get("/readyz").status_code == 503
    page = client.get("/")
    assert page.status_code == 503
    assert str(database) not in page.text
    assert client.get("/healthz").status_code == 200


def test_an_empty_installation_shows_what_is_to_come(tmp_path: Path) -> None:
    with installation(tmp_path / "empty", filled=False) as tools:
        client = TestClient(application(tools))
        page = client.get("/")
        assert page.status_code == 200
        assert "Nothing yet" in page.text
        assert ET.fromstring(client.get("/atom.xml").content).tag.endswith("feed")
        assert json.loads(client.get("/feed.json").content)["items"] == []


@pytest.mark.slow
def test_hostile_text_is_only_text(client: TestClient) -> None:
    for path in PATHS:
        answer = client.get(path)
        if "html" in answer.headers["content-type"]:
            assert "<script" not in answer.text
            assert "<img" not in answer.text
            assert "\u202e" not in answer.text
            assert "{{ 7 * 7 }}" in answer.text or "7 * 7" not in answer.text


def test_the_front_page_counts_the_last_seven_days(client: TestClient, tools: Tools) -> None:
    assert client.get("/").text.count("<rect") == 7
    assert tools.clock() - timedelta(days=7) < make.NOW
