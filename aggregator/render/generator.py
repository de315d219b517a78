"""channel, entries -> feedgen's feed. The only module that knows feedgen.

feedgen 1.0.0 loses the attributes of entry links, knows neither an entry's language nor a complete
`source`, and stamps the clock where a date is missing. `Rest` writes what it cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.render import syndication
from aggregator.render.safe import shown
from aggregator.render.syndication import Channel, Entry, Link
from aggregator.rules import Site

HISTORY = "http://purl.org/syndication/history/1.0"
NAME = "Korea Diplomacy Digest"

Node: TypeAlias = Any
Write: TypeAlias = Callable[[Node], None]


class Rest:
    """An extension of feedgen: writes the rest of a feed or an entry, once feedgen is done."""

    def __init__(self) -> None:
        self.write: Write | None = None
        self.namespaces: Mapping[str, str] = {}

    def extend_ns(self) -> Mapping[str, str]:
        return self.namespaces

    def extend_atom(self, node: Node) -> Node:
        if self.write:
            self.write(node)
        return node

    extend_rss = extend_atom


def generator(
    channel: Channel,
    entries: Iterable[Entry],
    site: Site,
    media_type: str,
    write: Write,
    namespaces: Mapping[str, str],
) -> FeedGenerator:
    """A feed without entries. `write` gets its element; `namespaces`: prefix -> URI it uses."""
    feed = FeedGenerator()
    feed.register_extension("rest", Rest, Rest)
    feed.rest.write = write
    feed.rest.namespaces = {**namespaces, **({"fh": HISTORY} if channel.archive else {})}
    feed.id(syndication.feed_id(channel, site))
    title = shown(channel.title) or site.title
    feed.title(title)
    feed.subtitle(shown(channel.description or site.description) or title)
    feed.updated(syndication.updated(channel, entries))
    feed.author({"name": site.title, "uri": site.url + "/"})
    feed.generator(NAME, uri=syndication.about_url(site))
    feed.rights(syndication.rights(site))
    feed.language(channel.language)
    feed.link(href=channel.self_url, rel="self", type=media_type)
    feed.link(href=channel.alternate_url or site.url + "/", rel="alternate", type=syndication.HTML)
    return feed


def add(feed: FeedGenerator, entry: Entry, write: Write) -> FeedEntry:
    """One more entry at the end, with what all formats share. `write` gets its element."""
    node = feed.add_entry(order="append")
    node.id(entry.id)
    node.title(entry.title)
    node.link({"href": entry.url, "rel": "alternate"})
    if entry.html:
        node.content(entry.html, type="html")
    node.rest.write = write
    return node


def write_links(parent: Node, name: str, links: Iterable[Link]) -> None:
    """One element `name` a link."""
    for rel, href, media_type, hreflang, title in links:
        link = etree.SubElement(parent, name, rel=rel, href=href)
        if media_type:
            link.set("type", media_type)
        if hreflang:
            link.set("hreflang", hreflang)
        if title:
            link.set("title", title)


def write_history(parent: Node, channel: Channel) -> None:
    """The mark of an archive document (RFC 5005, section 4)."""
    if channel.archive:
        etree.SubElement(parent, f"{{{HISTORY}}}archive")
