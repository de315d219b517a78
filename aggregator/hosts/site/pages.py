"""store + views -> the pages of the site, in one language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from aggregator import __version__, jobs
from aggregator.hosts.site.asking import feeds_of, given_of, is_tag, page_of, wanted
from aggregator.hosts.site.document import CSS, SVG, Moved, Page
from aggregator.hosts.site.wishes import PAUSES, zones
from aggregator.model import Item, Search, Subscriber
from aggregator.ports import Tools
from aggregator.render import forms, pages
from aggregator.render.language import Language
from aggregator.render.links import Links, story_path
from aggregator.render.views import Pager, View
from aggregator.steps import periods

WEEK: Final = timedelta(days=7)
FRONT_STORIES: Final = 30
TAG_STORIES: Final = 20
PAGE_ARTICLES: Final = 50
CHART_DAYS: Final = 14
NAMED_TAGS: Final = timedelta(days=90)
"""The tags of so long ago are offered by name in the search form; any other may be typed."""
RELATED_TAGS: Final = 12


def languages_of(tools: Tools) -> tuple[str, ...]:
    """The languages of the site's pages, its own first."""
    own = tools.config.site.language
    return own, *(code for code in tools.languages if code != own)


class Pages:
    """All pages of one installation in one language, made anew at each call."""

    def __init__(self, tools: Tools, links: Links, language: str = "") -> None:
        """`language`: one of `languages_of(tools)`; empty: the site's own."""
        self._tools = tools
        self._store = tools.store
        self._config = tools.config.site
        own = language or self._config.language
        self._view = View(
            env=tools.templates[own],
            site=self._config,
            taxonomy=tools.taxonomy,
            language=tools.languages[own],
            languages=[tools.languages[code] for code in languages_of(tools)],
            links=links,
            version=__version__,
            takes_readers=tools.config.subscribe.enabled,
        )

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
        if not is_tag(self._tools, slug):
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
        asked = wanted(self._tools, given)
        items: Sequence[Item] = ()
        pager = Pager()
        if given and isinstance(asked, Search):
            items, pager = self._paged(query, partial(self._store.search, asked))
        page = pages.search(
            self._view,
            given=given,
            items=items,
            tag_counts=self._store.tag_counts(self._tools.clock() - NAMED_TAGS),
            pager=pager,
            fault=asked if isinstance(asked, str) else "",
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

    def subscribe_form(self) -> Page | None:
        """The empty form, where the digest can be asked for."""
        return self.subscribe() if self._view.takes_readers else None

    def subscribe(
        self, given: Mapping[str, str] | None = None, faults: Mapping[str, str] | None = None
    ) -> Page:
        """The form; with `faults` (field -> what is wrong) as it came."""
        return _html(
            forms.subscribe(
                self._view, editions=self._editions(), given=given or {}, faults=faults or {}
            )
        )

    def preferences(
        self,
        here: str,
        reader: Subscriber,
        *,
        faults: Mapping[str, str] | None = None,
        saved: bool = False,
    ) -> Page:
        """What a reader chose, with the form that changes it."""
        return _html(
            forms.preferences(
                self._view,
                here=here,
                reader=reader,
                editions=self._editions(),
                zones=zones(),
                own_zone=self._tools.config.digest.timezone,
                pauses=PAUSES,
                faults=faults or {},
                saved=saved,
            )
        )

    def left(self, here: str) -> Page:
        """For a reader who unsubscribed."""
        return _html(forms.left(self._view, here=here))

    def _editions(self) -> tuple[Language, ...]:
        return tuple(self._tools.languages.values())

    def message(
        self,
        here: str,
        heading: str,
        *paragraphs: str,
        button: str = "",
        link: tuple[str, str] | None = None,
    ) -> Page:
        """A page of a few sentences; with `button` a form that posts to the page itself."""
        return _html(
            pages.message(
                self._view,
                here=here,
                heading=heading,
                paragraphs=paragraphs,
                action=here if button else "",
                button=button,
                link=link,
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

    # ── what pages show beside stories ───────────────────────────────────────────────────────────

    def _paged(
        self, query: Mapping[str, str], items: Callable[..., tuple[Item, ...]]
    ) -> tuple[tuple[Item, ...], Pager]:
        number = page_of(query)
        found = items(limit=PAGE_ARTICLES + 1, offset=(number - 1) * PAGE_ARTICLES)
        return found[:PAGE_ARTICLES], Pager(page=number, more=len(found) > PAGE_ARTICLES)

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
