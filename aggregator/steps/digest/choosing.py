"""A week's stories -> those that are its news, the weightiest first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aggregator.model import Item, Period, StoryItems
from aggregator.steps import ranking
from aggregator.steps.digest.telling import OPINION, is_beside_the_news, originals
from aggregator.steps.perspectives import coverage, group_of
from aggregator.taxonomy import Taxonomy

LEADING_TAGS: Final = 4
MATTERS: Final = ("topic", "event")
STATEMENTS: Final = frozenset({"g-dprk-statement", "g-state-media"})
_THEME: Final = 0.35
_THEME_REPORTS: Final = 3
"""A single report, exclusive as it may be, does not speak for a theme."""
_OLDER: Final = 0.15
_BESIDE: Final = 0.6
"""What a story loses that is nothing but experts' words, market notes and pictures."""
_WEIGHTY: Final = 2.0
"""Weight of a tag that makes a theme although it alone makes no article relevant."""
_ALIKE_TAGS, _ALIKE = 8, 0.25
_LEADS: Final = 2
"""Reports of a story that others may stand under: a lone feature leads nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A story with the week's weight on it."""

    view: StoryItems
    weight: float


def within(view: StoryItems, period: Period, backlog: timedelta) -> StoryItems | None:
    """The story as far as it is this week's news: archive items and later reports fall away."""
    items = tuple(
        i
        for i in view.items
        if i.article.seen_at < period.end and i.article.seen_at - i.article.published_at <= backlog
    )
    if not (period.start <= view.story.seen_at < period.end):
        return None
    kept_ids = {i.article.id for i in items if i.duplicate_of is None}
    kept = tuple(i for i in items if i.duplicate_of is None or i.duplicate_of in kept_ids)
    return StoryItems(story=view.story, items=kept) if kept_ids else None


def is_statement(item: Item) -> bool:
    """State media speaking for itself. A wire that quotes it is news."""
    return item.judgement.genre in STATEMENTS and group_of(item.feed.perspective) == "pyongyang"


def is_apart(view: StoryItems) -> bool:
    """Opinion, or statements that nobody reports: they have places of their own."""
    return all(i.judgement.genre in OPINION or is_statement(i) for i in originals(view))


def is_ritual(view: StoryItems) -> bool:
    """Ceremony that hardly anybody reports."""
    return "dprk-ritual" in view.story.tags[:3] and len(view.story.coverage) < 3


def themes_of(view: StoryItems, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Leading tags that say what it is about: weighty topics and events."""
    return tuple(
        slug
        for slug in view.story.tags[:LEADING_TAGS]
        if slug in taxonomy
        and taxonomy[slug].facet in MATTERS
        and (taxonomy[slug].anchor or taxonomy[slug].weight >= _WEIGHTY)
    )


def folded(weighed: Sequence[Weighed], taxonomy: Taxonomy) -> list[tuple[Weighed, list[Weighed]]]:
    """Each story with the smaller ones of its theme that are about the same people and matters.

    An editor does not fill the front page with five previews of one summit.
    """
    leaders: list[tuple[Weighed, list[Weighed]]] = []
    for each in weighed:
        themes, tags = set(themes_of(each.view, taxonomy)), set(each.view.story.tags[:_ALIKE_TAGS])
        home = next(
            (
                followers
                for leader, followers in leaders
                if len(originals(leader.view)) >= _LEADS
                and themes & set(themes_of(leader.view, taxonomy))
                and _overlap(tags, set(leader.view.story.tags[:_ALIKE_TAGS])) >= _ALIKE
            ),
            None,
        )
        if home is None:
            leaders.append((each, []))
        else:
            home.append(each)
    return leaders


def _overlap(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a or b else 0.0


def ordered(views: Sequence[StoryItems], period: Period, taxonomy: Taxonomy) -> list[Weighed]:
    """Heaviest first: perspectives times importance, and the week's themes.

    What many stories turn around is a theme, though each of them may be small: before a summit
    every desk writes one more preview. Its weightiest story speaks for all of them and gains by the
    logarithm of their number; the others stand for themselves.
    """
    weights = {view.story.id: _weight(view, period, taxonomy) for view in views}
    told: dict[str, list[str]] = {}
    for view in sorted(views, key=lambda v: (-weights[v.story.id], v.story.id)):
        for slug in themes_of(view, taxonomy):
            told.setdefault(slug, []).append(view.story.id)
    reports = {view.story.id: len(originals(view)) for view in views}
    gains: dict[str, float] = {}
    for about in told.values():
        speaker = next((id for id in about if reports[id] >= _THEME_REPORTS), None)
        if speaker is not None:
            gain = 1 + _THEME * math.log2(len(about))
            gains[speaker] = max(gain, gains.get(speaker, 1.0))
    weighed = [
        Weighed(view=view, weight=weights[view.story.id] * gains.get(view.story.id, 1.0))
        for view in views
    ]
    return sorted(weighed, key=lambda w: (-w.weight, w.view.story.id))


def _weight(view: StoryItems, period: Period, taxonomy: Taxonomy) -> float:
    """Perspectives times importance; within a week freshness only breaks near ties."""
    reports = originals(view)
    value, _ = ranking.weight(reports, coverage(view.items), view.story.tags, taxonomy)
    last = max(i.article.published_at for i in reports)
    age = max(timedelta(0), period.end - last) / (period.end - period.start)
    beside = sum(is_beside_the_news(i) for i in reports if i.judgement.genre != "g-breaking")
    return value * (1 - _OLDER * min(age, 1.0)) * (1 - _BESIDE * beside / len(reports))
