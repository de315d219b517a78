"""`aggregator digest`: each reader gets each issue once, whatever happens in between."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime

import pytest

from tests.hosts.conftest import Place, rss
from tests.servers import MailServer

AT = datetime(2019, 6, 27, 6, 0, tzinfo=UTC)
MONDAY = "2019-07-01T09:00:00+09:00"


@pytest.fixture
def week(place: Place) -> Place:
    """A polled week with one relevant article, and two subscribers."""
    place.publish("wire", rss(("dmz", "Trump and Kim Jong Un meet at Panmunjom", AT)))
    place.write()
    place.run("poll", "--all", "--as-of", "2019-06-27T07:00:00Z")
    for name in ("one", "two"):
        place.run("subscribers", "add", f"{name}@example.org", "--consent-source", "test")
    return place


def test_preview_writes_the_letter_and_sends_nothing(week: Place, mail: MailServer) -> None:
    week.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    made = week.json("digest", "preview", "--as-of", MONDAY, "--out", "out")
    assert made["period"] == "2019-W26"
    assert made["top"] == ["Trump and Kim Jong Un meet at Panmunjom"]
    for name in ("digest.html", "digest.txt"):
        assert "Panmunjom" in (week.folder / "out" / name).read_text("utf-8")
    letter = email.message_from_bytes(
        (week.folder / "out/digest.eml").read_bytes(), policy=email.policy.default
    )
    assert [p.get_content_type() for p in letter.iter_parts()] == ["text/plain", "text/html"]
    assert mail.letters == []


def test_send_delivers_once_and_again_sends_nothing(week: Place, mail: MailServer) -> None:
    week.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    first = week.json("digest", "send", "--as-of", MONDAY)
    assert first["letters"] == {"sent": 2}
    assert sorted(r for letter in mail.letters for r in letter.recipients) == [
        "one@example.org",
        "two@example.org",
    ]
    again = week.json("digest", "send", "--as-of", "2019-07-01T10:00:00+09:00")
    assert again == {"issues": [], "letters": {}}
    assert len(mail.letters) == 2
    ledger = week.json("digest", "ledger")
    assert ledger == {"period": "2019-W26", "audience": 2, "waiting": 0, "states": {"sent": 2}}


def test_before_its_time_nothing_is_sent(week: Place, mail: MailServer) -> None:
    week.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    early = week.json("digest", "send", "--as-of", "2019-07-01T06:59:00+09:00")
    assert early == {"issues": [], "letters": {}}


def test_a_refused_recipient_does_not_stop_the_other(week: Place, mail: MailServer) -> None:
    mail.rcpt["one@example.org"] = "550 5.1.1 no such user"
    week.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    done = week.json("digest", "send", "--as-of", MONDAY)
    assert done["letters"] == {"failed": 1, "sent": 1}
    ledger = week.json("digest", "ledger", "--recipients")
    answers = {r["address"]: r["detail"] for r in ledger["recipients"]}
    assert "no such user" in answers["one@example.org"]


def test_a_letter_that_is_put_off_goes_out_later(week: Place, mail: MailServer) -> None:
    mail.rcpt["one@example.org"] = "451 4.7.1 try again later"
    week.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    assert week.json("digest", "send", "--as-of", MONDAY)["letters"] == {"deferred": 1, "sent": 1}
    mail.rcpt.clear()
    assert week.json("digest", "send", "--as-of", MONDAY)["letters"] == {}
    later = week.json("digest", "send", "--as-of", "2019-07-01T09:30:00+09:00")
    assert later["letters"] == {"sent": 1}


def test_no_answer_after_the_final_dot_is_never_sent_again(week: Place, mail: MailServer) -> None:
    mail.cut["one@example.org"] = "kept"
    week.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    done = week.json("digest", "send", "--as-of", MONDAY)
    assert done["letters"] == {"uncertain": 1, "sent": 1}
    mail.cut.clear()
    week.json("digest", "send", "--as-of", "2019-07-02T09:00:00+09:00")
    assert len(mail.letters) == 2
    assert week.json("digest", "ledger")["states"] == {"uncertain": 1, "sent": 1}


def test_without_a_mail_server_letters_are_files_and_it_says_so(week: Place) -> None:
    done = week.start("digest", "send", "--as-of", MONDAY)
    _, said = done.communicate(timeout=60)
    assert "No mail server is configured" in said
    letters = sorted((week.folder / "data/outbox").glob("*.eml"))
    assert len(letters) == 2
    message = email.message_from_bytes(letters[0].read_bytes(), policy=email.policy.default)
    assert "24–30 Jun 2019" in message["Subject"]


def test_an_unsubscribed_reader_gets_nothing(week: Place, mail: MailServer) -> None:
    week.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    week.run("subscribers", "remove", "one@example.org")
    week.json("digest", "send", "--as-of", MONDAY)
    assert [letter.recipients for letter in mail.letters] == [("two@example.org",)]


def test_a_week_that_is_not_over_is_not_sent(week: Place) -> None:
    said = week.run("digest", "send", "--week", "2019-W26", "--as-of", "2019-06-28", expect=2)
    assert "not over" in said


def test_subscribers_are_imported_with_their_consent_and_bad_lines_are_told(place: Place) -> None:
    place.write()
    (place.folder / "list.csv").write_text(
        "address,name,consent_at,consent_source\n"
        "one@example.org,One,2019-01-02,paper form\n"
        "nonsense,Two,,paper form\n"
        "three@example.org,Three,,\n",
        "utf-8",
    )
    said = place.run("subscribers", "import", "list.csv", expect=1)
    assert "list.csv:3" in said
    assert "list.csv:4" in said
    assert [s["address"] for s in place.json("subscribers", "list")] == ["one@example.org"]
