"""article, feed -> weak aliases that stand in it and whose rule said no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.model import Article, Evidence, Feed
from aggregator.steps.tagging import Tagger, evidence_of, examine
from aggregator.steps.tagging.match import STRONG, Hit


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An alias that was found and did not count. `rule`: the name of the rule that said no, or
    "vocabulary": words that count in DPRK media's own texts only."""

    slug: str
    rule: str
    evidence: Evidence


def refused(article: Article, feed: Feed, tagger: Tagger) -> tuple[Refused, ...]:
    """By field and place; the same words once for each tag and rule.

    Without words that fired for the tag all the same, or that a longer name covers.
    """
    facets = {slug: tag.facet for slug, tag in tagger.taxonomy.items()}
    found: dict[tuple[str, str, str], Refused] = {}
    for view in examine(article, feed, tagger).views:
        fired = [hit for hit, _ in view.fired]
        for hit in view.hits:
            slug, rule = hit.alias.slug, hit.alias.rule
            if rule == STRONG or any(_says_it(other, hit, facets) for other in fired):
                continue
            evidence = evidence_of(article, view, hit)
            found.setdefault(
                (slug, rule, evidence.text), Refused(slug=slug, rule=rule, evidence=evidence)
            )
    return tuple(found.values())


def _says_it(fired: Hit, hit: Hit, facets: Mapping[str, str]) -> bool:
    """Whether the words fired for this tag, or are a part of a name of the same kind."""
    if fired.alias.slug == hit.alias.slug:
        return fired.start < hit.end and hit.start < fired.end
    within = fired.start <= hit.start and hit.end <= fired.end
    return within and facets[fired.alias.slug] == facets[hit.alias.slug]
