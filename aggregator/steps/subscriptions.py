"""what readers asked for -> when their letter comes, and what a sign-up is answered with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from aggregator.model import Subscriber, SuppressionReason

Reply: TypeAlias = Literal["confirm", "preferences"]
LIFTED_BY_CONSENT: frozenset[SuppressionReason] = frozenset({"erased"})
"""Who confirms their address anew may have the digest again; after a bounce the operator decides,
and a complaint is never lifted by a form."""
_DAY = timedelta(days=1)


def letter_at(subscriber: Subscriber, composed_at: datetime, timezone: str) -> datetime | None:
    """When the letter shall leave, in UTC, at or after `composed_at`; None: at once.

    Their weekday (of a weekly letter) and hour, in their zone or else in `timezone`. An hour that
    the clocks skip is the moment they skip to; of one that comes twice the first is meant.
    """
    weekday = subscriber.weekday if subscriber.cadence == "weekly" else None
    if weekday is None and subscriber.hour is None:
        return None
    return _next(composed_at, subscriber.timezone or timezone, weekday, subscriber.hour)


# An issue goes to many readers who want it at the same hour.
@lru_cache(maxsize=10_000)
def _next(after: datetime, timezone: str, weekday: int | None, hour: int | None) -> datetime | None:
    zone = ZoneInfo(timezone)
    local = after.astimezone(zone)
    if hour is None and local.weekday() == weekday:
        return None
    day = local.date() - _DAY  # a skipped hour may lead across midnight
    while True:
        if weekday is None or day.weekday() == weekday:
            for moment in _moments(day, hour or 0, zone):
                if moment >= after:
                    return moment
        day += _DAY


def _moments(day: date, hour: int, zone: ZoneInfo) -> Iterator[datetime]:
    """When it is that hour: once, or twice where clocks are put back."""
    first, second = (
        datetime.combine(day, time(hour, fold=fold), zone).astimezone(UTC) for fold in (0, 1)
    )
    yield first
    # Of an hour that is skipped the second reading lies before the first one (PEP 495).
    if second > first:
        yield second


def present(subscriber: Subscriber, now: datetime) -> Subscriber:
    """The reader as of `now`: a pause that is over has ended."""
    over = subscriber.paused_until is not None and subscriber.paused_until <= now
    if subscriber.status == "paused" and over:
        return replace(subscriber, status="active", paused_until=None)
    return subscriber


def reply(
    subscriber: Subscriber | None, reason: SuppressionReason | None, mailed: int, *, most: int
) -> Reply | None:
    """What a sign-up is answered with; None: nothing.

    `subscriber`, `reason`: who and what is known under the address. `mailed`: how many such mails
    it got today already.
    """
    if mailed >= most or (reason is not None and reason not in LIFTED_BY_CONSENT):
        return None
    known = subscriber is not None and subscriber.status in ("active", "paused")
    return "preferences" if known else "confirm"
