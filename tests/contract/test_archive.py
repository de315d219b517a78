"""ArchiveStore on both engines: stored articles judged anew, and the stories that this touches."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from aggregator.edges.sql.store import SqlStore
from aggregator.model import (
    Arrangement,
    Copy,
    Item,
    Judged,
    Judgement,
    Rejudged,
    Renewal,
    StaleStory,
    StoryItems,
)
from tests import make
from tests.contract.build import HOUR, judged, plan, story
from tests.make import NOW


def archive(store: SqlStore, *ids: str, judged_by: str = "old", **changes: Any) -> None:
    store.apply(plan(*(judged(id, **changes) for id in ids), judged_by=judged_by))


def waiting(store: SqlStore, limit: int = 9, **asked: Any) -> list[str]:
    found = store.archived(limit, **({"unless_judged_by": "new"} | asked))
    return [item.article.id for item in found]


def anew(item: Item, *tags: str, relevant: bool = True, changed: bool = True) -> Rejudged:
    judgement: Judgement = make.judgement(*tags, relevant=relevant)
    return Rejudged(
        before=item, after=Judged(article=item.article, judgement=judgement), changed=changed
    )


def held(store: SqlStore) -> dict[str, Item]:
    return {i.article.id: i for i in store.archived(99, unless_judged_by=None)}


def told(store: SqlStore, *ids: str, copies: tuple[Copy, ...] = ()) -> StoryItems:
    """Put articles into one story under the id of the first; copies belong to it, too."""
    items = held(store)
    followers = {copy.article_id for copy in copies}
    made = story(*(items[id] for id in ids if id not in followers))
    placements = dict.fromkeys(ids, made.story.id)
    store.save(Arrangement(stories=(made.story,), placements=placements, copies=copies))
    found = store.story(made.story.id)
    assert isinstance(found, StoryItems)
    return found


def stale(store: SqlStore) -> list[tuple[str, int]]:
    return [(s.story_id, s.marks) for s in store.stale_stories(9)]


def test_what_another_version_judged_waits_latest_first(store: SqlStore) -> None:
    archive(store, "a", seen_at=NOW - HOUR)
    archive(store, "b", "c", seen_at=NOW)
    archive(store, "done", judged_by="new")
    archive(store, "noise", relevant=False, seen_at=NOW - 2 * HOUR)
    assert store.waiting("new") == 4
    assert waiting(store) == ["c", "b", "a", "noise"]
    assert waiting(store, 2) == ["c", "b"]
    assert waiting(store, after=held(store)["c"].article) == ["b", "a", "noise"]
    assert set(waiting(store, unless_judged_by=None)) == {"a", "b", "c", "done", "noise"}


def test_an_edit_is_judged_by_the_version_of_its_visit(store: SqlStore) -> None:
    archive(store, "a", "b")
    store.apply(plan(edited=(judged("a", title="Edited"),), judged_by="new"))
    assert waiting(store) == ["b"]


def test_a_new_judgement_is_stored_with_its_tags_and_language(store: SqlStore) -> None:
    archive(store, "a", "b", relevant=False)
    before = store.version()
    first, second = (held(store)[id] for id in "ab")
    korean = replace(first.article, language="ko")
    summit = anew(first, "summit")
    made = replace(summit, after=replace(summit.after, article=korean))
    assert store.rejudge([made, anew(second, relevant=False, changed=False)], "new") == 0
    assert waiting(store) == []
    (item,) = store.items(limit=9, tag="summit")
    assert (item.article.language, item.judgement) == ("ko", make.judgement("summit"))
    assert [i.article.id for i in store.loose()] == ["a"]
    assert store.version() > before
    store.rejudge([anew(item, relevant=False)], "newer")
    assert store.tag_counts() == {}
    assert store.items(limit=9) == ()


def test_what_changes_nothing_tells_readers_nothing(store: SqlStore) -> None:
    archive(store, "a")
    before = store.version()
    store.rejudge([anew(held(store)["a"], changed=False)], "new")
    assert (store.version(), waiting(store), stale(store)) == (before, [], [])


def test_an_article_that_was_edited_meanwhile_is_left(store: SqlStore) -> None:
    archive(store, "a", "b")
    read = held(store)
    store.apply(plan(edited=(judged("a", "talks", title="Edited"),), judged_by="old"))
    both = [anew(read["a"], "summit", relevant=False), anew(read["b"], "summit")]
    assert store.rejudge(both, "new") == 1
    assert held(store)["a"].judgement == make.judgement("talks")
    assert waiting(store) == ["a"]


def test_the_story_of_a_changed_article_is_stale_until_it_is_told_anew(store: SqlStore) -> None:
    archive(store, "a", "b")
    told(store, "a", "b")
    item = held(store)["b"]
    store.rejudge([anew(item, "summit")], "new")
    store.rejudge([anew(item, "talks")], "newer")
    assert stale(store) == [("a", 2)]
    (found,) = store.stale_stories(9)
    assert found.found is not None
    store.renew([Renewal(stale=found, story=replace(found.found.story, tags=("talks",)))])
    assert stale(store) == []
    assert [s.story.id for s in store.stories(limit=9, tag="talks")] == ["a"]


def test_a_member_that_is_not_relevant_any_more_leaves_with_its_copies(store: SqlStore) -> None:
    archive(store, "a", "b", "b-copy", "c-copy")
    copies = tuple(Copy(article_id=f"{x}-copy", original_id=y) for x, y in (("b", "b"), ("c", "a")))
    told(store, "a", "b", "b-copy", "c-copy", copies=copies)
    store.rejudge([anew(held(store)["b"], relevant=False)], "new")
    (found,) = store.stale_stories(9)
    assert found.found is not None
    store.renew([Renewal(stale=found, story=replace(found.found.story, article_ids=("a",)))])
    left = store.story("a")
    assert isinstance(left, StoryItems)
    assert [i.article.id for i in left.items] == ["a", "c-copy"]
    assert [i.article.id for i in store.loose()] == ["b-copy"]
    assert held(store)["b"].story_id is None


def test_a_story_without_relevant_members_is_gone_with_all_that_led_there(store: SqlStore) -> None:
    archive(store, "a", "b")
    told(store, "a")
    one = told(store, "b")
    store.save(Arrangement(stories=(one.story,), placements={"a": "b"}, merged=(("a", "b"),)))
    items = held(store)
    store.rejudge([anew(items["a"], relevant=False), anew(items["b"], relevant=False)], "new")
    (found,) = store.stale_stories(9)
    store.renew([Renewal(stale=found, story=None)])
    assert store.stories(limit=9) == ()
    assert (store.story("b"), store.story("a"), stale(store)) == (None, None, [])
    assert [i.story_id for i in held(store).values()] == [None, None]


def test_a_stale_story_that_was_merged_leads_to_its_heir(store: SqlStore) -> None:
    archive(store, "a", "b")
    told(store, "a")
    told(store, "b")
    store.rejudge([anew(held(store)["b"], "summit")], "new")
    whole = story(*(held(store)[id] for id in "ab"))
    store.save(Arrangement(stories=(whole.story,), merged=(("b", "a"),)))
    (found,) = store.stale_stories(9)
    assert found.found is not None
    assert (found.story_id, found.found.story.id) == ("b", "a")
    store.renew([Renewal(stale=found, story=found.found.story)])
    assert stale(store) == []


def test_what_came_meanwhile_keeps_a_story_stale(store: SqlStore) -> None:
    archive(store, "a", "b", "c")
    told(store, "a")
    store.rejudge([anew(held(store)["a"], relevant=False)], "new")
    (found,) = store.stale_stories(9)
    told(store, "a", "b")  # a member was added since it was read
    store.renew([Renewal(stale=found, story=None)])
    assert isinstance(store.story("a"), StoryItems)
    (found,) = store.stale_stories(9)
    store.rejudge([anew(held(store)["b"], "talks")], "new")  # judged since it was read
    assert found.found is not None
    store.renew([Renewal(stale=found, story=found.found.story)])
    assert stale(store) == [("a", 3)]  # placed though irrelevant, too


def test_an_article_that_was_placed_while_it_was_judged_anew_leaves_again(store: SqlStore) -> None:
    archive(store, "a", "b")
    store.rejudge([anew(held(store)["b"], relevant=False)], "new")
    assert stale(store) == []
    told(store, "a", "b")  # by an arrangement that had read it before
    assert stale(store) == [("a", 1)]


def test_a_mark_without_a_story_is_dropped(store: SqlStore) -> None:
    archive(store, "a")
    told(store, "a")
    store.rejudge([anew(held(store)["a"], relevant=False)], "new")
    (found,) = store.stale_stories(9)
    store.renew([Renewal(stale=found, story=None)])
    store.renew([Renewal(stale=StaleStory(story_id="a", marks=1, found=None), story=None)])
    assert stale(store) == []


def test_an_article_that_nobody_holds_is_left(store: SqlStore) -> None:
    archive(store, "a")
    item = held(store)["a"]
    other = replace(item, article=replace(item.article, id="nobody", seen_at=NOW + timedelta(1)))
    assert store.rejudge([anew(other)], "new") == 1
    assert store.rejudge([], "new") == 0
