"""The issue's stories -> the week in figures, each with whose reports it rests on.

Stories are counted, not events: how many launches there were is what the sources argue about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aggregator.model import Figure, Issue, IssueStory

_LEADING: Final = 5
_DOUBTFUL: Final = frozenset({"c-hypothetical", "c-historical", "c-negated"})
"""What may happen, what was long ago and what did not happen is not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One kind of thing that the week is measured by."""

    slug: str
    tags: frozenset[str]
    told_by: frozenset[str]
    """Groups that report it first; while none of them is read, silence says nothing."""


COUNTED: Final = (
    Counted(
        slug="launches",
        tags=frozenset(
            """missile-launch icbm irbm srbm slbm cruise-missile hypersonic satellite-launch
            artillery-mlrs nuclear-test""".split()
        ),
        told_by=frozenset({"seoul", "tokyo"}),
    ),
    Counted(
        slug="exercises",
        tags=frozenset({"military-exercises"}),
        told_by=frozenset({"seoul", "washington", "pyongyang"}),
    ),
    Counted(
        slug="border",
        tags=frozenset({"border-incident", "loudspeakers-leaflets"}),
        told_by=frozenset({"seoul"}),
    ),
    Counted(
        slug="meetings",
        tags=frozenset(
            """us-dprk-summit inter-korean-summit rok-us-summit rok-japan nuclear-talks
            china-japan-korea trilateral-us-rok-japan""".split()
        ),
        told_by=frozenset({"seoul", "washington", "tokyo", "beijing", "pyongyang"}),
    ),
    Counted(
        slug="sanctions",
        tags=frozenset({"sanctions", "sanctions-un", "sanctions-unilateral", "sanctions-evasion"}),
        told_by=frozenset({"un", "washington", "seoul"}),
    ),
)


def figures(
    stories: Sequence[IssueStory], heard: Collection[str], previous: Issue | None
) -> tuple[Figure, ...]:
    """Counts of the week, zeros left out; none whose sources were not read.

    `heard`: groups of which a feed answers.
    """
    earlier = {figure.slug: figure.count for figure in previous.figures} if previous else {}
    were_heard = previous.ledger.heard if previous else ()
    found = []
    for counted in COUNTED:
        told = [
            s
            for s in stories
            if counted.tags & set(s.tags[:_LEADING]) and s.certainty not in _DOUBTFUL
        ]
        if not told or not counted.told_by & set(heard):
            continue
        known = previous is not None and bool(counted.told_by & set(were_heard))
        names = Counter(name for s in told for c in s.coverage for name in c.publishers)
        found.append(
            Figure(
                slug=counted.slug,
                count=len(told),
                publishers=tuple(name for name, _ in names.most_common(3)),
                stories=tuple(s.id for s in told),
                before=earlier.get(counted.slug, 0) if known else None,
            )
        )
    return tuple(found)


def theme_counts(tags: Sequence[Sequence[str]]) -> tuple[tuple[str, int], ...]:
    """(tag, stories), most first. `tags`: of each story, the themes that it belongs to."""
    counts: Counter[str] = Counter(slug for slugs in tags for slug in slugs)
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def before(slug: str, previous: Issue | None) -> int | None:
    """How many stories the issue before had on a theme; None: there is none, or it kept none."""
    if previous is None or not previous.themes:
        return None
    counts: Mapping[str, int] = dict(previous.themes)
    return counts.get(slug, 0)
