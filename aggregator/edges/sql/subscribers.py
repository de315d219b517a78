"""Connection -> who gets the digest, and who never must again."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, func, select, update

from aggregator.edges.sql.columns import columns_of
from aggregator.edges.sql.engine import insert_into
from aggregator.edges.sql.schema import SUBSCRIBER, UNSENT, outbox, subscribers, suppressions
from aggregator.model import Subscriber, SuppressionReason

_COLUMNS = tuple(subscribers.c[name] for name in SUBSCRIBER)


def _address_key(address: str) -> str:
    return address.strip().lower()


def _address_hash(address: str) -> str:
    """No secret in it: one that is renewed would let everybody back in."""
    return sha256(f"suppression:{_address_key(address)}".encode()).hexdigest()


def add_subscriber(connection: Connection, subscriber: Subscriber, now: datetime) -> bool:
    if suppression(connection, subscriber.address) is not None:
        return False
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
        .where(outbox.c.subscriber_id == ended, outbox.c.state.in_(UNSENT))
        .values(state="suppressed", lease_until=None, detail="unsubscribed", settled_at=now)
    )
    return True


def suppress(
    connection: Connection, address: str, reason: SuppressionReason, detail: str, now: datetime
) -> bool:
    statement = insert_into(connection, suppressions).values(
        address_hash=_address_hash(address), reason=reason, detail=detail, since=now
    )
    new = connection.execute(
        statement.on_conflict_do_nothing(index_elements=["address_hash"]).returning(
            suppressions.c.reason
        )
    ).first()
    remove_subscriber(connection, address, now)
    return new is not None


def suppression(connection: Connection, address: str) -> SuppressionReason | None:
    found: SuppressionReason | None = connection.scalar(
        select(suppressions.c.reason).where(suppressions.c.address_hash == _address_hash(address))
    )
    return found


def all_subscribers(connection: Connection) -> tuple[Subscriber, ...]:
    rows = connection.execute(select(*_COLUMNS).order_by(subscribers.c.address_key))
    return tuple(Subscriber(**dict(zip(SUBSCRIBER, row, strict=True))) for row in rows)


def audience(connection: Connection) -> int:
    active = select(func.count()).where(subscribers.c.status == "active")
    return connection.scalar(active) or 0


def one_subscriber(connection: Connection, subscriber_id: str) -> Subscriber | None:
    query = select(*_COLUMNS).where(subscribers.c.id == subscriber_id)
    row = connection.execute(query).first()
    return None if row is None else Subscriber(**dict(zip(SUBSCRIBER, row, strict=True)))
