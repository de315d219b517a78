"""tags list, explain, check: the taxonomy, tried out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final, get_args

import typer
from rich.table import Table
from rich.text import Text

from aggregator import pipeline
from aggregator.config import Loaded
from aggregator.hosts.cli.options import (
    AsJson,
    Config,
    Data,
    loaded,
    moment,
    out,
    print_json,
    told,
)
from aggregator.hosts.cli.trial import as_row, read_item
from aggregator.model import Article, Judgement
from aggregator.render.safe import shown
from aggregator.rules import FeedEntry
from aggregator.steps.tagging import SHOWN, compile_tagger
from aggregator.steps.tagging.clashes import clashes, functions
from aggregator.steps.tagging.explain import Refused, refused
from aggregator.steps.tagging.match import VOCABULARY
from aggregator.steps.tagging.normal import normal
from aggregator.taxonomy import FACETS, Tag, Taxonomy, load_placed
from aggregator.taxonomy.checking import LEVELS, Finding
from aggregator.taxonomy.checking import check as check_data
from aggregator.wiring import now, tag_files, taxonomy_of

app = typer.Typer(help="The taxonomy: what is looked for, and why it fires.", no_args_is_help=True)

_PERSPECTIVES: Final = get_args(FeedEntry.model_fields["perspective"].annotation)
_SCOPES: Final = get_args(FeedEntry.model_fields["scope"].annotation)
_COLOURS: Final = {"error": "red", "warning": "yellow", "note": "dim"}
_METHODS: Final = {
    "strong": "a name that counts alone",
    "pair": "follows from two who are named together",
    "implied": "follows from another tag",
    "feed": "every article of the feed gets it",
    "office": "whoever held the office on that day",
    VOCABULARY: "counts only in the own texts of DPRK media",
}


def _one_of(names: Sequence[str]) -> Callable[[str], str]:
    def parse(name: str) -> str:
        if name and name not in names:
            raise typer.BadParameter(f'"{name}" is none of {", ".join(names)}')
        return name

    return parse


# ── list ─────────────────────────────────────────────────────────────────────────────────────────


@app.command("list")
@told
def list_tags(
    query: Annotated[
        str, typer.Argument(help="Part of a slug, label or alias, in any language.")
    ] = "",
    facet: Annotated[
        str,
        typer.Option("--facet", parser=_one_of(FACETS), metavar="FACET", help="Only this facet."),
    ] = "",
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show the tags that are looked for."""
    wanted = normal(query).lower
    found = [
        tag
        for tag in taxonomy_of(loaded(config, data)).values()
        if facet in ("", tag.facet)
        and any(wanted in normal(text).lower for text in (tag.slug, *_texts(tag)))
    ]
    if as_json:
        print_json([_row(tag) for tag in found])
        return
    table = Table("slug", "facet", "label", "aliases", "anchor")
    for tag in found:
        label = " · ".join(dict.fromkeys(tag.labels.values()))
        aliases = len(tag.strong) + len(tag.weak) + len(tag.vocabulary)
        cells = (tag.slug, tag.facet, shown(label, 200), str(aliases), "yes" if tag.anchor else "")
        table.add_row(*map(Text, cells))
    out.print(table)
    out.print("1 tag" if len(found) == 1 else f"{len(found)} tags")


def _texts(tag: Tag) -> Iterator[str]:
    yield from tag.labels.values()
    yield from tag.strong
    yield from (weak.alias for weak in tag.weak)
    yield from tag.vocabulary


def _row(tag: Tag) -> dict[str, Any]:
    weak: dict[str, list[str]] = {}
    for each in tag.weak:
        weak.setdefault(each.rule, []).append(each.alias)
    return {
        "slug": tag.slug,
        "facet": tag.facet,
        "labels": dict(tag.labels),
        "anchor": tag.anchor,
        "strong": list(tag.strong),
        "weak": weak,
        "vocabulary": list(tag.vocabulary),
        "except": list(tag.excepts),
        "parents": list(tag.parents),
        "weight": tag.weight,
        "when": tag.when,
        "offices": [asdict(office) for office in tag.offices],
        "file": tag.source,
    }


# ── explain ──────────────────────────────────────────────────────────────────────────────────────


