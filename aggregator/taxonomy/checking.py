"""A loaded taxonomy -> what in it cannot do what its author meant, with the place of each.

What stops the program is told by loading. Here is what the data alone show; what aliases do to each
other is found in `steps.tagging.clashes`, which knows how they are matched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, TypeAlias

from aggregator.taxonomy import Office, Placed, Tag, Taxonomy

Level: TypeAlias = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
_RULES = "rules.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found. error: it works otherwise than written; warning: a part of it has
    no effect; note: it is as it should be, if it is meant."""

    level: Level
    file: str
    line: int
    """0: not known."""
    slug: str
    key: str
    what: str
    advice: str = ""


def at(
    placed: Placed, tag: Tag, key: str, level: Level, what: str, advice: str, *, alias: str = ""
) -> Finding:
    """A finding at a key of a tag, and there at an alias."""
    source = placed.sources[tag.source]
    return Finding(
        level=level,
        file=source.name,
        line=source.line(tag.slug, key, alias),
        slug=tag.slug,
        key=key,
        what=what,
        advice=advice,
    )


def check(placed: Placed, functions: Collection[str]) -> Iterator[Finding]:
    """All that the data show. `functions`: rules for which the program has a function."""
    yield from _rules(placed, functions)
    yield from _offices(placed)
    for before, after in placed.replaced:
        if after.slug in placed.taxonomy:
            yield at(
                placed,
                after,
                "",
                "note",
                f"replaces the tag of {before.source}, with all its aliases",
                "choose another slug if both are wanted",
            )


def _rules(placed: Placed, functions: Collection[str]) -> Iterator[Finding]:
    taxonomy = placed.taxonomy
    used = Counter(weak.rule for tag in taxonomy.values() for weak in tag.weak)
    for rule in taxonomy.rules.values():
        works = rule.declared or rule.name in functions
        level: Level = "error" if used[rule.name] else "warning"
        if rule.never:
            if works:
                yield _rule(placed, rule.name, "error", "has conditions, but `never`", "drop one")
        elif not works:
            what = f"has no condition: its {used[rule.name]} aliases never fire"
            yield _rule(placed, rule.name, level, what, "give it one, or say `never = true`")
        elif not used[rule.name]:
            yield _rule(placed, rule.name, "warning", "no alias uses it", "give it one, or drop it")


def _rule(placed: Placed, name: str, level: Level, what: str, advice: str) -> Finding:
    line = placed.sources[_RULES].line(f"rule.{name}")
    return Finding(level=level, file=_RULES, line=line, slug=name, key="", what=what, advice=advice)


def _offices(placed: Placed) -> Iterator[Finding]:
    """Offices nobody can be found in, and offices of one state that two people hold at once."""
    held: dict[tuple[str, str], list[tuple[Tag, Office]]] = {}
    for tag in placed.taxonomy.values():
        for office in tag.offices:
            if not office.start:
                what = f"{office.office!r} has no start: nobody is taken to have held it"
                yield at(placed, tag, "offices", "note", what, "add `from`", alias=office.office)
            for state in _states(tag, placed.taxonomy):
                held.setdefault((state, office.office), []).append((tag, office))
    for (state, name), holders in held.items():
        for (one, first), (other, second) in combinations(holders, 2):
            if _apart(first, second) or _apart(second, first):
                continue
            what = f"{name!r} of {state} was held by {one.slug} at the same time"
            yield at(placed, other, "offices", "note", what, "compare the dates", alias=name)


def _states(tag: Tag, taxonomy: Taxonomy) -> list[str]:
    return [p for p in tag.parents if p in taxonomy and taxonomy[p].facet == "state"]


def _apart(first: Office, second: Office) -> bool:
    """The one ends before, or in the same day, month or year in which, the other starts."""
    if not first.end or not second.start:
        return not (first.start and second.start)
    length = min(len(first.end), len(second.start))
    return first.end[:length] <= second.start[:length]
