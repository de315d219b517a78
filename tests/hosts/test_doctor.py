"""`aggregator doctor`: a real mail server, name server and site, and none at all."""

from __future__ import annotations

import mailbox
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.hosts.conftest import Place, rss
from tests.make import NOW
from tests.name_server import NameServer
from tests.returned import SECRET
from tests.servers import MailServer, Reply

pytestmark = pytest.mark.slow

ADDRESS = "8.8.4.4"


@pytest.fixture
def names() -> Iterator[NameServer]:
    with NameServer() as server:
        server.txt("example.org", f"v=spf1 ip4:{ADDRESS} -all")
        server.txt("_dmarc.example.org", "v=DMARC1; p=quarantine")
        server.records |= {
            ("example.org", "MX"): ["10 mx.example.org."],
            ("localhost", "A"): [ADDRESS],
            ("4.4.8.8.in-addr.arpa", "PTR"): ["localhost."],
        }
        yield server


@pytest.fixture
def whole(place: Place, mail: MailServer) -> Place:
    """An installation that mails; its site is the test's web server."""
    place.publish("wire", rss(("a", "Kim Jong Un speaks", NOW)))
    place.web.add("/", Reply(body="x"))
    place.settings |= {
        "mail": {"sender": "digest@example.org"},
        "bounces": {"address": "bounces@example.org"},
        "site": {"url": f"http://localhost:{place.web.port}"},
    }
    box = mailbox.Maildir(place.folder / "returned")
    box.add(b"x")
    place.environ |= {
        "AGGREGATOR_SMTP_URL": f"smtp://{mail.address}",
        "AGGREGATOR_BOUNCES_URL": f"maildir:{place.folder / 'returned'}",
        "AGGREGATOR_SECRET": "8f1c4be2a90d7735e1b3c6a84f02d9ce",
    }
    place.write()
    return place


def rows(place: Place, *arguments: str, expect: int = 0) -> dict[str, Any]:
    found = place.json("doctor", *arguments, expect=expect)
    return {row["what"]: row for row in found}


def test_21_the_doctor_looks_at_everything(whole: Place, names: NameServer) -> None:
    found = rows(whole, "--dns", names.address)
    assert {what: row["state"] for what, row in found.items()} == {
        "configuration": "ok",
        "clock": "unchecked",  # the test's web server tells no date
        "program": "ok",
        "data folder": "ok",
        "secret": "ok",
        "database": "ok",
        "feeds": "ok",
        "tags": "ok",
        "subscribers": "warning",
        "templates": "ok",
        "mail": "ok",
        "spf": "ok",
        "dkim": "warning",
        "dmarc": "ok",
        "ptr": "ok",
        "mx": "ok",
        "bounces": "ok",
        "site": "warning",
    }
    assert found["dmarc"]["found"] == "p=quarantine, SPF aligned with example.org"


def test_21_what_fails_is_told_with_what_to_do(whole: Place, names: NameServer) -> None:
    names.txt("example.org", "v=spf1 -all")
    del names.records["4.4.8.8.in-addr.arpa", "PTR"]
    whole.environ["AGGREGATOR_DNS"] = names.address
    found = rows(whole, expect=1)
    assert (found["spf"]["state"], found["ptr"]["state"]) == ("failed", "failed")
    assert found["dmarc"]["state"] == "failed"  # SPF does not pass, and nothing is signed
    said = whole.run("doctor", expect=1)
    assert f"does not name this machine ({ADDRESS})" in " ".join(said.split())
    assert "→ add what is missing" in said
    assert "3 failed" in said


def test_21_the_key_in_dns_is_the_one_that_signs(whole: Place, names: NameServer) -> None:
    made = whole.json("mail", "dkim", "key.pem", "--selector", "s1")
    whole.environ["AGGREGATOR_DKIM_KEY_FILE"] = str(whole.folder / "key.pem")
    whole.settings["mail"]["dkim_selector"] = "s1"
    whole.write()
    missing = rows(whole, "--dns", names.address, expect=1)["dkim"]
    assert missing["state"] == "failed"
    assert made["record"] in missing["advice"]
    names.txt(made["name"], made["record"])
    found = rows(whole, "--dns", names.address)
    assert found["dkim"]["state"] == "ok"
    assert found["dmarc"]["found"] == "p=quarantine, DKIM and SPF aligned with example.org"


def test_21_a_mail_server_that_does_not_let_us_in(whole: Place, names: NameServer) -> None:
    whole.environ["AGGREGATOR_SMTP_URL"] = "smtp://user:pass-word@127.0.0.1:9"
    said = whole.run("doctor", "--dns", names.address, expect=1)
    assert "refused" in said
    assert "pass-word" not in said


def test_templates_that_cannot_be_read_or_made(whole: Place, names: NameServer) -> None:
    own = whole.folder / "templates/mail"
    own.mkdir(parents=True)
    (own / "digest.txt").write_text("{% if %}")
    found = rows(whole, "--dns", names.address, expect=1)
    assert found["templates"]["state"] == "failed"
    assert "mail/digest.txt:1" in found["templates"]["found"]
    (own / "digest.txt").write_text("{{ nothing.of.that.name }}")
    assert rows(whole, "--dns", names.address, expect=1)["templates"]["state"] == "failed"


def test_the_time_of_a_server_is_compared(whole: Place, names: NameServer) -> None:
    date = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")
    whole.web.add("/", Reply(body="x", headers=(date,)))
    clock = rows(whole, "--dns", names.address)["clock"]
    assert clock["state"] == "warning"
    assert "ahead" in clock["found"]


def test_21_without_a_network_it_ends_soon_and_claims_nothing(whole: Place) -> None:
    """Name server and mail server take what is sent to them and say nothing."""
    with NameServer() as names, socket.create_server(("127.0.0.1", 0)) as mute:
        names.silent = {"example.org", "_dmarc.example.org", "localhost"}
        whole.environ["AGGREGATOR_SMTP_URL"] = f"smtp://127.0.0.1:{mute.getsockname()[1]}"
        held: list[socket.socket] = []
        threading.Thread(target=lambda: held.append(mute.accept()[0]), daemon=True).start()
        started = time.monotonic()
        found = rows(whole, "--dns", names.address, expect=1)
        assert time.monotonic() - started < 10
        for each in held:
            each.close()
    told = {what: found[what]["found"] for what in ("spf", "dmarc", "ptr", "mx")}
    assert set(told.values()) == {"not checked: no DNS answer"}
    assert found["mail"]["state"] == "failed"


def test_what_is_no_name_server_is_told(whole: Place) -> None:
    assert "is no name server" in whole.run("doctor", "--dns", "example.org", expect=2)


def test_a_weak_secret_is_told_and_not_shown(whole: Place, names: NameServer) -> None:
    whole.environ["AGGREGATOR_SECRET"] = SECRET.decode()
    said = whole.run("doctor", "--dns", names.address, expect=1)
    assert "it can be guessed" in said
    assert SECRET.decode() not in said
