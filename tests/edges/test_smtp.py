"""Against a real local mail server that refuses, drops and delays on demand."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.edges.mailfiles import FileSend
from aggregator.edges.relay import Relay, is_loopback, relay
from aggregator.edges.smtp import FINAL_REPLY_SECONDS, SmtpSend, _hung_up, open_send
from aggregator.errors import ConfigError
from aggregator.model import Mail, SendResult, Sent
from aggregator.rules import MailRules
from tests.servers import CERTIFICATE, EXPIRED_CERTIFICATE, MailServer, client_tls, server_tls

BODY = b"Subject: Digest\r\n\r\nThe week in Korea diplomacy.\r\n"


def mail(recipient: str = "reader@example.org", message: bytes = BODY, id: str = "m1") -> Mail:
    return Mail(id=id, sender="digest@example.org", recipient=recipient, message=message)


def rules(**changes: Any) -> MailRules:
    return MailRules(**changes)


def yes() -> bool:
    return True


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


def sending(server: MailServer, **changes: Any) -> SmtpSend:
    options = {k: changes.pop(k) for k in ("tls", "final_reply") if k in changes}
    there: dict[str, Any] = {
        "host": server.host,
        "port": server.port,
        "tls": changes.pop("tls_mode", "none"),
        "ehlo": "digest.example.org",
    }
    return SmtpSend(Relay(**there | changes), **options)


def send(server: MailServer, letter: Mail | None = None, **changes: Any) -> SendResult:
    out = sending(server, **changes)
    try:
        return out(letter or mail(), yes)
    finally:
        out.close()


def test_a_letter_arrives_as_it_is(server: MailServer) -> None:
    assert send(server) == SendResult(result=Sent.SENT, code=250, detail="2.0.0 queued")
    (letter,) = server.letters
    assert letter.sender == "digest@example.org"
    assert letter.recipients == ("reader@example.org",)
    assert letter.message == BODY
    assert letter.ehlo == "digest.example.org"
    assert f"SIZE={len(BODY)}" in letter.options


# ── what the answers mean ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("settings", "result", "code"),
    [
        ({"rcpt": {"reader@example.org": "450 4.2.0 greylisted"}}, Sent.LATER, 450),
        ({"rcpt": {"reader@example.org": "421 4.3.2 shutting down"}}, Sent.LATER, 421),
        ({"rcpt": {"reader@example.org": "550 5.1.1 no such user"}}, Sent.NEVER, 550),
        ({"data": {"reader@example.org": "451 4.3.0 disk full"}}, Sent.LATER, 451),
        ({"data": {"reader@example.org": "554 5.7.1 spam"}}, Sent.NEVER, 554),
        ({"data": {"reader@example.org": "354 what?"}}, Sent.UNCERTAIN, 354),
        ({"mail_from": "451 4.3.0 wait"}, Sent.LATER, 451),
        ({"mail_from": "530 5.7.0 log in first"}, Sent.LATER, 530),
        ({"greeting": "554 5.7.1 your address is listed"}, Sent.LATER, 0),
        ({"cut": {"reader@example.org": "dot"}}, Sent.UNCERTAIN, 0),
        ({"cut": {"reader@example.org": "kept"}}, Sent.UNCERTAIN, 0),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("pipelining", [False, True])
def test_30_a_4xx_is_for_later_and_a_5xx_is_final(
    settings: dict[str, Any], result: Sent, code: int, pipelining: bool
) -> None:
    with MailServer(pipelining=pipelining, **settings) as server:
        answer = send(server)
    assert (answer.result, answer.code) == (result, code)
    assert answer.detail


def test_the_words_of_the_server_are_kept(server: MailServer) -> None:
    server.rcpt["reader@example.org"] = "550 5.1.1 no such user here"
    assert send(server).detail == "5.1.1 no such user here"


def test_29_no_answer_to_the_final_dot_is_uncertain_not_retried(server: MailServer) -> None:
    server.after = 5
    answer = send(server, final_reply=0.1)
    assert answer.result is Sent.UNCERTAIN
    assert answer.detail.startswith("no answer to the final dot")


def test_29_a_slow_answer_to_the_final_dot_is_waited_for_ten_minutes(server: MailServer) -> None:
    assert FINAL_REPLY_SECONDS >= 600
    server.after = 0.3
    assert send(server).result is Sent.SENT


def scripted(
    heard: list[bytes], *answers: bytes
) -> tuple[SmtpSend, socket.socket, threading.Thread]:
    """A server that takes pipelined commands, says this, one by one, and hangs up."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"220 here\r\n")
            for answer in (b"250-here\r\n250 PIPELINING\r\n", *answers):
                heard.append(connection.recv(2**16))
                connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    there = Relay(host="127.0.0.1", port=listener.getsockname()[1], tls="none")
    return SmtpSend(there), listener, thread


