"""items -> Atom (RFC 4287). The only module that knows feedgen.

feedgen 1.0.0 loses the attributes of entry links, knows neither an entry's language nor a complete
`source`, and stamps the clock where a date is missing. `_EntryExtension` writes what it cannot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.model import Issue, Item, StoryItems
from aggregator.render.links import digest_path, story_path
from aggregator.render.safe import excerpt, headline, shown, web_link
from aggregator.render.templates import TagNames
from aggregator.rules import Site

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_MINTED = "2026"
"""The date in our tag: URIs (RFC 4151): one on which the name was ours. It never changes again."""
_NOTHING_YET = datetime(2019, 1, 1, tzinfo=UTC)
"""`updated` of a feed without entries: it must have one, and it must not be the clock."""
_GENERATOR = "Korea Diplomacy Digest"


def atom(
    items: Sequence[Item],
    *,
    site: Site,
    taxonomy: TagNames,
    self_url: str,
    title: str,
    copies: Mapping[str, tuple[Item, ...]] | None = None,
    alternate_url: str = "",
    hub_url: str = "",
) -> bytes:
    """A feed with one entry an article, in the given order.

    `copies`: article id -> the same text elsewhere. `alternate_url`: the page that shows the same
    list (default: the site). `hub_url`: a WebSub hub to announce.
    """
    entries = [_of_article(item, site, taxonomy, (copies or {}).get(item.article.id, ()))
               for item in items if web_link(item.article.url)]  # fmt: skip
    return _feed(entries, site, self_url, title, alternate_url, hub_url)


def stories_atom(
    stories: Sequence[StoryItems],
    *,
    site: Site,
    taxonomy: TagNames,
    self_url: str,
    title: str,
    alternate_url: str = "",
    hub_url: str = "",
) -> bytes:
    """A feed with one entry a story: it links to the story's page and to each of its reports."""
    entries = [_of_story(each, site, taxonomy) for each in stories]
    return _feed(entries, site, self_url, title, alternate_url, hub_url)


def issues_atom(issues: Sequence[Issue], *, site: Site, self_url: str, title: str) -> bytes:
    """A feed with one entry a weekly issue, which links to its web copy."""
    entries = [_of_issue(issue, site) for issue in issues]
    return _feed(entries, site, self_url, title, site.url + "/digests/", "")


def tag_uri(site: Site, kind: str, name: str) -> str:
    """tag:news.example.org,2026:article/abc - it outlives every address of the page."""
    return f"tag:{host_of(site)},{_MINTED}:{kind}/{quote(name, safe='-._~')}"


def host_of(site: Site) -> str:
    """The host of the site's public address: news.example.org"""
    return quote(urlsplit(site.url).hostname or "localhost", safe=".-")


# ── values -> entries ────────────────────────────────────────────────────────────────────────────


class _Link(NamedTuple):
    rel: str
    href: str
    type: str = "text/html"
    hreflang: str = ""
    title: str = ""


class _Source(NamedTuple):
    id: str
    title: str
    updated: datetime
    link: str
    self: str


class _Entry(NamedTuple):
    id: str
    title: str
    updated: datetime
    published: datetime
    author: str
    summary: str
    language: str
    links: tuple[_Link, ...]
    categories: tuple[tuple[str, str], ...]
    """(term, label)"""
    source: _Source | None = None


def _of_article(
    item: Item, site: Site, taxonomy: TagNames, copies: tuple[Item, ...]
) -> _Entry:  # fmt: skip
    article, feed = item.article, item.feed
    publisher = shown(feed.publisher or feed.title) or feed.id
    updated = _moment(max(article.seen_at, article.updated_at or article.seen_at), article.id)
    links = [_Link("alternate", web_link(article.url), hreflang=_language(article.language))]
    if item.story_id:
        links.append(_Link("related", site.url + story_path(item.story_id), title="The story"))
    links += [
        _Link(
            "via",
            web_link(copy.article.url),
            hreflang=_language(copy.article.language),
            title=shown(copy.feed.publisher or copy.feed.title, 120),
        )
        for copy in copies
        if web_link(copy.article.url)
    ]
    categories = tuple(
        (tag.slug, taxonomy.label(tag.slug)) for tag in item.judgement.tags if tag.score >= 2
    )
    return _Entry(
        id=tag_uri(site, "article", article.id),
        title=headline(article.title),
        updated=updated,
        published=min(article.published_at, updated),
        author=shown(article.author, 120) or publisher,
        # Where the source may not be quoted, or says nothing, our own words stand: readers show an
        # entry without text as broken.
        summary=excerpt(item) or " · ".join([publisher, *(label for _, label in categories)]),
        language=_language(article.language),
        links=tuple(links),
        categories=categories,
        source=_Source(
            # The publisher's own feed id is not kept; its address is the best name for it.
            id=web_link(feed.url) or tag_uri(site, "feed", feed.id),
            title=shown(feed.title) or feed.id,
            updated=updated,
            link=web_link(feed.site),
            self=web_link(feed.url),
        ),
    )


