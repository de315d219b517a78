"""Loose and placed items -> one pool: all that may be a copy of, or in a story with, another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aggregator.model import Item, StoryItems
from aggregator.rules import Clustering
from aggregator.steps.likeness import Space
from aggregator.steps.sketch import sketch
from aggregator.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Items by number, in the order of publication."""

    items: tuple[Item, ...]
    owners: tuple[str | None, ...]
    """The story that an item is in; None: it arrives."""
    space: Space
    pairs: tuple[tuple[int, int], ...]
    """Numbers of items that may have to do with each other; one at least of each arrives."""

    def arriving(self) -> list[int]:
        """The numbers of what has no story yet."""
        return [n for n, owner in enumerate(self.owners) if owner is None]


def order(item: Item) -> tuple[object, ...]:
    """Earliest publication first; ids break ties, so that no order of arrival shows."""
    return (item.article.published_at, item.article.id)


def pool(
    loose: Sequence[Item], placed: Sequence[StoryItems], taxonomy: Taxonomy, rules: Clustering
) -> Pool:
    """Everything side by side. Copies that were found before stand with their stories."""
    owned: list[tuple[Item, str | None]] = [(item, None) for item in loose]
    owned += [(item, story.story.id) for story in placed for item in story.items]
    owned.sort(key=lambda pair: order(pair[0]))
    items = tuple(item for item, _ in owned)
    owners = tuple(owner for _, owner in owned)
    space = Space([sketch(item, taxonomy) for item in items], taxonomy.weights)
    return Pool(items=items, owners=owners, space=space, pairs=_pairs(space, owners, rules))


def _pairs(
    space: Space, owners: Sequence[str | None], rules: Clustering
) -> tuple[tuple[int, int], ...]:
    """Each with what was published before it: of what is alike, the index knows the latest."""
    window = rules.window.total_seconds() / 86_400
    first = next((n for n, owner in enumerate(owners) if owner is None), len(owners))
    pairs: list[tuple[int, int]] = []
    for n, owner in enumerate(owners):
        if n >= first:
            pairs += [(m, n) for m in space.near(n, window) if owner is None or owners[m] is None]
        space.file(n)
    return tuple(pairs)