@pytest.mark.parametrize(
    ("answers", "result", "code"),
    [
        ((b"250 ok\r\n421 4.7.28 unusual rate\r\n",), Sent.LATER, 421),
        ((b"250 ok\r\n550 5.1.1 no\r\n354 go on\r\n", b"554 nobody\r\n"), Sent.NEVER, 550),
        ((b"451 wait\r\n503 no\r\n503 no\r\n", b"250 reset\r\n"), Sent.LATER, 451),
        ((b"250 ok\r\n",), Sent.LATER, 0),
    ],
)
def test_replies_to_commands_in_one_go(answers: tuple[bytes, ...], result: Sent, code: int) -> None:
    heard: list[bytes] = []
    out, listener, thread = scripted(heard, *answers)
    answer = out(mail(), yes)
    out.close()
    thread.join(timeout=5)
    listener.close()
    assert (answer.result, answer.code) == (result, code)
    if b"354" in answers[0]:  # the letter that it waits for ends before anything else is said
        assert heard[2] == b".\r\n"


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    answer = SmtpSend(Relay(host="127.0.0.1", port=port, tls="none"))(mail(), yes)
    assert answer == SendResult(result=Sent.LATER, detail=f"connection refused by 127.0.0.1:{port}")


# ── the final dot ────────────────────────────────────────────────────────────────────────────────


def test_before_dot_comes_after_the_letter_and_before_its_end(server: MailServer) -> None:
    seen: list[int] = []

    def before_dot() -> bool:
        time.sleep(0.1)  # long enough for a letter that was complete to arrive
        seen.append(len(server.letters))
        return True

    out = sending(server)
    assert out(mail(), before_dot).result is Sent.SENT
    out.close()
    assert seen == [0]
    assert len(server.letters) == 1


def test_before_dot_false_delivers_nothing(server: MailServer) -> None:
    out = sending(server)
    assert out(mail(), lambda: False).result is Sent.LATER
    assert out(mail("other@example.org"), yes).result is Sent.SENT
    out.close()
    assert [letter.recipients for letter in server.letters] == [("other@example.org",)]


def test_before_dot_raising_delivers_nothing(server: MailServer) -> None:
    def broken() -> bool:
        raise LookupError("the database is away")

    out = sending(server)
    with pytest.raises(LookupError):
        out(mail(), broken)
    assert out(mail("other@example.org"), yes).result is Sent.SENT
    out.close()
    assert [letter.recipients for letter in server.letters] == [("other@example.org",)]


def test_a_server_that_hung_up_is_noticed_before_the_dot() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not _hung_up(ours)
        theirs.send(b"421 4.4.2 too slow\r\n")
        assert not _hung_up(ours)
        ours.recv(100)
        theirs.close()
        assert _hung_up(ours)


def test_before_dot_is_not_called_for_a_refused_letter(server: MailServer) -> None:
    server.rcpt["reader@example.org"] = "550 no"
    server.cut["cut@example.org"] = "data"
    called: list[str] = []
    out = sending(server)
    for recipient in ("reader@example.org", "cut@example.org"):
        big = mail(recipient, BODY + b"x\r\n" * 2_000_000)
        answer = out(big, lambda: not called.append("called"))  # type: ignore[func-returns-value]
        assert answer.result is (Sent.LATER if recipient.startswith("cut") else Sent.NEVER)
    out.close()
    assert not called


