"""Letters that come back: from the return path of a letter to the reader who gets no more."""

from __future__ import annotations

import http.client
import io
import json
import logging
import mailbox
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from aggregator import jobs
from aggregator.config import Loaded
from aggregator.hosts.web import application
from aggregator.model import NoBounce, Subscriber
from aggregator.ports import Tools
from aggregator.rules import Bounces, Configuration, Digest, MailRules, Site
from aggregator.steps import verp
from aggregator.wiring import mailbox_of, open_tools
from tests import make
from tests.hosts.conftest import AGGREGATOR, Place
from tests.hosts.test_crash import wait_for
from tests.hosts.test_run import running, stop
from tests.imap import ImapServer
from tests.returned import FOLDER, SECRET, sample
from tests.servers import MailServer

pytestmark = pytest.mark.slow

READERS = ("one", "two", "three")
TOKEN = "a token of the tests"
LETTER = "2019-W26.one"


@contextmanager
def installation(folder: Path, *, mail_url: str = "", **bounces: Any) -> Iterator[Tools]:
    """Three readers and an issue that is composed, not yet sent."""
    loaded = Loaded(
        config=Configuration(
            digest=Digest(look=False),
            site=Site(url="https://news.example.org"),
            mail=MailRules(url=SecretStr(mail_url)),
            bounces=Bounces(address="bounces@example.org", **bounces),
        ),
        feeds={"example-wire": make.feed()},
        path=folder / "feeds.yaml",
        data=folder,
        secret=SECRET,
    )
    with open_tools(loaded, as_of=make.NOW + timedelta(days=2)) as tools:
        jobs.register(replace(tools, clock=lambda: make.NOW - timedelta(days=9)))
        for id in READERS:
            address = f"{id}@readers.example.net"
            tools.store.add_subscriber(Subscriber(id=id, address=address), make.NOW)
        assert [issue.period.name for issue in jobs.compose(tools)] == ["2019-W25", "2019-W26"][-1:]
        yield tools


@pytest.fixture
def sent(tmp_path: Path) -> Iterator[Tools]:
    with installation(tmp_path, hook_token=SecretStr(TOKEN)) as tools:
        assert jobs.deliver(tools).states == {"sent": 3}
        yield tools


def statuses(tools: Tools) -> dict[str, str]:
    return {reader.id: reader.status for reader in tools.store.subscribers()}


# ── the return path ──────────────────────────────────────────────────────────────────────────────


def test_32_each_letter_leaves_with_a_return_path_of_its_own(
    tmp_path: Path, mail: MailServer
) -> None:
    with installation(tmp_path, mail_url=f"smtp://{mail.address}") as tools:
        assert jobs.deliver(tools).states == {"sent": 3}
    for letter in mail.letters:
        (recipient,) = letter.recipients
        id = f"2019-W26.{recipient.partition('@')[0]}"
        assert letter.sender == verp.return_path(SECRET, id, "bounces@example.org")
        assert verp.letter_of(SECRET, letter.sender) == id
        assert b"From: " in letter.message
        assert b"bounces" not in letter.message
        assert b"digest@news.example.org" in letter.message


def test_without_an_address_letters_come_back_to_the_sender(place: Place, mail: MailServer) -> None:
    with installation(place.folder, mail_url=f"smtp://{mail.address}") as tools:
        config = tools.config.model_copy(update={"bounces": Bounces()})
        jobs.deliver(replace(tools, config=config))
    assert {letter.sender for letter in mail.letters} == {"digest@news.example.org"}


def test_30_a_refusal_while_sending_counts_as_a_bounce(tmp_path: Path, mail: MailServer) -> None:
    mail.rcpt["one@readers.example.net"] = "550 5.1.1 <one@readers.example.net> unknown"
    mail.data["two@readers.example.net"] = "554 5.7.1 we do not like you"
    with installation(tmp_path, mail_url=f"smtp://{mail.address}") as tools:
        assert jobs.deliver(tools).states == {"failed": 2, "sent": 1}
        assert statuses(tools) == {"one": "unsubscribed", "two": "active", "three": "active"}
        noted = {each.letter: (each.kind, each.effect) for each in tools.store.bounces(9)}
    assert noted == {"2019-W26.one": ("hard", "bounce"), "2019-W26.two": ("policy", None)}


