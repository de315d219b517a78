"""A real local web server and a real local mail server that misbehave on demand."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
import tempfile
import threading
import time
import zlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, AnyStr, Self, TypeAlias

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

# For tests on this machine only: a P-256 key, and two certificates for localhost and 127.0.0.1,
# signed by that key itself; one holds from 2000 to 2119, the other held in 2001.
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgv+G0B26vxN5a39uk
QX6qeFKC2kCbIa9Z91AjxhllUUOhRANCAAQzhDk9t7u5Yw5xgYFQXB8FPrlri6Bc
l3aVrTC285ADNQaPnjp4Smz9QXMZchz1R4XklyV4qighCWsuj3lm3ntF
-----END PRIVATE KEY-----
"""
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBZDCCAQqgAwIBAgIBAjAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMDAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDOEOT23u7ljDnGB
gVBcHwU+uWuLoFyXdpWtMLbzkAM1Bo+eOnhKbP1BcxlyHPVHheSXJXiqKCEJay6P
eWbee0WjSzBJMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAMBgNVHRMEBTAD
AQH/MB0GA1UdDgQWBBQMUhQQSRQQN3F8QmooENZ5bz8fRzAKBggqhkjOPQQDAgNI
ADBFAiEAjeaqtgINQD0CQFIEPbAKA7gOcstFWeTYcLWfAlJdOqUCIGOHjPZzMV1d
8YCN8oGLcmNYewbEt/bu11ZpD2ZvyS4r
-----END CERTIFICATE-----
"""
EXPIRED_CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBYjCCAQigAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwHhcNMDEwMTAxMDAwMDAwWhcNMDIwMTAxMDAwMDAwWjAUMRIwEAYDVQQDDAls
b2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQzhDk9t7u5Yw5xgYFQ
XB8FPrlri6Bcl3aVrTC285ADNQaPnjp4Smz9QXMZchz1R4XklyV4qighCWsuj3lm
3ntFo0swSTAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwDAYDVR0TBAUwAwEB
/zAdBgNVHQ4EFgQUDFIUEEkUEDdxfEJqKBDWeW8/H0cwCgYIKoZIzj0EAwIDSAAw
RQIhAOSj2eg4hM/TF2eYNRcrZUteoFOJZIn7W7ojZ8Sbyj/5AiBzRGJJGP+l/pGw
RFudlD5D9MplA+STztJqGblHTruU+Q==
-----END CERTIFICATE-----
"""


def server_tls(certificate: str = CERTIFICATE) -> ssl.SSLContext:
    """TLS for a server that calls itself localhost and 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        pem = Path(folder) / "server.pem"
        pem.write_text(KEY + certificate)
        context.load_cert_chain(pem)
    return context


def client_tls(certificate: str = CERTIFICATE) -> ssl.SSLContext:
    """TLS for a client that trusts that one certificate."""
    return ssl.create_default_context(cadata=certificate)


class _Server:
    """An asyncio server on a free port of 127.0.0.1, in a thread of its own."""

    host = "127.0.0.1"
    port = 0

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=10)

    async def _listen(self) -> asyncio.Server:
        raise NotImplementedError

    def _abort_all(self) -> None:
        raise NotImplementedError

    async def _stop(self) -> None:
        self._server.close()
        await asyncio.sleep(0.02)  # connections that are just being accepted
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self._abort_all()  # a mere close() would wait for readers that are gone
        await asyncio.sleep(0.01)  # the loop closes the sockets of aborted connections


# ── web ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it came: header names as sent, values in Latin-1."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    at: float
    """time.monotonic()"""

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A well-behaved answer. With `etag` or `last_modified` it knows 304."""

    body: bytes | str = b""
    status: int = 200
    content_type: str = "application/rss+xml; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    etag: str = ""
    last_modified: str = ""
    after: float = 0.0
    """Seconds before the first byte."""


Script: TypeAlias = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]
"""Full control: writes to the connection what it likes; the connection is then closed."""


