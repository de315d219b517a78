"""ReaderStore on both engines: sign-ups, what readers choose, and how they are forgotten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from aggregator.edges.sql.store import SqlStore
from aggregator.model import Bounce, Settlement, SignUp, SuppressionReason
from aggregator.steps import tokens
from tests.contract.build import HOUR, LEASE, issue, subscriber
from tests.make import NOW

DAY = timedelta(days=1)
TOKEN = tokens.digest("a token")


def sign_up(id: str = "u1", **changes: Any) -> SignUp:
    made = SignUp(
        id=id,
        address=f"{id}@example.org",
        asked_at=NOW,
        not_before=NOW,
        expires_at=NOW + 2 * DAY,
    )
    return replace(made, **changes)


def confirmed(store: SqlStore, asked: SignUp, at: timedelta = HOUR) -> str:
    store.add_sign_up(asked)
    store.change_sign_up(replace(asked, token_hash=TOKEN, mailed_at=NOW))
    reader = store.confirm(TOKEN, NOW + at)
    return reader.status if reader else "nobody"


# ── sign-ups ─────────────────────────────────────────────────────────────────────────────────────


def test_a_sign_up_is_handed_out_once_until_its_lease_ends(store: SqlStore) -> None:
    asked = sign_up(language="ko", cadence="daily")
    store.add_sign_up(asked)
    assert store.claim_sign_ups(NOW - HOUR, LEASE, 9) == ()
    taken = replace(asked, not_before=NOW + LEASE)
    assert store.claim_sign_ups(NOW, LEASE, 9) == (taken,)
    store.change_sign_up(replace(taken, token_hash=TOKEN))
    assert store.claim_sign_ups(NOW, LEASE, 9) == ()
    (again,) = store.claim_sign_ups(NOW + LEASE, LEASE, 9)
    assert again.token_hash == TOKEN


def test_many_workers_share_the_sign_ups(store: SqlStore) -> None:
    for number in range(40):
        store.add_sign_up(sign_up(f"u{number}"))
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: store.claim_sign_ups(NOW, LEASE, 10), range(8)))
    ids = [each.id for batch in taken for each in batch]
    assert len(ids) == len(set(ids)) == 40


def test_what_is_not_confirmed_is_forgotten(store: SqlStore) -> None:
    store.add_sign_up(sign_up())
    store.add_sign_up(sign_up("u2", token_hash=TOKEN, mailed_at=NOW))
    assert store.claim_sign_ups(NOW + 2 * DAY, LEASE, 9) == ()
    for id in ("u1", "u2"):
        assert store.data_of(f"{id}@example.org")["sign_ups"] == ()


def test_mails_to_one_address_are_counted_however_it_is_written(store: SqlStore) -> None:
    for n, address in enumerate(("Mina@Bücher.example", "mina@xn--bcher-kva.example")):
        asked = sign_up(f"u{n}", address=address)
        store.add_sign_up(asked)
        store.change_sign_up(replace(asked, mailed_at=NOW - n * HOUR))
    assert store.mailed_since("MINA@bücher.example", NOW - HOUR) == 2
    assert store.mailed_since("mina@bücher.example", NOW) == 1


def test_a_dropped_sign_up_is_gone(store: SqlStore) -> None:
    store.add_sign_up(sign_up())
    store.drop_sign_up("u1")
    store.change_sign_up(sign_up(token_hash=TOKEN))
    assert store.sign_up(TOKEN, NOW) is None
    assert store.claim_sign_ups(NOW, LEASE, 9) == ()


# ── confirming ───────────────────────────────────────────────────────────────────────────────────


def test_25_a_link_makes_one_reader_once(store: SqlStore) -> None:
    asked = sign_up(language="ko", cadence="daily")
    store.add_sign_up(asked)
    assert store.subscribers() == ()
    store.change_sign_up(replace(asked, token_hash=TOKEN, mailed_at=NOW))
    assert store.sign_up("a token", NOW) is None  # the token itself is stored nowhere
    assert store.sign_up(TOKEN, NOW) is not None
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: store.confirm(TOKEN, NOW + HOUR), range(8)))
    (reader,) = [each for each in found if each is not None]
    assert store.subscribers() == (reader,)
    assert (reader.id, reader.address, reader.language) == ("u1", "u1@example.org", "ko")
    assert (reader.status, reader.cadence, reader.consent_at) == ("active", "daily", NOW + HOUR)
    assert reader.consent_source == "web form, asked for on 2019-06-30 at 12:00 UTC"
    assert store.confirm(TOKEN, NOW + HOUR) is None


def test_25_a_link_ends(store: SqlStore) -> None:
    assert confirmed(store, sign_up(), 2 * DAY) == "nobody"
    assert store.subscribers() == ()


def test_a_confirmed_address_has_no_other_link(store: SqlStore) -> None:
    other = tokens.digest("another token")
    store.add_sign_up(sign_up("u0", address="U1@example.org", token_hash=other, mailed_at=NOW))
    assert confirmed(store, sign_up()) == "active"
    store.remove_subscriber("u1@example.org", NOW + 2 * HOUR)
    assert store.confirm(other, NOW + 3 * HOUR) is None
    assert [s.status for s in store.subscribers()] == ["unsubscribed"]


def test_who_left_and_confirms_anew_is_back(store: SqlStore) -> None:
    store.add_subscriber(subscriber(topics=("talks",), consent_at=NOW - DAY), NOW - DAY)
    store.remove_subscriber("s1@example.org", NOW - HOUR)
    assert confirmed(store, sign_up(address="S1@example.org", language="ko")) == "active"
    (reader,) = store.subscribers()
    assert (reader.id, reader.language, reader.topics) == ("s1", "ko", ("talks",))
    assert reader.consent_at == NOW + HOUR


def test_confirming_changes_nothing_for_a_reader(store: SqlStore) -> None:
    store.add_subscriber(subscriber(language="ko"), NOW)
    assert confirmed(store, sign_up(address="s1@example.org")) == "active"
    assert store.subscribers() == (subscriber(language="ko"),)


# ── what readers choose ──────────────────────────────────────────────────────────────────────────


def test_a_choice_is_kept(store: SqlStore) -> None:
    store.add_subscriber(subscriber(name="김", consent_source="form"), NOW)
    chosen = replace(
        subscriber(name="김", consent_source="form"),
        language="ko",
        timezone="Asia/Seoul",
        cadence="daily",
        weekday=4,
        hour=8,
        topics=("talks",),
        groups=("seoul",),
        languages=("ko", "en"),
        status="paused",
        paused_until=NOW + DAY,
    )
    assert store.change_subscriber(chosen, NOW)
    assert store.subscriber_at("S1@EXAMPLE.org") == chosen
    assert store.subscriber_at("nobody@example.org") is None
    store.remove_subscriber("s1@example.org", NOW)
    assert not store.change_subscriber(replace(chosen, hour=9), NOW)
    assert not store.change_subscriber(subscriber("s2"), NOW)


def test_letters_leave_when_their_readers_want_them(store: SqlStore) -> None:
    store.add_subscriber(subscriber("s1"), NOW)
    store.add_subscriber(subscriber("s2", weekday=4, hour=8, timezone="Asia/Seoul"), NOW)
    store.add_subscriber(subscriber("s3", cadence="daily"), NOW)
    store.publish_issue(issue(), mailed=True)

    def times(connection: Any) -> dict[str, int | None]:
        rows = connection.execute(text("SELECT subscriber_id, not_before FROM outbox"))
        return {row[0]: row[1] for row in rows}

    friday = NOW.replace(month=7, day=4, hour=23)
    micros = int(friday.timestamp() * 1_000_000)
    composed = int(NOW.timestamp() * 1_000_000)
    assert store.database.read(times) == {"s1": composed, "s2": micros}


def test_an_issue_reaches_more_readers_than_fit_in_one_part(store: SqlStore) -> None:
    def fill(connection: Any) -> None:
        connection.execute(
            text(
                "INSERT INTO subscribers (id, address, address_key, name, timezone, language,"
                " status, consent_source, created_at) VALUES (:id, :id, :id, '', '', 'en',"
                " 'active', '', 0)"
            ),
            [{"id": f"r{n:05}"} for n in range(4_001)],
        )

    store.database.write(fill)
    assert store.publish_issue(issue(), mailed=True)
    assert len(store.ledger("2019-W26")) == 4_001


def test_a_pause_holds_letters_and_ends_by_itself(store: SqlStore) -> None:
    for id, until in (("s1", NOW), ("s2", NOW + HOUR), ("s3", None)):
        store.add_subscriber(subscriber(id, status="paused", paused_until=until), NOW - DAY)
    store.publish_issue(issue(), mailed=True)
    assert [line.address for line in store.ledger("2019-W26")] == ["s1@example.org"]
    assert store.subscriber("s1") == subscriber("s1")
    assert [s.status for s in store.subscribers()] == ["active", "paused", "paused"]
    store.change_subscriber(subscriber("s1", status="paused"), NOW)
    (line,) = store.ledger("2019-W26")
    assert (line.state, line.detail) == ("suppressed", "paused")


# ── being forgotten ──────────────────────────────────────────────────────────────────────────────


def everything(store: SqlStore) -> str:
    """All that the database holds, as text."""
    names = ("subscribers", "outbox", "sign_ups", "suppressions", "bounces")
    return str(
        store.database.read(
            lambda c: [c.execute(text(f"SELECT * FROM {name}")).all() for name in names]
        )
    )


def test_34_an_erased_reader_leaves_only_a_hash(store: SqlStore) -> None:
    address = "Mina.Kim@kim.example.org"
    store.add_subscriber(subscriber("s1", address=address, consent_at=NOW - DAY), NOW - DAY)
    store.add_subscriber(subscriber("s2"), NOW - DAY)
    for week in (26, 27):
        store.publish_issue(issue(week), mailed=True)
    (item,) = store.claim_mail(NOW, LEASE, 1)
    assert store.mark_dot(item, NOW + LEASE)
    said = Settlement(state="failed", attempts=1, detail=f"550 5.1.1 <{address}> unknown")
    store.settle_mail(replace(item, claimed_until=NOW + LEASE), said, NOW)
    bounce = Bounce(letter=item.id, kind="hard", status="5.1.1", detail=f"<{address}> unknown")
    assert store.note_bounce(bounce, "report", "bounce", NOW)
    store.add_sign_up(sign_up(address=address))
    assert "kim" in everything(store).lower()

    assert store.erase("mina.kim@KIM.Example.org", NOW + HOUR)

    assert "kim" not in everything(store).lower()
    for week, states in ((26, ["failed", "pending"]), (27, ["pending", "suppressed"])):
        assert sorted(line.state for line in store.ledger(f"2019-W{week}")) == states
    assert store.suppression(address) == "bounce"
    assert [i.subscriber.id for i in store.claim_mail(NOW + HOUR, LEASE, 9)] == ["s2", "s2"]
    assert not store.erase(address, NOW + HOUR)


def test_34_an_old_list_brings_nobody_back_who_was_erased(store: SqlStore) -> None:
    old = subscriber("s1", consent_at=NOW - DAY)
    store.add_subscriber(old, NOW - DAY)
    store.erase("s1@example.org", NOW)
    for again in (old, replace(old, address="S1@EXAMPLE.ORG", consent_at=NOW + DAY)):
        assert not store.add_subscriber(again, NOW + DAY)
    assert store.subscribers() == ()
    # They themselves may: they have shown that the address is theirs.
    assert confirmed(store, sign_up("u1", address="s1@example.org")) == "active"
    assert store.suppression("s1@example.org") is None
    assert [s.id for s in store.subscribers()] == ["u1"]


def test_34_who_was_never_known_is_kept_out_too(store: SqlStore) -> None:
    assert not store.erase("stranger@example.org", NOW)
    assert not store.add_subscriber(subscriber(address="stranger@example.org"), NOW)


@pytest.mark.parametrize("reason", ["bounce", "complaint", "operator"])
def test_34_no_form_lifts_another_suppression(store: SqlStore, reason: SuppressionReason) -> None:
    store.suppress("u1@example.org", reason, "", NOW)
    assert confirmed(store, sign_up()) == "nobody"
    assert store.subscribers() == ()
    assert store.unsuppress("U1@example.org") == reason
    assert store.unsuppress("u1@example.org") is None
    assert confirmed(store, sign_up()) == "active"


def test_a_letter_put_off_after_its_reader_was_erased_is_not_tried_again(store: SqlStore) -> None:
    store.add_subscriber(subscriber(), NOW)
    store.publish_issue(issue(), mailed=True)
    (item,) = store.claim_mail(NOW, LEASE, 1)
    assert store.mark_dot(item, NOW + LEASE)
    store.erase("s1@example.org", NOW)
    said = Settlement(state="deferred", attempts=1, detail="451 <s1@example.org> is busy")
    store.settle_mail(replace(item, claimed_until=NOW + LEASE), said, NOW)
    assert [line.state for line in store.ledger("2019-W26")] == ["suppressed"]
    assert "s1@" not in everything(store)


def test_who_left_elsewhere_is_kept_as_one_who_left(store: SqlStore) -> None:
    """A list with those who unsubscribed, taken over from another program."""
    gone = subscriber(status="unsubscribed", consent_at=NOW - DAY)
    assert store.add_subscriber(gone, NOW)
    assert not store.add_subscriber(replace(gone, status="active"), NOW)
    assert store.add_subscriber(replace(gone, status="active", consent_at=NOW + HOUR), NOW + HOUR)


def test_an_id_that_is_taken_is_left_to_its_reader(store: SqlStore) -> None:
    assert store.add_subscriber(subscriber("s1"), NOW)
    assert not store.add_subscriber(subscriber("s1", address="other@example.org"), NOW)


def test_ones_own_data_is_all_that_is_stored(store: SqlStore) -> None:
    store.add_subscriber(subscriber(topics=("talks",)), NOW)
    store.add_subscriber(subscriber("s2"), NOW)
    store.publish_issue(issue(), mailed=True)
    store.add_sign_up(sign_up(address="s1@example.org", token_hash=TOKEN))
    data = store.data_of("S1@example.org")
    assert {name: len(rows) for name, rows in data.items()} == {
        "subscribers": 1,
        "outbox": 1,
        "bounces": 0,
        "sign_ups": 1,
        "suppressions": 0,
    }
    assert data["subscribers"][0]["topics"] == ("talks",)
    assert data["subscribers"][0]["created_at"] == NOW
    assert data["outbox"][0]["period"] == "2019-W26"
    assert TOKEN not in str(data)
    assert "s2" not in str(data)
    store.suppress("s1@example.org", "complaint", "", NOW)
    assert store.data_of("s1@example.org")["suppressions"][0]["reason"] == "complaint"
