"""Documents over HTTP: conditions, codings, languages, methods, headers."""

from __future__ import annotations

import gzip
import http.client
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import brotli
import pytest
import uvicorn
from starlette.testclient import TestClient

from aggregator.errors import StoreError
from aggregator.hosts.embedded import serving
from aggregator.hosts.site import Moved, Page, Site
from aggregator.hosts.site.document import CSS, HTML
from aggregator.hosts.web import application
from aggregator.ports import Tools
from aggregator.render.links import Links
from aggregator.steps import websub
from tests import make
from tests.hosts.site import Clock, installation

MODIFIED = "Sun, 30 Jun 2019 12:00:00 GMT"
SECURITY = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


class Spoken(Site):
    """A site that has a page in its language, one that is dated, and some that fail."""

    def __init__(self, tools: Tools, language: str) -> None:
        super().__init__(tools, Links())
        self.language = language

    def find(self, path: str, query: Mapping[str, str]) -> Page | Moved | None:
        match path:
            case "/spoken":
                return Page(body=f"spoken in {self.language}".encode())
            case "/plain.css":
                return Page(body=f"made in {self.language}".encode(), media_type=CSS)
            case "/dated":
                return Page(body=b"dated", modified=make.NOW)
            case "/old":
                return Moved(path="/spoken")
            case "/mended":
                raise ValueError("/secret/path/of/ours")
            case "/shut":
                raise StoreError("/secret/path/of/ours")
            case _:
                return super().find(path, query)


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tools]:
    with installation(tmp_path_factory.mktemp("web")) as opened:
        yield opened


@pytest.fixture(scope="module")
def client(tools: Tools) -> Iterator[TestClient]:
    sites = {language: Spoken(tools, language) for language in ("en", "ko")}
    app = application(tools, sites=sites, clock=Clock())
    with TestClient(app, follow_redirects=False) as made:
        made.headers["Accept-Encoding"] = "identity"
        yield made


def raw(client: TestClient, path: str, coding: str) -> tuple[bytes, Mapping[str, str]]:
    """The very bytes of an answer, and its headers."""
    with client.stream("GET", path, headers={"Accept-Encoding": coding}) as answer:
        return b"".join(answer.iter_raw()), answer.headers


# ── conditions ───────────────────────────────────────────────────────────────────────────────────


def test_a_reader_that_has_it_gets_304_by_a_list_of_tags(client: TestClient) -> None:
    etag = client.get("/atom.xml").headers["etag"]
    for tags in (etag, f"W/{etag}", f'"x", W/{etag}, "y"', "*"):
        answer = client.get("/atom.xml", headers={"If-None-Match": tags})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert "content-type" not in answer.headers
    several = [("If-None-Match", '"x"'), ("If-None-Match", etag)]
    assert client.get("/atom.xml", headers=several).status_code == 304
    assert client.get("/atom.xml", headers={"If-None-Match": '"x"'}).status_code == 200


def test_dates_count_only_without_tags(client: TestClient) -> None:
    answer = client.get("/dated")
    assert answer.headers["last-modified"] == MODIFIED
    since = {"If-Modified-Since": MODIFIED}
    assert client.get("/dated", headers=since).status_code == 304
    assert client.get("/dated", headers=since | {"If-None-Match": '"x"'}).status_code == 200
    before = {"If-Modified-Since": "Sun, 30 Jun 2019 11:59:59 GMT"}
    assert client.get("/dated", headers=before).status_code == 200
    assert client.get("/spoken", headers=since).status_code == 200  # not dated


def test_how_long_what_may_be_kept(client: TestClient) -> None:
    feed = client.get("/atom.xml").headers["cache-control"]
    assert feed == "public, max-age=300, stale-while-revalidate=600"
    assert client.get("/about").headers["cache-control"] == "public, max-age=60"
    assert client.get("/nowhere").headers["cache-control"] == "no-cache"
    assert "etag" not in client.get("/nowhere").headers
    assert client.get("/nowhere", headers={"If-None-Match": "*"}).status_code == 404


