"""What a text is searched by, and what a reader's words are looked for as."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.steps.search import Phrase, Wanted, facet, parse, terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("북한이", "북한 한이 이"),
        ("北朝鮮", "北朝 朝鮮 鮮"),
        ("核", "核"),
        ("ミサイル、発射", "ミサ サイ イル ル 発射 射"),
        ("ｷﾑ・ジョンウン", "キム ム ジョ ョン ンウ ウン ン"),
        ("G7정상회담", "g7 정상 상회 회담 담"),
        ("Ｆ－３５Ａ", "f 35a"),
        ("Café NAÏVE", "cafe naive"),
        ("Ядерный ЁЖ", "ядерныи еж"),
        ("sanctions, countries, crisis, Russ, US", "sanction country crisis russ us"),
        ("한국", "한국 국"),
        ("x" * 40, "x" * 32),
        ("!?… ··· \x00\ud800", ""),
    ],
)
def test_terms(text: str, expected: str) -> None:
    assert " ".join(terms(text)) == expected


def test_each_text_counts_up_to_a_length() -> None:
    assert len(terms("a " * 9_000, "b " * 9_000)) == 5_000


def phrases(*made: str) -> tuple[Phrase, ...]:
    return tuple(
        Phrase(terms=tuple(one.removesuffix("*").split()), begins=one.endswith("*")) for one in made
    )


@pytest.mark.parametrize(
    ("text", "all", "none"),
    [
        ("", (), ()),
        (' - "" -"" ', (), ()),
        ("북한", ("북한",), ()),
        ("북", ("북*",), ()),
        ("핵실험", ("핵실 실험",), ()),
        ("North  korea", ("north", "korea"), ()),
        ('"North Korea" talks', ("north korea", "talk"), ()),
        ("“한미 동맹”", ("한미 미 동맹",), ()),
        ('"핵 실', ("핵 실*",), ()),
        ("Trump -Kim -“한미”", ("trump",), ("kim", "한미")),
        ("F-35 a-b", ("f 35", "a b"), ()),
        ("kim KIM Kim", ("kim",), ()),
        ("NOT (a OR b) NEAR/3 *", ("not", "a", "or", "b", "near 3"), ()),
    ],
)
def test_parse(text: str, all: tuple[str, ...], none: tuple[str, ...]) -> None:
    assert parse(text) == Wanted(all=phrases(*all), none=phrases(*none))


def test_a_query_has_no_more_than_32_terms() -> None:
    wanted = parse(" ".join(f"w{n}" for n in range(100)))
    assert len(wanted.all) == 32
    (whole,) = parse("가" * 100).all
    assert len(whole.terms) == 32


TEXT = st.text(max_size=60) | st.text(alphabet="북한핵朝鮮ミabSs9é '\"-*:()", max_size=40)


@given(TEXT)
@example("ß" * 600)
@example("ﷺ" * 300)
def test_terms_hold_letters_and_digits_only(text: str) -> None:
    """So that they may stand in a query as they are."""
    wanted = parse(text)
    asked = [term for one in (*wanted.all, *wanted.none) for term in one.terms]
    for term in (*terms(text), *asked):
        assert term
        assert all(c.isalnum() or category(c) == "Cn" for c in term), term


@given(TEXT, st.text(max_size=20), st.text(max_size=20))
def test_a_word_of_a_title_is_looked_for_as_the_title_has_it(
    word: str, before: str, after: str
) -> None:
    held = terms(f"{before} {word} {after}")
    for phrase in parse(" ".join(word.replace("-", " ").split())).all:
        n = len(phrase.terms)
        assert any(
            held[i : i + n] == phrase.terms
            or (phrase.begins and held[i : i + n - 1] == phrase.terms[:-1])
            for i in range(len(held) - n + 1)
        ), (phrase, held)


@given(st.text(max_size=20))
def test_a_facet_is_one_term_that_no_word_can_be(value: str) -> None:
    made = facet("tag", value)
    assert made.isascii()
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789:-_.~%")
