"""A pool of articles -> an Arrangement: one event, many articles.

Articles are grouped by likeness (`grouping`); a group that holds a story goes on as that story, a
group of new ones opens one. What is placed stays with its story: stories are never split, but two
may turn out to be one, and then the older takes over the other's address. The order in which
articles arrived or were handed over does not show.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from aggregator.model import Arrangement, Copy, Item, Story, StoryItems
from aggregator.rules import Clustering
from aggregator.steps import ranking
from aggregator.steps.copies import without_revision
from aggregator.steps.differences import differences
from aggregator.steps.grouping import Grouping
from aggregator.steps.likeness import Space
from aggregator.steps.perspectives import coverage
from aggregator.steps.pool import Pool, order
from aggregator.steps.pool import pool as pooled
from aggregator.steps.ranking import SURELY
from aggregator.taxonomy import Taxonomy

_NEWS: Final = frozenset({"g-news", "g-breaking", "g-official"})
_NO_NEWS: Final = 0.6
"""What a headline of analysis, opinion or a video counts against one of news."""
_COLOUR: Final = 0.85
"""What each coloured word leaves of a headline's weight."""
_COLOURED: Final = re.compile(
    r"[!?！？]|\b(?:slams?|blasts?|fury|furious|shock\w*|chilling|bizarre|crazy|madman|tyrant|"
    r"despot|regime|dictator\w*|puppets?|brazen|humiliat\w*|stunt|gaffe)\b|"
    r"충격|경악|발끈|괴뢰|망언|굴욕|막말|독재자|傀儡|衝撃|独裁|獨裁",
    re.IGNORECASE,
)


def stretches(loose: Sequence[Item], window: timedelta) -> list[list[Item]]:
    """The items by publication, parted where so much time lies between that none could meet."""
    parts: list[list[Item]] = []
    for item in sorted(loose, key=order):
        at = item.article.published_at
        if parts and at - parts[-1][-1].article.published_at <= 2 * window:
            parts[-1].append(item)
        else:
            parts.append([item])
    return parts


def arrange(
    pool: Pool,
    placed: Sequence[StoryItems],
    copies: Sequence[Copy],
    taxonomy: Taxonomy,
    rules: Clustering,
    now: datetime,
) -> Arrangement:
    """Place everything that arrives; returns only the stories that are new or changed."""
    numbers = {item.article.id: n for n, item in enumerate(pool.items)}
    original = {copy.article_id: copy.original_id for copy in copies}
    together = [(numbers[copy], numbers[first]) for copy, first in sorted(original.items())]
    kept = {story.story.id: story.story for story in placed}
    # Who founded a story and left it returns to it: another story would bear the same id.
    together += [
        (numbers[story.story.id], numbers[story.items[0].article.id])
        for story in sorted(placed, key=lambda story: story.story.id)
        if story.items
        and story.story.id in numbers
        and story.story.id not in original
        and pool.owners[numbers[story.story.id]] is None
    ]
    placements: dict[str, str] = {}
    merged: list[tuple[str, str]] = []
    stories: list[Story] = []
    for group in Grouping(pool, together, rules).merge():
        arriving = [pool.items[n].article.id for n in group if pool.owners[n] is None]
        held = sorted(
            {owner for n in group if (owner := pool.owners[n]) is not None},
            key=lambda id: (kept[id].first_at, id),
        )
        if not arriving and len(held) < 2:
            continue
        members = [
            replace(item, duplicate_of=original.get(item.article.id, item.duplicate_of))
            for item in (pool.items[n] for n in group)
        ]
        originals = [item for item in members if item.duplicate_of is None]
        story_id = held[0] if held else originals[0].article.id
        placements |= dict.fromkeys(arriving, story_id)
        merged += [(gone, story_id) for gone in held[1:]]
        stories.append(_story(story_id, members, pool.space, numbers, taxonomy, now))
    return Arrangement(
        stories=tuple(sorted(stories, key=lambda story: story.id)),
        placements=placements,
        copies=tuple(copies),
        merged=tuple(merged),
    )


def _story(
    story_id: str,
    items: Sequence[Item],
    space: Space,
    numbers: dict[str, int],
    taxonomy: Taxonomy,
    now: datetime,
) -> Story:
    originals = [i for i in items if i.duplicate_of is None]
    title = _title(originals, space, numbers)
    tags = _tags(originals)
    covered = coverage(items)
    score, reasons = ranking.rank(originals, covered, tags, taxonomy)
    return Story(
        id=story_id,
        title=without_revision(title.article.title),
        language=title.article.language,
        first_at=min(i.article.published_at for i in originals),
        last_at=max(i.article.published_at for i in originals),
        seen_at=min(i.article.seen_at for i in originals),
        updated_at=now,
        article_ids=tuple(i.article.id for i in originals),
        tags=tags,
        coverage=covered,
        differs=differences(originals, taxonomy),
        score=score,
        reasons=reasons,
    )


def renewed(told: StoryItems, taxonomy: Taxonomy, rules: Clustering, now: datetime) -> Story | None:
    """The story told by those of its members that are still relevant; None when none is.

    It keeps its headline as long as the article that bears it stays.
    """
    relevant = [i for i in told.items if i.judgement.verdict.relevant]
    staying = {i.article.id for i in relevant if i.duplicate_of is None}
    members = tuple(i for i in relevant if (i.duplicate_of or i.article.id) in staying)
    if not members:
        return None
    pool = pooled((), [replace(told, items=members)], taxonomy, rules)
    numbers = {item.article.id: n for n, item in enumerate(pool.items)}
    story = _story(told.story.id, pool.items, pool.space, numbers, taxonomy, now)
    titles = {without_revision(i.article.title) for i in members if i.duplicate_of is None}
    if told.story.title in titles:
        return replace(story, title=told.story.title, language=told.story.language)
    return story


def _title(items: Sequence[Item], space: Space, numbers: dict[str, int]) -> Item:
    """The headline most like all others, most surely about Korea and least coloured.

    The earliest on a tie.
    """

    nearness = space.nearness([numbers[item.article.id] for item in items])

    def weight(item: Item) -> float:
        near = nearness[numbers[item.article.id]]
        news = 1.0 if item.judgement.genre in _NEWS else _NO_NEWS
        surely = min(1.0, item.judgement.verdict.score / SURELY)
        return near * news * (1 + surely) * _COLOUR ** len(_COLOURED.findall(item.article.title))

    return max(items, key=weight)


def _tags(items: Sequence[Item]) -> tuple[str, ...]:
    """What the members share: shown tags by the number of members, then by score."""
    weights: dict[str, float] = defaultdict(float)
    for item in items:
        for tag in item.judgement.tags:
            if (
                tag.score >= 2
                and tag.method not in ("implied", "feed", "hint")
                and tag.certainty != "c-historical"
            ):
                weights[tag.slug] += tag.score
    floor = max(weights.values(), default=0.0) * 0.15
    return tuple(
        sorted((s for s in weights if weights[s] > floor), key=lambda s: (-weights[s], s))
    )[:12]
