"""Labelled stories and copies -> `aggregator/taxonomy/likeness.toml`. `make eval-train` runs it.

Deterministic: the same labels give the same file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from aggregator.model import Item
from aggregator.rules import Clustering
from aggregator.steps import copies
from aggregator.steps.likeness import ACROSS, WITHIN
from aggregator.steps.pool import Pool, pool
from aggregator.taxonomy import Taxonomy, load
from tests.eval import stories
from tests.eval.logistic import fit
from tests.eval.run import DATA, ROOT

FILE = ROOT / "aggregator/taxonomy/likeness.toml"

FARTHEST = 9.0
"""Days between two articles of a training pair."""
LOOKED_AT = 0.15
"""Cosine of words above which a pair of one story is worth learning what a copy is."""
HEAD = """\
# What makes two articles one event, or one text. Learned from labelled articles by
# `make eval-train`, which writes this file anew; the features are computed in steps/likeness.py
# and steps/copies.py. A pair's log-odds are the sum of its features times these weights.
"""

Labelled = tuple[list[Item], Mapping[str, str]]


def train(data: Path, taxonomy: Taxonomy) -> str:
    """The text of the file."""
    sets = [labelled for _, labelled in stories.korea_sets(data, taxonomy)]
    tables = {
        "within": ("two articles in one language", WITHIN, _pairs(sets, taxonomy, same=True)),
        "across": ("two articles in two languages", ACROSS, _pairs(sets, taxonomy, same=False)),
        "copy": ("two texts in one language", copies.FEATURES, _copies(data, taxonomy)),
    }
    lines = [HEAD]
    for name, (what, features, examples) in tables.items():
        rows, labels = zip(*examples, strict=True)
        lines.append(f"[{name}]  # {what}: {len(rows)} pairs, {sum(labels)} of them one")
        weights = zip(features, fit(rows, labels), strict=True)
        lines += [f'"{feature}" = {weight:.3f}' for feature, weight in weights]
        lines.append("")
    return "\n".join(lines)


def main() -> int:
    """Write the file; 0 also when there is nothing to learn from."""
    if not (DATA / "text/stories-tune.csv").exists():
        sys.stdout.write(f"Nothing to learn from: no labelled articles in {DATA / 'text'}.\n")
        return 0
    text = train(DATA, load())
    FILE.write_text(text, "utf-8")
    sys.stdout.write(text)
    return 0


def _pairs(
    sets: Sequence[Labelled], taxonomy: Taxonomy, *, same: bool
) -> Iterator[tuple[tuple[float, ...], bool]]:
    for items, gold in sets:
        made = pool(items, (), taxonomy, Clustering())
        sketches = made.space.sketches
        for m, n in combinations(range(len(sketches)), 2):
            a, b = sketches[m], sketches[n]
            if (a.language == b.language) is same and abs(a.at - b.at) <= FARTHEST:
                yield made.space.features(m, n), gold[a.id] == gold[b.id]


def _copies(data: Path, taxonomy: Taxonomy) -> Iterator[tuple[tuple[float, ...], bool]]:
    """Labelled pairs, and articles of one Korea story that are, or are not, marked as one text."""
    items, labelled = stories.copy_pairs(data, taxonomy)
    made = pool(items, (), taxonomy, Clustering())
    features = _reader(made)
    for one, other, is_copy in labelled:
        yield features(one, other), is_copy
    items, dups = stories.copies_in_stories(data, taxonomy)
    made = pool(items, (), taxonomy, Clustering())
    features = _reader(made)
    for m, n in combinations(range(len(items)), 2):
        a, b = made.items[m].article, made.items[n].article
        if a.language != b.language:
            continue
        shared = features(a.id, b.id)
        if shared[1] > LOOKED_AT:
            yield shared, dups[a.id] == dups[b.id]


def _reader(made: Pool) -> Callable[[str, str], tuple[float, ...]]:
    found = copies.Copies(made, {}, Clustering())
    numbers = {item.article.id: n for n, item in enumerate(made.items)}
    return lambda one, other: found.features(numbers[one], numbers[other])


if __name__ == "__main__":
    raise SystemExit(main())
