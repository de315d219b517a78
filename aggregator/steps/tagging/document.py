"""Article and feed -> what a rule may look at: fields in normal form, sentences, neighbours."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from dataclasses import field as default
from datetime import date
from typing import Final

from aggregator.model import Article, Feed, Field
from aggregator.steps.tagging.match import Hit
from aggregator.steps.tagging.normal import Normal, normal
from aggregator.steps.text import DATELINE

_SENTENCE_END: Final = re.compile(r"(?<![A-Z])[.!?][\"')\]]*\s+(?=[^a-z\s])|[。！？\n]+")
_REFERENCES: Final = re.compile(
    r"(?:^|[\n.])\s{0,4}(?:References|Bibliography|Further reading|참고문헌|参考文献|"
    r"About the author|The author is|The writer is|저작권자|ⓒ|Copyright ©)",
)
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
    _borders: list[int] | None = None
    _named: dict[int, set[str]] = default(default_factory=dict)

    @property
    def text(self) -> str:
        return self.normal.text

    def sentence(self, at: int) -> tuple[int, int]:
        """The borders of the sentence at a place; a title is one sentence."""
        start, end = self._sentence(at)
        return max(start, at - _WINDOW), min(end, at + _WINDOW)

    def named_near(self, slugs: frozenset[str], at: int) -> bool:
        """Whether one of these tags fired in the same sentence, in an earlier wave."""
        return not slugs.isdisjoint(self._named.get(self._sentence(at)[0], ()))

    def remember(self) -> set[str]:
        """End a wave: what fired so far can be seen by the next one."""
        slugs: set[str] = set()
        for hit, _ in self.fired:
            self._named.setdefault(self._sentence(hit.start)[0], set()).add(hit.alias.slug)
            slugs.add(hit.alias.slug)
        return slugs

    def _sentence(self, at: int) -> tuple[int, int]:
        if self.field == "title":
            return 0, len(self.text)
        if self._borders is None:
            ends = (m.end() for m in _SENTENCE_END.finditer(self.text))
            self._borders = [0, *ends, len(self.text) + 1]
        index = bisect_right(self._borders, at)
        return self._borders[index - 1], min(self._borders[index], len(self.text))


@dataclass(slots=True, kw_only=True)
class Document:
    """The article as the rules see it."""

    language: str
    day: date
    perspective: str
    scope: str
    korea: frozenset[str]
    """Tags whose names show that a text is about Korea."""
    views: list[View]
    _named: set[str] = default(default_factory=set)

    @property
    def dprk_media(self) -> bool:
        """Whether the text is DPRK media's own."""
        return self.perspective.startswith("dprk")

    def named(self, slugs: frozenset[str]) -> bool:
        """Whether one of these tags fired anywhere, in an earlier wave."""
        return not slugs.isdisjoint(self._named)

    def remember(self) -> None:
        """End a wave."""
        for view in self.views:
            self._named |= view.remember()


def read(article: Article, feed: Feed, korea: frozenset[str]) -> Document:
    """The article's fields in normal form; reference lists and author notes are cut off."""
    document = Document(
        language=article.language or feed.language[:2],
        day=article.published_at.date(),
        perspective=feed.perspective,
        scope=feed.scope,
        korea=korea,
        views=[],
    )
    for name in FIELDS:
        text: str = getattr(article, name)[: _LONGEST[name]]
        if name == "content" and (cut := _REFERENCES.search(text, len(text) // 2)):
            text = text[: cut.start()]
        if text:
            form = normal(text)
            dateline = None if name == "title" else DATELINE.match(form.text)
            begin = dateline.end() if dateline else 0
            document.views.append(
                View(field=name, normal=form, hits=[], begin=begin, document=document)
            )
    return document
