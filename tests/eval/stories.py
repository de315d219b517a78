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
from aggregator.steps.language import language
from aggregator.taxonomy import Taxonomy, load

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
        source = row.get("source", "")
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
    return dict(pipeline.arrange(found, (), taxonomy, rules, UNDATED).placements)


def korea_sets(
    data: Path, taxonomy: Taxonomy
) -> list[tuple[str, tuple[list[Item], dict[str, str]]]]:
    """(name, (items, id -> label)) of the sets about Korea."""
    rows = _rows(data / "text/stories-tune.csv")
    sets = [(lang, "story", [r for r in rows if r["lang"] == lang]) for lang in ("en", "ko")]
    sets.append(("across", "event", _rows(data / "text/stories-crosslang-tune.csv")))
    return [
        (name, (items(rows, taxonomy), {r["id"]: r[label] for r in rows}))
        for name, label, rows in sets
    ]


def run(data: Path, taxonomy: Taxonomy, rules: Clustering) -> list[tuple[str, Score]]:
    """(set, score) of every labelled set that is there."""
    results: list[tuple[str, Score]] = []
    for name, (found, gold) in korea_sets(data, taxonomy):
        made = group(found, taxonomy, rules)
        if name == "across":
            results.append(("across languages", _across(found, gold, made)))
        else:
            results.append((f"Korea stories {name}", score(gold, made)))
    by_set: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(data / "text/stories-general-tune.csv"):
        by_set[row["set"]].append(row)
    for name, rows in sorted(by_set.items()):
        made = group(items(rows, taxonomy), taxonomy, rules)
        results.append((f"general {name}", score({r["id"]: r["story"] for r in rows}, made)))
    return results


def _across(found: Sequence[Item], gold: Mapping[str, str], made: Mapping[str, str]) -> Score:
    """Only the pairs of one Korean and one English item."""
    right = said = true = 0
    ids = {
        lang: [i.article.id for i in found if i.article.language == lang] for lang in ("ko", "en")
    }
    for one in ids["ko"]:
        for other in ids["en"]:
            is_one, told = gold[one] == gold[other], made[one] == made[other]
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
    precision, recall = copies(data, taxonomy, rules)
    yield f"  near copies              precision {precision:.3f}, recall {recall:.3f}"


def copy_pairs(data: Path, taxonomy: Taxonomy) -> tuple[list[Item], list[tuple[str, str, bool]]]:
    """The items of the labelled pairs, each under its row and side, and (one, other, is copy)."""
    found: list[Item] = []
    pairs: list[tuple[str, str, bool]] = []
    for n, row in enumerate(_rows(data / "text/near-copies-tune.csv")):
        ids = (f"{n}a", f"{n}b")
        sides = [
            {"id": id, "title": row[f"title_{side}"], "summary": row[f"desc_{side}"], "source": ""}
            for id, side in zip(ids, "ab", strict=True)
        ]
        found += items(sides, taxonomy)
        pairs.append((*ids, row["label"] == "D"))
    return found, pairs


def copies_in_stories(data: Path, taxonomy: Taxonomy) -> tuple[list[Item], dict[str, str]]:
    """The items of the Korea stories, and id -> which text it is."""
    rows = _rows(data / "text/stories-tune.csv")
    return items(rows, taxonomy), {r["id"]: r["dup"] for r in rows}


def copies(data: Path, taxonomy: Taxonomy, rules: Clustering) -> tuple[float, float]:
    """(precision, recall) of D against S, R and X, all in one pool."""
    found, pairs = copy_pairs(data, taxonomy)
    made = {
        c.article_id: c.original_id
        for c in pipeline.arrange(found, (), taxonomy, rules, UNDATED).copies
    }
    right = said = true = 0
    for one, other, is_copy in pairs:
        told = made.get(one, one) == made.get(other, other)
        true, said, right = true + is_copy, said + told, right + (is_copy and told)
    return (right / said if said else 1.0), (right / true if true else 1.0)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))
