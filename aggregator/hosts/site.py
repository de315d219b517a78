"""store + views -> every document of the site. Served by `web`, written by `export`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from aggregator import __version__, jobs
from aggregator.hosts.asking import asked, feeds_of, given_of, page_of
from aggregator.model import Item, Search
from aggregator.ports import Tools
from aggregator.render import names, opml, pages, syndication
from aggregator.render.atom import atom
from aggregator.render.jsonfeed import jsonfeed
from aggregator.render.links import (
    Links,
    archive_path,
    article_path,
    in_language,
    perspective_path,
    query_of,
    story_path,
    tag_path,
)
from aggregator.render.pages import Pager
from aggregator.render.rss import rss
from aggregator.render.syndication import (
    Channel,
    Entry,
    article_entries,
    issue_entries,
    story_entries,
)
from aggregator.steps import periods, websub
from aggregator.steps.perspectives import listened

WEEK: Final = timedelta(days=7)
FRONT_STORIES: Final = 30
TAG_STORIES: Final = 20
PAGE_ARTICLES: Final = 50
CHART_DAYS: Final = 14
NAMED_TAGS: Final = timedelta(days=90)
"""The tags of so long ago are offered by name in the search form; any other may be typed."""
RELATED_TAGS: Final = 12
FEED_ENTRIES: Final = 100
FEED_WINDOW: Final = timedelta(days=3)
"""A feed holds all that is so much older than its newest entry, for readers that come rarely."""
MOST_FEED_ENTRIES: Final = 500
MOST_ARCHIVED: Final = 10_000
NEXT_ARCHIVE: Final = timedelta(days=60)
MOST_EXPORTED: Final = 2_000
"""Stories of a static copy; their articles, tags and capitals come with them."""

HTML: Final = "text/html; charset=utf-8"
OPML: Final = "text/x-opml; charset=utf-8"
CSS: Final = "text/css; charset=utf-8"
SVG: Final = "image/svg+xml"
_WRITERS: Final = {
    syndication.ATOM: atom,
    syndication.RSS: rss,
    syndication.JSON_FEED: jsonfeed,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One document."""

    body: bytes
    media_type: str = HTML
    status: int = 200
    modified: datetime | None = None
    """When what it shows last changed; None: not known."""
    live: bool = False
    """It tells how things stand now: to be made anew although the library did not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The document lives elsewhere for good."""

    path: str


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


def _files(folder: str) -> dict[str, str]:
    return {
        syndication.ATOM: f"{folder}/atom.xml",
        syndication.RSS: f"{folder}/rss.xml",
        syndication.JSON_FEED: f"{folder}/feed.json",
    }


def _endings(name: str) -> dict[str, str]:
    return {
        syndication.ATOM: f"{name}.atom",
        syndication.RSS: f"{name}.rss",
        syndication.JSON_FEED: f"{name}.json",
    }


def languages_of(tools: Tools) -> tuple[str, ...]:
    """The languages of the site's pages, its own first."""
    own = tools.config.site.language
    return own, *(code for code in tools.languages if code != own)


