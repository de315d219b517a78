"""loose and placed articles -> an Arrangement: one event, many articles.

A loose article joins the story whose three nearest members are, on average, likest to it, or opens
a story of its own. Words compare within a language; between languages only tags can meet (they are
the one vocabulary that 北, 북한 and North Korea share), so there the bar is higher.

Loose articles are taken in the order of publication: the order in which they arrived or were
handed over does not show. What is placed stays placed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.model import Arrangement, Copy, Item, Story, StoryItems
from aggregator.rules import Clustering
from aggregator.steps import ranking
from aggregator.steps.dedup import order
from aggregator.steps.likeness import Vector, cosine, rarity, unit
from aggregator.steps.perspectives import coverage
from aggregator.steps.words import words
from aggregator.taxonomy import Taxonomy

LEAD_WORDS = 40
LEAD_WEIGHT = 0.4
FACETS = {"event": 1.5, "topic": 1.2, "place": 1.0, "actor": 0.8, "org": 0.7, "state": 0.4}
"""What a tag says about which event this is: every summit has a president in it."""
TAG_SHARE = 0.3
"""How much tags count beside words, within a language."""
ANCHORED = 0.12
"""What it counts that both name one summit, one exercise, one treaty."""
FADING = 0.1
"""Per day between two reports: the same actors make new events every day."""
UNSAID = 10.0
"""What an article with few tags leaves unsaid: one shared tag alone is no event."""
ACROSS = 0.5
"""Likeness of tags from which articles in two languages may be one event."""
ACROSS_WINDOW = timedelta(hours=12)
ACROSS_SHARED = 3
NEAREST = 3
FILED, LOOKED_UP = 10, 20
"""Of its rarest words."""
MOST_CANDIDATES = 300

_MATTERS = frozenset({"topic", "event"})


@dataclass(frozen=True, slots=True)
class _Features:
    """One article as it is compared."""

    language: str
    at: datetime
    text: Vector
    tags: Vector
    anchors: frozenset[str]
    """Topics and events that are about Korea by themselves, such as one summit."""
    rarest: tuple[str, ...]
    """The words that say most: under the first of them the article is filed."""


def _features(items: Sequence[Item], taxonomy: Taxonomy) -> list[_Features]:
    texts: list[dict[str, float]] = []
    tags: list[dict[str, float]] = []
    for item in items:
        article = item.article
        weights: dict[str, float] = defaultdict(float)
        for word in set(words(article.title, article.language)):
            weights[word] += 1.0
        for word in set(words(article.summary[:600], article.language)[:LEAD_WORDS]):
            weights[word] += LEAD_WEIGHT
        texts.append(weights)
        tags.append(
            {
                t.slug: min(t.score, 3.0) * FACETS.get(taxonomy[t.slug].facet, 0.0)
                for t in item.judgement.tags
                if t.score >= 2 and t.slug in taxonomy and t.method not in ("implied", "feed")
            }
        )
    text_idf, tag_idf = rarity(texts), rarity(tags)
    found = []
    for i, x, t in zip(items, texts, tags, strict=True):
        text, language = unit(x, text_idf), i.article.language
        rarest = sorted(sorted(text), key=text.__getitem__, reverse=True)[:LOOKED_UP]
        found.append(
            _Features(
                language,
                i.article.published_at,
                text,
                unit(t, tag_idf, unsaid=UNSAID),
                frozenset(s for s in t if taxonomy[s].anchor and taxonomy[s].facet in _MATTERS),
                tuple(f"{language}:{word}" for word in rarest),
            )
        )
    return found


def likeness(a: _Features, b: _Features) -> float:
    """0 to 1. Across languages by tags alone, and only when several are shared within hours."""
    tags = cosine(a.tags, b.tags)
    apart = abs(a.at - b.at)
    if a.language == b.language:
        same = ANCHORED if a.anchors & b.anchors else 0.0
        like = (1 - TAG_SHARE) * cosine(a.text, b.text) + TAG_SHARE * tags + same
        return like / (1 + FADING * (apart / timedelta(days=1)))
    near = apart <= ACROSS_WINDOW and len(a.tags.keys() & b.tags) >= ACROSS_SHARED
    return tags if near and tags >= ACROSS else 0.0


class _Stories:
    """Stories in the making, and an index of rare words and tags to find the likely ones."""

    def __init__(self, features: Sequence[_Features], rules: Clustering) -> None:
        self.features = features
        self.rules = rules
        self.members: dict[str, list[int]] = defaultdict(list)
        self.owner: dict[int, str] = {}
        self.last_at: dict[str, datetime] = {}
        self._filed: dict[str, list[int]] = defaultdict(list)

    def add(self, number: int, story_id: str) -> None:
        made = self.features[number]
        self.owner[number] = story_id
        self.members[story_id].append(number)
        self.last_at[story_id] = max(made.at, self.last_at.get(story_id, made.at))
        for key in (*made.rarest[:FILED], *made.tags):
            self._filed[key].append(number)

    def _near(self, number: int) -> list[int]:
        """The most promising members: cost follows the index, not the size of the window."""
        made = self.features[number]
        shared: dict[int, float] = defaultdict(float)
        for key in (*made.rarest, *made.tags):
            for other in self._filed.get(key, ())[-MOST_CANDIDATES:]:
                shared[other] += 1.0
        return sorted(shared, key=lambda n: (-shared[n], n))[:MOST_CANDIDATES]

    def best(self, number: int) -> str | None:
        """The story to join; ties go to the one that opened first."""
        made = self.features[number]
        found: dict[str, list[float]] = defaultdict(list)
        for other in self._near(number):
            story_id = self.owner[other]
            if abs(made.at - self.last_at[story_id]) <= self.rules.window:
                found[story_id].append(likeness(made, self.features[other]))
        scores = {
            story_id: sum(sorted(likes)[-NEAREST:]) / min(NEAREST, len(self.members[story_id]))
            for story_id, likes in found.items()
        }
        best = max(scores, key=lambda s: (scores[s], -self.members[s][0]), default=None)
        return best if best is not None and scores[best] >= self.rules.join else None


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
    loose: Sequence[Item],
    placed: Sequence[StoryItems],
    copies: Sequence[Copy],
    taxonomy: Taxonomy,
    rules: Clustering,
    now: datetime,
) -> Arrangement:
    """Place every loose item; returns only the stories that are new or changed."""
    original = {c.article_id: c.original_id for c in copies}
    settled = [
        (item, story.story.id)
        for story in sorted(placed, key=lambda s: s.story.id)
        for item in story.items
        if item.duplicate_of is None
    ]
    arriving = sorted((i for i in loose if i.article.id not in original), key=order)
    pool = [item for item, _ in settled] + arriving
    stories = _Stories(_features(pool, taxonomy), rules)
    for number, (_, story_id) in enumerate(settled):
        stories.add(number, story_id)
    for number in range(len(settled), len(pool)):
        stories.add(number, stories.best(number) or pool[number].article.id)

    home = {pool[n].article.id: story_id for n, story_id in stories.owner.items()}
    home |= {copy_id: home[original_id] for copy_id, original_id in original.items()}
    placements = {i.article.id: home[i.article.id] for i in loose}
    changed = set(placements.values())
    members: dict[str, list[Item]] = defaultdict(list)
    for story in placed:
        if story.story.id in changed:
            members[story.story.id] += story.items
    for item in loose:
        copied = replace(item, duplicate_of=original.get(item.article.id))
        members[home[item.article.id]].append(copied)
    return Arrangement(
        stories=tuple(
            _story(story_id, sorted(items, key=order), stories, pool, taxonomy, now)
            for story_id, items in sorted(members.items())
        ),
        placements=placements,
        copies=tuple(copies),
    )


def _story(
    story_id: str,
    items: Sequence[Item],
    made: _Stories,
    pool: Sequence[Item],
    taxonomy: Taxonomy,
    now: datetime,
) -> Story:
    originals = [i for i in items if i.duplicate_of is None]
    title = _central([(pool[n], made.features[n]) for n in made.members[story_id]])
    tags = _tags(originals)
    covered = coverage(items)
    score, reasons = ranking.rank(originals, covered, tags, taxonomy)
    return Story(
        id=story_id,
        title=title.article.title,
        language=title.article.language,
        first_at=min(i.article.published_at for i in originals),
        last_at=max(i.article.published_at for i in originals),
        seen_at=min(i.article.seen_at for i in originals),
        updated_at=now,
        article_ids=tuple(i.article.id for i in originals),
        tags=tags,
        coverage=covered,
        score=score,
        reasons=reasons,
    )


def _central(members: Sequence[tuple[Item, _Features]]) -> Item:
    """The headline most like all others; a news report before opinion, the earliest on a tie."""

    def weight(one: tuple[Item, _Features]) -> float:
        item, made = one
        nearness = sum(cosine(made.text, other.text) for _, other in members)
        news = item.judgement.genre in ("g-news", "g-breaking", "g-official")
        return nearness * (1.0 if news else 0.6)

    return max(sorted(members, key=lambda m: order(m[0])), key=weight)[0]


def _tags(items: Sequence[Item]) -> tuple[str, ...]:
    """What the members share: shown tags by the number of members, then by score."""
    weights: dict[str, float] = defaultdict(float)
    for item in items:
        for tag in item.judgement.tags:
            if tag.score >= 2 and tag.method not in ("implied", "feed"):
                weights[tag.slug] += tag.score
    floor = max(weights.values(), default=0.0) * 0.15
    return tuple(
        sorted((s for s in weights if weights[s] > floor), key=lambda s: (-weights[s], s))
    )[:12]
