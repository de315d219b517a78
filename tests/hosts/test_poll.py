"""`aggregator poll`: what a round reports, and what it never does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.hosts.conftest import Place, rss
from tests.servers import Reply

AT = datetime(2019, 6, 30, 6, 0, tzinfo=UTC)
MEETING = ("dmz", "Trump and Kim Jong Un meet at Panmunjom", AT)
SERIES = ("ferry", "Parliament debates the ferry subsidy", AT)


def test_the_three_rounds_new_then_not_modified_then_unchanged(place: Place) -> None:
    body = rss(MEETING, SERIES)
    place.publish("wire", body)
    place.write()
    first = place.json("poll", "--all")
    assert first | {"seconds": 0} == {
        "feeds": 1,
        "ok": 1,
        "not_modified": 0,
        "unchanged": 0,
        "failed": 0,
        "entries": 2,
        "new_articles": 2,
        "relevant": 1,
        "stories": 1,
        "seconds": 0,
        "failures": [],
    }
    assert place.json("poll", "--all")["not_modified"] == 1
    assert place.web.seen("/wire.xml")[-1].header("If-None-Match") is not None
    place.web.add("/wire.xml", Reply(body=body, etag='"another"'))
    third = place.json("poll", "--all")
    assert (third["unchanged"], third["entries"], third["new_articles"]) == (1, 0, 0)


def test_one_bad_feed_never_stops_the_others_and_its_reason_is_true(place: Place) -> None:
    place.publish("wire", rss(MEETING))
    place.publish("page", b"<!doctype html><title>Moved</title><p>No feed here.")
    place.publish("gone", b"")
    place.web.add("/gone.xml", Reply(status=410))
    place.feeds.append({"id": "dead", "url": "http://127.0.0.1:9/feed.xml", "title": "Dead"})
    place.write()
    done = place.json("poll", "--all")
    assert (done["ok"], done["failed"], done["relevant"]) == (1, 3, 1)
    reasons = {f["feed"]: f["reason"] for f in done["failures"]}
    assert "refused" in reasons["dead"]
    assert "410" in reasons["gone"]
    assert "not a feed" in reasons["page"]


def test_only_due_feeds_are_asked(place: Place) -> None:
    place.publish("wire", rss(MEETING))
    place.write()
    assert place.json("poll", "--all", "--as-of", "2019-06-30T07:00:00Z")["feeds"] == 1
    assert place.json("poll", "--as-of", "2019-06-30T07:01:00Z")["feeds"] == 0
    assert place.json("poll", "--as-of", "2019-07-02T07:01:00Z")["feeds"] == 1


def test_with_a_replaced_clock_later_entries_are_left_alone_until_their_time(place: Place) -> None:
    tomorrow = ("next", "Kim Jong Un and Moon to hold a summit", AT + timedelta(days=1))
    place.publish("wire", rss(MEETING, tomorrow))
    place.write()
    assert place.json("poll", "--all", "--as-of", "2019-06-30T07:00:00Z")["new_articles"] == 1
    again = place.json("poll", "--all", "--as-of", "2019-06-30T08:00:00Z")
    assert (again["ok"], again["new_articles"]) == (1, 0)
    assert place.json("poll", "--all", "--as-of", "2019-07-01T07:00:00Z")["new_articles"] == 1
    assert place.json("poll", "--all", "--as-of", "2019-07-01T08:00:00Z")["not_modified"] == 1


def test_an_edited_headline_updates_the_article(place: Place) -> None:
    place.publish("wire", rss(MEETING))
    place.write()
    place.json("poll", "--all", "--as-of", "2019-06-30T07:00:00Z")
    edited = ("dmz", "Trump and Kim Jong Un agree to resume talks at Panmunjom", AT)
    place.publish("wire", rss(edited))
    again = place.json("poll", "--all", "--as-of", "2019-06-30T08:00:00Z")
    assert again["new_articles"] == 0
    place.run("export", "out", "--as-of", "2019-06-30T09:00:00Z")
    atom = (place.folder / "out/atom.xml").read_text("utf-8")
    assert atom.count("<entry") == 1
    assert "agree to resume talks" in atom


def test_a_bad_configuration_is_told_at_once_with_its_lines(place: Place) -> None:
    (place.folder / "feeds.yaml").write_text(
        "polling:\n  evry: 1h\nfeeds:\n  - {title: A, url: ftp://example.org/a}\n", "utf-8"
    )
    said = place.run("poll", "--all", expect=2)
    assert "feeds.yaml:2" in said
    assert "feeds.yaml:4" in said


def test_bad_usage_exits_with_2(place: Place) -> None:
    place.write()
    assert "expected ISO 8601" in place.run("poll", "--as-of", "yesterday", expect=2)


def test_every_feed_failing_is_a_failed_job(place: Place) -> None:
    place.feeds.append({"id": "dead", "url": "http://127.0.0.1:9/feed.xml", "title": "Dead"})
    place.write()
    place.run("poll", "--all", expect=1)


def test_feeds_that_are_silent_or_retired_are_told_on_stderr_after_the_round(place: Place) -> None:
    place.publish("wire", rss(MEETING))
    place.publish("quiet", rss(("old", "Kim Jong Un speaks", AT - timedelta(days=40))))
    place.publish("gone", b"")
    place.web.add("/gone.xml", Reply(status=410))
    place.write()
    at = ("--as-of", "2019-06-30T07:00:00Z")
    done = place.result("poll", "--all", *at)
    assert "wire is" not in done.stderr
    assert "quiet is silent: nothing new since 2019-05-21 06:00 UTC\n" in done.stderr
    assert done.stderr.count("gone: answered 410 Gone") == 1
    assert "gone is retired" not in done.stderr  # its failure was told
    again = place.result("poll", "--all", "--json", *at)
    assert "gone is retired: its publisher ended it: answered 410 Gone, 2019-06-30" in again.stderr
    assert "quiet" not in again.stdout


def test_of_many_silent_feeds_some_are_named_and_the_rest_counted(place: Place) -> None:
    for n in range(13):
        place.publish(f"quiet{n}", rss((f"old{n}", "Kim speaks", AT - timedelta(days=40))))
    place.write()
    done = place.result("poll", "--all", "--as-of", "2019-06-30T07:00:00Z")
    assert done.stderr.count("is silent") == 10
    assert "... and 3 more: `aggregator feeds list` shows them all" in done.stderr