# ── codings ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/atom.xml", "/feed.json", "/", "/style.css", "/opml.xml"])
def test_each_coding_holds_the_same_bytes_under_a_tag_of_its_own(
    client: TestClient, path: str
) -> None:
    plain, head = raw(client, path, "identity")
    by_gzip, gzip_head = raw(client, path, "gzip")
    by_brotli, brotli_head = raw(client, path, "gzip, br")
    assert gzip.decompress(by_gzip) == plain
    assert brotli.decompress(by_brotli) == plain
    assert len(by_brotli) < len(plain)
    assert len(by_gzip) < len(plain)
    heads = (head, gzip_head, brotli_head)
    assert [h.get("content-encoding") for h in heads] == [None, "gzip", "br"]
    assert len({h["etag"] for h in heads}) == 3
    for body, each in zip((plain, by_gzip, by_brotli), heads, strict=True):
        assert int(each["content-length"]) == len(body)
        assert "Accept-Encoding" in each["vary"]
        assert not each["etag"].startswith("W/")


def test_a_tag_belongs_to_its_coding(client: TestClient) -> None:
    etag = raw(client, "/atom.xml", "br")[1]["etag"]
    asked = {"If-None-Match": etag, "Accept-Encoding": "br"}
    assert client.get("/atom.xml", headers=asked).status_code == 304
    assert client.get("/atom.xml", headers=asked | {"Accept-Encoding": "gzip"}).status_code == 200


def test_what_fits_a_packet_is_not_compressed(client: TestClient) -> None:
    body, head = raw(client, "/spoken", "br")
    assert body == b"spoken in en"
    assert "content-encoding" not in head


# ── languages ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "accepted", "language", "vary"),
    [
        ("/spoken", "", "en", "Accept-Encoding, Accept-Language"),
        ("/spoken", "ko-KR,ko;q=0.9,en;q=0.5", "ko", "Accept-Encoding, Accept-Language"),
        ("/spoken", "fr", "en", "Accept-Encoding, Accept-Language"),
        ("/ko/spoken", "en", "ko", "Accept-Encoding"),
        ("/en/spoken", "ko", "en", "Accept-Encoding"),
    ],
)
def test_pages_speak_the_language_of_the_address_or_of_the_reader(
    client: TestClient, path: str, accepted: str, language: str, vary: str
) -> None:
    for _ in range(2):  # made, and kept
        answer = client.get(path, headers={"Accept-Language": accepted})
        assert answer.text == f"spoken in {language}"
        assert answer.headers["content-language"] == language
        assert answer.headers["vary"] == vary
        asked = {"Accept-Language": accepted, "If-None-Match": answer.headers["etag"]}
        again = client.get(path, headers=asked)
        assert (again.status_code, again.headers["vary"]) == (304, vary)


