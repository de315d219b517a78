"""Headlines -> tags, with the words that they rest on."""

from __future__ import annotations

import time as time_module
import tomllib
import unicodedata
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model import Article, Tagging
from aggregator.steps.language import language
from aggregator.steps.tagging import CAP, SHOWN, compile_tagger, tag
from aggregator.taxonomy import load
from tests.make import NOW, article, feed

CASES = tomllib.loads(
    (Path(__file__).parents[1] / "cases" / "tagging" / "rules.toml").read_text("utf-8")
)["case"]
TAGGER = compile_tagger(load())


def tags(title: str, summary: str = "", content: str = "", **changes: Any) -> dict[str, Tagging]:
    by = feed(**{k: changes.pop(k) for k in ("perspective", "scope", "tags") if k in changes})
    text = article(
        title=title,
        summary=summary,
        content=content,
        **{"language": language(title), **changes},
    )
    return {tagging.slug: tagging for tagging in tag(text, by, TAGGER)}


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['rule']}: {c['title'][:40]}")
def test_cases(case: dict[str, Any]) -> None:
    day = case.get("day", datetime(2025, 9, 1, tzinfo=UTC))
    if not isinstance(day, datetime):
        day = datetime.combine(day, time(12), UTC)
    changes = {k: case[k] for k in ("language", "perspective", "scope") if k in case}
    found = tags(case["title"], case.get("summary", ""), published_at=day, seen_at=day, **changes)
    said = {slug for slug, t in found.items() if t.method != "implied" and t.score >= SHOWN}
    assert set(case.get("yes", ())) <= said
    assert not said.intersection(case.get("no", ()))
    assert set(case.get("hint", ())) <= set(found) - said
    assert not set(found).intersection(case.get("absent", ()))


WITHOUT_ALIASES = {"no", "date", "genre"}
"""Rules that mark what is no alias: there is nothing that could fire."""


def test_every_rule_and_pair_has_cases_of_both_kinds() -> None:
    taxonomy = load()
    names = set(taxonomy.rules) - WITHOUT_ALIASES | {f"pair:{pair.tag}" for pair in taxonomy.pairs}
    for kinds in (("yes", "hint"), ("no", "absent")):
        tested = {case["rule"] for case in CASES if any(kind in case for kind in kinds)}
        assert names - tested == set(), kinds


def test_every_rule_is_used_and_can_fire() -> None:
    taxonomy = load()
    used = {weak.rule for tag_ in taxonomy.values() for weak in tag_.weak}
    assert set(taxonomy.rules) - used == {"R-REFS"}  # a cut, not an alias
    fires = set(TAGGER.rules.checks) | {"neg"}
    assert used - fires == WITHOUT_ALIASES


def test_scores_grow_with_the_field_and_have_a_cap() -> None:
    assert tags("North Korea")["north-korea"].score == 3.0
    assert tags("x", "North Korea")["north-korea"].score == 2.0
    assert tags("x", "y", "North Korea")["north-korea"].score == 1.0
    assert tags("North Korea", "North Korea", "North Korea " * 50)["north-korea"].score == CAP


def test_parents_are_implied_with_half_the_score() -> None:
    found = tags("Choe Son Hui speaks")
    assert found["choe-son-hui"].method == "strong"
    assert found["north-korea"].method == "implied"
    assert found["north-korea"].score == found["choe-son-hui"].score / 2


def test_what_the_text_says_is_never_implied() -> None:
    found = tags("Kim Jong Un of North Korea")
    assert found["north-korea"].method == "strong"
    assert found["north-korea"].evidence[0].text == "North Korea"


def test_tags_of_the_feed() -> None:
    found = tags("Nothing here", tags=("human-rights-dprk", "no-such-tag"))
    assert (found["human-rights-dprk"].method, found["human-rights-dprk"].score) == ("feed", SHOWN)
    assert "no-such-tag" not in found


def test_a_korea_specific_feed_stands_in_for_the_korea_alias() -> None:
    assert "nuclear-talks" not in tags("Long talks")
    found = tags("Long talks", scope="korea-specific")["nuclear-talks"]
    assert found.method == "weak:R-CTX"
    assert 0 < found.score < SHOWN


