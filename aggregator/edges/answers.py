"""Status, headers and body -> answer. What HTTP means for a feed, apart from the client."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import urljoin

from aggregator.model import Answer, Failure, Fetched, FetchFailed, NotModified, Validators

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
"""As they came off the wire."""

LONGEST_WAIT = timedelta(days=1)
_CHUNK = 65_536
_LONGEST_VALIDATOR = 2_000  # a longer one, sent back, makes servers answer 431 for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """A redirect and its target, which may be relative."""

    target: str
    permanent: bool


class Unusable(Exception):
    """The body cannot be used; the text says why."""


def failed(why: Failure, detail: str, retry_after: timedelta | None = None) -> FetchFailed:
    """A failure as a value."""
    return FetchFailed(why=why, detail=detail, retry_after=retry_after)


def fetched(url: str, headers: Headers, body: bytes) -> Fetched:
    """A 200 with its decompressed body."""
    return Fetched(
        url=url,
        body=body,
        body_hash=hashlib.sha256(body).hexdigest(),
        content_type=_header(headers, b"content-type"),
        validators=_validators(headers),
        max_age=_max_age(headers),
        hub=_link(headers, "hub", url),
        topic=_link(headers, "self", url),
    )


def without_body(status: int, headers: Headers, *, conditional: bool) -> Answer | Redirect:
    """Every status but 200. `conditional`: we had sent validators."""
    said = f"answered {status} {phrase(status)}".rstrip()
    match status:
        case 304 if conditional:
            return NotModified(validators=_validators(headers), max_age=_max_age(headers))
        case 304:
            return failed(Failure.CONTENT, f"{said}, although nothing was known")
        case 301 | 302 | 303 | 307 | 308:
            target = _location(headers)
            if not target:
                return failed(Failure.CLIENT, f"{said} without a target")
            return Redirect(target=target, permanent=status in (301, 308))
        case 410:
            return failed(Failure.GONE, said)
        case 429 | 503:
            return failed(Failure.BUSY, said, _retry_after(headers))
    if status >= 500:
        return failed(Failure.SERVER, said)
    return failed(Failure.CLIENT if status >= 300 else Failure.CONTENT, said)


def phrase(status: int) -> str:
    """Not Found; empty for a status that nobody has named."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


# ── headers ──────────────────────────────────────────────────────────────────────────────────────


def _all(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key.lower() == name]


def _header(headers: Headers, name: bytes) -> str:
    """The first header of that name, byte for byte (Latin-1); empty when there is none."""
    return next(iter(_all(headers, name)), "")


def _validators(headers: Headers) -> Validators:
    etag, last_modified = _header(headers, b"etag"), _header(headers, b"last-modified")
    return Validators(
        etag=etag if 0 < len(etag) <= _LONGEST_VALIDATOR else None,
        last_modified=last_modified if 0 < len(last_modified) <= _LONGEST_VALIDATOR else None,
    )


def _location(headers: Headers) -> str:
    """The target. Servers in Korea and Japan send raw UTF-8 here, against RFC 9110."""
    raw = _header(headers, b"location").encode("latin-1").strip()
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r"""(?:^|;)\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))""", re.IGNORECASE)


def _link(headers: Headers, rel: str, url: str) -> str:
    """The first http(s) target of that relation in the Link headers (RFC 8288)."""
    for target, parameters in _LINK.findall(",".join(_all(headers, b"link"))[:8_000]):
        found = _REL.search(parameters)
        if found and rel in (found[1] or found[2] or "").lower().split():
            try:
                absolute = str(urljoin(url, target.strip()))
            except ValueError:
                continue
            if absolute.startswith(("http://", "https://")):
                return absolute
    return ""


def _date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _until(headers: Headers, text: str) -> timedelta | None:
    """From the answer's own Date to `text`: no clock of ours, and theirs may be wrong."""
    end, start = _date(text), _date(_header(headers, b"date"))
    return max(end - start, timedelta()) if end and start else None


