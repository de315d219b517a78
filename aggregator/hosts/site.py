"""store + views -> every document of the site. Served by `web`, written by `export`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aggregator import __version__, jobs
from aggregator.model import FeedHealth, Item
from aggregator.ports import Tools
from aggregator.render import atom, jsonfeed, opml, pages
from aggregator.render.links import Links, digest_path, story_path, tag_path
from aggregator.render.syndication import Channel, Entry, article_entries, story_entries
from aggregator.steps import periods
from aggregator.steps.perspectives import listened

WEEK = timedelta(days=7)
FEED_ENTRIES = 100
FRONT_STORIES = 30
TAG_STORIES = 20
TAG_ARTICLES = 50
MOST_EXPORTED = 2_000

HTML = "text/html; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
JSON_FEED = "application/feed+json; charset=utf-8"
OPML = "text/x-opml; charset=utf-8"
CSS = "text/css; charset=utf-8"
SVG = "image/svg+xml"


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


class Site:
    """All documents of one installation, made anew at each call."""

    def __init__(self, tools: Tools, links: Links) -> None:
        self._tools = tools
        self._store = tools.store
        self._config = tools.config.site
        self._view = pages.View(
            env=tools.templates,
            site=self._config,
            taxonomy=tools.taxonomy,
            links=links,
            version=__version__,
        )

    def find(self, path: str, query: Mapping[str, str]) -> Page | Moved | None:
        """The document at a path of the site, such as "/tags/kim-jong-un"; None: there is none."""
        if (simple := _SIMPLE.get(path)) is not None:
            return simple(self)
        for form, named in _NAMED:
            if found := form.fullmatch(path):
                return named(self, found[1])
        return None

    # ── pages ────────────────────────────────────────────────────────────────────────────────────

    def front(self) -> Page:
        now = self._tools.clock()
        stories = self._store.stories(limit=FRONT_STORIES, since=now - WEEK)
        issues = self._store.issues(1)
        return _html(
            pages.front(
                self._view,
                stories=stories or self._store.stories(limit=FRONT_STORIES),
                days=self._days(now),
                tag_counts=self._store.tag_counts(now - WEEK),
                health=self._health(),
                issue=issues[0] if issues else None,
                next_check=self._store.next_due(),
                next_digest=self._next_digest(),
            ),
            live=True,
        )

    def story(self, story_id: str) -> Page | Moved | None:
        found = self._store.story(story_id)
        if isinstance(found, str):
            return Moved(path=story_path(found))
        return _html(pages.story(self._view, found, self._health())) if found else None

    def tags(self) -> Page:
        return _html(pages.tags(self._view, self._store.tag_counts()))

    def tag(self, slug: str) -> Page | None:
        if not self._is_tag(slug):
            return None
        return _html(
            pages.tag(
                self._view,
                slug,
                stories=self._store.stories(limit=TAG_STORIES, tag=slug),
                items=self._store.items(limit=TAG_ARTICLES, tag=slug),
                health=self._health(),
            )
        )

    def digests(self) -> Page:
        issues = self._store.issues(500)
        return _html(pages.digests(self._view, issues, next_digest=self._next_digest()))

    def digest(self, period: str) -> Page | None:
        issue = self._store.issue(period)
        return _html(pages.digest(self._view, issue)) if issue else None

    def sources(self) -> Page:
        next_check = self._store.next_due()
        page = pages.sources(self._view, self._health(), next_check=next_check)
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
        static = self._view.links.static
        view = replace(self._view, links=Links(base=self._config.url)) if static else self._view
        return Page(body=pages.not_found(view).encode(), status=404)

    def style(self) -> Page:
        return Page(body=pages.stylesheet(self._tools.templates).encode(), media_type=CSS)

    def icon(self) -> Page:
        return Page(body=pages.icon(self._tools.templates).encode(), media_type=SVG)

    def _is_tag(self, slug: str) -> bool:
        """A tag of the taxonomy, or one that articles still bear although it was taken out."""
        return slug in self._tools.taxonomy or slug in self._store.tag_counts()

    # ── feeds ────────────────────────────────────────────────────────────────────────────────────

    def atom(self) -> Page:
        return self._atom(self._store.items(limit=FEED_ENTRIES), "/atom.xml", self._config.title)

    def tag_atom(self, slug: str) -> Page | None:
        if not self._is_tag(slug):
            return None
        items = self._store.items(limit=FEED_ENTRIES, tag=slug)
        title = f"{self._tools.taxonomy.label(slug, 'en')} · {self._config.title}"
        return self._atom(items, f"{tag_path(slug)}/atom.xml", title, tag_path(slug))

    def stories_atom(self) -> Page:
        stories = sorted(
            self._store.stories(limit=FEED_ENTRIES),
            key=lambda s: (s.story.updated_at, s.story.id),
            reverse=True,
        )
        entries = story_entries(
            stories,
            site=self._config,
            taxonomy=self._tools.taxonomy,
            heard=listened(self._health()),
        )
        channel = Channel(
            title=f"{self._config.title}: stories",
            self_url=self._config.url + "/stories.atom",
        )
        return Page(body=atom.atom(channel, entries, self._config), media_type=ATOM)

    def json_feed(self) -> Page:
        channel = Channel(title=self._config.title, self_url=self._config.url + "/feed.json")
        entries = self._entries(self._store.items(limit=FEED_ENTRIES))
        return Page(body=jsonfeed.jsonfeed(channel, entries, self._config), media_type=JSON_FEED)

    def opml(self) -> Page:
        feeds = tuple(self._tools.feeds.values())
        return Page(body=opml.opml(feeds, self._config.title), media_type=OPML)

    def _atom(self, items: tuple[Item, ...], path: str, title: str, alternate: str = "/") -> Page:
        channel = Channel(
            title=title,
            self_url=self._config.url + path,
            alternate_url=self._config.url + alternate,
        )
        body = atom.atom(channel, self._entries(items), self._config)
        return Page(body=body, media_type=ATOM)

    def _entries(self, items: tuple[Item, ...]) -> tuple[Entry, ...]:
        return article_entries(
            items,
            site=self._config,
            taxonomy=self._tools.taxonomy,
            copies=self._copies(items),
        )

    def _copies(self, items: tuple[Item, ...]) -> dict[str, tuple[Item, ...]]:
        found: dict[str, tuple[Item, ...]] = {}
        for copy in self._store.copies_of([i.article.id for i in items]):
            original = copy.duplicate_of or ""
            found[original] = (*found.get(original, ()), copy)
        return found

    # ── what pages show beside stories ───────────────────────────────────────────────────────────

    def _days(self, now: datetime) -> tuple[tuple[str, int], ...]:
        """Relevant articles on each of the last seven days, in the site's zone."""
        zone = ZoneInfo(self._config.timezone)
        items = self._store.items(limit=5_000, since=now - WEEK)
        counted = Counter(i.article.seen_at.astimezone(zone).date() for i in items)
        today = now.astimezone(zone).date()
        days = [today - timedelta(days=n) for n in range(6, -1, -1)]
        return tuple((day.isoformat(), counted[day]) for day in days)

    def _health(self) -> tuple[FeedHealth, ...]:
        counts = self._store.article_counts()
        return tuple(
            replace(each, articles=counts.get(each.feed.id, 0)) for each in jobs.health(self._tools)
        )

    def _next_digest(self) -> datetime | None:
        rules = self._tools.config.digest
        if not rules.enabled:
            return None
        this = periods.week_of(self._tools.clock(), rules.timezone)
        last = periods.sends_at(periods.before(this), rules)
        return last if last > self._tools.clock() else periods.sends_at(this, rules)

    def everything(self) -> Iterator[tuple[str, Page]]:
        """(path, document) of all there is, feeds and front page last."""
        yield "/style.css", self.style()
        yield "/icon.svg", self.icon()
        health = self._health()
        for each in self._store.stories(limit=MOST_EXPORTED):
            yield story_path(each.story.id), _html(pages.story(self._view, each, health))
        for slug in sorted(self._store.tag_counts()):
            if page := self.tag(slug):
                yield tag_path(slug), page
            if feed := self.tag_atom(slug):
                yield f"{tag_path(slug)}/atom.xml", feed
        for issue in self._store.issues(500):
            yield digest_path(issue.period.name), _html(pages.digest(self._view, issue))
        yield "/tags/", self.tags()
        yield "/digests/", self.digests()
        yield "/sources", self.sources()
        yield "/about", self.about()
        yield "/404.html", self.not_found()
        yield "/opml.xml", self.opml()
        yield "/stories.atom", self.stories_atom()
        yield "/feed.json", self.json_feed()
        yield "/atom.xml", self.atom()
        yield "/", self.front()


def _html(text: str, *, live: bool = False) -> Page:
    return Page(body=text.encode(), live=live)


_SIMPLE: dict[str, Callable[[Site], Page | Moved]] = {
    "/": Site.front,
    "/tags/": Site.tags,
    "/tags": lambda site: Moved(path="/tags/"),
    "/digests/": Site.digests,
    "/digests": lambda site: Moved(path="/digests/"),
    "/sources": Site.sources,
    "/about": Site.about,
    "/style.css": Site.style,
    "/icon.svg": Site.icon,
    "/atom.xml": Site.atom,
    "/stories.atom": Site.stories_atom,
    "/feed.json": Site.json_feed,
    "/opml.xml": Site.opml,
}
_NAMED: tuple[tuple[re.Pattern[str], Callable[[Site, str], Page | Moved | None]], ...] = (
    (re.compile("/stories/([^/]+)"), Site.story),
    (re.compile("/tags/([^/]+)"), Site.tag),
    (re.compile("/tags/([^/]+)/atom.xml"), Site.tag_atom),
    (re.compile("/digests/([^/]+)"), Site.digest),
)