# ── intake ───────────────────────────────────────────────────────────────────────────────────────


def test_33_what_a_report_does_to_its_reader(sent: Tools) -> None:
    def take(name: str, letter: str, **changes: Any) -> jobs.Taken:
        return jobs.take_message(sent, sample(name, letter=letter, **changes))

    assert take("postfix_delayed", "2019-W26.one").what == "delayed"
    assert take("gmail_full", "2019-W26.one").what == "soft"
    assert take("refused_as_spam", "2019-W26.one").what == "policy"
    assert take("complaint", "2019-W26.two", secret=b"a guess").what is NoBounce.UNPROVEN
    assert statuses(sent) == dict.fromkeys(READERS, "active")
    assert take("qmail", "2019-W26.one").effect == "bounce"
    assert take("complaint", "2019-W26.two").effect == "complaint"
    assert statuses(sent) == {"one": "unsubscribed", "two": "unsubscribed", "three": "active"}
    assert sent.store.suppression("one@readers.example.net") == "bounce"
    assert sent.store.suppression("two@readers.example.net") == "complaint"
    assert take("qmail", "2019-W26.nobody").what == "stray"


def test_33_a_report_that_is_read_twice_changes_nothing(sent: Tools) -> None:
    message = sample("gmail_full", letter=LETTER)
    assert [jobs.take_message(sent, message).what for _ in range(3)] == ["soft", "known", "known"]
    assert len(sent.store.bounces(9)) == 1


@pytest.fixture(params=["maildir", "imap"])
def returned(request: pytest.FixtureRequest, sent: Tools, tmp_path: Path) -> Iterator[Any]:
    """(tools that read a mailbox, how a message gets into it, flags of each message)"""

    def reading(url: str) -> Tools:
        bounces = sent.config.bounces.model_copy(update={"mailbox": SecretStr(url)})
        config = sent.config.model_copy(update={"bounces": bounces})
        loaded = Loaded(config=config, feeds={}, path=tmp_path, data=tmp_path, secret=SECRET)
        return replace(sent, open_mailbox=mailbox_of(loaded))

    if request.param == "maildir":
        box = mailbox.Maildir(tmp_path / "returned")
        yield (
            reading(f"maildir:{tmp_path / 'returned'}"),
            box.add,
            lambda: [m.get_flags() for m in box],
        )
        return
    with ImapServer() as server:

        def flags() -> list[str]:
            return ["".join(sorted(flag[1] for flag in each)) for each in server.flags()]

        yield reading(f"imap://bounces:geheim@127.0.0.1:{server.port}/"), server.put, flags


def test_a_mailbox_is_read_and_marked(returned: Any) -> None:
    tools, put, flags = returned
    for message in (
        sample("postfix_unknown_user", letter="2019-W26.one"),
        sample("gmail_full", letter="2019-W26.two"),
        sample("complaint", letter="2019-W26.three", secret=b"a guess"),
        sample("out_of_office", letter="2019-W26.three"),
        sample("reply", letter="2019-W26.three"),
    ):
        put(message)
    read = {"hard": 1, "soft": 1, "unproven": 1, "auto-reply": 1, "other": 1}
    assert {str(what): n for what, n in jobs.read_mailbox(tools).items()} == read
    assert statuses(tools) == {"one": "unsubscribed", "two": "active", "three": "active"}
    assert sorted(flags()) == ["FS", "FS", "S", "S", "S"]
    assert jobs.read_mailbox(tools) == {}


def test_a_crash_between_effect_and_mark_changes_nothing(returned: Any) -> None:
    tools, put, flags = returned
    put(sample("gmail_full", letter=LETTER))
    with pytest.raises(KeyboardInterrupt):
        jobs.read_mailbox(replace(tools, clock=_interrupted(tools)))
    assert flags() == [""]
    assert jobs.read_mailbox(tools) == {"soft": 1}
    assert len(tools.store.bounces(9)) == 1


def _interrupted(tools: Tools) -> Any:
    def clock() -> Any:
        raise KeyboardInterrupt

    return clock


