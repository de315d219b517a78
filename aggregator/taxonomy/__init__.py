"""Data files -> Taxonomy: what is looked for in texts, and when it counts.

The shipped files are TOML, because reading them happens at every start: tomllib takes 37 ms
for all of them, ruamel.yaml's safe loader 740 ms. Files of the operator's own are YAML (or TOML).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType

from aggregator.errors import ConfigError
from aggregator.taxonomy.model import (
    FACETS,
    LANGUAGES,
    MATCHED,
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
    read_concepts,
    read_contrasts,
    read_rules,
    read_tags,
    read_weights,
    read_words,
)

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


def load(extra: Sequence[Path] = (), off: Sequence[str] = ()) -> Taxonomy:
    """The shipped taxonomy, with the operator's tags on top and without the slugs in `off`.

    A tag in `extra` replaces the one of the same slug. Raises ConfigError with one finding
    (file, line, slug, key, what is expected) for each fault.
    """
    findings: list[str] = []
    folder = files(__name__)
    rules_file = Source.of("rules.toml", (folder / "rules.toml").read_text("utf-8"))
    rules, pairs, version = read_rules(rules_file)
    gate_file = Source.of("relevance.toml", (folder / "relevance.toml").read_text("utf-8"))
    words, gates = read_words(gate_file)
    concepts, weights, contrasts = (
        Source.of(name, (folder / name).read_text("utf-8"))
        for name in ("concepts.toml", "likeness.toml", "contrasts.toml")
    )
    tags: dict[str, Tag] = {}
    for name, facet in _SHIPPED.items():
        source = Source.of(f"{name}.toml", (folder / f"{name}.toml").read_text("utf-8"))
        tags.update(read_tags(source, rules, findings, facet=facet))
    for path in extra:
        try:
            source = Source.of(str(path), path.read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            findings.append(f"{path}: cannot be read: {error}")
        except ConfigError as error:
            findings.extend(error.findings)
        else:
            tags.update(read_tags(source, rules, findings))
    findings.extend(f"tags.off: no tag has the slug {slug!r}" for slug in off if slug not in tags)
    findings.extend(_orphans(tags))
    if findings:
        raise ConfigError(tuple(findings))
    return Taxonomy(
        tags=MappingProxyType(_without(tags, off)),
        rules=MappingProxyType(rules),
        words=MappingProxyType(words),
        gates=gates,
        pairs=tuple(p for p in pairs if p.tag not in off),
        concepts=MappingProxyType(read_concepts(concepts)),
        weights=MappingProxyType(read_weights(weights)),
        contrasts=MappingProxyType(read_contrasts(contrasts)),
        version=version,
    )


def check(taxonomy: Taxonomy) -> tuple[str, ...]:
    """One line for each strong alias that two tags claim: legal, but worth a look."""
    owners: dict[str, list[str]] = {}
    for tag in taxonomy.values():
        if tag.facet in MATCHED:
            for alias in {alias.casefold() for alias in tag.strong}:
                owners.setdefault(alias, []).append(tag.slug)
    return tuple(
        f"{alias!r} is a strong alias of {' and '.join(slugs)}"
        for alias, slugs in sorted(owners.items())
        if len(slugs) > 1
    )


def _orphans(tags: Mapping[str, Tag]) -> list[str]:
    return [
        f"{tag.source}: {tag.slug}: parents: no tag has the slug {parent!r}"
        for tag in tags.values()
        for parent in tag.parents
        if parent not in tags
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
    "Contrast",
    "Office",
    "Pair",
    "Rule",
    "Tag",
    "Taxonomy",
    "Weak",
    "Words",
    "check",
    "load",
]
