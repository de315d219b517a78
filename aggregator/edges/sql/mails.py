"""Connection -> subscribers, issues and the letters that wait."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from aggregator.edges.sql.columns import columns_of
from aggregator.edges.sql.engine import AnyRow, insert_into
from aggregator.edges.sql.feeds import bump
from aggregator.edges.sql.schema import SUBSCRIBER, issues, outbox, subscribers
from aggregator.model import Issue, LedgerLine, OutboxItem, Settlement, Subscriber

_SUBSCRIBER = tuple(subscribers.c[name] for name in SUBSCRIBER)
_UNSENT = ("pending", "deferred", "claimed", "held")
_SETTLED_FROM = ("claimed", "dot", "uncertain")
"""Never from `suppressed` or `sent`: a late answer must not bring a letter back to life."""


def _address_key(address: str) -> str:
    return address.strip().lower()


def add_subscriber(connection: Connection, subscriber: Subscriber, now: datetime) -> bool:
    statement = insert_into(connection, subscribers).values(
        **columns_of(subscriber, SUBSCRIBER),
        address_key=_address_key(subscriber.address),
        created_at=now,
    )
    added = connection.execute(
        statement.on_conflict_do_nothing(index_elements=["address_key"]).returning(subscribers.c.id)
    )
    return added.first() is not None or _came_back(connection, subscriber)


def _came_back(connection: Connection, subscriber: Subscriber) -> bool:
    """Take somebody in again who left: only on a consent that is later than their leaving."""
    if subscriber.consent_at is None:
        return False
    again = connection.scalars(
        update(subscribers)
        .where(
            subscribers.c.address_key == _address_key(subscriber.address),
            subscribers.c.status == "unsubscribed",
            subscribers.c.ended_at < subscriber.consent_at,
        )
        .values(
            status="active",
            ended_at=None,
            consent_at=subscriber.consent_at,
            consent_source=subscriber.consent_source,
        )
        .returning(subscribers.c.id)
    )
    return again.first() is not None


def remove_subscriber(connection: Connection, address: str, now: datetime) -> bool:
    # The reader first: an issue that is being published holds active readers until its letters
    # are visible, so that the second statement cannot overlook one.
    ended = connection.scalars(
        update(subscribers)
        .where(
            subscribers.c.address_key == _address_key(address),
            subscribers.c.status != "unsubscribed",
        )
        .values(status="unsubscribed", ended_at=now)
        .returning(subscribers.c.id)
    ).first()
    if ended is None:
        return False
    connection.execute(
        update(outbox)
        .where(outbox.c.subscriber_id == ended, outbox.c.state.in_(_UNSENT))
        .values(state="suppressed", lease_until=None, detail="unsubscribed", settled_at=now)
    )
    return True


def all_subscribers(connection: Connection) -> tuple[Subscriber, ...]:
    rows = connection.execute(select(*_SUBSCRIBER).order_by(subscribers.c.address_key))
    return tuple(Subscriber(**dict(zip(SUBSCRIBER, row, strict=True))) for row in rows)


def audience(connection: Connection) -> int:
    active = select(func.count()).where(subscribers.c.status == "active")
    return connection.scalar(active) or 0


def one_subscriber(connection: Connection, subscriber_id: str) -> Subscriber | None:
    query = select(*_SUBSCRIBER).where(subscribers.c.id == subscriber_id)
    row = connection.execute(query).first()
    return None if row is None else Subscriber(**dict(zip(SUBSCRIBER, row, strict=True)))


def covered_until(connection: Connection) -> datetime | None:
    latest: datetime | None = connection.scalar(select(func.max(issues.c.ends_at)))
    return latest


def publish_issue(connection: Connection, issue: Issue, *, mailed: bool) -> bool:
    period = issue.period
    statement = insert_into(connection, issues).values(
        period=period.name,
        starts_at=period.start,
        ends_at=period.end,
        composed_at=issue.composed_at,
        snapshot=issue,
    )
    published = connection.execute(
        statement.on_conflict_do_nothing(index_elements=["period"]).returning(issues.c.period)
    )
    if published.first() is None:
        return False
    audience = (
        connection.execute(
            select(subscribers.c.id, subscribers.c.address)
            .where(subscribers.c.status == "active")
            .order_by(subscribers.c.id)
            .with_for_update(read=True)
        ).all()
        if mailed
        else ()
    )
    if audience:
        connection.execute(insert(outbox), [_letter(period.name, *row) for row in audience])
    bump(connection)
    return True


def _letter(period: str, subscriber_id: str, address: str) -> dict[str, Any]:
    return {
        "id": f"{period}.{subscriber_id}",
        "period": period,
        "subscriber_id": subscriber_id,
        "address": address,
        "state": "pending",
        "attempts": 0,
        "detail": "",
    }


def issue(connection: Connection, period: str) -> Issue | None:
    found: Issue | None = connection.scalar(
        select(issues.c.snapshot).where(issues.c.period == period)
    )
    return found


def latest_issues(connection: Connection, limit: int) -> tuple[Issue, ...]:
    query = select(issues.c.snapshot).order_by(issues.c.ends_at.desc(), issues.c.period.desc())
    return tuple(connection.scalars(query.limit(limit)))


def waiting(now: datetime) -> ColumnElement[bool]:
    """Letters that may be taken; every case is a range of one index."""
    state = outbox.c.state
    return or_(
        state == "pending",
        and_(state == "deferred", outbox.c.not_before.is_(None)),
        and_(state == "deferred", outbox.c.not_before <= now),
        and_(state == "claimed", outbox.c.lease_until <= now),
    )


def claim_mail(
    connection: Connection, now: datetime, lease: timedelta, limit: int
) -> tuple[OutboxItem, ...]:
    connection.execute(
        update(outbox)
        .where(outbox.c.state == "dot", outbox.c.lease_until <= now)
        .values(
            state="uncertain",
            lease_until=None,
            settled_at=now,
            detail="handed over, but no answer was recorded",
        )
    )
    taken = connection.execute(
        select(outbox.c.id, outbox.c.period, outbox.c.attempts, outbox.c.detail, *_SUBSCRIBER)
        .join(subscribers, subscribers.c.id == outbox.c.subscriber_id)
        .where(waiting(now))
        .order_by(outbox.c.period, outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=outbox)
    ).all()
    if taken:
        connection.execute(
            update(outbox)
            .where(outbox.c.id == bindparam("letter"))
            .values(state="claimed", lease_until=now + lease),
            [{"letter": row[0]} for row in taken],
        )
    return tuple(_outbox_item(row) for row in taken)


def _outbox_item(row: AnyRow) -> OutboxItem:
    id, period, attempts, detail, *reader = row
    return OutboxItem(
        id=id,
        period=period,
        subscriber=Subscriber(**dict(zip(SUBSCRIBER, reader, strict=True))),
        attempts=attempts,
        state="claimed",
        detail=detail,
    )


def mark_dot(connection: Connection, item_id: str) -> bool:
    marked = connection.execute(
        update(outbox)
        .where(outbox.c.id == item_id, outbox.c.state == "claimed")
        .values(state="dot")
    )
    return marked.rowcount == 1


def settle_mail(
    connection: Connection, item_id: str, settlement: Settlement, now: datetime
) -> None:
    if settlement.state in _UNSENT and _has_left(connection, item_id):
        settlement = replace(settlement, state="suppressed", not_before=None, detail="unsubscribed")
    connection.execute(
        update(outbox)
        .where(outbox.c.id == item_id, outbox.c.state.in_(_SETTLED_FROM))
        .values(
            state=settlement.state,
            attempts=settlement.attempts,
            not_before=settlement.not_before,
            detail=settlement.detail,
            lease_until=None,
            settled_at=now,
        )
    )


def _has_left(connection: Connection, item_id: str) -> bool:
    """They unsubscribed between the final dot and the server's "try again later"."""
    status = connection.scalar(
        select(subscribers.c.status)
        .join(outbox, outbox.c.subscriber_id == subscribers.c.id)
        .where(outbox.c.id == item_id)
        .with_for_update(read=True, of=subscribers)
    )
    return status == "unsubscribed"


def ledger(connection: Connection, period: str) -> tuple[LedgerLine, ...]:
    line = select(
        outbox.c.address,
        outbox.c.state,
        outbox.c.attempts,
        outbox.c.detail,
        outbox.c.settled_at.label("at"),
    )
    rows = connection.execute(line.where(outbox.c.period == period).order_by(outbox.c.id))
    return tuple(LedgerLine(**row) for row in rows.mappings())
