"""`aggregator config`, `doctor`, `feeds`: what an operator asks before and when things go wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from aggregator.config import shipped
from aggregator.hosts.cli import app
from tests.hosts.conftest import Place, rss
from tests.make import NOW
from tests.servers import MailServer, Reply

ROOT = Path(__file__).parents[2]


def test_the_shipped_configuration_is_good_and_fits_its_own_schema(place: Place) -> None:
    assert "56 feeds" in place.run("config", "check", "--config", str(shipped()))
    schema = json.loads(place.run("config", "schema"))
    content = YAML(typ="safe", pure=True).load(shipped().read_text("utf-8"))
    jsonschema.validate(json.loads(json.dumps(content, default=str)), schema)


def test_doctor_finds_what_is_wrong_and_says_what_to_do(place: Place, mail: MailServer) -> None:
    place.publish("wire", rss(("a", "Kim Jong Un speaks", NOW)))
    place.write()
    place.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    rows = {row["what"]: row for row in place.json("doctor")}
    assert rows["mail"]["state"] == rows["database"]["state"] == "ok"
    place.environ["AGGREGATOR_SMTP_URL"] = "smtp://user:pass-word@127.0.0.1:9"
    said = place.run("doctor", expect=1)
    assert "refused" in said
    assert "pass-word" not in said


def test_doctor_tells_a_bad_configuration_line_by_line(place: Place) -> None:
    (place.folder / "feeds.yaml").write_text(
        "site: {titel: x}\ndigest: {schedule: never}\n", "utf-8"
    )
    rows = place.json("doctor", expect=1)
    assert [row["state"] for row in rows] == ["failed", "failed"]
    assert "feeds.yaml:1" in rows[0]["found"]
    assert "feeds.yaml:2" in rows[1]["found"]


def test_feeds_check_explains_one_visit_and_stores_nothing(place: Place) -> None:
    place.publish("wire", rss(("a", "Kim Jong Un speaks", NOW), title="Example Wire"))
    place.publish("gone", b"")
    place.web.add("/gone.xml", Reply(status=404))
    place.write()
    good = place.json("feeds", "check", "wire")
    assert (good["ok"], good["title"], good["entries"]) == (True, "Example Wire", 1)
    bad = place.json("feeds", "check", "gone", expect=1)
    assert (bad["ok"], bad["failure"]) == (False, "client")
    assert "404" in bad["reason"]
    assert "no such feed" in place.run("feeds", "check", "nobody", expect=2)
    assert {row["status"] for row in place.json("feeds", "list")} == {"new"}


def test_feeds_travel_as_opml_and_comments_stay(place: Place) -> None:
    config = place.folder / "feeds.yaml"
    config.write_text(
        "# our own list\nfeeds:\n  - {title: One, url: 'https://one.example.org/feed'}\n", "utf-8"
    )
    opml = place.folder / "list.opml"
    opml.write_text(
        '<opml version="2.0"><head><title>x</title></head><body><outline text="Group">'
        '<outline type="rss" text="Two" xmlUrl="https://two.example.org/feed"/>'
        '<outline type="rss" text="One" xmlUrl="https://one.example.org/feed"/>'
        "</outline></body></opml>",
        "utf-8",
    )
    assert "added" in place.run("feeds", "import", "list.opml")
    assert "# our own list" in config.read_text("utf-8")
    exported = place.run("feeds", "export")
    assert exported.count("xmlUrl=") == 2
    place.run("feeds", "add", "https://three.example.org/feed", "--title", "Three")
    assert "https://three.example.org/feed" in place.run("feeds", "export")


def test_the_shipped_list_is_never_edited(place: Place) -> None:
    before = shipped().read_bytes()
    place.run("feeds", "add", "https://three.example.org/feed", expect=1)
    assert shipped().read_bytes() == before


@pytest.mark.parametrize("document", ["README.md", "docs/configure.md"])
def test_every_command_that_the_documents_show_exists(document: str) -> None:
    shown = set(re.findall(r"`?aggregator ((?:[a-z]+ ?)+)", (ROOT / document).read_text("utf-8")))
    assert shown
    for words in shown:
        arguments = words.split()[:2]
        known = CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0
        assert known or CliRunner().invoke(app, [arguments[0], "--help"]).exit_code == 0, words
