"""A name in any alphabet -> its consonants, so that 젤렌스키, ゼレンスキー and Zelensky meet.

Six classes of consonants, vowels left out, repeats once: what is left of a foreign name after a
newspaper of another script has spelled it by ear. Names in Han characters have no key.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

SHORTEST: Final = 3
"""Two consonants fit half the dictionary."""
_CLASSES: Final = {"P": "bpvf", "T": "td", "K": "kgqx", "S": "szjc", "M": "m", "N": "n", "L": "lr"}
_CLASS: Final = {letter: key for key, letters in _CLASSES.items() for letter in letters}
_LATIN_SPELLING: Final = (
    (re.compile("sch|ch|sh|zh"), "s"),
    (re.compile("th"), "t"),
    (re.compile("ph"), "p"),
    (re.compile("ck|c(?![eiyh])"), "k"),
    (re.compile("ng"), "n"),
)
_SILENT_R: Final = re.compile("r(?![aeiouy])")
_INITIALS: Final = ("K", "K", "N", "T", "T", "L", "M", "P", "P", "S", "S", "", *"SSSKTP", "")
_FINALS: Final = ("", *"KKKNNNTLLLLLLLLMPPTTNTTKTP", "")
_HANGUL_FIRST, _HANGUL_LAST, _PER_INITIAL, _PER_VOWEL = 0xAC00, 0xD7A3, 588, 28
_PARTICLE: Final = re.compile(
    "(?:으로부터|로부터|에게서|에서는|에서도|에게|에서|으로|까지|부터|처럼|보다|하고|이나|"
    "[은는이가을를의에와과도로만측서씨])$"
)
_KATAKANA: Final[Mapping[str, str]] = {
    **dict.fromkeys("カキクケコガギグゲゴ", "K"),
    **dict.fromkeys("サシスセソザジズゼゾチヂツヅ", "S"),
    **dict.fromkeys("タテトダデド", "T"),
    **dict.fromkeys("ナニヌネノン", "N"),
    **dict.fromkeys("ハヒフヘホバビブベボパピプペポヴ", "P"),
    **dict.fromkeys("マミムメモ", "M"),
    **dict.fromkeys("ラリルレロ", "L"),
}
_CYRILLIC: Final[Mapping[str, str]] = {
    **dict.fromkeys("бпвф", "P"),
    **dict.fromkeys("тд", "T"),
    **dict.fromkeys("кгх", "K"),
    **dict.fromkeys("сзжцчшщ", "S"),
    **dict.fromkeys("м", "M"),
    **dict.fromkeys("н", "N"),
    **dict.fromkeys("лр", "L"),
}
_NAMES: Final = re.compile(
    r"(?P<hangul>[\uac00-\ud7a3]{2,})|(?P<katakana>[\u30a1-\u30f6ー]{3,})"
    r"|(?P<cyrillic>\b[А-ЯЁ][а-яё]{2,})|(?P<latin>\b[A-Z][a-z\u00e0-\u017f]{2,})"
)


def sounds(text: str) -> frozenset[str]:
    """The keys of all words that may be names, each of at least `SHORTEST` consonants.

    Latin and Cyrillic names begin with a capital. In Hangul, where nothing marks a name, every
    word has a key: what is no name finds no partner in another script.
    """
    keys: set[str] = set()
    for found in _NAMES.finditer(text):
        keys.update(_keys(found.lastgroup or "", found[0]))
    return frozenset(keys)


@lru_cache(maxsize=32_768)
def _keys(script: str, word: str) -> tuple[str, ...]:
    spelled: tuple[str, ...]
    if script == "hangul":
        spelled = (_hangul(word), _hangul(_PARTICLE.sub("", word)))
    elif script == "katakana":
        spelled = (_mapped(word, _KATAKANA),)
    elif script == "cyrillic":
        spelled = (_mapped(word.lower(), _CYRILLIC),)
    else:
        spelled = _latin(word)
    return tuple(key for key in dict.fromkeys(spelled) if len(key) >= SHORTEST)


def _latin(word: str) -> tuple[str, str]:
    """With and without an r that English does not pronounce: Carter is 카터, but Kursk 쿠르스크."""
    plain = unicodedata.normalize("NFD", word.lower())
    for spelling, letter in _LATIN_SPELLING:
        plain = spelling.sub(letter, plain)
    return _mapped(plain, _CLASS), _mapped(_SILENT_R.sub("", plain), _CLASS)


def _hangul(word: str) -> str:
    key = ""
    for letter in word:
        place = ord(letter) - _HANGUL_FIRST
        for sound in (_INITIALS[place // _PER_INITIAL], _FINALS[place % _PER_VOWEL]):
            if sound != key[-1:]:
                key += sound
    return key


def _mapped(word: str, classes: Mapping[str, str]) -> str:
    key = ""
    for letter in word:
        sound = classes.get(letter, "")
        if sound != key[-1:]:
            key += sound
    return key
