"""Letter -> mail server's answer. The only module that knows smtplib."""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from aggregator.edges.relay import Relay, folder, is_loopback, relay
from aggregator.model import Mail, RelayFacts, SendResult, Sent
from aggregator.ports import Send
from aggregator.rules import MailRules
from aggregator.steps.addresses import ascii_domain

LETTERS_PER_CONNECTION = 100
CONNECT_SECONDS = 30.0
REPLY_SECONDS = 300.0  # RFC 5321, 4.5.3.2: five minutes for an answer,
FINAL_REPLY_SECONDS = 600.0  # and ten for the one after the final dot


def open_send(url: str, rules: MailRules, outbox: Path) -> Send:
    """The way out for `mail.url`: a mail server, a folder (file:DIR), or else `outbox`.

    Raises ConfigError with one sentence that never holds the password.
    """
    if not url:
        return FileSend(outbox)
    if url.partition(":")[0].lower() == "file":
        return FileSend(folder(url))
    return SmtpSend(relay(url, rules))


class SmtpSend:
    """Hands letters to a mail server; one connection a thread. Implements `ports.Send`.

    A connection is kept open and renewed every 100 letters. `final_reply` is how many seconds the
    answer to the final dot may take, `connect` each step of the greeting. `tls` replaces the
    trusted authorities.
    """

    def __init__(
        self,
        relay: Relay,
        *,
        final_reply: float = FINAL_REPLY_SECONDS,
        connect: float = CONNECT_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._relay = relay
        self._final_reply = final_reply
        self._connect = connect
        self._context = tls or ssl.create_default_context()
        self._mine = threading.local()
        self._lock = threading.Lock()
        self._all: set[smtplib.SMTP] = set()

    def __call__(self, mail: Mail, before_dot: Callable[[], bool]) -> SendResult:
        """Send one letter. `before_dot` is called once all of it is over but the final dot.

        What concerns connection, login or sender is LATER, also when it is a 5xx: the operator can
        mend it, and the recipient is not to blame. NEVER is a 5xx to the recipient or the letter.
        """
        fault, message = _checked(mail)
        if fault:
            return SendResult(result=Sent.NEVER, detail=fault)
        try:
            return self._envelope(mail, message) or self._letter(message, before_dot)
        except _Answered as answer:
            return answer.result
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            self._drop()
            return SendResult(result=Sent.LATER, detail=_reason(error, self._relay))
        except BaseException:
            self._drop()  # the letter is half over: without its final dot it is void
            raise

    def close(self) -> None:
        """Part from the server, in every thread. Nobody may be sending any more."""
        with self._lock:
            connections, self._all = self._all, set()
        for connection in connections:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                _socket(connection).settimeout(5)
                connection.quit()
            connection.close()
        self._mine = threading.local()

    def facts(self) -> RelayFacts:
        """Connect, secure and log in, as for a letter, and see who is there."""
        try:
            connection = self._open()
        except (OSError, smtplib.SMTPException) as error:
            return RelayFacts(trouble=_reason(error, self._relay))
        size = connection.esmtp_features.get("size", "")
        facts = RelayFacts(
            certificate_until=_certificate_until(_socket(connection)),
            size_limit=int(size) if size.isdecimal() else 0,
            smtputf8=connection.has_extn("smtputf8"),
        )
        with contextlib.suppress(OSError, smtplib.SMTPException):
            _socket(connection).settimeout(self._connect)
            connection.quit()
        connection.close()
        return facts

    # ── connection ───────────────────────────────────────────────────────────────────────────────

    def _connected(self) -> tuple[smtplib.SMTP, bool]:
        """This thread's connection, and whether it is one that has carried letters before."""
        connection: smtplib.SMTP | None = getattr(self._mine, "connection", None)
        if connection is not None and self._mine.letters < LETTERS_PER_CONNECTION:
            return connection, True
        if connection is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                connection.quit()
            self._drop()
        connection = self._open()
        self._mine.connection, self._mine.letters = connection, 0
        with self._lock:
            self._all.add(connection)
        return connection, False

    def _open(self) -> smtplib.SMTP:
        there, name = self._relay, self._relay.ehlo or None
        connection: smtplib.SMTP
        if there.tls == "implicit":
            connection = smtplib.SMTP_SSL(
                there.host, there.port, name, timeout=self._connect, context=self._context
            )
        else:
            connection = smtplib.SMTP(there.host, there.port, name, timeout=self._connect)
        try:
            self._introduce(connection)
        except BaseException:
            connection.close()
            raise
        _socket(connection).settimeout(REPLY_SECONDS)
        # The final dot is a packet of its own; without this it waits for the acknowledgement of
        # the letter, which receivers delay by 40 ms.
        _socket(connection).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _introduce(self, connection: smtplib.SMTP) -> None:
        there = self._relay
        connection.ehlo_or_helo_if_needed()
        secure = there.tls == "implicit"
        if there.tls == "starttls" or (
            there.tls == "if-offered" and connection.has_extn("starttls")
        ):
            connection.starttls(context=self._context)
            connection.ehlo_or_helo_if_needed()
            secure = True
        if there.user:
            if not secure and not is_loopback(there.host):
                raise smtplib.SMTPException("no TLS offered; the password is not sent without")
            connection.login(there.user, there.password)

    def _drop(self) -> None:
        connection: smtplib.SMTP | None = getattr(self._mine, "connection", None)
        if connection is not None:
            with self._lock:
                self._all.discard(connection)
            connection.close()
            self._mine.connection = None

    # ── one letter ───────────────────────────────────────────────────────────────────────────────

    def _envelope(self, mail: Mail, message: bytes) -> SendResult | None:
        """Everything up to DATA; a result when the server would not go on."""
        connection, used = self._connected()
        try:
            code, said = self._mail_from(connection, mail, message)
        except smtplib.SMTPServerDisconnected:
            code, said = 421, b""
            if not used:
                raise
        if code == 421 and used:
            # Servers drop a silent connection after some minutes. Nothing is sent yet: go again.
            self._drop()
            connection, _ = self._connected()
            code, said = self._mail_from(connection, mail, message)
        if code // 100 != 2:
            return self._refused(Sent.LATER, code, said)
        code, said = connection.docmd(f"RCPT TO:<{ascii_domain(mail.recipient)}>")
        if code // 100 != 2:
            return self._refused(_verdict(code), code, said)
        code, said = connection.docmd("DATA")
        if code != 354:
            return self._refused(_verdict(code), code, said)
        return None

    def _mail_from(self, connection: smtplib.SMTP, mail: Mail, message: bytes) -> tuple[int, bytes]:
        options = []
        if connection.has_extn("size"):
            options.append(f"SIZE={len(message)}")
        if connection.has_extn("8bitmime") and not message.isascii():
            options.append("BODY=8BITMIME")
        addresses = (ascii_domain(mail.sender), ascii_domain(mail.recipient))
        connection.command_encoding = "ascii"
        if not all(address.isascii() for address in addresses):
            if not connection.has_extn("smtputf8"):
                raise _Answered(
                    SendResult(
                        result=Sent.NEVER,
                        detail="the server takes no address with other than ASCII letters",
                    )
                )
            connection.command_encoding = "utf-8"
            options.append("SMTPUTF8")
        return connection.docmd(" ".join([f"MAIL FROM:<{addresses[0]}>", *options]))

    def _letter(self, message: bytes, before_dot: Callable[[], bool]) -> SendResult:
        connection: smtplib.SMTP = self._mine.connection
        self._mine.letters += 1
        connection.send(re.sub(rb"(?m)^\.", b"..", message))
        if _hung_up(_socket(connection)):
            raise smtplib.SMTPServerDisconnected("the server hung up inside the letter")
        if not before_dot():
            self._drop()
            return SendResult(result=Sent.LATER, detail="withdrawn before the final dot")
        try:
            _socket(connection).settimeout(self._final_reply)
            connection.send(b".\r\n")
            code, said = connection.getreply()
            _socket(connection).settimeout(REPLY_SECONDS)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            detail = f"no answer to the final dot: {_reason(error, self._relay)}"
            return SendResult(result=Sent.UNCERTAIN, detail=detail)
        if code // 100 == 2:
            return SendResult(result=Sent.SENT, code=code, detail=_text(said))
        if code // 100 in (4, 5):
            return self._refused(_verdict(code), code, said)
        self._drop()
        return SendResult(result=Sent.UNCERTAIN, code=max(code, 0), detail=_text(said))

    def _refused(self, result: Sent, code: int, said: bytes) -> SendResult:
        """The server said no; make the connection fit for the next letter."""
        try:
            if code == 421 or self._mine.connection.rset()[0] != 250:
                self._drop()
        except (OSError, smtplib.SMTPException):
            self._drop()
        return SendResult(result=result, code=max(code, 0), detail=_text(said))


class FileSend:
    """Writes letters as DIR/<mail id>.eml, whole or not at all. Implements `ports.Send`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, mail: Mail, before_dot: Callable[[], bool]) -> SendResult:
        """Write one letter; the same id again replaces it."""
        name = re.sub(r"[^\w.@+-]", "_", mail.id, flags=re.ASCII).lstrip(".") or "letter"
        final = self.directory / f"{name}.eml"
        draft = self.directory / f".{name}.{os.getpid()}.{threading.get_ident()}.tmp"
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as file:
                file.write(mail.message)
                file.flush()
                os.fsync(file.fileno())
            if not before_dot():
                return SendResult(result=Sent.LATER, detail="withdrawn before it was written")
            draft.replace(final)
        except OSError as error:
            return SendResult(result=Sent.LATER, detail=f"{self.directory}: {error.strerror}")
        finally:
            with contextlib.suppress(OSError):
                draft.unlink()
        return SendResult(result=Sent.SENT, code=250, detail=str(final))

    def close(self) -> None:
        """Nothing stays open between two letters."""


class _Answered(Exception):
    """The result is known before the server was asked."""

    def __init__(self, result: SendResult) -> None:
        super().__init__(result.detail)
        self.result = result


# ── letter ───────────────────────────────────────────────────────────────────────────────────────


def _checked(mail: Mail) -> tuple[str, bytes]:
    """(why the letter cannot be sent or "", its bytes with CRLF only and one at the end)."""
    for address in (mail.sender, mail.recipient):
        if not re.fullmatch(r"[^\s<>@\x00-\x1f\x7f]+@[^\s<>@\x00-\x1f\x7f]+", address):
            return "not a mail address", b""
        try:
            ascii_domain(address)
        except UnicodeError:
            return "the domain of the address cannot exist", b""
    message = re.sub(rb"\r\n|\r|\n", b"\r\n", mail.message)
    if not message.endswith(b"\r\n"):
        message += b"\r\n"
    if max(map(len, message.split(b"\r\n"))) > 998:
        return "the letter has a line of more than 998 octets (RFC 5322, 2.1.1)", b""
    return "", message


def _socket(connection: smtplib.SMTP) -> socket.socket:
    if connection.sock is None:
        raise smtplib.SMTPServerDisconnected("not connected")
    return connection.sock


def _certificate_until(sock: socket.socket) -> datetime | None:
    if not isinstance(sock, ssl.SSLSocket):
        return None
    until = str((sock.getpeercert() or {})["notAfter"])
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC)


def _verdict(code: int) -> Sent:
    return Sent.NEVER if code // 100 == 5 else Sent.LATER


def _hung_up(sock: socket.socket) -> bool:
    """Whether the server closed already: then it has not got the letter, which is certain."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        if not selector.select(0):
            return False
    try:  # of the raw socket: a TLS one cannot peek
        return socket.socket.recv(sock, 1, socket.MSG_PEEK) == b""
    except OSError:
        return True


def _text(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").split())[:300]


def _reason(error: Exception, there: Relay) -> str:
    """One sentence for the operator; no secret is in it."""
    place = f"{there.host}:{there.port}"
    match error:
        case smtplib.SMTPAuthenticationError():
            return f"{place} refused the login: {error.smtp_code} {_bytes_text(error.smtp_error)}"
        case smtplib.SMTPResponseException():
            return f"{place} said {error.smtp_code} {_bytes_text(error.smtp_error)}"
        case smtplib.SMTPServerDisconnected():
            return f"{place} closed the connection"
        case ssl.SSLCertVerificationError():
            return f"TLS: {place}: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS: {place}: {error.reason}"
        case TimeoutError():
            return f"{place} did not answer in time"
        case ConnectionRefusedError():
            return f"connection refused by {place}"
        case socket.gaierror():
            return f"no DNS entry for {there.host}"
        case OSError():
            return f"{place}: {error.strerror or error}"
    return f"{place}: {error}"


def _bytes_text(said: bytes | str) -> str:
    return _text(said) if isinstance(said, bytes) else said
