"""Damaged documents by the thousand: each gives a document or a reason, soon, and opens nothing."""

from __future__ import annotations

import os
import random
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from aggregator import demo
from aggregator.errors import NotAFeed
from aggregator.steps.parse import parse

CASES = Path(__file__).parents[1] / "cases" / "parse"
ROOT = Path(__file__).parents[2]
CORPUS = (ROOT / os.environ.get("AGGREGATOR_TEST_DATA", "../shared/corpus")).resolve()
URL = "https://example.org/feeds/feed.xml"
LARGEST = 20_000
LARGEST_SOURCE = 2_000
LONGEST = 5.0
FEW, MANY = 300, 20_000
SEED = 20190630

_ELEMENT = re.compile(rb"<(item|entry)\b.*?</\1>", re.DOTALL)
_TAG = re.compile(rb"</?[A-Za-z][\w:.-]*")
_CODINGS = (b"utf-8", b"utf-16", b"euc-kr", b"gbk", b"shift_jis", b"utf-7", b"cp037", b"klingon")
_SCRAPS = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1b$B", b"&", b"&#0;", b"&#xD800;", b"&#99999999999;",
    b"&x;", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?", b"<!DOCTYPE rss [<!ENTITY x 'y'>]>",
    b"<!DOCTYPE rss SYSTEM 'file:///etc/passwd'>", b"<!ENTITY % p SYSTEM 'http://127.0.0.1:9/'>",
    b"<", b">", b"'", b'"', b"=", b" xmlns=''", b" xmlns:x='&x;'", b" xml:base='file:///etc/'",
    b"<title type='xhtml'>", b"<content type='text/html' mode='base64'>AAA</content>",
    b"<xi:include href='file:///etc/passwd'/>", b"2024-02-30T25:61:61+99:99", b"\xed\xa0\x80",
    b"http://[", b"http://[::1", b"javascript:alert(1)", b"-99999999999999999999",
)  # fmt: skip


def sources() -> list[bytes]:
    """Small real documents where they are at hand, the sample week, and the cases of the parser."""
    found = [path.read_bytes() for path in sorted(CASES.glob("*.xml"))]
    found += [demo.document(name) for name in demo.publishers()]
    found += [path.read_bytes() for path in sorted((CORPUS / "feeds").glob("*.xml"))]
    small = [body for body in found if len(body) <= LARGEST_SOURCE]
    return small + [body[:LARGEST_SOURCE] for body in found if len(body) > LARGEST_SOURCE][:40]


def place(body: bytes, chance: random.Random) -> int:
    return chance.randrange(len(body) + 1)


def flipped(body: bytes, chance: random.Random, other: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randint(1, 20)):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut(body: bytes, chance: random.Random, other: bytes) -> bytes:
    start, end = sorted((place(body, chance), place(body, chance)))
    return chance.choice((body[:end], body[start:], body[:start] + body[end:]))


def spliced(body: bytes, chance: random.Random, other: bytes) -> bytes:
    start, end = sorted((place(other, chance), place(other, chance)))
    at = place(body, chance)
    return body[:at] + other[start:end] + body[at:]


