"""Connection -> who gets the digest and what they chose, and who never must get it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, Table, delete, func, select, update

from aggregator.edges.sql.columns import columns_of
from aggregator.edges.sql.engine import AnyRow, insert_into
from aggregator.edges.sql.schema import (
    SUBSCRIBER,
    UNSENT,
    bounces,
    outbox,
    sign_ups,
    subscribers,
    suppressions,
)
from aggregator.model import Subscriber, SuppressionReason
from aggregator.steps.addresses import key_of

_COLUMNS = tuple(subscribers.c[name] for name in SUBSCRIBER)
_CHOSEN = (
    *("status", "paused_until", "language", "timezone", "cadence", "weekday", "hour"),
    *("topics", "groups", "languages"),
)


def _address_hash(address: str) -> str:
    """No secret in it: one that is renewed would let everybody back in."""
    return sha256(f"suppression:{key_of(address)}".encode()).hexdigest()


def add_subscriber(connection: Connection, subscriber: Subscriber, now: datetime) -> bool:
    if suppression(connection, subscriber.address) is not None:
        return False
    left = subscriber.status == "unsubscribed"
    statement = insert_into(connection, subscribers).values(
        **columns_of(subscriber, SUBSCRIBER),
        address_key=key_of(subscriber.address),
        created_at=now,
        ended_at=now if left else None,
    )
    added = connection.execute(statement.on_conflict_do_nothing().returning(subscribers.c.id))
    return added.first() is not None or (not left and _came_back(connection, subscriber))


def _came_back(connection: Connection, subscriber: Subscriber) -> bool:
    """Take somebody in again who left: only on a consent that is later than their leaving."""
    if subscriber.consent_at is None:
        return False
    again = connection.scalars(
        update(subscribers)
        .where(
            subscribers.c.address_key == key_of(subscriber.address),
            subscribers.c.status == "unsubscribed",
            subscribers.c.ended_at < subscriber.consent_at,
        )
        .values(
            status="active",
            ended_at=None,
            paused_until=None,
            language=subscriber.language,
            cadence=subscriber.cadence,
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
            subscribers.c.address_key == key_of(address),
            subscribers.c.status != "unsubscribed",
        )
        .values(status="unsubscribed", ended_at=now)
        .returning(subscribers.c.id)
    ).first()
    if ended is None:
        return False
    _stop_letters(connection, ended, "unsubscribed", now)
    return True


def _stop_letters(connection: Connection, subscriber_id: str, why: str, now: datetime) -> None:
    connection.execute(
        update(outbox)
        .where(outbox.c.subscriber_id == subscriber_id, outbox.c.state.in_(UNSENT))
        .values(state="suppressed", lease_until=None, detail=why, settled_at=now)
    )


def change_subscriber(connection: Connection, subscriber: Subscriber, now: datetime) -> bool:
    changed = connection.scalars(
        update(subscribers)
        .where(subscribers.c.id == subscriber.id, subscribers.c.status != "unsubscribed")
        .values(**columns_of(subscriber, _CHOSEN))
        .returning(subscribers.c.id)
    ).first()
    if changed is not None and subscriber.status == "paused":
        _stop_letters(connection, subscriber.id, "paused", now)
    return changed is not None


def resume(connection: Connection, now: datetime) -> None:
    """Whose pause is over gets letters again."""
    connection.execute(
        update(subscribers)
        .where(subscribers.c.status == "paused", subscribers.c.paused_until <= now)
        .values(status="active", paused_until=None)
    )


def erase(connection: Connection, address: str, now: datetime) -> bool:
    key = key_of(address)
    asked = connection.execute(delete(sign_ups).where(sign_ups.c.address_key == key)).rowcount
    suppress(connection, address, "erased", "", now)
    # What mail servers said may name the address.
    connection.execute(
        update(suppressions)
        .where(suppressions.c.address_hash == _address_hash(address))
        .values(detail="")
    )
    reader = connection.scalar(select(subscribers.c.id).where(subscribers.c.address_key == key))
    if reader is None:
        return asked > 0
    # The letters stay in the ledger, and nothing in them leads to the reader.
    connection.execute(
        update(outbox)
        .where(outbox.c.subscriber_id == reader)
        .values(subscriber_id=None, address="", domain="", detail="erased")
    )
    connection.execute(
        update(bounces).where(bounces.c.subscriber_id == reader).values(subscriber_id="", detail="")
    )
    connection.execute(delete(subscribers).where(subscribers.c.id == reader))
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


def unsuppress(connection: Connection, address: str) -> SuppressionReason | None:
    reason: SuppressionReason | None = connection.scalars(
        delete(suppressions)
        .where(suppressions.c.address_hash == _address_hash(address))
        .returning(suppressions.c.reason)
    ).first()
    return reason


def suppression(connection: Connection, address: str) -> SuppressionReason | None:
    found: SuppressionReason | None = connection.scalar(
        select(suppressions.c.reason).where(suppressions.c.address_hash == _address_hash(address))
    )
    return found


def all_subscribers(connection: Connection) -> tuple[Subscriber, ...]:
    rows = connection.execute(select(*_COLUMNS).order_by(subscribers.c.address_key))
    return tuple(_subscriber(row) for row in rows)


def audience(connection: Connection) -> int:
    active = select(func.count()).where(subscribers.c.status == "active")
    return connection.scalar(active) or 0


def one_subscriber(connection: Connection, subscriber_id: str) -> Subscriber | None:
    row = connection.execute(select(*_COLUMNS).where(subscribers.c.id == subscriber_id)).first()
    return None if row is None else _subscriber(row)


def subscriber_at(connection: Connection, address: str) -> Subscriber | None:
    known = subscribers.c.address_key == key_of(address)
    row = connection.execute(select(*_COLUMNS).where(known)).first()
    return None if row is None else _subscriber(row)


def _subscriber(row: AnyRow) -> Subscriber:
    return Subscriber(**dict(zip(SUBSCRIBER, row, strict=True)))


def data_of(connection: Connection, address: str) -> dict[str, tuple[Mapping[str, object], ...]]:
    key = key_of(address)
    reader = select(subscribers.c.id).where(subscribers.c.address_key == key).scalar_subquery()
    mine = (
        (subscribers, subscribers.c.address_key == key),
        (outbox, outbox.c.subscriber_id == reader),
        (bounces, bounces.c.subscriber_id == reader),
        (sign_ups, sign_ups.c.address_key == key),
        (suppressions, suppressions.c.address_hash == _address_hash(address)),
    )

    def rows(table: Table, about: ColumnElement[bool]) -> tuple[Mapping[str, object], ...]:
        columns = [column for column in table.c if column.name != "token_hash"]
        found = connection.execute(select(*columns).where(about))
        return tuple(dict(row) for row in found.mappings())

    return {table.name: rows(table, about) for table, about in mine}
