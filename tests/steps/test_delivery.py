"""What becomes of an outbox row after an attempt."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from aggregator.model import OutboxItem, SendResult, Sent, Subscriber
from aggregator.rules import MailRules
from aggregator.steps.delivery import settle, wait_after
from tests.make import NOW


def rules(**changes: Any) -> MailRules:
    return MailRules(**changes)


def item(attempts: int = 0, first_at: datetime | None = None) -> OutboxItem:
    reader = Subscriber(id="s1", address="reader@example.org")
    return OutboxItem(
        id="2019-W26.s1",
        period="2019-W26",
        subscriber=reader,
        claimed_until=NOW,
        attempts=attempts,
        first_at=first_at,
    )


def result(kind: Sent, code: int = 0, detail: str = "") -> SendResult:
    return SendResult(result=kind, code=code, detail=detail)


@pytest.mark.parametrize(
    ("kind", "state"),
    [(Sent.SENT, "sent"), (Sent.NEVER, "failed"), (Sent.UNCERTAIN, "uncertain")],
)
def test_final_results(kind: Sent, state: str) -> None:
    settled = settle(item(2), result(kind, 550, "no such user"), rules(), NOW)
    assert (settled.state, settled.attempts) == (state, 3)
    assert settled.not_before is None
    assert settled.detail == "550 no such user"


def test_later_waits_longer_each_time() -> None:
    waits = []
    for attempts in range(6):
        settled = settle(item(attempts), result(Sent.LATER, 451), rules(), NOW)
        assert settled.state == "deferred"
        assert settled.attempts == attempts + 1
        assert settled.not_before is not None
        waits.append(settled.not_before - NOW)
    minutes = [wait / timedelta(minutes=1) for wait in waits]
    assert minutes == [5, 15, 60, 240, 360, 360]


def test_30_a_4xx_is_tried_for_five_days_from_its_first_attempt() -> None:
    attempts, now = 0, NOW
    while True:
        settled = settle(item(attempts, NOW), result(Sent.LATER), rules(), now)
        if settled.not_before is None:
            break
        attempts, now = settled.attempts, settled.not_before
        assert now - NOW <= timedelta(days=5)
    assert settled.state == "failed"
    assert settled.detail.startswith(f"given up after {attempts + 1} attempts")
    assert timedelta(days=5) - (now - NOW) < wait_after(attempts + 1)


def test_the_first_attempt_is_remembered() -> None:
    assert settle(item(), result(Sent.LATER), rules(), NOW).first_at == NOW
    earlier = NOW - timedelta(days=4)
    assert settle(item(1, earlier), result(Sent.LATER), rules(), NOW).first_at == earlier
    # Downtime counts: the letter is as old as its first attempt, not as the pauses since.
    old = NOW - timedelta(days=5)
    assert settle(item(1, old), result(Sent.LATER), rules(), NOW).state == "failed"


def test_retry_for_nothing_gives_up_at_once() -> None:
    settled = settle(item(), result(Sent.LATER, 450, "busy"), rules(retry_for=timedelta()), NOW)
    assert settled.state == "failed"
    assert settled.detail == "given up after 1 attempts: 450 busy"


def test_a_result_without_a_code_keeps_its_words() -> None:
    assert settle(item(), result(Sent.LATER, 0, "no answer"), rules(), NOW).detail == "no answer"
