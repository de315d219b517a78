"""counts and coverage -> small pictures, each with the same thing in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from markupsafe import Markup

from aggregator.model import Coverage
from aggregator.render.language import ENGLISH, Language
from aggregator.steps.perspectives import GROUPS, Group

_BAR_HEIGHT = 64
_TOP = 18
_BOTTOM = 32


State: TypeAlias = Literal["first", "reports", "copies", "silent", "unheard"]
"""`unheard`: no feed of the group is read, so that its silence means nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One capital in the row of a story."""

    group: str
    label: str
    short: str
    state: State
    articles: int
    words: str
    """"Seoul: 3 reports, first", for those who do not see the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a chart made of table cells."""

    label: str
    value: int
    percent: int
    """Of the longest bar, 0 to 100; at least 1 when there is anything to show."""


def capitals(
    coverage: Iterable[Coverage],
    listened: Collection[str] | None = None,
    say: Language = ENGLISH,
) -> tuple[Cell, ...]:
    """All groups in their fixed order: who reports, who was first, who is silent.

    `listened`: the groups that have a feed that is read; None, all of them.
    """
    found = {each.group: each for each in coverage}
    first_at = min((each.first_at for each in found.values()), default=None)
    return tuple(
        _cell(
            group,
            found.get(group.slug),
            first_at,
            listened is None or group.slug in listened,
            say,
        )
        for group in GROUPS
    )


def _cell(
    group: Group, one: Coverage | None, first_at: object, listened: bool, say: Language
) -> Cell:
    state: State
    if one is None and listened:
        state, words = "silent", say.gettext("silent")
    elif one is None:
        state, words = "unheard", say.gettext("no source read")
    elif one.first_at == first_at:
        state, words = "first", f"{_reports(one, say)}, {say.gettext('first')}"
    elif one.articles == 0:
        state, words = "copies", say.gettext("copies only")
    else:
        state, words = "reports", _reports(one, say)
    label = say.gettext(group.label)
    return Cell(
        group=group.slug,
        label=label,
        short=say.gettext(group.short),
        state=state,
        articles=one.articles if one else 0,
        words=f"{label}: {words}",
    )


def _reports(one: Coverage, say: Language) -> str:
    if not one.articles:
        return say.gettext("copies only")
    return say.ngettext("%(num)s report", "%(num)s reports", one.articles)


def day_bars(days: Sequence[tuple[str, int]], say: Language = ENGLISH) -> tuple[Bar, ...]:
    """One bar a day; `days` are (ISO date, articles)."""
    return bars([(_day_label(name, say), count) for name, count in days])


def bars(counts: Sequence[tuple[str, int]]) -> tuple[Bar, ...]:
    """Bars in proportion to the largest count."""
    most = max((count for _, count in counts), default=0)
    return tuple(
        Bar(label=label, value=count, percent=max(1, round(100 * count / most)) if count else 0)
        for label, count in counts
    )


def days_svg(days: Sequence[tuple[str, int]], say: Language = ENGLISH) -> Markup:
    """Articles by day as inline SVG, without styles or scripts; "" when there is nothing to show.

    Colours come from the page's style sheet (classes `bar`, `value`, `axis`).
    """
    if not days:
        return Markup("")
    column = 44 if len(days) <= 7 else 28
    most = max(1, *(count for _, count in days))
    width, height = column * len(days), _TOP + _BAR_HEIGHT + _BOTTOM
    parts = [_column(n * column, column, *each, most, say) for n, each in enumerate(days)]
    return Markup(
        '<svg class="days" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">'
        '{}<line class="axis" x1="0" x2="{}" y1="{}" y2="{}"/></svg>'
    ).format(
        days_in_words(days, say),
        width,
        height,
        width,
        height,
        Markup("").join(parts),
        width,
        _TOP + _BAR_HEIGHT,
        _TOP + _BAR_HEIGHT,
    )


def _column(left: int, column: int, name: str, count: int, most: int, say: Language) -> Markup:
    bar = round(_BAR_HEIGHT * count / most) if count else 0
    middle = left + column / 2
    moment = _date(name)
    lines = (say.weekday(moment), str(moment.day)) if moment else (name[-5:], "")
    return Markup(
        '<rect class="bar" x="{}" y="{}" width="{}" height="{}" rx="1.5"/>'
        '<text class="value" x="{}" y="{}" text-anchor="middle">{}</text>'
        '<text class="label" x="{}" y="{}" text-anchor="middle">{}</text>'
        '<text class="label" x="{}" y="{}" text-anchor="middle">{}</text>'
    ).format(
        *(left + column // 5, _TOP + _BAR_HEIGHT - bar, column - 2 * (column // 5), bar),
        *(middle, _TOP + _BAR_HEIGHT - bar - 5, count),
        *(middle, _TOP + _BAR_HEIGHT + 14, lines[0][: 3 if column > 30 else 2]),
        *(middle, _TOP + _BAR_HEIGHT + 28, lines[1]),
    )


def days_in_words(days: Sequence[tuple[str, int]], say: Language = ENGLISH) -> str:
    """ "Articles by day: Mon 24 June 12, Tue 25 June 9." """
    told = ", ".join(f"{_day_label(n, say)} {c}" for n, c in days)
    return f"{say.gettext('Articles by day')}: {told}."


def coverage_in_words(
    coverage: Iterable[Coverage],
    listened: Collection[str] | None = None,
    say: Language = ENGLISH,
) -> str:
    """ "Seoul 12, first; Washington 7; silent: Tokyo, Moscow." Unheard groups are left out."""
    cells = capitals(coverage, listened, say)
    heard = [
        f"{cell.label} {cell.articles or say.gettext('copies only')}"
        + (f", {say.gettext('first')}" if cell.state == "first" else "")
        for cell in cells
        if cell.state not in ("silent", "unheard")
    ]
    silent = [cell.label for cell in cells if cell.state == "silent"]
    told = [f"{say.gettext('silent')}: {', '.join(silent)}"] if silent else []
    return "; ".join(heard + told) + "."


def _date(name: str) -> date | None:
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


def _day_label(name: str, say: Language) -> str:
    moment = _date(name)
    return say.short_day(moment) if moment else name
