"""Rates, and what a receiving domain said -> what may be sent now.

When a domain says that we send at an unusual rate (Gmail: 421 4.7.28), nothing goes there for ten
minutes, then over one connection, and over one more after each further minute without a complaint:
that is what Google asks for. The letters to all other domains go on. Times are seconds of any clock
that never goes back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from aggregator.model import SendResult, Sent
from aggregator.rules import MailRules

PAUSE = 600.0
STEP = 60.0
_UNUSUAL_RATE = re.compile(r"\b4\.7\.28\b")
NEVER = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """What holds for one receiving domain."""

    free_at: float = 0.0
    """By its rate, or after a complaint."""
    under_way: int = 0
    most: int | None = None
    """Connections, after a complaint; None: all."""
    more_at: float = 0.0
    """When one more may be tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What may be sent now."""

    free_at: float = 0.0
    """By the rate of all letters together."""
    lanes: Mapping[str, Lane] = field(default_factory=dict)
    """By receiving domain; all others are free."""


def free_at(pace: Pace, domain: str) -> float:
    """From when the next letter to this domain may begin; NEVER: not before another one ended."""
    lane = pace.lanes.get(domain, Lane())
    if lane.most is not None and lane.under_way >= lane.most:
        return NEVER
    return max(pace.free_at, lane.free_at)


def begun(pace: Pace, domain: str, rules: MailRules, now: float) -> Pace:
    """After a letter to this domain began."""
    lane = pace.lanes.get(domain, Lane())
    rate = rules.domain_rate.get(domain)
    return Pace(
        free_at=_next(pace.free_at, rules.rate, now),
        lanes={
            **pace.lanes,
            domain: replace(
                lane, free_at=_next(lane.free_at, rate, now), under_way=lane.under_way + 1
            ),
        },
    )


def ended(pace: Pace, domain: str, result: SendResult | None, rules: MailRules, now: float) -> Pace:
    """After it ended, with this answer (None: it was not sent after all)."""
    lane = pace.lanes[domain]
    lane = replace(lane, under_way=lane.under_way - 1)
    if result is not None and complains(result):
        lane = replace(lane, free_at=now + PAUSE, most=1, more_at=now + PAUSE + STEP)
    elif lane.most is not None and lane.more_at <= now and result and result.result is Sent.SENT:
        most = lane.most + 1
        lane = replace(lane, most=most if most < rules.connections else None, more_at=now + STEP)
    lanes = {**pace.lanes, domain: lane}
    if lane.under_way == 0 and lane.most is None and lane.free_at <= now:
        del lanes[domain]
    return replace(pace, lanes=lanes)


def complains(result: SendResult) -> bool:
    """Whether the receiving domain finds our rate unusual."""
    return result.result is Sent.LATER and _UNUSUAL_RATE.search(result.detail) is not None


def _next(free_at: float, rate: float | None, now: float) -> float:
    return free_at if rate is None else max(free_at, now) + 1 / rate
