"""Article and feed -> what a rule may look at: fields in normal form, sentences, neighbours."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from dataclasses import field as default
from datetime import date
from typing import Final

from aggregator.model import Article, Feed, Field
from aggregator.steps.tagging.cover import NOTHING, Cover
from aggregator.steps.tagging.match import Hit
from aggregator.steps.tagging.normal import Normal, normal
from aggregator.steps.text import DATELINE

_SENTENCE_END: Final = re.compile(
    r"[.!?。！？\u2029•▲△■□▶](?:(?<=[.!?])(?<![A-Z].)[\"')\]]*\s+(?=[^a-z\s])|"
    r"(?<=[。！？\u2029])[。！？\u2029]*|(?<=\s[•▲△■□▶])(?=\s))"
)
"""That it begins with one set of characters makes it eight times as fast."""
_BULLETS: Final = "•▲△■□▶"
_HEADING: Final = (
    r"References|Bibliography|Works cited|Further reading|참고 ?문헌|参考文献|參考文獻"
)
_CITED: Final = (
    r"[•*·–-]?\s{0,4}(?:\[?\d{1,2}[\].]\s{0,4})?[A-Z][\w'’-]{1,30}, (?:[A-Z]\.|"
    r"[A-Z][a-z]+ ?[,.&(])"
)
_END: Final = re.compile(
    rf"(?:^|[\n.!?)\]”\"]\s{{0,4}})(?:#{{1,6}} |\*\*)?(?:{_HEADING})(?:\*\*)?:?\s{{0,4}}(?=$|"
    rf"\n|[•*·\[]|{_CITED})|"
    r"(?:\*{3}\s{0,4}|(?:^|[\n.!?)\]”\"])\s{0,4})(?:About the authors?\b|"
    r"The (?:author|writer)s? (?:is|are|works|teaches|serves)\b|"
    r"(?:저작권자|著作権)\s?[ⓒ©(]|무단 ?전재|ⓒ ?\w|Copyright ©|©\s?\d{4}|-0-\s{0,4}$)"
)
"""Where the text proper ends: reference lists, notes on the author, notices of rights."""
_ASIDE: Final = re.compile(
    r"(?:Image|Photo|Picture)s? ?(?:Courtesy|Credits?|by|Source)\s?:[^\n.]{0,60}(?=\n|$|\.)|"
    r"(?:←|‹|«)\s?Prev(?:ious)?\b.{0,20}Next\s?(?:→|›|»)|"
    r"\((?:[A-Z][\w'’-]{1,30}(?:,? (?:&|and) [A-Z][\w'’-]{1,30}| et al\.)?,? (?:19|"
    r"20)\d\d[a-z]?(?:; )?)+\)|"
    r"[A-Z][\w'’-]{1,30} et al\.|"
    r"\([가-힣]{2,6}=[가-힣]{2,6}\)|"
    r"[가-힣]{2,4} (?:기자|특파원) ?= ?|[가-힣]{2,4} 기자 ?[\w.]+@[\w.]+|"
    r"\((?:사진|자료사진|Photo|写真)[ =:][^()\n]{0,40}\)"
)
"""Credits, navigation, citations in brackets and bylines inside a text."""
_CENTURY: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_YEAR: Final = re.compile(r"(?<![\d.,])((?:19|20)\d\d)(?!\d|[-/]\d\d\d)")
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        "jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1
    )
}
_DATED: Final = re.compile(
    r"(?P<d1>\d{1,2})(?:st|nd|rd|th)? (?P<m1>[A-Z][a-z]{2,8})\.?,? (?P<y1>(?:19|20)\d\d)|"
    r"(?P<m2>[A-Z][a-z]{2,8})\.? (?P<d2>\d{1,2})(?:st|nd|rd|th)?,? (?P<y2>(?:19|20)\d\d)|"
    r"(?P<y3>(?:19|20)\d\d)(?:[-./]|년 ?|年)(?P<m3>\d{1,2})(?:[-./]|월 ?|月)(?P<d3>\d{1,2})"
)
_END_SIGNS: Final = (
    "References",
    "Bibliography",
    "Works cited",
    "Further reading",
    "참고문헌",
    "참고 문헌",
    "参考文献",
    "參考文獻",
    "About the author",
    "The author",
    "The writer",
    "저작권자",
    "著作権",
    "무단",
    "ⓒ",
    "©",
    "-0-",
)
_ASIDE_SIGNS: Final = (
    "Photo",
    "Image",
    "Picture",
    "Prev",
    "et al.",
    "기자",
    "특파원",
    "사진",
    "=연합뉴스)",
    "写真",
)
"""Words to look for before the patterns, which cost ten times as much."""
_SIGNS: Final = re.compile("|".join(map(re.escape, (*_END_SIGNS, *_ASIDE_SIGNS))))
"""Any of them: for most texts, which have none, in half the time that looking for each takes."""
_CITATION: Final = re.compile(r"\)(?:(?<=\d{4}\))|(?<=\d{4}[a-z]\)))")
FIELDS: Final[tuple[Field, ...]] = ("title", "summary", "content")


_LONGEST: Final[dict[Field, int]] = {"title": 1_000, "summary": 20_000, "content": 100_000}
"""What stands beyond is not scanned: a score has its cap long before."""
_WINDOW: Final = 400
"""A "sentence" reaches no further than this to either side: some texts have no full stop at all."""


@dataclass(slots=True, kw_only=True)
class View:
    """One field of the article. `fired` grows while the rules run, wave after wave."""

    field: Field
    normal: Normal
    hits: list[Hit]
    begin: int
    """Where the text begins, after a dateline."""
    document: Document
    fired: list[tuple[Hit, float]] = default(default_factory=list)
    covered: Cover = default(default=NOTHING)
    """Names of agencies, events and relations: a state within one of them is not meant."""
    names: Cover = default(default=NOTHING)
    """Those and topics, as far as they stand alone: a loose word within one is a part of it."""
    _borders: list[int] | None = None
    _named: dict[int, set[str]] = default(default_factory=dict)
    _remembered: int = 0
    _fresh: list[Hit] = default(default_factory=list)
    """What is remembered and not yet told by its sentence, which many texts are never asked for."""

    @property
    def text(self) -> str:
        return self.normal.text

    def sentence(self, at: int) -> tuple[int, int]:
        """The borders of the sentence at a place; a title is one sentence."""
        start, end = self._sentence(at)
        return max(start, at - _WINDOW), min(end, at + _WINDOW)

    def years(self, at: int) -> set[int]:
        """The years that the sentence at a place speaks of."""
        start, end = self.sentence(at)
        return {int(year) for year in _YEAR.findall(self.text, start, end)}

    def day(self, at: int) -> date | None:
        """The day that the sentence at a place speaks of: the article's, unless it names another
        one or another year (then its middle); None when it names several years."""
        start, end = self.sentence(at)
        day = self.document.day
        if not _CENTURY.search(self.text, start, end):
            return day
        found = _DATED.search(self.text, start, end)
        if found and (exact := _exact(found)) is not None:
            return exact
        years = self.years(at)
        if not years or years == {day.year}:
            return day
        return date(years.pop(), 7, 1) if len(years) == 1 else None

    def named_near(self, slugs: frozenset[str], at: int) -> bool:
        """Whether one of these tags fired in the same sentence, in an earlier wave."""
        for hit in self._fresh:
            self._named.setdefault(self._sentence(hit.start)[0], set()).add(hit.alias.slug)
        self._fresh.clear()
        return not slugs.isdisjoint(self._named.get(self._sentence(at)[0], ()))

    def remember(self) -> list[Hit]:
        """End a wave: what fired in it can be seen by the next one, and is given back."""
        fired = [hit for hit, _ in self.fired[self._remembered :]]
        self._remembered = len(self.fired)
        self._fresh += fired
        return fired

    def _sentence(self, at: int) -> tuple[int, int]:
        if self.field == "title":
            return 0, len(self.text)
        if self._borders is None:
            found = _SENTENCE_END.finditer(self.text)
            ends = (m.start() if m[0] in _BULLETS else m.end() for m in found)
            self._borders = [0, *ends, len(self.text) + 1]
        index = bisect_right(self._borders, at)
        return self._borders[index - 1], min(self._borders[index], len(self.text))


@dataclass(slots=True, kw_only=True)
class Document:
    """The article as the rules see it."""

    language: str
    day: date
    perspective: str
    country: str
    """Of the publisher, as the feed names it."""
    scope: str
    korea: frozenset[str]
    """Tags whose names show that a text is about Korea."""
    north: frozenset[str]
    """Those of them that show that it is about the North."""
    views: list[View]
    _named: set[str] = default(default_factory=set)

    @property
    def dprk_media(self) -> bool:
        """Whether the text is DPRK media's own."""
        return self.perspective.startswith("dprk")

    def named(self, slugs: frozenset[str]) -> bool:
        """Whether one of these tags fired anywhere, in an earlier wave."""
        return not slugs.isdisjoint(self._named)

    def titled(self, slugs: frozenset[str]) -> bool:
        """Whether one of these tags fired in the title, in an earlier wave."""
        first = self.views[0]
        return first.field == "title" and first.named_near(slugs, 0)

    def where(self, slug: str) -> list[tuple[int, int]]:
        """Where a tag fired in earlier waves, as (number of the field, place)."""
        return [
            (number, hit.start)
            for number, view in enumerate(self.views)
            for hit, _ in view.fired
            if hit.alias.slug == slug and hit.alias.rule != "R-KIM"
        ]

    def remember(self) -> None:
        """End a wave."""
        for view in self.views:
            self._named.update([hit.alias.slug for hit in view.remember()])


