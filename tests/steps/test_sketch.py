"""What articles are compared by: words, concepts, the sounds of names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.steps.concepts import concepts
from aggregator.steps.sketch import sketch
from aggregator.steps.sounds import sounds
from aggregator.taxonomy import load
from tests import make

TAXONOMY = load()


@pytest.mark.parametrize(
    "spellings",
    [
        ("Zelensky", "젤렌스키에게", "ゼレンスキー", "Зеленский"),
        ("Kursk", "쿠르스크로", "クルスク", "Курск"),
        ("Volodin", "볼로딘", "Володин"),
        ("Philadelphia", "필라델피아에서"),
        ("Fujian", "푸젠"),
    ],
)
def test_a_name_sounds_alike_in_every_alphabet(spellings: tuple[str, ...]) -> None:
    shared = sounds(spellings[0])
    for other in spellings[1:]:
        shared &= sounds(other)
    assert shared


def test_words_that_are_no_names_have_no_sound_where_capitals_mark_names() -> None:
    assert sounds("north korea fires a missile, says seoul") == frozenset()


@given(st.text(max_size=300))
def test_any_text_has_sounds_and_concepts(text: str) -> None:
    for key in sounds(text):
        assert len(key) >= 3
    for language in ("en", "ko", "ja", "zh", "ru", ""):
        assert concepts(text, language, TAXONOMY) <= TAXONOMY.concepts.keys()


@pytest.mark.parametrize(
    ("text", "language", "named", "unnamed"),
    [
        ("Border troops fired warning shots", "en", "warning-shot", "parade"),
        ("국경에서 경고사격", "ko", "warning-shot", "parade"),
        ("軍事パレードに出席", "ja", "parade", "missile"),
        ("将出席阅兵式", "zh", "parade", "missile"),
        ("Военный парад в Пекине", "ru", "parade", "missile"),
        ("The UN met", "en", "un", "unification"),
        ("nothing is undone", "en", "", "un"),
        ("a test", "fr", "test", "icbm"),
    ],
)
def test_concepts_are_words_of_the_language(
    text: str, language: str, named: str, unnamed: str
) -> None:
    found = concepts(text, language, TAXONOMY)
    assert not named or named in found
    assert unnamed not in found


def test_every_concept_has_its_words_in_english_and_korean() -> None:
    for name, words in TAXONOMY.concepts.items():
        assert words.get("en"), name
        assert words.get("ko"), name


def test_a_text_is_read_once_and_shared() -> None:
    one = sketch(make.item("a", "Envoys meet", "nuclear-talks"), TAXONOMY)
    other = sketch(make.item("b", "Envoys meet", "nuclear-talks"), TAXONOMY)
    assert one.wording is other.wording
    assert one.id != other.id
