"""channel, entries -> RSS 2.0, with pages and archives (RFC 5005)."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial

from lxml import etree

from aggregator.render import syndication
from aggregator.render.generator import Node, add, generator, write_history, write_links
from aggregator.render.syndication import Channel, Entry
from aggregator.rules import Site

_ATOM_LINK = "{http://www.w3.org/2005/Atom}link"
_DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"


def rss(channel: Channel, entries: Sequence[Entry], site: Site) -> bytes:
    """The feed with these entries, in the given order; UTF-8. Ids are those of the Atom feed."""
    moment = syndication.updated(channel, entries)
    feed = generator(
        channel,
        entries,
        site,
        syndication.RSS,
        partial(_finish_feed, channel=channel, updated=moment),
        {"dc": _DUBLIN_CORE},
    )
    # feedgen sets the locale of the whole process, other threads included, to write a date.
    feed._FeedGenerator__rss_lastBuildDate = None
    feed.ttl(syndication.MINUTES_BETWEEN_VISITS)
    scheme = syndication.tags_url(site)
    for entry in entries:
        node = add(feed, entry, partial(_finish, entry=entry, scheme=scheme))
        # A description is HTML by itself.
        node.description(html.escape(entry.summary, quote=False), isSummary=True)
    return bytes(feed.rss_str())


def _finish_feed(node: Node, channel: Channel, updated: datetime) -> None:
    (inside,) = node
    etree.SubElement(inside, "lastBuildDate").text = _date(updated)
    write_links(inside, _ATOM_LINK, syndication.further_links(channel, syndication.RSS))
    write_history(inside, channel)


def _finish(node: Node, entry: Entry, scheme: str) -> None:
    etree.SubElement(node, "pubDate").text = _date(entry.published)
    etree.SubElement(node, f"{{{_DUBLIN_CORE}}}creator").text = entry.author
    if entry.language:
        etree.SubElement(node, f"{{{_DUBLIN_CORE}}}language").text = entry.language
    for tag in entry.tags:
        etree.SubElement(node, "category", domain=scheme).text = tag.label
    if entry.source and entry.source.feed:
        etree.SubElement(node, "source", url=entry.source.feed).text = entry.source.title


def _date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
