"""The issue's reports -> what is coming up: only what has a day, in the words of who says so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.model import Item, Period, StoryItems, Telling, Upcoming
from aggregator.steps.copies import without_revision
from aggregator.steps.digest.telling import OPINION, originals, telling_tags
from aggregator.steps.perspectives import publisher_of
from aggregator.steps.text import sentences, without_dateline
from aggregator.taxonomy import Anniversary, Taxonomy

AHEAD: Final = timedelta(days=35)
MOST: Final = 7
MOST_A_DAY: Final = 2
_SENTENCES: Final = 3
_CHARACTERS: Final = 220
_TAGS: Final = 3

_MONTHS: Final = {
    name: n
    for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)
}
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_ENGLISH: Final = (
    re.compile(rf"\b{_MONTH}\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*,?\s*(?:19|20)\d\d)", re.I),
    re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+{_MONTH}(?!\s*(?:19|20)\d\d)", re.I),
)
_NAMED: Final = re.compile(r"(?<!\d)(\d{1,2})\s?[월月]\s?(\d{1,2})\s?[일日]")
_NEXT_MONTH: Final = re.compile(r"(?:내달|다음\s?달|来月|下月)\s?(\d{1,2})\s?[일日]")
_COMING: Final = re.compile(r"(?:오는|다가오는|来たる)\s?(\d{1,2})\s?[일日]")
_DAY: Final = re.compile(r"(?<![\d월月~∼\-])\s?(\d{1,2})[일日](?![\d간本])")
"""A bare day. Korean and Japanese papers write "지난 25일" of a month that is over, so that a day
later than the day of publication is one to come."""
_PAST: Final = re.compile(
    r"지난|작년|지난해|[去昨]年|先月|上月|\b(?:last|since|in)\s(?:year|month|\d{4})\b|주년|周年",
    re.I,
)
_THROUGH: Final = re.compile(r"\b(?:until|through|till|by|to)\s$|[-–]\s?$", re.I)
_UNTIL: Final = re.compile(r"\s?(?:까지|まで|为止|為止)")
_PLANNED: Final = re.compile(
    r"(?:예정이다|예정됐다|방문한다|열린다|열릴 예정이다|연다|갖는다|개최한다|출국한다|참석한다|"
    r"만난다|시작한다|진행한다|발효된다|회담한다|予定だ|予定です|予定している|する方針|開かれる|"
    r"将[^。]{2,40})[.。]?$|\b(?:will|is set to|is scheduled|are scheduled|plans? to|to be held)\b",
    re.I,
)
"""A sentence that announces something. Others name the day in passing."""
_BESIDE: Final = re.compile(r"앞두고|앞둔|예정된|を前に|控え|\bahead of\b|\bbefore\b", re.I)
_OLD_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d\s?[년年]")


def upcoming(
    views: Sequence[StoryItems],
    anniversaries: Sequence[Anniversary],
    period: Period,
    taxonomy: Taxonomy,
    editions: Sequence[str],
) -> tuple[Upcoming, ...]:
    """What reports date after the week, at most five weeks ahead, the nearest first.

    `views`: heaviest first; of one day the heavier stories are told, each day once a story.
    Anniversaries of the two weeks after the issue stand among them.
    """
    zone = ZoneInfo(period.timezone)
    first = period.end.astimezone(zone).date()
    found: dict[date, list[Upcoming]] = {}
    used: set[str] = set()
    for view in views:
        for day, named in sorted(_dated(view, zone).items()):
            # A headline that names two days stands at the first of them.
            told = [pair for pair in named if pair[1] not in used]
            if not told or not first <= day <= first + AHEAD:
                continue
            here = found.setdefault(day, [])
            tellings = tuple(
                t for language in editions if (t := _best(told, language)) is not None
            ) or (_telling(*told[0]),)
            tags = telling_tags(view.story.tags, taxonomy)[:_TAGS]
            # The same visit is announced by many stories: their leading tags are the same.
            if len(here) < MOST_A_DAY and not any(set(tags[:1]) & set(o.tags) for o in here):
                here.append(Upcoming(day=day.isoformat(), tellings=tellings, tags=tags))
                used.update(text for _, text in told)
    told_days = [each for day in sorted(found) for each in found[day]][:MOST]
    fixed = _anniversaries(anniversaries, first, editions)
    return tuple(sorted((*told_days, *fixed), key=lambda each: each.day))


def dates_in(text: str, published: date) -> Iterator[date]:
    """Days that a text of that day dates ahead; never past ones, and no ends of a span."""
    for pattern in _ENGLISH:
        for match in pattern.finditer(text):
            if _THROUGH.search(text[: match.start()][-9:]):
                continue
            month, day = (match[1], match[2]) if match[1].isalpha() else (match[2], match[1])
            yield from _ahead(published, _MONTHS[month[:3].lower()], int(day))
    taken: list[tuple[int, int]] = []
    for match in _NAMED.finditer(text):
        taken.append(match.span())
        if _UNTIL.match(text, match.end()):
            continue
        yield from _ahead(published, int(match[1]), int(match[2]))
    for match in _NEXT_MONTH.finditer(text):
        taken.append(match.span())
        yield from _ahead(published, published.month % 12 + 1, int(match[1]))
    for match in _COMING.finditer(text):
        taken.append(match.span())
        if _UNTIL.match(text, match.end()):
            continue
        day = int(match[1])
        month = published.month if day >= published.day else published.month % 12 + 1
        yield from _ahead(published, month, day)
    for match in _DAY.finditer(text):
        if any(start <= match.start(1) < end for start, end in taken):
            continue
        if _UNTIL.match(text, match.end()):
            continue
        if int(match[1]) > published.day and not _PAST.search(text[: match.start(1)][-8:]):
            yield from _ahead(published, published.month, int(match[1]))


def _ahead(published: date, month: int, day: int) -> Iterator[date]:
    """The next such day after that of publication, if it is near enough to be an appointment."""
    for year in (published.year, published.year + 1):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if published < found <= published + AHEAD:
            yield found
            return


def _dated(view: StoryItems, zone: ZoneInfo) -> dict[date, list[tuple[Item, str]]]:
    """Day -> reports that name it, with the headline or sentence that does."""
    found: dict[date, list[tuple[Item, str]]] = {}
    for item in originals(view):
        if item.judgement.genre in OPINION:
            continue
        published = item.article.published_at.astimezone(zone).date()
        for text in _texts(item):
            for day in dates_in(text, published):
                found.setdefault(day, []).append((item, text))
    return found


def _texts(item: Item) -> list[str]:
    """The headline and, where the feed's rights allow, the first sentences."""
    texts = [without_revision(item.article.title)]
    if item.feed.rights != "title":
        summary = without_dateline(item.article.summary)
        texts += [
            s
            for s in sentences(summary)[:_SENTENCES]
            if len(s) <= _CHARACTERS and _PLANNED.search(s) and not _BESIDE.search(s)
        ]
    return [t for t in texts if not _OLD_YEAR.search(t)]


def _best(told: Sequence[tuple[Item, str]], language: str) -> Telling | None:
    """A headline before a sentence; of either the shorter one."""
    mine = [(i, text) for i, text in told if i.article.language == language]
    if not mine:
        return None
    item, text = min(
        mine, key=lambda pair: (pair[1] != without_revision(pair[0].article.title), len(pair[1]))
    )
    return _telling(item, text)


def _telling(item: Item, text: str) -> Telling:
    return Telling(
        title=text,
        language=item.article.language,
        url=item.article.url,
        publisher=publisher_of(item.feed),
    )


def _anniversaries(
    known: Sequence[Anniversary], first: date, editions: Sequence[str]
) -> Iterator[Upcoming]:
    for each in known:
        for year in (first.year, first.year + 1):
            day = date(year, each.month, each.day)
            if first <= day < first + timedelta(days=14):
                yield Upcoming(
                    day=day.isoformat(),
                    tellings=tuple(
                        Telling(title=each.names[code], language=code, url="", publisher="")
                        for code in editions
                        if code in each.names
                    ),
                    tags=each.tags,
                )
