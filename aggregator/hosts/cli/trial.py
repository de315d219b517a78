"""tag, stories, parse: try the rules on any text before they go live. Lines of JSON in and out."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from aggregator import pipeline
from aggregator.edges.parsing import ParserPool
from aggregator.errors import AggregatorError, NotAFeed
from aggregator.hosts.cli.options import Config, Data, err, loaded, print_json, told
from aggregator.model import Article, Document, Feed, Item, Judgement
from aggregator.steps.dates import parse_date
from aggregator.steps.language import language
from aggregator.steps.parse import parse as read
from aggregator.steps.tagging import SHOWN
from aggregator.steps.text import plain
from aggregator.wiring import now, taxonomy_of

Lines = Annotated[str, typer.Argument(metavar="FILE|-", help="JSON lines; - reads standard input.")]
R = TypeVar("R")


def add_to(app: typer.Typer) -> None:
    """Register the commands."""
    for command in (tag, stories, parse):
        app.command()(command)


@told
def tag(file: Lines, config: Config = None, data: Data = None) -> None:
    """Judge items: relevance with reasons, genre, certainty, tags with evidence."""
    found, seen_at = loaded(config, data), now()
    taxonomy = taxonomy_of(found)

    def one(row: dict[str, Any]) -> None:
        article, feed = read_item(row, seen_at)
        judged = pipeline.judge(article, feed, taxonomy, found.config.relevance)
        print_json({"id": row["id"], **as_row(judged)})

    if not _each_line(file, one):
        raise typer.Exit(1)


@told
def stories(file: Lines, config: Config = None, data: Data = None) -> None:
    """Group items into stories and find copies, whether they are relevant or not."""
    found, seen_at = loaded(config, data), now()
    taxonomy = taxonomy_of(found)
    items: list[Item] = []
    ids: dict[str, Any] = {}

    def one(row: dict[str, Any]) -> None:
        article, feed = read_item(row, seen_at)
        if article.id in ids:
            raise ValueError(f'the id "{article.id}" stands twice')
        ids[article.id] = row["id"]
        judged = pipeline.judge(article, feed, taxonomy, found.config.relevance)
        items.append(Item(article=article, judgement=judged, feed=feed))

    whole = _each_line(file, one)
    made = pipeline.arrange(items, (), taxonomy, found.config.stories, now())
    originals = {c.article_id: ids[c.original_id] for c in made.copies}
    for item in items:
        key = item.article.id
        print_json(
            {
                "id": ids[key],
                "duplicate_of": originals.get(key),
                "story": ids[made.placements[key]],
            }
        )
    if not whole:
        raise typer.Exit(1)


@told
def parse(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Feed documents.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Read feed documents as the poller would."""
    polling = loaded(config, data).config.polling
    pool = ParserPool(workers=1, deadline=polling.parse_deadline)
    read_all = True
    try:
        for path in files:
            row: dict[str, Any] = {"file": str(path), "ok": False, "error": None}
            try:
                document = pool.run(read, path.read_bytes(), "", "", polling.max_entries)
                row |= {"ok": True, **_document(document)}
            except OSError as error:
                row["error"] = f"cannot be read: {error.strerror}"
            except NotAFeed as error:
                row["error"] = str(error)
            read_all = read_all and row["ok"]
            print_json(row)
    finally:
        pool.close()
    if not read_all:
        raise typer.Exit(1)


def _each_line(file: str, use: Callable[[dict[str, Any]], None]) -> bool:
    """Call `use` with each line's object; a bad line is told and never stops the others."""
    whole = True
    for number, line in _lines(file):
        try:
            row = json.loads(line)
            if (
                not isinstance(row, dict)
                or "id" not in row
                or not isinstance(row.get("title"), str)
            ):
                raise ValueError('expected an object with "id" and "title"')
            use(row)
        except ValueError as error:
            whole = False
            err.print(f"{file}:{number}: {error}", markup=False)
    return whole


def _lines(file: str) -> Iterator[tuple[int, str]]:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AggregatorError(f"{file}: cannot be read: {error}") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def read_item(row: dict[str, Any], seen_at: datetime) -> tuple[Article, Feed]:
    """An item as given: its texts stay untouched, so that evidence offsets fit the input.

    Without a date it counts as published when it was seen, as one of a feed would.
    """

    def text(key: str) -> str:
        value = row.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise ValueError(f'"{key}" must be a text, got {json.dumps(value, ensure_ascii=False)}')
        return value

    published = parse_date(text("published")) if text("published") else None
    feed = Feed(
        id=text("source") or "trial",
        url="",
        title=text("source"),
        publisher=text("source"),
        perspective=text("perspective") or "unclassified",
        language=text("language"),
        scope=row.get("scope") or "general",
        kind=text("kind") or "news",
    )
    title = text("title")
    article = Article(
        id=str(row["id"]),
        feed_id=feed.id,
        url=text("url"),
        guid=str(row["id"]),
        title=title,
        summary=text("summary"),
        content=text("content"),
        language=language(f"{title} {text('summary')}", feed.language),
        published_at=published or seen_at,
        dated=published is not None,
        seen_at=published or seen_at,
    )
    return article, feed


def as_row(judged: Judgement) -> dict[str, Any]:
    """A judgement as JSON has it."""
    return {
        "relevant": judged.verdict.relevant,
        "score": round(judged.verdict.score, 3),
        "reasons": list(judged.verdict.reasons),
        "genre": judged.genre,
        "certainty": judged.certainty,
        "relays": list(judged.relays),
        "tags": [
            {
                "slug": t.slug,
                "score": round(t.score, 3),
                "method": t.method,
                "certainty": t.certainty or judged.certainty,
                "evidence": [
                    {"field": e.field, "start": e.start, "end": e.end, "text": e.text}
                    for e in t.evidence
                ],
            }
            for t in judged.tags
            if t.score >= SHOWN or t.method == "implied"
        ],
    }


def _document(document: Document) -> dict[str, Any]:
    return {
        "title": plain(document.title),
        "entries": [
            {
                "id": e.guid,
                "link": e.link,
                "title": plain(e.title),
                "summary": plain(e.summary or e.content),
                "authors": list(e.authors),
                "published": e.published.isoformat() if e.published else None,
                "updated": e.updated.isoformat() if e.updated else None,
                "language": e.language or document.language,
            }
            for e in document.entries
        ],
    }
