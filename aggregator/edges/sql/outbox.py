"""Connection -> the letters that wait, and what became of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, bindparam, case, func, or_, select, update

from aggregator.edges.sql.engine import AnyRow
from aggregator.edges.sql.schema import SUBSCRIBER, UNSENT, bounces, outbox, subscribers
from aggregator.model import LedgerLine, OutboxItem, Settlement, Subscriber

_SUBSCRIBER = tuple(subscribers.c[name] for name in SUBSCRIBER)
_SETTLED_FROM = ("claimed", "dot", "uncertain")
"""Never from `suppressed` or `sent`: a late answer must not bring a letter back to life."""


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
    if settlement.state in UNSENT and _has_left(connection, item_id):
        settlement = replace(settlement, state="suppressed", not_before=None, detail="unsubscribed")
    connection.execute(
        update(outbox)
        .where(outbox.c.id == item_id, outbox.c.state.in_(_SETTLED_FROM))
        .values(
            state=settlement.state,
            attempts=settlement.attempts,
            not_before=settlement.not_before,
            # The server's words quote the address, which may be erased meanwhile.
            detail=case((outbox.c.address == "", "erased"), else_=settlement.detail),
            lease_until=None,
            settled_at=now,
        )
    )


def _has_left(connection: Connection, item_id: str) -> bool:
    """They left, or were erased, between the final dot and the server's "try again later"."""
    status = connection.scalar(
        select(subscribers.c.status)
        .join(outbox, outbox.c.subscriber_id == subscribers.c.id)
        .where(outbox.c.id == item_id)
        .with_for_update(read=True, of=subscribers)
    )
    return status in (None, "unsubscribed")


def ledger(connection: Connection, period: str) -> tuple[LedgerLine, ...]:
    came_back = (
        select(func.trim(bounces.c.kind + " " + bounces.c.status))
        .where(bounces.c.letter_id == outbox.c.id)
        .order_by(bounces.c.at.desc(), bounces.c.id)
        .limit(1)
        .scalar_subquery()
    )
    line = select(
        outbox.c.address,
        outbox.c.state,
        outbox.c.attempts,
        outbox.c.detail,
        outbox.c.settled_at.label("at"),
        func.coalesce(came_back, "").label("came_back"),
    )
    rows = connection.execute(line.where(outbox.c.period == period).order_by(outbox.c.id))
    return tuple(LedgerLine(**row) for row in rows.mappings())
