"""a story's coverage and tags -> how far up it belongs, with reasons.

The score is a logarithm: weight of the story plus its age in half-lives. Two stories therefore keep
their order as time passes, and a score that was stored stays true without being renewed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from aggregator.model import Coverage, Item
from aggregator.taxonomy import Taxonomy

HALF_LIFE = timedelta(hours=36)
SURELY = 2.0
"""Relevance from which Korea is what a report is about: below, it stands in a summary only."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_QUIET_GENRES = {"g-weather": 0.1, "g-notice": 0.1, "g-photo-video": 0.3, "g-brief": 0.5}


def importance(items: Sequence[Item], tags: Sequence[str], taxonomy: Taxonomy) -> tuple[float, str]:
    """0.05 to about 4, and the tag that decides. The first report's genre may lower it."""
    known = [taxonomy[slug] for slug in tags[:8] if slug in taxonomy]
    topical = [t for t in known if t.facet in ("topic", "event")]
    ranked = sorted(topical, key=lambda t: (-t.weight, t.slug))
    weight = ranked[0].weight + 0.2 * sum(t.weight for t in ranked[1:4]) if ranked else 0.6
    genres = [i.judgement.genre for i in items]
    quiet = min((_QUIET_GENRES.get(g, 1.0) for g in genres[:1]), default=1.0)
    return max(0.05, weight * quiet), ranked[0].slug if ranked else ""


def weight(
    items: Sequence[Item], covered: Sequence[Coverage], tags: Sequence[str], taxonomy: Taxonomy
) -> tuple[float, tuple[str, ...]]:
    """Independent perspectives times importance: never the count of articles alone.

    Publishers count with their square root: ten papers of one capital are not ten views.
    """
    publishers = len({p for c in covered for p in c.publishers})
    matters, decisive = importance(items, tags, taxonomy)
    spread = len(covered) + math.sqrt(publishers) + 0.5 * math.log2(1 + len(items))
    sure = max(i.judgement.verdict.score for i in items)
    passing = min(1.0, sure / SURELY) ** 2
    reasons = (
        f"{len(covered)} perspectives, {publishers} publishers, {len(items)} reports",
        f"importance {matters:.1f}" + (f" ({decisive})" if decisive else ""),
        *(("Korea is mentioned in passing only",) if passing < 1 else ()),
    )
    return spread * matters * passing, reasons


def rank(
    items: Sequence[Item], covered: Sequence[Coverage], tags: Sequence[str], taxonomy: Taxonomy
) -> tuple[float, tuple[str, ...]]:
    """The stored score and its reasons. Grows by 1 for each half-life that the story is younger."""
    value, reasons = weight(items, covered, tags, taxonomy)
    last_at = max(i.article.published_at for i in items)
    score = math.log2(max(value, 0.01)) + (last_at - _EPOCH) / HALF_LIFE
    return round(score, 4), (*reasons, f"last report {last_at:%Y-%m-%d %H:%M} UTC")