def test_order_is_by_score_then_slug() -> None:
    found = tag(article(title="Japan, China and Russia; Japan again"), feed(), TAGGER)
    ranked = [(-t.score, t.slug) for t in found]
    assert ranked == sorted(ranked)
    assert found[0].slug == "japan"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("North\u00a0Korea’s “Hwasong”", "North\u00a0Korea"),
        ("Ｎｏｒｔｈ Ｋｏｒｅａ fires", "Ｎｏｒｔｈ Ｋｏｒｅａ"),
        ("½ of ﬁve… North Korea", "North Korea"),
        (unicodedata.normalize("NFD", "어제 북한 발표"), unicodedata.normalize("NFD", "북한")),
        ("No\u00adrth Ko\u200brea", "No\u00adrth Ko\u200brea"),
        ("İstanbul’dan North Korea", "North Korea"),
        ("🚀 속보 — “북한” 발표", "북한"),
        ("\ud800 속보 북한 발표", "북한"),
    ],
)
def test_evidence_is_what_stands_in_the_text_as_shown(title: str, text: str) -> None:
    (evidence,) = tags(title)["north-korea"].evidence
    assert evidence.text == text
    assert title[evidence.start : evidence.end] == text


def _holds(text: Article) -> None:
    for tagging in tag(text, feed(), TAGGER):
        assert 0 < tagging.score <= CAP
        for evidence in tagging.evidence:
            field: str = getattr(text, evidence.field)
            assert evidence.text
            assert field[evidence.start : evidence.end] == evidence.text


PIECES = st.sampled_from(
    "North Korea|북한|北, |金正恩|ﬁ|½|ｶﾞ|e\u0301|\u200b|…|“|İ| |\n|ComradeKim Jong Un|US|米朝|ᄇ|ᅮ|ᆨ|"
    ". |(서울=연합뉴스) |Сеул КНДР|R&D".split("|")
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join))
def test_offsets_are_exact_for_any_text(text: str) -> None:
    for code in ("en", "ko", "ja", "zh"):
        _holds(article(title=text, summary=text, content=text, language=code))


def test_reference_lists_are_not_scanned() -> None:
    body = "A text about bread. " * 20 + "\nReferences\nNorth Korea after Kim Jong Un"
    assert "north-korea" not in tags("Bread", "", body)


def test_rules_look_at_the_sentence_not_at_the_whole_text() -> None:
    apart = "North Korea is far away. In other news, the railway offers talks."
    together = "North Korea is far away but offers talks."
    assert "nuclear-talks" not in tags("x", apart)
    assert "nuclear-talks" not in tags("x", "North Korea is far away ▲ The railway offers talks.")
    assert "nuclear-talks" not in tags("x", "North Korea is far away。The railway offers talks.")
    assert "nuclear-talks" in tags("x", "North Korea of the U.S.A. offers talks ▲as ever.")
    assert "nuclear-talks" in tags("x", together)


@pytest.mark.parametrize(
    "piece",
    [
        "US talks ",
        "Trump summit ",
        "朝鲜战争 ",
        "北",
        "Kim Jong Un ",
        "US-",
        "\n",
        "「",
        ". ",
        "ᄇ",
    ],
)
def test_hostile_texts_take_a_moment_only(piece: str) -> None:
    text = piece * 100_000
    begin = time_module.process_time()
    tags(text, text, text, language="ko")
    assert time_module.process_time() - begin < 4


def test_headline_shorthand_is_not_read_in_long_texts() -> None:
    assert "north-korea" not in tags("제목", "", "北, 발표", language="ko")


def test_a_taxonomy_is_compiled_once() -> None:
    taxonomy = load()
    assert compile_tagger(taxonomy) is compile_tagger(taxonomy)


def test_an_operators_tag_is_matched(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "ice-fishing: {facet: topic, en: Ice fishing, weak: {R-CTX: [perch]}}\n", "utf-8"
    )
    tagger = compile_tagger(load([own]))
    found = tag(article(title="Ice fishing season opens", published_at=NOW), feed(), tagger)
    assert [t.slug for t in found] == ["ice-fishing"]
    found = tag(article(title="North Korea sells perch", published_at=NOW), feed(), tagger)
    assert {"ice-fishing", "north-korea"} <= {t.slug for t in found}
