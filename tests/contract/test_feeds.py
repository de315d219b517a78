"""FeedStore on both engines: registering, claiming, what a visit writes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.edges.sql.store import SqlStore
from aggregator.errors import StoreError
from aggregator.model import FeedState, Judgement, Known, Sighting, Verdict
from tests import make
from tests.contract.build import HOUR, LEASE, judged, plan, reading
from tests.make import NOW


def test_the_first_registration_is_the_installation(store: SqlStore) -> None:
    store.register([make.feed()], NOW + HOUR)
    assert store.installed_at() == NOW


def test_a_new_feed_is_due_at_once_and_an_absent_one_rests(store: SqlStore) -> None:
    store.register([make.feed("second")], NOW + HOUR)
    assert set(store.states()) == {"second"}
    assert store.next_due() == NOW + HOUR
    assert [s.feed_id for s in store.claim(NOW + HOUR, LEASE, 9, all_feeds=True)] == ["second"]


def test_a_feed_that_comes_back_keeps_its_state(store: SqlStore) -> None:
    (held,) = store.claim(NOW, LEASE, 1)
    learnt = replace(held, next_check_at=NOW + HOUR, etag='"x"', failures=1.5, last_ok_at=NOW)
    store.apply(plan(claimed_until=held.next_check_at, state=learnt))
    store.register([], NOW)
    assert store.states() == {}
    assert store.next_due() is None
    store.register([make.feed()], NOW + 2 * HOUR)
    assert store.states() == {"example-wire": learnt}


def test_a_new_address_forgets_what_the_old_one_said(store: SqlStore) -> None:
    (held,) = store.claim(NOW, LEASE, 1)
    store.apply(
        plan(claimed_until=held.next_check_at, state=replace(held, etag='"x"', retired_at=NOW))
    )
    assert store.claim(NOW + HOUR, LEASE, 1, all_feeds=True) == ()
    store.register([make.feed(url="https://new.example.org/feed.xml")], NOW + HOUR)
    assert store.states()["example-wire"] == FeedState(
        feed_id="example-wire", next_check_at=NOW + HOUR
    )


def test_claim_takes_the_earliest_due_and_moves_it(store: SqlStore) -> None:
    store.register([make.feed(), make.feed("later")], NOW + HOUR)
    assert [s.feed_id for s in store.claim(NOW, LEASE, 9)] == ["example-wire"]
    assert store.claim(NOW, LEASE, 9) == ()
    both = store.claim(NOW + HOUR, LEASE, 1)
    assert [(s.feed_id, s.next_check_at) for s in both] == [("example-wire", NOW + HOUR + LEASE)]
    assert store.states()["example-wire"].next_check_at == NOW + HOUR + LEASE


def test_all_feeds_are_claimed_due_or_not(store: SqlStore) -> None:
    early = NOW - HOUR
    assert store.claim(early, LEASE, 9) == ()
    assert len(store.claim(early, LEASE, 9, all_feeds=True)) == 1


def test_a_feed_is_handed_out_once_however_many_ask(store: SqlStore) -> None:
    store.register([make.feed(f"feed-{n}") for n in range(60)], NOW)

    def worker(_: int) -> list[str]:
        taken = []
        while states := store.claim(NOW, LEASE, 3):
            taken += [state.feed_id for state in states]
        return taken

    with ThreadPoolExecutor(8) as pool:
        taken = [id for ids in pool.map(worker, range(8)) for id in ids]
    # SKIP LOCKED may leave a row that another worker then takes; none is lost, none is doubled.
    assert sorted(taken) == sorted(f"feed-{n}" for n in range(60))


def test_an_expired_lease_is_claimed_again(store: SqlStore) -> None:
    (first,) = store.claim(NOW, LEASE, 1)
    assert store.claim(NOW + LEASE - timedelta(seconds=1), LEASE, 1) == ()
    (second,) = store.claim(NOW + LEASE, LEASE, 1)
    assert second.next_check_at > first.next_check_at


def test_the_state_of_a_visit_without_lease_is_void_but_its_articles_count(store: SqlStore) -> None:
    (slow,) = store.claim(NOW, LEASE, 1)
    (quick,) = store.claim(NOW + LEASE, LEASE, 1)
    newer = replace(quick, next_check_at=NOW + HOUR, etag='"newer"')
    older = replace(slow, next_check_at=NOW + HOUR, etag='"older"')
    store.apply(plan(claimed_until=quick.next_check_at, state=newer))
    assert store.apply(plan(judged(), claimed_until=slow.next_check_at, state=older)) == 1
    assert store.states()["example-wire"].etag == '"newer"'
    assert len(store.items(limit=9)) == 1


def test_every_field_of_a_state_comes_back(store: SqlStore) -> None:
    (held,) = store.claim(NOW, LEASE, 1)
    full = FeedState(
        feed_id="example-wire",
        next_check_at=NOW + timedelta(microseconds=1),
        etag='W/"é"',
        last_modified="Sun, 30 Jun 2019 12:00:00 GMT",
        body_hash="ab",
        failures=2.25,
        last_error="503",
        last_error_at=NOW,
        last_ok_at=NOW - HOUR,
        last_new_at=NOW - 2 * HOUR,
        retired_at=NOW + HOUR,
    )
    store.apply(plan(claimed_until=held.next_check_at, state=full))
    assert store.states() == {"example-wire": full}
    assert store.next_due() is None


def test_apply_is_idempotent(store: SqlStore) -> None:
    visit = plan(judged("a1", "summit"), judged("a2"))
    assert store.apply(visit) == 2
    assert store.apply(visit) == 0
    assert store.article_counts() == {"example-wire": 2}
    assert store.tag_counts() == {"summit": 1}
    assert len(store.items(limit=9)) == 2


def test_an_article_twice_in_one_plan_is_one(store: SqlStore) -> None:
    assert store.apply(plan(judged("a1", "summit"), judged("a1", "talks"))) == 1


def test_many_visits_with_the_same_articles_at_once(store: SqlStore) -> None:
    feeds = [make.feed(f"feed-{n}") for n in range(6)]
    store.register(feeds, NOW)
    many = [judged(f"a{n:03}", "summit") for n in range(200)]

    def visit(number: int) -> int:
        mine = many if number % 2 else many[::-1]
        return store.apply(plan(*mine, edited=tuple(mine), feed_id=f"feed-{number}"))

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(visit, range(6))) == 200
    assert set(store.article_counts().values()) == {200}
    assert store.tag_counts() == {"summit": 200}


def test_an_edit_keeps_what_the_library_added(store: SqlStore) -> None:
    from aggregator.model import Arrangement, Copy

    store.apply(plan(judged("a1", "summit"), judged("a2", "summit")))
    first, second = sorted(store.items(limit=9), key=lambda item: item.article.id)
    store.save(
        Arrangement(
            stories=(make.story(first).story,),
            placements={"a1": "a1", "a2": "a1"},
            copies=(Copy(article_id="a2", original_id="a1"),),
        )
    )
    new_title = make.article(
        "a2", "Talks end early", seen_at=NOW + HOUR, published_at=NOW + HOUR, feed_id="x", guid="y"
    )
    edit = replace(judged("a2", "talks"), article=new_title)
    assert store.apply(plan(edited=(edit,))) == 0
    (changed,) = store.copies_of(["a1"])
    assert changed.article == replace(
        new_title,
        feed_id="example-wire",
        guid="a2",
        seen_at=second.article.seen_at,
        published_at=second.article.seen_at,  # never later than seen
    )
    assert changed.judgement == make.judgement("talks")
    assert (changed.story_id, changed.duplicate_of) == ("a1", "a1")
    assert store.tag_counts() == {"summit": 1, "talks": 1}


def test_former_titles_are_kept(store: SqlStore) -> None:
    store.apply(plan(judged("a1", title="One")))
    for hours, title in enumerate(("Two", "Two", "Three"), start=1):
        store.apply(plan(edited=(judged("a1", title=title),), now=NOW + hours * HOUR))
    former = store.former_titles("a1")
    assert [(f.title, f.until) for f in former] == [("One", NOW + HOUR), ("Two", NOW + 3 * HOUR)]


def test_a_flapping_title_does_not_grow_for_ever(store: SqlStore) -> None:
    store.apply(plan(judged("a1", title="0")))
    for number in range(1, 30):
        store.apply(plan(edited=(judged("a1", title=str(number)),)))
    assert [f.title for f in store.former_titles("a1")] == [str(n) for n in range(9, 29)]


def test_an_edit_of_an_unknown_article_is_nothing(store: SqlStore) -> None:
    before = store.version()
    assert store.apply(plan(edited=(judged("a1"),), sightings=())) == 0
    assert (store.items(limit=9), store.version()) == ((), before)


def test_known_tells_ids_guids_and_sightings(store: SqlStore) -> None:
    store.register([make.feed(), make.feed("other")], NOW)
    store.apply(plan(judged("a1", guid="g1"), judged("a2", guid="g2")))
    store.apply(plan(feed_id="other", sightings=(Sighting(article_id="a2", guid="their-2"),)))
    moved = make.article("a9", guid="g1")
    asked = reading(moved, make.article("a2", guid="g2"), make.article("new", guid="g3"))
    prints = {id: make.article(id).fingerprint for id in ("a1", "a2")}
    assert store.known("example-wire", asked) == Known(
        fingerprints=prints, guids={"g1": "a1", "g2": "a2"}, sighted=frozenset({"a2"})
    )
    assert store.known("other", asked) == Known(
        fingerprints={"a2": prints["a2"]}, sighted=frozenset({"a2"})
    )


def test_known_of_more_articles_than_one_query_takes(store: SqlStore) -> None:
    many = [judged(f"a{n:04}") for n in range(2700)]
    assert store.apply(plan(*many)) == 2700
    known = store.known("example-wire", reading(*(j.article for j in many)))
    assert len(known.fingerprints) == len(known.guids) == len(known.sighted) == 2700


def test_an_endless_guid_is_known_again(store: SqlStore) -> None:
    guid = "".join(chr(0xAC00 + n % 11000) for n in range(9000))
    store.apply(plan(judged("a1", guid=guid)))
    known = store.known("example-wire", reading(make.article("a2", guid=guid)))
    assert known.guids == {guid: "a1"}


def test_only_shown_tags_are_counted(store: SqlStore) -> None:
    tags = (
        make.tagging("summit", 3.0),
        make.tagging("summit", 5.0),
        make.tagging("weak", 1.9),
        make.tagging("parent", 4.0, method="implied"),
    )
    conclusion = Judgement(verdict=Verdict(relevant=True, score=1.0, reasons=()), tags=tags)
    noise = replace(conclusion, verdict=Verdict(relevant=False, score=0.0, reasons=()))
    store.apply(
        plan(replace(judged("a1"), judgement=conclusion), replace(judged("a2"), judgement=noise))
    )
    assert store.tag_counts() == {"summit": 1}
    (item,) = store.items(limit=9)
    assert item.judgement == conclusion


def test_a_plan_of_an_unknown_feed_is_refused(store: SqlStore) -> None:
    with pytest.raises(StoreError):
        store.apply(plan(judged("a1", feed_id="nobody"), feed_id="nobody"))
    assert store.items(limit=9) == ()


def test_counts_are_of_articles_not_of_guids(store: SqlStore) -> None:
    store.apply(plan(judged("a1", guid="g1")))
    store.apply(plan(sightings=(Sighting(article_id="a1", guid="g1-renamed"),)))
    assert store.article_counts() == {"example-wire": 1}
