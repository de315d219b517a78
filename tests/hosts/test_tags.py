"""`aggregator tags`: the taxonomy seen, tried and checked from the command line."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.hosts.conftest import AGGREGATOR, Place

TITLE = "Seoul says Kim Jong Un fired missiles into the East Sea"


@pytest.fixture
def own(place: Place) -> Place:
    (place.folder / "own.yaml").write_text(
        "arctic:\n  facet: topic\n  en: Arctic route\n  ko: 북극항로\n"
        "  weak: {R-CTX: [icebreaker]}\n",
        "utf-8",
    )
    place.settings["tags"] = {"files": ["own.yaml"]}
    place.write()
    return place


def slugs(rows: Any) -> list[str]:
    return [row["slug"] for row in rows]


@pytest.mark.parametrize("query", ["arctic", "북극항로", "ICEBREAKER", "Arctic Rou"])
def test_list_finds_by_slug_label_and_alias_in_any_language(own: Place, query: str) -> None:
    (row,) = own.json("tags", "list", query)
    assert (row["slug"], row["facet"], row["anchor"]) == ("arctic", "topic", False)
    assert row["weak"] == {"R-CTX": ["icebreaker"]}
    assert row["strong"] == ["Arctic route", "북극항로"]
    assert row["file"].endswith("own.yaml")


def test_list_by_facet_as_a_table(own: Place) -> None:
    assert {row["facet"] for row in own.json("tags", "list", "--facet", "state")} == {"state"}
    table = own.run("tags", "list", "북극항", "--facet", "topic")
    assert "arctic" in table
    assert "Arctic route · 북극항로" in table
    assert table.rstrip().endswith("1 tag")
    assert '"nope" is none of actor' in own.run("tags", "list", "--facet", "nope", expect=2)


def test_explain_shows_what_fired_and_by_which_rule(own: Place) -> None:
    told = own.json("tags", "explain", TITLE, "--published", "2019-06-30")
    assert (told["relevant"], told["language"]) == (True, "en")
    assert told["reasons"]
    weak = next(tag for tag in told["tags"] if tag["slug"] == "south-korea")
    assert weak["method"] == "weak:R-CAPITAL"
    assert "followed by a verb of speech" in weak["why"]
    for tag in told["tags"]:
        for each in tag["evidence"]:
            assert TITLE[each["start"] : each["end"]] == each["text"]
    said = own.run("tags", "explain", TITLE)
    for words in ("relevant   yes", "weak:R-CAPITAL", "followed by a verb of speech", "implied:"):
        assert words in said


def test_explain_shows_what_was_found_but_refused(own: Place) -> None:
    told = own.json("tags", "explain", "A new icebreaker is launched")
    (miss,) = [row for row in told["refused"] if row["slug"] == "arctic"]
    assert (miss["rule"], miss["evidence"]["text"]) == ("R-CTX", "icebreaker")
    assert "strong Korea alias" in miss["why"]
    said = own.run("tags", "explain", "A new icebreaker is launched")
    assert "found, but the rule said no" in said
    assert "R-CTX: Same title or sentence" in said
    assert "no tags" in said
    near = own.json("tags", "explain", "North Korea launches an icebreaker")
    assert "arctic" in slugs(near["tags"])
    assert "arctic" not in slugs(near["refused"])


def test_explain_heeds_what_the_feed_says(own: Place) -> None:
    title = "A new icebreaker is launched"
    assert "arctic" not in slugs(own.json("tags", "explain", title)["tags"])
    told = own.json("tags", "explain", title, "--scope", "korea-specific", "--summary", title)
    assert "arctic" not in slugs(told["refused"])
    claimed = own.json("tags", "explain", title, "--perspective", "dprk-state")
    assert claimed["certainty"] == "c-claimed"
    assert "is none of" in own.run("tags", "explain", title, "--perspective", "x", expect=2)
    assert "is no time" in own.run("tags", "explain", title, "--published", "x", expect=2)


def test_explain_reads_standard_input(own: Place) -> None:
    done = subprocess.run(
        [*AGGREGATOR, "tags", "explain", "-", "--json"],
        cwd=own.folder,
        env=own.environment(),
        input=f"{TITLE}\nIt lies between Japan and North Korea.\n",
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(done.stdout)
    fields = {each["field"] for tag in told["tags"] for each in tag["evidence"]}
    assert fields == {"title", "summary"}


def test_check_tells_faults_and_ends_with_one(own: Place) -> None:
    assert own.run("tags", "check").rstrip().splitlines()[-1].startswith("0 errors")
    (own.folder / "own.yaml").write_text(
        "other:\n  facet: state\n  en: Otherland\n  strong: [North Korea]\n", "utf-8"
    )
    said = own.run("tags", "check", expect=1)
    assert "own.yaml:4: other: strong: 'North Korea' is a strong alias of north-korea too" in said
    rows = own.json("tags", "check", expect=1)
    assert [(r["slug"], r["line"]) for r in rows if r["level"] == "error"] == [("other", 4)]


def test_what_cannot_be_loaded_is_told_with_its_line(own: Place) -> None:
    (own.folder / "own.yaml").write_text("a:\n  facet: topic\n  en: A\n  wieght: 1\n", "utf-8")
    for command in (("tags", "check"), ("tags", "list"), ("config", "check"), ("retag",)):
        done = own.result(*command, expect=2)
        assert "own.yaml:4: a: wieght: unknown key" in done.stderr
    rows = own.json("doctor", expect=1)
    assert "own.yaml:4: a: wieght" in rows[0]["found"]
