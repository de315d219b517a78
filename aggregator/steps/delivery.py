"""Letter and the mail server's answer -> what becomes of its outbox row."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.model import OutboxItem, SendResult, Sent, Settlement
from aggregator.rules import MailRules

# Short first: greylisting servers let a second attempt pass after some minutes. RFC 5321,
# 4.5.4.1, wants at least 30 minutes in the long run and four to five days in all.
WAITS = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
)
LAST_WAIT = timedelta(hours=6)


def settle(item: OutboxItem, result: SendResult, rules: MailRules, now: datetime) -> Settlement:
    """The row after one more attempt, which ended at `now`.

    UNCERTAIN is never tried again by itself: the letter may have arrived.
    """
    attempts = item.attempts + 1
    match result.result:
        case Sent.SENT:
            return Settlement(state="sent", attempts=attempts, detail=_said(result))
        case Sent.NEVER:
            return Settlement(state="failed", attempts=attempts, detail=_said(result))
        case Sent.UNCERTAIN:
            return Settlement(state="uncertain", attempts=attempts, detail=_said(result))
        case Sent.LATER:
            return _put_off(attempts, result, rules, now)


def wait_after(attempts: int) -> timedelta:
    """The pause after so many failed attempts (1, 2, …)."""
    return WAITS[attempts - 1] if attempts <= len(WAITS) else LAST_WAIT


def _put_off(attempts: int, result: SendResult, rules: MailRules, now: datetime) -> Settlement:
    # The date of the first attempt is not kept; the pauses since then are known.
    tried_for = sum((wait_after(n) for n in range(1, attempts + 1)), timedelta())
    if tried_for > rules.retry_for:
        detail = f"given up after {attempts} attempts: {_said(result)}"
        return Settlement(state="failed", attempts=attempts, detail=detail)
    return Settlement(
        state="deferred",
        attempts=attempts,
        not_before=now + wait_after(attempts),
        detail=_said(result),
    )


def _said(result: SendResult) -> str:
    return f"{result.code} {result.detail}".strip() if result.code else result.detail
