"""Who covers a story: the order is fixed, nobody is guessed, copies are no reports."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from aggregator.model import Item
from aggregator.steps.perspectives import GROUPS, coverage, group_of
from tests import make


def item(id: str, perspective: str, hours: float = 0.0, publisher: str = "", **more: str) -> Item:
    by = make.feed(f"feed-{id}", perspective=perspective, publisher=publisher or f"Paper {id}")
    return make.item(id, by=by, published_at=make.NOW + timedelta(hours=hours), **more)


def test_the_groups_and_their_order_never_change_by_themselves() -> None:
    assert [group.slug for group in GROUPS] == [
        "pyongyang",
        "seoul",
        "washington",
        "tokyo",
        "beijing",
        "moscow",
        "un",
        "specialists",
        "others",
    ]


def test_each_perspective_belongs_to_one_group() -> None:
    every = [perspective for group in GROUPS for perspective in group.perspectives]
    assert len(set(every)) == len(every)
    for group in GROUPS:
        assert [group_of(each) for each in group.perspectives] == [group.slug] * len(
            group.perspectives
        )
        assert 1 <= len(group.short) <= 3


@pytest.mark.parametrize("perspective", ["unclassified", "", "intl-press", "ROK-GOV", "no-such"])
def test_who_has_no_label_is_among_the_others(perspective: str) -> None:
    assert group_of(perspective) == "others"


@pytest.mark.parametrize(
    ("perspective", "group"),
    [
        ("dprk-state", "pyongyang"),
        ("rok-press-left", "seoul"),
        ("us-gov-media", "washington"),
        ("japan-public", "tokyo"),
        ("china-hk-press", "beijing"),
        ("russia-press-independent", "moscow"),
        ("un-iaea", "un"),
        ("think-tank", "specialists"),
    ],
)
def test_perspectives_stand_for_capitals(perspective: str, group: str) -> None:
    assert group_of(perspective) == group


def test_coverage_is_in_the_fixed_order_whatever_the_order_of_the_items() -> None:
    items = [item(f"a{n}", p) for n, group in enumerate(GROUPS) for p in group.perspectives]
    items.append(item("z", "unclassified"))
    random.Random(7).shuffle(items)
    found = coverage(items)
    assert [one.group for one in found] == [group.slug for group in GROUPS]
    assert coverage(reversed(items)) == found


def test_silent_groups_are_not_listed() -> None:
    assert [one.group for one in coverage([item("a", "un-iaea")])] == ["un"]
    assert coverage([]) == ()


def test_a_copy_counts_for_time_and_publisher_but_is_no_article() -> None:
    original = item("a", "rok-wire", 2, "Wire")
    copy = item("b", "rok-press-right", 1, "Daily", duplicate_of="a")
    (seoul,) = coverage([original, copy])
    assert seoul.articles == 1
    assert seoul.first_at == make.NOW + timedelta(hours=1)
    assert seoul.publishers == ("Daily", "Wire")


def test_a_capital_with_copies_alone_is_heard_with_no_article() -> None:
    found = coverage([item("a", "rok-wire"), item("b", "us-press", 1, duplicate_of="a")])
    assert [(one.group, one.articles) for one in found] == [("seoul", 1), ("washington", 0)]


def test_first_at_is_the_earliest_publication_of_the_group() -> None:
    found = coverage([item("a", "us-press", 5), item("b", "us-gov", 3), item("c", "dprk-state", 4)])
    assert {one.group: one.first_at for one in found} == {
        "pyongyang": make.NOW + timedelta(hours=4),
        "washington": make.NOW + timedelta(hours=3),
    }


def test_publishers_are_named_once_earliest_first() -> None:
    (one,) = coverage(
        [
            item("a", "us-press", 3, "Post"),
            item("b", "us-press", 1, "Times"),
            item("c", "us-press", 2, "Post"),
        ]
    )
    assert one.publishers == ("Times", "Post")
    assert one.articles == 3


def test_a_feed_without_a_publisher_is_named_by_its_title() -> None:
    nameless = make.item("a", by=make.feed(publisher="", title="A Title"))
    assert coverage([nameless])[0].publishers == ("A Title",)