def test_the_program_reads_its_mailbox_by_itself(place: Place) -> None:
    box = mailbox.Maildir(place.folder / "returned")
    box.add(sample("qmail"))
    place.environ |= {
        "AGGREGATOR_BOUNCES_URL": f"maildir:{place.folder / 'returned'}",
        "AGGREGATOR_SECRET": SECRET.decode(),
    }
    place.write()
    with running(place) as (_, process):
        wait_for(lambda: [m.get_flags() for m in box] == ["S"], "the message to be read", 30)
        stop(process)


# ── the pipe of a mail server ────────────────────────────────────────────────────────────────────


@pytest.fixture
def mailed(place: Place, mail: MailServer) -> Place:
    """A place whose one reader got a letter, and the secret of the samples."""
    place.environ |= {
        "AGGREGATOR_SECRET": SECRET.decode(),
        "AGGREGATOR_SMTP_URL": f"smtp://{mail.address}",
    }
    place.settings["bounces"] = {"address": "bounces@example.org"}
    place.publish("wire", b"<rss version='2.0'><channel><title>x</title></channel></rss>")
    place.write()
    place.run("poll", "--as-of", "2019-06-20T07:00:00Z")
    place.run("subscribers", "add", "one@example.net", "--consent-source", "test")
    sent = place.json("digest", "send", "--as-of", "2019-07-01T09:00:00+09:00")
    assert sent["letters"] == {"sent": 1}
    return place


def letter_of(mail: MailServer) -> str:
    found = verp.letter_of(SECRET, mail.letters[0].sender)
    assert found is not None
    return found


def test_a_message_is_piped_in(mailed: Place, mail: MailServer) -> None:
    message = sample("exim_vague_status", letter=letter_of(mail))
    command = [*AGGREGATOR, "bounces", "read", "-", "--json"]
    done = subprocess.run(
        command, input=message, cwd=mailed.folder, env=mailed.environment(), capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"hard": 1}
    assert b"@" not in done.stderr
    (noted,) = mailed.json("bounces", "list")
    assert (noted["letter"], noted["effect"]) == (letter_of(mail), "bounce")
    assert [s["status"] for s in mailed.json("subscribers", "list")] == ["unsubscribed"]
    assert "5.1.1" in mailed.run("bounces", "list")
    (line,) = mailed.json("digest", "ledger", "--recipients")["recipients"]
    assert (line["state"], line["came_back"]) == ("sent", "hard 5.1.1")
    again = mailed.folder / "again.eml"
    again.write_bytes(message)
    assert mailed.json("bounces", "read", str(again)) == {"known": 1}


def test_the_mail_server_may_tell_the_recipient(mailed: Place, mail: MailServer) -> None:
    file = mailed.folder / "m.eml"
    file.write_bytes(sample("postfix_expired", verp_kept=False))
    assert mailed.json("bounces", "read", str(file)) == {"unproven": 1}
    path = mail.letters[0].sender.lower()
    assert mailed.json("bounces", "read", str(file), "--recipient", path) == {"soft": 1}


def test_exit_codes_are_those_of_sysexits(mailed: Place) -> None:
    mailed.run("bounces", "read", expect=2)
    assert "cannot be read" in mailed.run("bounces", "read", "nowhere.eml", expect=66)
    file = mailed.folder / "reply.eml"
    file.write_bytes((FOLDER / "reply.eml").read_bytes())
    assert mailed.run("bounces", "read", str(file)) == "1 other\n"
    (mailed.folder / "data/aggregator.db").write_bytes(b"no database at all" * 1000)
    mailed.run("bounces", "read", str(file), expect=75)
    mailed.settings["bounces"] = {"address": "much-too-long-a-name-for-it@example.org"}
    mailed.write()
    said = mailed.run("bounces", "read", str(file), expect=75)
    assert "at most 19 letters" in said


# ── the hook ─────────────────────────────────────────────────────────────────────────────────────


def post(tools: Tools, body: Any, *, token: str = TOKEN, kind: str = "application/json") -> Any:
    bearer = f"Bearer {token}".encode()
    headers = [(b"Authorization", bearer), (b"Content-Type", kind.encode())]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with TestClient(application(tools)) as client:
        return client.post("/hooks/bounces", content=content, headers=headers)


