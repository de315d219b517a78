"""Letter and the mail server's answer -> what becomes of its outbox row."""

from __future__ import annotations

from datetime import datetime, timedelta

from aggregator.model import MailState, OutboxItem, SendResult, Sent, Settlement
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
_FINAL: dict[Sent, MailState] = {
    Sent.SENT: "sent",
    Sent.NEVER: "failed",
    Sent.UNCERTAIN: "uncertain",
}


def settle(item: OutboxItem, result: SendResult, rules: MailRules, now: datetime) -> Settlement:
    """The row after one more attempt, which ended at `now`.

    UNCERTAIN is never tried again by itself: the letter may have arrived.
    """
    attempts, first_at = item.attempts + 1, item.first_at or now
    state, not_before, detail = _FINAL.get(result.result, "deferred"), None, _said(result)
    if state == "deferred":
        not_before = now + wait_after(attempts)
        if not_before - first_at > rules.retry_for:
            state, not_before = "failed", None
            detail = f"given up after {attempts} attempts: {detail}"
    return Settlement(
        state=state, attempts=attempts, first_at=first_at, not_before=not_before, detail=detail
    )


def wait_after(attempts: int) -> timedelta:
    """The pause after so many failed attempts (1, 2, …)."""
    return WAITS[attempts - 1] if attempts <= len(WAITS) else LAST_WAIT


def _said(result: SendResult) -> str:
    return f"{result.code} {result.detail}".strip() if result.code else result.detail
