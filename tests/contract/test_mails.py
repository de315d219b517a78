"""MailStore on both engines: readers, issues, the outbox."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any, Literal

import pytest
from sqlalchemy import Connection

from aggregator.edges.sql.store import SqlStore
from aggregator.errors import StoreError
from aggregator.model import (
    Clause,
    Coverage,
    IssueItem,
    IssueStory,
    Ledger,
    OutboxItem,
    Past,
    Section,
    Settlement,
)
from tests.contract.build import HOUR, LEASE, issue, subscriber
from tests.make import NOW

SENT = Settlement(state="sent", attempts=1, detail="250 OK")


def mark(store: SqlStore, item: OutboxItem) -> bool:
    return store.mark_dot(item, item.claimed_until)


def states(store: SqlStore) -> dict[str, str]:
    return {line.address: line.state for line in store.ledger("2019-W26")}


@pytest.fixture
def mailed(store: SqlStore) -> SqlStore:
    """Three active readers, one paused, and an issue that was mailed."""
    for id in ("s1", "s2", "s3"):
        store.add_subscriber(subscriber(id), NOW)
    store.add_subscriber(subscriber("s4", status="paused"), NOW)
    assert store.publish_issue(issue(), mailed=True)
    return store


def test_an_address_is_added_once_in_any_case(store: SqlStore) -> None:
    full = subscriber(
        "s1",
        address="Mina.Kim@Example.org",
        name="김",
        timezone="Asia/Seoul",
        language="ko",
        consent_at=NOW,
        consent_source="form",
    )
    assert store.add_subscriber(full, NOW)
    assert not store.add_subscriber(subscriber("s2", address="mina.kim@example.org"), NOW)
    assert store.subscribers() == (full,)
    assert store.subscriber("s1") == full
    assert store.subscriber("s2") is None


def test_remove_is_true_once(store: SqlStore) -> None:
    store.add_subscriber(subscriber("s1", address="A@example.org"), NOW)
    assert store.remove_subscriber("a@EXAMPLE.org", NOW)
    assert not store.remove_subscriber("a@example.org", NOW)
    assert not store.remove_subscriber("nobody@example.org", NOW)
    assert [s.status for s in store.subscribers()] == ["unsubscribed"]
    assert not store.add_subscriber(subscriber("s2", address="a@example.org"), NOW)


def test_a_suppressed_address_never_comes_back(mailed: SqlStore) -> None:
    address = mailed.subscribers()[0].address
    assert mailed.suppress(address.upper(), "bounce", "5.1.1 no such user", NOW)
    assert not mailed.suppress(address, "complaint", "", NOW)
    assert mailed.suppression(address) == "bounce"
    assert states(mailed)[address] == "suppressed"
    later = subscriber("s9", address=address, consent_at=NOW + HOUR)
    assert not mailed.add_subscriber(later, NOW + HOUR)
    assert mailed.suppress("erased@example.org", "erased", "", NOW)
    assert not mailed.add_subscriber(subscriber("s8", address="erased@example.org"), NOW)


def test_the_audience_are_the_active_ones(store: SqlStore) -> None:
    assert store.audience() == 0
    for id, status in (("s1", "active"), ("s2", "active"), ("s3", "paused")):
        store.add_subscriber(subscriber(id, status=status), NOW)
    store.add_subscriber(subscriber("s4", address="gone@example.org"), NOW)
    store.remove_subscriber("gone@example.org", NOW)
    assert store.audience() == 2


def test_an_issue_comes_back_as_it_was(store: SqlStore) -> None:
    first = IssueItem(
        article_id="a1",
        title="정상회담 \x00",
        url="https://example.org/1",
        publisher="Example",
        perspective="intl-press",
        group="world",
        language="ko",
        kind="news",
        genre="g-news",
        published_at=NOW,
    )
    one = IssueStory(
        id="a1",
        title="Summit",
        language="en",
        what="They met.",
        tags=("summit",),
        first=first,
        items=(first,),
        coverage=(Coverage(group="seoul", first_at=NOW, articles=1, publishers=("E",)),),
    )
    full = issue(
        opening=(
            Clause(text="They met", language="en", url="https://example.org/1", publisher="E"),
        ),
        past=(Past(slug="x", when="1953-07-27", texts={"ko": "정전"}, story="a1"),),
        top=(one,),
        sections=(Section(slug="talks", heading="Talks", stories=(one,)),),
        days=(("2019-06-30", 3),),
        ledger=Ledger(feeds_ok=3, feeds_failed=("x",), seen=9, kept=3, merged=1),
    )
    assert store.publish_issue(full, mailed=False)
    stored = store.issue("2019-W26")
    assert stored is not None
    assert stored.top[0].first == replace(first, title="정상회담 \ufffd")
    assert replace(stored, top=(), sections=()) == replace(full, top=(), sections=())
    assert store.issue("2019-W27") is None


def test_issues_come_latest_first(store: SqlStore) -> None:
    assert store.covered_until() is None
    for week in (25, 27, 26):
        store.publish_issue(issue(week), mailed=False)
    assert [i.period.name for i in store.issues(2)] == ["2019-W27", "2019-W26"]
    assert store.covered_until() == issue(27).period.end


def test_an_issue_is_published_once(mailed: SqlStore) -> None:
    mailed.add_subscriber(subscriber("s9"), NOW)
    assert not mailed.publish_issue(issue(title="Other"), mailed=True)
    assert len(mailed.ledger("2019-W26")) == 3
    found = mailed.issue("2019-W26")
    assert found is not None
    assert found.title == "Week 26"


def test_an_issue_is_published_once_by_many(store: SqlStore) -> None:
    for number in range(20):
        store.add_subscriber(subscriber(f"s{number}"), NOW)
    with ThreadPoolExecutor(8) as pool:
        published = list(pool.map(lambda _: store.publish_issue(issue(), mailed=True), range(8)))
    assert sum(published) == 1
    assert len(store.ledger("2019-W26")) == 20


def test_an_issue_without_mail_has_no_audience(store: SqlStore) -> None:
    store.add_subscriber(subscriber(), NOW)
    store.publish_issue(issue(), mailed=False)
    assert store.ledger("2019-W26") == ()
    assert store.claim_mail(NOW, LEASE, 9) == ()


def test_letters_go_to_active_readers_one_each(mailed: SqlStore) -> None:
    taken = mailed.claim_mail(NOW, LEASE, 2) + mailed.claim_mail(NOW, LEASE, 9)
    assert [item.id for item in taken] == ["2019-W26.s1", "2019-W26.s2", "2019-W26.s3"]
    assert {item.state for item in taken} == {"claimed"}
    assert taken[0].subscriber == subscriber("s1")
    assert mailed.claim_mail(NOW, LEASE, 9) == ()


def test_a_letter_is_handed_out_once_however_many_ask(store: SqlStore) -> None:
    for number in range(60):
        store.add_subscriber(subscriber(f"s{number}"), NOW)
    store.publish_issue(issue(), mailed=True)

    def worker(_: int) -> list[str]:
        taken = []
        while items := store.claim_mail(NOW, LEASE, 4):
            for item in items:
                assert mark(store, item)
                store.settle_mail(item, SENT, NOW)
                taken.append(item.id)
        return taken

    with ThreadPoolExecutor(6) as pool:
        taken = [id for ids in pool.map(worker, range(6)) for id in ids]
    assert len(taken) == len(set(taken)) == 60
    assert set(states(store).values()) == {"sent"}


def test_a_sent_letter_is_done(mailed: SqlStore) -> None:
    (item,) = mailed.claim_mail(NOW, LEASE, 1)
    assert mark(mailed, item)
    assert not mark(mailed, item)
    mailed.settle_mail(item, SENT, NOW + HOUR)
    line = mailed.ledger("2019-W26")[0]
    assert (line.state, line.attempts, line.detail, line.at) == ("sent", 1, "250 OK", NOW + HOUR)
    mailed.settle_mail(item, Settlement(state="deferred", attempts=2), NOW)
    assert states(mailed)["s1@example.org"] == "sent"


def test_a_deferred_letter_waits_for_its_time(mailed: SqlStore) -> None:
    (item,) = mailed.claim_mail(NOW, LEASE, 1)
    later = Settlement(state="deferred", attempts=1, not_before=NOW + HOUR, detail="451")
    mailed.settle_mail(item, later, NOW)
    assert item.id not in {i.id for i in mailed.claim_mail(NOW, 9 * HOUR, 9)}
    (again,) = mailed.claim_mail(NOW + HOUR, LEASE, 9)
    assert (again.id, again.attempts, again.detail) == (item.id, 1, "451")


def test_an_expired_claim_is_handed_out_again_and_belongs_to_the_new_holder(
    mailed: SqlStore,
) -> None:
    (slow, *_) = mailed.claim_mail(NOW, LEASE, 9)
    assert mailed.claim_mail(NOW + LEASE - timedelta(seconds=1), LEASE, 9) == ()
    (quick, *_) = mailed.claim_mail(NOW + LEASE, LEASE, 9)
    assert quick == replace(slow, claimed_until=NOW + 2 * LEASE)
    assert not mark(mailed, slow)
    assert mark(mailed, quick)
    # What the slow one found out too late does not make a letter wait that is being handed over.
    assert not mailed.settle_mail(slow, Settlement(state="deferred", attempts=1), NOW)
    assert mailed.settle_mail(quick, SENT, NOW)
    assert states(mailed)["s1@example.org"] == "sent"


def test_the_mark_renews_the_lease(mailed: SqlStore) -> None:
    (item,) = mailed.claim_mail(NOW, LEASE, 1)
    assert mailed.mark_dot(item, NOW + HOUR)
    mailed.claim_mail(NOW + LEASE, LEASE, 9)
    assert states(mailed)["s1@example.org"] == "dot"
    assert not mailed.settle_mail(item, SENT, NOW)
    assert mailed.settle_mail(replace(item, claimed_until=NOW + HOUR), SENT, NOW)


def test_a_letter_lost_at_the_dot_is_uncertain_and_never_sent_again(mailed: SqlStore) -> None:
    (item,) = mailed.claim_mail(NOW, LEASE, 1)
    mark(mailed, item)
    rest = mailed.claim_mail(NOW + LEASE, LEASE, 9)
    assert item.id not in {i.id for i in rest}
    assert states(mailed)["s1@example.org"] == "uncertain"
    assert not mark(mailed, item)
    mailed.settle_mail(item, SENT, NOW + HOUR)  # the slow worker did get its answer
    assert states(mailed)["s1@example.org"] == "sent"


def test_unsubscribing_stops_what_is_not_sent(mailed: SqlStore) -> None:
    (item,) = mailed.claim_mail(NOW, LEASE, 1)
    mailed.remove_subscriber("s1@example.org", NOW)  # in the midst of being sent
    mailed.remove_subscriber("s2@example.org", NOW)  # before
    assert not mark(mailed, item)
    mailed.settle_mail(item, Settlement(state="deferred", attempts=1), NOW)
    assert [i.subscriber.id for i in mailed.claim_mail(NOW + HOUR, LEASE, 9)] == ["s3"]
    assert states(mailed) == {
        "s1@example.org": "suppressed",
        "s2@example.org": "suppressed",
        "s3@example.org": "claimed",
    }


def test_a_letter_put_off_after_the_dot_is_not_tried_again_for_one_who_left(
    mailed: SqlStore,
) -> None:
    (item,) = mailed.claim_mail(NOW, LEASE, 1)
    assert mark(mailed, item)
    mailed.remove_subscriber("s1@example.org", NOW)
    mailed.settle_mail(item, Settlement(state="deferred", attempts=1, not_before=NOW), NOW)
    assert states(mailed)["s1@example.org"] == "suppressed"


def test_publishing_and_leaving_at_once_never_leaves_a_letter(store: SqlStore) -> None:
    people = [subscriber(f"s{number}") for number in range(30)]
    for person in people:
        store.add_subscriber(person, NOW)
    with ThreadPoolExecutor(4) as pool:
        publishing = pool.submit(store.publish_issue, issue(), mailed=True)
        leaving = [pool.submit(store.remove_subscriber, p.address, NOW) for p in people]
        assert publishing.result()
        assert all(left.result() for left in leaving)
    assert store.claim_mail(NOW, LEASE, 99) == ()
    assert set(states(store).values()) <= {"suppressed"}


def test_the_ledger_adds_up_to_the_audience(mailed: SqlStore) -> None:
    for number, item in enumerate(mailed.claim_mail(NOW, LEASE, 9)):
        if number == 0:
            mark(mailed, item)
            mailed.settle_mail(item, SENT, NOW)
        elif number == 1:
            mailed.settle_mail(item, Settlement(state="failed", attempts=1, detail="550"), NOW)
        else:
            mailed.remove_subscriber(item.subscriber.address, NOW)
    assert states(mailed) == {
        "s1@example.org": "sent",
        "s2@example.org": "failed",
        "s3@example.org": "suppressed",
    }


def test_who_left_comes_back_only_on_a_later_consent(store: SqlStore) -> None:
    assert store.add_subscriber(subscriber(consent_at=NOW - HOUR), NOW - HOUR)
    assert store.remove_subscriber("s1@example.org", NOW)
    for stale in (None, NOW - HOUR, NOW):
        assert not store.add_subscriber(subscriber(consent_at=stale), NOW + HOUR)
        assert [s.status for s in store.subscribers()] == ["unsubscribed"]
    assert store.add_subscriber(
        subscriber("other", address="S1@example.org", consent_at=NOW + HOUR), NOW
    )
    assert [(s.id, s.status) for s in store.subscribers()] == [("s1", "active")]


# ── when, and on whose word ──────────────────────────────────────────────────────────────────────


def ids(items: tuple[OutboxItem, ...]) -> list[str]:
    return [item.subscriber.id for item in items]


def test_a_pending_letter_waits_for_its_time(mailed: SqlStore) -> None:
    mailed.put_off("example.org", NOW + HOUR)
    assert mailed.claim_mail(NOW + HOUR - timedelta(seconds=1), LEASE, 9) == ()
    assert ids(mailed.claim_mail(NOW + HOUR, LEASE, 9)) == ["s1", "s2", "s3"]


def test_letters_of_one_domain_can_be_left_out_or_put_off(store: SqlStore) -> None:
    for id, domain in (("s1", "Gmail.com"), ("s2", "example.org"), ("s3", "gmail.com")):
        store.add_subscriber(subscriber(id, address=f"{id}@{domain}"), NOW)
    store.publish_issue(issue(), mailed=True)
    gmail = frozenset({"gmail.com"})
    (other,) = store.claim_mail(NOW, LEASE, 9, without=gmail)
    assert other.subscriber.id == "s2"
    store.put_off("gmail.com", NOW + HOUR)
    assert store.claim_mail(NOW, LEASE, 9) == ()
    assert ids(store.claim_mail(NOW + HOUR, LEASE, 9)) == ["s2", "s1", "s3"]  # s2: its lease ended


def test_letters_that_were_given_back_wait_again(mailed: SqlStore) -> None:
    first = mailed.claim_mail(NOW, LEASE, 9)
    mailed.settle_mail(first[0], Settlement(state="deferred", attempts=1, not_before=NOW), NOW)
    again = mailed.claim_mail(NOW, LEASE, 9)
    assert ids(again) == ["s1"]
    mailed.unclaim([*first[1:], *again])
    mailed.unclaim(first)  # not theirs any more
    assert states(mailed) == {
        "s1@example.org": "deferred",
        "s2@example.org": "pending",
        "s3@example.org": "pending",
    }
    assert len(mailed.claim_mail(NOW, LEASE, 9)) == 3


def test_31_what_comes_too_late_is_held_until_the_operator_decides(mailed: SqlStore) -> None:
    now, day = NOW + timedelta(days=4), timedelta(days=3)
    (sent, broken, _) = mailed.claim_mail(NOW, LEASE, 3)
    mark(mailed, sent)
    mailed.settle_mail(sent, SENT, NOW)
    mailed.unclaim([broken])  # and the third is in the hands of one that crashed
    assert mailed.claim_mail(now, LEASE, 9, late=now - day) == ()
    assert mailed.hold_late(now - day, now) == 2
    assert mailed.claim_mail(now, LEASE, 9) == ()
    assert mailed.tally("2019-W26").states == {"sent": 1, "held": 2}
    mailed.remove_subscriber("s3@example.org", now)
    assert decide(mailed, "held", send=True, now=now) == 1
    assert mailed.hold_late(now - day, now) == 0
    assert ids(mailed.claim_mail(now, LEASE, 9, late=now - day)) == ["s2"]


def test_a_retry_is_not_late_while_it_is_not_overdue(mailed: SqlStore) -> None:
    now, day = NOW + timedelta(days=4), timedelta(days=3)
    (item, *_) = mailed.claim_mail(NOW, LEASE, 9)
    later = Settlement(state="deferred", attempts=9, not_before=now, first_at=NOW)
    mailed.settle_mail(item, later, NOW)
    (again, *_) = mailed.claim_mail(now, LEASE, 9, late=now - day)
    assert (again.id, again.first_at, again.attempts) == (item.id, NOW, 9)


def decide(store: SqlStore, before: Literal["uncertain", "held"], **how: Any) -> int:
    return store.decide_mail("2019-W26", before, **{"addresses": None, "now": NOW} | how)


def lose_at_the_dot(store: SqlStore) -> tuple[OutboxItem, ...]:
    items = store.claim_mail(NOW, LEASE, 9)
    for item in items:
        assert mark(store, item)
    store.claim_mail(NOW + LEASE, LEASE, 9)
    return items


def test_the_operator_decides_on_what_is_uncertain(mailed: SqlStore) -> None:
    slow, *_ = lose_at_the_dot(mailed)
    assert states(mailed)["s1@example.org"] == "uncertain"
    assert decide(mailed, "uncertain", send=True, addresses=["S1@example.org"]) == 1
    assert decide(mailed, "uncertain", send=False, addresses=["s2@example.org"]) == 1
    mailed.remove_subscriber("s3@example.org", NOW)
    assert decide(mailed, "uncertain", send=True) == 1
    assert decide(mailed, "uncertain", send=True) == 0
    assert states(mailed) == {
        "s1@example.org": "pending",
        "s2@example.org": "failed",
        "s3@example.org": "suppressed",
    }
    # An answer that comes after all is about the first attempt, not about the one that is to be.
    assert not mailed.settle_mail(slow, SENT, NOW)
    (again,) = mailed.claim_mail(NOW, LEASE, 9)
    assert again.first_at is None


def test_an_issue_may_be_published_with_its_letters_held(store: SqlStore) -> None:
    for id in ("s1", "s2"):
        store.add_subscriber(subscriber(id), NOW)
    assert store.publish_issue(issue(), mailed=True, held="its time is over")
    assert store.claim_mail(NOW, LEASE, 9) == ()
    assert decide(store, "held", send=False) == 2
    assert set(states(store).values()) == {"suppressed"}


def test_the_tally_adds_up_in_every_state(mailed: SqlStore) -> None:
    def check() -> None:
        tally = mailed.tally("2019-W26")
        assert tally.audience == 3 == sum(tally.states.values())

    check()
    for item in mailed.claim_mail(NOW, LEASE, 9):
        check()
        mark(mailed, item)
        check()
        mailed.settle_mail(item, SENT, NOW)
        check()
    assert mailed.tally("2019-W26").states == {"sent": 3}
    assert mailed.tally("2019-W27").audience == 0


def test_more_readers_than_are_read_at_once_get_a_letter_each(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aggregator.edges.sql.issues._CHUNK", 3)
    for number in range(7):
        store.add_subscriber(subscriber(f"s{number}"), NOW)
    store.publish_issue(issue(), mailed=True)
    assert len(states(store)) == 7
    assert store.tally("2019-W26").audience == 7


def test_what_is_kept_together_fails_alone(store: SqlStore) -> None:
    """Threads share a transaction; the one whose work the database refuses spoils no other's."""
    for number in range(12):
        store.add_subscriber(subscriber(f"s{number:02}"), NOW)
    store.publish_issue(issue(), mailed=True)
    items = store.claim_mail(NOW, LEASE, 12)
    together = Barrier(12)

    def work(item: OutboxItem) -> bool:
        together.wait(timeout=5)
        if item is items[5]:  # no time can be stored without a zone
            item = replace(item, claimed_until=item.claimed_until.replace(tzinfo=None))
            with pytest.raises(StoreError):
                mark(store, item)
            return False
        return mark(store, item)

    with ThreadPoolExecutor(12) as pool:
        marked = list(pool.map(work, items))
    assert marked == [item is not items[5] for item in items]
    assert store.tally("2019-W26").states == {"dot": 11, "claimed": 1}


def test_the_mark_is_on_the_disk_before_the_dot(store: SqlStore) -> None:
    if store.database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL writes each commit to the disk")
    store.add_subscriber(subscriber(), NOW)
    store.publish_issue(issue(), mailed=True)
    levels = []

    def level(connection: Connection) -> None:
        levels.append(connection.exec_driver_sql("PRAGMA synchronous").scalar())

    store.database.write(level)
    store.database.keep(level)
    store.database.write(level)
    assert levels == [1, 2, 1]  # NORMAL, FULL