def _seconds(text: str) -> timedelta:
    return min(timedelta(seconds=int(text[:10])), timedelta(days=365))


def _retry_after(headers: Headers) -> timedelta | None:
    text = _header(headers, b"retry-after").strip()
    if re.fullmatch(r"[0-9]+", text):
        return min(_seconds(text), LONGEST_WAIT)
    wait = _until(headers, text)
    return min(wait, LONGEST_WAIT) if wait is not None else None


def _max_age(headers: Headers) -> timedelta | None:
    """How long the answer stays fresh (RFC 9111, 4.2.1), less the time it lay in a cache."""
    control = ",".join(_all(headers, b"cache-control"))
    if found := re.search(r"(?:^|[\s,])max-age\s*=\s*\"?([0-9]+)", control, re.I):
        age = _header(headers, b"age").strip()
        spent = _seconds(age) if re.fullmatch(r"[0-9]+", age) else timedelta()
        return max(_seconds(found[1]) - spent, timedelta())
    return _until(headers, _header(headers, b"expires"))


# ── body ─────────────────────────────────────────────────────────────────────────────────────────


def _too_large(limit: int) -> str:
    return f"more than {limit:,} bytes"


def _coding(headers: Headers) -> str:
    """gzip, deflate or "". Stacked ones are a bomb: a gzip of a gzip of zeros is 1 GiB in 3 KB."""
    named = ",".join(_all(headers, b"content-encoding")).lower().split(",")
    codings = [name.strip() for name in named if name.strip() not in ("", "identity")]
    if len(codings) > 1:
        raise Unusable(f"stacked encodings ({', '.join(codings)[:60]}) are refused")
    coding = codings[0].removeprefix("x-") if codings else ""
    if coding not in ("", "gzip", "deflate"):
        raise Unusable(f"encoded as {coding[:30]!r}, which nobody asked for")
    return coding


class Document:
    """Bytes off the wire -> the document, inflated in steps of 64 KiB.

    At most `limit` bytes, on the wire and inflated; beyond it, and for a broken or unasked-for
    encoding, Unusable is raised. zlib's `max_length` is what holds a bomb: a read of 64 KiB can
    inflate to 67 MB.
    """

    def __init__(self, headers: Headers, limit: int) -> None:
        self._coding = _coding(headers)
        self._limit = limit
        self._parts: list[bytes] = []
        self.size = 0
        """Bytes of the document so far."""
        self.wire = 0
        """Bytes off the wire so far."""
        self._inflate = zlib.decompressobj(31) if self._coding == "gzip" else None
        length = _header(headers, b"content-length").strip()
        if re.fullmatch(r"[0-9]+", length) and (len(length) > 15 or int(length) > limit):
            raise Unusable(_too_large(limit))

    def add(self, chunk: bytes) -> None:
        """Take the next bytes off the wire."""
        self.wire += len(chunk)
        if self.wire > self._limit:
            raise Unusable(_too_large(self._limit))
        if not self._coding:
            self._keep(chunk)
            return
        if self._inflate is None:
            # "deflate" is zlib by RFC 9110, but some servers send it raw (RFC 1951).
            is_zlib = chunk[:1] and chunk[0] & 0x0F == 8 and chunk[0] >> 4 <= 7
            self._inflate = zlib.decompressobj(15 if is_zlib else -15)
        try:
            while chunk and not self._inflate.eof:
                self._keep(self._inflate.decompress(chunk, _CHUNK))
                chunk = self._inflate.unconsumed_tail
        except zlib.error:
            raise Unusable(f"the {self._coding} data is broken") from None

    def finish(self) -> bytes:
        """The whole document."""
        # zlib may have taken all input and still hold output that did not fit `max_length`.
        while self.wire and self._inflate and not self._inflate.eof:
            rest = self._inflate.decompress(b"", _CHUNK)
            if not rest:
                raise Unusable(f"the {self._coding} data ends too early")
            self._keep(rest)
        return b"".join(self._parts)

    def _keep(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self._limit:
            raise Unusable(_too_large(self._limit))
        self._parts.append(data)
