"""channel, entries -> JSON Feed 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from aggregator.render import syndication
from aggregator.render.safe import shown
from aggregator.render.syndication import Channel, Entry
from aggregator.rules import Site


def jsonfeed(channel: Channel, entries: Sequence[Entry], site: Site) -> bytes:
    """The feed with these entries, in the given order; UTF-8.

    Ids are the same as in the Atom feed. What we concluded is in `_korea_diplomacy`.
    """
    document: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": shown(channel.title) or site.title,
        "home_page_url": channel.alternate_url or site.url + "/",
        "feed_url": channel.self_url,
        "description": shown(channel.description or site.description),
        "icon": syndication.icon_url(site),
        "favicon": syndication.icon_url(site),
        "language": channel.language,
        "authors": [{"name": site.title, "url": site.url + "/"}],
    }
    if channel.next:
        document["next_url"] = channel.next
    if channel.hub_url:
        document["hubs"] = [{"type": "WebSub", "url": channel.hub_url}]
    document["items"] = [_item(entry) for entry in entries]
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def _item(entry: Entry) -> dict[str, Any]:
    made: dict[str, Any] = {"id": entry.id, "url": entry.url, "title": entry.title}
    if entry.source is not None:
        made["external_url"] = entry.url
    if entry.html:
        made |= {"content_html": entry.html, "summary": entry.summary}
    else:
        made["content_text"] = entry.summary
    made |= {
        "date_published": _date(entry.published),
        "date_modified": _date(entry.updated),
        "authors": [{"name": entry.author}],
        "tags": [tag.label for tag in entry.tags],
        "_korea_diplomacy": entry.facts,
    }
    if entry.language:
        made["language"] = entry.language
    return made


def _date(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
