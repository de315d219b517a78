"""Item -> Sketch: what likeness is measured on.

Words say what a text shares with others of its language. Marks are the part that languages share:
tags, concepts, the sounds of names, numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from aggregator.model import Item
from aggregator.steps.concepts import concepts
from aggregator.steps.sounds import sounds
from aggregator.steps.text import plain, without_dateline
from aggregator.steps.words import words
from aggregator.taxonomy import Taxonomy

LEAD: Final = 400
"""Characters of the summary that count."""
LEAD_WEIGHT: Final = 0.4
_SOUND, _LEAD_SOUND = 0.7, 0.3
_NUMBER, _LEAD_NUMBER = 0.45, 0.2
_FACETS: Final = {"event": 1.3, "topic": 0.9, "place": 0.9, "actor": 0.9, "org": 0.7, "state": 0.4}
"""What a tag says about which event this is: every summit has a president in it."""
_IMPLIED: Final = 0.5
_NOT_SAID: Final = frozenset({"feed", "hint"})
_IN_TITLE: Final = 3.0
"""The score of a tag that the title gives."""
_BRIEF: Final = frozenset({"g-brief", "g-weather", "g-notice"})
_FLASH: Final = re.compile(r"^\s*(?:\[(?:속보|긴급|1보)\]|\(URGENT\)|BREAKING\b|【?速報|快[讯訊])")
_LEADING_MARK: Final = re.compile(r"^\s*\[[^\]]{1,20}\]\s*")
_QUOTED: Final = re.compile(r"""([^"“”'‘’…:]{1,24}?)\s*["“'‘「:]""")
_NUMBERS: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """What the text alone says. Shared by all sketches of the same text."""

    title: tuple[str, ...]
    words: Mapping[str, float]
    """Of title and lead, with their weights."""
    marks: Mapping[str, float]
    actors: frozenset[str]
    speaker: str
    """Who stands before the quotation that a headline begins with."""
    flash: bool
    """One line sent before there is a report."""


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """One article as it is compared."""

    id: str
    language: str
    at: float
    """Publication, in days since 1970."""
    dated: bool
    publisher: str
    """Empty: not known."""
    brief: bool
    relevant: bool
    wording: Wording


def sketch(item: Item, taxonomy: Taxonomy) -> Sketch:
    """What the article is compared by; the wording is remembered from one time to the next."""
    article, judgement = item.article, item.judgement
    return Sketch(
        id=article.id,
        language=article.language,
        at=days(article.published_at),
        dated=article.dated,
        publisher=item.feed.publisher or item.feed.title,
        brief=judgement.genre in _BRIEF,
        relevant=judgement.verdict.relevant,
        wording=_wording(
            article.title,
            article.summary[: 2 * LEAD],
            article.language,
            tuple(
                (t.slug, min(t.score, _IN_TITLE), t.method == "implied")
                for t in judgement.tags
                if t.method not in _NOT_SAID
                and t.certainty != "c-historical"
                and t.slug in taxonomy
            ),
            taxonomy,
        ),
    )


def days(at: datetime) -> float:
    """Days since 1970."""
    return at.timestamp() / 86_400


def lead_of(summary: str) -> str:
    """The summary's first own words."""
    text = plain(summary) if "<" in summary else summary
    text = without_dateline(text)[:LEAD]
    return text if sum(map(str.isalnum, text[:20])) >= 3 else ""


@lru_cache(maxsize=16_384)
def _wording(
    title: str,
    summary: str,
    language: str,
    tags: tuple[tuple[str, float, bool], ...],
    taxonomy: Taxonomy,
) -> Wording:
    lead = lead_of(summary)
    headline = _LEADING_MARK.sub("", title)
    title_words = tuple(dict.fromkeys(words(headline, language)))
    weights = dict.fromkeys(title_words, 1.0)
    for word in dict.fromkeys(words(lead, language)):
        weights[word] = weights.get(word, 0.0) + LEAD_WEIGHT
    quoted = _QUOTED.match(headline)
    return Wording(
        title=title_words,
        words=weights,
        marks=_marks(headline, lead, language, tags, taxonomy),
        actors=frozenset(slug for slug, _, _ in tags if taxonomy[slug].facet == "actor"),
        speaker=re.sub(r"[\s,]", "", quoted[1]) if quoted else "",
        flash=_FLASH.match(title) is not None,
    )


def _marks(
    title: str,
    lead: str,
    language: str,
    tags: tuple[tuple[str, float, bool], ...],
    taxonomy: Taxonomy,
) -> dict[str, float]:
    first = lead[: LEAD // 2]
    marks: dict[str, float] = {}
    for found, kind, weight in (
        (concepts(first, language, taxonomy), "", LEAD_WEIGHT),
        (concepts(title, language, taxonomy), "", 1.0),
        (sounds(first[: LEAD // 4]), "~", _LEAD_SOUND),
        (sounds(title), "~", _SOUND),
        (_numbers(first), "#", _LEAD_NUMBER),
        (_numbers(title), "#", _NUMBER),
    ):
        for each in sorted(found):
            marks[kind + each] = weight
    for slug, score, implied in tags:
        share = score / _IN_TITLE * (_IMPLIED if implied else 1.0)
        if weight := _FACETS.get(taxonomy[slug].facet, 0.0) * share:
            marks["@" + slug] = weight
    return marks


def _numbers(text: str) -> frozenset[str]:
    found = (number.replace(",", "") for number in _NUMBERS.findall(text))
    return frozenset(number for number in found if len(number) > 1)
