"""channel, entries -> Atom (RFC 4287), with pages and archives (RFC 5005)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from copy import copy
from functools import cache, partial

from lxml import etree

from aggregator.render import syndication
from aggregator.render.generator import Node, add, generator, write_history, write_links
from aggregator.render.syndication import Channel, Entry, Link, Source, Tag
from aggregator.rules import Site

_PLACE = re.compile(rb"<!--(\d+)-->")
"""Where the categories of an entry go. Five hundred articles have some ten thousand, which differ
in a few dozen tags: put in as bytes they take a tenth of the time of elements. Strangers' text is
escaped, so that no other comment can stand in the document."""
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def atom(channel: Channel, entries: Sequence[Entry], site: Site) -> bytes:
    """The feed with these entries, in the given order; UTF-8."""
    feed = generator(
        channel, entries, site, syndication.ATOM, partial(_finish_feed, channel=channel), {}
    )
    feed.icon(syndication.icon_url(site))
    feed.logo(syndication.icon_url(site))
    sources = cache(_source)
    for number, entry in enumerate(entries):
        node = add(feed, entry, partial(_finish, entry=entry, number=number, sources=sources))
        node.updated(entry.updated)
        node.published(entry.published)
        node.author({"name": entry.author})
        node.summary(entry.summary, type="text")
    categories = cache(partial(_categories, scheme=syndication.tags_url(site)))
    return _PLACE.sub(
        lambda place: b"".join(map(categories, entries[int(place[1])].tags)), feed.atom_str()
    )


def _finish_feed(node: Node, channel: Channel) -> None:
    write_links(node, "link", syndication.further_links(channel, syndication.ATOM))
    write_history(node, channel)


def _finish(node: Node, entry: Entry, number: int, sources: Callable[[Source], Node]) -> None:
    if entry.language:
        node.set(_LANG, entry.language)
    if entry.text_language != entry.language:
        for text in (node.find("summary"), node.find("content")):
            if text is not None:
                text.set(_LANG, entry.text_language)
    node.remove(node.find("link"))
    alternate = Link("alternate", entry.url, hreflang=entry.language if entry.source else "")
    write_links(node, "link", (alternate, *entry.links))
    node.append(etree.Comment(str(number)))
    if entry.source is not None:
        source = copy(sources(entry.source))
        source.find("updated").text = entry.updated.isoformat()
        node.append(source)


def _categories(tag: Tag, scheme: str) -> bytes:
    """One element a language."""
    drawn = (
        etree.Element("category", {"term": tag.slug, "scheme": scheme, "label": name, _LANG: code})
        for code, name in tag.names
    )
    return b"".join(etree.tostring(each, encoding="utf-8") for each in drawn)


def _source(source: Source) -> Node:
    node = etree.Element("source")
    etree.SubElement(node, "id").text = source.id
    etree.SubElement(node, "title").text = source.title
    etree.SubElement(node, "updated")
    links = (Link("alternate", source.site), Link("self", source.feed, ""))
    write_links(node, "link", (link for link in links if link.href))
    return node
