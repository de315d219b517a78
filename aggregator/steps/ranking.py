"""a story's coverage and tags -> how far up it belongs, with reasons.

The score is a logarithm: weight of the story plus its age in half-lives. Two stories therefore keep
their order as time passes, and a score that was stored stays true without being renewed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from aggregator.model import Coverage, Item
from aggregator.steps.perspectives import group_of
from aggregator.steps.tagging.rules import held
from aggregator.taxonomy import Taxonomy

HALF_LIFE: Final = timedelta(hours=36)
SURELY: Final = 2.0
"""Relevance from which Korea is what a report is about: below, it stands in a summary only."""
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_QUIET_GENRES: Final = {"g-weather": 0.1, "g-notice": 0.1, "g-photo-video": 0.3, "g-brief": 0.4}
_REASONING: Final = frozenset(
    {"g-analysis", "g-oped", "g-editorial", "g-what-if", "g-explainer", "g-interview", "g-timeline"}
)
_RITUAL: Final = "dprk-ritual"
_OPINION, _PREVIEW, _CEREMONY = 0.6, 0.7, 0.4
_OTHERS, _MOST_OTHERS = 0.2, 3
_SHOWN, _HALF = 2.0, 0.5
_UNTAGGED: Final = 0.6
_RELAYED: Final = 0.5
"""What a perspective counts that only passes on what agencies of others report."""
_LEADING: Final = ("President", "Prime Minister", "Leader", "General Secretary")
_SUMMIT: Final = 1.0
_LEAST: Final = 0.05


def importance(items: Sequence[Item], tags: Sequence[str], taxonomy: Taxonomy) -> tuple[float, str]:
    """0.05 to about 4, and the tag that decides.

    What fewer than half of the reports are about counts for so much less: one expert who speaks
    of a nuclear test makes no story about one.
    """
    known = [taxonomy[slug] for slug in tags[:8] if slug in taxonomy]
    shares = Counter(
        t.slug for i in items for t in i.judgement.tags if t.score >= _SHOWN and t.slug in tags
    )
    weights = {
        t.slug: t.weight * min(1.0, shares[t.slug] / len(items) / _HALF)
        for t in known
        if t.facet in ("topic", "event")
    }
    if not weights:
        return _UNTAGGED, ""
    ranked = sorted(weights, key=lambda slug: (-weights[slug], slug))
    others = sum(weights[slug] for slug in ranked[1 : 1 + _MOST_OTHERS])
    return max(_LEAST, weights[ranked[0]] + _OTHERS * others), ranked[0]


def weight(
    items: Sequence[Item], covered: Sequence[Coverage], tags: Sequence[str], taxonomy: Taxonomy
) -> tuple[float, tuple[str, ...]]:
    """Independent perspectives times importance: never the count of articles alone.

    Publishers count with their square root and reports with their logarithm: ten papers of one
    capital are not ten views.
    """
    publishers = len({p for c in covered for p in c.publishers})
    matters, decisive = importance(items, tags, taxonomy)
    heads = _heads(items, taxonomy)
    matters += _SUMMIT if len(heads) > 1 else 0.0
    own = {group_of(i.feed.perspective) for i in items if not i.judgement.relays}
    relaying = sum(each.articles > 0 and each.group not in own for each in covered)
    views = len(covered) - relaying * (1 - _RELAYED)
    spread = views + math.sqrt(publishers) - 1 + math.log2(len(items)) / 2
    reasons = [
        f"{len(covered)} perspectives, {publishers} publishers, {len(items)} reports"
        + (f"; {relaying} only on others' word" if relaying else ""),
        f"importance {matters:.1f}" + (f" ({decisive})" if decisive else ""),
    ]
    if len(heads) > 1:
        reasons.append(f"leaders of {' and '.join(heads)} at once: + {_SUMMIT:g} of it")
    value = spread * matters
    for share, why in _lowered(items, tags):
        value *= share
        reasons.append(f"{why}: × {share:.2g}")
    return value, tuple(reasons)


def _heads(items: Sequence[Item], taxonomy: Taxonomy) -> list[str]:
    """The states whose leaders of the day half of the reports name."""
    named: Counter[str] = Counter()
    for item in items:
        day = item.article.published_at.date()
        named.update(
            {
                parent
                for tag in item.judgement.tags
                if tag.score >= _SHOWN
                and tag.slug in taxonomy
                and any(held(taxonomy, tag.slug, day, office) for office in _LEADING)
                for parent in taxonomy[tag.slug].parents
                if parent in taxonomy and taxonomy[parent].facet == "state"
            }
        )
    return sorted(state for state, count in named.items() if count >= len(items) * _HALF)


def _lowered(items: Sequence[Item], tags: Sequence[str]) -> list[tuple[float, str]]:
    """What makes a story matter less than its tags say."""
    found: list[tuple[float, str]] = []
    genres = [item.judgement.genre for item in items]
    quiet = max(_QUIET_GENRES.get(genre, 1.0) for genre in genres)
    if quiet < 1:
        found.append((quiet, "only pictures, notices or briefs"))
    elif all(genre in _REASONING or genre in _QUIET_GENRES for genre in genres):
        found.append((_OPINION, "only analysis or opinion"))
    if all(item.judgement.certainty == "c-hypothetical" for item in items):
        found.append((_PREVIEW, "nothing has happened yet"))
    if _RITUAL in tags[:5]:
        found.append((_CEREMONY, "ceremony"))
    passing = min(1.0, max(i.judgement.verdict.score for i in items) / SURELY) ** 2
    if passing < 1:
        found.append((passing, "Korea is mentioned in passing only"))
    return found


def rank(
    items: Sequence[Item], covered: Sequence[Coverage], tags: Sequence[str], taxonomy: Taxonomy
) -> tuple[float, tuple[str, ...]]:
    """The stored score and its reasons. Grows by 1 for each half-life that the story is younger."""
    value, reasons = weight(items, covered, tags, taxonomy)
    last_at = max(i.article.published_at for i in items)
    score = math.log2(max(value, 0.01)) + (last_at - _EPOCH) / HALF_LIFE
    return round(score, 4), (*reasons, f"last report {last_at:%Y-%m-%d %H:%M} UTC")
