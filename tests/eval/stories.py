"""How well articles are grouped into stories and copies, on the labelled tune sets."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aggregator import pipeline
from aggregator.model import Article, Feed, Item
from aggregator.rules import Clustering, Relevance
from aggregator.steps import dedup, stories
from aggregator.steps.language import language
from aggregator.taxonomy import Taxonomy, load
from tests.make import item

UNDATED = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """B-cubed and pairwise precision, recall, F1."""

    precision: float
    recall: float
    pair_precision: float
    pair_recall: float

    @staticmethod
    def _f1(p: float, r: float) -> float:
        return 2 * p * r / (p + r) if p + r else 0.0

    @property
    def b3(self) -> float:
        return self._f1(self.precision, self.recall)

    @property
    def pair(self) -> float:
        return self._f1(self.pair_precision, self.pair_recall)


def score(gold: Mapping[str, str], made: Mapping[str, str]) -> Score:
    """Compare two groupings of the same ids."""
    by_gold, by_made = Counter(gold.values()), Counter(made.values())
    both = Counter((gold[i], made[i]) for i in gold)
    n = len(gold)
    same = sum(c * (c - 1) // 2 for c in both.values())
    of_made = sum(c * (c - 1) // 2 for c in by_made.values())
    of_gold = sum(c * (c - 1) // 2 for c in by_gold.values())
    return Score(
        precision=sum(c * c / by_made[m] for (_, m), c in both.items()) / n,
        recall=sum(c * c / by_gold[g] for (g, _), c in both.items()) / n,
        pair_precision=same / of_made if of_made else 1.0,
        pair_recall=same / of_gold if of_gold else 1.0,
    )


def items(rows: Sequence[Mapping[str, str]], taxonomy: Taxonomy) -> list[Item]:
    """Rows of a labelled file as the library would hold them."""
    made = []
    for row in rows:
        source = row.get("source") or row.get("id", "")
        feed = Feed(id=source, url="", title=source, publisher=source)
        date = row.get("date")
        at = datetime.fromisoformat(date).astimezone(UTC) if date else UNDATED
        article = Article(
            id=row["id"],
            feed_id=feed.id,
            url=row.get("url") or row["id"],
            guid=row["id"],
            title=row["title"],
            summary=row.get("summary", "") or "",
            language=row.get("lang") or language(row["title"]),
            published_at=at,
            dated=bool(date),
            seen_at=at,
        )
        judged = pipeline.judge(article, feed, taxonomy, Relevance())
        made.append(Item(article=article, judgement=judged, feed=feed))
    return made


def group(found: Sequence[Item], taxonomy: Taxonomy, rules: Clustering) -> dict[str, str]:
    """article id -> story id"""
    copies = dedup.nearly(found, (), rules)
    made = stories.arrange(found, (), copies, taxonomy, rules, UNDATED)
    return dict(made.placements)


def run(data: Path, taxonomy: Taxonomy, rules: Clustering) -> list[tuple[str, Score]]:
    """(set, score) of every labelled set that is there."""
    results: list[tuple[str, Score]] = []
    for lang in ("en", "ko"):
        rows = [r for r in _rows(data / "text/stories-tune.csv") if r["lang"] == lang]
        made = group(items(rows, taxonomy), taxonomy, rules)
        results.append((f"Korea stories {lang}", score({r["id"]: r["story"] for r in rows}, made)))
    by_set: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(data / "text/stories-general-tune.csv"):
        by_set[row["set"]].append(row)
    for name, rows in sorted(by_set.items()):
        made = group(items(rows, taxonomy), taxonomy, rules)
        results.append((f"general {name}", score({r["id"]: r["story"] for r in rows}, made)))
    results.append(("across languages", _across(data, taxonomy, rules)))
    return results


def _across(data: Path, taxonomy: Taxonomy, rules: Clustering) -> Score:
    """Only the pairs of one Korean and one English item."""
    rows = _rows(data / "text/stories-crosslang-tune.csv")
    made = group(items(rows, taxonomy), taxonomy, rules)
    right = said = true = 0
    korean = [r for r in rows if r["lang"] == "ko"]
    for one in korean:
        for other in (r for r in rows if r["lang"] == "en"):
            is_one = one["event"] == other["event"]
            told = made[one["id"]] == made[other["id"]]
            true, said, right = true + is_one, said + told, right + (is_one and told)
    precision, recall = right / said if said else 1.0, right / true
    return Score(precision=precision, recall=recall, pair_precision=precision, pair_recall=recall)


def table(data: Path) -> Iterator[str]:
    """One line a set."""
    taxonomy, rules = load(), Clustering()
    yield "stories: B3 F1 (precision, recall), pair F1 (precision, recall)"
    for name, made in run(data, taxonomy, rules):
        yield (
            f"  {name:24} {made.b3:.3f} ({made.precision:.2f}, {made.recall:.2f})  "
            f"{made.pair:.3f} ({made.pair_precision:.2f}, {made.pair_recall:.2f})"
        )
    precision, recall = copies(data, rules)
    yield f"  near copies              precision {precision:.3f}, recall {recall:.3f}"


def copies(data: Path, rules: Clustering) -> tuple[float, float]:
    """(precision, recall) of D against S, R and X."""
    right = said = true = 0
    for row in _rows(data / "text/near-copies-tune.csv"):
        pair = [
            _plain_item(row["id_a"], row["title_a"], row["desc_a"]),
            _plain_item(row["id_b"], row["title_b"], row["desc_b"]),
        ]
        is_copy, told = row["label"] == "D", bool(dedup.nearly(pair, (), rules))
        true, said, right = true + is_copy, said + told, right + (is_copy and told)
    return (right / said if said else 1.0), (right / true if true else 1.0)


def _plain_item(id: str, title: str, summary: str) -> Item:
    return item(id, title, summary=summary, published_at=UNDATED, seen_at=UNDATED)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))
