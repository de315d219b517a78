"""A mailbox -> the messages that wait in it. The only module that knows imaplib.

What was read is marked only afterwards: a crash in between reads a message again, and loses none.
"""

from __future__ import annotations

import contextlib
import imaplib
import logging
import re
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from aggregator.edges.faults import network_fault
from aggregator.edges.relay import is_loopback
from aggregator.errors import AggregatorError, ConfigError
from aggregator.steps.bounces import MOST_BYTES

log = logging.getLogger(__name__)

MOST_AT_ONCE = 500
"""Messages of one reading; the others wait for the next."""
TIMEOUT_SECONDS = 30.0


class Maildir:
    """A folder with new/ and cur/, as mail servers deliver into. Implements `ports.Mailbox`.

    What is not marked as seen waits. Handled, it is seen and in cur/; another program may have the
    folder open, and move things there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def waiting(self) -> Iterator[tuple[str, bytes]]:
        try:
            (self.folder / "cur").mkdir(exist_ok=True)
            found = [*(self.folder / "new").iterdir(), *(self.folder / "cur").iterdir()]
        except OSError as error:
            raise AggregatorError(f"{self.folder}: no Maildir to read: {error.strerror}") from error
        unseen = (path for path in found if "S" not in _flags(path) and path.name[0] != ".")
        for path in sorted(unseen, key=lambda path: path.name)[:MOST_AT_ONCE]:
            try:
                with path.open("rb") as file:
                    message = file.read(MOST_BYTES)
            except FileNotFoundError:
                continue  # another program was faster
            except OSError as error:
                log.error("%s: cannot be read, and stays: %s", path, error.strerror)
                continue
            yield str(path.relative_to(self.folder)), message

    def handled(self, key: str, *, flagged: bool) -> None:
        path = self.folder / key
        flags = "".join(sorted({*_flags(path), "S", *("F" if flagged else "")}))
        try:
            path.rename(self.folder / "cur" / f"{path.name.partition(':')[0]}:2,{flags}")
        except FileNotFoundError:
            pass  # another program was faster
        except OSError as error:
            raise AggregatorError(
                f"{self.folder}: a message that was read cannot be moved to cur: {error.strerror}"
            ) from error

    def close(self) -> None:
        """Nothing is open between two messages."""


def _flags(path: Path) -> str:
    return path.name.rpartition(":2,")[2] if ":2," in path.name else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAccount:
    """Where a mailbox is, and who may read it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    tls: bool = True
    """From the first byte; else with STARTTLS, which only this machine may lack."""


class ImapMailbox:
    """A folder on an IMAP server; one that is unseen waits. Implements `ports.Mailbox`.

    `tls` replaces the trusted authorities.
    """

    def __init__(self, account: ImapAccount, *, tls: ssl.SSLContext | None = None) -> None:
        self._account = account
        self._tls = tls or ssl.create_default_context()
        self._connection: imaplib.IMAP4 | None = None

    def waiting(self) -> Iterator[tuple[str, bytes]]:
        with self._explained():
            server = self._connection = self._open()
            found = _answer(server.uid("SEARCH", "UNSEEN"))
        numbers = b" ".join(part for part in found if isinstance(part, bytes)).split()
        for number in numbers[:MOST_AT_ONCE]:
            with self._explained():
                fetched = _answer(
                    server.uid("FETCH", number.decode(), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
                )
            for part in fetched:
                if isinstance(part, tuple):  # nothing: it was deleted meanwhile
                    yield number.decode(), part[1]

    def handled(self, key: str, *, flagged: bool) -> None:
        assert self._connection is not None
        with self._explained():
            flags = r"(\Seen \Flagged)" if flagged else r"(\Seen)"
            _answer(self._connection.uid("STORE", key, "+FLAGS.SILENT", flags))

    def close(self) -> None:
        server, self._connection = self._connection, None
        if server is not None:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                server.logout()
            with contextlib.suppress(OSError):  # after a lost connection logout closes nothing
                server.shutdown()

    def _open(self) -> imaplib.IMAP4:
        there = self._account
        if there.tls:
            server: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                there.host, there.port, ssl_context=self._tls, timeout=TIMEOUT_SECONDS
            )
        else:
            server = imaplib.IMAP4(there.host, there.port, timeout=TIMEOUT_SECONDS)
        try:
            if not there.tls and not is_loopback(there.host):
                server.starttls(ssl_context=self._tls)
            if "AUTH=PLAIN" in server.capabilities:  # any letters; LOGIN knows ASCII only
                proof = f"\0{there.user}\0{there.password}".encode()
                server.authenticate("PLAIN", lambda _: proof)
            else:
                server.login(_quoted(there.user), there.password)
            _answer(server.select(_quoted(there.folder)))
        except BaseException:
            server.shutdown()
            raise
        return server

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """What goes wrong as a sentence that holds neither user nor password."""
        try:
            yield
        except (OSError, imaplib.IMAP4.error, UnicodeError) as error:
            place = f"bounces.mailbox: {self._account.host}:{self._account.port}"
            raise AggregatorError(f"{place}: {_reason(error)}") from error


def maildir_folder(url: str) -> Path:
    """maildir:PATH -> PATH. Raises ConfigError."""
    path = unquote(url.partition(":")[2])
    if not path or path.startswith("//"):
        raise _bad("write maildir:PATH, such as maildir:/var/mail/bounces")
    return Path(path)


def imap_account(url: str) -> ImapAccount:
    """imaps://user:password@host[:993]/FOLDER -> ImapAccount. Raises ConfigError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its text holds parts of the password
        raise _bad(
            "the port is not a number from 1 to 65535 (in a password, write @ as %40, / as %2F, "
            "# as %23, ? as %3F, : as %3A)"
        ) from None
    if not parts.hostname:
        raise _bad("it names no host")
    if not parts.username or not parts.password:
        raise _bad("user and password are needed, as in imaps://user:password@host/INBOX")
    if parts.query or parts.fragment:
        raise _bad("nothing may follow the folder (in a password, write # as %23, ? as %3F)")
    tls = parts.scheme.lower() == "imaps"
    return ImapAccount(
        host=parts.hostname,
        port=port or (993 if tls else 143),
        user=unquote(parts.username),
        password=unquote(parts.password),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        tls=tls,
    )


def _bad(why: str) -> ConfigError:
    return ConfigError((f"bounces.mailbox (AGGREGATOR_BOUNCES_URL): {why}",))


def _quoted(folder: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", folder) + '"'


def _answer(told: tuple[str, Sequence[Any]]) -> Sequence[Any]:
    """The data of an answer; raises IMAP4.error when it was no OK."""
    status, data = told
    if status != "OK":
        raise imaplib.IMAP4.error(*data[:1])
    return data


def _reason(error: Exception) -> str:
    match error:
        case imaplib.IMAP4.error():
            said = error.args[0] if error.args else b""
            text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
            return f"the server said: {' '.join(text.split())[:200]}"
        case OSError():
            return network_fault(error)
    return "the server takes ASCII letters only in user, password and folder"
