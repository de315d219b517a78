"""Sending as the operator sees it: servers that say no, late issues, keys, and what is logged."""

from __future__ import annotations

import json
import stat
import time
from datetime import UTC, datetime
from pathlib import Path

import dkim
import pytest

from tests.hosts.conftest import Place, rss
from tests.servers import MailServer

pytestmark = pytest.mark.slow

AT = datetime(2019, 6, 27, 6, 0, tzinfo=UTC)
MONDAY = "2019-07-01T09:00:00+09:00"


def subscribe(place: Place, *addresses: str, language: str = "en") -> None:
    rows = "".join(f"{address},{language},test\n" for address in addresses)
    (place.folder / "list.csv").write_text(f"address,language,consent_source\n{rows}", "utf-8")
    place.run("subscribers", "import", "list.csv")


def states(place: Place) -> dict[str, int]:
    ledger = place.json("digest", "ledger")
    assert sum(ledger["states"].values()) == ledger["audience"]
    found: dict[str, int] = ledger["states"]
    return found


@pytest.fixture
def week(place: Place, mail: MailServer) -> Place:
    """A polled week with one relevant article, and a mail server."""
    place.publish("wire", rss(("dmz", "Trump and Kim Jong Un meet at Panmunjom", AT)))
    place.write()
    place.run("poll", "--all", "--as-of", "2019-06-27T07:00:00Z")
    place.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    return place


def got(mail: MailServer) -> list[str]:
    return sorted(recipient for letter in mail.letters for recipient in letter.recipients)


def test_8_who_leaves_mid_send_gets_no_letter(week: Place, mail: MailServer) -> None:
    week.settings["mail"] = {"connections": 1}
    week.write()
    people = [f"r{n}@example.org" for n in range(4)]
    subscribe(week, *people)
    mail.after = 3.0  # the first letter waits for its answer, the others are claimed
    sender = week.start("digest", "send", "--as-of", MONDAY)
    while not mail.sessions or "dot" not in states(week):
        assert sender.poll() is None
        time.sleep(0.01)
    mail.after = 0.0
    lines = week.json("digest", "ledger", "--recipients")["recipients"]
    (first,) = (line["address"] for line in lines if line["state"] == "dot")
    second, third, fourth = (address for address in people if address != first)
    for address in (first, second, third):
        week.run("subscribers", "remove", address)
    sender.communicate(timeout=60)
    assert got(mail) == sorted([first, fourth])
    assert states(week) == {"sent": 2, "suppressed": 2}


def test_31_an_issue_past_its_window_is_held_until_the_operator_releases_it(
    week: Place, mail: MailServer
) -> None:
    subscribe(week, "one@example.org", "two@example.org")
    late = "2019-07-06T09:00:00+09:00"
    week.json("digest", "send", "--week", "2019-W25", "--as-of", "2019-06-25T00:00:00Z")
    mail.letters.clear()
    done = week.json("digest", "send", "--as-of", late)
    assert [i["period"] for i in done["issues"]] == ["2019-W26"]
    assert (done["letters"], mail.letters) == ({}, [])
    assert states(week) == {"held": 2}
    assert week.json("digest", "release", "--as-of", late) == {"period": "2019-W26", "letters": 2}
    assert week.json("digest", "send", "--as-of", late)["letters"] == {"sent": 2}
    assert states(week) == {"sent": 2}


def test_31_letters_left_over_by_a_long_outage_are_held(week: Place, mail: MailServer) -> None:
    subscribe(week, "one@example.org", "two@example.org")
    mail.greeting = "554 5.7.1 not today"
    week.json("digest", "send", "--as-of", MONDAY, expect=1)
    mail.greeting = ""
    done = week.json("digest", "send", "--as-of", "2019-07-08T06:00:00+09:00")
    assert done["letters"] == {}
    assert mail.letters == []
    assert states(week) == {"held": 2}
    week.run("digest", "drop")
    assert states(week) == {"suppressed": 2}


def test_an_unusual_rate_stops_one_domain_and_no_other(week: Place, mail: MailServer) -> None:
    gmail = [f"r{n}@gmail.com" for n in range(9)]
    subscribe(week, *gmail, "one@example.org", "two@example.org")
    for address in gmail:
        mail.rcpt[address] = "421 4.7.28 Gmail has detected an unusual rate of mail"
    done = week.json("digest", "send", "--as-of", MONDAY)
    assert done["letters"]["sent"] == 2
    assert done["letters"]["deferred"] <= 4, "one a connection found it out"
    mail.rcpt.clear()
    soon = week.json("digest", "send", "--as-of", "2019-07-01T09:09:59+09:00")
    assert soon["letters"] == {}
    week.json("digest", "send", "--as-of", "2019-07-01T09:10:01+09:00")
    assert got(mail) == sorted([*gmail, "one@example.org", "two@example.org"])


def test_a_mail_server_that_is_away_costs_few_attempts(week: Place, mail: MailServer) -> None:
    subscribe(week, *(f"r{n}@example.org" for n in range(40)))
    mail.greeting = "554 5.7.1 not today"
    week.json("digest", "send", "--as-of", MONDAY, expect=1)
    before = states(week)
    assert before["pending"] >= 40 - 13
    mail.greeting = ""
    assert week.json("digest", "send", "--as-of", "2019-07-01T09:06:00+09:00")["letters"] == {
        "sent": 40
    }


