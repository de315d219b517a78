"""`aggregator retag` and what `run` does of it: stored articles follow the taxonomy."""

from __future__ import annotations

import json
import signal
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.hosts.conftest import Place, rss
from tests.hosts.test_crash import kill, wait_for
from tests.hosts.test_run import get, running

pytestmark = pytest.mark.slow

AT = datetime(2019, 6, 30, 6, 0, tzinfo=UTC)
MEETING = ("dmz", "Trump and Kim Jong Un meet at Panmunjom", AT)
TALKS = ("talks", "Kim Jong Un and Trump agree to resume working-level talks", AT)
ROUTE = ("route", "Shipping firms test the polar corridor off Chukotka", AT)
FERRY = ("ferry", "Parliament debates the ferry subsidy", AT)
POLL = ("poll", "--all", "--as-of", "2019-06-30T07:00:00Z")
OWN = """
polar-corridor:
  facet: topic
  en: Polar corridor
  anchor: true
"""


def follow(place: Place, tags: str = OWN, **settings: Any) -> None:
    """Change the taxonomy of an installation."""
    (place.folder / "own.yaml").write_text(tags, "utf-8")
    place.settings["tags"] = {"files": ["own.yaml"]} | settings
    place.write()


def stored(place: Place, query: str) -> list[Any]:
    with sqlite3.connect(place.folder / "data/aggregator.db") as db:
        return db.execute(query).fetchall()


@pytest.fixture
def library(place: Place) -> Place:
    """Four articles, polled and arranged."""
    place.publish("wire", rss(MEETING, TALKS, ROUTE, FERRY))
    place.write()
    assert place.json(*POLL)["relevant"] == 2
    return place


def test_an_unchanged_taxonomy_changes_nothing(library: Place) -> None:
    assert library.json("retag")["judged"] == 0
    every = library.json("retag", "--all")
    assert (every["judged"], every["changed"], every["finished"]) == (4, 0, True)
    assert every["stories"] == 0


def test_a_new_tag_reaches_what_was_set_aside_and_gives_it_a_story(library: Place) -> None:
    follow(library)
    before = library.json("retag", "--dry-run")
    (example,) = before["examples"]
    assert (before["waiting"], before["changed"], before["now_relevant"]) == (4, 1, 1)
    assert (example["title"], example["relevant"]) == (ROUTE[1], [False, True])
    assert example["added"] == ["polar-corridor"]
    assert "becomes relevant +polar-corridor" in library.run("retag", "--dry-run")
    assert library.json("retag")["now_relevant"] == 1
    assert stored(
        library, "SELECT language, story_id IS NOT NULL FROM articles WHERE url LIKE '%route'"
    ) == [("en", 1)]
    assert library.json("retag")["waiting"] == 0


def test_what_the_rules_refuse_leaves_its_story(library: Place) -> None:
    library.settings["relevance"] = {"threshold": 9.0}
    library.write()
    assert library.json("retag")["no_longer_relevant"] == 2
    assert stored(library, "SELECT count(*) FROM stories") == [(0,)]
    assert stored(library, "SELECT count(*) FROM articles WHERE story_id IS NOT NULL") == [(0,)]


def test_a_changed_member_renews_its_story(library: Place) -> None:
    follow(library, "handover:\n  facet: topic\n  en: Handover\n  strong: [Panmunjom]\n")
    assert library.json("retag")["stories"] == 1
    assert stored(library, "SELECT count(*) FROM story_tags WHERE slug = 'handover'") == [(1,)]
    assert stored(library, "SELECT count(*) FROM stale_stories") == [(0,)]


def test_what_a_feed_gave_its_articles_stays_when_it_is_read_no_more(place: Place) -> None:
    place.publish("wire", rss(MEETING), tags=["sanctions"])
    place.write()
    place.json(*POLL)
    place.feeds.clear()
    place.publish("other", rss())
    place.write()
    place.json(*POLL)
    assert library_of(place) == 1
    assert place.json("retag", "--all")["changed"] == 0
    assert library_of(place) == 1


def library_of(place: Place) -> int:
    """Articles under the tag that the feed gives."""
    return len(stored(place, "SELECT 1 FROM article_tags WHERE slug = 'sanctions'"))


def test_doctor_says_how_many_wait(library: Place) -> None:
    def tags() -> dict[str, Any]:
        (row,) = [row for row in library.json("doctor") if row["what"] == "tags"]
        return dict(row)

    assert tags()["state"] == "ok"
    follow(library)
    assert tags()["found"].startswith("4 articles wait")
    assert "aggregator retag" in tags()["advice"]


def many(place: Place, count: int = 3_000) -> None:
    """An installation with many articles, none of which is relevant yet."""
    items = [
        (f"a{n}", f"Polar corridor, report {n}", AT - timedelta(hours=n)) for n in range(count)
    ]
    place.publish("wire", rss(*items))
    place.write()
    place.json(*POLL)
    follow(place)


def judged(place: Place) -> int:
    """Articles that have the new tag, in whatever state a process left the file."""
    found: int = stored(place, "SELECT count(*) FROM article_tags")[0][0]
    return found


@pytest.mark.slow
def test_a_killed_run_is_taken_up_where_it_ended(place: Place) -> None:
    many(place)
    kill(place, "retag", when=lambda: judged(place) > 0)
    done = judged(place)
    assert 0 < done < 3_000
    rest = place.json("retag")
    assert rest["waiting"] == rest["judged"] == 3_000 - done
    assert judged(place) == 3_000
    assert stored(place, "SELECT count(*) FROM articles WHERE story_id IS NULL") == [(0,)]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_after_the_batch_in_hand_and_says_so(place: Place, number: int) -> None:
    many(place)
    process = place.start("retag", "--json")
    wait_for(lambda: judged(place) > 0, "the first batch")
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    summary = json.loads(out)
    assert process.returncode == 1
    assert summary["finished"] is False
    assert "Traceback" not in err
    assert judged(place) == summary["judged"] < 3_000
    assert place.json("retag")["judged"] == 3_000 - summary["judged"]


def test_run_does_it_in_the_background_and_is_ready_meanwhile(place: Place) -> None:
    place.publish("wire", rss(MEETING, ROUTE))
    place.write()
    place.json(*POLL)
    follow(place)
    with running(place) as (address, _):
        assert get(f"{address}/readyz")[0] == 200
        wait_for(lambda: ROUTE[1] in get(f"{address}/tags/polar-corridor")[1], "the new tag", 30)
    assert place.json("retag")["waiting"] == 0
