"""article, feed -> tags with the very words that they rest on.

match (all aliases, one pass) -> rules (weak aliases) -> pairs -> score -> implied parents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from aggregator.model import Article, Evidence, Feed, Tagging
from aggregator.steps.tagging.cover import Cover
from aggregator.steps.tagging.document import Document, View, read
from aggregator.steps.tagging.match import STRONG, VOCABULARY, Hit, Matcher, compile_matcher
from aggregator.steps.tagging.pairs import co_actors
from aggregator.steps.tagging.rules import OFFICE, RuleBook, begins, compile_rules
from aggregator.taxonomy import Taxonomy

SHOWN: Final = 2.0
"""Score from which a tag is shown: one hit in the title or lede, or two in the body."""
CAP: Final = 10.0
_FIELD_WEIGHT: Final = {"title": 3.0, "summary": 2.0, "content": 1.0}
_METHODS: Final = {STRONG: "strong", VOCABULARY: "strong", OFFICE: "office"}
_PAIR_WEIGHT: Final = 0.7
_FORESEEN: Final = timedelta(days=120)
"""So long before its first day an event may be announced; an earlier text means another one."""
_MOST_TRIES: Final = 200
"""Weak hits of one tag in one field that are looked at: enough for any score's cap."""
_MOST_EVIDENCE: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tagger:
    """A taxonomy, compiled. Made by `compile_tagger`."""

    taxonomy: Taxonomy
    matcher: Matcher
    rules: RuleBook
    states: Mapping[str, str]
    """Slug of a person, agency or party -> the state that it acts for."""
    begins: Mapping[str, date]
    """Slug of an event -> its first day, date.min where none is known."""


@lru_cache(maxsize=4)
def compile_tagger(taxonomy: Taxonomy) -> Tagger:
    """Compile once per Taxonomy (about 60 ms); later calls give the same Tagger."""
    return Tagger(
        taxonomy=taxonomy,
        matcher=compile_matcher(taxonomy),
        rules=compile_rules(taxonomy),
        states=MappingProxyType(_states(taxonomy)),
        begins=MappingProxyType(begins(taxonomy)),
    )


def tag(article: Article, feed: Feed, tagger: Tagger) -> tuple[Tagging, ...]:
    """The tags of an article, best first. Parents are `implied`, the feed's own tags `feed`."""
    document = examine(article, feed, tagger)
    found = _said(article, document)
    for tagging in _pairs(article, document, tagger):
        if tagging.slug not in found or found[tagging.slug].score < tagging.score:
            found[tagging.slug] = tagging
    for slug in feed.tags:
        if slug in tagger.taxonomy and slug not in found:
            found[slug] = Tagging(slug=slug, score=SHOWN, method="feed")
    _imply(found, tagger.taxonomy)
    return tuple(sorted(found.values(), key=lambda t: (-t.score, t.slug)))


def examine(article: Article, feed: Feed, tagger: Tagger) -> Document:
    """The article as the rules saw it: all hits, and those that fired."""
    document = read(article, feed, tagger.rules.korea)
    for view in document.views:
        hits = tagger.matcher.hits(view.normal, headline=view.field != "content")
        view.hits = [
            hit for hit in hits if hit.start >= view.begin and _may_be_known(hit, document, tagger)
        ]
    _fire(document, tagger)
    return document


def _may_be_known(hit: Hit, document: Document, tagger: Tagger) -> bool:
    """Whether an event that is named had begun, or was near, when the article appeared."""
    begin = tagger.begins.get(hit.alias.slug)
    return begin is None or begin == date.min or document.day >= begin - _FORESEEN


def _fire(document: Document, tagger: Tagger) -> None:
    """Strong hits and rules that stand alone; then names; then rules that need company."""
    waves: tuple[list[tuple[View, Hit]], ...] = ([], [])
    tags = tagger.taxonomy.tags
    for view in document.views:
        strong = _longest([h for h in view.hits if h.alias.rule == STRONG], tagger.begins)
        view.fired.extend((hit, 1.0) for hit in strong)
        tries: Counter[str] = Counter()
        covered = Cover([(h.start, h.end, tags[h.alias.slug].facet) for h in strong])
        for hit in view.hits:
            rule = hit.alias.rule
            # A longer strong alias of the same facet says something else: South *Korea*.
            if rule == STRONG or (
                rule != VOCABULARY
                and covered.inside(hit.start, hit.end, tags[hit.alias.slug].facet)
            ):
                continue
            tries[hit.alias.slug] += 1
            if tries[hit.alias.slug] > _MOST_TRIES:
                continue
            if (wave := tagger.rules.waves.get(rule)) is not None:
                waves[wave].append((view, hit))
            elif weight := tagger.rules.counts(hit, view):
                view.fired.append((hit, weight))
    for wave_ in waves:
        document.remember()
        for view, hit in wave_:
            if weight := tagger.rules.counts(hit, view):
                view.fired.append((hit, weight))


