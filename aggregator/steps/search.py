"""text -> terms of the search index; what a reader typed -> the terms to look for.

A word of letters with spaces between words is one term. Hangul, kana and Han are written in runs
of words, so a run becomes each two neighbours, and its last character: whoever looks for 북한 finds
it in 북한이, and 朝鮮 in 北朝鮮, as neighbours in the order of the text; one character alone begins
a term. Terms hold letters and digits only; a facet holds a colon, so no word can be taken for one.

A change of what `terms` makes of a text needs a migration that indexes all anew: stored terms are
withdrawn by making them again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

_RUN = (
    "\u1100-\u11ff\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7fb\U00020000-\U0003ffff"
)
_PIECE = re.compile(rf"[{_RUN}]+|(?:(?![{_RUN}])[^\W_][\u0300-\u036f]*)+")
_MARKS = re.compile("[\u0300-\u036f]+")
_ASKED = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»「」『』", '"'))
_LONGEST_WORD = 32
_LONGEST_TEXT = 5_000
_LONGEST_QUERY = 500
_MOST_TERMS = 32
ANY = "any:"
"""A facet of every article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Terms that follow one another."""

    terms: tuple[str, ...]
    begins: bool = False
    """The last term may also be the beginning of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a reader typed: each of `all`, none of `none`."""

    all: tuple[Phrase, ...] = ()
    none: tuple[Phrase, ...] = ()


def terms(*texts: str) -> tuple[str, ...]:
    """The terms of an article, in order; of each text no more than 5,000 characters."""
    return tuple(
        term
        for text in texts
        for piece in _pieces(_folded(text[:_LONGEST_TEXT]))
        for term in ((*_pairs(piece), piece[-1]) if _is_run(piece) else (_word(piece),))
    )


def facet(kind: str, value: str) -> str:
    """A term that says to what an article belongs, whatever the value holds."""
    return f"{kind}:{quote(value, safe='', errors='replace')}".lower()


def parse(text: str) -> Wanted:
    """Words and "phrases", each to be excluded after a minus; what is beyond 32 terms is ignored.

    A word without spaces that holds several terms ("F-35", "G7정상회담") is a phrase of them.
    """
    sides: dict[bool, dict[Phrase, None]] = {False: {}, True: {}}
    room = _MOST_TERMS
    for minus, quoted, word in _ASKED.findall(_folded(text[:_LONGEST_QUERY]).translate(_QUOTES)):
        phrase = _phrase(quoted or word, room)
        if phrase is not None:
            sides[bool(minus)].setdefault(phrase)
            room -= len(phrase.terms)
    return Wanted(all=tuple(sides[False]), none=tuple(sides[True]))


def _phrase(text: str, room: int) -> Phrase | None:
    pieces = list(_pieces(text))
    found: list[str] = []
    begins = False
    for place, piece in enumerate(pieces, 1):
        begins = False
        if not _is_run(piece):
            found.append(_word(piece))
        elif place < len(pieces):
            found += (*_pairs(piece), piece[-1])
        elif len(piece) > 1:  # the text may go on after it
            found += _pairs(piece)
        else:
            found.append(piece)
            begins = True
    if not found or room <= 0:
        return None
    return Phrase(terms=tuple(found[:room]), begins=begins and len(found) <= room)


def _folded(text: str) -> str:
    """Case, width and the like made equal."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _pieces(folded: str) -> Iterator[str]:
    return (found[0] for found in _PIECE.finditer(folded))


def _is_run(piece: str) -> bool:
    return piece[0] >= "\u1100" and _RUN_START.match(piece) is not None


_RUN_START = re.compile(f"[{_RUN}]")


def _pairs(run: str) -> Iterator[str]:
    return (run[i : i + 2] for i in range(len(run) - 1))


def _word(piece: str) -> str:
    """Without diacritics; an English plural is its singular, so that either finds the other."""
    if not piece.isascii():
        piece = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", piece)))
    if len(piece) > 3 and piece[-1] == "s" and piece[-2] not in "sui":
        piece = piece[:-3] + "y" if piece.endswith("ies") and len(piece) > 4 else piece[:-1]
    return piece[:_LONGEST_WORD]