def read(article: Article, feed: Feed, korea: frozenset[str], north: frozenset[str]) -> Document:
    """The article's fields in normal form; reference lists and author notes are cut off."""
    document = Document(
        language=article.language or feed.language[:2],
        day=article.published_at.date(),
        perspective=feed.perspective,
        country=feed.country,
        scope=feed.scope,
        korea=korea,
        north=north,
        views=[],
    )
    for name in FIELDS:
        text: str = getattr(article, name)[: _LONGEST[name]]
        if name != "title":
            text = proper(text)
        if text:
            form = normal(text)
            dateline = None if name == "title" else DATELINE.match(form.text)
            begin = dateline.end() if dateline else 0
            document.views.append(
                View(field=name, normal=form, hits=[], begin=begin, document=document)
            )
    return document


def proper(text: str) -> str:
    """What is to be scanned of a text: cut at its end, with blanks for what stands aside in it."""
    signs = _SIGNS.search(text) is not None
    if signs and any(map(text.__contains__, _END_SIGNS)) and (ends := _END.search(text)):
        text = text[: ends.start() + 1]
    if (signs and any(map(text.__contains__, _ASIDE_SIGNS))) or _CITATION.search(text):
        text = _ASIDE.sub(lambda found: " " * len(found[0]), text)
    return text


def _exact(found: re.Match[str]) -> date | None:
    """A written date, if there is such a day."""
    parts = found.groupdict()
    for n in "123":
        if (year := parts[f"y{n}"]) is not None:
            month = parts[f"m{n}"]
            number = int(month) if month.isdigit() else _MONTHS.get(month[:3].lower(), 0)
            try:
                return date(int(year), number, int(parts[f"d{n}"]))
            except ValueError:
                return None
    return None
