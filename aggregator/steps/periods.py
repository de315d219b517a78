"""schedule, zone, clock -> the weeks whose issue should exist. By state: no timer is the reason."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from aggregator.model import Due, Period
from aggregator.rules import Digest

_WEEK = timedelta(days=7)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def week_of(moment: datetime, timezone: str) -> Period:
    """The ISO week that holds `moment`, cut at local midnight: a DST week has 167 or 169 hours."""
    local = moment.astimezone(ZoneInfo(timezone))
    year, week, _ = local.isocalendar()
    return _period(date.fromisocalendar(year, week, 1), timezone)


def named(name: str, timezone: str) -> Period:
    """ "2026-W34" -> that week. Raises ValueError with what is expected."""
    found = re.fullmatch(r"(\d{4})-?W(\d{1,2})", name.strip(), re.IGNORECASE)
    try:
        if found:
            return _period(date.fromisocalendar(int(found[1]), int(found[2]), 1), timezone)
    except ValueError:
        pass
    raise ValueError(f'"{name}" is no week: expected an ISO week such as "2026-W34"')


def span(period: Period) -> str:
    """First and last day: "18–24 Aug 2025", "30 Jun – 6 Jul 2025", "29 Dec 2025 – 4 Jan 2026"."""
    zone = ZoneInfo(period.timezone)
    first = period.start.astimezone(zone)
    last = (period.end - timedelta(hours=2)).astimezone(zone)
    end = f"{last.day} {_MONTHS[last.month - 1]} {last.year}"
    if first.month == last.month:
        return f"{first.day}–{end}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {_MONTHS[first.month - 1]}{year} – {end}"


def before(period: Period) -> Period:
    """The week before."""
    return week_of(period.start - timedelta(hours=1), period.timezone)


def _period(monday: date, timezone: str) -> Period:
    zone = ZoneInfo(timezone)
    year, week, _ = monday.isocalendar()
    start = datetime.combine(monday, time.min, zone)
    end = datetime.combine(monday + _WEEK, time.min, zone)
    return Period(
        name=f"{year}-W{week:02}",
        start=start.astimezone(UTC),
        end=end.astimezone(UTC),
        timezone=timezone,
    )


def last_complete(now: datetime, timezone: str) -> Period:
    """The latest week that has ended by `now`."""
    return before(week_of(now, timezone))


def sends_at(period: Period, rules: Digest) -> datetime:
    """When the issue about `period` goes out: the schedule's first date at or after its end."""
    zone = ZoneInfo(rules.timezone)
    start = (period.end - timedelta(minutes=1)).astimezone(zone)
    return next(CronSim(rules.schedule, start)).astimezone(UTC)


def due(
    rules: Digest, installed_at: datetime | None, covered_until: datetime | None, now: datetime
) -> Due | None:
    """The oldest week without an issue whose sending time has come, or None.

    The first issue covers from the day of installation: no week that ended before it is due. After
    a long outage the weeks come one by one; those past `rules.expires` are `late`.
    """
    if not rules.enabled or installed_at is None:
        return None
    start = max(installed_at, covered_until) if covered_until else installed_at
    period = week_of(start, rules.timezone)
    if period.end > now or sends_at(period, rules) > now:
        return None
    return Due(period=period, late=now - sends_at(period, rules) > rules.expires)
