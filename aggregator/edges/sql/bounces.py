"""Connection -> what was reported about letters, and what it did."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, or_, select

from aggregator.edges.sql.columns import names
from aggregator.edges.sql.engine import insert_into
from aggregator.edges.sql.schema import bounces, outbox, subscribers
from aggregator.edges.sql.subscribers import suppress
from aggregator.model import Bounce, BounceKind, BounceRecord, LetterFate, SuppressionReason
from aggregator.steps.addresses import key_of

_RECORD = tuple(bounces.c[name] for name in names(BounceRecord, without=frozenset({"letter"})))


def fates(connection: Connection, letter_id: str) -> tuple[LetterFate, ...] | None:
    reader = select(outbox.c.subscriber_id).where(outbox.c.id == letter_id)
    subscriber_id = connection.scalar(reader)
    if subscriber_id is None:
        return None
    rows = connection.execute(
        select(outbox.c.id, outbox.c.settled_at, bounces.c.kind)
        .outerjoin(bounces, bounces.c.letter_id == outbox.c.id)
        .where(
            outbox.c.subscriber_id == subscriber_id,
            outbox.c.settled_at.is_not(None),
            or_(
                outbox.c.id == letter_id, outbox.c.state == "sent", bounces.c.letter_id.is_not(None)
            ),
        )
    )
    kinds: dict[tuple[str, datetime], set[BounceKind]] = defaultdict(set)
    for letter, at, kind in rows:
        kinds[letter, at].update([kind] if kind else [])
    return tuple(
        LetterFate(letter=letter, at=at, kinds=frozenset(found))
        for (letter, at), found in kinds.items()
    )


def letter_to(connection: Connection, address: str) -> str | None:
    found: str | None = connection.scalar(
        select(outbox.c.id)
        .join(subscribers, subscribers.c.id == outbox.c.subscriber_id)
        .where(subscribers.c.address_key == key_of(address))
        .where(outbox.c.settled_at.is_not(None))
        .order_by(outbox.c.settled_at.desc(), outbox.c.id.desc())
        .limit(1)
    )
    return found


def note_bounce(
    connection: Connection,
    bounce: Bounce,
    report: str,
    effect: SuppressionReason | None,
    now: datetime,
) -> bool:
    letter = connection.execute(
        select(outbox.c.subscriber_id, outbox.c.address).where(
            outbox.c.id == bounce.letter, outbox.c.subscriber_id.is_not(None)
        )
    ).first()
    if letter is None:
        return False
    subscriber_id, address = letter
    told = "\0".join((bounce.letter, bounce.kind, bounce.status, report))
    statement = insert_into(connection, bounces).values(
        id=sha256(told.encode("utf-8", "replace")).hexdigest(),
        letter_id=bounce.letter,
        subscriber_id=subscriber_id,
        kind=bounce.kind,
        status=bounce.status,
        detail=bounce.detail,
        effect=effect,
        at=now,
    )
    noted = connection.execute(
        statement.on_conflict_do_nothing(index_elements=["id"]).returning(bounces.c.id)
    )
    if noted.first() is None:
        return False
    if effect is not None:
        suppress(connection, address, effect, bounce.detail, now)
    return True


def latest(connection: Connection, limit: int) -> tuple[BounceRecord, ...]:
    query = (
        select(bounces.c.letter_id.label("letter"), *_RECORD)
        .order_by(bounces.c.at.desc(), bounces.c.id)
        .limit(limit)
    )
    return tuple(BounceRecord(**row) for row in connection.execute(query).mappings())
