"""the two tagged seed documents -> which of their tags and evidence spans are found.

`domain` holds `seeds_tagged.json` and the texts beside it; they are no part of the project.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aggregator.model import Article, Feed, Tagging
from aggregator.steps.language import language
from aggregator.steps.tagging import SHOWN, compile_tagger, tag
from aggregator.steps.tagging.genre import genre
from aggregator.taxonomy import load

UNDATED = datetime(2025, 9, 1, tzinfo=UTC)
_KINDS = ("document_tags", "event_tags_historical", "event_tags_current")


@dataclass(frozen=True, slots=True)
class Seed:
    """One seed as an article, and what an expert found in it."""

    name: str
    article: Article
    feed: Feed
    shift: int
    """Where the content begins in the file."""
    expected: dict[str, tuple[str, ...]]
    never: tuple[str, ...]
    spans: tuple[tuple[str, int, int], ...]
    genre: str

    def found(self) -> tuple[Tagging, ...]:
        return tag(self.article, self.feed, compile_tagger(load()))


def read(domain: Path) -> Iterator[Seed]:
    """The seeds of a folder."""
    for name, raw in json.loads((domain / "seeds_tagged.json").read_text("utf-8")).items():
        yield _seed(name, raw, (domain / raw["file"]).read_text("utf-8"))


def _seed(name: str, raw: dict[str, Any], text: str) -> Seed:
    # The first line with words of a headline: the name of the site may stand above it.
    lines = [line for line in text.splitlines() if line.strip()]
    title = next(line for line in lines[:3] if len(line.split()) > 4)
    shift = text.index(title) + len(title)
    when = _when(raw["meta"].get("published"))
    made = Article(
        id=name,
        feed_id=name,
        url=f"https://example.org/{name}",
        guid=name,
        title=title,
        content=text[shift:],
        language=language(text[:500], "en"),
        published_at=when,
        seen_at=when,
    )
    return Seed(
        name=name,
        article=made,
        feed=Feed(id=name, url="https://example.org/feed.xml", title=name),
        shift=shift,
        expected={kind: _slugs(raw.get(kind, ())) for kind in _KINDS},
        never=_slugs(raw.get("must_not", ())),
        spans=tuple(
            (str(t["tag"]), int(t["start"]), int(t["end"]))
            for paragraph in raw["paragraphs"]
            for t in paragraph["tags"]
        ),
        genre=str(raw["meta"].get("genre", "")),
    )


def _slugs(values: Any) -> tuple[str, ...]:
    return tuple(str(v.get("tag", v)) if isinstance(v, dict) else str(v) for v in values)


def _when(text: str | None) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else UNDATED


def _covered(seed: Seed, tags: tuple[Tagging, ...]) -> list[tuple[str, int, int]]:
    """The listed spans that some evidence of the same tag overlaps."""
    places = {
        (t.slug, e.start + shift, e.end + shift)
        for t in tags
        for e in t.evidence
        for shift in (seed.shift - len(seed.article.title) if e.field == "title" else seed.shift,)
    }
    return [
        (slug, start, end)
        for slug, start, end in seed.spans
        if any(s == slug and a < end and start < b for s, a, b in places)
    ]


def figures(domain: Path) -> dict[str, float]:
    """Share of expected tags shown, tags shown that must not be, share of spans covered."""
    made: dict[str, float] = {}
    for seed in read(domain):
        tags = seed.found()
        shown = {t.slug for t in tags if t.score >= SHOWN}
        for kind, expected in seed.expected.items():
            if expected:
                made[f"{seed.name} {kind}"] = len(shown.intersection(expected)) / len(expected)
        made[f"{seed.name} must not"] = float(len(shown.intersection(seed.never)))
        made[f"{seed.name} spans"] = len(_covered(seed, tags)) / max(len(seed.spans), 1)
    return made


def table(domain: Path) -> Iterator[str]:
    """The figures, and what is missing or too much, by seed."""
    for seed in read(domain):
        tags = seed.found()
        shown = {t.slug for t in tags if t.score >= SHOWN}
        text = seed.article.title + seed.article.content
        for kind, expected in seed.expected.items():
            if expected:
                missing = sorted(set(expected) - shown)
                share = f"{len(expected) - len(missing)}/{len(expected)}"
                yield f"{seed.name} {kind}: {share}" + (f"  missing {missing}" if missing else "")
        wrong = sorted(shown.intersection(seed.never))
        yield f"{seed.name} must not: {len(wrong)} {wrong or ''}".rstrip()
        kind = genre(seed.article, seed.feed, tags)
        yield f"{seed.name} genre: {kind}, expected {seed.genre}"
        covered = _covered(seed, tags)
        yield f"{seed.name} spans: {len(covered)}/{len(seed.spans)}"
        origin = seed.shift - len(seed.article.title)
        for slug, start, end in seed.spans:
            if (slug, start, end) not in covered:
                yield f"  not covered: {slug} {text[start - origin : end - origin]!r}"


def main() -> int:
    """Print the table of the seeds in the folder that is named."""
    for line in table(Path(sys.argv[1])):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
