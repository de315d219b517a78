"""the fields of the readers' forms -> what is asked for, and what is wrong with it."""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Literal, cast

from aggregator.model import Cadence, Subscriber
from aggregator.render.names import GROUP, LANGUAGE, N_
from aggregator.steps.addresses import address_of
from aggregator.steps.sections import TOPICS

CADENCES: tuple[Cadence, ...] = ("weekly", "daily")
PAUSES = (1, 2, 4, 8)
"""Weeks."""
_AREAS = frozenset(
    "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific".split()
)

Faults = Mapping[str, str]
"""Field -> what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new reader asks for."""

    address: str
    language: str
    cadence: Cadence


@cache
def zones() -> tuple[str, ...]:
    """The zones that are offered: "Asia/Seoul" and its like, and UTC."""
    known = zoneinfo.available_timezones()
    return ("UTC", *sorted(name for name in known if name.partition("/")[0] in _AREAS))


def asked_for(given: Mapping[str, str], languages: Sequence[str]) -> tuple[Wanted, Faults]:
    """The form at /subscribe. `languages`: what letters can be written in."""
    faults: dict[str, str] = {}
    address = ""
    try:
        address = address_of(given.get("address", ""))
    except ValueError:
        faults["address"] = N_("Enter your e-mail address, such as name@example.org.")
    language = _one(given.get("language"), languages, "language", faults)
    cadence = _one(given.get("cadence"), CADENCES, "cadence", faults)
    return Wanted(address=address, language=language, cadence=cast(Cadence, cadence)), faults


def chosen(
    reader: Subscriber, form: Mapping[str, list[str]], languages: Sequence[str], now: datetime
) -> tuple[Subscriber, Faults]:
    """The reader as the form at /preferences has them."""
    faults: dict[str, str] = {}
    last = {name: values[-1] for name, values in form.items()}
    cadence = _one(last.get("cadence"), CADENCES, "cadence", faults)
    zone = last.get("timezone", "")
    if zone not in ("", reader.timezone, *zones()):
        faults["timezone"] = N_("Choose one from the list.")
        zone = reader.timezone
    status, until = _pause(reader, last.get("pause", ""), now, faults)
    return (
        replace(
            reader,
            language=_one(last.get("language"), languages, "language", faults),
            cadence=cast(Cadence, cadence),
            weekday=_number(last.get("weekday", ""), 7, "weekday", faults),
            hour=_number(last.get("hour", ""), 24, "hour", faults),
            timezone=zone,
            topics=_some(form.get("topics", ()), TOPICS, "topics", faults),
            groups=_some(form.get("groups", ()), tuple(GROUP), "groups", faults),
            languages=_some(form.get("languages", ()), tuple(LANGUAGE), "languages", faults),
            status=status,
            paused_until=until,
        ),
        faults,
    )


def _one(value: str | None, known: Collection[str], field: str, faults: dict[str, str]) -> str:
    if value in known:
        return str(value)
    faults[field] = N_("Choose one from the list.")
    return next(iter(known))


def _some(
    values: Iterable[str], known: tuple[str, ...], field: str, faults: dict[str, str]
) -> tuple[str, ...]:
    """Those that are known, in their order; all of them is kept as none, so that it stays all."""
    found = tuple(value for value in known if value in values)
    if not found:
        faults[field] = N_("Choose at least one.")
    return () if len(found) == len(known) else found


def _number(text: str, end: int, field: str, faults: dict[str, str]) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 3 and int(text) < end:
        return int(text)
    faults[field] = N_("Choose one from the list.")
    return None


def _pause(
    reader: Subscriber, text: str, now: datetime, faults: dict[str, str]
) -> tuple[Literal["active", "paused"], datetime | None]:
    if text == "":
        return "active", None
    if text == "open":
        return "paused", None
    if text == "keep" and reader.status == "paused":
        return "paused", reader.paused_until
    if text in {str(weeks) for weeks in PAUSES}:
        return "paused", now + timedelta(weeks=int(text))
    faults["pause"] = N_("Choose one from the list.")
    return "active", None
