"""A feed's date, in whatever form -> aware UTC. Reads the forms that feeds really carry."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_HOURS = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2,
    "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "MSK": 3, "MSD": 4, "PKT": 5, "IST": 5.5, "ICT": 7,
    "WIB": 7, "SGT": 8, "HKT": 8, "PHT": 8, "AWST": 8, "KST": 9, "JST": 9, "AEST": 10,
    "AEDT": 11, "NZST": 12, "NZDT": 13, "AST": -4, "ADT": -3, "EST": -5, "EDT": -4, "ET": -5,
    "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8,
    "HST": -10,
}  # fmt: skip
_COUNTRY_HOURS = {
    "ROK": 9, "DPRK": 9, "KR": 9, "KP": 9, "South Korea": 9, "North Korea": 9, "Japan": 9, "JP": 9,
    "China": 8, "CN": 8, "Hong Kong": 8, "HK": 8, "Taiwan": 8, "TW": 8, "Singapore": 8,
    "Russia": 3, "RU": 3,
}  # fmt: skip
_LANGUAGE_HOURS = {"ko": 9, "ja": 9, "zh": 8}
# The IAEA writes `26-03-15 14:30` and means the clock at its seat.
_VIENNA = ZoneInfo("Europe/Vienna")
_AFTERNOON = {"pm", "오후", "下午", "午後", "晚上"}
_MORNING = {"am", "오전", "上午", "午前", "早上", "凌晨"}
_HALF = "오전|오후|上午|下午|午前|午後|早上|凌晨|晚上"
_LONGEST = 100

_RFC822 = re.compile(
    r"(?:[A-Za-z]{3,9}\.?,?\s+)?(\d{1,2})[\s-]([A-Za-z]{3})[a-z]*\.?,?[\s-](\d{4}|\d{2})"
    r"(?:,?\s+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(.*)$",
    re.ASCII,
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_YEAR_FIRST = re.compile(
    r"(?<!\d)(\d{4})\s*[-./年년]\s*(\d{1,2})\s*[-./月월]\s*(\d{1,2})(?!\d)\s*[日일号.]?", re.ASCII
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?)?(?!\d)", re.ASCII)
_YEAR_LAST = re.compile(r"(?<![\d:])(\d{1,2})([-./])(\d{1,2})\2(\d{4})(?!\d)", re.ASCII)
_SHORT_YEAR = re.compile(r"^(\d{2})-(\d{2})-(\d{2})(?=\s|$)", re.ASCII)
_MONTH_NAME = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DAY_MONTH = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?[\s-]+{_MONTH_NAME}\.?,?[\s-]+(\d{{4}})", re.ASCII | re.I
)
_MONTH_DAY = re.compile(
    rf"\b{_MONTH_NAME}\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?(?:,\s*|\s+)(\d{{4}})", re.ASCII | re.I
)
_ASCTIME = re.compile(rf"\b{_MONTH_NAME}\s+(\d{{1,2}})\b.*?\b(\d{{4}})$", re.ASCII | re.I)
_CLOCK = re.compile(
    rf"(?:({_HALF})\s*)?(?<!\d)(\d{{1,2}})\s*(?::|시|時|时|点|點)\s*(?:(\d{{1,2}})\s*"
    rf"(?:(?::|분|分)\s*(?:(\d{{1,2}})(?:[.,]\d+)?\s*[초秒]?)?)?)?\s*(?:([ap])\.?m\b\.?|({_HALF}))?",
    re.ASCII | re.I,
)
_OFFSET = re.compile(r"(?:GMT|UTC|UT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?(?::?\d{2})?\b", re.ASCII)
_ZONE_NAME = re.compile(r"\(?([A-Z]{1,4})\b", re.ASCII)


def parse_date(text: str, default_zone: tzinfo = UTC) -> datetime | None:
    """The moment in UTC; None when the text holds no date.

    A date without a zone is in `default_zone`, a date without a clock time at its midnight.
    Years are not judged here: the year 1 comes back as it is.
    """
    text = text.strip()
    if not text or len(text) > _LONGEST:
        return None
    try:
        return _iso(text, default_zone) or _rfc822(text, default_zone) or _other(text, default_zone)
    except (ValueError, OverflowError):  # the 31st of February; the year 1 east of Greenwich
        return None


def zone_of(country: str, language: str = "") -> tzinfo:
    """The zone that a publisher of this country means when it names none; UTC when unknown.

    Korean newsrooms' systems write `2024-03-15 09:00:00` and mean Seoul. Without a country the
    language tells: Korean and Japanese are written at UTC+9, Chinese at UTC+8 nearly everywhere.
    Countries with summer time are left out: there the offset would be wrong half the year.
    """
    hours = _COUNTRY_HOURS.get(country) or _LANGUAGE_HOURS.get(language[:2].lower())
    return timezone(timedelta(hours=hours)) if hours else UTC


def _iso(text: str, default: tzinfo) -> datetime | None:
    if not _ISO.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=default)
    return moment.astimezone(UTC)


def _rfc822(text: str, default: tzinfo) -> datetime | None:
    match = _RFC822.match(text)
    if match is None or match[2].lower() not in _MONTHS:
        return None
    day, month, year, hour, minute, second, rest = match.groups()
    if rest and not hour:  # `15 Mar 2024 at 3 pm`: not this form
        return None
    if re.match(r"[ap]\.?m\b", rest, re.IGNORECASE):
        return None
    date = (_full_year(year), _MONTHS[month.lower()], int(day))
    clock = (int(hour or 0), int(minute or 0), int(second or 0))
    return _moment(date, clock, _zone(rest, default))


def _other(text: str, default: tzinfo) -> datetime | None:
    text = unicodedata.normalize("NFKC", text)
    if compact := _COMPACT.match(text):
        year, month, day, hour, minute, second = (int(part or 0) for part in compact.groups())
        rest = text[compact.end() :]
        return _moment((year, month, day), (hour, minute, second), _zone(rest, default))
    if short := _SHORT_YEAR.match(text):
        date = (_full_year(short[1]), int(short[2]), int(short[3]))
        start, end = short.span()
        default = _VIENNA if default is UTC else default
    else:
        found = _date(text)
        if found is None:
            return None
        date, start, end = found
    remainder = f"{text[:start]} {text[end:]}"
    clock = _CLOCK.search(remainder)
    if clock is None:
        return _moment(date, (0, 0, 0), _zone(text[end:], default))
    return _moment(date, _time(clock), _zone(remainder[clock.end() :], default))


def _date(text: str) -> tuple[tuple[int, int, int], int, int] | None:
    """(year, month, day), and where in the text they stand."""
    if match := _YEAR_FIRST.search(text):
        return (int(match[1]), int(match[2]), int(match[3])), *match.span()
    if match := _DAY_MONTH.search(text):
        return (int(match[3]), _MONTHS[match[2].lower()], int(match[1])), *match.span()
    if match := _MONTH_DAY.search(text):
        return (int(match[3]), _MONTHS[match[1].lower()], int(match[2])), *match.span()
    if match := _ASCTIME.search(text):
        date = (int(match[3]), _MONTHS[match[1].lower()], int(match[2]))
        return date, match.start(), match.end(2)
    if match := _YEAR_LAST.search(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        # 03/04/2024 is American, 03.04.2024 and 03-04-2024 are European, unless the numbers say no.
        american = (match[2] == "/" and first <= 12) or second > 12
        month, day = (first, second) if american else (second, first)
        return (year, month, day), *match.span()
    return None


def _time(clock: re.Match[str]) -> tuple[int, int, int]:
    before, hour, minute, second, letter, after = clock.groups()
    half = before or after or (f"{letter}m".lower() if letter else "")
    hours = int(hour)
    if half in _AFTERNOON and hours < 12:
        hours += 12
    elif half in _MORNING and hours == 12:
        hours = 0
    return hours, int(minute or 0), int(second or 0)


def _moment(date: tuple[int, int, int], clock: tuple[int, int, int], zone: tzinfo) -> datetime:
    hour, minute, second = clock
    extra = timedelta(days=1) if (hour, minute, second) == (24, 0, 0) else timedelta()
    if extra:
        hour = 0
    # A leap second is read as the second before it: datetime knows none.
    moment = datetime(*date, hour, minute, min(second, 59), tzinfo=zone)
    return (moment + extra).astimezone(UTC)


def _zone(text: str, default: tzinfo) -> tzinfo:
    text = text.strip()
    if not text:
        return default
    if offset := _OFFSET.match(text):
        delta = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(-delta if offset[1] == "-" else delta)
    name = _ZONE_NAME.match(text.upper())
    if name is None:
        return default
    if name[1] == "CST" and default.utcoffset(None) == timedelta(hours=8):
        return default  # China's standard time, not Chicago's
    hours = _HOURS.get(name[1])
    return default if hours is None else timezone(timedelta(hours=hours))


def _full_year(year: str) -> int:
    """RFC 2822, 4.3: two digits below 50 are of this century."""
    if len(year) > 2:
        return int(year)
    return int(year) + (2000 if int(year) < 50 else 1900)
