"""items of one story -> what its sources do not tell alike.

Only what can be set side by side: numbers of the same thing, kinds that exclude each other, whether
it is so at all. Of each publisher the latest word counts; that early reports say less is no
difference of opinion.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from aggregator.model import Difference, Item, Saying
from aggregator.steps.perspectives import publisher_of
from aggregator.steps.sketch import lead_of
from aggregator.taxonomy import Contrast, Taxonomy

_WORDS: Final = {
    **dict(zip(("one", "two", "three", "four", "five", "six"), "123456", strict=True)),
    **dict(zip(("seven", "eight", "nine", "ten"), ("7", "8", "9", "10"), strict=True)),
    "a dozen": "12",
    **dict(zip("한두세네", "1234", strict=True)),
    **dict(zip("一两三四", "1234", strict=True)),
}
_LEAD: Final = 200
_REPORTS: Final = frozenset({"g-news", "g-breaking", "g-official", "g-state-media"})
_SHOWN: Final = 2.0
_MOST: Final = 4


def differences(items: Sequence[Item], taxonomy: Taxonomy) -> tuple[Difference, ...]:
    """One for each contrast on which publishers disagree. `items`: without copies."""
    reports = [item for item in items if item.judgement.genre in _REPORTS]
    if len({publisher_of(item.feed) for item in reports}) < 2:
        return ()
    found = (_on(contrast, reports) for contrast in taxonomy.contrasts.values())
    return tuple(difference for difference in found if difference is not None)


def _on(contrast: Contrast, reports: Iterable[Item]) -> Difference | None:
    latest: dict[str, frozenset[str]] = {}
    for item in sorted(reports, key=lambda i: (i.article.published_at, i.article.id)):
        if told := _told(contrast, item):
            latest[publisher_of(item.feed)] = told
    if all(a & b for a in latest.values() for b in latest.values()):
        return None
    by_value: defaultdict[str, list[str]] = defaultdict(list)
    for publisher, values in sorted(latest.items()):
        for value in values:
            by_value[value].append(publisher)
    ranked = sorted(by_value.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return Difference(
        about=contrast.slug,
        sayings=tuple(
            Saying(value=value, publishers=tuple(publishers))
            for value, publishers in ranked[:_MOST]
        ),
    )


def _told(contrast: Contrast, item: Item) -> frozenset[str]:
    judgement = item.judgement
    if contrast.tags:
        shown = {t.slug for t in judgement.tags if t.score >= _SHOWN and t.method != "implied"}
        return frozenset((shown | {judgement.certainty}) & set(contrast.tags))
    pattern = contrast.counted.get(item.article.language)
    if pattern is None:
        return frozenset()
    # The headline's number is the event's; the lead may count something else as well.
    for text in (item.article.title, lead_of(item.article.summary)[:_LEAD]):
        if found := pattern.search(text):
            return frozenset({_number(next(group for group in found.groups() if group))})
    return frozenset()


def _number(written: str) -> str:
    return _WORDS.get(written.lower(), written.replace(",", ""))
