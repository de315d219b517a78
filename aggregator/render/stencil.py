"""A text with gaps -> its MIME body, coded once; a reader's links then cost microseconds.

What stands between two gaps is coded when the stencil is made. In quoted-printable each gap begins
and ends with a soft line break. In base64 three octets become four, so the text after a gap is kept
for each of the three ways in which a link can shift it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

_WIDTH = 76
"""RFC 2045, 6.7 and 6.8."""
# Without runs of spaces a body is its own relaxed form (RFC 6376, 3.4.4), which DKIM hashes.
_ESCAPED = re.compile(rb"[^ -<>-~]| (?= |$)")
_CHANGED_ON_THE_WAY = re.compile(rb"\.|From ")
"""At the start of a line: relays double the one, mailboxes quote the other."""

_Base64: TypeAlias = tuple[bytes, bytes, bytes] | None
"""(octets that fill up the group before, coded lines, octets left over)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stencil:
    """A coded text whose gaps are still open."""

    coding: Literal["base64", "quoted-printable"]
    gaps: tuple[str, ...]
    """What belongs into each gap, in the order of the text."""
    pieces: tuple[bytes, ...]
    """The text around the gaps: coded for quoted-printable, plain for base64."""
    shifted: tuple[tuple[_Base64, _Base64, _Base64], ...] = ()
    """Of base64: each piece, less its first 0, 1 or 2 octets."""

    def fill(self, values: Mapping[str, str]) -> bytes:
        """The whole body: lines of at most 76 characters, each ended by CRLF."""
        inside = [values[gap].encode() for gap in self.gaps]
        if self.coding == "quoted-printable":
            gaps = [_quoted(value, goes_on=True) for value in inside]
            return b"".join(p for pair in zip(self.pieces, [*gaps, b""], strict=True) for p in pair)
        return self._fill_base64([*inside, b""])

    def _fill_base64(self, inside: Sequence[bytes]) -> bytes:
        out, rest = [], b""
        for piece, shifted, value in zip(self.pieces, self.shifted, inside, strict=True):
            way = shifted[-len(rest) % 3]
            if way is None:  # too short to fill up the group
                rest += piece + value
                continue
            head, coded, tail = way
            out += [_base64(rest + head), coded]
            rest = tail + value
        return b"".join([*out, _base64(rest)])


def stencil(text: str, gaps: Mapping[str, str], between: str) -> Stencil:
    """A text in which each value of `gaps` marks a gap for its key; in the shorter coding.

    A mark counts only where the characters around it are of the class `between`: as part of a
    stranger's link it would hand a reader's own link to the stranger.
    """
    marks = {mark: name for name, mark in gaps.items()}
    mark = f"(?<![^{between}])({'|'.join(map(re.escape, marks))})(?![^{between}])"
    parts = re.split(mark, re.sub(r"\r\n?", "\n", text))
    plain = tuple(part.replace("\n", "\r\n").encode() for part in parts[::2])
    names = tuple(marks[mark] for mark in parts[1::2])
    last = len(plain) - 1
    quoted = tuple(_quoted(piece, goes_on=n < last) for n, piece in enumerate(plain))
    if sum(map(len, quoted)) <= sum(map(len, plain)) * 4 / 3 * 78 / 76:
        return Stencil(coding="quoted-printable", gaps=names, pieces=quoted)
    shifted = tuple((_way(p, 0), _way(p, 1), _way(p, 2)) for p in plain)
    return Stencil(coding="base64", gaps=names, pieces=plain, shifted=shifted)


def _way(piece: bytes, taken: int) -> _Base64:
    if len(piece) < taken:
        return None
    end = len(piece) - (len(piece) - taken) % 3
    return piece[:taken], _base64(piece[taken:end]), piece[end:]


def _base64(octets: bytes) -> bytes:
    coded = b64encode(octets)
    return b"".join(coded[n : n + _WIDTH] + b"\r\n" for n in range(0, len(coded), _WIDTH))


def _quoted(octets: bytes, *, goes_on: bool) -> bytes:
    """Lines of quoted-printable. `goes_on`: the last one is not over."""
    lines = [line for text in octets.split(b"\r\n") for line in _quoted_line(text)]
    if goes_on and lines[-1]:
        lines += [lines.pop() + b"=", b""]
    elif not goes_on and lines[-1]:
        lines.append(b"")
    return b"\r\n".join(lines)


def _quoted_line(text: bytes) -> list[bytes]:
    """One line of text as lines that end softly, but for the last."""
    left = _ESCAPED.sub(lambda found: b"=%02X" % found[0][0], text)
    lines: list[bytes] = []
    while True:
        if _CHANGED_ON_THE_WAY.match(left):
            left = b"=%02X" % left[0] + left[1:]
        if len(left) < _WIDTH:
            return [*lines, left]
        cut = _WIDTH - 1
        cut -= next((n for n in (1, 2) if left[cut - n] == ord("=")), 0)
        lines.append(left[:cut] + b"=")
        left = left[cut:]
