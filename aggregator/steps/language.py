"""text -> the language that it is written in, told by its script."""

from __future__ import annotations

import re
from typing import Final

_HANGUL: Final = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]+")
_KANA: Final = re.compile("[\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\uff66-\uff9f]+")
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]+")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]+")
_WORTH: Final = 3
"""One CJK character says about as much as three letters."""
_CYRILLIC_LANGUAGES: Final = frozenset({"ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg"})
_OTHER_SCRIPTS: Final = frozenset({"ko", "ja", "zh"}) | (_CYRILLIC_LANGUAGES - {"sr", "kk"})


def language(text: str, fallback: str = "") -> str:
    """ISO 639-1. `fallback` (the feed's language, "zh-TW" is fine) settles what a script cannot.

    Hangul is Korean, kana Japanese, Han without kana Chinese (or Japanese, in a Japanese feed),
    Cyrillic Russian; any other text has the fallback's language, or English.
    """
    base = fallback.lower().replace("_", "-").split("-")[0]
    if text.isascii() and any(map(str.isalpha, text)):
        return base if base and base not in _OTHER_SCRIPTS else "en"
    hangul, kana, han, cyrillic, latin = (
        sum(map(len, script.findall(text))) for script in (_HANGUL, _KANA, _HAN, _CYRILLIC, _LATIN)
    )
    letters = hangul + kana + han + cyrillic + latin
    if not letters:
        return base or "en"
    cjk = hangul + kana + han
    if cjk * _WORTH >= latin + cyrillic:
        if hangul * 2 >= kana + han:
            return "ko"
        if kana and kana * 20 >= han:
            return "ja"
        return base if base in ("ja", "zh") else "zh"
    if cyrillic > latin:
        return base if base in _CYRILLIC_LANGUAGES else "ru"
    return base if base and base not in _OTHER_SCRIPTS else "en"
