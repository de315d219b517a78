"""labelled items -> figures of relevance, tags, copies and stories beside those committed last.

`make eval` runs it. The labelled items are no part of the project; without them it says so.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from aggregator.model import Article, Feed, Tagging, Verdict
from aggregator.rules import Relevance
from aggregator.steps.language import language
from aggregator.steps.relevance import judge
from aggregator.steps.tagging import SHOWN, compile_tagger, tag
from aggregator.steps.tagging.certainty import certainty
from aggregator.steps.tagging.genre import genre
from aggregator.taxonomy import Taxonomy, load
from tests.eval import polling, seeds, stories
from tests.eval.figures import Line, Report, Target, compared, goal, number, written

ROOT: Final = Path(__file__).resolve().parents[2]
DATA: Final = Path(
    os.environ.get("AGGREGATOR_TEST_DATA", ROOT / ".." / "shared" / "corpus")
).resolve()
PAGE: Final = ROOT / "docs/quality.md"
UNDATED: Final = datetime(2025, 9, 1, tzinfo=UTC)
TARGETS: Final = {
    "relevance clear en, F1": Target(0.96),
    "relevance clear ko, F1": Target(0.94),
    "hard negatives let in": Target(0, lower=True),
    "tags, precision": Target(0.93),
    "tags, recall": Target(0.85),
    "genre": Target(0.85),
    "certainty": Target(0.75),
    "near copies, precision": Target(0.97),
    "near copies, recall": Target(0.93),
    "members of a series merged": Target(0, lower=True),
    "Korea stories en, B³ F1": Target(0.92),
    "Korea stories en, pair F1": Target(0.80),
    "Korea stories ko, B³ F1": Target(0.88),
    "Korea stories ko, pair F1": Target(0.75),
    "across languages, precision": Target(0.9),
    "across languages, recall": Target(0.7),
}


@dataclass(slots=True)
class Tally:
    """Right, wrongly found and missed."""

    right: int = 0
    extra: int = 0
    missed: int = 0

    def add(self, *, expected: bool, found: bool) -> None:
        self.right += expected and found
        self.extra += found and not expected
        self.missed += expected and not found

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.extra, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + self.missed, 1)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(2 * self.right + self.extra + self.missed, 1)


@dataclass(slots=True)
class Item:
    """One labelled text and what the steps make of it."""

    article: Article
    feed: Feed
    taxonomy: Taxonomy
    tags: tuple[Tagging, ...] = field(init=False)
    genre: str = field(init=False)
    verdict: Verdict = field(init=False)

    def __post_init__(self) -> None:
        self.tags = tag(self.article, self.feed, compile_tagger(self.taxonomy))
        self.genre = genre(self.article, self.feed, self.tags)
        self.verdict = judge(
            self.article, self.feed, self.tags, self.genre, Relevance(), self.taxonomy
        )


def item(
    title: str, summary: str, date: str, perspective: str, fallback: str, taxonomy: Taxonomy
) -> Item:
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
    return Item(article, Feed(id="x", url=url, title="x", perspective=perspective), taxonomy)


def _when(date: str) -> datetime:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            when = read(date.strip())
        except ValueError:
            continue
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    return UNDATED


def relevance(path: Path, taxonomy: Taxonomy, report: Report) -> None:
    """F1 by language and confidence."""
    tallies: dict[tuple[str, str], Tally] = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            made = item(row["title"], row["description"], row["date"], "", row["lang"], taxonomy)
            expected, found = row["label"] == "1", made.verdict.relevant
            key = (row["lang"], row["confidence"])
            tallies.setdefault(key, Tally()).add(expected=expected, found=found)
            if expected != found and row["confidence"] == "clear":
                kind = "missed" if expected else "extra"
                reasons = "; ".join(made.verdict.reasons)
                report.confuse("relevance", f"{kind} {row['lang']} {row['title'][:80]} [{reasons}]")
    for confidence in ("clear", "borderline"):
        for code in ("en", "ko"):
            tally = tallies.get((code, confidence), Tally())
            report.figures[f"relevance {confidence} {code}, F1"] = tally.f1


def tags(path: Path, taxonomy: Taxonomy, report: Report) -> None:
    """Tags, genre and certainty of headlines alone; hard negatives that were let in."""
    tally, same = Tally(), Counter[str]()
    let_in = rows = 0
    for line in path.read_text("utf-8").splitlines():
        row: dict[str, Any] = json.loads(line)
        made = item(
            row["title"], "", row.get("date") or "", row["perspective"], row["lang"], taxonomy
        )
        rows += 1
        found = {t.slug for t in made.tags if t.score >= SHOWN and t.method != "implied"}
        expected = set(row["tags"])
        for slug in sorted(found | expected):
            tally.add(expected=slug in expected, found=slug in found)
            if (slug in expected) != (slug in found):
                kind = "missed" if slug in expected else "extra"
                report.confuse("tags", f"{kind} {slug}")
        sure = certainty(made.article, made.feed, made.tags)
        for measure, told in (("genre", made.genre), ("certainty", sure)):
            same[measure] += told == row[measure]
            if told != row[measure]:
                report.confuse(measure, f"{told} for {row[measure]}")
        if made.verdict.relevant and not row["relevant"] and row["kind"] == "negative":
            let_in += 1
            report.confuse("hard negatives let in", row["title"][:100])
    report.figures["hard negatives let in"] = let_in
    report.figures["tags, precision"] = tally.precision
    report.figures["tags, recall"] = tally.recall
    report.figures["genre"] = same["genre"] / max(rows, 1)
    report.figures["certainty"] = same["certainty"] / max(rows, 1)


def measured(data: Path, taxonomy: Taxonomy) -> Report:
    """All figures whose labelled articles are there."""
    report = Report()
    for file, measure in (
        ("relevance-tune.csv", relevance),
        ("tags-tune.jsonl", tags),
    ):
        if (data / "text" / file).exists():
            measure(data / "text" / file, taxonomy, report)
    if (data / "text/stories-tune.csv").exists():
        stories.measure(data, taxonomy, report)
    domain = data.parent / "domain"
    if (domain / "seeds_tagged.json").exists():
        report.figures.update(
            {f"seeds: {name}": value for name, value in seeds.figures(domain).items()}
        )
    return report


def target(name: str) -> Target:
    """What a figure should reach."""
    if name.startswith("seeds: "):
        if name.endswith("must not"):
            return Target(0, lower=True)
        return Target(0.9 if name.endswith("spans") else 1.0)
    return TARGETS.get(name, Target())


def shown(lines: Sequence[Line], missing: Sequence[str]) -> Table:
    """The figures beside target and last committed value."""
    table = Table("figure", "target", "now", "last committed", "change")
    for line in lines:
        table.add_row(
            line.name,
            goal(line.target),
            number(line.now) + ("" if line.met else " !"),
            "–" if line.before is None else number(line.before),
            line.change,
        )
    for name in missing:
        table.add_row(name, "", "not measured", "", "")
    return table


def _commit() -> str:
    asked = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    told = subprocess.run(asked, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "an unknown commit"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and the costliest confusions; 0 also when there is nothing to measure."""
    parser = ArgumentParser(prog="make eval ARGS=…", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"rewrite the table in {PAGE.name}")
    parser.add_argument("--show", type=int, default=8, help="confusions shown a measure")
    parser.add_argument("--polling", action="store_true", help="replay polling too (minutes)")
    chosen = parser.parse_args(arguments)
    console = Console(width=120, highlight=False, markup=False)
    report = measured(DATA, load())
    if not report.figures:
        console.print(
            f"Nothing to measure: no labelled articles in {DATA / 'text'}"
            " (AGGREGATOR_TEST_DATA names another folder)."
        )
        return 0
    page = PAGE.read_text("utf-8")
    lines, missing = compared(report.figures, {name: target(name) for name in report.figures}, page)
    console.print(shown(lines, missing))
    console.print("The confusions that cost most:")
    for measure, counts in report.confusions.items():
        console.print(f"{measure}: {counts.total()}")
        for what, count in counts.most_common(chosen.show):
            console.print(f"  {count:3} {what}", soft_wrap=True)
    if chosen.write:
        when = f"{datetime.now(UTC):%Y-%m-%d} at {_commit()}"
        PAGE.write_text(written(page, lines, when), "utf-8")
        console.print(f"{PAGE.name}: written")
    if chosen.polling:
        polling.main(DATA)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