def test_the_dot_does_not_wait_for_a_delayed_acknowledgement(server: MailServer) -> None:
    """Nagle's algorithm would add 40 ms to every letter."""
    out = sending(server)
    out(mail(), yes)
    started = time.monotonic()
    for _ in range(20):
        assert out(mail(), yes).result is Sent.SENT
    out.close()
    assert time.monotonic() - started < 0.5


# ── connections ──────────────────────────────────────────────────────────────────────────────────


def test_one_connection_carries_many_letters_and_is_renewed(server: MailServer) -> None:
    out = sending(server)
    for _ in range(201):
        assert out(mail(), yes).result is Sent.SENT
    out.close()
    assert len(server.letters) == 201
    assert len(server.sessions) == 3


@pytest.mark.parametrize("pipelining", [False, True])
def test_a_refused_letter_leaves_the_connection_usable(
    server: MailServer, pipelining: bool
) -> None:
    server.pipelining = pipelining
    server.rcpt["gone@example.org"] = "550 no"
    server.data["spam@example.org"] = "554 no"
    out = sending(server)
    results = [out(mail(f"{who}@example.org"), yes).result for who in ("gone", "spam", "reader")]
    out.close()
    assert results == [Sent.NEVER, Sent.NEVER, Sent.SENT]
    assert len(server.sessions) == 1


def test_a_connection_that_the_server_dropped_meanwhile_is_renewed(server: MailServer) -> None:
    out = sending(server)
    assert out(mail(), yes).result is Sent.SENT
    server.drop_idle()
    assert out(mail("other@example.org"), yes).result is Sent.SENT
    out.close()
    assert len(server.letters) == 2


def test_each_thread_has_a_connection_of_its_own(server: MailServer) -> None:
    out = sending(server)
    both = threading.Barrier(4)

    def work(n: int) -> Sent:
        both.wait(timeout=5)
        return [out(mail(f"r{n}@example.org"), yes).result for _ in range(5)][-1]

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(work, range(4))) == {Sent.SENT}
    out.close()
    assert len(server.sessions) == 4
    assert len(server.letters) == 20


# ── the letter's bytes ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("given", "arrives"),
    [
        (b"A: b\r\n\r\n.\r\n..\r\n.x\r\n", b"A: b\r\n\r\n.\r\n..\r\n.x\r\n"),
        (b"A: b\n\nbare\n.\nlf", b"A: b\r\n\r\nbare\r\n.\r\nlf\r\n"),
        (b"A: b\r\n\r\ncr\ronly", b"A: b\r\n\r\ncr\r\nonly\r\n"),
        (b".", b".\r\n"),
        (b"A: b\r\n\r\n" + b"x" * 998, b"A: b\r\n\r\n" + b"x" * 998 + b"\r\n"),
        ("A: b\r\n\r\n한반도 외교\r\n".encode(), "A: b\r\n\r\n한반도 외교\r\n".encode()),
    ],
)
def test_14_dots_and_line_ends(server: MailServer, given: bytes, arrives: bytes) -> None:
    assert send(server, mail(message=given)).result is Sent.SENT
    assert server.letters[0].message == arrives


def test_a_smuggled_end_of_letter_stays_inside(server: MailServer) -> None:
    trick = BODY + b"\n.\r\nMAIL FROM:<evil@example.org>\r\n\r\n.\nRCPT TO:<x@example.org>\n"
    assert send(server, mail(message=trick)).result is Sent.SENT
    assert len(server.letters) == 1
    assert server.letters[0].message.endswith(b"RCPT TO:<x@example.org>\r\n")


def test_a_line_of_999_octets_is_refused(server: MailServer) -> None:
    answer = send(server, mail(message=b"A: b\r\n\r\n" + b"x" * 999))
    assert answer.result is Sent.NEVER
    assert "998" in answer.detail
    assert not server.letters


# ── addresses ────────────────────────────────────────────────────────────────────────────────────


def test_35_a_korean_domain_is_sent_as_a_label(server: MailServer) -> None:
    server.smtputf8 = False
    assert send(server, mail("reader@예시.example.org")).result is Sent.SENT
    assert server.letters[0].recipients == ("reader@xn--vv4b11d.example.org",)
    assert "SMTPUTF8" not in server.letters[0].options


