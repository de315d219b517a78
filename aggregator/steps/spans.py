"""A length of time -> words."""

from __future__ import annotations

from datetime import timedelta

_UNITS = ((86_400, "day"), (3_600, "h"), (60, "min"), (1, "s"))


def span(length: timedelta) -> str:
    """45 s, 12 min, 2 h 30 min, 1 day, 3 days 4 h: the two largest units that it has."""
    rest = round(length.total_seconds())
    if rest >= 60:
        # Seconds do not matter beside hours, nor minutes beside days.
        unit = 3_600 if rest >= 86_400 else 60 if rest >= 3_600 else 1
        rest = round(rest / unit) * unit
    words = []
    for seconds, name in _UNITS:
        count, rest = divmod(rest, seconds)
        if count:
            words.append(f"{count} {name}{'s' if name == 'day' and count > 1 else ''}")
    return " ".join(words) or "0 s"
