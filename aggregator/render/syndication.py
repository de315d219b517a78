"""articles, stories, issues -> entries, which the writers of Atom, RSS and JSON Feed share."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from aggregator.model import Issue, Item, Story, StoryItems, Tagging
from aggregator.render import charts
from aggregator.render.feed_html import issue_html, publisher_of, story_html, told_by, whereabouts
from aggregator.render.issues import subject
from aggregator.render.language import ENGLISH
from aggregator.render.links import article_path, digest_path, story_path
from aggregator.render.safe import excerpt, headline, language_tag, shown, web_link
from aggregator.render.templates import TagNames, plural
from aggregator.rules import Site
from aggregator.steps.digest.editions import edition
from aggregator.steps.perspectives import group_of
from aggregator.taxonomy import LANGUAGES

HTML = "text/html"
ATOM = "application/atom+xml"
RSS = "application/rss+xml"
JSON_FEED = "application/feed+json"

MOST_RELATED = 20
"""Reports that a story's entry links to; the others are on its page."""
MINUTES_BETWEEN_VISITS = 60
"""How often a reader need come: most of our own feeds are asked once an hour."""
_OURS = "en"
"""The language of what we say ourselves."""
_MINTED = "2026"
"""The date in our tag: URIs (RFC 4151): one on which the name was ours. It never changes again."""
_NOTHING_YET = datetime(2019, 1, 1, tzinfo=UTC)
"""`updated` of a feed without entries: it must have one, and it must not be the clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A feed document without its entries. All addresses are absolute."""

    title: str
    description: str = ""
    self_url: str
    """Of this very document."""
    alternate_url: str = ""
    """The page that shows the same list; empty: the site."""
    formats: Mapping[str, str] = field(default_factory=dict)
    """Media type -> the same list in that format."""
    hub_url: str = ""
    """A WebSub hub that is told of changes."""
    first: str = ""
    """This and the next three: other pages of the same list (RFC 5005, section 3)."""
    previous: str = ""
    next: str = ""
    last: str = ""
    current: str = ""
    """The document that one subscribes to, in those that are not (RFC 5005, section 4)."""
    prev_archive: str = ""
    next_archive: str = ""
    archive: bool = False
    """This document is complete and will not change."""
    language: str = _OURS
    updated: datetime | None = None
    """None: when the newest entry was."""


class Link(NamedTuple):
    """One link of a feed or an entry; what is empty is left out."""

    rel: str
    href: str
    type: str = HTML
    hreflang: str = ""
    title: str = ""