class FeedServer(_Server):
    """A web server whose routes are set by the test; unknown paths answer 404.

    `with FeedServer() as web: url = web.add("/feed.xml", Reply(body=...))`. A route with several
    replies gives them in turn and then keeps giving the last.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self._tls = tls
        self._routes: dict[str, list[Reply | Script]] = {}
        self._writers: set[asyncio.StreamWriter] = set()

    def url(self, path: str = "/") -> str:
        """The address of a path on this server."""
        return f"{'https' if self._tls else 'http'}://{self.host}:{self.port}{path}"

    def add(self, path: str, *replies: Reply | Script) -> str:
        """Set what `path` (with its query) answers; returns its URL."""
        self._routes[path] = list(replies)
        return self.url(path)

    def seen(self, path: str) -> list[Request]:
        """The requests for one path, in order."""
        return [request for request in self.requests if request.target == path]

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, self.host, 0, ssl=self._tls, limit=2**20)

    def _abort_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while await self._answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client went away, or the test is over
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        pairs = tuple((k, v.strip(" ")) for k, _, v in (line.partition(":") for line in head[1:-2]))
        request = Request(method=method, target=target, headers=pairs, at=time.monotonic())
        self.requests.append(request)
        replies = self._routes.get(target, [Reply(status=404)])
        reply = replies.pop(0) if len(replies) > 1 else replies[0]
        if not isinstance(reply, Reply):
            await reply(request, writer)
            return False
        await asyncio.sleep(reply.after)
        writer.write(_http(reply, request))
        await writer.drain()
        return True


def _http(reply: Reply, request: Request) -> bytes:
    body = reply.body.encode() if isinstance(reply.body, str) else reply.body
    status, headers = reply.status, list(reply.headers)
    if reply.etag:
        headers.append(("ETag", reply.etag))
    if reply.last_modified:
        headers.append(("Last-Modified", reply.last_modified))
    known = (reply.etag and request.header("if-none-match") == reply.etag) or (
        not reply.etag
        and reply.last_modified
        and request.header("if-modified-since") == reply.last_modified
    )
    if known:
        status, body = 304, b""
    elif status != 304:
        headers += [("Content-Type", reply.content_type), ("Content-Length", str(len(body)))]
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{lines}\r\n".encode("latin-1") + body


def redirect(target: str, status: int = 302, *headers: tuple[str, str]) -> Reply:
    """A redirect."""
    return Reply(status=status, headers=(("Location", target), *headers))


def raw(*parts: bytes, pause: float = 0.0) -> Script:
    """Exactly these bytes, a pause after each, then the end of the connection."""

    async def script(request: Request, writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return script


def silent(seconds: float = 60.0) -> Script:
    """Takes the request and says nothing."""
    return raw(b"", pause=seconds)


def drip(pause: float = 0.02) -> Script:
    """A body that arrives byte by byte and never ends: every single read is quick."""
    return raw(b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 100_000, pause=pause)


def endless(coding: str = "") -> Script:
    """A body without end, as fast as it can be read."""

    async def script(request: Request, writer: asyncio.StreamWriter) -> None:
        extra = f"Content-Encoding: {coding}\r\n" if coding else ""
        writer.write(f"HTTP/1.1 200 OK\r\n{extra}\r\n".encode())
        while not writer.is_closing():
            writer.write(b"<item>0123456789</item>\n" * 1000)
            await writer.drain()

    return script


def reset_mid_body() -> Script:
    """A hard reset (RST) after half of the body."""

    async def script(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 500)
        await writer.drain()
        await asyncio.sleep(0.05)
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return script


def gzip_bomb(mebibytes: int = 1024) -> bytes:
    """A gzip of so many MiB of zeros, a thousandth of that in size, made without deflating it all.

    A full flush forgets the dictionary, so that the same deflated MiB can be repeated.
    """
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = deflate.compress(bytes(2**20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    return (
        gzip.compress(b"")[:10] + block * mebibytes + zlib.compressobj(9, 8, -15).flush() + b"0" * 8
    )


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One letter that the mail server accepted, with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    message: bytes
    options: tuple[str, ...]
    """Parameters of MAIL FROM."""
    ehlo: str
    tls: bool
    login: bool


@dataclass(kw_only=True)
class MailServer(_Server):
    """A mail server that takes everything, unless told otherwise.

    `rcpt`, `data`: recipient -> answer to RCPT TO, or to the final dot. `cut`: recipient -> where
    the connection is dropped: "data" (inside the letter), "dot" (after the final dot, letter not
    kept), "kept" (after the final dot, letter kept).
    """

    rcpt: dict[str, str] = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)
    cut: dict[str, str] = field(default_factory=dict)
    mail_from: str = ""
    greeting: str = ""
    after: float = 0.0
    """Seconds before the answer to the final dot."""
    login: tuple[str, str] | None = None
    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None
    smtputf8: bool = True
    pipelining: bool = False
    letters: list[Letter] = field(default_factory=list)
    sessions: list[_Smtp] = field(default_factory=list)

    @property
    def address(self) -> str:
        """host:port"""
        return f"{self.host}:{self.port}"

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Smtp(self), self.host, 0, ssl=self.tls)

    def _abort_all(self) -> None:
        for session in self.sessions:
            _abort(session)

    def drop_idle(self) -> None:
        """Close every open connection, as servers do after some minutes of silence."""

        async def drop() -> None:
            self._abort_all()

        self._run(drop())


def _abort(session: SMTP) -> None:
    for transport in (session.transport, session._original_transport):
        if isinstance(transport, asyncio.Transport):
            transport.abort()


class _Smtp(SMTP):
    """One connection."""

    def __init__(self, server: MailServer) -> None:
        self._told = server
        server.sessions.append(self)
        super().__init__(
            _Handler(server),
            hostname="mail.example.org",
            enable_SMTPUTF8=server.smtputf8,
            tls_context=server.starttls,
            auth_require_tls=server.starttls is not None,
            authenticator=self._check if server.login else None,
            auth_required=server.login is not None and server.starttls is not None,
        )

    def _check(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self._told.login, handled=False)

    async def push(self, status: AnyStr) -> None:
        """Every answer passes here; the first is the greeting."""
        if self._told.greeting and isinstance(status, str) and status.startswith("220 mail."):
            await super().push(self._told.greeting)
        else:
            await super().push(status)

    async def smtp_DATA(self, arg: str) -> None:
        """DATA, which may be cut inside the letter."""
        recipients = self.envelope.rcpt_tos if self.envelope else []
        if not recipients or self._told.cut.get(recipients[0]) != "data":
            await super().smtp_DATA(arg)
            return
        await self.push("354 go on")
        await self._reader.readuntil(b"\r\n")
        _abort(self)


class _Handler:
    def __init__(self, server: MailServer) -> None:
        self._told = server

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        session.host_name = name
        return ["250-PIPELINING", *replies] if self._told.pipelining else replies

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._told.mail_from:
            return self._told.mail_from
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._told.rcpt.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        await asyncio.sleep(self._told.after)
        recipient = envelope.rcpt_tos[0]
        cut = self._told.cut.get(recipient)
        answer = self._told.data.get(recipient, "250 2.0.0 queued")
        if cut != "dot" and answer.startswith("250"):
            self._told.letters.append(
                Letter(
                    sender=envelope.mail_from or "",
                    recipients=tuple(envelope.rcpt_tos),
                    message=envelope.original_content or b"",
                    options=tuple(envelope.mail_options),
                    ehlo=session.host_name or "",
                    tls=session.ssl is not None or self._told.tls is not None,
                    login=bool(session.authenticated),
                )
            )
        if cut:
            _abort(server)
        return answer


class Sink(asyncio.Protocol):
    """One connection of a mail server that takes everything and remembers the recipients only.

    Quick, where `MailServer` is exact: 90 KB cost it 0.1 ms.
    """

    def __init__(self, taken: list[str]) -> None:
        self._taken = taken
        self._recipient = ""
        self._letter = False
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink.example.org\r\n")

    def data_received(self, data: bytes) -> None:
        if self._letter:  # all but its last five octets may be forgotten
            self._left = self._left[-4:] + data
            if self._left.endswith(b"\r\n.\r\n"):
                self._letter, self._left = False, b""
                self._taken.append(self._recipient)
                self._transport.write(b"250 2.0.0 taken\r\n")
            return
        *lines, self._left = (self._left + data).split(b"\r\n")
        for line in lines:
            self._command(line)

    def _command(self, line: bytes) -> None:
        word, reply = line[:4].upper(), b"250 ok\r\n"
        match word:
            case b"EHLO":
                reply = b"250-sink.example.org\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n"
            case b"RCPT":
                self._recipient = line.decode()[len("RCPT TO:<") : -1]
            case b"DATA":
                self._letter, reply = True, b"354 go on\r\n"
            case b"QUIT":
                reply = b"221 bye\r\n"
        self._transport.write(reply)
        if word == b"QUIT":
            self._transport.close()


@dataclass(kw_only=True)
class SinkServer(_Server):
    """Listens with `Sink` on a free port, in a thread."""

    taken: list[str] = field(default_factory=list)
    """Recipients, one for each letter, as they came."""

    async def _listen(self) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(
            lambda: Sink(self.taken), self.host, 0
        )

    def _abort_all(self) -> None:
        """What clients left open ends with the loop."""
