"""store + views -> every document of the site. Served by `web`, written by `export`.

pages   what people read, in their language
feeds   what programs read
asking  the fields of the search form
wishes  the fields of the readers' forms
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from aggregator.hosts.site.document import CSS, HTML, SVG, Moved, Page
from aggregator.hosts.site.feeds import FORMATS, MOST_FEED_ENTRIES, Feeds, endings, files
from aggregator.hosts.site.pages import Pages, languages_of
from aggregator.ports import Tools
from aggregator.render.links import Links, archive_path, article_path, in_language, story_path

MOST_EXPORTED: Final = 2_000
"""Stories of a static copy; their articles, tags and capitals come with them."""


class Site:
    """All documents of one installation, with the pages in one language; made anew at each call."""

    def __init__(self, tools: Tools, links: Links, language: str = "") -> None:
        """`language`: one of `languages_of(tools)`; empty: the site's own."""
        self.pages = Pages(tools, links, language)
        self.feeds = Feeds(tools, static=links.static)

    def find(self, path: str, query: Mapping[str, str]) -> Page | Moved | None:
        """The document at a path of the site, such as "/tags/kim-jong-un"; None: there is none."""
        for form, found in _DOCUMENTS:
            if match := form.fullmatch(path):
                return found(self, query, *match.groups())
        return None

    def not_found(self) -> Page:
        """The page for what is not there."""
        return self.pages.not_found()


def _documents() -> Iterator[tuple[str, Callable[..., Page | Moved | None]]]:
    """(form of the path, how to make what is there): it gets the site, the query, the groups."""
    yield "/", lambda site, query: site.pages.front()
    yield "/stories/([^/]+)", lambda site, query, id: site.pages.story(id)
    yield "/articles/([^/]+)", lambda site, query, id: site.pages.article(id)
    yield "/tags", lambda site, query: Moved(path="/tags/")
    yield "/tags/", lambda site, query: site.pages.tags()
    yield "/tags/([^/]+)", lambda site, query, slug: site.pages.tag(slug, query)
    yield "/perspectives/([^/]+)", lambda site, query, name: site.pages.perspective(name, query)
    yield "/search", lambda site, query: site.pages.search(query)
    yield "/digests", lambda site, query: Moved(path="/digests/")
    yield "/digests/", lambda site, query: site.pages.digests()
    yield "/sources", lambda site, query: site.pages.sources()
    yield "/subscribe", lambda site, query: site.pages.subscribe_form()
    yield "/about", lambda site, query: site.pages.about()
    yield "/style.css", lambda site, query: site.pages.style()
    yield "/icon.svg", lambda site, query: site.pages.icon()
    yield "/opml.xml", lambda site, query: site.feeds.opml()
    yield "/archive/([0-9-]{10})\\.atom", lambda site, query, day: site.feeds.archive(day)
    for kind in FORMATS:
        file, ending = re.escape(files("")[kind]), re.escape(endings("")[kind])
        for form, feed in (
            (file, Feeds.articles),
            (f"/stories{ending}", Feeds.stories),
            (f"/digests{file}", Feeds.digests),
            (f"/tags/([^/]+){file}", Feeds.tag),
            (f"/perspectives/([^/]+){file}", Feeds.perspective),
            (f"/search{ending}", Feeds.search),
        ):
            yield form, partial(_feed, feed, kind)
    # Behind the feeds of all digests.
    yield "/digests/([^/]+)", lambda site, query, period: site.pages.digest(period)


def _feed(
    feed: Callable[..., Page | None], kind: str, site: Site, query: Mapping[str, str], *names: str
) -> Page | None:
    return feed(site.feeds, query, kind, *names)


_DOCUMENTS: Final = tuple((re.compile(form), found) for form, found in _documents())


def everything(tools: Tools) -> Iterator[tuple[str, Page]]:
    """(path, document) of a static copy: what its pages link, from the front page on.

    The site's own language is at the root, each other one in its folder. Feeds and front pages come
    last, so that none of them leads to what is not written yet.
    """
    own, *others = languages_of(tools)
    last: list[tuple[str, Page]] = []
    without_language: set[str] = set()
    for language in ("", *others):
        linked: set[str] = set()
        links = Links(static=True, language=language, linked=linked)
        site = Site(tools, links, language or own)
        roots = ["/", "/tags/", "/digests/", "/sources", "/about"]
        roots += [story_path(each.id) for each in tools.store.ranked(limit=MOST_EXPORTED)]
        if not language:
            newest = tools.store.items(limit=MOST_FEED_ENTRIES)
            roots += [article_path(item.article.id) for item in newest]
            roots += ["/style.css", "/icon.svg", *_archives(tools)]
            last.append(("/404.html", site.not_found()))
        done = set(without_language)
        while roots:
            path = roots.pop()
            if path in done:
                continue
            done.add(path)
            found = site.find(path, {})
            if isinstance(found, Page) and (not language or found.media_type == HTML):
                if found.media_type != HTML:
                    without_language.add(path)
                named = (in_language(path, language), found)
                if path == "/" or found.media_type not in (HTML, CSS, SVG):
                    last.append(named)
                else:
                    yield named
            roots += linked - done
            linked.clear()
    yield from sorted(last, key=lambda named: (named[0].endswith("/"), named[1].media_type == HTML))


def _archives(tools: Tools) -> Iterator[str]:
    """The paths of all days that are over and have articles, latest first."""
    moment: datetime | None = tools.clock().replace(hour=0, minute=0, second=0, microsecond=0)
    while moment and (found := tools.store.latest_before(moment)):
        moment = found.replace(hour=0, minute=0, second=0, microsecond=0)
        yield archive_path(found.date().isoformat())


__all__ = ["Moved", "Page", "Site", "everything", "languages_of"]
