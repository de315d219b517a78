"""`aggregator subscribers`, and the mail that a sign-up is answered with."""

from __future__ import annotations

import email
import email.policy
import re
import urllib.parse
import urllib.request

import pytest

from tests.hosts.conftest import Place
from tests.hosts.test_crash import wait_for
from tests.hosts.test_run import running, stop
from tests.servers import MailServer

FULL = (
    "id,address,name,timezone,language,status,consent_at,consent_source,cadence,weekday,hour,"
    "topics,groups,languages,paused_until\n"
    "a1,김@보기.한국,김,Asia/Seoul,ko,active,2019-01-02T00:00:00+00:00,form,weekly,4,8,"
    "talks weapons,seoul,en ko,\n"
    "a2,two@example.org,,,en,paused,,list,daily,,,,,,2099-01-02T00:00:00+00:00\n"
    "a3,gone@example.org,,,en,unsubscribed,,list,weekly,,,,,,\n"
)


@pytest.fixture
def empty(place: Place) -> Place:
    place.write()
    return place


def test_what_is_exported_can_be_imported(empty: Place) -> None:
    (empty.folder / "list.csv").write_text(FULL, "utf-8")
    assert "3 added" in empty.run("subscribers", "import", "list.csv")
    exported = empty.run("subscribers", "export").replace("\r\n", "\n")
    assert sorted(exported.splitlines()) == sorted(FULL.splitlines())
    assert "0 added, 3 left as they were" in empty.run("subscribers", "import", "list.csv")
    first = empty.json("subscribers", "list")[-1]
    assert (first["address"], first["topics"], first["hour"]) == (
        "김@보기.한국",
        ["talks", "weapons"],
        8,
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("nonsense,form,,,,,,", '"nonsense" is no e-mail address'),
        (",form,,,,,,", "is no e-mail address"),
        ("a@example.org,,,,,,,", "no consent source"),
        ("a@example.org,form,xx,,,,,", 'language: "xx" is none of en, ko'),
        ("a@example.org,form,,25,,,,", "hour: "),
        ("a@example.org,form,,,Mars/Olympus,,,", "timezone: "),
        ("a@example.org,form,,,,talks mars,,", 'topics: "mars" is none of'),
        ("a@example.org,form,,,,,2999-01-01,", "consent_at: "),
        ("a@example.org,form,,,,,yesterday,", "consent_at: "),
        ("a@example.org,form,,,,,,9,more", "more fields"),
        ("a@example.org,form,,,,,,pending", 'status: "pending" is none of'),
    ],
)
def test_a_fault_of_a_list_is_told_with_its_line(empty: Place, row: str, said: str) -> None:
    (empty.folder / "list.csv").write_text(
        "address,consent_source,language,hour,timezone,topics,consent_at,status\n"
        f"ok@example.org,form,,,,,,\n{row}\n",
        "utf-8",
    )
    told = empty.run("subscribers", "import", "list.csv", expect=1)
    assert "list.csv:3: " in told
    assert said in told
    assert "1 added" in told


def test_an_unknown_column_is_no_silent_loss(empty: Place) -> None:
    (empty.folder / "list.csv").write_text("address,langauge\na@example.org,ko\n", "utf-8")
    told = empty.run("subscribers", "import", "list.csv", "--consent-source", "x", expect=1)
    assert 'list.csv:1: unknown column "langauge"' in told


def test_34_an_erased_address_stays_out_of_every_list(empty: Place) -> None:
    (empty.folder / "list.csv").write_text(FULL, "utf-8")
    empty.run("subscribers", "import", "list.csv")
    empty.run("subscribers", "erase", "TWO@example.org")
    assert "0 added" in empty.run("subscribers", "import", "list.csv")
    assert "suppressed (erased)" in empty.run("subscribers", "add", "two@example.org", expect=1)
    assert "two@" not in empty.run("subscribers", "export")
    assert "nothing is known" in empty.run("subscribers", "erase", "two@example.org", expect=1)
    empty.run("subscribers", "unsuppress", "Two@example.org")
    empty.run("subscribers", "add", "two@example.org")


def test_a_suppressed_address_is_let_in_by_the_operator_alone(empty: Place) -> None:
    empty.run("subscribers", "add", "a@example.org")
    empty.run("subscribers", "suppress", "a@example.org", "--detail", "asked by phone")
    assert empty.json("subscribers", "list")[0]["status"] == "unsubscribed"
    assert "suppressed (operator)" in empty.run("subscribers", "add", "a@example.org", expect=1)
    assert "already" in empty.run("subscribers", "suppress", "a@example.org", expect=1)
    empty.run("subscribers", "unsuppress", "a@example.org")
    assert "not suppressed" in empty.run("subscribers", "unsuppress", "a@example.org", expect=1)
    assert "added" in empty.run("subscribers", "add", "a@example.org")
    assert empty.json("subscribers", "list")[0]["status"] == "active"


@pytest.mark.parametrize("command", ["add", "remove", "erase", "suppress", "unsuppress"])
def test_what_is_no_address_is_bad_usage(empty: Place, command: str) -> None:
    assert "no e-mail address" in empty.run("subscribers", command, "nonsense", expect=2)


# ── the mail ─────────────────────────────────────────────────────────────────────────────────────


def post(url: str, **fields: str) -> str:
    request = urllib.request.Request(url, data=urllib.parse.urlencode(fields).encode())
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())


def test_25_from_the_form_to_the_first_letter(place: Place, mail: MailServer) -> None:
    """The whole way, in one running program."""
    place.environ["AGGREGATOR_SMTP_URL"] = f"smtp://{mail.address}"
    place.write()
    with running(place) as (address, process):
        said = post(
            f"{address}/ko/subscribe", address="new@example.org", language="ko", cadence="weekly"
        )
        assert "메일함" in said
        wait_for(lambda: len(mail.letters) == 1, "the mail", 30)
        (letter,) = mail.letters
        assert letter.recipients == ("new@example.org",)
        message = email.message_from_bytes(letter.message, policy=email.policy.default)
        body = message.get_body(("plain",))
        assert body is not None
        found = re.search(r"/confirm/\S+", body.get_content())
        assert found
        assert "구독이 시작되었습니다" in post(f"{address}{found[0]}")
        assert stop(process) < 5
    (reader,) = place.json("subscribers", "list")
    assert (reader["address"], reader["language"]) == ("new@example.org", "ko")
