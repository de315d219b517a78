"""How well articles are grouped into stories and copies, on the labelled tune sets."""

from __future__ import annotations

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations, product
from pathlib import Path

from aggregator import pipeline
from aggregator.model import Article, Feed, Item
from aggregator.rules import Clustering, Relevance
from aggregator.steps.language import language
from aggregator.taxonomy import Taxonomy
from tests.eval.figures import Report

UNDATED = datetime(2000, 1, 1, tzinfo=UTC)
ACROSS = "across languages"


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


def group(found: Sequence[Item], taxonomy: Taxonomy) -> dict[str, str]:
    """article id -> story id"""
    made = pipeline.arrange(found, (), taxonomy, Clustering(), UNDATED)
    return dict(made.placements)


def korea_sets(
    data: Path, taxonomy: Taxonomy
) -> list[tuple[str, tuple[list[Item], dict[str, str]]]]:
    """(name, (items, id -> label)) of the sets about Korea."""
    rows = _rows(data / "text/stories-tune.csv")
    sets = [
        (f"Korea stories {lang}", "story", [r for r in rows if r["lang"] == lang])
        for lang in ("en", "ko")
    ]
    sets.append((ACROSS, "event", _rows(data / "text/stories-crosslang-tune.csv")))
    return [
        (name, (items(rows, taxonomy), {r["id"]: r[label] for r in rows}))
        for name, label, rows in sets
    ]


def general_sets(
    data: Path, taxonomy: Taxonomy
) -> list[tuple[str, tuple[list[Item], dict[str, str]]]]:
    """The same of general English news, without dates."""
    by_set: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(data / "text/stories-general-tune.csv"):
        by_set[row["set"]].append(row)
    return [
        (f"general {name}", (items(rows, taxonomy), {r["id"]: r["story"] for r in rows}))
        for name, rows in sorted(by_set.items())
    ]


def measure(data: Path, taxonomy: Taxonomy, report: Report) -> None:
    """Figures of copies and stories; what was parted or joined wrongly, in pairs of articles."""
    precision, recall = copies(data, taxonomy)
    report.figures["near copies, precision"] = precision
    report.figures["near copies, recall"] = recall
    report.figures["members of a series merged"] = series_merged(data, taxonomy)
    for name, (found, gold) in korea_sets(data, taxonomy) + general_sets(data, taxonomy):
        made = group(found, taxonomy)
        if name == ACROSS:
            precision, recall = across(found, gold, made)
            report.figures[f"{name}, precision"] = precision
            report.figures[f"{name}, recall"] = recall
        else:
            made_score = score(gold, made)
            report.figures[f"{name}, B³ F1"] = made_score.b3
            report.figures[f"{name}, pair F1"] = made_score.pair
        if name.startswith("Korea") or name == ACROSS:
            titles = {item.article.id: item.article.title for item in found}
            for one, other in combinations(sorted(gold), 2):
                if (gold[one] == gold[other]) != (made[one] == made[other]):
                    joined = made[one] == made[other]
                    first = titles[made[one]] if joined else gold[one]
                    kind = "joined in" if joined else "parted from"
                    report.confuse(name, f"pairs {kind}: {first[:70]}")


def across(
    found: Sequence[Item], gold: Mapping[str, str], made: Mapping[str, str]
) -> tuple[float, float]:
    """(precision, recall) of the pairs of one Korean and one English item."""
    right = said = true = 0
    ids = {
        lang: [i.article.id for i in found if i.article.language == lang] for lang in ("ko", "en")
    }
    for one, other in product(ids["ko"], ids["en"]):
        is_one, told = gold[one] == gold[other], made[one] == made[other]
        true, said, right = true + is_one, said + told, right + (is_one and told)
    return (right / said if said else 1.0), right / true


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


def copies(data: Path, taxonomy: Taxonomy) -> tuple[float, float]:
    """(precision, recall) of D against S, R and X, all in one pool."""
    found, pairs = copy_pairs(data, taxonomy)
    original = _originals(found, taxonomy)
    right = said = true = 0
    for one, other, is_copy in pairs:
        told = original.get(one, one) == original.get(other, other)
        true, said, right = true + is_copy, said + told, right + (is_copy and told)
    return (right / said if said else 1.0), (right / true if true else 1.0)


def series_merged(data: Path, taxonomy: Taxonomy) -> int:
    """How many of a desk's daily pieces ("[Weather] …") were taken for copies of each other."""
    found = [item for _, (some, _) in korea_sets(data, taxonomy) for item in some]
    found = list({item.article.id: item for item in found}.values())
    marks = {
        item.article.id: (item.feed.publisher, mark[0])
        for item in found
        if (mark := re.match(r"\[(?!속보|단독|종합|영상)[^\]]+\]", item.article.title))
    }
    original = _originals(found, taxonomy)
    return sum(
        copy in marks and marks[copy] == marks.get(first) for copy, first in original.items()
    )


def _originals(found: Sequence[Item], taxonomy: Taxonomy) -> dict[str, str]:
    made = pipeline.arrange(found, (), taxonomy, Clustering(), UNDATED)
    return {copy.article_id: copy.original_id for copy in made.copies}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))