class Tag(NamedTuple):
    """A tag that an entry shows. `names`: (language, name), the English one first."""

    slug: str
    names: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """The English name."""
        return self.names[0][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The feed that an entry was taken from."""

    id: str
    title: str
    site: str = ""
    feed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry, whatever the format. Texts are fit for XML; `html` is markup, all else is plain.

    `updated` moves when what the entry tells has changed, not when it is grouped anew.
    """

    id: str
    title: str
    url: str
    language: str
    """Of the title; empty: not known."""
    published: datetime
    updated: datetime
    author: str
    summary: str
    html: str = ""
    text_language: str
    """Of `summary` and `html`; empty: not known."""
    links: tuple[Link, ...] = ()
    """Beside the one to `url`."""
    tags: tuple[Tag, ...] = ()
    source: Source | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What was concluded, for programs: fit for JSON."""


# ── names that last ──────────────────────────────────────────────────────────────────────────────


def tag_uri(site: Site, kind: str, name: str) -> str:
    """tag:news.example.org,2026:article/abc - it outlives every address of the page."""
    return f"tag:{host_of(site)},{_MINTED}:{kind}/{quote(name, safe='-._~')}"


@cache
def host_of(site: Site) -> str:
    """The host of the site's public address: news.example.org"""
    return quote(urlsplit(site.url).hostname or "localhost", safe=".-")


def feed_id(channel: Channel, site: Site) -> str:
    """One id a list: its pages and archived days are parts of the same feed (RFC 5005)."""
    parts = urlsplit(channel.current or channel.self_url)
    asked = sorted(pair for pair in parse_qsl(parts.query) if pair[0] != "page")
    name = (parts.path.strip("/") or "atom") + ("?" + urlencode(asked) if asked else "")
    return tag_uri(site, "feed", name)


def updated(channel: Channel, entries: Iterable[Entry]) -> datetime:
    """When the feed last changed. Never the clock: the same values give the same bytes."""
    return channel.updated or max((entry.updated for entry in entries), default=_NOTHING_YET)


def further_links(channel: Channel, media_type: str) -> tuple[Link, ...]:
    """Links of a feed in `media_type`, beside those to itself and to its page."""
    formats = [
        Link("alternate", url, kind) for kind, url in channel.formats.items() if kind != media_type
    ]
    pages = [
        Link(rel, url, media_type)
        for rel, url in (
            ("first", channel.first),
            ("previous", channel.previous),
            ("next", channel.next),
            ("last", channel.last),
            ("current", channel.current),
            ("prev-archive", channel.prev_archive),
            ("next-archive", channel.next_archive),
        )
        if url
    ]
    return (*formats, *([Link("hub", channel.hub_url, "")] if channel.hub_url else []), *pages)


def rights(site: Site) -> str:
    """Whose the texts are."""
    return (
        "Headlines and excerpts belong to the publishers that each entry names; "
        f"tags, stories and digests are by {site.title}."
    )


def about_url(site: Site) -> str:
    return site.url + "/about"


def icon_url(site: Site) -> str:
    return site.url + "/icon.svg"


def tags_url(site: Site) -> str:
    """The scheme of our tags: with a slug behind it, the tag's page."""
    return site.url + "/tags/"


# ── articles ─────────────────────────────────────────────────────────────────────────────────────


def article_entries(
    items: Sequence[Item],
    *,
    site: Site,
    taxonomy: TagNames,
    copies: Mapping[str, Sequence[Item]] | None = None,
) -> tuple[Entry, ...]:
    """One entry an article, in the given order; articles without a web link are left out.

    `copies`: article id -> the same text elsewhere.
    """
    named = _namer(taxonomy)
    found = copies or {}
    return tuple(
        _of_article(item, url, site, named, found.get(item.article.id, ()))
        for item in items
        if (url := web_link(item.article.url))
    )


def _of_article(
    item: Item, url: str, site: Site, named: Callable[[str], Tag], copies: Sequence[Item]
) -> Entry:
    article, feed = item.article, item.feed
    publisher = publisher_of(item)
    moment = _moment(max(article.seen_at, article.updated_at or article.seen_at), article.id)
    taggings = [t for t in item.judgement.tags if t.score >= 2 and t.method != "implied"]
    tags = tuple(named(tagging.slug) for tagging in taggings)
    announced = web_link(feed.url)
    title = shown(feed.title) or feed.id
    links = [Link("related", site.url + article_path(article.id), title="Why it is here")]
    if item.story_id:
        links.insert(0, Link("related", site.url + story_path(item.story_id), title="The story"))
    same = _to_articles(copies, publisher_of)
    links += same
    if announced:
        links.append(Link("via", announced, "", title=title))
    quoted = excerpt(item)
    return Entry(
        id=tag_uri(site, "article", article.id),
        title=headline(article.title),
        url=url,
        language=language_tag(article.language),
        published=min(article.published_at, moment),
        updated=moment,
        author=shown(article.author, 120) or publisher,
        # Where the source may not be quoted, or says nothing, our own words stand: readers show an
        # entry without text as broken.
        summary=quoted or " · ".join([whereabouts(item), *(tag.label for tag in tags)]),
        text_language=language_tag(article.language) if quoted else _OURS,
        links=tuple(links),
        tags=tags,
        source=Source(
            # The publisher's own feed id is not kept; its address is the best name for it.
            id=announced or tag_uri(site, "feed", feed.id),
            title=title,
            site=web_link(feed.site),
            feed=announced,
        ),
        facts=_article_facts(item, publisher, taggings, [link.href for link in same], site),
    )


def _article_facts(
    item: Item, publisher: str, taggings: Iterable[Tagging], copies: list[str], site: Site
) -> dict[str, Any]:
    judgement = item.judgement
    return {
        "about": about_url(site),
        "publisher": publisher,
        "perspective": item.feed.perspective,
        "group": group_of(item.feed.perspective),
        "kind": item.feed.kind,
        "genre": judgement.genre,
        "certainty": judgement.certainty,
        "relays": judgement.relays,
        "score": round(judgement.verdict.score, 3),
        "reasons": judgement.verdict.reasons,
        "tags": [
            {"slug": tagging.slug, "score": round(tagging.score, 3), "method": tagging.method}
            for tagging in taggings
        ],
        "story": item.story_id,
        "seen": item.article.seen_at.isoformat(),
        "copies": copies,
    }


# ── stories ──────────────────────────────────────────────────────────────────────────────────────


def story_entries(
    stories: Sequence[StoryItems],
    *,
    site: Site,
    taxonomy: TagNames,
    heard: Collection[str] = frozenset(),
) -> tuple[Entry, ...]:
    """One entry a story, in the given order. `heard`: groups of which a feed is read; the silence
    of all others says nothing and is not told."""
    named = _namer(taxonomy)
    return tuple(_of_story(each, site, taxonomy, named, heard) for each in stories)


def _of_story(
    each: StoryItems,
    site: Site,
    taxonomy: TagNames,
    named: Callable[[str], Tag],
    heard: Collection[str],
) -> Entry:
    story = each.story
    present = {item.article.id for item in each.items}
    # A copy whose original is not among the items is a report like any other, never lost.
    reports = sorted((i for i in each.items if i.duplicate_of not in present), key=_when)
    certainty = _certainty(reports)
    cells = charts.capitals(story.coverage, heard)
    tags = tuple(named(slug) for slug in story.tags)
    moment = _moment(story.updated_at, story.id)
    return Entry(
        id=tag_uri(site, "story", story.id),
        title=headline(story.title),
        url=site.url + story_path(story.id),
        language=language_tag(story.language),
        published=min(story.first_at, moment),
        updated=moment,
        author=site.title,
        summary=told_by(len(reports), story.coverage, heard),
        html=story_html(
            story,
            reports,
            cells,
            "" if certainty == "c-confirmed" else certainty,
            site=site,
            taxonomy=taxonomy,
        ),
        text_language=_OURS,
        links=tuple(_to_articles(reports, lambda i: headline(i.article.title))[:MOST_RELATED]),
        tags=tags,
        facts=_story_facts(story, reports, certainty, cells, site),
    )


def _story_facts(
    story: Story,
    reports: Sequence[Item],
    certainty: str,
    cells: Iterable[charts.Cell],
    site: Site,
) -> dict[str, Any]:
    first = reports[0] if reports else None
    return {
        "about": about_url(site),
        "story": story.id,
        "reports": len(reports),
        "certainty": certainty,
        "first": {
            "at": story.first_at.isoformat(),
            "publisher": publisher_of(first) if first else "",
            "group": group_of(first.feed.perspective) if first else "",
        },
        "capitals": [
            {
                "group": one.group,
                "reports": one.articles,
                "first": one.first_at.isoformat(),
                "publishers": _names(one.publishers),
            }
            for one in story.coverage
        ],
        "silent": [cell.group for cell in cells if cell.state == "silent"],
        "differs": [
            {
                "about": difference.about,
                "sayings": [
                    {"value": shown(said.value, 80), "publishers": _names(said.publishers)}
                    for said in difference.sayings
                ],
            }
            for difference in story.differs
        ],
        "tags": story.tags,
        "score": round(story.score, 3),
    }


def _names(publishers: Iterable[str]) -> list[str]:
    return [shown(name, 80) for name in publishers]


def _certainty(reports: Sequence[Item]) -> str:
    """What most reports are, the first of them when it is a draw."""
    counted = Counter(item.judgement.certainty for item in reports).most_common(1)
    return counted[0][0] if counted else "c-confirmed"


# ── digests ──────────────────────────────────────────────────────────────────────────────────────


def issue_entries(issues: Sequence[Issue], *, site: Site, taxonomy: TagNames) -> tuple[Entry, ...]:
    """One entry a weekly issue, in the given order; it leads to the web copy."""
    named = _namer(taxonomy)
    return tuple(_of_issue(issue, site, named) for issue in issues)


def _of_issue(issue: Issue, site: Site, named: Callable[[str], Tag]) -> Entry:
    url = site.url + digest_path(issue.period.name)
    issue = edition(issue, _OURS)
    lede = shown(" ".join(clause.text for clause in issue.opening), 2000)
    moment = _moment(issue.composed_at, issue.period.name)
    counts = f"{plural(issue.stories, 'story', 'stories')}, {plural(issue.articles, 'article')}"
    return Entry(
        id=tag_uri(site, "digest", issue.period.name),
        title=headline(subject(issue, ENGLISH)),
        url=url,
        language=_OURS,
        published=min(issue.composed_at, moment),
        updated=moment,
        author=site.title,
        summary=lede or counts + ".",
        html=issue_html(issue, counts, site),
        text_language=_OURS,
        tags=tuple(named(slug) for slug in dict.fromkeys(s for t in issue.top for s in t.tags)),
        facts={
            "about": about_url(site),
            "period": issue.period.name,
            "stories": issue.stories,
            "articles": issue.articles,
            "top": [story.id for story in issue.top],
        },
    )


# ── pieces ───────────────────────────────────────────────────────────────────────────────────────


def _namer(taxonomy: TagNames) -> Callable[[str], Tag]:
    """Slug -> tag, each looked up once: five hundred articles share a few dozen."""

    @cache
    def named(slug: str) -> Tag:
        english = shown(taxonomy.label(slug), 120) or slug
        others = [(code, shown(taxonomy.label(slug, code), 120)) for code in LANGUAGES[1:]]
        # A taxonomy answers with the English name where it has no other.
        translated = [(code, name) for code, name in others if name and name != english]
        return Tag(slug, ((LANGUAGES[0], english), *translated))

    return named


def _to_articles(items: Iterable[Item], title: Callable[[Item], str]) -> list[Link]:
    return [
        Link("related", url, HTML, language_tag(item.article.language), title(item))
        for item in items
        if (url := web_link(item.article.url))
    ]


def _when(item: Item) -> tuple[datetime, str]:
    return item.article.published_at, item.article.id


def _moment(moment: datetime, id: str) -> datetime:
    # All entries of one visit share `seen_at`. Readers that sort by `updated` need distinct values
    # (the W3C validator warns of equal ones), so the fraction of the second comes from the id.
    fraction = int.from_bytes(hashlib.sha256(id.encode("utf-8", "replace")).digest()[:4], "big")
    return moment.replace(microsecond=fraction % 1_000_000)
