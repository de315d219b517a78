"""Weak alias at a place -> what it counts there (0: nothing).

Most rules are declared in `taxonomy/rules.toml`: patterns before, after and near the alias. What
patterns cannot say stands in `special.py`, as a function under the rule's name; a rule that is in
neither place does not fire.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from aggregator.steps.tagging.document import View
from aggregator.steps.tagging.match import VOCABULARY, Hit
from aggregator.steps.tagging.special import DPRK_NAMES, LATE, SPECIAL, Check
from aggregator.taxonomy import Rule, Taxonomy

_REACH: Final = 24
"""Characters before an alias that a `before` pattern can see."""
OFFICE: Final = "R-OFFICE"
DATE: Final = "R-DATE"
_DAY: Final = re.compile(r"(?:^|, |since )(\d{4})(?:-(\d\d))?(?:-(\d\d))?")
_NEAR_DAY: Final = timedelta(days=60)
_HEADS: Final = {"president": "President", "minister": "Minister", "premier": "Premier"}
"""The last word of an alias -> what the name of the office must hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """All rules of a taxonomy, ready to run."""

    checks: dict[str, Check]
    waves: dict[str, int]
    """Rules that look at what others found: 0, names; 1, those that need company."""
    korea: frozenset[str]
    """Tags whose names show that a text is about Korea."""

    def counts(self, hit: Hit, view: View) -> float:
        """What a weak hit counts here, 0 to 1."""
        check = self.checks.get(hit.alias.rule)
        return check(hit, view) if check else 0.0


def compile_rules(taxonomy: Taxonomy) -> RuleBook:
    """Declared rules and special ones, by name."""
    korea = korea_names(taxonomy)
    declared = {
        n: _declared(rule, korea, taxonomy) for n, rule in taxonomy.rules.items() if rule.declared
    }
    waves = {name: 1 for name, rule in taxonomy.rules.items() if rule.korea}
    waves.update(dict.fromkeys((*LATE, OFFICE), 0))
    return RuleBook(
        checks={
            **declared,
            VOCABULARY: _vocabulary,
            **SPECIAL,
            OFFICE: _office(taxonomy),
            DATE: _dated(taxonomy),
        },
        waves=waves,
        korea=korea,
    )


def held(taxonomy: Taxonomy, slug: str, day: date, name: str = "") -> bool:
    """Whether a person held an office (one whose name has `name` in it) on a day."""
    on = day.isoformat()
    return any(
        office.start and office.start <= on and (not office.end or on <= office.end)
        for office in taxonomy[slug].offices
        if name in office.office and not (name and "Vice" in office.office)
    )


def _office(taxonomy: Taxonomy) -> Check:
    """An office without a name: whoever of the taxonomy held it on the day of the article.

    Not when the sentence speaks of another year.
    """
    weight = taxonomy.rules[OFFICE].weight

    def check(hit: Hit, view: View) -> float:
        year = str(view.document.day.year)
        start, end = view.sentence(hit.start)
        years = re.findall(r"\b(?:19|20)\d\d\b", view.text[start:end])
        if any(other != year for other in years) or not view.document.named(view.document.korea):
            return 0.0
        if re.search(
            r"\b(?:former|ex|late)[ -]$", view.text[max(0, hit.start - 8) : hit.start], re.I
        ):
            return 0.0
        head = _HEADS.get(hit.alias.text.lower().split()[-1], "")
        return weight if held(taxonomy, hit.alias.slug, view.document.day, head) else 0.0

    return check


def begins(taxonomy: Taxonomy) -> dict[str, date]:
    """Slug of an event -> its first day, date.min where none is known."""
    return {
        event.slug: date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
        if found
        else date.min
        for event in taxonomy.values()
        if event.facet == "event"
        for found in (_DAY.search(event.when),)
    }


def _dated(taxonomy: Taxonomy) -> Check:
    """A name that events share: in the weeks of the event, or with its year in the sentence."""
    first_days = begins(taxonomy)

    def check(hit: Hit, view: View) -> float:
        first = first_days.get(hit.alias.slug, date.min)
        if first == date.min:
            return 0.0
        start, end = view.sentence(hit.start)
        near = abs(view.document.day - first) <= _NEAR_DAY
        return 0.8 if near or str(first.year) in view.text[start:end] else 0.0

    return check


def korea_names(taxonomy: Taxonomy) -> frozenset[str]:
    """Tags whose names show that a text is about Korea."""
    anchors = {tag.slug for tag in taxonomy.values() if tag.anchor and tag.facet != "topic"}
    return frozenset(anchors | {"south-korea"})


def _vocabulary(hit: Hit, view: View) -> float:
    return 1.0 if view.document.dprk_media else 0.0


def _declared(rule: Rule, korea: frozenset[str], taxonomy: Taxonomy) -> Check:
    before, not_before = (
        re.compile(f"(?:{p})$", re.I) if p else None for p in (rule.before, rule.not_before)
    )
    after, not_after, near, not_near = (
        re.compile(p, re.I) if p else None
        for p in (rule.after, rule.not_after, rule.near, rule.not_near)
    )

    def check(hit: Hit, view: View) -> float:
        document, text = view.document, view.text
        if rule.languages and document.language not in rule.languages:
            return 0.0
        if rule.perspectives and not document.perspective.startswith(rule.perspectives):
            return 0.0
        if rule.in_office and not held(taxonomy, hit.alias.slug, document.day):
            return 0.0
        if (after and not after.match(text, hit.end)) or (
            not_after and not_after.match(text, hit.end)
        ):
            return 0.0
        left = text[max(0, hit.start - _REACH) : hit.start]
        if (before and not before.search(left)) or (not_before and not_before.search(left)):
            return 0.0
        start, end = view.sentence(hit.start)
        if (near and not near.search(text, start, end)) or (
            not_near and not_near.search(text, start, end)
        ):
            return 0.0
        return _with_korea(rule, korea, hit, view)

    return check


def _with_korea(rule: Rule, korea: frozenset[str], hit: Hit, view: View) -> float:
    around = DPRK_NAMES if rule.korea == "dprk" else korea
    if not rule.korea or view.named_near(around, hit.start):
        return rule.weight
    if rule.korea == "document" and view.document.named(korea):
        return rule.weight
    # A korea-specific feed makes the reading likely, not certain: half of the rule's weight.
    return rule.weight / 2 if view.document.scope == "korea-specific" else 0.0