def test_35_a_korean_local_part_only_where_smtputf8_is_offered(server: MailServer) -> None:
    assert send(server, mail("독자@example.org")).result is Sent.SENT
    assert "SMTPUTF8" in server.letters[0].options
    assert server.letters[0].recipients == ("독자@example.org",)
    server.smtputf8 = False
    assert send(server, mail("독자@example.org")).result is Sent.NEVER
    assert len(server.letters) == 1


@pytest.mark.parametrize(
    "address",
    [
        "",
        "reader",
        "a b@example.org",
        "a@b@example.org",
        "x@example.org>\r\nRCPT TO:<y@z",
        "a@\u200b",
    ],
)
def test_what_is_no_address_is_never_sent(server: MailServer, address: str) -> None:
    assert send(server, mail(address)).result is Sent.NEVER
    assert not server.letters


# ── TLS and login ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def secure() -> Iterator[MailServer]:
    with MailServer(starttls=server_tls(), login=("digest", "p@ss")) as running:
        yield running


# aiosmtpd writes to a field of its own that it has deprecated.
LOGS_IN = pytest.mark.filterwarnings("ignore:Session.login_data is deprecated")
USER: dict[str, Any] = {"user": "digest", "password": "p@ss"}


@LOGS_IN
def test_starttls_and_login(secure: MailServer) -> None:
    answer = send(secure, tls_mode="starttls", tls=client_tls(), **USER)
    assert answer.result is Sent.SENT, answer
    assert secure.letters[0].tls
    assert secure.letters[0].login


def test_tls_from_the_first_byte() -> None:
    with MailServer(tls=server_tls()) as server:
        assert send(server, tls_mode="implicit", tls=client_tls()).result is Sent.SENT
        assert server.letters[0].tls


@LOGS_IN
def test_starttls_if_offered(server: MailServer, secure: MailServer) -> None:
    assert send(server, tls_mode="if-offered").result is Sent.SENT
    assert send(secure, tls_mode="if-offered", tls=client_tls(), **USER).result is Sent.SENT
    assert [letter.tls for letter in (*server.letters, *secure.letters)] == [False, True]


def test_22_a_server_without_tls_gets_nothing_when_tls_is_required(server: MailServer) -> None:
    answer = send(server, tls_mode="starttls")
    assert answer.result is Sent.LATER
    assert "STARTTLS" in answer.detail
    assert not server.letters


@pytest.mark.parametrize("mode", ["starttls", "implicit"])
@pytest.mark.parametrize(
    ("held", "trusted", "why"),
    [(CERTIFICATE, None, "self-signed"), (EXPIRED_CERTIFICATE, EXPIRED_CERTIFICATE, "expired")],
)
def test_22_the_certificate_is_checked(mode: str, held: str, trusted: str | None, why: str) -> None:
    tls = server_tls(held)
    made: dict[str, Any] = {"starttls" if mode == "starttls" else "tls": tls}
    with MailServer(**made) as server:
        trust: dict[str, Any] = {"tls": client_tls(trusted)} if trusted else {}
        answer = send(server, tls_mode=mode, **trust)
        assert not server.letters
    assert answer.result is Sent.LATER
    assert why in answer.detail


def test_a_wrong_password_can_be_mended_and_is_not_repeated(secure: MailServer) -> None:
    answer = send(
        secure, tls_mode="starttls", tls=client_tls(), user="digest", password="hush-hush"
    )
    assert answer.result is Sent.LATER
    assert "refused the login: 535" in answer.detail
    assert "hush" not in answer.detail


def test_the_password_stays_here_when_a_distant_server_offers_no_tls(server: MailServer) -> None:
    """0.0.0.0 leads to this machine but is no loopback address: it stands for a distant host."""
    answer = send(server, host="0.0.0.0", tls_mode="if-offered", **USER)
    assert answer.result is Sent.LATER
    assert "the password is not sent without" in answer.detail
    assert not server.letters


