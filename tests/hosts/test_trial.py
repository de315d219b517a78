"""`aggregator tag`, `stories`, `parse`: lines of JSON in and out."""

from __future__ import annotations

import json
from typing import Any

from tests.hosts.conftest import Place, rss
from tests.make import NOW


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def write(place: Place, *rows: dict[str, Any]) -> None:
    place.write()
    text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (place.folder / "items.jsonl").write_text(text + "\n", "utf-8")


def test_tag_gives_reasons_and_evidence_that_fits_the_input(place: Place) -> None:
    row: dict[str, Any] = {
        "id": 7,
        "title": "북한, 탄도미사일 발사",
        "published": "2025-08-20T09:00:00+09:00",
    }
    write(place, row)
    [judged] = lines(place.run("tag", "items.jsonl"))
    assert judged["id"] == 7
    assert judged["relevant"] is True
    assert judged["reasons"]
    assert judged["genre"].startswith("g-")
    assert judged["certainty"].startswith("c-")
    tags = {t["slug"]: t for t in judged["tags"]}
    assert {"north-korea", "missile-launch"} <= tags.keys()
    assert all(t["score"] >= 2 or t["method"] == "implied" for t in judged["tags"])
    for tag in judged["tags"]:
        for e in tag["evidence"]:
            assert row[e["field"]][e["start"] : e["end"]] == e["text"]


def test_stories_groups_and_finds_copies(place: Place) -> None:
    title = "North and South Korea agree to reopen the liaison office in Kaesong"
    write(
        place,
        {"id": "a", "title": title, "source": "one", "published": "2018-06-01T01:00:00Z"},
        {"id": "b", "title": title, "source": "two", "published": "2018-06-01T02:00:00Z"},
        {"id": "c", "title": "A ferry subsidy", "published": "2018-06-01T02:00:00Z"},
        {"id": "d", "title": "Undated, and still taken"},
    )
    rows = {row["id"]: row for row in lines(place.run("stories", "items.jsonl"))}
    assert rows["b"] == {"id": "b", "duplicate_of": "a", "story": "a"}
    assert rows["a"]["duplicate_of"] is None
    assert rows["c"]["story"] == "c"
    assert rows["d"]["story"] == "d"


def test_a_bad_line_is_told_and_never_stops_the_others(place: Place) -> None:
    write(place, {"id": 1, "title": "Kim Jong Un speaks"})
    with (place.folder / "items.jsonl").open("a", encoding="utf-8") as file:
        file.write('not json\n{"id": 2}\n{"id": 3, "title": "Kim Jong Un speaks again"}\n')
    said = place.run("tag", "items.jsonl", expect=1)
    assert '"id": 1' in said
    assert '"id": 3' in said
    assert "items.jsonl:2" in said
    assert "items.jsonl:3" in said


def test_parse_reads_documents_and_tells_what_is_none(place: Place) -> None:
    place.write()
    (place.folder / "good.xml").write_bytes(rss(("a", "R&D in Seoul", NOW)))
    (place.folder / "page.html").write_text("<!doctype html><title>Hello</title>", "utf-8")
    good, page, absent = lines(
        place.run("parse", "good.xml", "page.html", "absent.xml", expect=1).split("\n\n")[0]
    )
    assert good["ok"] is True
    assert good["title"] == "Example"
    assert good["entries"] == [
        {
            "id": "https://example.org/a",
            "link": "https://example.org/a",
            "title": "R&D in Seoul",
            "summary": "",
            "authors": [],
            "published": NOW.isoformat(),
            "updated": None,
            "language": "",
        }
    ]
    assert (page["ok"], absent["ok"]) == (False, False)
    assert "not a feed" in page["error"]
    assert "No such file" in absent["error"]
