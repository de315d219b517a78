"""The committed table is read, compared with and written anew, and nothing else of the page."""

from __future__ import annotations

import pytest

from tests.eval.figures import Line, Target, committed, compared, number, written

PAGE = """\
# Quality

Measured on 2026-01-02 at 0123abc.

| figure | target | measured |
| --- | --- | ---: |
| recall | ≥ 0.900 | 0.912 |
| let in | ≤ 0 | 2 |
| gone | – | 0.500 |

What remains.
"""
TARGETS = {"recall": Target(0.9), "let in": Target(0, lower=True)}


def test_the_table_is_read_by_name() -> None:
    assert committed(PAGE) == {"recall": 0.912, "let in": 2.0, "gone": 0.5}
    assert committed("# Quality\n\nNo table yet.\n") == {}


def test_a_figure_that_is_no_number_is_told_with_its_line() -> None:
    with pytest.raises(ValueError, match=r"line 8: .*two"):
        committed(PAGE.replace("| 2 |", "| two |"))


def test_changes_have_a_direction() -> None:
    lines, missing = compared({"recall": 0.92, "let in": 1.0, "added": 0.3}, TARGETS, PAGE)
    assert [line.change for line in lines] == ["better", "better", "new"]
    assert missing == ("gone",)
    worse, _ = compared({"recall": 0.85, "let in": 3.0}, TARGETS, PAGE)
    assert [line.change for line in worse] == ["worse", "worse"]
    assert [line.met for line in worse] == [False, False]


def test_a_small_change_is_none() -> None:
    assert Line("recall", Target(0.9), 0.915, 0.912).change == ""
    assert Line("recall", Target(0.9), 0.8999, 0.9).met


def test_only_table_date_and_commit_are_written() -> None:
    lines, _ = compared({"recall": 0.85, "let in": 0.0}, TARGETS, PAGE)
    page = written(PAGE, lines, "2026-02-03 at 4567def")
    assert committed(page) == {"recall": 0.85, "let in": 0.0}
    assert page.startswith("# Quality\n\nMeasured on 2026-02-03 at 4567def.\n\n| figure |")
    assert page.endswith("| let in | ≤ 0 | 0 |\n\nWhat remains.\n")
    assert written(page, lines, "2026-02-03 at 4567def") == page
    empty = PAGE.replace(
        "| recall | ≥ 0.900 | 0.912 |\n| let in | ≤ 0 | 2 |\n| gone | – | 0.500 |\n", ""
    )
    assert written(empty, lines, "2026-02-03 at 4567def") == page
    with pytest.raises(ValueError, match="no table"):
        written("# Quality\n", lines, "today")


def test_counts_are_whole_and_shares_are_not() -> None:
    assert [number(value) for value in (0.0, 1.0, 2.0, 0.95)] == ["0", "1.000", "2", "0.950"]
