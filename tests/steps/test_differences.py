"""What the sources of a story do not tell alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from aggregator.model import Item
from aggregator.steps.differences import differences
from aggregator.taxonomy import load
from tests import make

TAXONOMY = load()


def told(*items: Item) -> dict[str, dict[str, tuple[str, ...]]]:
    """contrast -> value -> publishers"""
    return {
        found.about: {saying.value: saying.publishers for saying in found.sayings}
        for found in differences(items, TAXONOMY)
    }


def by(name: str, title: str, *tags: str, **changes: object) -> Item:
    feed = make.feed(name, publisher=name)
    return make.item(f"{name}-{title[:12]}", title, *tags, by=feed, **changes)


def test_numbers_of_the_same_thing_in_any_language() -> None:
    assert told(
        by("wire", "North Korea fires two short-range ballistic missiles"),
        by("daily", "북한, 탄도미사일 3발 발사", language="ko"),
        by("paper", "Pyongyang launches 2 missiles, Seoul says"),
    ) == {"missiles": {"2": ("paper", "wire"), "3": ("daily",)}}


def test_agreement_is_no_difference_nor_is_silence() -> None:
    assert told(by("wire", "Two missiles fired"), by("paper", "Missiles fired")) == {}
    assert told(by("wire", "Two missiles fired"), by("paper", "2 missiles fired")) == {}


def test_the_latest_word_of_a_publisher_counts() -> None:
    early = by("wire", "One missile fired")
    late = by("wire", "Three missiles fired", published_at=make.NOW + timedelta(hours=1))
    assert told(late, early, by("paper", "3 missiles fired")) == {}


def test_kinds_that_exclude_each_other() -> None:
    items = (
        by("wire", "A launch", "missile-launch", "irbm"),
        by("paper", "A launch", "missile-launch", "icbm"),
    )
    assert told(*items) == {"missile-type": {"icbm": ("paper",), "irbm": ("wire",)}}


def test_whether_it_is_so_at_all_but_not_what_opinion_makes_of_it() -> None:
    so = by("wire", "The loudspeakers are gone")
    denied = by("party-daily", "The loudspeakers were never removed")
    denied = replace(denied, judgement=replace(denied.judgement, certainty="c-negated"))
    assert told(so, denied) == {
        "certainty": {"c-confirmed": ("wire",), "c-negated": ("party-daily",)}
    }
    column = replace(denied, judgement=replace(denied.judgement, genre="g-oped"))
    assert told(so, column) == {}


def test_a_row_of_figures_is_no_number() -> None:
    endless = by("wire", "1" * 5_000 + "발", language="ko")
    assert told(endless, by("daily", "북한, 탄도미사일 3발 발사", language="ko")) == {}