def _longest(strong: list[Hit], events: Mapping[str, date]) -> list[Hit]:
    """Without events whose name is a part of another event's: Ulchi *Freedom Shield*."""
    named = Cover([(h.start, h.end, "") for h in strong if h.alias.slug in events])
    return [
        hit
        for hit in strong
        if hit.alias.slug not in events or not named.inside(hit.start, hit.end, "")
    ]


def _said(article: Article, document: Document) -> dict[str, Tagging]:
    """What the words themselves say: score, method and evidence of each tag."""
    scores: dict[str, float] = {}
    best: dict[str, tuple[float, str]] = {}
    evidence: dict[str, list[Evidence]] = {}
    for view in document.views:
        ends: dict[str, int] = {}
        for hit, weight in sorted(view.fired, key=lambda f: (f[0].start, -f[1])):
            alias = hit.alias
            if hit.start < ends.get(alias.slug, 0):
                continue  # the same words said it already
            ends[alias.slug] = hit.end
            method = _METHODS.get(alias.rule) or f"weak:{alias.rule}"
            points = _FIELD_WEIGHT[view.field] * weight
            scores[alias.slug] = scores.get(alias.slug, 0.0) + points
            if points > best.get(alias.slug, (0.0, ""))[0]:
                best[alias.slug] = (points, method)
            seen = evidence.setdefault(alias.slug, [])
            if len(seen) < _MOST_EVIDENCE:
                seen.append(evidence_of(article, view, hit))
    return {
        slug: Tagging(
            slug=slug,
            score=round(min(score, CAP), 2),
            method=best[slug][1],
            evidence=tuple(evidence[slug]),
        )
        for slug, score in scores.items()
    }


def evidence_of(article: Article, view: View, hit: Hit) -> Evidence:
    """The very words of a hit, as shown."""
    start, end = view.normal.span(hit.start, hit.end)
    shown: str = getattr(article, view.field)
    return Evidence(field=view.field, start=start, end=end, text=shown[start:end])


def _pairs(article: Article, document: Document, tagger: Tagger) -> Iterable[Tagging]:
    made: dict[str, Tagging] = {}
    for view in document.views:
        if view.field == "content":
            continue
        for slug, hits in co_actors(view, tagger.taxonomy, tagger.states):
            if slug not in made:
                made[slug] = Tagging(
                    slug=slug,
                    score=round(_FIELD_WEIGHT[view.field] * _PAIR_WEIGHT, 2),
                    method="pair",
                    evidence=tuple(evidence_of(article, view, hit) for hit in hits),
                )
    return made.values()


def _imply(found: dict[str, Tagging], taxonomy: Taxonomy) -> None:
    """Add parents, with half the score of the child that says most."""
    waiting = list(found.values())
    for tagging in waiting:
        for parent in taxonomy[tagging.slug].parents:
            score = round(tagging.score / 2, 2)
            known = found.get(parent)
            if known is None or (known.method == "implied" and known.score < score):
                found[parent] = Tagging(
                    slug=parent, score=score, method="implied", evidence=tagging.evidence[:1]
                )
                waiting.append(found[parent])


def _states(taxonomy: Taxonomy) -> dict[str, str]:
    """Whom a person or agency stands for: the one state among its parents."""
    acting: dict[str, str] = {}
    for tag_ in taxonomy.values():
        if tag_.facet in ("actor", "org"):
            states = [p for p in tag_.parents if p in taxonomy and taxonomy[p].facet == "state"]
            if len(states) == 1:
                acting[tag_.slug] = states[0]
        elif tag_.facet == "state":
            acting[tag_.slug] = tag_.slug
    return acting


__all__ = ["CAP", "SHOWN", "Tagger", "compile_tagger", "evidence_of", "examine", "tag"]
