"""labelled items -> what relevance would score on unseen rows, by rules and by a learned model.

The words of the rules were chosen with the labelled rows in sight, so their figures on these rows
flatter them. Here every row is judged without the words that no other row gives reason for: a
word of relevance.toml is taken away for a tenth of the rows if these alone hold it. On top of that
a linear model (logistic regression over reasons, tags and words) is trained on the other nine
tenths. `make eval-train` runs it; docs/decisions/0019 says what came of it.
"""

from __future__ import annotations

import csv
import math
import random
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from aggregator.model import Verdict
from aggregator.rules import Relevance
from aggregator.steps.relevance import judge
from aggregator.steps.words import words
from aggregator.taxonomy import Taxonomy, load
from aggregator.taxonomy.reading import Source, read_words
from tests.eval.run import DATA, Item, Tally, item

FOLDS: Final = 10
EPOCHS: Final = 25
STRENGTH: Final = 0.3
"""How much an example counts against the penalty on the weights (C of other programs)."""
BORDERLINE: Final = 0.6
"""The weight of a row that its labeller was not sure of."""
_NAME: Final = "relevance.toml"


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled item."""

    item: Item
    relevant: bool
    group: str
    """Confidence and language."""
    weight: float


def read(path: Path, taxonomy: Taxonomy) -> list[Row]:
    """Rows of a labelled file: label, confidence, lang, title, description, date."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            Row(
                item=item(row["title"], row["description"], row["date"], "", row["lang"], taxonomy),
                relevant=row["label"] == "1",
                group=f"{row['confidence']} {row['lang']}",
                weight=1.0 if row["confidence"] == "clear" else BORDERLINE,
            )
            for row in csv.DictReader(lines)
        ]


class Vocabulary:
    """The words of relevance.toml, and which rows hold each."""

    def __init__(self, taxonomy: Taxonomy, titles: Sequence[str]) -> None:
        self.taxonomy = taxonomy
        text = (files("aggregator.taxonomy") / _NAME).read_text("utf-8")
        self.source = Source.of(_NAME, text)
        self.holders = {
            key: frozenset(n for n, title in enumerate(titles) if pattern.search(title))
            for key, pattern in _patterns(self.source.data)
        }

    def without(self, fold: frozenset[int]) -> Taxonomy:
        """The taxonomy without the words that only rows of the fold hold."""

        def kept(raw: Mapping[str, Any]) -> dict[str, Any]:
            found = {
                script: [
                    word
                    for word in raw[script]
                    if not (held := self.holders[script, word]) or held - fold
                ]
                for script in ("latin", "cjk")
            }
            # A section without any word would fit everywhere.
            return {**raw, **found, "latin": found["latin"] or [r"(?!)"]}

        data = {name: kept(raw) for name, raw in self.source.data.items() if name != "gate"}
        data["gate"] = {name: kept(raw) for name, raw in self.source.data["gate"].items()}
        plain, gates = read_words(replace(self.source, data=data))
        return replace(self.taxonomy, words=MappingProxyType(plain), gates=gates)


def _patterns(data: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], re.Pattern[str]]]:
    sections = [raw for name, raw in data.items() if name != "gate"] + list(data["gate"].values())
    for raw in sections:
        for word in raw["latin"]:
            yield ("latin", word), re.compile(rf"\b(?:{word})\b", re.IGNORECASE)
        for word in raw["cjk"]:
            yield ("cjk", word), re.compile(word, re.IGNORECASE)


def verdict(row: Row, taxonomy: Taxonomy) -> Verdict:
    """What the rules say with the words of this taxonomy."""
    made = row.item
    return judge(made.article, made.feed, made.tags, made.genre, Relevance(), taxonomy)


def features(row: Row, by_rules: Verdict) -> dict[str, float]:
    """Name -> value. Words of the summary count less, those of the title once."""
    found = {
        "always": 1.0,
        "rules: relevant": float(by_rules.relevant),
        "rules: score": min(by_rules.score, 3.0) / 2,
        f"genre {row.item.genre}": 1.0,
    }
    for reason in by_rules.reasons:
        found[f"reason {reason.split(' ')[0]}"] = 1.0
    for tag in row.item.tags:
        if tag.evidence:
            in_title = any(evidence.field == "title" for evidence in tag.evidence)
            found[f"{'title' if in_title else 'summary'} {tag.slug}"] = 1.0 if in_title else 0.5
    for word in words(row.item.article.summary)[:60]:
        found[f"word {word}"] = 0.4
    for word in words(row.item.article.title):
        found[f"word {word}"] = 1.0
    return found


Example = tuple[Mapping[str, float], bool, float]
"""Features, label, weight."""


