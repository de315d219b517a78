"""store + views -> the feeds that the site publishes, each list in three formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from aggregator import jobs
from aggregator.hosts.site.asking import feeds_of, given_of, is_tag, page_of, wanted
from aggregator.hosts.site.document import OPML, Page
from aggregator.model import Item
from aggregator.ports import Tools
from aggregator.render import names, opml, syndication
from aggregator.render.atom import atom
from aggregator.render.jsonfeed import jsonfeed
from aggregator.render.links import archive_path, perspective_path, query_of, tag_path
from aggregator.render.rss import rss
from aggregator.render.syndication import (
    Channel,
    Entry,
    article_entries,
    issue_entries,
    story_entries,
)
from aggregator.steps import websub
from aggregator.steps.perspectives import listened

FEED_ENTRIES: Final = 100
FEED_WINDOW: Final = timedelta(days=3)
"""A feed holds all that is so much older than its newest entry, for readers that come rarely."""
MOST_FEED_ENTRIES: Final = 500
MOST_ARCHIVED: Final = 10_000
NEXT_ARCHIVE: Final = timedelta(days=60)
_WRITERS: Final = {
    syndication.ATOM: atom,
    syndication.RSS: rss,
    syndication.JSON_FEED: jsonfeed,
}
FORMATS: Final = tuple(_WRITERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _List:
    """What a feed is made of, whatever its format."""

    title: str
    page: str
    """The path of the page that shows the same list."""
    addresses: Mapping[str, str]
    """Media type -> path."""
    entries: Callable[[int], tuple[tuple[Entry, ...], bool]]
    """Page, from 1 -> its entries, and whether more follow."""
    query: str = ""
    archived: bool = False
    """Whether older entries are in archives, beside the pages."""


def files(folder: str) -> dict[str, str]:
    """Media type -> path of the feed of what has a folder: "/tags/x" -> "/tags/x/atom.xml"."""
    return {
        syndication.ATOM: f"{folder}/atom.xml",
        syndication.RSS: f"{folder}/rss.xml",
        syndication.JSON_FEED: f"{folder}/feed.json",
    }


def endings(name: str) -> dict[str, str]:
    """Media type -> path of the feed of what has none: "/stories" -> "/stories.atom"."""
    return {
        syndication.ATOM: f"{name}.atom",
        syndication.RSS: f"{name}.rss",
        syndication.JSON_FEED: f"{name}.json",
    }


class Feeds:
    """All feeds of one installation, made anew at each call."""

    def __init__(self, tools: Tools, *, static: bool) -> None:
        """`static`: for a copy, which has no second pages."""
        self._tools = tools
        self._store = tools.store
        self._config = tools.config.site
        self._static = static

    def articles(self, query: Mapping[str, str], media_type: str) -> Page:
        listed = _List(
            title=self._config.title,
            page="/",
            addresses=files(""),
            entries=self._articles(self._store.items),
            archived=True,
        )
        return self._feed(listed, query, media_type)

    def stories(self, query: Mapping[str, str], media_type: str) -> Page:
        listed = _List(
            title=f"{self._config.title}: stories",
            page="/",
            addresses=endings("/stories"),
            entries=self._stories,
        )
        return self._feed(listed, query, media_type)

    def digests(self, query: Mapping[str, str], media_type: str) -> Page:
        listed = _List(
            title=f"{self._config.title}: weekly digests",
            page="/digests/",
            addresses=files("/digests"),
            entries=self._issues,
        )
        return self._feed(listed, query, media_type)

    def tag(self, query: Mapping[str, str], media_type: str, slug: str) -> Page | None:
        if not is_tag(self._tools, slug):
            return None
        listed = _List(
            title=f"{self._tools.taxonomy.label(slug)} · {self._config.title}",
            page=tag_path(slug),
            addresses=files(tag_path(slug)),
            entries=self._articles(partial(self._store.items, tag=slug)),
        )
        return self._feed(listed, query, media_type)

    def perspective(self, query: Mapping[str, str], media_type: str, name: str) -> Page | None:
        feeds = feeds_of(name, self._tools.feeds.values())
        if feeds is None:
            return None
        label = names.GROUP.get(name) or names.PERSPECTIVE[name]
        listed = _List(
            title=f"{label} · {self._config.title}",
            page=perspective_path(name),
            addresses=files(perspective_path(name)),
            entries=self._articles(partial(self._store.items, feeds=feeds)),
        )
        return self._feed(listed, query, media_type)

    def search(self, query: Mapping[str, str], media_type: str) -> Page | None:
        given = given_of(query)
        asked = wanted(self._tools, given)
        if isinstance(asked, str) or not given:
            return None
        named = query_of(**given)

        def entries(page: int) -> tuple[tuple[Entry, ...], bool]:
            first = (page - 1) * FEED_ENTRIES
            found = self._store.search(asked, limit=FEED_ENTRIES + 1, offset=first)
            return self._entries(found[:FEED_ENTRIES]), len(found) > FEED_ENTRIES

        listed = _List(
            title=f"{' '.join(given.values())} · {self._config.title}",
            page="/search",
            addresses=endings("/search"),
            entries=entries,
            query=named,
        )
        return self._feed(listed, query, media_type)

    def archive(self, day: str) -> Page | None:
        """One day (UTC) of articles that is over."""
        try:
            start = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC)
        except ValueError:
            return None
        end = start + timedelta(days=1)
        items = self._store.items(limit=MOST_ARCHIVED, since=start, until=end)
        if not items or end > self._tools.clock():
            return None
        channel = Channel(
            title=f"{self._config.title}: {day}",
            self_url=self._config.url + archive_path(day),
            alternate_url=self._config.url + "/",
            current=self._config.url + "/atom.xml",
            prev_archive=self._archive_before(start),
            next_archive=self._archive_after(end),
            archive=True,
        )
        return self._written(channel, self._entries(items), syndication.ATOM)

    def opml(self) -> Page:
        feeds = tuple(self._tools.feeds.values())
        return Page(body=opml.opml(feeds, self._config.title), media_type=OPML)

    def _feed(self, listed: _List, query: Mapping[str, str], media_type: str) -> Page:
        number = page_of(query)
        entries, more = listed.entries(number)
        own = listed.addresses[media_type]

        def address(page: int) -> str:
            if self._static and page > 1:
                return ""
            joint = "&" if listed.query else "?"
            paged = f"{listed.query}{joint}page={page}" if page > 1 else listed.query
            return self._config.url + own + paged

        channel = Channel(
            title=listed.title,
            description=self._config.description,
            self_url=address(number),
            alternate_url=self._config.url + listed.page + listed.query,
            formats={
                kind: self._config.url + path + listed.query
                for kind, path in listed.addresses.items()
                if kind != media_type and number == 1
            },
            # The hub is told of these only: another feed that named it would never be delivered.
            hub_url=self._config.hub if number == 1 and own in websub.TOPICS else "",
            first=address(1) if number > 1 or more else "",
            previous=address(number - 1) if number > 1 else "",
            next=address(number + 1) if more else "",
            prev_archive=self._archive_of(entries)
            if listed.archived and number == 1 and media_type == syndication.ATOM
            else "",
        )
        return self._written(channel, entries, media_type)

    def _written(self, channel: Channel, entries: Sequence[Entry], media_type: str) -> Page:
        return Page(
            body=_WRITERS[media_type](channel, entries, self._config),
            media_type=f"{media_type}; charset=utf-8",
            modified=max((entry.updated for entry in entries), default=None),
        )

    def _articles(
        self, items: Callable[..., tuple[Item, ...]]
    ) -> Callable[[int], tuple[tuple[Entry, ...], bool]]:
        """Entries by page. The first holds some days, so that who comes daily misses nothing."""

        def entries(page: int) -> tuple[tuple[Entry, ...], bool]:
            newest = items(limit=MOST_FEED_ENTRIES + 1)
            first = FEED_ENTRIES
            if newest:
                since = newest[0].article.seen_at - FEED_WINDOW
                recent = sum(item.article.seen_at >= since for item in newest)
                first = min(max(FEED_ENTRIES, recent), MOST_FEED_ENTRIES)
            if page == 1:
                return self._entries(newest[:first]), len(newest) > first
            found = items(limit=FEED_ENTRIES + 1, offset=first + (page - 2) * FEED_ENTRIES)
            return self._entries(found[:FEED_ENTRIES]), len(found) > FEED_ENTRIES

        return entries

    def _stories(self, page: int) -> tuple[tuple[Entry, ...], bool]:
        if page > 1:
            return (), False
        found = self._store.stories(limit=FEED_ENTRIES, latest=True)
        heard = listened(jobs.health(self._tools))
        return story_entries(
            found, site=self._config, taxonomy=self._tools.taxonomy, heard=heard
        ), False

    def _issues(self, page: int) -> tuple[tuple[Entry, ...], bool]:
        found = self._store.issues(FEED_ENTRIES) if page == 1 else ()
        return issue_entries(found, site=self._config, taxonomy=self._tools.taxonomy), False

    def _entries(self, items: Sequence[Item]) -> tuple[Entry, ...]:
        copies: dict[str, tuple[Item, ...]] = {}
        for copy in self._store.copies_of([item.article.id for item in items]):
            original = copy.duplicate_of or ""
            copies[original] = (*copies.get(original, ()), copy)
        return article_entries(
            items, site=self._config, taxonomy=self._tools.taxonomy, copies=copies
        )

    def _archive_of(self, entries: Sequence[Entry]) -> str:
        """The archive that goes on where these entries end; they may overlap."""
        if not entries:
            return ""
        last = min(entry.updated for entry in entries)
        return self._archive_before(min(self._today(), last + timedelta(days=1)))

    def _archive_before(self, moment: datetime) -> str:
        found = self._store.latest_before(moment)
        return self._config.url + archive_path(found.date().isoformat()) if found else ""

    def _archive_after(self, moment: datetime) -> str:
        """The archive of the next day that has articles, if it is over and not months away."""
        hours = self._store.counted(moment, min(self._today(), moment + NEXT_ARCHIVE))
        return self._config.url + archive_path(min(hours).date().isoformat()) if hours else ""

    def _today(self) -> datetime:
        """Where the day (UTC) began."""
        return self._tools.clock().replace(hour=0, minute=0, second=0, microsecond=0)