class Site:
    """All documents of one installation, with the pages in one language; made anew at each call."""

    def __init__(self, tools: Tools, links: Links, language: str = "") -> None:
        """`language`: one of `languages_of(tools)`; empty: the site's own."""
        self._tools = tools
        self._store = tools.store
        self._config = tools.config.site
        own = language or self._config.language
        self._view = pages.View(
            env=tools.templates[own],
            site=self._config,
            taxonomy=tools.taxonomy,
            language=tools.languages[own],
            languages=[tools.languages[code] for code in languages_of(tools)],
            links=links,
            version=__version__,
        )

    def find(self, path: str, query: Mapping[str, str]) -> Page | Moved | None:
        """The document at a path of the site, such as "/tags/kim-jong-un"; None: there is none."""
        for form, found in _DOCUMENTS:
            if match := form.fullmatch(path):
                return found(self, query, *match.groups())
        return None

    # ── pages ────────────────────────────────────────────────────────────────────────────────────

    def front(self) -> Page:
        now = self._tools.clock()
        stories = self._store.ranked(limit=FRONT_STORIES, since=now - WEEK)
        issues = self._store.issues(1)
        page = pages.front(
            self._view,
            stories=stories or self._store.ranked(limit=FRONT_STORIES),
            days=self._days(7),
            tag_counts=self._store.tag_counts(now - WEEK),
            health=jobs.health(self._tools),
            issue=issues[0] if issues else None,
            next_check=self._store.next_due(),
            next_digest=self._next_digest(),
        )
        return _html(page, live=True)

    def story(self, story_id: str) -> Page | Moved | None:
        found = self._store.story(story_id)
        if isinstance(found, str):
            return Moved(path=story_path(found))
        if found is None:
            return None
        page = pages.story(self._view, found, jobs.health(self._tools))
        return _html(page, modified=found.story.updated_at)

    def article(self, article_id: str) -> Page | None:
        """Why an article is here. What never was relevant is not published, here neither."""
        item = self._store.item(article_id)
        if item is None or not item.judgement.verdict.relevant:
            return None
        page = pages.article(
            self._view,
            item,
            copies=self._store.copies_of([article_id]),
            former=self._store.former_titles(article_id),
        )
        return _html(page)

    def tags(self) -> Page:
        return _html(pages.tags(self._view, self._store.tag_counts()))

    def tag(self, slug: str, query: Mapping[str, str]) -> Page | None:
        if not self._is_tag(slug):
            return None
        items, pager = self._paged(query, partial(self._store.items, tag=slug))
        page = pages.tag(
            self._view,
            slug,
            stories=self._store.ranked(limit=TAG_STORIES, tag=slug) if pager.page == 1 else (),
            items=items,
            health=jobs.health(self._tools),
            days=self._days(CHART_DAYS, tag=slug),
            related=self._store.related_tags(slug, RELATED_TAGS),
            pager=pager,
        )
        return _html(page)

    def perspective(self, name: str, query: Mapping[str, str]) -> Page | None:
        feeds = feeds_of(name, self._tools.feeds.values())
        if feeds is None:
            return None
        items, pager = self._paged(query, partial(self._store.items, feeds=feeds))
        page = pages.perspective(
            self._view,
            name,
            items=items,
            health=[each for each in jobs.health(self._tools) if each.feed.id in feeds],
            days=self._days(CHART_DAYS, feeds=feeds),
            pager=pager,
        )
        return _html(page)

    def search(self, query: Mapping[str, str]) -> Page:
        given = given_of(query)
        wanted = self._asked(given)
        items: Sequence[Item] = ()
        pager = Pager()
        if given and isinstance(wanted, Search):
            items, pager = self._paged(query, partial(self._store.search, wanted))
        page = pages.search(
            self._view,
            given=given,
            items=items,
            tag_counts=self._store.tag_counts(self._tools.clock() - NAMED_TAGS),
            pager=pager,
            fault=wanted if isinstance(wanted, str) else "",
        )
        return _html(page)

    def digests(self) -> Page:
        issues = self._store.issues(500)
        page = pages.digests(self._view, issues, next_digest=self._next_digest())
        return _html(page, live=True)

    def digest(self, period: str) -> Page | None:
        issue = self._store.issue(period)
        if issue is None:
            return None
        return _html(pages.digest(self._view, issue), modified=issue.composed_at)

    def sources(self) -> Page:
        counts = self._store.article_counts()
        health = [
            replace(each, articles=counts.get(each.feed.id, 0)) for each in jobs.health(self._tools)
        ]
        page = pages.sources(self._view, health, next_check=self._store.next_due())
        return _html(page, live=True)

    def about(self) -> Page:
        return _html(pages.about(self._view, feeds=len(self._tools.feeds)))

    def message(self, here: str, heading: str, *paragraphs: str, button: str = "") -> Page:
        """A page of a few sentences; with `button` a form that posts to the page itself."""
        return _html(
            pages.message(
                self._view,
                here=here,
                heading=heading,
                paragraphs=paragraphs,
                action=here if button else "",
                button=button,
            )
        )

    def not_found(self) -> Page:
        # Shown at any depth, so its links are absolute in a static copy.
        links = self._view.links
        view = self._view
        if links.static:
            view = replace(view, links=Links(base=self._config.url, language=links.language))
        return Page(body=pages.not_found(view).encode(), status=404)

    def style(self) -> Page:
        return Page(body=pages.stylesheet(self._view.env).encode(), media_type=CSS)

    def icon(self) -> Page:
        return Page(body=pages.icon(self._view.env).encode(), media_type=SVG)

    # ── feeds ────────────────────────────────────────────────────────────────────────────────────

    def articles_feed(self, query: Mapping[str, str], media_type: str) -> Page:
        listed = _List(
            title=self._config.title,
            page="/",
            addresses=_files(""),
            entries=self._articles(self._store.items),
            archived=True,
        )
        return self._feed(listed, query, media_type)

    def stories_feed(self, query: Mapping[str, str], media_type: str) -> Page:
        listed = _List(
            title=f"{self._config.title}: stories",
            page="/",
            addresses=_endings("/stories"),
            entries=self._stories,
        )
        return self._feed(listed, query, media_type)

    def digests_feed(self, query: Mapping[str, str], media_type: str) -> Page:
        listed = _List(
            title=f"{self._config.title}: weekly digests",
            page="/digests/",
            addresses=_files("/digests"),
            entries=self._issues,
        )
        return self._feed(listed, query, media_type)

    def tag_feed(self, query: Mapping[str, str], slug: str, media_type: str) -> Page | None:
        if not self._is_tag(slug):
            return None
        listed = _List(
            title=f"{self._tools.taxonomy.label(slug)} · {self._config.title}",
            page=tag_path(slug),
            addresses=_files(tag_path(slug)),
            entries=self._articles(partial(self._store.items, tag=slug)),
        )
        return self._feed(listed, query, media_type)

    def perspective_feed(self, query: Mapping[str, str], name: str, media_type: str) -> Page | None:
        feeds = feeds_of(name, self._tools.feeds.values())
        if feeds is None:
            return None
        label = names.GROUP.get(name) or names.PERSPECTIVE[name]
        listed = _List(
            title=f"{label} · {self._config.title}",
            page=perspective_path(name),
            addresses=_files(perspective_path(name)),
            entries=self._articles(partial(self._store.items, feeds=feeds)),
        )
        return self._feed(listed, query, media_type)

    def search_feed(self, query: Mapping[str, str], media_type: str) -> Page | None:
        given = given_of(query)
        wanted = self._asked(given)
        if isinstance(wanted, str) or not given:
            return None
        named = query_of(**given)

        def entries(page: int) -> tuple[tuple[Entry, ...], bool]:
            first = (page - 1) * FEED_ENTRIES
            found = self._store.search(wanted, limit=FEED_ENTRIES + 1, offset=first)
            return self._entries(found[:FEED_ENTRIES]), len(found) > FEED_ENTRIES

        listed = _List(
            title=f"{' '.join(given.values())} · {self._config.title}",
            page="/search",
            addresses=_endings("/search"),
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
        static = self._view.links.static
        own = listed.addresses[media_type]

        def address(page: int) -> str:
            if static and page > 1:
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

    # ── what pages show beside stories ───────────────────────────────────────────────────────────

    def _paged(
        self, query: Mapping[str, str], items: Callable[..., tuple[Item, ...]]
    ) -> tuple[tuple[Item, ...], Pager]:
        number = page_of(query)
        found = items(limit=PAGE_ARTICLES + 1, offset=(number - 1) * PAGE_ARTICLES)
        return found[:PAGE_ARTICLES], Pager(page=number, more=len(found) > PAGE_ARTICLES)

    def _asked(self, given: Mapping[str, str]) -> Search | str:
        feeds = self._tools.feeds.values()
        return asked(given, feeds, self._tools.taxonomy, self._config.timezone)

    def _is_tag(self, slug: str) -> bool:
        """A tag of the taxonomy, or one that articles still bear although it was taken out."""
        return slug in self._tools.taxonomy or bool(self._store.items(limit=1, tag=slug))

    def _days(
        self, count: int, *, tag: str | None = None, feeds: frozenset[str] | None = None
    ) -> tuple[tuple[str, int], ...]:
        """Relevant articles on each of the last days, in the site's zone."""
        zone = ZoneInfo(self._config.timezone)
        today = self._tools.clock().astimezone(zone).date()
        days = [today - timedelta(days=n) for n in range(count - 1, -1, -1)]
        start = datetime.combine(days[0], datetime.min.time(), zone)
        end = datetime.combine(today + timedelta(days=1), datetime.min.time(), zone)
        counts: Counter[date] = Counter()
        for hour, articles in self._store.counted(start, end, tag=tag, feeds=feeds).items():
            counts[hour.astimezone(zone).date()] += articles
        return tuple((day.isoformat(), counts[day]) for day in days)

    def _next_digest(self) -> datetime | None:
        rules = self._tools.config.digest
        if not rules.enabled:
            return None
        this = periods.week_of(self._tools.clock(), rules.timezone)
        last = periods.sends_at(periods.before(this), rules)
        return last if last > self._tools.clock() else periods.sends_at(this, rules)


def _html(text: str, *, modified: datetime | None = None, live: bool = False) -> Page:
    return Page(body=text.encode(), modified=modified, live=live)


_FORMATS: Final = tuple(_WRITERS)


def _documents() -> Iterator[tuple[str, Callable[..., Page | Moved | None]]]:
    """(form of the path, how to make what is there): it gets the site, the query, the groups."""
    yield "/", lambda site, query: site.front()
    yield "/stories/([^/]+)", lambda site, query, id: site.story(id)
    yield "/articles/([^/]+)", lambda site, query, id: site.article(id)
    yield "/tags", lambda site, query: Moved(path="/tags/")
    yield "/tags/", lambda site, query: site.tags()
    yield "/tags/([^/]+)", lambda site, query, slug: site.tag(slug, query)
    yield "/perspectives/([^/]+)", lambda site, query, name: site.perspective(name, query)
    yield "/search", lambda site, query: site.search(query)
    yield "/digests", lambda site, query: Moved(path="/digests/")
    yield "/digests/", lambda site, query: site.digests()
    yield "/sources", lambda site, query: site.sources()
    yield "/about", lambda site, query: site.about()
    yield "/style.css", lambda site, query: site.style()
    yield "/icon.svg", lambda site, query: site.icon()
    yield "/opml.xml", lambda site, query: site.opml()
    yield "/archive/([0-9-]{10})\\.atom", lambda site, query, day: site.archive(day)
    for kind in _FORMATS:
        file, ending = _files("")[kind], _endings("")[kind]
        yield re.escape(file), partial(Site.articles_feed, media_type=kind)
        yield "/stories" + re.escape(ending), partial(Site.stories_feed, media_type=kind)
        yield "/digests" + re.escape(file), partial(Site.digests_feed, media_type=kind)
        yield "/tags/([^/]+)" + re.escape(file), partial(Site.tag_feed, media_type=kind)
        yield (
            "/perspectives/([^/]+)" + re.escape(file),
            partial(Site.perspective_feed, media_type=kind),
        )
        yield "/search" + re.escape(ending), partial(Site.search_feed, media_type=kind)
    # Behind the feeds of all digests.
    yield "/digests/([^/]+)", lambda site, query, period: site.digest(period)


_DOCUMENTS: Final = tuple((re.compile(form), found) for form, found in _documents())


def everything(tools: Tools) -> Iterator[tuple[str, Page]]:
    """(path, document) of a static copy: what its pages link, from the front page on.

    The site's own language is at the root, each other one in its folder. Feeds and front pages come
    last, so that none of them leads to what is not written yet.
    """
    own, *others = languages_of(tools)
    last: list[tuple[str, Page]] = []
    for language in ("", *others):
        links = Links(static=True, language=language, linked=set())
        site = Site(tools, links, language or own)
        roots = ["/", "/tags/", "/digests/", "/sources", "/about"]
        roots += [story_path(each.id) for each in tools.store.ranked(limit=MOST_EXPORTED)]
        if not language:
            newest = tools.store.items(limit=MOST_FEED_ENTRIES)
            roots += [article_path(item.article.id) for item in newest]
            roots += ["/style.css", "/icon.svg", *_archives(tools)]
            last.append(("/404.html", site.not_found()))
        done: set[str] = set()
        while roots:
            path = roots.pop()
            if path in done:
                continue
            done.add(path)
            found = site.find(path, {})
            if isinstance(found, Page) and (not language or found.media_type == HTML):
                named = (in_language(path, language), found)
                if path == "/" or found.media_type not in (HTML, CSS, SVG):
                    last.append(named)
                else:
                    yield named
            roots += (links.linked or set()) - done
    yield from sorted(last, key=lambda named: (named[0].endswith("/"), named[1].media_type == HTML))


def _archives(tools: Tools) -> Iterator[str]:
    """The paths of all days that are over and have articles, latest first."""
    moment: datetime | None = tools.clock().replace(hour=0, minute=0, second=0, microsecond=0)
    while moment and (found := tools.store.latest_before(moment)):
        moment = found.replace(hour=0, minute=0, second=0, microsecond=0)
        yield archive_path(found.date().isoformat())
