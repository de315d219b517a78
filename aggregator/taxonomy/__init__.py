"""Data files -> Taxonomy: what is looked for in texts, and when it counts.

The shipped files are TOML, because reading them happens at every start: tomllib takes 37 ms
for all of them, ruamel.yaml's safe loader 740 ms. Files of the operator's own are YAML (or TOML).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from aggregator.errors import ConfigError
from aggregator.taxonomy.model import (
    FACETS,
    LANGUAGES,
    MATCHED,
    Anniversary,
    Contrast,
    Office,
    Pair,
    Rule,
    Tag,
    Taxonomy,
    Weak,
    Words,
)
from aggregator.taxonomy.reading import (
    Source,
    read_anniversaries,
    read_background,
    read_concepts,
    read_contrasts,
    read_rules,
    read_tags,
    read_weights,
    read_words,
)

_OTHERS = ("concepts.toml", "likeness.toml", "contrasts.toml", "background.toml", "calendar.toml")
_SHIPPED = {
    "actors": "actor",
    "states": "state",
    "organisations": "org",
    "places": "place",
    "events": "event",
    "topics": "topic",
    "genres": "genre",
    "stances": "stance",
    "certainty": "certainty",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A taxonomy and where it was read."""

    taxonomy: Taxonomy
    sources: Mapping[str, Source]
    """By the name that `Tag.source` gives; the rules as "rules.toml"."""
    replaced: tuple[tuple[Tag, Tag], ...]
    """Tags whose slug stood in an earlier file, and those that took their place."""


def load(extra: Sequence[Path] = (), off: Sequence[str] = ()) -> Taxonomy:
    """The shipped taxonomy, with the operator's tags on top and without the slugs in `off`.

    A tag in `extra` replaces the one of the same slug. Raises ConfigError with one finding
    (file, line, slug, key, what is expected) for each fault.
    """
    return load_placed(extra, off).taxonomy


def load_placed(extra: Sequence[Path] = (), off: Sequence[str] = ()) -> Placed:
    """As `load`, with the texts that everything was read from, for a finding's line."""
    findings: list[str] = []
    folder = files(__name__)
    sources: dict[str, Source] = {}
    replaced: list[tuple[Tag, Tag]] = []
    rules_file = Source.of("rules.toml", (folder / "rules.toml").read_text("utf-8"))
    rules, pairs, version = read_rules(rules_file)
    gate_file = Source.of("relevance.toml", (folder / "relevance.toml").read_text("utf-8"))
    words, gates = read_words(gate_file)
    concepts, weights, contrasts, background, days = (
        Source.of(name, (folder / name).read_text("utf-8")) for name in _OTHERS
    )
    tags: dict[str, Tag] = {}
    for name, facet in _SHIPPED.items():
        source = Source.of(f"{name}.toml", (folder / f"{name}.toml").read_text("utf-8"))
        sources[source.name] = source
        tags.update(read_tags(source, rules, findings, facet=facet))
    for path in extra:
        try:
            source = Source.of(str(path), path.read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            findings.append(f"{path}: cannot be read: {error}")
        except ConfigError as error:
            findings.extend(error.findings)
        else:
            own = read_tags(source, rules, findings)
            replaced.extend((tags[slug], tag) for slug, tag in own.items() if slug in tags)
            tags.update(own)
            sources[source.name] = source
    findings.extend(f"tags.off: no tag has the slug {slug!r}" for slug in off if slug not in tags)
    findings.extend(_orphans(tags, sources))
    findings.extend(_circles(tags, sources))
    findings.extend(_pairless(pairs, tags, rules_file))
    if findings:
        raise ConfigError(tuple(findings))
    taxonomy = Taxonomy(
        tags=MappingProxyType(_without(tags, off)),
        rules=MappingProxyType(rules),
        words=MappingProxyType(words),
        gates=gates,
        pairs=tuple(p for p in pairs if p.tag not in off),
        concepts=MappingProxyType(read_concepts(concepts)),
        weights=MappingProxyType(read_weights(weights)),
        contrasts=MappingProxyType(read_contrasts(contrasts)),
        background=MappingProxyType(read_background(background)),
        anniversaries=read_anniversaries(days),
        version=version,
    )
    sources[rules_file.name] = rules_file
    return Placed(taxonomy=taxonomy, sources=MappingProxyType(sources), replaced=tuple(replaced))


def _orphans(tags: Mapping[str, Tag], sources: Mapping[str, Source]) -> list[str]:
    return [
        f"{sources[tag.source].at(tag.slug, 'parents')}: no tag has the slug {parent!r}"
        for tag in tags.values()
        for parent in tag.parents
        if parent not in tags
    ]


def _circles(tags: Mapping[str, Tag], sources: Mapping[str, Source]) -> list[str]:
    """One line for each tag that is its own ancestor."""
    return [
        f"{sources[tag.source].at(tag.slug, 'parents')}: a tag cannot follow from itself "
        f"({' -> '.join(way)})"
        for tag in tags.values()
        if (way := _way_back(tag.slug, tags))
    ]


def _way_back(slug: str, tags: Mapping[str, Tag]) -> tuple[str, ...]:
    """The shortest way from a tag over parents to itself; empty when there is none."""
    ways: list[tuple[str, ...]] = [(slug,)]
    seen: set[str] = set()
    for way in ways:
        for parent in tags[way[-1]].parents if way[-1] in tags else ():
            if parent == slug:
                return (*way, slug)
            if parent not in seen:
                seen.add(parent)
                ways.append((*way, parent))
    return ()


def _pairless(pairs: Sequence[Pair], tags: Mapping[str, Tag], rules_file: Source) -> list[str]:
    return [
        f"{rules_file.name}: pair: no tag has the slug {slug!r}"
        for pair in pairs
        for slug in (pair.tag, *pair.all)
        if slug not in tags
    ]


def _without(tags: Mapping[str, Tag], off: Sequence[str]) -> dict[str, Tag]:
    gone = frozenset(off)
    kept = {slug: tag for slug, tag in tags.items() if slug not in gone}
    return {
        slug: replace(tag, parents=tuple(p for p in tag.parents if p not in gone))
        if gone.intersection(tag.parents)
        else tag
        for slug, tag in kept.items()
    }


__all__ = [
    "FACETS",
    "LANGUAGES",
    "MATCHED",
    "Anniversary",
    "Contrast",
    "Office",
    "Pair",
    "Placed",
    "Rule",
    "Tag",
    "Taxonomy",
    "Weak",
    "Words",
    "load",
    "load_placed",
]
