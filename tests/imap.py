"""A real local IMAP server with one folder, as far as a mailbox is read (RFC 3501)."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from dataclasses import dataclass, field

from tests.servers import _Server


@dataclass
class Stored:
    """A message, and its flags."""

    message: bytes
    flags: set[str] = field(default_factory=set)


@dataclass(kw_only=True)
class ImapServer(_Server):
    """`messages`: UID -> what the folder INBOX holds."""

    login: tuple[str, str] = ("bounces", "geheim")
    tls: ssl.SSLContext | None = None
    plain: bool = True
    """Offers AUTHENTICATE PLAIN beside LOGIN."""
    messages: dict[int, Stored] = field(default_factory=dict)
    refuses: str = ""
    """A command that is answered with NO."""
    hangs_up_at: str = ""
    """A command that is answered by the end of the connection."""
    logouts: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    def put(self, message: bytes) -> int:
        """Deliver a message; returns its UID."""
        uid = max(self.messages, default=100) + 1
        self.messages[uid] = Stored(message)
        return uid

    def flags(self) -> list[set[str]]:
        """Of each message, in order."""
        return [stored.flags for stored in self.messages.values()]

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, self.host, 0, ssl=self.tls)

    def _abort_all(self) -> None:
        for writer in self.writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            writer.write(f"* OK [CAPABILITY {self._capabilities}] ready\r\n".encode())
            while line := (await reader.readline()).decode().rstrip("\r\n"):
                tag, _, rest = line.partition(" ")
                if rest.upper().startswith("AUTHENTICATE"):
                    writer.write(b"+ \r\n")
                    given = base64.b64decode(await reader.readline()).decode().split("\0")
                    rest = f'LOGIN "{given[1]}" "{given[2]}"'
                name = rest.upper().removeprefix("UID ").partition(" ")[0]
                if name == self.hangs_up_at:
                    break
                refused = name == self.refuses
                data, ok = ([], False) if refused else self._answer(name, rest)
                for each in data:
                    writer.write(b"* " + each + b"\r\n")
                said = "OK done" if ok else "NO [ALERT] not for you"
                writer.write(f"{tag} {said}\r\n".encode())
                await writer.drain()
                if name == "LOGOUT":
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    @property
    def _capabilities(self) -> str:
        return "IMAP4rev1 AUTH=PLAIN" if self.plain else "IMAP4rev1"

    def _answer(self, name: str, line: str) -> tuple[list[bytes], bool]:
        quoted = [
            re.sub(r"\\(.)", r"\1", text) for text in re.findall(r'"((?:\\.|[^"\\])*)"', line)
        ]
        match name:
            case "CAPABILITY":
                return [f"CAPABILITY {self._capabilities}".encode()], True
            case "LOGIN":
                return [], tuple(quoted) == self.login
            case "SELECT":
                return [f"{len(self.messages)} EXISTS".encode()], quoted == ["INBOX"]
            case "SEARCH":
                unseen = [str(u) for u, s in self.messages.items() if "\\Seen" not in s.flags]
                return [" ".join(["SEARCH", *unseen]).encode()], line == "UID SEARCH UNSEEN"
            case "FETCH":
                return self._fetch(line), True
            case "STORE":
                uid, flags = re.fullmatch(
                    r"UID STORE (\d+) \+FLAGS\.SILENT \((.*)\)", line
                ).groups()  # type: ignore[union-attr]
                self.messages[int(uid)].flags.update(flags.split())
                return [], True
            case "LOGOUT":
                self.logouts += 1
                return [b"BYE"], True
        return [], False

    def _fetch(self, line: str) -> list[bytes]:
        found = re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", line)
        assert found, line
        uid, most = int(found[1]), int(found[2])
        if uid not in self.messages:
            return []
        body = self.messages[uid].message[:most]
        head = f"1 FETCH (UID {uid} BODY[]<0> {{{len(body)}}}\r\n"
        return [head.encode() + body + b")"]