def fit(examples: Sequence[Example]) -> dict[str, float]:
    """Weights of a logistic regression with an L2 penalty, by dual coordinate descent.

    Each example's multiplier lies between 0 and its weight; one after the other is set to where
    the dual's slope is 0 (Yu, Huang and Lin 2011, with bisection in place of Newton's method).
    """
    weights: dict[str, float] = {}
    multipliers = [STRENGTH * weight * 1e-3 for _, _, weight in examples]
    signs = [1.0 if label else -1.0 for _, label, _ in examples]
    for (values, _, _), sign, multiplier in zip(examples, signs, multipliers, strict=True):
        _move(weights, values, sign * multiplier)
    order = list(range(len(examples)))
    chance = random.Random(0)
    for _ in range(EPOCHS):
        chance.shuffle(order)
        for n in order:
            values, _, weight = examples[n]
            size = sum(value * value for value in values.values())
            margin, old = signs[n] * total(values, weights), multipliers[n]
            low, high = 0.0, weight * STRENGTH
            cap = high
            for _ in range(30):
                middle = (low + high) / 2
                slope = size * (middle - old) + margin + math.log(middle / (cap - middle))
                low, high = (middle, high) if slope < 0 else (low, middle)
            multipliers[n] = (low + high) / 2
            _move(weights, values, signs[n] * (multipliers[n] - old))
    return weights


def _move(weights: dict[str, float], values: Mapping[str, float], step: float) -> None:
    for name, value in values.items():
        weights[name] = weights.get(name, 0.0) + step * value


def total(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Above 0: relevant."""
    return sum(value * weights.get(name, 0.0) for name, value in values.items())


def unseen(rows: Sequence[Row], taxonomy: Taxonomy) -> tuple[list[Verdict], list[bool]]:
    """Of each row, what the rules say without words that it alone gave, and what the model says."""
    vocabulary = Vocabulary(taxonomy, [row.item.article.title for row in rows])
    order = list(range(len(rows)))
    random.Random(0).shuffle(order)
    folds = [frozenset(order[n::FOLDS]) for n in range(FOLDS)]
    found = {
        n: verdict(rows[n], cut)
        for fold in folds
        for cut in [vocabulary.without(fold)]
        for n in fold
    }
    values = {n: features(rows[n], found[n]) for n in found}
    told: dict[int, bool] = {}
    for fold in folds:
        weights = fit(
            [(values[n], rows[n].relevant, rows[n].weight) for n in sorted(found) if n not in fold]
        )
        told |= {n: total(values[n], weights) > 0 for n in fold}
    every = range(len(rows))
    return [found[n] for n in every], [told[n] for n in every]


def tallies(rows: Sequence[Row], told: Sequence[bool]) -> dict[str, Tally]:
    """Right and wrong by confidence and language."""
    found: dict[str, Tally] = {}
    for row, relevant in zip(rows, told, strict=True):
        found.setdefault(row.group, Tally()).add(expected=row.relevant, found=relevant)
    return found


def main(arguments: Sequence[str]) -> int:
    """Print F1 (extra, missed) of each way; further arguments are files of labelled items."""
    path, console = DATA / "text/relevance-tune.csv", Console(width=120)
    if not path.exists():
        console.print(f"Nothing to learn from: {path} is not there.")
        return 0
    taxonomy = load()
    rows = read(path, taxonomy)
    by_rules, by_model = unseen(rows, taxonomy)
    ways = [
        (path.stem, "rules, all words", rows, [row.item.verdict.relevant for row in rows]),
        (path.stem, "rules, unseen rows", rows, [v.relevant for v in by_rules]),
        (path.stem, "rules and model, unseen rows", rows, by_model),
    ]
    weights = fit(
        [
            (features(row, found), row.relevant, row.weight)
            for row, found in zip(rows, by_rules, strict=True)
        ]
    )
    for name in arguments:
        fresh = read(Path(name), taxonomy)
        found = [row.item.verdict for row in fresh]
        scores = [total(features(row, v), weights) for row, v in zip(fresh, found, strict=True)]
        ways.append((Path(name).stem, "rules", fresh, [v.relevant for v in found]))
        ways.append((Path(name).stem, "rules and model", fresh, [s > 0 for s in scores]))
    table = Table("rows", "way", *(groups := sorted({row.group for row in rows})))
    for name, way, judged, told in ways:
        made = tallies(judged, told)
        table.add_row(name, way, *(_told(made.get(group)) for group in groups))
    console.print(table)
    return 0


def _told(tally: Tally | None) -> str:
    return "" if tally is None else f"{tally.f1:.3f} (+{tally.extra} −{tally.missed})"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
