"""`aggregator feeds check` and `list`: one visit step by step, and how all feeds are doing."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.hosts.conftest import Place, rss
from tests.servers import Reply, redirect, silent

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEYS_OF_OLD = {
    "feed", "ok", "url", "final_url", "moved_to", "bytes", "content_type", "etag", "last_modified",
    "title", "entries", "undated", "dropped", "newest", "max_age", "ttl", "hub", "interval",
    "next_check", "latest_headline",
}  # fmt: skip
"""What scripts may read since before."""


def hourly(count: int, first: datetime = NOW - HOUR / 2, title: str = "Kim") -> bytes:
    return rss(*[(f"a{n}", f"{title} {n}", first - n * HOUR) for n in range(count)], title="Wire")


def test_a_check_tells_each_step_of_a_visit_and_stores_nothing(place: Place) -> None:
    body = hourly(8)
    place.publish("wire", body)
    place.web.add("/wire.xml", redirect("/there.xml", 301, ("Set-Cookie", "a=topsecret")))
    headers = (
        ("Content-Encoding", "gzip"),
        ("Cache-Control", "max-age=10800"),
        ("Link", '<https://hub.example.org/>; rel="hub"'),
    )
    place.web.add("/there.xml", Reply(body=gzip.compress(body), etag='"1"', headers=headers))
    place.write()
    told = place.json("feeds", "check", "wire")
    assert told.keys() >= KEYS_OF_OLD
    first, second = told["requests"]
    assert (first["status"], first["redirect"]) == (301, "permanent")
    assert first["received"]["Set-Cookie"] == "a cookie was set"
    assert second["url"] == told["final_url"] == place.web.url("/there.xml")
    assert second["address"] == f"127.0.0.1:{place.web.port}"
    assert second["milliseconds"] > 0
    assert (told["wire_bytes"], told["bytes"]) == (len(gzip.compress(body)), len(body))
    assert told["charset"] == {"codec": "utf-8", "why": "the HTTP header"}
    assert (told["format"], told["reader"]) == ("RSS 2.0", "xmlfeed")
    assert "found there 1 of the 5 times" in told["moved"]
    assert (told["hub"], told["max_age"]) == ("https://hub.example.org/", "180 min")
    assert "max-age of the answer lengthens it to 3 h" in told["why_next"]
    assert [h["title"] for h in told["headlines"]] == ["Kim 0", "Kim 1", "Kim 2"]
    assert (told["new"], told["unchanged"], told["sent_by_a_poll"]) == (8, False, {})

    said = place.run("feeds", "check", "wire")
    assert "topsecret" not in said
    for line in (
        f"1. GET {place.web.url('/wire.xml')}",
        "< 301 Moved Permanently from 127.0.0.1:",
        "< Location: /there.xml",
        f"2. GET {place.web.url('/there.xml')}",
        "> Cookie: ***",
        f"{told['wire_bytes']:,} bytes on the wire, {told['bytes']:,} decompressed",
        "charset: utf-8 (the HTTP header)",
        "format: RSS 2.0, read by the fast reader, which feedparser confirmed",
        f"why then: {told['why_next'].split(';')[0].rsplit(' ', 2)[0]}",
    ):
        assert line in said
    assert {row["status"] for row in place.json("feeds", "list")} == {"new"}


def test_a_check_knows_what_a_poll_would_send_and_find(place: Place) -> None:
    place.publish("wire", hourly(5))
    place.write()
    place.json("poll", "--all")
    etag = f'"{hash(hourly(5))}"'
    told = place.json("feeds", "check", "wire")
    assert told["sent_by_a_poll"] == {"If-None-Match": etag}
    assert "If-None-Match" not in told["requests"][0]["sent"]
    assert (told["unchanged"], told["new"], told["ok"]) == (True, 0, True)
    assert f"a poll would also send: If-None-Match: {etag}" in place.run("feeds", "check", "wire")
    place.publish("wire", hourly(6, NOW - HOUR / 4))
    assert place.json("feeds", "check", "wire")["unchanged"] is False


def test_what_is_odd_about_entries_is_counted(place: Place) -> None:
    def item(slug: str, more: str, title: str = "Kim") -> str:
        return f"<item><title>{title}</title><link>https://example.org/{slug}</link>{more}</item>"

    items = (
        item("a", f"<pubDate>{NOW - DAY:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"),
        item("a", f"<pubDate>{NOW - 2 * DAY:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"),
        item("b", f"<pubDate>{NOW + DAY:%a, %d %b %Y %H:%M:%S} GMT</pubDate>"),
        item("c", "<guid isPermaLink='false'>same</guid>"),
        item("d", "<guid isPermaLink='false'>same</guid>"),
        item("e", "", title=""),
        "<item><title>Nameless</title></item>",
    )
    body = f'<rss version="2.0"><channel><title>W</title><ttl>240</ttl>{"".join(items)}'
    place.publish("wire", f"{body}</channel></rss>".encode("utf-16"))
    place.web.add(
        "/wire.xml",
        Reply(body=f"{body}</channel></rss>".encode("utf-16"), content_type="text/xml"),
    )
    place.write()
    told = place.json("feeds", "check", "wire")
    counted = ("listed", "entries", "repeated", "undated", "future", "dropped", "shared_guids")
    assert {key: told[key] for key in counted} == {
        "listed": 7,
        "entries": 4,
        "repeated": 1,
        "undated": 2,
        "future": 1,
        "dropped": 2,
        "shared_guids": 1,
    }
    assert (told["dropped_empty"], told["dropped_nameless"]) == (1, 1)
    assert told["charset"]["why"] == "its byte order mark"
    assert told["ttl"] == "240 min"
    said = place.run("feeds", "check", "wire")
    assert "1 dated in the future, which is set to now" in said
    assert "1 dropped, without any text; 1 dropped, with neither link nor guid" in said


@pytest.mark.parametrize(
    ("reply", "failure", "reason", "why"),
    [
        (Reply(status=404), "client", "answered 404", "failures that weigh 1 by now"),
        (Reply(status=410), "gone", "answered 410", "410 retires the feed"),
        (
            Reply(status=429, headers=(("Retry-After", "18000"),)),
            "busy",
            "answered 429",
            "Retry-After lengthens it to 5 h",
        ),
        (
            Reply(body=b"<!doctype html><title>Moved [/b]</title>"),
            "content",
            "this is a web page",
            "failures that weigh 0.5",
        ),
        (silent(), "network", "no complete answer within 1 s", "made up after 10 min"),
    ],
)
def test_a_failure_shows_the_same_trail_up_to_where_it_broke(
    place: Place, reply: Any, failure: str, reason: str, why: str
) -> None:
    place.publish("wire", b"")
    place.web.add("/wire.xml", redirect("/there.xml"))
    place.web.add("/there.xml", reply)
    place.settings["polling"] = {"deadline": "1s"}
    place.write()
    told = place.json("feeds", "check", "wire", expect=1)
    assert (told["ok"], told["failure"]) == (False, failure)
    assert reason in told["reason"]
    assert why in told["why_next"]
    assert [r["url"] for r in told["requests"]] == [
        place.web.url("/wire.xml"),
        place.web.url("/there.xml"),
    ]
    assert (told["next_check"] is None) == (failure == "gone")
    said = place.run("feeds", "check", "wire", expect=1)
    assert said.index("1. GET") < said.index("2. GET") < said.index(f"it fails here: {reason}")


def test_no_password_is_ever_shown(place: Place) -> None:
    place.publish("wire", hourly(2))
    address = place.web.url("/wire.xml").replace("http://", "http://me:topsecret@")
    place.feeds = [{"id": "wire", "url": address, "title": "Wire"}]
    place.write()
    told = place.json("feeds", "check", "wire")
    assert told["url"] == place.web.url("/wire.xml")
    assert told["requests"][0]["sent"]["Authorization"] == "***"
    for command in (("feeds", "check"), ("feeds", "check", "--json"), ("feeds", "list", "--json")):
        assert "topsecret" not in place.run(*command)


def test_control_characters_of_strangers_do_not_reach_the_terminal(place: Place) -> None:
    place.publish("wire", rss(("a", "Kim &#155;31m \u009b31m [bold]speaks", NOW - HOUR)))
    place.web.add(
        "/wire.xml",
        Reply(body=hourly(1, title="Kim \u009b2J [/red]"), headers=(("ETag", '"\x9b2J"'),)),
    )
    place.write()
    said = place.run("feeds", "check", "wire")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", said)
    assert "[/red]" in said


# ── the list ─────────────────────────────────────────────────────────────────────────────────────


def ailing(place: Place) -> None:
    """One feed of each status."""
    place.publish("aa-wire", hourly(5))
    place.publish("bb-dead", b"")
    place.web.add("/bb-dead.xml", Reply(status=404))
    place.publish("cc-gone", b"")
    place.web.add("/cc-gone.xml", Reply(status=410))
    place.publish("dd-quiet", hourly(60, NOW - 4 * DAY))
    place.write()
    place.run("poll", "--all")
    place.publish("ee-new", hourly(3))
    place.write()


def test_the_list_is_a_table_of_health_worst_first(place: Place) -> None:
    ailing(place)
    said = place.run("feeds", "list")
    order = [said.index(id) for id in ("bb-dead", "dd-quiet", "cc-gone", "ee-new", "aa-wire")]
    assert order == sorted(order)
    assert said.rstrip().endswith("1 ok, 1 new, 1 silent, 1 failing, 1 retired")
    rows = {row["id"]: row for row in place.json("feeds", "list")}
    assert [*rows] == ["aa-wire", "bb-dead", "cc-gone", "dd-quiet", "ee-new"]
    assert rows["aa-wire"].keys() >= {
        "id", "title", "url", "perspective", "status", "since", "last_ok_at", "next_check_at",
        "error",
    }  # fmt: skip
    assert "answered 404" in rows["bb-dead"]["reason"]
    assert "answered 410" in rows["cc-gone"]["reason"]
    quiet = rows["dd-quiet"]
    assert quiet["reason"].startswith(f"nothing new since {NOW - 4 * DAY:%Y-%m-%d %H:%M} UTC")
    assert re.search(r"usually every \d", quiet["reason"])
    assert quiet["since"].startswith(f"{NOW - 4 * DAY:%Y-%m-%d %H:%M}")
    assert rows["aa-wire"]["reason"] == ""
    assert rows["ee-new"]["next_check_at"] is None
