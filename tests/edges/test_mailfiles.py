"""Letters as files: a Maildir that mail programs can read, each letter once."""

from __future__ import annotations

import mailbox
from pathlib import Path

import pytest

from aggregator.edges.mailfiles import MaildirSend
from aggregator.edges.smtp import open_send
from aggregator.model import Mail, Sent
from aggregator.rules import MailRules

BODY = b"Subject: Digest\r\nMessage-ID: <m1@example.org>\r\n\r\nThe week.\r\n"


def mail(id: str = "2019-W26.s1", message: bytes = BODY) -> Mail:
    return Mail(id=id, sender="a@example.org", recipient="r@example.org", message=message)


def yes() -> bool:
    return True


def test_a_letter_is_delivered_into_a_maildir(tmp_path: Path) -> None:
    out = open_send(f"maildir:{tmp_path}/Mail", MailRules(), tmp_path / "outbox")
    assert isinstance(out, MaildirSend)
    assert out(mail(), yes).result is Sent.SENT
    out.close()
    box = mailbox.Maildir(tmp_path / "Mail", create=False)
    (message,) = box
    assert message["Subject"] == "Digest"
    assert message.get_subdir() == "new"
    assert message.get_payload() == "The week.\n"
    assert list((tmp_path / "Mail/tmp").iterdir()) == []


def test_the_same_letter_again_is_no_second_one(tmp_path: Path) -> None:
    out = MaildirSend(tmp_path)
    for _ in range(2):
        assert out(mail(), yes).result is Sent.SENT
    assert len(list((tmp_path / "new").iterdir())) == 1
    (letter,) = (tmp_path / "new").iterdir()
    letter.rename(tmp_path / "cur" / f"{letter.name}:2,S")  # somebody read it
    assert out(mail(), yes).detail == "was delivered before"
    assert list((tmp_path / "new").iterdir()) == []
    assert out(mail("2019-W26.s2"), yes).result is Sent.SENT
    assert len(mailbox.Maildir(tmp_path)) == 2


def test_one_that_was_withdrawn_leaves_nothing(tmp_path: Path) -> None:
    assert MaildirSend(tmp_path)(mail(), lambda: False).result is Sent.LATER
    with pytest.raises(LookupError):
        MaildirSend(tmp_path)(mail(), _broken)
    assert [f for f in tmp_path.rglob("*") if f.is_file()] == []


def _broken() -> bool:
    raise LookupError("the database is away")


def test_ids_never_leave_the_folder(tmp_path: Path) -> None:
    MaildirSend(tmp_path / "Mail")(mail("../../etc/x:2,S"), yes)
    assert [f.name for f in tmp_path.rglob("*") if f.is_file()] == ["_.._etc_x_2_S"]


def test_a_folder_that_cannot_be_made_puts_the_letter_off(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    answer = MaildirSend(tmp_path / "taken")(mail(), yes)
    assert (answer.result, answer.code) == (Sent.LATER, 0)
    assert "taken" in answer.detail
