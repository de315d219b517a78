"""A real Maildir, and a real IMAP server on this machine."""

from __future__ import annotations

import contextlib
import logging
import mailbox
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.edges.mailbox import (
    ImapAccount,
    ImapMailbox,
    Maildir,
    imap_account,
    maildir_folder,
)
from aggregator.errors import AggregatorError, ConfigError
from aggregator.steps.bounces import MOST_BYTES
from tests.imap import ImapServer
from tests.servers import EXPIRED_CERTIFICATE, client_tls, server_tls

# ── Maildir ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def maildir(tmp_path: Path) -> mailbox.Maildir:
    return mailbox.Maildir(tmp_path / "bounces")


def waiting(box: Maildir) -> list[bytes]:
    return [message for _, message in box.waiting()]


def test_what_is_new_waits_until_it_was_handled(maildir: mailbox.Maildir, tmp_path: Path) -> None:
    for text in (b"a", b"b"):
        maildir.add(text)
    box = Maildir(tmp_path / "bounces")
    assert sorted(waiting(box)) == [b"a", b"b"]
    assert sorted(waiting(box)) == [b"a", b"b"]
    for n, (key, _) in enumerate(list(box.waiting())):
        box.handled(key, flagged=n == 1)
    assert waiting(box) == []
    assert sorted(message.get_flags() for message in maildir) == ["FS", "S"]
    assert {message.get_subdir() for message in maildir} == {"cur"}


def test_another_program_may_move_what_is_new(maildir: mailbox.Maildir, tmp_path: Path) -> None:
    seen, unseen = mailbox.MaildirMessage(b"seen"), mailbox.MaildirMessage(b"unseen")
    for message, flags in ((seen, "S"), (unseen, "R")):
        message.set_subdir("cur")
        message.set_flags(flags)
        maildir.add(message)
    box = Maildir(tmp_path / "bounces")
    ((key, raw),) = box.waiting()
    assert b"unseen" in raw
    box.handled(key, flagged=False)
    assert sorted(m.get_flags() for m in maildir) == ["RS", "S"]
    box.handled(key, flagged=False)  # it is gone already: nothing to do


def test_what_cannot_be_read_stays_and_is_told(
    maildir: mailbox.Maildir, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    maildir.add(b"good")
    (tmp_path / "bounces/new/00-a-folder").mkdir()
    (tmp_path / "bounces/new/.hidden").write_bytes(b"of another program")
    assert waiting(Maildir(tmp_path / "bounces")) == [b"good"]
    assert "00-a-folder: cannot be read, and stays" in caplog.text
    assert (tmp_path / "bounces/new/00-a-folder").exists()


def test_of_a_long_message_only_the_beginning_is_read(
    maildir: mailbox.Maildir, tmp_path: Path
) -> None:
    maildir.add(b"x" * (MOST_BYTES + 5))
    (message,) = waiting(Maildir(tmp_path / "bounces"))
    assert len(message) == MOST_BYTES


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(AggregatorError, match=r"nowhere: no Maildir to read: No such file"):
        list(Maildir(tmp_path / "nowhere").waiting())


# ── IMAP ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    with ImapServer(tls=server_tls()) as server:
        yield server


def opened(server: ImapServer, **changes: Any) -> ImapMailbox:
    there: dict[str, Any] = {
        "host": server.host,
        "port": server.port,
        "user": "bounces",
        "password": "geheim",
    }
    return ImapMailbox(ImapAccount(**there | changes), tls=client_tls())


@pytest.mark.parametrize("plain", [True, False])
def test_what_is_unseen_waits_until_it_was_handled(imap: ImapServer, plain: bool) -> None:
    imap.plain = plain
    for text in (b"Subject: a\r\n\r\na\r\n", b"Subject: b\r\n\r\n)\r\n{5}\r\n"):
        imap.put(text)
    with contextlib.closing(opened(imap)) as box:
        found = list(box.waiting())
        assert [m for _, m in found] == [s.message for s in imap.messages.values()]
        assert imap.flags() == [set(), set()]
        box.handled(found[0][0], flagged=False)
        box.handled(found[1][0], flagged=True)
    assert imap.flags() == [{"\\Seen"}, {"\\Seen", "\\Flagged"}]
    with contextlib.closing(opened(imap)) as box:
        assert list(box.waiting()) == []
    assert imap.logouts == 2


def test_a_crash_before_the_mark_loses_nothing(imap: ImapServer) -> None:
    imap.put(b"Subject: a\r\n\r\n")
    imap.hangs_up_at = "STORE"
    with contextlib.closing(opened(imap)) as box:
        ((key, _),) = box.waiting()
        with pytest.raises(AggregatorError, match=r"bounces\.mailbox: 127\.0\.0\.1:\d+: "):
            box.handled(key, flagged=False)
    imap.hangs_up_at = ""
    with contextlib.closing(opened(imap)) as box:
        assert len(list(box.waiting())) == 1


def test_a_message_that_was_deleted_meanwhile_is_left_out(imap: ImapServer) -> None:
    for text in (b"a", b"b"):
        imap.put(text)
    with contextlib.closing(opened(imap)) as box:
        messages = box.waiting()
        assert next(messages)[1] == b"a"
        del imap.messages[102]
        assert list(messages) == []


def test_of_a_long_message_only_the_beginning_is_fetched(imap: ImapServer) -> None:
    imap.put(b"x" * (MOST_BYTES + 5))
    with contextlib.closing(opened(imap)) as box:
        ((_, message),) = box.waiting()
    assert len(message) == MOST_BYTES


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "hunter2"}, "the server said: "),
        ({"user": "jemand@example.org", "password": "hünter2"}, "the server said: "),
        ({"folder": "hunter2"}, "the server said: "),
        ({"host": "no-such-host.invalid"}, "no DNS entry"),
    ],
)
def test_what_stands_in_the_way_is_one_sentence_without_the_password(
    imap: ImapServer, changes: dict[str, str], said: str
) -> None:
    box = opened(imap, **changes)
    with pytest.raises(AggregatorError) as raised:
        list(box.waiting())
    box.close()
    assert f": {said}" in str(raised.value)
    assert "nter2" not in str(raised.value)
    assert "jemand" not in str(raised.value)


