"""HTML -> plain text, and where to cut it."""

from __future__ import annotations

import html
import re

import nh3

_INVISIBLE = re.compile(
    # C0 and C1 controls that are no white space, soft hyphen, zero-width and bidirectional marks,
    # lone surrogates, and what XML 1.0 forbids. A headline with one of them matches no alias, and
    # a bidirectional override can make an address look like another one.
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_BREAKS = re.compile(
    r"<(?=/?(?:address|article|aside|blockquote|br|button|caption|center|dd|details|dialog|div|dl|dt"
    r"|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|iframe|img|input|li|main|nav|ol"
    r"|option|p|picture|pre|section|select|source|summary|svg|table|tbody|td|tfoot|th|thead|tr|ul"
    r"|video|audio|embed|object|script|style|noscript|template)\b)",
    re.IGNORECASE,
)
_UNREAD = {"script", "style", "noscript", "template", "title", "svg", "math", "iframe", "object"}
_CLEANER = nh3.Cleaner(tags=set(), clean_content_tags=_UNREAD)
_MARKUP = re.compile(r"<[A-Za-z/!]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_CLEARLY_MARKUP = re.compile(
    r"</(?:p|div|a|b|i|em|strong|span|li|ul|ol|h[1-6]|td|tr|table|font|figure|blockquote)\s*>"
    r"|<(?:br|hr)\s*/?>|<(?:img|a)\s[^<>=]*=[^<>]*>",
    re.IGNORECASE,
)
_ELLIPSIS = "…"
_WORD_BREAK = re.compile(r"[\s　]+\S*$")
_WIDE = re.compile(
    r"[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]"
)

_SENTENCE_END = re.compile(r"([.!?…]+[\"'”’)\]]*)(?=\s)|([。！？｡]+[\"'”’」』）)]*)")
_ABBREVIATIONS = frozenset(
    """
    mr mrs ms dr prof gen lt col maj capt sgt adm cmdr brig gov sen rep rev hon pres amb sec st jr
    sr messrs no nos vol fig art ch pp jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues
    wed thu thur thurs fri sat sun vs etc inc corp co ltd bros dept est approx cf al eg ie e.g i.e
    a.m p.m u.s u.n u.k e.u s n ph.d d.c
    """.split()
)
# These also end sentences; then the next word tells.
_BOTH = frozenset(
    {"u.s", "u.n", "u.k", "e.u", "a.m", "p.m", "etc", "inc", "corp", "co", "ltd", "d.c"}
)
_STARTERS = frozenset(
    """
    the a an he she it they we i you his her its their our this that these those in on at but and
    for from as if when while after before however meanwhile also since there here both seoul
    pyongyang washington tokyo beijing moscow some many most
    """.split()
)
_LAST_WORD = re.compile(r"[\w.]+$")
_NEXT_WORD = re.compile(r"\s+[\"'“‘(\[]*(\w+)")


def plain(source: str) -> str:
    """What a reader would see of this HTML, on one line. Never raises.

    Blocks are set apart by a space, words that only inline markup divides are not. Text that was
    escaped twice is read twice.
    """
    # All that is invisible is no printable character, and most texts hold printable ones only.
    text = source if source.isprintable() else _INVISIBLE.sub("", source)
    if "<" not in text and "&" not in text:
        return " ".join(text.split())
    for _ in range(2):
        if "<" not in text and "&" not in text:
            break
        text = _once(text)
        escaped_twice = ("&" in text and _ENTITY.search(text)) or (
            "<" in text and _CLEARLY_MARKUP.search(text)
        )
        if not escaped_twice:
            break
    return " ".join(_INVISIBLE.sub("", text).split())


def _once(text: str) -> str:
    if _MARKUP.search(text):
        text = _CLEANER.clean(_BREAKS.sub(" <", text))
    return html.unescape(text)


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters: whole sentences if they fill half, else whole words and `…`."""
    if len(text) <= limit:
        return text
    if limit <= 1:
        return _ELLIPSIS[:limit]
    head = text[: limit - 1]
    if (end := _last_sentence_end(head)) * 2 >= limit:
        return head[:end].rstrip()
    cut = head.rstrip() if text[limit - 1].isspace() else _WORD_BREAK.sub("", head)
    # Chinese and Japanese set no spaces: there any character may be the last.
    if len(cut) * 2 < len(head) or (_WIDE.search(head[-1]) and " " not in head[-20:]):
        cut = head
    return cut.rstrip(" ,;:、，·-–—") + _ELLIPSIS


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of plain text in English, Korean, Japanese or Chinese, in order."""
    found, start = [], 0
    for end in _ends(text):
        if sentence := text[start:end].strip():
            found.append(sentence)
        start = end
    if rest := text[start:].strip():
        found.append(rest)
    return tuple(found)


def _ends(text: str) -> list[int]:
    return [
        match.end()
        for match in _SENTENCE_END.finditer(text)
        if match[2] or not _is_abbreviation(text, match)
    ]


def _last_sentence_end(head: str) -> int:
    # The character after the cut is not seen, so a full stop at the very end counts only if it
    # cannot be inside a number or an abbreviation.
    ends = reversed(list(_SENTENCE_END.finditer(head)))
    return next((end.end() for end in ends if end[2] or not _is_abbreviation(head, end)), 0)


def _is_abbreviation(text: str, end: re.Match[str]) -> bool:
    """Does this full stop belong to the word before it (Gen., U.S., N. Korea, Nov. 5)?"""
    if end[1] != ".":
        return False
    word_match = _LAST_WORD.search(text, max(0, end.start() - 20), end.start())
    if word_match is None:
        return False
    word = word_match[0]
    following = _NEXT_WORD.match(text, end.end())
    following_word = following[1] if following else ""
    if not following_word:
        return False
    if word.lower() in _BOTH:
        return following_word.lower() not in _STARTERS or not following_word[0].isupper()
    if word.lower() in _ABBREVIATIONS:
        return True
    if len(word) == 1 and word.isascii() and word.isupper():
        return True  # an initial: Donald J. Trump, N. Korea
    return following_word[0].islower()


DATELINE = re.compile(
    r"\s*(?:\([^()=]{1,24}=[^()]{2,10}\)(?:[^=\n]{0,60}=\s)?"
    r"|(?:[A-Z][A-Za-z .]{2,24}(?:, [A-Z][a-z]+\.? \d{1,2})? )?\([A-Za-z ]{2,16}\) ?--?\s?)"
)
""" "(서울=연합뉴스) 하채림 기자 = ", "SEOUL (Reuters) - ", "Pyongyang, July 5 (KCNA) -- "."""


def without_dateline(text: str) -> str:
    """The text from its first own word on: agency, place and byline go."""
    found = DATELINE.match(text)
    return text[found.end() :] if found else text
