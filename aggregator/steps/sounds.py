"""A name in any alphabet -> its consonants, so that 젤렌스키, ゼレンスキー and Zelensky meet.

Six classes of consonants, vowels left out, repeats once: what is left of a foreign name after a
newspaper of another script has spelled it by ear. Names in Han characters have no key.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

SHORTEST: Final = 3
"""Two consonants fit half the dictionary."""
_CLASSES: Final = {"P": "bpvf", "T": "td", "K": "kgqx", "S": "szjc", "M": "m", "N": "n", "L": "lr"}
_LATIN_SPELLING: Final = (
    (re.compile("sch|ch|sh|zh"), "s"),
    (re.compile("th"), "t"),
    (re.compile("ph"), "p"),
    (re.compile("ck|c(?![eiyh])"), "k"),
    (re.compile("ng"), "n"),
)
_SILENT_R: Final = re.compile("r(?![aeiouy])")
_PARTICLE: Final = re.compile(
    "(?:으로부터|로부터|에게서|에서는|에서도|에게|에서|으로|까지|부터|처럼|보다|하고|이나|"
    "[은는이가을를의에와과도로만측서씨])(?= |$)"
)
_REPEATED: Final = re.compile(r"([PTKSMNL])\1+")
_NO_CONSONANT: Final = re.compile("[^PTKSMNL ]+")


def _hangul() -> dict[int, str]:
    """Each syllable's first and last consonant; 588 syllables an initial, 28 a vowel."""
    initials = ("K", "K", "N", "T", "T", "L", "M", "P", "P", "S", "S", "", *"SSSKTP", "")
    finals = ("", *"KKKNNNTLLLLLLLLMPPTTNTTKTP", "")
    return {0xAC00 + n: initials[n // 588] + finals[n % 28] for n in range(11_172)}


def _letters(classes: Mapping[str, str]) -> dict[int, str]:
    return {ord(letter): key for key, letters in classes.items() for letter in letters}


_SOUND: Final[Mapping[int, str]] = {
    **_hangul(),
    **_letters(_CLASSES),
    **_letters({"P": "бпвф", "T": "тд", "K": "кгх", "S": "сзжцчшщ", "M": "м", "N": "н", "L": "лр"}),
    **_letters(
        {
            "K": "カキクケコガギグゲゴ",
            "S": "サシスセソザジズゼゾチヂツヅ",
            "T": "タテトダデド",
            "N": "ナニヌネノン",
            "P": "ハヒフヘホバビブベボパピプペポヴ",
            "M": "マミムメモ",
            "L": "ラリルレロ",
        }
    ),
}
_HANGUL: Final = re.compile(r"[\uac00-\ud7a3]{2,}")
_KATAKANA: Final = re.compile(r"[\u30a1-\u30f6ー]{3,}")
_CYRILLIC: Final = re.compile(r"\b[А-ЯЁ][а-яё]{2,}")
_LATIN: Final = re.compile(r"\b[A-Z][a-z\u00e0-\u017f]{2,}")


def sounds(text: str) -> frozenset[str]:
    """The keys of all words that may be names, each of at least `SHORTEST` consonants.

    Latin and Cyrillic names begin with a capital. In Hangul, where nothing marks a name, every
    word has a key: what is no name finds no partner in another script.
    """
    spelled = list(_latin(" ".join(_LATIN.findall(text))))
    if not text.isascii():
        hangul = " ".join(_HANGUL.findall(text))
        spelled += hangul, _PARTICLE.sub("", hangul)
        spelled += (" ".join(script.findall(text)).lower() for script in (_KATAKANA, _CYRILLIC))
    return frozenset(
        key for words in spelled for key in _consonants(words).split(" ") if len(key) >= SHORTEST
    )


def _latin(names: str) -> tuple[str, str]:
    """With and without an r that English does not pronounce: Carter is 카터, Kursk 쿠르스크."""
    plain = names.lower()
    if not plain.isascii():
        plain = unicodedata.normalize("NFD", plain)
    for spelling, letter in _LATIN_SPELLING:
        plain = spelling.sub(letter, plain)
    return plain, _SILENT_R.sub("", plain)


def _consonants(words: str) -> str:
    return _REPEATED.sub(r"\1", _NO_CONSONANT.sub("", words.translate(_SOUND)))