def test_a_service_may_send_the_message_itself(sent: Tools) -> None:
    message = sample("gmail_full", letter=LETTER)
    assert post(sent, message, kind="message/rfc822").json() == {"soft": 1}
    assert post(sent, message, kind="message/rfc822; x=y").json() == {"known": 1}
    forged = sample("qmail", letter=LETTER, secret=b"a guess")
    assert post(sent, forged, kind="message/rfc822").json() == {"unproven": 1}


def test_a_service_may_send_events(sent: Tools) -> None:
    events = [
        {"letter": LETTER, "event": "bounce", "status": "5.1.1", "detail": "no <one@example.net>"},
        {"address": "Two@readers.example.net", "event": "complaint"},
        {"letter": "2019-W26.three", "event": "delayed", "status": "4.2.2"},
        {"address": "three@readers.example.net", "event": "delivered"},
        {"address": "nobody@example.net", "event": "bounce"},
    ]
    told = {"hard": 1, "complaint": 1, "delayed": 1, "delivered": 1, "stray": 1}
    assert post(sent, events).json() == told
    assert post(sent, events).json() == {"known": 3, "delivered": 1, "stray": 1}
    assert statuses(sent) == {"one": "unsubscribed", "two": "unsubscribed", "three": "active"}
    assert {each.detail for each in sent.store.bounces(9)} == {"", "no <…@example.net>"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        ({}, "expected a list of at most 1000 events"),
        ([{}] * 1001, "expected a list of at most 1000 events"),
        ([1], "[0]: expected an object of texts"),
        ([{"letter": 1}], "[0]: expected an object of texts"),
        ([{"letter": "a", "adress": "b"}], "[0].adress: unknown key"),
        ([{"event": "bounce"}], '[0]: expected either "letter" or "address"'),
        ([{"letter": "a", "event": "opened"}], "[0].event: expected one of bounce, complaint, "),
        (
            [
                {"letter": "a", "event": "bounce"},
                {"letter": "a", "event": "bounce", "status": "550"},
            ],
            "[1].status: expected a status of RFC 3463",
        ),
    ],
    ids=str,
)
def test_events_that_cannot_be_read_are_told_and_none_is_taken(
    sent: Tools, body: Any, said: str
) -> None:
    answer = post(sent, body)
    assert answer.status_code == 400
    assert answer.text.startswith(said)
    assert sent.store.bounces(9) == ()


def test_only_the_token_opens_the_hook(sent: Tools) -> None:
    for token in ("", "wrong", TOKEN[:-1], TOKEN + "x", "ключ"):
        answer = post(sent, [], token=token)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    with TestClient(application(sent)) as client:
        assert client.post("/hooks/bounces", content=b"[]").status_code == 401
        assert client.get("/hooks/bounces").status_code == 405
    assert post(sent, b"x", kind="text/plain").status_code == 415
    assert post(sent, b"x" * 1_000_001, kind="message/rfc822").status_code == 413
    assert post(sent, []).json() == {}


def test_without_a_token_there_is_no_hook(sent: Tools) -> None:
    config = sent.config.model_copy(update={"bounces": Bounces()})
    for token in ("", "x"):
        assert post(replace(sent, config=config), [], token=token).status_code == 404


def test_the_hook_of_a_running_program(place: Place) -> None:
    place.environ |= {"AGGREGATOR_HOOK_TOKEN": TOKEN, "AGGREGATOR_SECRET": SECRET.decode()}
    place.write()
    with running(place) as (address, process):
        host, _, port = address.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "message/rfc822"}
        connection.request("POST", "/hooks/bounces", sample("qmail"), headers)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())) == (200, {"stray": 1})
        connection.close()
        stop(process)


# ── privacy ──────────────────────────────────────────────────────────────────────────────────────


def test_no_address_is_in_a_log(sent: Tools, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for path in FOLDER.glob("*.eml"):
        for kept in (True, False):
            jobs.take_message(sent, sample(path.stem, letter=LETTER, verp_kept=kept))
    post(sent, [{"address": "two@readers.example.net", "event": "bounce", "detail": "<a@b.org>"}])
    post(sent, [{"address": "two@readers.example.net", "event": "?"}])
    told = io.StringIO()
    for record in caplog.records:
        if not record.name.startswith(("httpx", "asyncio")):
            told.write(f"{record.getMessage()} {record.__dict__}\n")
    assert LETTER in told.getvalue()
    assert "@" not in told.getvalue()
