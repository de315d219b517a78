"""Weak aliases that were found and did not count: what an author of rules wants to see."""

from __future__ import annotations

from aggregator.steps.tagging import compile_tagger, tag
from aggregator.steps.tagging.explain import refused
from aggregator.taxonomy import load
from tests import make

TAGGER = compile_tagger(load())


def told(title: str, summary: str = "", **feed: str) -> set[tuple[str, str, str]]:
    article = make.article(title=title, summary=summary)
    return {(r.slug, r.rule, r.evidence.text) for r in refused(article, make.feed(**feed), TAGGER)}


def test_a_rule_that_says_no_is_told_with_the_words() -> None:
    assert ("armistice-1953", "R-CTX", "armistice") in told("Both sides observe the armistice")
    assert ("united-states", "R-CAPITAL", "Washington") in told("Cherry trees of Washington bloom")


def test_what_fired_is_not_told() -> None:
    title = "North Korea and the South mark the armistice"
    article = make.article(title=title)
    assert "armistice-1953" in {t.slug for t in tag(article, make.feed(), TAGGER)}
    assert "armistice-1953" not in {slug for slug, _, _ in told(title)}


def test_a_part_of_a_name_that_fired_is_not_told() -> None:
    assert {slug for slug, rule, _ in told("Kim Jong Un tours a farm") if rule == "R-KIM"} == set()
    assert "kim-jong-un" in {slug for slug, rule, _ in told("Kim tours a farm") if rule == "R-KIM"}


def test_vocabulary_of_others_media_is_told_as_such() -> None:
    words = ("korean-war", "vocabulary", "Fatherland Liberation War")
    title = "A film of the Fatherland Liberation War"
    assert words in told(title)
    assert words not in told(title, perspective="dprk-state")


def test_evidence_is_of_the_text_as_shown() -> None:
    article = make.article(title="The “truce”", summary="Ａ wide armistice\u200b holds.")
    for each in refused(article, make.feed(), TAGGER):
        shown = getattr(article, each.evidence.field)
        assert shown[each.evidence.start : each.evidence.end] == each.evidence.text


def test_nothing_is_refused_in_a_text_without_aliases() -> None:
    assert told("Ferry subsidy debated") == set()
