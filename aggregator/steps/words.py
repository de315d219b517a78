"""text -> the words that likeness is measured on: lightly stemmed Latin words, CJK bigrams."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

CJK = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_TOKEN = re.compile(
    r"[\u1100-\u11ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+|[^\W_]+(?:[.'’][^\W_]+)*"
)

_STOP = frozenset(
    """a about after again against all also an and any are as at be been before but by can could
    did do does for from had has have he her his how if in into is it its just more most
    new no not now of off on one or other our out over said say says she so some such than
    that the their them then there these they this those to up us was we were what when
    where which while who why will with would you your amid ahead per via mr ms und les
    des""".split()
)


def _stem(word: str) -> str:
    """Plural, possessive and the commonest verb endings go: "launches", "launched" -> "launch"."""
    word = word.replace("’", "'").removesuffix("'s").replace(".", "")
    for ending, rest in (("sses", "ss"), ("ies", "y"), ("ing", ""), ("ed", ""), ("es", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)] + rest
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "su" else word


@lru_cache(maxsize=65_536)
def words(text: str, language: str = "") -> tuple[str, ...]:
    """Words in order, with repeats. Hangul, kana and Han as bigrams (one letter alone stays)."""
    found: list[str] = []
    for token in _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()):
        if CJK.match(token):
            found += [token[i : i + 2] for i in range(len(token) - 1)] or [token]
        elif token not in _STOP:
            found.append(_stem(token))
    return tuple(found)