@app.command()
@told
def explain(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT|-",
            help="A headline; - reads standard input: the first line as headline, then a summary.",
        ),
    ],
    summary: Annotated[str, typer.Option("--summary", help="What follows the headline.")] = "",
    perspective: Annotated[
        str,
        typer.Option(
            "--perspective",
            parser=_one_of(_PERSPECTIVES),
            metavar="NAME",
            help="Who speaks, as in feeds.yaml.",
        ),
    ] = "unclassified",
    scope: Annotated[
        str,
        typer.Option("--scope", parser=_one_of(_SCOPES), metavar="SCOPE", help="Of the feed."),
    ] = "general",
    published: Annotated[
        datetime | None,
        typer.Option(
            "--published", parser=moment, metavar="TIME", help="When it appeared. [default: now]"
        ),
    ] = None,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Judge one text and say why: what fired, by which rule, and what was found but did not."""
    if text == "-":
        text, _, rest = sys.stdin.read().strip().partition("\n")
        summary = summary or rest.strip()
    found = loaded(config, data)
    taxonomy = taxonomy_of(found)
    article, feed = read_item(
        {
            "id": "text",
            "title": text,
            "summary": summary,
            "perspective": perspective,
            "scope": scope,
            "published": published.isoformat() if published else None,
        },
        now(),
    )
    judged = pipeline.judge(article, feed, taxonomy, found.config.relevance)
    misses = refused(article, feed, compile_tagger(taxonomy))
    if as_json:
        print_json(_explained(article, judged, misses, taxonomy))
    else:
        _print(article, judged, misses, taxonomy)


def _explained(
    article: Article, judged: Judgement, misses: Sequence[Refused], taxonomy: Taxonomy
) -> dict[str, Any]:
    row = as_row(judged)
    for tag in row["tags"]:
        tag["why"] = _why(tag["method"], taxonomy)
    return {
        "language": article.language,
        **row,
        "refused": [
            {
                "slug": miss.slug,
                "rule": miss.rule,
                "why": _sentence(miss.rule, taxonomy),
                "evidence": asdict(miss.evidence),
            }
            for miss in misses
        ],
    }


def _why(method: str, taxonomy: Taxonomy) -> str:
    return _METHODS.get(method) or _sentence(method.removeprefix("weak:"), taxonomy)


def _sentence(rule: str, taxonomy: Taxonomy) -> str:
    return _METHODS.get(rule) or (taxonomy.rules[rule].text if rule in taxonomy.rules else "")


def _print(
    article: Article, judged: Judgement, misses: Sequence[Refused], taxonomy: Taxonomy
) -> None:
    for field in ("title", "summary"):
        if shown_text := _marked(article, field, judged, misses):
            out.print(shown_text)
    verdict = judged.verdict
    out.print(f"\nlanguage   {article.language}")
    out.print(f"relevant   {'yes' if verdict.relevant else 'no'}, score {verdict.score:g}")
    for reason in verdict.reasons:
        out.print(f"           {shown(reason, 300)}", markup=False)
    out.print(f"genre      {judged.genre}\ncertainty  {judged.certainty}")
    _print_tags(judged, taxonomy)
    if misses:
        out.print("\nfound, but the rule said no:")
    waiting: dict[tuple[str, str], list[str]] = {}
    for miss in misses:
        waiting.setdefault((miss.evidence.text, miss.rule), []).append(miss.slug)
    for (words, rule), slugs in waiting.items():
        out.print(Text.assemble("  ", (shown(words, 80), "yellow"), f"  {', '.join(slugs)}"))
        out.print(f"      {rule}: {_sentence(rule, taxonomy)}", markup=False)


def _print_tags(judged: Judgement, taxonomy: Taxonomy) -> None:
    said = [tag for tag in judged.tags if tag.method != "implied"]
    out.print("\ntags:" if judged.tags else "\nno tags")
    for tag in said:
        words = ", ".join(dict.fromkeys(e.text for e in tag.evidence))
        below = "" if tag.score >= SHOWN else f" (below {SHOWN:g}: not shown)"
        head = f"  {tag.score:5.2f}  {tag.slug}  {tag.method}{below}  "
        out.print(Text.assemble(head, (shown(words, 200), "green")))
        if tag.method.startswith("weak:"):
            out.print(f"         {_why(tag.method, taxonomy)}", markup=False)
    implied = [f"{t.slug} {t.score:g}" for t in judged.tags if t.method == "implied"]
    if implied:
        out.print(f"         implied: {', '.join(implied)}", markup=False)


def _marked(article: Article, field: str, judged: Judgement, misses: Sequence[Refused]) -> Text:
    """The text with what fired in green and what did not in yellow."""
    marked = Text(str(getattr(article, field)))
    for miss in misses:
        if miss.evidence.field == field:
            marked.stylize("yellow", miss.evidence.start, miss.evidence.end)
    for tag in judged.tags:
        for evidence in tag.evidence:
            if evidence.field == field:
                marked.stylize("bold green", evidence.start, evidence.end)
    return marked


# ── check ────────────────────────────────────────────────────────────────────────────────────────


@app.command()
@told
def check(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Tell what in the taxonomy does not do what it was written for; exit 1 on errors."""
    findings = sorted(_found(loaded(config, data)), key=lambda f: LEVELS.index(f.level))
    counts = {level: sum(f.level == level for f in findings) for level in LEVELS}
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        for finding in findings:
            place = f"{finding.file}:{finding.line}" if finding.line else finding.file
            where = ": ".join(filter(None, (place, finding.slug, finding.key)))
            advice = f"; {finding.advice}" if finding.advice else ""
            level = (f"{finding.level:8}", _COLOURS[finding.level])
            out.print(Text.assemble(level, f"{where}: {finding.what}{advice}"))
        out.print(", ".join(f"{counts[level]} {level}s" for level in LEVELS))
    if counts["error"]:
        raise typer.Exit(1)


def _found(found: Loaded) -> Iterator[Finding]:
    placed = load_placed(tag_files(found), found.config.tags.off)
    yield from check_data(placed, functions(placed.taxonomy))
    yield from clashes(placed)
