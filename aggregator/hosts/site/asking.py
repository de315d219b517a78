"""the fields of the search form -> what is looked for, or the sentence that says what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aggregator.model import Feed, Search
from aggregator.ports import Tools
from aggregator.render.names import GROUP, N_, PERSPECTIVE
from aggregator.steps.perspectives import group_of
from aggregator.taxonomy import Taxonomy

FIELDS = ("q", "tag", "from", "lang", "since", "until")
MOST_PAGES = 200


def given_of(query: Mapping[str, str]) -> dict[str, str]:
    """The fields that were filled in, without spaces around them."""
    return {name: value for name in FIELDS if (value := query.get(name, "").strip()[:200])}


def page_of(query: Mapping[str, str]) -> int:
    """Which page of a list is asked for, from 1; what is no number is the first."""
    text = query.get("page", "")
    return min(int(text), MOST_PAGES) if text.isascii() and text.isdigit() and text != "0" else 1


def feeds_of(name: str, feeds: Iterable[Feed]) -> frozenset[str] | None:
    """Ids of the feeds of a group ("seoul") or perspective ("rok-gov"); None: no such name."""
    if name in GROUP:
        return frozenset(feed.id for feed in feeds if group_of(feed.perspective) == name)
    if name in PERSPECTIVE:
        return frozenset(feed.id for feed in feeds if feed.perspective == name)
    return None


def asked(
    given: Mapping[str, str], feeds: Iterable[Feed], taxonomy: Taxonomy, timezone: str
) -> Search | str:
    """What is looked for. Days are days of `timezone`, the last one included."""
    tag = _tag(given.get("tag", ""), taxonomy)
    if tag is None:
        return N_("There is no tag of this name.")
    among = feeds_of(given["from"], feeds) if "from" in given else None
    if among is None and "from" in given:
        return N_("There is no perspective of this name.")
    try:
        since, until = (_day(given.get(name, "")) for name in ("since", "until"))
    except ValueError:
        return N_("A day is written like 2026-08-24.")
    zone = ZoneInfo(timezone)
    return Search(
        text=given.get("q", ""),
        tags=(tag,) if tag else (),
        feeds=among,
        languages=(given["lang"],) if "lang" in given else (),
        since=datetime.combine(since, time(), zone) if since else None,
        until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
    )


def wanted(tools: Tools, given: Mapping[str, str]) -> Search | str:
    """As `asked`, of one installation."""
    return asked(given, tools.feeds.values(), tools.taxonomy, tools.config.site.timezone)


def is_tag(tools: Tools, slug: str) -> bool:
    """A tag of the taxonomy, or one that articles still bear although it was taken out."""
    return slug in tools.taxonomy or bool(tools.store.items(limit=1, tag=slug))


def _tag(name: str, taxonomy: Taxonomy) -> str | None:
    """The slug of a tag named by slug or by its name in any language; None: there is none."""
    if not name or name in taxonomy:
        return name
    wanted = name.casefold()
    for tag in taxonomy.tags.values():
        if any(label.casefold() == wanted for label in tag.labels.values()):
            return tag.slug
    return None


def _day(text: str) -> date | None:
    """Raises ValueError; days that no time zone can hold are refused too."""
    if not text:
        return None
    day = date.fromisoformat(text)
    if not 1900 < day.year < 9000:
        raise ValueError(text)
    return day