def doubled(body: bytes, chance: random.Random, other: bytes) -> bytes:
    elements = list(_ELEMENT.finditer(body))
    if not elements:
        return body + body
    chosen = chance.choice(elements)
    at = chance.choice((chosen.start(), chosen.end(), (chosen.start() + chosen.end()) // 2))
    return body[:at] + chosen[0] * chance.randint(1, 5) + body[at:]


def swapped(body: bytes, chance: random.Random, other: bytes) -> bytes:
    tags = list(_TAG.finditer(body))
    if len(tags) < 2:
        return body
    a, b = sorted(chance.sample(tags, 2), key=lambda tag: tag.start())
    return body[: a.start()] + b[0] + body[a.end() : b.start()] + a[0] + body[b.end() :]


def lying(body: bytes, chance: random.Random, other: bytes) -> bytes:
    said = b'<?xml version="1.0" encoding="' + chance.choice(_CODINGS) + b'"?>'
    return said + re.sub(rb"^\s*<\?xml[^>]*\?>", b"", body)


def recoded(body: bytes, chance: random.Random, other: bytes) -> bytes:
    coding = chance.choice(("utf-16-le", "utf-16-be", "utf-32", "cp949", "gb18030", "utf-7"))
    return body.decode("utf-8", "replace").encode(coding, "replace")


def scrapped(body: bytes, chance: random.Random, other: bytes) -> bytes:
    for _ in range(chance.randint(1, 6)):
        at = place(body, chance)
        body = body[:at] + chance.choice(_SCRAPS) * chance.choice((1, 1, 1, 50)) + body[at:]
    return body


def nested(body: bytes, chance: random.Random, other: bytes) -> bytes:
    tag = chance.choice((b"item", b"entry", b"div", b"rss", b"channel"))
    at = place(body, chance)
    return body[:at] + (b"<" + tag + b">") * chance.choice((10, 50, 200, 200, 2_000)) + body[at:]


MUTATIONS: tuple[Callable[[bytes, random.Random, bytes], bytes], ...] = (
    flipped, cut, spliced, doubled, swapped, lying, recoded, scrapped, nested,
)  # fmt: skip


def mutant(number: int, documents: list[bytes]) -> tuple[bytes, str]:
    """The document of that number, and the Content-Type it came with: the same at each run."""
    chance = random.Random(SEED + number)
    body = chance.choice(documents)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        body = chance.choice(MUTATIONS)(body, chance, chance.choice(documents))[:LARGEST]
    kinds = ("", "text/xml", "application/rss+xml; charset=utf-8")
    lies = (f"text/xml; charset={coding.decode()}" for coding in _CODINGS)
    return body, chance.choice((*kinds, *lies))


# ── what must not happen ─────────────────────────────────────────────────────────────────────────


class Hanging(BaseException):
    """Not an Exception: nothing on the way may take it for a broken document."""


@dataclass
class Watch:
    """What this thread opens while `on`. An audit hook stays for the life of a process."""

    on: bool = False
    thread: int = 0
    opened: list[str] = field(default_factory=list)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on or threading.get_ident() != self.thread:
            return
        is_file = event == "open" and not str(arguments[0]).endswith((".py", ".pyc"))  # imports
        if is_file or event in ("socket.connect", "socket.getaddrinfo", "urllib.Request"):
            self.opened.append(f"{event} {arguments[:2]}")


WATCH = Watch()


@contextmanager
def watching() -> Iterator[Watch]:
    if not WATCH.thread:
        sys.addaudithook(WATCH.hook)
    WATCH.thread = threading.get_ident()
    WATCH.opened.clear()
    WATCH.on = True
    try:
        yield WATCH
    finally:
        WATCH.on = False


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises Hanging in the code under way."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise Hanging

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def faults(numbers: range) -> Iterator[str]:
    """One sentence for each document that went wrong."""
    documents = sources()
    for body in documents:  # whatever is imported or compiled at first use
        with suppress(NotAFeed):
            parse(body, URL)
    for number in numbers:
        body, content_type = mutant(number, documents)
        started = time.process_time()
        with watching() as watch:
            try:
                with limited(2 * LONGEST):
                    parse(body, URL, content_type)
            except NotAFeed:
                pass
            except Hanging:
                yield f"document {number}: hangs"
            except Exception as error:
                yield f"document {number}: {type(error).__name__}: {error}"
        if watch.opened:
            yield f"document {number}: opened {watch.opened}"
        if (took := time.process_time() - started) > LONGEST:
            yield f"document {number}: {took:.1f} s"


needs_alarm = pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no SIGALRM here")


@needs_alarm
def test_a_few_damaged_documents() -> None:
    assert list(faults(range(FEW))) == []


@needs_alarm
@pytest.mark.slow
def test_twenty_thousand_damaged_documents() -> None:
    assert list(faults(range(FEW, FEW + MANY)))[:20] == []


def test_the_watch_sees_what_is_opened(tmp_path: Path) -> None:
    with watching() as watch:
        (tmp_path / "feed.xml").write_bytes(b"")
    assert len(watch.opened) == 1
