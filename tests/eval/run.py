"""labelled items -> precision, recall and F1 of relevance and tags, with the costliest mistakes.

`make eval` runs it. The labelled items are no part of the project; without them it says so.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from aggregator.model import Article, Feed, Tagging, Verdict
from aggregator.rules import Relevance
from aggregator.steps.language import language
from aggregator.steps.relevance import judge
from aggregator.steps.tagging import SHOWN, compile_tagger, tag
from aggregator.steps.tagging.certainty import certainty
from aggregator.steps.tagging.genre import genre
from aggregator.taxonomy import load
from tests.eval import polling, stories

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("AGGREGATOR_TEST_DATA", ROOT / ".." / "shared" / "corpus")).resolve()
UNDATED = datetime(2025, 9, 1, tzinfo=UTC)
TAXONOMY = load()
TAGGER = compile_tagger(TAXONOMY)


@dataclass(slots=True)
class Tally:
    """Right, wrongly found and missed."""

    right: int = 0
    extra: int = 0
    missed: int = 0

    def line(self, name: str) -> str:
        precision = self.right / max(self.right + self.extra, 1)
        recall = self.right / max(self.right + self.missed, 1)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        counts = f"{self.right} right, {self.extra} extra, {self.missed} missed"
        return f"{name:28} P {precision:.3f}  R {recall:.3f}  F1 {f1:.3f}   ({counts})"


@dataclass(slots=True)
class Item:
    """One labelled text and what the steps make of it."""

    article: Article
    feed: Feed
    tags: tuple[Tagging, ...] = field(init=False)
    genre: str = field(init=False)
    verdict: Verdict = field(init=False)

    def __post_init__(self) -> None:
        self.tags = tag(self.article, self.feed, TAGGER)
        self.genre = genre(self.article, self.feed, self.tags)
        self.verdict = judge(
            self.article, self.feed, self.tags, self.genre, Relevance(threshold=1.0), TAXONOMY
        )


def item(title: str, summary: str, date: str, perspective: str, fallback: str) -> Item:
    """A labelled text as an article of a general feed."""
    when = _when(date)
    article = Article(
        id="x",
        feed_id="x",
        url="https://example.org/",
        guid="x",
        title=title,
        summary=summary,
        language=language(title, fallback),
        published_at=when,
        seen_at=when,
    )
    url = "https://example.org/feed.xml"
    return Item(article, Feed(id="x", url=url, title="x", perspective=perspective))


def _when(date: str) -> datetime:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = read(date.strip())
        except ValueError:
            continue
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    return UNDATED


def relevance(path: Path, *, show: int) -> Iterable[str]:
    """Lines about relevance, by language and confidence."""
    tallies: dict[tuple[str, str], Tally] = {}
    wrong: list[str] = []
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            made = item(row["title"], row["description"], row["date"], "", row["lang"])
            expected, found = row["label"] == "1", made.verdict.relevant
            tally = tallies.setdefault((row["lang"], row["confidence"]), Tally())
            tally.right += expected and found
            tally.extra += found and not expected
            tally.missed += expected and not found
            if expected != found and row["confidence"] == "clear":
                kind = "missed" if expected else "extra "
                reasons = "; ".join(made.verdict.reasons)
                wrong.append(f"  {kind} {row['lang']} {row['title'][:90]}  [{reasons}]")
    for (code, confidence), tally in sorted(tallies.items()):
        yield tally.line(f"relevance {code} {confidence}")
    yield from sorted(wrong)[:show]


def tags(path: Path, *, show: int) -> Iterable[str]:
    """Lines about tags, genre and certainty."""
    tally = Tally()
    same: Counter[str] = Counter()
    rows = 0
    mistakes: Counter[str] = Counter()
    for line in path.read_text("utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        made = item(row["title"], "", row.get("date") or "", row["perspective"], row["lang"])
        found = {t.slug for t in made.tags if t.score >= SHOWN and t.method != "implied"}
        expected = set(row["tags"])
        tally.right += len(found & expected)
        tally.extra += len(found - expected)
        tally.missed += len(expected - found)
        mistakes.update(f"extra  {slug}" for slug in found - expected)
        mistakes.update(f"missed {slug}" for slug in expected - found)
        rows += 1
        same["relevance"] += made.verdict.relevant == row["relevant"]
        same["genre"] += made.genre == row["genre"]
        sure = certainty(made.article, made.feed, made.tags)
        same["certainty"] += sure == row["certainty"]
        if show > 20:
            yield f"  {row['title'][:80]}"
            yield f"      -{sorted(expected - found)} +{sorted(found - expected)}"
            yield f"      {row['genre']}/{made.genre} {row['certainty']}/{sure}"
            if made.verdict.relevant != row["relevant"]:
                yield f"      RELEVANT {row['relevant']} {made.verdict.reasons}"
    yield tally.line("tags")
    yield "  ".join(f"{name} {count}/{rows}" for name, count in same.items())
    for name, count in mistakes.most_common(show):
        yield f"  {count:3} {name}"


def main() -> int:
    """Print all figures; 0 also when there is nothing to measure."""
    show = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    for measure, name in ((relevance, "relevance-tune.csv"), (tags, "tags-tune.jsonl")):
        path = DATA / "text" / name
        if not path.exists():
            sys.stdout.write(f"{name}: skipped, not found in {path.parent}\n")
            continue
        for text in measure(path, show=show):
            sys.stdout.write(f"{text}\n")
    if (DATA / "text/stories-tune.csv").exists():
        for text in stories.table(DATA):
            sys.stdout.write(f"{text}\n")
    polling.main(DATA)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
