"""article, feed, tags -> how sure the reported event is, exactly one certainty.

Cues are read from the title, and attribution from the first sentences too: what stands deeper in
a text is mostly background.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aggregator.model import Article, Feed, Tagging

_LEDE: Final = 300
_LONGEST: Final = 500
_OLD: Final = 2
"""A year in a title this many years back makes the report one about the past."""
_YEAR: Final = re.compile(r"(?<!\d)(19[4-9]\d|20[0-3]\d)(?!\d|~|-\d\d?\b)(?!年から|년부터)")
_NEGATED: Final = re.compile(
    r"\bno (?:agreement|deal|breakthrough|sign of|mention)\b|\bdid(?: not|n't)\b|\bwithout "
    r"(?:mention|"
    r"agreement|a deal)|\bnot yet\b|\bfails? to\b|\bcancell?ed\b|\bcalls? off\b|언급 없이|언급 "
    r"안|없었다|침묵|"
    r"미보도|무산|합의 불발|불발|結ばず|言及せず|見送り|未提及|没有提及",
    re.I,
)
_HYPOTHETICAL: Final = re.compile(
    r"\b(?:could|would|may|might|if|what if|scenario|prospects?|possible|likely|"
    r"potential(?:ly)?)\b|"
    r"^will .+\?|\?$|전망|가능성|[가-힣]까\??(?:$|[\s\"'…])|시나리오|할 수도|일 수도|나올 수도|"
    r"可能性|か$|か？|恐れ|"
    r"或将|可能|恐将",
    re.I,
)
_HISTORICAL: Final = re.compile(
    r"\byears? (?:after|ago|since|on\b)|\banniversary of\b|\bhistor(?:y|ic(?:al)?) of\b|"
    r"\bdecades? after\b|"
    r"\d+년 전|年前",
    re.I,
)
_QUOTED_FIRST: Final = re.compile(r"[^「\"“]{1,12}[「\"“][^」\"”]{6,}[」\"”]")
"""Somebody's statement; the question after it is the headline's own: 軍「…発射」反発か."""
_ANONYMOUS: Final = re.compile(
    r"\bsources?\b(?: inside)?(?: says?| said| tell|:|$)|\bsources say\b|\bunnamed\b|"
    r"\banonymous\b|"
    r"according to (?:a|the|an)? ?(?:\w+ )?(?:sources?|people)|소식통|関係者|消息人士|消息筋|知情",
    re.I,
)
_CLAIMED: Final = re.compile(
    r"\b(?:says?|said|claims?|claimed|alleges?|accus\w+|insists?|asserts?|vows?|warns?|calls?|"
    r"called|wants|"
    r"according to|reports? say|report says|denies|denied|pledges?|argues?|KCNA|Yonhap|urges)\b|"
    r"[\"“「].{6,}[\"”」]|‘(?:[\w'-]+ ){3,}[^’]*’|^\W?북한단신|주장|밝혔|[\"”](?:…|\.\.)|"
    r"説|主張|声称|称|宣称|"
    r"朝中社",
    re.I,
)


def certainty(article: Article, feed: Feed, tags: Sequence[Tagging] = ()) -> str:
    """Exactly one certainty slug, e.g. "c-claimed"."""
    title = article.title[:_LONGEST]
    lede = f"{title} {article.summary[:_LEDE]}"
    if feed.perspective.startswith("dprk"):
        return "c-claimed"
    if _NEGATED.search(title):
        return "c-negated"
    if _about_the_past(article):
        return "c-historical"
    if _HYPOTHETICAL.search(title) and not _QUOTED_FIRST.match(title):
        return "c-hypothetical"
    if _ANONYMOUS.search(lede):
        return "c-reported-anon"
    if _CLAIMED.search(title) or feed.perspective == "think-tank" or feed.kind == "analysis":
        return "c-claimed"
    return "c-confirmed"


def spoken_of(sentence: str) -> str:
    """How a sentence speaks of an event that it names: "" when it simply tells of it."""
    if _NEGATED.search(sentence):
        return "c-negated"
    if _HISTORICAL.search(sentence):
        return "c-historical"
    return "c-hypothetical" if _HYPOTHETICAL.search(sentence) else ""


def _about_the_past(article: Article) -> bool:
    if _HISTORICAL.search(article.title[:_LONGEST]):
        return True
    years = [int(year) for year in _YEAR.findall(article.title[:_LONGEST])]
    return bool(years) and max(years) <= article.published_at.year - _OLD