# ── mail.url ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://u:p@mail.example.org", ("mail.example.org", 587, "u", "p", "starttls")),
        ("smtp://mail.example.org", ("mail.example.org", 25, "", "", "starttls")),
        (
            "smtps://u:p%40%2F%23@mail.example.org/",
            ("mail.example.org", 465, "u", "p@/#", "implicit"),
        ),
        (
            "smtp://u%40example.org:p@[2001:db8::1]:26",
            ("2001:db8::1", 26, "u@example.org", "p", "starttls"),
        ),
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, "", "", "none")),
        ("SMTP://localhost", ("localhost", 25, "", "", "none")),
    ],
)
def test_relay(url: str, expected: tuple[str, int, str, str, str]) -> None:
    there = relay(url, rules(sender="digest@예시.example.org"))
    assert (there.host, there.port, there.user, there.password, there.tls) == expected
    assert there.ehlo == "xn--vv4b11d.example.org"


@pytest.mark.parametrize(
    "url",
    [
        "http://u:hush@mail.example.org",
        "smtp://u:hush@mail.example.org:port",
        "smtp://u:hu#sh@mail.example.org",
        "smtp://u:hu/sh@mail.example.org",
        "smtp://u:hu?sh@mail.example.org",
        "smtp://u:hu[sh@mail.example.org",
        "smtp://u:hush@mail.example.org:99999",
        "smtp://u:hush@",
        "smtp://:hush@mail.example.org",
        "smtp://hush@mail.example.org",
        "u:hush@mail.example.org",
        "file://hush/dir",
        "file:",
    ],
)
def test_a_bad_url_is_one_sentence_without_the_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        open_send(url, rules(), tmp_path)
    (finding,) = error.value.findings
    assert "hu" not in finding
    assert finding.startswith("mail.url")
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_tls_off_is_only_for_this_machine(tmp_path: Path) -> None:
    off = rules(tls="off")
    assert relay("smtp://localhost", off).tls == "none"
    with pytest.raises(ConfigError, match=r"mail\.tls: off is only for"):
        open_send("smtp://mail.example.org", off, tmp_path)


def test_the_password_is_not_in_the_repr() -> None:
    assert "hush" not in repr(relay("smtp://u:hush@mail.example.org", rules()))


@given(st.text(max_size=80))
def test_any_url_is_a_relay_or_a_config_error(rest: str) -> None:
    with contextlib.suppress(ConfigError):
        relay("smtp://" + rest, rules())


def test_loopback() -> None:
    assert all(map(is_loopback, ("localhost", "LOCALHOST.", "127.0.0.1", "127.9.9.9", "::1")))
    assert not any(map(is_loopback, ("mail.example.org", "0.0.0.0", "10.0.0.1", "")))


# ── files ────────────────────────────────────────────────────────────────────────────────────────


def test_letters_become_files(tmp_path: Path) -> None:
    out = open_send("", rules(), tmp_path / "outbox")
    assert isinstance(out, FileSend)
    path = tmp_path / "outbox" / "2019-W26.s1.eml"
    seen: list[bool] = []

    def before_dot() -> bool:
        seen.append(path.exists())
        return True

    answer = out(mail(id="2019-W26.s1"), before_dot)
    out.close()
    assert answer == SendResult(result=Sent.SENT, code=250, detail=str(path))
    assert seen == [False]
    assert path.read_bytes() == BODY
    assert [file.name for file in path.parent.iterdir()] == ["2019-W26.s1.eml"]


@pytest.mark.parametrize("scheme", ["file:{}", "file://{}", "file://localhost{}", "FILE:{}"])
def test_file_urls(scheme: str, tmp_path: Path) -> None:
    folder = tmp_path / "out box"
    url = scheme.format(str(folder).replace(" ", "%20"))
    open_send(url, rules(), tmp_path / "never")(mail(), yes)
    assert (folder / "m1.eml").exists()


def test_a_withdrawn_letter_leaves_no_file(tmp_path: Path) -> None:
    assert FileSend(tmp_path)(mail(), lambda: False).result is Sent.LATER
    assert not list(tmp_path.iterdir())


def test_an_id_cannot_leave_the_folder(tmp_path: Path) -> None:
    FileSend(tmp_path / "outbox")(mail(id="../../etc/x"), yes)
    (file,) = tmp_path.rglob("*.eml")
    assert file.parent == tmp_path / "outbox"


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    answer = FileSend(tmp_path / "taken" / "outbox")(mail(), yes)
    assert answer.result is Sent.LATER
    assert "taken" in answer.detail
