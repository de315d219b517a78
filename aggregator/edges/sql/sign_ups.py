"""Connection -> what was asked for at the form, until it is confirmed or forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from aggregator.edges.sql.columns import columns_of
from aggregator.edges.sql.engine import AnyRow
from aggregator.edges.sql.schema import SIGN_UP, sign_ups
from aggregator.edges.sql.subscribers import (
    add_subscriber,
    subscriber_at,
    suppression,
    unsuppress,
)
from aggregator.model import SignUp, Subscriber
from aggregator.steps.addresses import key_of
from aggregator.steps.subscriptions import LIFTED_BY_CONSENT

_COLUMNS = tuple(sign_ups.c[name] for name in SIGN_UP)


def add_sign_up(connection: Connection, sign_up: SignUp) -> None:
    connection.execute(
        insert(sign_ups).values(**columns_of(sign_up, SIGN_UP), address_key=key_of(sign_up.address))
    )


def claim_sign_ups(
    connection: Connection, now: datetime, lease: timedelta, limit: int
) -> tuple[SignUp, ...]:
    connection.execute(delete(sign_ups).where(sign_ups.c.expires_at <= now))
    rows = connection.execute(
        select(*_COLUMNS)
        .where(sign_ups.c.mailed_at.is_(None), sign_ups.c.not_before <= now)
        .order_by(sign_ups.c.asked_at, sign_ups.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    taken = tuple(replace(_sign_up(row), not_before=now + lease) for row in rows)
    for each in taken:
        change_sign_up(connection, each)
    return taken


def change_sign_up(connection: Connection, sign_up: SignUp) -> None:
    connection.execute(
        update(sign_ups).where(sign_ups.c.id == sign_up.id).values(**columns_of(sign_up, SIGN_UP))
    )


def drop_sign_up(connection: Connection, id: str) -> None:
    connection.execute(delete(sign_ups).where(sign_ups.c.id == id))


def mailed_since(connection: Connection, address: str, since: datetime) -> int:
    query = select(func.count()).where(
        sign_ups.c.address_key == key_of(address), sign_ups.c.mailed_at >= since
    )
    return connection.scalar(query) or 0


def sign_up(connection: Connection, token_hash: str, now: datetime) -> SignUp | None:
    query = select(*_COLUMNS).where(
        sign_ups.c.token_hash == token_hash, sign_ups.c.expires_at > now
    )
    row = connection.execute(query).first()
    return None if row is None else _sign_up(row)


def confirm(connection: Connection, token_hash: str, now: datetime) -> Subscriber | None:
    asked = sign_up(connection, token_hash, now)
    if asked is None:
        return None
    # Whoever deletes it has it: the link works once, and no other one of this address after it.
    mine = sign_ups.c.address_key == key_of(asked.address)
    if connection.execute(delete(sign_ups).where(mine)).rowcount == 0:
        return None
    reason = suppression(connection, asked.address)
    if reason in LIFTED_BY_CONSENT:
        unsuppress(connection, asked.address)
    elif reason is not None:
        return None
    reader = Subscriber(
        id=asked.id,
        address=asked.address,
        language=asked.language,
        cadence=asked.cadence,
        consent_at=now,
        consent_source=f"web form, asked for on {asked.asked_at:%Y-%m-%d at %H:%M} UTC",
    )
    add_subscriber(connection, reader, now)
    return subscriber_at(connection, asked.address)


def _sign_up(row: AnyRow) -> SignUp:
    return SignUp(**dict(zip(SIGN_UP, row, strict=True)))
