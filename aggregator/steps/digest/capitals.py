"""The week's stories -> what each capital made of it, silence included."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from aggregator.model import CapitalView, Item, StoryItems
from aggregator.steps.digest.choosing import Weighed
from aggregator.steps.digest.telling import OPINION, central, issue_item, originals
from aggregator.steps.perspectives import CAPITALS, GROUPS, group_of
from aggregator.taxonomy import Taxonomy

_LEADING = 5
_SEVERAL = 3
"""Groups that tell a story, from which on the silence of another one is worth a line."""


def views(
    weighed: Sequence[Weighed],
    others: Sequence[StoryItems],
    taxonomy: Taxonomy,
    *,
    heard: Collection[str],
    asked: Collection[str],
) -> tuple[CapitalView, ...]:
    """One a group in their fixed order: the six capitals always, the rest when they report.

    `weighed`: the news, heaviest first; `others`: what else the week brought. `heard`: groups of
    which a feed answers, `asked`: of which one is configured.
    """
    told = [w.view for w in weighed] + list(others)
    found = []
    for group in GROUPS:
        view = _view(group.slug, told, told[:_LEADING], taxonomy, heard, asked)
        if group.slug in CAPITALS or view.articles:
            found.append(view)
    return tuple(found)


def _view(
    group: str,
    told: Sequence[StoryItems],
    leading: Sequence[StoryItems],
    taxonomy: Taxonomy,
    heard: Collection[str],
    asked: Collection[str],
) -> CapitalView:
    mine = [(view, own) for view in told if (own := _of(group, view))]
    articles = sum(item.duplicate_of is None for _, own in mine for item in own)
    absent = next(
        (v.story.id for v in leading if len(_groups(v)) >= _SEVERAL and not _of(group, v)), ""
    )
    if not mine:
        state: Literal["silent", "failed", "unheard"] = (
            "silent" if group in heard else "failed" if group in asked else "unheard"
        )
        return CapitalView(
            group=group,
            state=state,
            absent=absent if state == "silent" and group in CAPITALS else "",
        )
    first = sum(group_of(_earliest(view).feed.perspective) == group for view, _ in mine)
    lead = next(
        (item for _, own in mine for item in own if item.judgement.genre not in OPINION), None
    )
    return CapitalView(
        group=group,
        state="reports",
        articles=articles,
        stories=len(mine),
        first=first,
        lead=issue_item(lead or mine[0][1][0], taxonomy),
        absent=absent if group in heard and group in CAPITALS else "",
    )


def _of(group: str, view: StoryItems) -> list[Item]:
    """The group's own items in a story, its most telling report first, copies last."""
    own = [i for i in view.items if group_of(i.feed.perspective) == group]
    reports = [i for i in own if i.duplicate_of is None]
    return (central(reports) if reports else []) + [i for i in own if i.duplicate_of is not None]


def _groups(view: StoryItems) -> set[str]:
    return {group_of(i.feed.perspective) for i in view.items}


def _earliest(view: StoryItems) -> Item:
    return originals(view)[0]