def test_a_server_without_plain_takes_ascii_only(imap: ImapServer) -> None:
    imap.plain = False
    with pytest.raises(AggregatorError, match="ASCII letters only"):
        list(opened(imap, password="hünter2").waiting())


def test_a_certificate_that_does_not_hold_is_refused() -> None:
    with ImapServer(tls=server_tls(EXPIRED_CERTIFICATE)) as server:
        box = ImapMailbox(
            ImapAccount(host=server.host, port=server.port, user="a", password="b"),
            tls=client_tls(EXPIRED_CERTIFICATE),
        )
        with pytest.raises(AggregatorError, match="TLS: certificate has expired"):
            list(box.waiting())
        with pytest.raises(AggregatorError, match="TLS: "):
            list(ImapMailbox(box._account).waiting())


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        account = ImapAccount(host="127.0.0.1", port=free.getsockname()[1], user="a", password="b")
    with pytest.raises(AggregatorError, match="connection refused"):
        list(ImapMailbox(account).waiting())


def test_without_tls_only_on_this_machine() -> None:
    with ImapServer() as server:
        server.put(b"a")
        with contextlib.closing(opened(server, tls=False)) as box:
            assert len(list(box.waiting())) == 1


# ── addresses ────────────────────────────────────────────────────────────────────────────────────


def test_addresses_of_mailboxes() -> None:
    assert imap_account("imaps://me%40a.org:p%2Fw@imap.example.org") == ImapAccount(
        host="imap.example.org", port=993, user="me@a.org", password="p/w"
    )
    found = imap_account("imap://me:pw@localhost:1143/Bounces/Digest")
    assert (found.port, found.folder, found.tls) == (1143, "Bounces/Digest", False)
    assert maildir_folder("maildir:/var/mail/b%20c") == Path("/var/mail/b c")
    assert maildir_folder(f"maildir:{os.curdir}/b") == Path("b")


@pytest.mark.parametrize(
    "url",
    [
        "imaps://imap.example.org/INBOX",
        "imaps://hunter2@imap.example.org/",
        "imaps://me:hunter2@/INBOX",
        "imaps://me:hunter2@imap.example.org:99999",
        "imaps://me:hun/ter2@imap.example.org",
        "imaps://me:hun#ter2@imap.example.org",
        "imaps://me:pw@imap.example.org/INBOX?hunter2",
    ],
)
def test_what_is_wrong_with_an_address_is_told_without_it(url: str) -> None:
    with pytest.raises(
        ConfigError, match=r"^bounces\.mailbox \(AGGREGATOR_BOUNCES_URL\): "
    ) as told:
        imap_account(url)
    assert "ter2" not in str(told.value)


@pytest.mark.parametrize("url", ["maildir:", "maildir://host/path"])
def test_what_is_wrong_with_a_maildir_is_told(url: str) -> None:
    with pytest.raises(ConfigError, match="write maildir:PATH"):
        maildir_folder(url)


def test_nothing_of_a_mailbox_is_logged(imap: ImapServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    imap.put(b"From: reader@example.net\r\n\r\n")
    with contextlib.closing(opened(imap)) as box:
        list(box.waiting())
    assert "@" not in caplog.text
