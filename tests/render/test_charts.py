"""The pictures say the same as their words, and both the same as the numbers."""

from __future__ import annotations

import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from aggregator.model import Coverage
from aggregator.render.charts import (
    bars,
    capitals,
    coverage_in_words,
    day_bars,
    days_in_words,
    days_svg,
)
from aggregator.steps.perspectives import GROUPS
from tests import make
from tests.render import sample

LABEL = {group.slug: group.label for group in GROUPS}


def one(group: str, articles: int, hours: int = 0) -> Coverage:
    return Coverage(
        group=group,
        first_at=make.NOW + timedelta(hours=hours),
        articles=articles,
        publishers=("Example",),
    )


COVERAGE = st.lists(
    st.builds(one, st.sampled_from(sorted(LABEL)), st.integers(0, 5000), st.integers(0, 100)),
    unique_by=lambda each: each.group,
).map(tuple)
DAYS = st.lists(
    st.tuples(st.dates().map(lambda d: d.isoformat()), st.integers(0, 10_000)),
    max_size=31,
).map(tuple)


# ── capitals ─────────────────────────────────────────────────────────────────────────────────────


def test_a_row_names_who_reports_who_was_first_and_who_is_silent() -> None:
    cells = capitals([one("seoul", 1, 2), one("pyongyang", 3, 1), one("tokyo", 0, 5)])
    assert [cell.words for cell in cells] == [
        "Pyongyang: 3 reports, first",
        "Seoul: 1 report",
        "Washington: silent",
        "Tokyo: copies only",
        "Beijing: silent",
        "Moscow: silent",
        "UN: silent",
        "Specialists: silent",
        "Others: silent",
    ]
    assert [c.state for c in cells[:4]] == ["first", "reports", "silent", "copies"]


def test_a_capital_that_was_first_with_a_copy_has_no_reports_of_its_own() -> None:
    found = [one("seoul", 0, 1), one("washington", 4, 2)]
    assert capitals(found)[1].words == "Seoul: copies only, first"
    assert coverage_in_words(found).startswith("Seoul copies only, first; Washington 4; silent: ")


def test_coverage_in_words() -> None:
    found = [one("seoul", 12), one("washington", 7, 1)]
    assert coverage_in_words(found) == (
        "Seoul 12, first; Washington 7; "
        "silent: Pyongyang, Tokyo, Beijing, Moscow, UN, Specialists, Others."
    )
    assert coverage_in_words(one(slug, 1) for slug in LABEL).count("silent") == 0


@given(COVERAGE)
def test_words_of_a_row_equal_its_numbers(found: tuple[Coverage, ...]) -> None:
    counts = {each.group: each.articles for each in found}
    first = min((each.first_at for each in found), default=None)
    cells = capitals(found)
    assert [cell.group for cell in cells] == list(LABEL)
    for cell in cells:
        said = re.search(r"([\d,]+) reports?", cell.words)
        assert cell.articles == counts.get(cell.group, 0)
        assert (int(said[1].replace(",", "")) if said else 0) == cell.articles
        assert cell.words.endswith(": silent") == (cell.group not in counts)
    assert {c.group for c in cells if c.words.endswith(", first")} == {
        each.group for each in found if each.first_at == first
    }


@given(COVERAGE)
def test_one_sentence_equals_the_row(found: tuple[Coverage, ...]) -> None:
    words, _, silent = coverage_in_words(found).rstrip(".").partition("silent: ")
    counts = {LABEL[each.group]: each.articles for each in found}
    for label in LABEL.values():
        said = re.search(rf"(?:^|; ){label} (\d+|copies only)", words)
        assert (label in silent.split(", ")) == (label not in counts) == (said is None)
        if said:
            assert said[1] == str(counts[label] or "copies only")


# ── bars ─────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.tuples(st.text(max_size=5), st.integers(0, 10**6)), max_size=20))
def test_bars_keep_their_numbers_and_are_in_proportion(counts: list[tuple[str, int]]) -> None:
    made = bars(counts)
    assert [(bar.label, bar.value) for bar in made] == counts
    most = max((count for _, count in counts), default=0)
    for bar in made:
        assert (bar.percent == 0) == (bar.value == 0)
        assert 0 <= bar.percent <= 100
        assert bar.value != most or bar.percent in (0, 100)
        if most:
            assert abs(bar.percent - 100 * bar.value / most) <= 1


def test_bars_of_days_are_named_by_weekday_and_date() -> None:
    assert [(b.label, b.value) for b in day_bars(sample.DAYS)][:2] == [
        ("Mon 24 June", 4),
        ("Tue 25 June", 6),
    ]


# ── days ─────────────────────────────────────────────────────────────────────────────────────────


def test_days_in_words() -> None:
    assert days_in_words(sample.DAYS[:2]) == "Articles by day: Mon 24 June 4, Tue 25 June 6."


@given(DAYS)
def test_the_picture_of_days_says_what_its_words_say(days: tuple[tuple[str, int], ...]) -> None:
    words = days_in_words(days)
    said = [int(n) for n in re.findall(r" (\d+)(?=[,.])", words)] if days else []
    assert said == [count for _, count in days]
    picture = days_svg(days)
    if not days:
        assert picture == ""
        return
    root = etree.fromstring(picture)
    assert root.get("aria-label") == words
    assert [int(t.text) for t in root.iterfind("text[@class='value']")] == said
    heights = [int(bar.get("height")) for bar in root.iterfind("rect[@class='bar']")]
    most = max(said)
    for height, count in zip(heights, said, strict=True):
        assert count == 0 or abs(height - 64 * count / most) <= 0.5
        assert count > 0 or height == 0
    assert not [name for node in root.iter() for name in node.attrib if name.startswith("on")]


def test_a_name_that_is_no_date_is_escaped_once() -> None:
    picture = days_svg([("<b>&", 1)])
    assert etree.fromstring(picture).get("aria-label") == "Articles by day: <b>& 1."
    assert "<b>" not in picture
    assert days_in_words([("<b>&", 1)]) == "Articles by day: <b>& 1."
