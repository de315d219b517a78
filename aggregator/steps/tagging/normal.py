"""text as shown -> its normal form, with a way back to every character's place.

The normal form is NFKC with straight quotes, plain spaces and without invisible characters.
Nearly all texts need only one-to-one replacements, so the map back is built for the others only.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

_FOLD: Final = {
    **dict.fromkeys(map(ord, "‘’‚‛′＇`´"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″＂「」『』«»《》〈〉"), '"'),
    **dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2009\u202f\u3000\t\r\n\f\v"), " "),
    **dict.fromkeys(map(ord, "‐‑‒–—―−"), "-"),
    **dict.fromkeys(map(ord, "・･‧∙⋅ㆍ"), "·"),
    ord("…"): ".",  # one to one: a Korean headline in three has it, and its length must stay
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
}
_FOLDED: Final = re.compile(
    "[" + "".join(re.escape(chr(code)) for code in _FOLD if code > 127) + r"`\t\r\n\f\v]"
)
_PARAGRAPH: Final = re.compile(r"\n(?=[ \t\r]{0,8}(?:\n|[•*·▲△■□▶-]\s))")
"""Where a paragraph or an item of a list ends: there a sentence ends too."""
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_JAMO_TAIL: Final = re.compile("[\u1160-\u11ff\u3099\u309a\uff9e\uff9f]")
_PLAIN: Final = re.compile(
    "[\x20-\x7e\u0400-\u0482\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]+"
)
"""Runs that NFKC leaves as they are, but for a mark that follows their last character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """A text in normal form. `pieces` lead back; None: places are the same."""

    text: str
    lower: str
    """Lower case, of the same length."""
    pieces: tuple[tuple[int, int, int, bool], ...] | None = None
    """(start here, start and end as shown, whether it is the same text), by place."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The place in the text as shown of a non-empty place in the normal form."""
        if self.pieces is None:
            return start, end
        here, shown, _, same = self._piece(start)
        first = shown + start - here if same else shown
        here, shown, until, same = self._piece(end - 1)
        return first, (shown + end - here if same else until)

    def _piece(self, at: int) -> tuple[int, int, int, bool]:
        assert self.pieces is not None
        return self.pieces[bisect_right(self.pieces, at, key=itemgetter(0)) - 1]


def normal(text: str) -> Normal:
    """The normal form of a text."""
    if "\n" in text:
        text = _PARAGRAPH.sub("\u2029", text)
    folded = _FOLDED.sub(_fold, text)
    if folded.isascii():
        return Normal(text=folded, lower=folded.lower())
    if unicodedata.is_normalized("NFKC", folded) and not _INVISIBLE.search(folded):
        return Normal(text=folded, lower=_lower(folded))
    parts: list[str] = []
    pieces: list[tuple[int, int, int, bool]] = []
    length = 0
    for start, end, same in _clusters(folded):
        part = folded[start:end]
        if not same:
            part = _INVISIBLE.sub("", unicodedata.normalize("NFKC", part))
        if part:
            parts.append(part)
            pieces.append((length, start, end, same))
            length += len(part)
    whole = "".join(parts)
    return Normal(text=whole, lower=_lower(whole), pieces=tuple(pieces))


def _fold(match: re.Match[str]) -> str:
    return _FOLD[ord(match[0])]


def _clusters(text: str) -> Iterator[tuple[int, int, bool]]:
    """Runs that stay, and between them characters with all that joins them."""
    at = 0
    while at < len(text):
        run = _PLAIN.match(text, at)
        end = run.end() if run else at
        if end < len(text):
            end -= 1 if run else 0  # the last one may take a mark
            if end > at:
                yield at, end, True
            at = end
            end += 1
            while end < len(text) and _joins(text[end]):
                end += 1
            yield at, end, False
        else:
            yield at, end, True
        at = end


def _joins(character: str) -> bool:
    return bool(unicodedata.combining(character) or _JAMO_TAIL.match(character))


def _lower(text: str) -> str:
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(low if len(low := c.lower()) == 1 else c for c in text)
