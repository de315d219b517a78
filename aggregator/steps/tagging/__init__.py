"""article, feed -> tags with the very words that they rest on.

match (all aliases, one pass) -> rules (weak aliases) -> pairs -> score -> implied parents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from aggregator.model import Article, Evidence, Feed, Tagging
from aggregator.steps.tagging.certainty import spoken_of
from aggregator.steps.tagging.cover import NOTHING, Cover
from aggregator.steps.tagging.document import Document, View, read
from aggregator.steps.tagging.match import HINT, STRONG, VOCABULARY, Hit, Matcher, compile_matcher
from aggregator.steps.tagging.owners import states_of
from aggregator.steps.tagging.pairs import co_actors
from aggregator.steps.tagging.rules import OFFICE, RuleBook, begins, compile_rules, days_of
from aggregator.steps.tagging.scenery import is_scenery, is_sport
from aggregator.taxonomy import Tag, Taxonomy

SHOWN: Final = 2.0
"""Score from which a tag is shown: one hit in the title or lede, or two in the body."""
CAP: Final = 10.0
_FIELD_WEIGHT: Final = {"title": 3.0, "summary": 2.0, "content": 1.0}
_EVENT_WEIGHT: Final = 2.0
"""The full name of a dated event in a body: one is enough, as nobody names it in passing."""
_PHRASE_WEIGHT: Final = 2.0
"""A topic's phrase (no single word) in the body of an article whose title is about the North."""
_METHODS: Final = {STRONG: "strong", VOCABULARY: "strong", OFFICE: "office", HINT: "hint"}
_SCENERY: Final = 1.5
"""The most that a state or city scores which is only where something else happened."""
_PAIR_WEIGHT: Final = 0.7
_FORESEEN: Final = timedelta(days=120)
"""So long before its first day an event may be announced; an earlier text means another one."""
_HEADLINE: Final = 300
_PAST: Final = timedelta(days=30)
"""So long after its last day an event is history."""
_MOST_TRIES: Final = 200
"""Weak hits of one tag in one field that are looked at: enough for any score's cap."""
_MOST_EVIDENCE: Final = 40


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
    days: Mapping[str, tuple[date, date]]
    """Slug of an event -> its first and last day."""
    relations: frozenset[str]
    """Tags of a pair rule."""


@lru_cache(maxsize=4)
def compile_tagger(taxonomy: Taxonomy) -> Tagger:
    """Compile once per Taxonomy (about 60 ms); later calls give the same Tagger."""
    return Tagger(
        taxonomy=taxonomy,
        matcher=compile_matcher(taxonomy),
        rules=compile_rules(taxonomy),
        states=states_of(taxonomy),
        begins=MappingProxyType(begins(taxonomy)),
        days=MappingProxyType(days_of(taxonomy)),
        relations=frozenset(pair.tag for pair in taxonomy.pairs) | {"china-japan-korea"},
    )


def tag(article: Article, feed: Feed, tagger: Tagger) -> tuple[Tagging, ...]:
    """The tags of an article, best first. Parents are `implied`, the feed's own tags `feed`."""
    document = examine(article, feed, tagger)
    found = _read(article, document, tagger) if any(view.fired for view in document.views) else {}
    for slug in feed.tags:
        if slug in tagger.taxonomy and slug not in found:
            found[slug] = Tagging(slug=slug, score=SHOWN, method="feed")
    _imply(found, tagger.taxonomy)
    return tuple(sorted(found.values(), key=lambda t: (-t.score, t.slug)))


def examine(article: Article, feed: Feed, tagger: Tagger) -> Document:
    """The article as the rules saw it: all hits, and those that fired."""
    document = read(article, feed, tagger.rules.korea, tagger.rules.north)
    for view in document.views:
        hits = tagger.matcher.hits(view.normal, headline=view.field != "content")
        view.hits = [
            hit for hit in hits if hit.start >= view.begin and _may_be_known(hit, document, tagger)
        ]
    if any(view.hits for view in document.views):
        _fire(document, tagger)
    return document


