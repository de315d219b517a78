"""HubStore on both engines: what hubs were asked to push."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aggregator.edges.sql.store import SqlStore
from aggregator.errors import StoreError
from aggregator.model import HubSubscription
from tests import make
from tests.make import NOW


def subscription(token: str = "token", **changes: Any) -> HubSubscription:
    made = HubSubscription(
        token=token,
        feed_id="example-wire",
        hub="https://hub.example.org/",
        topic="https://example.org/북한.xml",
        secret="secret",
        next_ask_at=NOW,
    )
    return replace(made, **changes)


def test_a_subscription_comes_back_as_it_was_stored(store: SqlStore) -> None:
    full = subscription(
        mode="unsubscribe",
        awaiting=True,
        asked_at=NOW,
        expires_at=NOW + timedelta(days=10),
        detail="denied",
    )
    store.add_hub(full)
    assert store.hub("token") == full
    assert store.hubs() == (full,)
    assert store.hub("other") is None


def test_a_token_is_taken_once(store: SqlStore) -> None:
    store.add_hub(subscription())
    store.add_hub(subscription(detail="another"))
    assert store.hubs() == (subscription(),)


def test_they_are_found_by_feed(store: SqlStore) -> None:
    store.register([make.feed(), make.feed("other")], NOW)
    one, other = subscription(), subscription("other", feed_id="other")
    store.add_hub(one)
    store.add_hub(other)
    assert store.hubs("example-wire") == (one,)
    assert set(store.hubs()) == {one, other}


def test_a_change_is_void_when_somebody_else_was_faster(store: SqlStore) -> None:
    before = subscription()
    store.add_hub(before)
    asked = replace(before, awaiting=True, asked_at=NOW)
    assert store.change_hub(before, asked)
    assert not store.change_hub(before, replace(before, detail="too late"))
    assert store.hub("token") == asked


def test_of_many_changes_at_once_one_wins(store: SqlStore) -> None:
    before = subscription()
    store.add_hub(before)
    changes = [replace(before, detail=str(n)) for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda after: store.change_hub(before, after), changes))
    assert sum(won) == 1
    assert store.hub("token") == changes[won.index(True)]


def test_what_is_forgotten_is_gone(store: SqlStore) -> None:
    store.add_hub(subscription())
    store.forget_hub("token")
    store.forget_hub("token")
    assert store.hubs() == ()


def test_secrets_are_in_no_error(store: SqlStore) -> None:
    with pytest.raises(StoreError) as caught:
        store.add_hub(subscription("t0ken", secret="s3cret", feed_id="unknown"))
    assert "s3cret" not in str(caught.value)
    assert "t0ken" not in str(caught.value)
