"""BounceStore on both engines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.edges.sql.store import SqlStore
from aggregator.model import Bounce, BounceRecord, LetterFate, Settlement
from tests.contract.build import LEASE, issue, subscriber
from tests.make import NOW

WEEK = timedelta(days=7)
GONE = Bounce(letter="2019-W26.s1", kind="hard", status="5.1.1", detail="no such user")
FULL = Bounce(letter="2019-W26.s1", kind="soft", status="5.2.2", detail="mailbox full")


def mail(store: SqlStore, week: int, state: str = "sent") -> None:
    """One more issue, every letter of it settled."""
    made = issue()
    name = f"2019-W{week}"
    end = made.period.end + (week - 26) * WEEK
    store.publish_issue(replace(made, period=replace(made.period, name=name, end=end)), mailed=True)
    for item in store.claim_mail(NOW, LEASE, 10):
        store.mark_dot(item, item.claimed_until)
        settlement = Settlement(state=state, attempts=1)  # type: ignore[arg-type]
        store.settle_mail(item, settlement, NOW + (week - 26) * WEEK)


@pytest.fixture
def mailed(store: SqlStore) -> SqlStore:
    for id in ("s1", "s2"):
        store.add_subscriber(subscriber(id), NOW)
    mail(store, 26)
    return store


def test_a_bounce_is_noted_once(mailed: SqlStore) -> None:
    assert mailed.note_bounce(FULL, "report", None, NOW)
    assert not mailed.note_bounce(FULL, "report", None, NOW + WEEK)
    assert mailed.note_bounce(FULL, "another report", None, NOW + WEEK)
    assert mailed.note_bounce(GONE, "report", None, NOW + 2 * WEEK)
    latest = mailed.bounces(10)
    assert [(each.kind, each.at) for each in latest] == [
        ("hard", NOW + 2 * WEEK),
        ("soft", NOW + WEEK),
        ("soft", NOW),
    ]
    assert latest[0] == BounceRecord(
        letter="2019-W26.s1",
        subscriber_id="s1",
        kind="hard",
        status="5.1.1",
        detail="no such user",
        effect=None,
        at=NOW + 2 * WEEK,
    )
    assert mailed.bounces(1) == latest[:1]


def test_a_letter_that_nobody_got_is_nothing(mailed: SqlStore) -> None:
    stray = replace(GONE, letter="2019-W26.s9")
    assert mailed.fates(stray.letter) is None
    assert not mailed.note_bounce(stray, "report", "bounce", NOW)
    assert mailed.bounces(10) == ()


def test_33_an_effect_suppresses_with_the_note_or_not_at_all(mailed: SqlStore) -> None:
    address = "s1@example.org"
    assert mailed.note_bounce(GONE, "report", "bounce", NOW)
    assert mailed.suppression(address) == "bounce"
    reader = mailed.subscriber("s1")
    assert reader is not None
    assert reader.status == "unsubscribed"
    assert mailed.suppression("s2@example.org") is None
    assert mailed.bounces(1)[0].effect == "bounce"


def test_fates_are_the_letters_that_left(mailed: SqlStore) -> None:
    mail(mailed, 27)
    mail(mailed, 28, state="failed")
    mail(mailed, 29, state="uncertain")
    mailed.note_bounce(FULL, "a", None, NOW)
    mailed.note_bounce(replace(FULL, kind="delayed"), "b", None, NOW)
    mailed.note_bounce(replace(FULL, letter="2019-W27.s2"), "c", None, NOW)
    fates = sorted(mailed.fates("2019-W27.s1") or (), key=lambda fate: fate.letter)
    assert fates == [
        LetterFate(letter="2019-W26.s1", at=NOW, kinds=frozenset({"soft", "delayed"})),
        LetterFate(letter="2019-W27.s1", at=NOW + WEEK),
    ]
    # The one that is asked about is among them, though what came of it is not noted yet.
    assert len(mailed.fates("2019-W28.s1") or ()) == 3


def test_the_latest_letter_to_an_address(mailed: SqlStore) -> None:
    mail(mailed, 27)
    assert mailed.letter_to("S1@Example.org ") == "2019-W27.s1"
    assert mailed.letter_to("nobody@example.org") is None


def test_readers_of_one_report_at_once_note_it_once(mailed: SqlStore) -> None:
    with ThreadPoolExecutor(4) as pool:
        noted = list(pool.map(lambda _: mailed.note_bounce(GONE, "r", "bounce", NOW), range(8)))
    assert noted.count(True) == 1
    assert len(mailed.bounces(10)) == 1


def test_strange_words_are_kept_as_they_can_be(mailed: SqlStore) -> None:
    assert mailed.note_bounce(replace(FULL, detail="nul \0 and \ud800"), "\udcff", None, NOW)
    assert mailed.bounces(1)[0].detail == "nul \ufffd and \ufffd"


def test_the_ledger_tells_what_came_back(mailed: SqlStore) -> None:
    mailed.note_bounce(replace(FULL, kind="delayed", status=""), "a", None, NOW)
    told = {line.address: line.came_back for line in mailed.ledger("2019-W26")}
    assert told == {"s1@example.org": "delayed", "s2@example.org": ""}
    mailed.note_bounce(GONE, "b", None, NOW + WEEK)
    assert mailed.ledger("2019-W26")[0].came_back == "hard 5.1.1"
    assert mailed.ledger("2019-W26")[0].state == "sent"
