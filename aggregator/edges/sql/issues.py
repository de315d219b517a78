"""Connection -> frozen issues, each published with its letters in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from aggregator.edges.sql.engine import insert_into
from aggregator.edges.sql.feeds import bump
from aggregator.edges.sql.schema import issues, outbox, subscribers
from aggregator.edges.sql.subscribers import resume
from aggregator.model import Cadence, Issue, Subscriber
from aggregator.steps.addresses import domain_of
from aggregator.steps.subscriptions import letter_at

_SENDING = ("id", "address", "timezone", "cadence", "weekday", "hour")
"""What of a reader says where and when their letter goes."""
_CHUNK = 1000
"""Readers at a time: a hundred thousand need not be in memory together."""


def covered_until(connection: Connection, cadence: Cadence) -> datetime | None:
    latest: datetime | None = connection.scalar(
        select(func.max(issues.c.ends_at)).where(issues.c.cadence == cadence)
    )
    return latest


def daily_since(connection: Connection) -> datetime | None:
    since: datetime | None = connection.scalar(
        select(func.min(subscribers.c.created_at)).where(
            subscribers.c.status == "active", subscribers.c.cadence == "daily"
        )
    )
    return since


def publish_issue(connection: Connection, issue: Issue, *, mailed: bool, held: str = "") -> bool:
    period = issue.period
    statement = insert_into(connection, issues).values(
        period=period.name,
        starts_at=period.start,
        ends_at=period.end,
        composed_at=issue.composed_at,
        snapshot=issue,
        cadence=period.cadence,
    )
    published = connection.execute(
        statement.on_conflict_do_nothing(index_elements=["period"]).returning(issues.c.period)
    )
    if published.first() is None:
        return False
    if mailed:
        resume(connection, issue.composed_at)
        audience = _queue(connection, issue, held)
        connection.execute(
            update(issues).where(issues.c.period == period.name).values(audience=audience)
        )
    bump(connection)
    return True


def _queue(connection: Connection, issue: Issue, held: str) -> int:
    """One letter for each active reader; returns how many. `held`: why they wait, or nothing."""
    readers = (
        select(*(subscribers.c[name] for name in _SENDING))
        .where(subscribers.c.status == "active", subscribers.c.cadence == issue.period.cadence)
        .order_by(subscribers.c.id)
        .limit(_CHUNK)
        .with_for_update(read=True)
    )
    audience, last = 0, ""
    while chunk := connection.execute(readers.where(subscribers.c.id > last)).all():
        asked = [Subscriber(**dict(zip(_SENDING, row, strict=True))) for row in chunk]
        connection.execute(insert(outbox), [_letter(issue, reader, held) for reader in asked])
        audience, last = audience + len(chunk), chunk[-1][0]
    return audience


def _letter(issue: Issue, reader: Subscriber, held: str) -> dict[str, Any]:
    period = issue.period
    return {
        "id": f"{period.name}.{reader.id}",
        "period": period.name,
        "subscriber_id": reader.id,
        "address": reader.address,
        "domain": domain_of(reader.address),
        "state": "held" if held else "pending",
        "attempts": 0,
        "not_before": letter_at(reader, issue.composed_at, period.timezone) or issue.composed_at,
        "detail": held,
    }


def issue(connection: Connection, period: str) -> Issue | None:
    found: Issue | None = connection.scalar(
        select(issues.c.snapshot).where(issues.c.period == period)
    )
    return found


def latest_issues(connection: Connection, limit: int, cadence: Cadence) -> tuple[Issue, ...]:
    query = (
        select(issues.c.snapshot)
        .where(issues.c.cadence == cadence)
        .order_by(issues.c.ends_at.desc(), issues.c.period.desc())
    )
    return tuple(connection.scalars(query.limit(limit)))