def _of_story(each: StoryItems, site: Site, taxonomy: TagNames) -> _Entry:
    story = each.story
    reports = [item for item in each.items if item.duplicate_of is None]
    publishers = dict.fromkeys(shown(i.feed.publisher or i.feed.title, 80) for i in reports)
    return _Entry(
        id=tag_uri(site, "story", story.id),
        title=headline(story.title),
        updated=_moment(story.updated_at, story.id),
        published=min(story.first_at, story.updated_at),
        author=site.title,
        summary=f"{len(reports)} {'report' if len(reports) == 1 else 'reports'}: "
        + ", ".join(publishers),
        language=_language(story.language),
        links=(
            _Link("alternate", site.url + story_path(story.id)),
            *(
                _Link(
                    "related",
                    web_link(item.article.url),
                    hreflang=_language(item.article.language),
                    title=headline(item.article.title),
                )
                for item in reports
                if web_link(item.article.url)
            ),
        ),
        categories=tuple((slug, taxonomy.label(slug)) for slug in story.tags),
    )


def _of_issue(issue: Issue, site: Site) -> _Entry:
    return _Entry(
        id=tag_uri(site, "digest", issue.period.name),
        title=headline(issue.subject),
        updated=_moment(issue.composed_at, issue.period.name),
        published=issue.composed_at,
        author=site.title,
        summary=shown(" ".join(clause for clause, _ in issue.lede), 2000),
        language="en",
        links=(_Link("alternate", site.url + digest_path(issue.period.name)),),
        categories=(),
    )


def _moment(moment: datetime, id: str) -> datetime:
    # All entries of one visit share `seen_at`. Readers that sort by `updated` need distinct values
    # (the W3C validator warns of equal ones), so the fraction of the second comes from the id.
    fraction = int.from_bytes(hashlib.sha256(id.encode("utf-8", "replace")).digest()[:4], "big")
    return moment.replace(microsecond=fraction % 1_000_000)


def _language(code: str) -> str:
    return code if code.replace("-", "").isalnum() and code.isascii() else ""


# ── entries -> bytes ─────────────────────────────────────────────────────────────────────────────


class _FeedExtension:
    """feedgen asks for one beside the entries' extension; the feed itself needs nothing."""

    def extend_ns(self) -> dict[str, str]:
        return {}

    def extend_atom(self, feed: Any) -> Any:
        return feed


class _EntryExtension:
    """Writes language, links and source of an entry after feedgen wrote the rest."""

    def __init__(self) -> None:
        self.entry: _Entry | None = None

    def extend_atom(self, node: Any) -> Any:
        entry = self.entry
        if entry is None:
            return node
        if entry.language:
            node.set(_LANG, entry.language)
        for link in node.findall("link"):
            node.remove(link)
        for link in entry.links:
            given = link._asdict().items()
            etree.SubElement(node, "link", {key: value for key, value in given if value})
        if entry.source is not None:
            _write_source(etree.SubElement(node, "source"), entry.source)
        return node


def _write_source(node: Any, source: _Source) -> None:
    etree.SubElement(node, "id").text = source.id
    etree.SubElement(node, "title").text = source.title
    etree.SubElement(node, "updated").text = source.updated.isoformat()
    if source.link:
        etree.SubElement(node, "link", rel="alternate", type="text/html", href=source.link)
    if source.self:
        etree.SubElement(node, "link", rel="self", href=source.self)


def _feed(
    entries: Sequence[_Entry],
    site: Site,
    self_url: str,
    title: str,
    alternate_url: str,
    hub_url: str,
) -> bytes:
    feed = FeedGenerator()
    feed.register_extension("rest", _FeedExtension, _EntryExtension, atom=True, rss=False)
    feed.id(tag_uri(site, "feed", urlsplit(self_url).path.strip("/") or "atom"))
    feed.title(shown(title) or site.title)
    feed.subtitle(shown(site.description) or None)
    feed.updated(max((entry.updated for entry in entries), default=_NOTHING_YET))
    feed.author({"name": site.title, "uri": site.url + "/"})
    feed.generator(_GENERATOR)
    feed.language("en")
    feed.link(href=self_url, rel="self", type="application/atom+xml")
    feed.link(href=alternate_url or site.url + "/", rel="alternate", type="text/html")
    if hub_url:
        feed.link(href=hub_url, rel="hub")
    for entry in entries:
        _add(feed.add_entry(order="append"), entry, site)
    return bytes(feed.atom_str())


def _add(node: FeedEntry, entry: _Entry, site: Site) -> None:
    node.id(entry.id)
    node.title(entry.title)
    node.updated(entry.updated)
    node.published(entry.published)
    node.author({"name": entry.author})
    node.link(href=entry.links[0].href, rel="alternate")
    if entry.summary:
        node.summary(entry.summary, type="text")
    scheme = site.url + "/tags/"
    node.category([{"term": t, "scheme": scheme, "label": label} for t, label in entry.categories])
    node.rest.entry = entry