def _read(article: Article, document: Document, tagger: Tagger) -> dict[str, Tagging]:
    """What the text says, and the relations that follow from it."""
    for view in document.views:
        view.covered = _names(view, tagger)
        view.names = _names(view, tagger, strong=True)
    found = _said(article, document, tagger)
    if (
        any(_may_be_scenery(tagger.taxonomy[slug]) for slug in found)
        and not _matters(document, tagger)
        and is_scenery(article.title[:_HEADLINE].lower())
    ):
        _set_back(found, tagger.taxonomy)
    for tagging in _pairs(article, document, tagger):
        said = found.get(tagging.slug)
        if said is None or said.score < tagging.score:
            found[tagging.slug] = tagging
        else:
            found[tagging.slug] = replace(said, evidence=_joined(tagging.evidence, said.evidence))
    return found


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
        view.fired += [(hit, 1.0) for hit in strong]
        weak = [h for h in view.hits if h.alias.rule != STRONG]
        if not weak:
            continue
        tries: Counter[str] = Counter()
        covered = Cover([(h.start, h.end, tags[h.alias.slug].facet) for h in strong])
        for hit in weak:
            rule = hit.alias.rule
            # A longer strong alias of the same facet says something else: South *Korea*.
            if rule != VOCABULARY and covered.inside(
                hit.start, hit.end, tags[hit.alias.slug].facet
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
    places = [(h.start, h.end, "") for h in strong if h.alias.slug in events]
    if not places:
        return strong
    named = Cover(places)
    return [
        hit
        for hit in strong
        if hit.alias.slug not in events or not named.inside(hit.start, hit.end, "")
    ]


def _names(view: View, tagger: Tagger, *, strong: bool = False) -> Cover:
    """Names of agencies, events and relations: what stands within one says nothing of its own."""
    if len(view.fired) < 2:
        return NOTHING
    tags = tagger.taxonomy.tags
    return Cover(
        (hit.start, hit.end, "")
        for hit, _ in view.fired
        if (hit.alias.rule == STRONG or not strong)
        and (
            (facet := tags[hit.alias.slug].facet) in ("org", "event", "place")
            or (strong and facet == "topic")
            or (hit.alias.slug in tagger.relations and not hit.alias.left)
        )
    )


def _is_part(hit: Hit, view: View, tagger: Tagger) -> bool:
    """Whether a state, place or loose topic is only a part of a longer name: *美*하원."""
    tag_ = tagger.taxonomy[hit.alias.slug]
    if tag_.facet == "topic":
        loose = hit.alias.rule not in (STRONG, VOCABULARY)
        return loose and view.names.inside_any(hit.start, hit.end)
    return tag_.facet in ("state", "place") and view.covered.inside_any(hit.start, hit.end)


def _as_government(view: View, tagger: Tagger) -> frozenset[int]:
    """Where a capital stands for its government, and so is no place."""
    tags = tagger.taxonomy.tags
    return frozenset(
        hit.start
        for hit, _ in view.fired
        if hit.alias.rule == "R-CAPITAL" and tags[hit.alias.slug].facet == "state"
    )


def _matters(document: Document, tagger: Tagger) -> bool:
    """Whether the title names more than states and places; of sport, more than the games too."""
    tags = tagger.taxonomy.tags
    title = document.views[0]
    named = {tags[hit.alias.slug].facet for hit, _ in title.fired if hit.alias.rule != HINT}
    if not named.isdisjoint({"actor", "topic"}):
        return True
    return not named.isdisjoint({"event", "org"}) and not is_sport(title.normal.lower, 0, _HEADLINE)


def _may_be_scenery(tag_: Tag) -> bool:
    return tag_.facet in ("state", "place") and not tag_.anchor


def _set_back(found: dict[str, Tagging], taxonomy: Taxonomy) -> None:
    """Leave states and places that are no anchors of this product below what is shown."""
    for slug, tagging in found.items():
        if _may_be_scenery(taxonomy[slug]):
            found[slug] = replace(tagging, score=min(tagging.score, _SCENERY))


def _said(article: Article, document: Document, tagger: Tagger) -> dict[str, Tagging]:
    """What the words themselves say: score, method and evidence of each tag."""
    tags = tagger.taxonomy.tags
    scores: dict[str, float] = {}
    best: dict[str, tuple[float, str]] = {}
    evidence: dict[str, list[Evidence]] = {}
    certainties: dict[str, str] = {}
    about = document.titled(document.north)
    for view in document.views:
        ends: dict[str, int] = {}
        governments = _as_government(view, tagger)
        for hit, weight in sorted(view.fired, key=lambda f: (f[0].start, -f[1])):
            alias = hit.alias
            if hit.start < ends.get(alias.slug, 0):
                continue  # the same words said it already
            facet = tags[alias.slug].facet
            if _is_part(hit, view, tagger) or (facet == "place" and hit.start in governments):
                continue
            ends[alias.slug] = hit.end
            method = _METHODS.get(alias.rule) or f"weak:{alias.rule}"
            points = _FIELD_WEIGHT[view.field] * weight
            if facet == "event" and view.field == "content":
                points *= _EVENT_WEIGHT
            elif facet == "topic" and view.field == "content" and about and _is_phrase(alias.text):
                points *= _PHRASE_WEIGHT
            scores[alias.slug] = scores.get(alias.slug, 0.0) + points
            if points > best.get(alias.slug, (0.0, ""))[0]:
                best[alias.slug] = (points, method)
            if facet == "event" and alias.slug not in certainties:
                certainties[alias.slug] = _of_event(hit, view, tagger)
            seen = evidence.setdefault(alias.slug, [])
            if len(seen) < _MOST_EVIDENCE:
                seen.append(evidence_of(article, view, hit))
    return {
        slug: Tagging(
            slug=slug,
            score=round(min(score, _SCENERY if best[slug][1] == "hint" else CAP), 2),
            method=best[slug][1],
            evidence=tuple(evidence[slug]),
            certainty=certainties.get(slug, ""),
        )
        for slug, score in scores.items()
    }


def _is_phrase(alias: str) -> bool:
    return " " in alias or (not alias.isascii() and len(alias) >= 4)


def _of_event(hit: Hit, view: View, tagger: Tagger) -> str:
    """How an event is spoken of; "" when as the article itself."""
    days = tagger.days.get(hit.alias.slug)
    if (
        days is not None
        and view.document.day > days[1] + _PAST
        and not tagger.taxonomy[hit.alias.slug].when.endswith("..")
    ):
        return "c-historical"
    start, end = view.sentence(hit.start)
    return spoken_of(view.text[start:end])


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


def _joined(*parts: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(e for part in parts for e in part))[:_MOST_EVIDENCE]


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
            elif known.method == "pair" and known.score < score:
                found[parent] = replace(known, score=score)


__all__ = ["CAP", "SHOWN", "Tagger", "compile_tagger", "evidence_of", "examine", "tag"]
