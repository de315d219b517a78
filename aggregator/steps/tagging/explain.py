"""article, feed -> weak aliases that stand in it and whose rule said no."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model import Article, Evidence, Feed
from aggregator.steps.tagging import Tagger, evidence_of, examine
from aggregator.steps.tagging.match import STRONG


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
    found: dict[tuple[str, str, str], Refused] = {}
    for view in examine(article, feed, tagger).views:
        fired = [(hit.alias.slug, hit.start, hit.end) for hit, _ in view.fired]
        for hit in view.hits:
            slug, rule = hit.alias.slug, hit.alias.rule
            if rule == STRONG or tagger.rules.counts(hit, view):
                continue
            if any(s == slug and start < hit.end and hit.start < end for s, start, end in fired):
                continue
            evidence = evidence_of(article, view, hit)
            found.setdefault(
                (slug, rule, evidence.text), Refused(slug=slug, rule=rule, evidence=evidence)
            )
    return tuple(found.values())
