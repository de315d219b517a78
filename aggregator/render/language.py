"""gettext catalogues -> what is said in a reader's language. The only module that knows Babel.

The words in templates and code are English; `aggregator/locale/ko.po` says them in Korean, and any
further `xx.po` beside it, or in the operator's own `locale/`, adds a language to the site.
"""

from __future__ import annotations

import gettext as catalogues
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_interval
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from aggregator.errors import TemplateError
from aggregator.model import Period
from aggregator.steps.periods import span


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language:
    """One language of the interface."""

    code: str
    """As in `lang` attributes and in addresses: "ko"."""
    name: str
    """As its readers write it: 한국어."""
    catalogue: catalogues.NullTranslations = field(default_factory=catalogues.NullTranslations)

    def gettext(self, words: str) -> str:
        """The words in this language; as they are when nobody translated them."""
        return self.catalogue.gettext(words) if words else ""

    def ngettext(self, one: str, many: str, count: int, **others: str) -> str:
        """1 report, 1,204 reports: `%(num)s` stands for the number."""
        return self.catalogue.ngettext(one, many, count) % {"num": f"{count:,}", **others}

    def language_name(self, code: str) -> str:
        """What a language is called in this one; the code itself when it is not known."""
        return str(_locale(self.code).languages.get(code, code))

    def joined(self, parts: Sequence[str]) -> str:
        """Seoul, Tokyo and Moscow"""
        return str(format_list(list(parts), locale=_locale(self._british)))

    def days(self, first: date, last: date) -> str:
        """27–28 February 2019"""
        return str(format_interval(first, last, "yMMMMd", locale=_locale(self._british)))

    @property
    def _british(self) -> str:
        """Days before months, and no comma before the last of several."""
        return "en_GB" if self.code == ENGLISH.code else self.code

    def span(self, period: Period) -> str:
        """18–24 Aug 2025"""
        if self.code == ENGLISH.code:
            return span(period)
        first = period.start.astimezone(_zone(period.timezone)).date()
        last = (period.end - timedelta(hours=2)).astimezone(_zone(period.timezone)).date()
        return str(format_interval(first, last, "yMMMd", locale=_locale(self.code)))

    def clock(self, moment: datetime, zone: str) -> str:
        """14:05"""
        return _written(moment.astimezone(_zone(zone)), "HH:mm", self.code)

    def day(self, moment: datetime | date, zone: str = "UTC") -> str:
        """30 June 2019 (a date has no zone)"""
        # How a date is written is a translation too: its letters are those of CLDR patterns.
        return _written(_local(moment, zone), self.gettext("d MMMM y"), self.code)

    def month(self, moment: date) -> str:
        """June 2019"""
        return _written(moment, self.gettext("MMMM y"), self.code)

    def short_day(self, moment: datetime | date, zone: str = "UTC") -> str:
        """Sun 30 June"""
        return _written(_local(moment, zone), self.gettext("EEE d MMMM"), self.code)

    def weekday(self, moment: datetime | date, zone: str = "UTC") -> str:
        """Sun"""
        return _written(_local(moment, zone), "EEE", self.code)

    def stamp(self, moment: datetime, zone: str) -> str:
        """30 Jun 14:05"""
        return _written(_local(moment, zone), self.gettext("d MMM HH:mm"), self.code)


ENGLISH = Language(code="en", name="English")


def languages(folders: Sequence[Path] = ()) -> dict[str, Language]:
    """All languages by code, English first: the shipped catalogues and those in `folders`.

    Raises TemplateError that names the file.
    """
    found = {ENGLISH.code: ENGLISH}
    for folder in (files("aggregator") / "locale", *folders):
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
            if entry.name.endswith(".po"):
                found[entry.name.removesuffix(".po")] = _read(entry)
    return found


def _read(file: Traversable) -> Language:
    code = file.name.removesuffix(".po")
    try:
        locale = Locale.parse(code, sep="-")
        with file.open("rb") as stream:
            catalogue = read_po(stream, locale=locale, abort_invalid=True)
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        known = catalogues.GNUTranslations(compiled)
    except (UnknownLocaleError, PoFileError, ValueError, OSError) as error:
        raise TemplateError(
            f"{file}: this is no catalogue of a language ({error}); name it like ko.po and check "
            "it with a gettext editor"
        ) from error
    return Language(code=code, name=str(locale.get_display_name(code) or code), catalogue=known)


def _local(moment: datetime | date, zone: str) -> datetime | date:
    return moment.astimezone(_zone(zone)) if isinstance(moment, datetime) else moment


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _written(moment: datetime | date, pattern: str, code: str) -> str:
    locale = _locale(code)
    if isinstance(moment, datetime):
        return format_datetime(moment, pattern, locale=locale)
    return format_date(moment, pattern, locale=locale)


@lru_cache(maxsize=16)
def _locale(code: str) -> Locale:
    return Locale.parse(code.replace("_", "-"), sep="-")
