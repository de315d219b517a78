"""bytes -> text. Which characters a document's bytes really mean."""

from __future__ import annotations

import codecs
import re
from typing import NamedTuple

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: it starts with the same two bytes
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0?\0", "utf-16-le"),
    (b"\0<\0?", "utf-16-be"),
)
_SUPERSETS = {
    # One character of the vendor's extension in a document that names the standard makes the strict
    # codec fail; browsers read the superset (https://encoding.spec.whatwg.org/#names-and-labels).
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
}
_LABELS = {
    "ks_c_5601-1987": "cp949",
    "ks_c_5601-1989": "cp949",
    "windows-949": "cp949",
    "x-windows-949": "cp949",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-euc-jp": "euc_jp",
    "x-gbk": "gb18030",
    "big5-hkscs": "big5hkscs",
    "utf8mb4": "utf-8",
    "unicode": "utf-8",
}
# A document may name any codec; `unicode_escape`, `idna` and `utf-7` are not for it to choose.
_TEXT_CODEC = re.compile(
    r"utf-(8|16|32)|cp\d|iso8859|koi8|mac-|euc|shift|gb|big5|johab|hz$|iso2022|ascii|tis|ptcp"
)
_DECLARATION = re.compile(r"^\s*<\?xml\b[^>]*?\?>", re.IGNORECASE)
_DECLARED = re.compile(
    rb"<\?xml\b[^>]*?\bencoding\s*=\s*[\"']\s*([A-Za-z0-9._:\-]+)", re.IGNORECASE
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:\-]+)", re.IGNORECASE)
_LANGUAGE = re.compile(
    rb"<(?:\w+:)?language>\s*(?:<!\[CDATA\[)?\s*([A-Za-z]{2})|xml:lang\s*=\s*[\"']([A-Za-z]{2})"
)
_GUESSES = {
    "ko": ("cp949",),
    "ja": ("cp932", "euc_jp"),
    "zh": ("gb18030", "big5hkscs"),
    "ru": ("cp1251", "koi8-r"),
}
_LAST_RESORT = ("cp949", "cp932", "gb18030", "cp1252")
_HEAD = 4096


class Decoded(NamedTuple):
    """A document's text, without byte order mark and without XML declaration."""

    text: str
    codec: str
    """As Python calls it."""
    why: str
    """What spoke for this codec, in words."""


def decode(body: bytes, content_type: str = "") -> str:
    """The document as text, without byte order mark and without XML declaration. Never raises."""
    return decoded(body, content_type).text


def decoded(body: bytes, content_type: str = "") -> Decoded:
    """The document's text, and which codec read it and why. Never raises.

    A byte order mark rules, then the charset of the HTTP header, then the XML declaration, then
    UTF-8, then a guess helped by the declared language.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            text = body[len(mark) :].decode(codec, "replace")
            return Decoded(_undeclared(text), codec, "its byte order mark")
    for start, codec in _UNMARKED:
        if body.startswith(start):
            return Decoded(
                _undeclared(body.decode(codec, "replace")), codec, "the zero bytes at its start"
            )
    found = _by_declaration(body, _declared(body, content_type))
    return found._replace(text=_undeclared(found.text))


def codec_of(label: str) -> str | None:
    """The Python codec that reads what is labelled so: the superset that browsers use."""
    wanted = label.strip().lower()
    try:
        name = codecs.lookup(_LABELS.get(wanted, wanted)).name
    except (LookupError, ValueError):
        return None
    if not _TEXT_CODEC.match(name):
        return None
    return _SUPERSETS.get(name, name)


def _undeclared(text: str) -> str:
    return _DECLARATION.sub("", text, count=1).lstrip("\ufeff")


def _declared(body: bytes, content_type: str) -> dict[str, str]:
    """Codec -> who names it, in the order of their authority."""
    labels = []
    if header := _CHARSET.search(content_type):
        labels.append(("the HTTP header", header[1]))
    if declaration := _DECLARED.search(body[:_HEAD]):
        labels.append(("the XML declaration", declaration[1].decode("ascii")))
    found: dict[str, str] = {}
    for source, label in labels:
        if codec := codec_of(label):
            found.setdefault(codec, source)
    return found


def _by_declaration(body: bytes, declared: dict[str, str]) -> Decoded:
    # A one-byte codec hardly ever fails, so its success proves nothing, and `charset=iso-8859-1` is
    # what servers say by default: whatever can fail is asked first.
    order = [codec for codec in declared if not _is_single_byte(codec)]
    order += ["utf-8"] + [codec for codec in declared if _is_single_byte(codec)]
    for codec in dict.fromkeys(order):
        text = _strictly(body, codec)
        if text is not None:
            return Decoded(text, codec, declared.get(codec) or _plainly(declared))
    # A few bad bytes (a cut in the middle of a character) must not turn the rest into mojibake.
    for codec in dict.fromkeys(order):
        text = body.decode(codec, "replace")
        foreign = len(text) - len(text.encode("ascii", "ignore"))
        if text.count("\ufffd") * 20 <= foreign:
            why = declared.get(codec) or _plainly(declared)
            return Decoded(text, codec, f"{why}; some bytes of it are broken")
    return _guessed(body) or Decoded(
        body.decode(order[0], "replace"), order[0], "no codec reads it; broken bytes are replaced"
    )


def _plainly(declared: dict[str, str]) -> str:
    """Why it is UTF-8 when nobody says so."""
    others = " and ".join(f"{source} says {codec}" for codec, source in declared.items())
    return f"it is plain UTF-8, although {others}" if others else "it is plain UTF-8"


def _guessed(body: bytes) -> Decoded | None:
    match = _LANGUAGE.search(body)
    language = (match[1] or match[2]).decode("ascii").lower() if match else ""
    first = _GUESSES.get(language, ())
    if not first and (language or _mostly_alone(body)):
        first = ("cp1252",)
    for codec in dict.fromkeys((*first, *_LAST_RESORT)):
        text = _strictly(body, codec)
        if text is not None:
            helped = f" helped by its language, {language}" if language and codec in first else ""
            return Decoded(text, codec, f"a guess{helped}")
    return None


def _mostly_alone(body: bytes) -> bool:
    """Are bytes beyond ASCII mostly single, as in Western European text?

    CP949 and GB18030 would read "é" and the letter after it as one Hangul or Han character.
    """
    runs = re.findall(rb"[\x80-\xff]+", body[: 1 << 20])
    return 2 * sum(len(run) == 1 for run in runs) > len(runs)


def _is_single_byte(codec: str) -> bool:
    if codec in ("cp949", "cp932", "cp950"):
        return False
    return codec.startswith(("cp", "iso8859", "koi8", "mac-", "ptcp", "tis"))


def _strictly(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except UnicodeError:
        return None
