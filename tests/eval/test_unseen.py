"""The regression learns what tells examples apart; words that one fold alone holds go."""

from __future__ import annotations

from aggregator.taxonomy import load
from tests.eval.run import item
from tests.eval.unseen import Row, Vocabulary, fit, total, verdict

TAXONOMY = load()


def row(title: str, *, relevant: bool) -> Row:
    made = item(title, "", "2019-06-30", "", "en", TAXONOMY)
    return Row(item=made, relevant=relevant, group="clear en", weight=1.0)


def test_what_tells_examples_apart_gets_weight() -> None:
    examples = [
        ({"always": 1.0, "word talk": 1.0}, True, 1.0),
        ({"always": 1.0, "word goal": 1.0}, False, 1.0),
    ] * 10
    weights = fit(examples)
    assert weights["word talk"] > 0.5 > -0.5 > weights["word goal"]
    assert all((total(values, weights) > 0) == label for values, label, _ in examples)
    assert fit(examples) == weights


def test_a_row_is_judged_without_the_words_it_alone_gave() -> None:
    rows = [
        row("North Korea wins at volleyball", relevant=False),
        row("North Korea wins at football", relevant=False),
        row("South Korea wins at football", relevant=False),
    ]
    vocabulary = Vocabulary(TAXONOMY, [r.item.article.title for r in rows])
    assert not rows[0].item.verdict.relevant
    assert verdict(rows[0], vocabulary.without(frozenset({0}))).relevant
    assert not verdict(rows[1], vocabulary.without(frozenset({1}))).relevant
