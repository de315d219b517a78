"""`aggregator feeds backfill`: the earlier pages of a feed, when an operator asks for them."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from tests.hosts.conftest import Place, rss
from tests.servers import Reply

AT = datetime(2019, 6, 30, 6, 0, tzinfo=UTC)
HEADLINES = (
    "Trump and Kim Jong Un meet at Panmunjom",
    "North Korea fires two missiles into the sea",
    "Moon and Kim Jong Un hold summit in Pyongyang",
)


def page(place: Place, n: int, rel: str, target: str) -> None:
    """Publish one headline with a link to the page before it."""
    link = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="{rel}" href="{target}"/>'
    body = rss((f"a{n}", HEADLINES[n], AT)).replace(b"<item>", link.encode() + b"<item>", 1)
    place.web.add(f"/wire{n or ''}.xml", Reply(body=body))


def lines(place: Place, *arguments: str, expect: int = 0) -> list[dict[str, object]]:
    told = place.run("feeds", "backfill", "wire", "--json", *arguments, expect=expect)
    rows = (json.loads(line) for line in told.splitlines() if line.startswith("{"))
    return [row for row in rows if "url" in row]  # the others are the log


def archive(place: Place) -> None:
    place.publish("wire", b"")
    page(place, 0, "prev-archive", "/wire1.xml")
    page(place, 1, "next", "/wire2.xml")
    page(place, 2, "prev-archive", "/wire1.xml")  # a circle
    place.write()


def test_pages_are_followed_to_the_end_and_each_is_read_once(place: Place) -> None:
    archive(place)
    place.json("poll", "--all")
    told = lines(place)
    assert [row["new"] for row in told] == [0, 1, 1]
    assert len(place.web.seen("/wire1.xml")) == 1
    assert [row["new"] for row in lines(place)] == [0, 0, 0]


def test_polling_never_follows_and_is_left_as_it_was(place: Place) -> None:
    archive(place)
    place.json("poll", "--all")
    assert not place.web.seen("/wire1.xml")
    before = place.json("feeds", "list")
    lines(place)
    assert place.json("feeds", "list") == before


def test_an_operator_sets_the_end(place: Place) -> None:
    archive(place)
    assert len(lines(place, "--pages", "2")) == 2


def test_a_page_that_fails_ends_it_with_a_reason(place: Place) -> None:
    archive(place)
    place.web.add("/wire1.xml", Reply(status=500))
    told = lines(place, expect=1)
    assert [row["outcome"] for row in told] == ["ok", "failed"]
    assert "500" in str(told[1]["detail"])
    assert "no such feed" in place.run("feeds", "backfill", "nobody", expect=2)
