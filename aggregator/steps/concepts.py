"""text -> what happens in it, as the concepts of `taxonomy/concepts.toml`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple

import ahocorasick

from aggregator.taxonomy import Taxonomy

_SPACED: Final = frozenset({"en", "ru"})
"""Languages whose words have borders."""


class _Word(NamedTuple):
    concept: str
    language: str
    length: int
    open_end: bool
    capitals: bool


def concepts(text: str, language: str, taxonomy: Taxonomy) -> frozenset[str]:
    """The concepts that the text names. Languages without words of their own use the English."""
    automaton = _compiled(taxonomy)
    own = language if language in ("ko", "ja", "zh", "ru") else "en"
    lower = text.lower()
    if len(lower) != len(text):  # "İ" is two characters in lower case
        text = lower
    found: set[str] = set()
    for last, words in automaton.iter(lower):
        for word in words:
            if word.language == own and _stands(word, text, last + 1):
                found.add(word.concept)
    return frozenset(found)


def _stands(word: _Word, text: str, end: int) -> bool:
    if word.language not in _SPACED:
        return True
    start = end - word.length
    if start and text[start - 1].isalnum():
        return False
    if not word.open_end and end < len(text) and text[end].isalnum():
        return False
    return not word.capitals or text[start:end].isupper()


@lru_cache(maxsize=4)
def _compiled(taxonomy: Taxonomy) -> Any:
    table: dict[str, list[_Word]] = {}
    for concept, by_language in taxonomy.concepts.items():
        for language, words in by_language.items():
            for entry in words:
                text = entry.removesuffix("*")
                word = _Word(concept, language, len(text), text != entry, text.isupper())
                table.setdefault(text.lower(), []).append(word)
    automaton = ahocorasick.Automaton()
    for text, entries in table.items():
        automaton.add_word(text, tuple(entries))
    if table:
        automaton.make_automaton()
    return automaton
