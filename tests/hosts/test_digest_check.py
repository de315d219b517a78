"""`aggregator digest check`: an issue is looked over before it is mailed, and held when bad."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest

from aggregator.edges import chromium, spamassassin
from tests.hosts.conftest import Place, rss
from tests.servers import MailServer

AT = datetime(2019, 6, 27, 6, 0, tzinfo=UTC)
MONDAY = "2019-07-01T09:00:00+09:00"


@pytest.fixture
def week(place: Place, mail: MailServer) -> Place:
    place.settings["site"] = {"url": "https://news.example.org"}
    place.publish("wire", rss(("dmz", "Trump and Kim Jong Un meet at Panmunjom", AT)))
    place.write()
    place.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    place.run("poll", "--all", "--as-of", "2019-06-27T07:00:00Z")
    place.run("subscribers", "add", "one@example.org", "--consent-source", "test")
    return place


def spoil(place: Place) -> None:
    """A template of the operator's own that no mail program can show."""
    folder = place.folder / "templates" / "mail"
    folder.mkdir(parents=True)
    (folder / "digest.html").write_text(
        "<html><body><h1>{{ issue.title }}</h1><table><tr><td><form></form>"
        '<a href="{{ unsubscribe_url }}">Unsubscribe</a></td></tr></table></body></html>',
        "utf-8",
    )


def test_an_issue_of_ours_may_go(week: Place) -> None:
    told = week.json("digest", "check", "--as-of", MONDAY)
    assert (told["holds"], told["findings"]) == (False, [])
    assert told["not_asked"] == ["SpamAssassin", "Chromium"]


def test_a_failing_check_holds_the_issue_and_tells_the_operator(
    week: Place, mail: MailServer
) -> None:
    spoil(week)
    checked = week.json("digest", "check", "--as-of", MONDAY, expect=1)
    assert {36, 40} <= {f["requirement"] for f in checked["findings"]}
    sent = week.result("digest", "send", "--as-of", MONDAY)
    assert mail.letters == []
    assert "are held, the check found:" in sent.stderr
    assert "aggregator digest release" in sent.stderr
    assert week.json("digest", "ledger")["states"] == {"held": 1}
    shutil.rmtree(week.folder / "templates")
    week.run("digest", "release", "--week", "2019-W26", "--as-of", MONDAY)
    week.run("digest", "send", "--as-of", MONDAY)
    assert [letter.recipients for letter in mail.letters] == [("one@example.org",)]


@pytest.mark.slow
def test_40_spamassassin_and_chromium_find_nothing(week: Place) -> None:
    missing = [
        name
        for name, there in (
            ("spamassassin", spamassassin.installed()),
            ("chromium", chromium.installed()),
        )
        if not there
    ]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    week.settings["digest"] = {"look": True}
    week.write()
    told = week.json("digest", "check", "--as-of", MONDAY, "--out", "looks")
    assert (told["holds"], told["findings"], told["not_asked"]) == (False, [], [])
    seen = sorted(path.name for path in (week.folder / "looks").iterdir())
    assert seen == [
        f"2019-W26-{language}-{width}-{scheme}.png"
        for language in ("en", "ko")
        for width in (375, 640)
        for scheme in ("dark", "light")
    ]