def test_a_broken_template_of_one_language_stops_no_other(week: Place, mail: MailServer) -> None:
    subscribe(week, "one@example.org")
    subscribe(week, "둘@example.org", "three@example.org", language="ko")
    mail.greeting = "554 5.7.1 not yet"  # or the check would hold the issue
    week.json("digest", "send", "--as-of", MONDAY, expect=1)
    mail.greeting = ""
    own = week.folder / "templates/mail"
    own.mkdir(parents=True)
    ours = Path(__file__).parents[2] / "templates/mail/digest.txt"
    broken = '{% if _("Unsubscribe") != "Unsubscribe" %}{{ nobody.knows }}{% endif %}'
    (own / "digest.txt").write_text(broken + ours.read_text("utf-8"), "utf-8")
    done = week.json("digest", "send", "--as-of", "2019-07-01T09:06:00+09:00")
    assert done["letters"] == {"sent": 1, "deferred": 2}
    assert got(mail) == ["one@example.org"]
    lines = week.json("digest", "ledger", "--recipients")["recipients"]
    told = {line["detail"] for line in lines if line["state"] == "deferred"}
    assert len(told) == 1
    assert "mail/digest.txt:1" in told.pop()
    (own / "digest.txt").unlink()
    later = week.json("digest", "send", "--as-of", "2019-07-01T09:30:00+09:00")
    assert later["letters"] == {"sent": 2}


def test_the_operator_decides_on_uncertain_letters(week: Place, mail: MailServer) -> None:
    subscribe(week, "one@example.org", "two@example.org", "three@example.org")
    for address in ("one@example.org", "two@example.org"):
        mail.cut[address] = "kept"
    week.json("digest", "send", "--as-of", MONDAY)
    mail.cut.clear()
    assert states(week) == {"uncertain": 2, "sent": 1}
    listed = week.json("digest", "uncertain")
    assert sorted(line["address"] for line in listed) == ["one@example.org", "two@example.org"]
    for wrong in (["--resend"], ["one@example.org"], ["--all", "--resend", "--give-up"]):
        week.run("digest", "uncertain", *wrong, expect=2)
    week.run("digest", "uncertain", "one@example.org", "--resend", "--as-of", MONDAY)
    week.run("digest", "uncertain", "--all", "--give-up", "--as-of", MONDAY)
    assert week.json("digest", "send", "--as-of", MONDAY)["letters"] == {"sent": 1}
    assert states(week) == {"failed": 1, "sent": 2}
    first, second = (x.message for x in mail.letters if x.recipients == ("one@example.org",))
    assert first == second, "the same Message-ID and date, so that mail programs show it once"


def test_letters_are_signed_with_the_operators_key(week: Place, mail: MailServer) -> None:
    week.settings["site"] = {"url": "https://digest.example.org"}
    week.write()
    subscribe(week, "one@example.org")
    made = week.json("mail", "dkim", "key.pem", "--selector", "s1")
    key = week.folder / "key.pem"
    assert made["name"] == "s1._domainkey.digest.example.org"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    content = key.read_bytes()
    again = week.json("mail", "dkim", "key.pem", "--selector", "s1")
    assert again == made | {"made": False}
    assert key.read_bytes() == content
    week.environ["AGGREGATOR_DKIM_KEY_FILE"] = str(key)
    said = week.run("digest", "send", "--as-of", MONDAY, expect=2)
    assert "mail.dkim_selector: missing" in said
    week.settings["mail"] = {"dkim_selector": "s1"}
    week.write()
    week.run("digest", "send", "--as-of", MONDAY)
    (letter,) = mail.letters
    record = str(made["record"]).encode()
    assert dkim.verify(letter.message, dnsfunc=lambda name, timeout=5: record)
    assert not dkim.verify(
        letter.message.replace(b"One-Click", b"No-Click"), dnsfunc=lambda name, timeout=5: record
    )


def test_no_address_and_no_token_is_logged(week: Place, mail: MailServer) -> None:
    # Each at a domain of their own: one that finds our rate unusual puts off no other.
    people = [f"person{n}@reader{n}.example" for n in range(6)]
    subscribe(week, *people)
    mail.rcpt[people[0]] = f"550 5.1.1 <{people[0]}> no such user"
    mail.rcpt[people[1]] = f"451 4.7.1 <{people[1]}> greylisted"
    mail.cut[people[2]] = "dot"
    mail.data[people[3]] = "421 4.7.28 unusual rate"
    sender = week.start("digest", "send", "--as-of", MONDAY)
    said = "".join(sender.communicate(timeout=60))
    events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert len([e for e in events if e["event"] == "letter"]) == 6
    assert "person" not in said
    for letter in mail.letters:
        token = letter.message.partition(b"/unsubscribe/")[2].partition(b">")[0].decode()
        assert token.count(".") == 1
        assert token not in said
        assert token.partition(".")[2] not in said


def test_mail_can_go_into_a_maildir(week: Place) -> None:
    week.environ["AGGREGATOR_SMTP_URL"] = f"maildir:{week.folder}/Mail"
    subscribe(week, "one@example.org", "two@example.org")
    assert week.json("digest", "send", "--as-of", MONDAY)["letters"] == {"sent": 2}
    assert len(list((week.folder / "Mail/new").iterdir())) == 2
