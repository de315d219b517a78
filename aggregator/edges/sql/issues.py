"""Connection -> frozen issues, each published with its letters in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select

from aggregator.edges.sql.engine import insert_into
from aggregator.edges.sql.feeds import bump
from aggregator.edges.sql.schema import issues, outbox, subscribers
from aggregator.model import Cadence, Issue


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


def publish_issue(connection: Connection, issue: Issue, *, mailed: bool) -> bool:
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
    audience = (
        connection.execute(
            select(subscribers.c.id, subscribers.c.address)
            .where(subscribers.c.status == "active", subscribers.c.cadence == period.cadence)
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


def latest_issues(connection: Connection, limit: int, cadence: Cadence) -> tuple[Issue, ...]:
    query = (
        select(issues.c.snapshot)
        .where(issues.c.cadence == cadence)
        .order_by(issues.c.ends_at.desc(), issues.c.period.desc())
    )
    return tuple(connection.scalars(query.limit(limit)))
