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
from aggregator.steps.tagging.match import HINT, VOCABULARY, Hit
from aggregator.steps.tagging.owners import Check
from aggregator.steps.tagging.special import DPRK_NAMES, LATE, special
from aggregator.taxonomy import Rule, Taxonomy

_REACH: Final = 24
"""Characters before an alias that a `before` pattern can see."""
OFFICE: Final = "R-OFFICE"
_HINT_WEIGHT: Final = 0.25
_DAY: Final = re.compile(r"(?:^|, |since )(\d{4})(?:-(\d\d))?(?:-(\d\d))?")
_NEAR_DAY: Final = timedelta(days=60)
_HEADS: Final = {"president": "President", "minister": "Minister", "premier": "Premier"}
"""The last word of an alias -> what the name of the office must hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """All rules of a taxonomy, ready to run."""

    checks: dict[str, Check]
    north: frozenset[str]
    """Tags whose names show that a text is about the North."""
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
    waves["R-SUBMARINE"] = 1
    waves.update({name: 0 for name in (*LATE, OFFICE) if name != "R-SUBMARINE"})
    return RuleBook(
        checks={
            **declared,
            VOCABULARY: _vocabulary,
            HINT: _hint,
            **special(taxonomy),
            OFFICE: _office(taxonomy),
        },
        waves=waves,
        korea=korea,
        north=korea - {"south-korea"},
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
        day = view.day(hit.start)
        if day is None or not view.document.named(view.document.korea):
            return 0.0
        if _FORMER.search(view.text, max(0, hit.start - 8), hit.start):
            return 0.0
        head = _HEADS.get(hit.alias.text.lower().split()[-1], "")
        return weight if held(taxonomy, hit.alias.slug, day, head) else 0.0

    return check


_FORMER: Final = re.compile(r"\b(?:former|ex|late)[ -]$", re.I)


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


def days_of(taxonomy: Taxonomy) -> dict[str, tuple[date, date]]:
    """Slug of an event -> its first and last day; only those with a known day."""
    return {
        event.slug: (_first(found[0]), _last(found[-1]))
        for event in taxonomy.values()
        if event.facet == "event" and (found := _DAYS.findall(event.when))
    }


_DAYS: Final = re.compile(r"(?<!\d)(\d{4})(?:-(\d\d))?(?:-(\d\d))?(?!\d)")


def _first(found: tuple[str, str, str]) -> date:
    return date(int(found[0]), int(found[1] or 1), int(found[2] or 1))


def _last(found: tuple[str, str, str]) -> date:
    year, month, day = int(found[0]), int(found[1] or 12), found[2]
    return date(year, month, int(day)) if day else date(year, month, 28)


def _in_time(days: tuple[date, date], hit: Hit, view: View) -> bool:
    """Whether an event is meant: its year is in the sentence, else it was in those weeks."""
    first, last = days
    if years := view.years(hit.start):
        return any(first.year <= year <= last.year for year in years)
    return first - _NEAR_DAY <= view.document.day <= last + _NEAR_DAY


def korea_names(taxonomy: Taxonomy) -> frozenset[str]:
    """Tags whose names show that a text is about Korea."""
    anchors = {tag.slug for tag in taxonomy.values() if tag.anchor and tag.facet != "topic"}
    return frozenset(anchors | {"south-korea"})


def _hint(hit: Hit, view: View) -> float:
    return _HINT_WEIGHT


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

    days = days_of(taxonomy) if rule.dated else {}

    def check(hit: Hit, view: View) -> float:
        document, text = view.document, view.text
        if rule.languages and document.language not in rule.languages:
            return 0.0
        if rule.perspectives and not document.perspective.startswith(rule.perspectives):
            return 0.0
        if rule.in_office and not (
            (day := view.day(hit.start)) and held(taxonomy, hit.alias.slug, day)
        ):
            return 0.0
        if rule.since and document.day.isoformat() < rule.since:
            return 0.0
        if rule.dated and not (
            hit.alias.slug in days and _in_time(days[hit.alias.slug], hit, view)
        ):
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
    if not rule.korea or view.named_near(around, hit.start) or view.document.titled(around):
        return rule.weight
    if rule.korea == "document" and view.document.named(korea):
        return rule.weight
    # A korea-specific feed makes the reading likely, not certain: half of the rule's weight.
    return rule.weight / 2 if view.document.scope == "korea-specific" else 0.0