def test_what_has_no_language_has_one_address(client: TestClient) -> None:
    for accepted in ("ko", "en"):
        answer = client.get("/plain.css", headers={"Accept-Language": accepted})
        assert answer.text == "made in en"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert "content-language" not in answer.headers
    for path in ("/ko/plain.css?page=2&utm_source=x", "/en/plain.css?page=2"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (308, "/plain.css?page=2")


def test_who_is_sent_on_keeps_the_language_of_the_address(client: TestClient) -> None:
    asked = {"/old": "/spoken", "/ko/old": "/ko/spoken", "/ko": "/ko/", "/ko/tags": "/ko/tags/"}
    for path, target in asked.items():
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (308, target)


def test_a_page_is_html_whatever_is_accepted(client: TestClient) -> None:
    for accepted in ("application/json", "image/png;q=0.1", "nonsense"):
        answer = client.get("/about", headers={"Accept": accepted})
        assert (answer.status_code, answer.headers["content-type"]) == (200, HTML)


# ── methods ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", ["/atom.xml", "/", "/style.css", "/nowhere", "/ko", "/old"])
@pytest.mark.parametrize("coding", ["identity", "br"])
def test_head_has_the_headers_of_get_and_no_body(
    client: TestClient, path: str, coding: str
) -> None:
    asked = {"Accept-Encoding": coding}
    whole, head = client.get(path, headers=asked), client.head(path, headers=asked)
    assert head.status_code == whole.status_code
    assert head.headers == whole.headers
    assert "content-length" in head.headers
    assert head.content == b""


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(client: TestClient, method: str) -> None:
    answer = client.request(method, "/atom.xml", content=b"x")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


def test_scripts_of_other_sites_may_read_feeds_and_feeds_only(client: TestClient) -> None:
    preflight = client.options(
        "/feed.json",
        headers={
            "Origin": "https://reader.example.org",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "if-none-match",
        },
    )
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert preflight.headers["access-control-allow-origin"] == "*"
    assert "If-None-Match" in preflight.headers["access-control-allow-headers"]
    assert "GET" in preflight.headers["access-control-allow-methods"]
    for answer in (
        whole := client.get("/feed.json"),
        client.get("/feed.json", headers={"If-None-Match": whole.headers["etag"]}),
    ):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "ETag" in answer.headers["access-control-expose-headers"]
    page = client.options("/about")
    assert (page.status_code, page.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    for answer in (page, client.get("/about")):
        assert "access-control-allow-origin" not in answer.headers


# ── addresses ────────────────────────────────────────────────────────────────────────────────────


def test_addresses_that_no_document_has_are_refused(client: TestClient) -> None:
    assert client.get("/atom.xml?page=" + "9" * 3_000).status_code == 414
    assert client.get("/tags/" + "x" * 3_000).status_code == 414
    assert client.get("/?q=%00").status_code == 400
    assert client.get("/tags/%00").status_code == 400
    assert client.get("/atom.xml?utm_source=%00").status_code == 200


# ── failures, and headers on all answers ─────────────────────────────────────────────────────────


def test_a_failure_tells_the_log_why_and_the_reader_nothing(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    for path, status in (("/shut", 503), ("/mended", 500)):
        caplog.clear()
        answer = client.get(path)
        assert answer.status_code == status
        assert "secret" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert len(caplog.records) == 1
        assert "secret" in caplog.text


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/atom.xml", "/style.css", "/nowhere", "/ko", "/shut", "/mended", "/?q=%00"),
        *("/healthz", "/readyz", "/unsubscribe/x", "/websub/x", "/unsubscribe/"),
    ],
)
def test_security_headers_are_on_every_answer(client: TestClient, path: str) -> None:
    etag = client.get(path).headers.get("etag", "none")
    for method, headers in (
        ("GET", {}),
        ("HEAD", {}),
        ("POST", {}),
        ("OPTIONS", {}),
        ("GET", {"If-None-Match": etag}),
    ):
        answer = client.request(method, path, headers=headers)
        found = [(k, v) for k, v in answer.headers.multi_items() if k in SECURITY]
        assert sorted(found) == sorted(SECURITY.items()), (method, path)


def test_a_page_for_one_reader_is_kept_nowhere(client: TestClient) -> None:
    assert client.get("/unsubscribe/x").headers["cache-control"] == "no-store"


# ── the hub ──────────────────────────────────────────────────────────────────────────────────────


def test_feeds_name_the_hub_that_is_told_of_them(tools: Tools, client: TestClient) -> None:
    hub = "https://hub.example.org/?tenant=1"
    site = tools.config.site.model_copy(update={"hub": hub})
    config = tools.config.model_copy(update={"site": site})
    with TestClient(application(replace(tools, config=config))) as told:
        for path in websub.TOPICS:
            own = f"https://news.example.org{path}"
            link = told.get(path).headers["link"]
            assert link == f'<{hub}>; rel="hub", <{own}>; rel="self"'
        for path in ("/opml.xml", "/tags/humanitarian-aid/atom.xml", "/", "/atom.xml?page=2"):
            assert "link" not in told.get(path).headers
    for path in websub.TOPICS:
        assert client.get(path).status_code == 200
        assert "link" not in client.get(path).headers


# ── a real server ────────────────────────────────────────────────────────────────────────────────


def test_one_connection_serves_many_answers(tmp_path: Path) -> None:
    with installation(tmp_path) as tools, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(serving(application(tools)))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            connection = http.client.HTTPConnection("127.0.0.1", listener.getsockname()[1])
            seen = []
            etag = ""
            for method, path in (
                ("GET", "/atom.xml"),
                ("GET", "/atom.xml"),
                ("HEAD", "/atom.xml"),
                ("OPTIONS", "/atom.xml"),
                ("GET", "/tags"),
                ("POST", "/atom.xml"),
                ("GET", "/nowhere"),
                ("GET", "/style.css"),
            ):
                headers = {"If-None-Match": etag} if etag and method == "GET" else {}
                connection.request(method, path, headers=headers)
                answer = connection.getresponse()
                body = answer.read()
                etag = answer.headers.get("ETag", "")
                seen.append((answer.status, bool(body)))
            connection.close()
        finally:
            server.should_exit = True
            thread.join(10)
    assert seen == [
        (200, True),
        (304, False),
        (200, False),
        (204, False),
        (308, False),
        (405, True),
        (404, True),
        (200, True),
    ]
