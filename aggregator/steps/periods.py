"""schedule, zone, clock -> the weeks and days whose issue should exist. By state: no timer is the
reason."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from aggregator.model import Cadence, Due, Period
from aggregator.rules import Digest

_WEEK = timedelta(days=7)
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def week_of(moment: datetime, timezone: str) -> Period:
    """The ISO week that holds `moment`, cut at local midnight: a DST week has 167 or 169 hours."""
    local = moment.astimezone(ZoneInfo(timezone))
    year, week, _ = local.isocalendar()
    return _period(date.fromisocalendar(year, week, 1), timezone)


def day_of(moment: datetime, timezone: str) -> Period:
    """The day that holds `moment`, cut at local midnight: 23 to 25 hours."""
    return _day(moment.astimezone(ZoneInfo(timezone)).date(), timezone)


def named(name: str, timezone: str) -> Period:
    """ "2026-W34" -> that week, "2026-08-24" -> that day. Raises ValueError with a sentence."""
    found = re.fullmatch(r"(\d{4})-?W(\d{1,2})", name.strip(), re.IGNORECASE)
    try:
        if found:
            return _period(date.fromisocalendar(int(found[1]), int(found[2]), 1), timezone)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", name.strip()):
            return _day(date.fromisoformat(name.strip()), timezone)
    except ValueError:
        pass
    raise ValueError(
        f'"{name}" is no week: expected an ISO week such as "2026-W34" (or a day, "2026-08-24")'
    )


def span(period: Period) -> str:
    """First and last day: "18–24 Aug 2025", "30 Jun – 6 Jul 2025", "29 Dec 2025 – 4 Jan 2026"; of a
    day "24 Aug 2025"."""
    zone = ZoneInfo(period.timezone)
    first = period.start.astimezone(zone)
    last = (period.end - timedelta(hours=2)).astimezone(zone)
    end = f"{last.day} {_MONTHS[last.month - 1]} {last.year}"
    if first.date() == last.date():
        return end
    if first.month == last.month:
        return f"{first.day}–{end}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {_MONTHS[first.month - 1]}{year} – {end}"


def before(period: Period) -> Period:
    """The week before a week, the day before a day."""
    return _holding(period.start - timedelta(hours=1), period.timezone, period.cadence)


def _holding(moment: datetime, timezone: str, cadence: Cadence) -> Period:
    return week_of(moment, timezone) if cadence == "weekly" else day_of(moment, timezone)


def _day(day: date, timezone: str) -> Period:
    zone = ZoneInfo(timezone)
    start = datetime.combine(day, time.min, zone)
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    return Period(
        name=day.isoformat(),
        start=start.astimezone(UTC),
        end=end.astimezone(UTC),
        timezone=timezone,
    )


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
    schedule = rules.schedule if period.cadence == "weekly" else rules.daily
    return next(CronSim(schedule, start)).astimezone(UTC)


def due(
    rules: Digest,
    installed_at: datetime | None,
    covered_until: datetime | None,
    now: datetime,
    cadence: Cadence = "weekly",
) -> Due | None:
    """The oldest week (or day) without an issue whose sending time has come, or None.

    The first issue covers from the day of installation: no week that ended before it is due. After
    a long outage the weeks come one by one; those past `rules.expires` are `late`.
    """
    if not rules.enabled or installed_at is None:
        return None
    start = max(installed_at, covered_until) if covered_until else installed_at
    period = _holding(start, rules.timezone, cadence)
    if period.end > now or sends_at(period, rules) > now:
        return None
    return Due(period=period, late=now - sends_at(period, rules) > rules.expires)
