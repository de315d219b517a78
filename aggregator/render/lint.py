"""A finished letter -> what mail programs, mail servers and readers would hold against it.

Each finding bears the number of the requirement in docs/mail.md that it breaks.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from email.errors import MessageDefect
from email.header import decode_header
from email.message import EmailMessage
from typing import Final

from lxml import etree, html

from aggregator.model import Finding
from aggregator.render.mail import MOST_BYTES, WANTED_BYTES
from aggregator.rules import READABLE, contrast

SMALLEST: Final = 14.0
"""Pixels of text. Smaller only where nothing is written: the bars of a chart."""

_ONCE: Final = ("From", "To", "Subject", "Date", "Message-ID", "List-Unsubscribe")
_URI_HEADERS: Final = ("List-Unsubscribe", "List-Archive", "List-Id", "Message-ID")
_ENCODED: Final = re.compile(r"=\?[^?\s]+\?[bqBQ]\?[^?\s]*\?=")
_FEEDBACK: Final = re.compile(r"[^:\s]*:[^:\s]*:[^:\s]*:[A-Za-z0-9-]{5,}")
_REFUSED_TAGS: Final = frozenset(
    "script form input button textarea select iframe object embed video audio svg canvas picture "
    "link base applet frame frameset".split()
)
"""Dropped or blocked by at least one of Gmail, Outlook, Apple Mail and Yahoo."""
_REFUSED_STYLES: Final = re.compile(
    r"(?:^|;|\{)\s*(position|float|display\s*:\s*(?:flex|grid)|transform|animation|filter|"
    r"background-image|clip-path|gap|grid-[a-z-]+)\s*:|@import|@font-face|url\(|expression\(",
    re.I,
)
_COLOUR: Final = re.compile(r"(?:^|;)\s*(color|background-color)\s*:\s*(#[0-9a-fA-F]{6})")
_SIZE: Final = re.compile(r"(?:^|;)\s*font-size\s*:\s*([0-9.]+)px")
_INVISIBLE: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?!\.)")


def lint(message: bytes) -> tuple[Finding, ...]:
    """All findings of a letter as it would be sent, by number."""
    head, _, _ = message.partition(b"\r\n\r\n")
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    if not isinstance(parsed, EmailMessage):
        return (Finding(number=15, what="it cannot be read as a message"),)
    found = [*_lines(message), *_headers(head.decode("utf-8", "replace"), parsed)]
    found += _parts(parsed)
    if (body := parsed.get_body(("html",))) is not None:
        found += _markup(str(body.get_content()))
    return tuple(sorted(found, key=lambda finding: (finding.number, finding.what)))


def _lines(message: bytes) -> Iterator[Finding]:
    if b"\n" in message.replace(b"\r\n", b"") or b"\r" in message.replace(b"\r\n", b""):
        yield Finding(number=14, what="a line does not end in CRLF")
    if (longest := max(map(len, message.split(b"\r\n")))) > 998:
        yield Finding(number=14, what=f"a line has {longest} octets, more than 998")


def _headers(head: str, parsed: EmailMessage) -> Iterator[Finding]:
    if not head.isascii():
        yield Finding(number=12, what="a header is not ASCII")
    for name in _ONCE:
        if (count := len(parsed.get_all(name, []))) != 1:
            yield Finding(number=1 if name == "List-Unsubscribe" else 10, what=f"{name} × {count}")
    unfolded = dict(_raw(head))
    uris = re.findall(r"<([^<>\s]+)>", unfolded.get("list-unsubscribe", ""))
    schemes = [uri.partition(":")[0].lower() for uri in uris]
    if schemes[:1] == ["http"] and re.match(r"http://(localhost|127\.|\[::1)", uris[0]):
        yield Finding(number=1, what="List-Unsubscribe is a local address", severity="warning")
    elif schemes[:1] != ["https"]:
        yield Finding(number=1, what="List-Unsubscribe does not begin with an https address")
    if schemes[1:2] != ["mailto"]:
        yield Finding(number=1, what="List-Unsubscribe names no mailto address second")
    if unfolded.get("list-unsubscribe-post") != "List-Unsubscribe=One-Click":
        yield Finding(number=2, what="List-Unsubscribe-Post is not List-Unsubscribe=One-Click")
    for name in _URI_HEADERS:
        if "=?" in re.sub(r'"[^"]*"', "", _after_phrase(unfolded.get(name.lower(), ""))):
            yield Finding(number=3, what=f"{name} holds an encoded-word")
    if not re.search(r"<[A-Za-z0-9.-]+>$", unfolded.get("list-id", "")):
        yield Finding(number=9, what="List-Id is not of the form name <label.domain>")
    if unfolded.get("to", "").count("@") != 1 or "," in unfolded.get("to", ""):
        yield Finding(number=10, what="there is not exactly one recipient in To")
    if unfolded.get("from", "").count("@") != 1:
        yield Finding(number=10, what="there is not exactly one address in From")
    domain = unfolded.get("from", "").rpartition("@")[2].strip("> ")
    if not unfolded.get("message-id", "").endswith(f"@{domain}>"):
        yield Finding(number=11, what="Message-ID is not of our own domain")
    yield from _words(head, parsed)
    if not _FEEDBACK.fullmatch(unfolded.get("feedback-id", "")):
        yield Finding(number=23, what="Feedback-ID is not of the form a:b:c:SenderId")
    if unfolded.get("auto-submitted") != "auto-generated":
        yield Finding(number=24, what="Auto-Submitted is not auto-generated")
    if unfolded.get("precedence") != "bulk":
        yield Finding(number=24, what="Precedence is not bulk")


def _raw(head: str) -> Iterator[tuple[str, str]]:
    for line in re.sub(r"\r\n[ \t]+", " ", head).split("\r\n"):
        name, _, value = line.partition(":")
        yield name.lower(), value.strip()


def _after_phrase(value: str) -> str:
    """The part in angle brackets: before it a display name may be encoded."""
    return "".join(re.findall(r"<[^<>]*>", value))


def _words(head: str, parsed: EmailMessage) -> Iterator[Finding]:
    for word in _ENCODED.findall(head):
        if len(word) > 75:
            yield Finding(number=12, what=f"an encoded-word of {len(word)} characters")
        try:
            for text, charset in decode_header(word):
                if isinstance(text, bytes):
                    text.decode(charset or "ascii")
        except (ValueError, LookupError):
            yield Finding(number=12, what="an encoded-word breaks a character")
    if any(len(line) > 76 for line in head.split("\r\n") if "=?" in line):
        yield Finding(number=12, what="a line with an encoded-word is longer than 76")
    defects: list[MessageDefect] = list(parsed.defects)
    for defect in defects:
        yield Finding(number=13, what=f"the headers are broken: {type(defect).__name__}")


def _parts(parsed: EmailMessage) -> Iterator[Finding]:
    kinds = [part.get_content_type() for part in parsed.iter_parts()]
    if parsed.get_content_type() != "multipart/alternative" or kinds != ["text/plain", "text/html"]:
        yield Finding(number=15, what=f"expected text/plain, then text/html; found {kinds}")
        return
    text, markup = (str(part.get_content()) for part in parsed.iter_parts())
    size = len(markup.encode())
    if size > WANTED_BYTES:
        what = f"the HTML has {size:,} bytes"
        yield Finding(number=17, what=what, severity="error" if size > MOST_BYTES else "warning")
    if re.search(r"&#x?[0-9a-f]{4,6};", markup, re.I):
        yield Finding(number=18, what="characters beyond ASCII are written as entities")
    for part in parsed.iter_parts():
        if part.get_content_charset() != "utf-8":
            yield Finding(number=15, what="a part is not UTF-8")
    if re.search(r"</?[a-z]+[^<>]*>", text):
        yield Finding(number=16, what="the text part holds markup", severity="warning")
    unsubscribe = re.findall(r"https?://\S+/unsubscribe/\S+", text)
    if not unsubscribe or unsubscribe[0] not in markup:
        yield Finding(number=16, what="the link to unsubscribe is not in both parts")
    for heading in re.findall(r"<h[34][^>]*>(.*?)</h[34]>", markup, re.S):
        words = html.fromstring(f"<p>{heading}</p>").text_content().strip()
        if words and " ".join(words.split()) not in " ".join(text.split()):
            yield Finding(number=16, what=f"a headline is not in the text part: {words[:60]}")


def _markup(markup: str) -> Iterator[Finding]:
    tree = html.document_fromstring(markup)
    if not tree.get("lang"):
        yield Finding(number=36, what="<html> names no language")
    if (count := len(tree.findall(".//h1"))) != 1:
        yield Finding(number=36, what=f"{count} headings of the first level")
    if not all(table.get("role") == "presentation" for table in tree.iter("table")):
        yield Finding(number=36, what="a layout table is not role=presentation")
    for image in tree.iter("img"):
        if not image.get("alt"):
            yield Finding(number=36, what="an image has no alt text")
        if not (image.get("src") or "").startswith("https://"):
            yield Finding(number=40, what="an image is not fetched over https")
    for link in tree.iter("a"):
        if not re.match(r"https?://|mailto:", link.get("href") or ""):
            yield Finding(number=39, what=f"a link that is not http(s): {link.get('href')!r:.60}")
    yield from _looks(tree)
    refused = {str(e.tag) for e in tree.iter(etree.Element)} & _REFUSED_TAGS
    if refused:
        yield Finding(number=40, what=f"mail programs drop {', '.join(sorted(refused))}")
    styles = [e.get("style") or "" for e in tree.iter(etree.Element)]
    if bad := next((m for s in styles if (m := _REFUSED_STYLES.search(s))), None):
        yield Finding(number=40, what=f"mail programs do not know {bad[0].strip('; {')}")
    if any(str(name).startswith("on") for e in tree.iter(etree.Element) for name in e.attrib):
        yield Finding(number=39, what="an element holds a script")


def _looks(tree: html.HtmlElement) -> Iterator[Finding]:
    """Size and contrast of all text, as the inlined styles have it."""
    told: set[str] = set()
    pending: list[tuple[html.HtmlElement, str, str, float]] = [(tree, "#000000", "#ffffff", 16.0)]
    while pending:
        element, ink, ground, size = pending.pop()
        style = element.get("style") or ""
        if _INVISIBLE.search(style):
            if "hidden" not in told and element.text_content().strip():
                told.add("hidden")
                yield Finding(number=40, what="text is hidden", severity="warning")
            continue
        for name, value in _COLOUR.findall(style):
            ink, ground = (value, ground) if name == "color" else (ink, value)
        if found := _SIZE.findall(style):
            size = float(found[-1])
        if _text_of(element):
            if size < SMALLEST and "size" not in told:
                told.add("size")
                yield Finding(number=38, what=f"text of {size:g} px")
            if (apart := contrast(ink, ground)) < READABLE and f"{ink}{ground}" not in told:
                told.add(f"{ink}{ground}")
                yield Finding(number=38, what=f"{ink} on {ground} has a contrast of {apart:.1f}")
        pending += [
            (child, ink, ground, size)
            for child in element
            if isinstance(child.tag, str) and child.tag not in ("style", "title", "head")
        ]


def _text_of(element: html.HtmlElement) -> str:
    """The element's own words, without those of its children."""
    parts = [element.text or "", *(child.tail or "" for child in element)]
    return "".join(parts).replace("\xa0", "").strip()
