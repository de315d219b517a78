"""items -> coverage. Which capitals report a story, who was first, who is silent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aggregator.model import Coverage, Feed, FeedHealth, Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One capital, or one kind of observer, as readers see it."""

    slug: str
    label: str
    short: str
    """At most three letters, for a narrow column."""
    perspectives: tuple[str, ...] = ()


GROUPS: tuple[Group, ...] = (
    Group(
        slug="pyongyang",
        label="Pyongyang",
        short="PYO",
        perspectives=("dprk-state", "dprk-aligned"),
    ),
    Group(
        slug="seoul",
        label="Seoul",
        short="SEO",
        perspectives=(
            "rok-gov",
            "rok-wire",
            "rok-press-right",
            "rok-press-centre",
            "rok-press-left",
        ),
    ),
    Group(
        slug="washington",
        label="Washington",
        short="WAS",
        perspectives=("us-gov", "us-gov-media", "us-press"),
    ),
    Group(
        slug="tokyo",
        label="Tokyo",
        short="TOK",
        perspectives=(
            "japan-gov",
            "japan-public",
            "japan-wire",
            "japan-press-left",
            "japan-press-centre",
            "japan-press-right",
        ),
    ),
    Group(
        slug="beijing",
        label="Beijing",
        short="BEI",
        perspectives=("china-state", "china-hk-press"),
    ),
    Group(
        slug="moscow",
        label="Moscow",
        short="MOS",
        perspectives=("russia-state", "russia-press", "russia-press-independent"),
    ),
    Group(slug="un", label="UN", short="UN", perspectives=("un-iaea",)),
    Group(
        slug="specialists",
        label="Specialists",
        short="SPE",
        perspectives=("think-tank", "nk-specialist"),
    ),
    # Everybody else, "unclassified" among them: nobody is put in the centre for want of a label.
    Group(slug="others", label="Others", short="OTH"),
)

CAPITALS = tuple(group.slug for group in GROUPS[:6])
"""Those whose silence is worth a word; the others are observers."""
_GROUP_OF = {perspective: group.slug for group in GROUPS for perspective in group.perspectives}


def publisher_of(feed: Feed) -> str:
    """Who speaks in a feed."""
    return feed.publisher or feed.title or feed.id


def group_of(perspective: str) -> str:
    """The slug of the group that a feed's perspective belongs to; "others" when none is named."""
    return _GROUP_OF.get(perspective, "others")


def listened(health: Iterable[FeedHealth]) -> frozenset[str]:
    """The groups of which at least one feed is read: only their silence says something."""
    return frozenset(
        group_of(each.feed.perspective) for each in health if each.status in ("ok", "silent")
    )


def coverage(items: Iterable[Item]) -> tuple[Coverage, ...]:
    """Who covers these items, in the order of `GROUPS`; silent groups are left out.

    A copy proves that its publisher carried the text, but is no report of its own: it counts for
    `first_at` and `publishers`, not for `articles`.
    """
    found: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        found[group_of(item.feed.perspective)].append(item)
    return tuple(_one(group.slug, found[group.slug]) for group in GROUPS if group.slug in found)


def _one(slug: str, items: Sequence[Item]) -> Coverage:
    ordered = sorted(items, key=lambda item: (item.article.published_at, item.article.id))
    return Coverage(
        group=slug,
        first_at=ordered[0].article.published_at,
        articles=sum(item.duplicate_of is None for item in ordered),
        publishers=tuple(dict.fromkeys(publisher_of(item.feed) for item in ordered)),
    )
