"""Connection -> the subscriptions at hubs."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from aggregator.edges.sql.columns import columns_of
from aggregator.edges.sql.engine import AnyRow, insert_into
from aggregator.edges.sql.schema import HUB, hub_subscriptions
from aggregator.model import HubSubscription

_ALL = select(*(hub_subscriptions.c[name] for name in HUB))


def _value(row: AnyRow) -> HubSubscription:
    return HubSubscription(**dict(zip(HUB, row, strict=True)))


def hubs(connection: Connection, feed_id: str | None) -> tuple[HubSubscription, ...]:
    query = _ALL.order_by(hub_subscriptions.c.token)
    if feed_id is not None:
        query = query.where(hub_subscriptions.c.feed_id == feed_id)
    return tuple(_value(row) for row in connection.execute(query))


def hub(connection: Connection, token: str) -> HubSubscription | None:
    row = connection.execute(_ALL.where(hub_subscriptions.c.token == token)).one_or_none()
    return None if row is None else _value(row)


def add_hub(connection: Connection, subscription: HubSubscription) -> None:
    connection.execute(
        insert_into(connection, hub_subscriptions)
        .values(**columns_of(subscription, HUB))
        .on_conflict_do_nothing(index_elements=["token"])
    )


def change_hub(connection: Connection, before: HubSubscription, after: HubSubscription) -> bool:
    unchanged = [
        hub_subscriptions.c[name].is_not_distinct_from(value)
        for name, value in columns_of(before, HUB).items()
    ]
    done = connection.execute(
        update(hub_subscriptions).where(*unchanged).values(**columns_of(after, HUB))
    )
    return bool(done.rowcount)


def forget_hub(connection: Connection, token: str) -> None:
    connection.execute(delete(hub_subscriptions).where(hub_subscriptions.c.token == token))
