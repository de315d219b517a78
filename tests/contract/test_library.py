"""StoryStore on both engines: articles and stories as readers see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from aggregator.edges.sql.store import SqlStore, open_store
from aggregator.model import Arrangement, Copy, Coverage, StoryItems
from tests import make
from tests.contract.build import HOUR, issue, judged, plan, stored, story
from tests.make import NOW

EARLY = NOW - timedelta(days=30)


def ids(items: object) -> list[str]:
    assert isinstance(items, tuple)
    return [item.article.id for item in items]


def place(store: SqlStore, *made: StoryItems, **more: object) -> None:
    placements = {item.article.id: one.story.id for one in made for item in one.items}
    base = Arrangement(stories=tuple(one.story for one in made), placements=placements)
    store.save(replace(base, **more))  # type: ignore[arg-type]


def test_items_come_newest_first(store: SqlStore) -> None:
    store.apply(
        plan(
            judged("d", seen_at=NOW, published_at=NOW - HOUR),
            judged("c", seen_at=NOW, published_at=NOW - HOUR),
            judged("b", seen_at=NOW, published_at=NOW),
            judged("a", seen_at=NOW - HOUR, published_at=NOW - HOUR),
            judged("noise", relevant=False),
        )
    )
    assert ids(store.items(limit=9)) == ["b", "c", "d", "a"]
    assert ids(store.items(limit=2)) == ["b", "c"]


def test_items_of_a_tag_and_a_half_open_time(store: SqlStore) -> None:
    times = {"a": NOW - 2 * HOUR, "b": NOW - HOUR, "c": NOW}
    store.apply(
        plan(
            *(judged(id, "summit", seen_at=at, published_at=EARLY) for id, at in times.items()),
            judged("other", "talks", seen_at=NOW - HOUR),
        )
    )
    assert ids(store.items(limit=9, tag="summit")) == ["c", "b", "a"]
    window = {"since": NOW - 2 * HOUR, "until": NOW}
    assert ids(store.items(limit=9, tag="summit", **window)) == ["b", "a"]  # type: ignore[arg-type]
    assert ids(store.items(limit=9, since=NOW - HOUR, until=NOW)) == ["other", "b"]
    assert store.items(limit=9, tag="nothing") == ()


def test_items_page_by_page(store: SqlStore) -> None:
    stored(store, *(f"a{n}" for n in range(5)))
    pages = [ids(store.items(limit=2, offset=offset)) for offset in (0, 2, 4, 6)]
    assert pages == [["a0", "a1"], ["a2", "a3"], ["a4"], []]


def test_items_of_feeds(store: SqlStore) -> None:
    store.register([make.feed(), make.feed("b"), make.feed("c")], NOW)
    store.apply(
        plan(
            judged("a1", "summit", seen_at=NOW),
            judged("b1", "summit", feed_id="b", seen_at=NOW - HOUR),
            judged("c1", feed_id="c", seen_at=NOW - 2 * HOUR),
            judged("b2", feed_id="b", seen_at=NOW - 3 * HOUR),
            judged("b3", feed_id="b", relevant=False),
        )
    )
    assert ids(store.items(limit=9, feeds=["b"])) == ["b1", "b2"]
    assert ids(store.items(limit=9, feeds={"b", "c", "nobody"})) == ["b1", "c1", "b2"]
    assert ids(store.items(limit=1, offset=1, feeds={"b", "c"})) == ["c1"]
    assert ids(store.items(limit=9, feeds={"b"}, tag="summit")) == ["b1"]
    assert ids(store.items(limit=9, feeds={"b"}, since=NOW - 3 * HOUR, until=NOW - HOUR)) == ["b2"]
    assert store.items(limit=9, feeds=()) == ()
    many = {f"feed-{n}" for n in range(10_000)} | {"c"}
    assert ids(store.items(limit=9, feeds=many)) == ["c1"]


def test_one_item_and_its_former_titles(store: SqlStore) -> None:
    (item,) = stored(store, "a1")
    store.apply(plan(judged("noise", relevant=False)))
    assert store.item("a1") == item
    assert store.item("noise") is not None
    assert store.item("nobody") is None
    store.apply(plan(edited=(judged("a1", title="Edited"),)))
    (former,) = store.former_titles("a1")
    assert (former.title, former.until) == (item.article.title, NOW)
    assert store.former_titles("nobody") == ()


def test_copies_are_shown_only_when_asked_for(store: SqlStore) -> None:
    stored(store, "a1", "a2", "a3")
    store.save(Arrangement(stories=(), copies=(Copy(article_id="a2", original_id="a1"),)))
    assert ids(store.items(limit=9)) == ["a1", "a3"]
    assert ids(store.items(limit=9, copies=True)) == ["a1", "a2", "a3"]
    assert ids(store.copies_of(["a1", "a3"])) == ["a2"]
    assert store.copies_of([]) == ()


def test_the_copy_of_a_copy_is_a_copy_of_the_original(store: SqlStore) -> None:
    stored(store, "a1", "a2", "a3")
    store.save(Arrangement(stories=(), copies=(Copy(article_id="a3", original_id="a2"),)))
    store.save(Arrangement(stories=(), copies=(Copy(article_id="a2", original_id="a1"),)))
    assert ids(store.copies_of(["a1"])) == ["a2", "a3"]


def test_loose_are_relevant_and_neither_placed_nor_copies(store: SqlStore) -> None:
    placed, *_ = stored(store, "placed", "original", "copy", "loose")
    store.apply(
        plan(judged("noise", relevant=False), judged("old", published_at=NOW - timedelta(days=9)))
    )
    place(store, story(placed), copies=(Copy(article_id="copy", original_id="original"),))
    assert ids(store.loose()) == ["old", "loose", "original"]


def test_a_story_comes_back_whole(store: SqlStore) -> None:
    first, second, copy = stored(store, "a1", "a2", "a1-copy")
    coverage = (Coverage(group="seoul", first_at=NOW, articles=2, publishers=("Example", "뉴스")),)
    whole = story(
        first,
        second,
        title="정상회담",
        tags=("summit", "talks"),
        coverage=coverage,
        reasons=("two capitals",),
        score=1.5,
    )
    place(store, whole, copies=(Copy(article_id=copy.article.id, original_id="a1"),))
    found = store.story("a1")
    assert isinstance(found, StoryItems)
    assert found.story == whole.story
    assert ids(found.items) == ["a1", "a1-copy", "a2"]
    assert [item.story_id for item in found.items] == ["a1", None, "a1"]
    at = NOW - HOUR * 2
    assert store.placed(at, at) == (found,)  # the bounds themselves count
    assert store.placed(NOW, NOW) == ()
    assert store.placed(at - HOUR, at - HOUR) == ()
    assert store.story("nobody") is None


def test_stories_by_score_tag_and_time(store: SqlStore) -> None:
    items = stored(store, "a1", "a2", "a3")
    made = [
        story(item, score=score, tags=tags, last_at=last_at, seen_at=seen_at)
        for item, score, tags, last_at, seen_at in (
            (items[0], 1.0, ("summit",), NOW, NOW),
            (items[1], 3.0, ("summit", "talks"), NOW - HOUR, NOW - HOUR),
            (items[2], 2.0, (), NOW - 2 * HOUR, NOW - 2 * HOUR),
        )
    ]
    place(store, *made)

    def best(**asked: object) -> list[str]:
        return [one.story.id for one in store.stories(limit=9, **asked)]  # type: ignore[arg-type]

    assert best() == ["a2", "a3", "a1"]
    assert best(tag="summit") == ["a2", "a1"]
    assert best(since=NOW - HOUR) == ["a2", "a1"]
    assert best(until=NOW) == ["a2", "a3"]
    assert best(tag="summit", since=NOW - HOUR, until=NOW) == ["a2"]
    assert [one.story.id for one in store.stories(limit=1)] == ["a2"]


def test_stories_by_their_latest_change(store: SqlStore) -> None:
    items = stored(store, "a1", "a2", "a3")
    changes = {
        "a1": {"updated_at": NOW - HOUR, "score": 3.0, "tags": ("summit",)},
        "a2": {"updated_at": NOW, "score": 1.0, "tags": ("summit",), "last_at": NOW - 9 * HOUR},
        "a3": {"updated_at": NOW, "score": 2.0},
    }
    place(store, *(story(item, **changes[item.article.id]) for item in items))

    def latest(limit: int = 9, **asked: Any) -> list[str]:
        return [one.story.id for one in store.stories(limit=limit, latest=True, **asked)]

    assert latest() == ["a2", "a3", "a1"]
    assert latest(tag="summit") == ["a2", "a1"]
    assert latest(1, tag="summit") == ["a2"]
    assert latest(since=NOW - 3 * HOUR) == ["a3", "a1"]
    assert latest(tag="summit", since=NOW - 3 * HOUR) == ["a1"]
    place(store, story(items[0], **changes["a1"] | {"updated_at": NOW + HOUR}))
    assert latest() == ["a1", "a2", "a3"]
    assert latest(1, tag="summit") == ["a1"]


def test_ranked_are_the_stories_without_their_items(store: SqlStore) -> None:
    items = stored(store, "a1", "a2", "a3")
    place(
        store,
        *(story(i, score=n, tags=("summit",) * (n % 2)) for n, i in enumerate(items)),
    )
    for asked in ({}, {"tag": "summit"}, {"since": NOW}, {"until": NOW}):
        whole = store.stories(limit=2, **asked)
        assert store.ranked(limit=2, **asked) == tuple(one.story for one in whole)
    assert [one.id for one in store.ranked(limit=9)] == ["a3", "a2", "a1"]


def test_a_changed_story_is_rewritten(store: SqlStore) -> None:
    (item,) = stored(store, "a1")
    place(store, story(item, tags=("summit",), score=1.0))
    place(store, story(item, tags=("talks",), score=2.0))
    assert store.stories(limit=9, tag="summit") == ()
    (found,) = store.stories(limit=9, tag="talks")
    assert found.story.score == 2.0


def test_a_merged_story_leads_to_the_one_that_took_its_place(store: SqlStore) -> None:
    first, second, third = stored(store, "a1", "a2", "a3")
    place(store, story(first), story(second, tags=("summit",)), story(third))
    place(store, story(second, third), merged=(("a3", "a2"),))
    assert store.story("a3") == "a2"
    place(store, story(first, second, third), merged=(("a2", "a1"),))
    assert (store.story("a2"), store.story("a3")) == ("a1", "a1")
    found = store.story("a1")
    assert isinstance(found, StoryItems)
    assert [item.story_id for item in found.items] == ["a1", "a1", "a1"]
    assert len(store.stories(limit=9)) == 1


def test_a_chain_of_mergers_in_one_arrangement(store: SqlStore) -> None:
    items = stored(store, "a1", "a2", "a3")
    place(store, *(story(item) for item in items))
    place(store, story(*items), merged=(("a2", "a1"), ("a3", "a2")))
    assert (store.story("a2"), store.story("a3")) == ("a1", "a1")


def test_counts_of_a_time(store: SqlStore) -> None:
    stored(store, "a1", "a2", seen_at=NOW - HOUR)
    store.apply(
        plan(judged("noise", relevant=False, seen_at=NOW - HOUR), judged("late", seen_at=NOW))
    )
    store.save(Arrangement(stories=(), copies=(Copy(article_id="a2", original_id="a1"),)))
    assert store.counts(NOW - HOUR, NOW) == (3, 2, 1)
    assert store.counts(NOW + HOUR, NOW + 2 * HOUR) == (0, 0, 0)


def test_tag_counts_since(store: SqlStore) -> None:
    store.apply(
        plan(
            judged("a1", "summit", "talks", seen_at=NOW),
            judged("a2", "summit", seen_at=NOW - HOUR),
        )
    )
    assert store.tag_counts() == {"summit": 2, "talks": 1}
    assert store.tag_counts(since=NOW) == {"summit": 1, "talks": 1}


def test_counted_by_the_hour(store: SqlStore) -> None:
    store.register([make.feed(), make.feed("b")], NOW)
    minute = HOUR / 60
    store.apply(
        plan(
            judged("a1", "summit", seen_at=NOW),
            judged("a2", "summit", seen_at=NOW + 59 * minute, feed_id="b"),
            judged("a3", seen_at=NOW - minute),
            judged("copy", "summit", seen_at=NOW),
            judged("noise", "summit", seen_at=NOW, relevant=False),
            judged("late", seen_at=NOW + 2 * HOUR),
        )
    )
    store.save(Arrangement(stories=(), copies=(Copy(article_id="copy", original_id="a1"),)))
    bounds = (NOW - HOUR, NOW + 2 * HOUR)
    assert store.counted(*bounds) == {NOW: 2, NOW - HOUR: 1}
    assert store.counted(*bounds, tag="summit") == {NOW: 2}
    assert store.counted(*bounds, feeds=["b"]) == {NOW: 1}
    assert store.counted(*bounds, tag="summit", feeds=["b"]) == {NOW: 1}
    assert store.counted(NOW, NOW + 59 * minute) == {NOW: 1}
    assert store.counted(*bounds, tag="nothing") == {}


def test_tags_that_articles_show_together(store: SqlStore) -> None:
    store.apply(
        plan(
            judged("a1", "summit", "talks", "seoul"),
            judged("a2", "summit", "talks"),
            judged("a3", "talks", "tokyo"),
            judged("a4", "summit", "beijing"),
        )
    )
    assert store.related_tags("summit", 9) == (("talks", 2), ("beijing", 1), ("seoul", 1))
    assert store.related_tags("summit", 1) == (("talks", 2),)
    assert store.related_tags("nothing", 9) == ()


def test_only_the_latest_articles_say_what_is_related(store: SqlStore) -> None:
    store.apply(plan(judged("old", "summit", "past", seen_at=NOW - HOUR)))
    store.apply(plan(*(judged(f"a{n}", "summit", "talks", seen_at=NOW) for n in range(500))))
    assert store.related_tags("summit", 9) == (("talks", 500),)


def test_the_latest_before_a_moment(store: SqlStore) -> None:
    assert store.latest_before(NOW) is None
    stored(store, "a1", seen_at=NOW - 2 * HOUR)
    stored(store, "a2", seen_at=NOW)
    store.apply(plan(judged("noise", seen_at=NOW - HOUR, relevant=False)))
    assert store.latest_before(NOW) == NOW - 2 * HOUR
    assert store.latest_before(NOW + HOUR) == NOW
    assert store.latest_before(NOW - 2 * HOUR) is None


def test_the_version_moves_with_what_readers_see(store: SqlStore) -> None:
    seen = [store.version()]
    for write in (
        lambda: store.apply(plan(judged("a1"))),
        lambda: store.apply(plan(edited=(judged("a1", title="Changed"),))),
        lambda: store.save(Arrangement(stories=())),
        lambda: store.publish_issue(issue(), mailed=False),
    ):
        write()
        seen.append(store.version())
    assert seen == sorted(set(seen))
    store.apply(plan(judged("a1")))
    store.publish_issue(issue(), mailed=False)
    store.claim(NOW, HOUR, 9)
    assert store.version() == seen[-1]


def test_a_feed_that_is_configured_no_more_is_still_named(url: str, store: SqlStore) -> None:
    gone = make.feed("gone", publisher="The Example Times", rights="full", tags=("t",))
    store.register([make.feed(), gone], NOW)
    store.apply(plan(judged("a1", feed_id="gone"), feed_id="gone"))
    store.register([make.feed()], NOW)
    (item,) = store.items(limit=9)
    assert item.feed == replace(gone, tags=())
    again = open_store(url, {"gone": replace(gone, title="As configured")})
    assert [item.feed.title for item in again.items(limit=9)] == ["As configured"]
    again.close()
