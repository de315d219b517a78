"""Stored articles -> judged by the present taxonomy, batch by batch, latest first."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from aggregator import pipeline
from aggregator.model import Item, Rejudged, Renewal
from aggregator.ports import Tools
from aggregator.steps import relevance, stories

log = logging.getLogger(__name__)

BATCH = 200
_STORIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What came of some articles."""

    articles: tuple[Rejudged, ...]
    left: int = 0
    """Articles that were edited meanwhile, and judged by that."""


def waiting(tools: Tools) -> int:
    """Articles that were judged by another taxonomy, other rules or another program."""
    return tools.store.waiting(tools.judged_by)


def retag(
    tools: Tools, *, again: bool = False, write: bool = True, size: int = BATCH
) -> Iterator[Batch]:
    """Judge stored articles anew, one transaction a batch, until nothing waits.

    Whoever stops asking for batches may begin anew later: what is done is not done again. `again`:
    judge what is up to date, too. Without `write` the library stays as it is.
    """
    names = relevance.telling(tools.taxonomy, tools.config.relevance)
    known = None if again else tools.judged_by
    last = None
    while found := tools.store.archived(size, last, unless_judged_by=known):
        batch = tuple(
            pipeline.rejudge(_with_feed(tools, item), tools.taxonomy, tools.config.relevance, names)
            for item in found
        )
        left = tools.store.rejudge(batch, tools.judged_by) if write else 0
        yield Batch(articles=batch, left=left)
        last = found[-1].article


def _with_feed(tools: Tools, item: Item) -> Item:
    """Tags that a feed gave its articles are stored with these only, once it is not read."""
    if item.feed.id in tools.feeds:
        return item
    given = tuple(t.slug for t in item.judgement.tags if t.method == "feed")
    return replace(item, feed=replace(item.feed, tags=given))


def renew_stories(tools: Tools) -> int:
    """Tell stories anew whose members were judged anew; returns how many. Not beside `arrange`."""
    told, seen = 0, set[str]()
    while stale := tools.store.stale_stories(_STORIES):
        if seen.issuperset(s.story_id for s in stale):
            break  # somebody else writes stories: the next call will find them
        seen.update(s.story_id for s in stale)
        now, rules = tools.clock(), tools.config.stories
        tools.store.renew(
            [
                Renewal(
                    stale=each,
                    story=stories.renewed(each.found, tools.taxonomy, rules, now)
                    if each.found
                    else None,
                )
                for each in stale
            ]
        )
        told += len(stale)
    if told:
        log.info("stories told anew", extra={"stories": told})
    return told
