"""items -> JSON Feed 1.1 (jsonfeed.org)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aggregator.model import Item
from aggregator.render.atom import tag_uri
from aggregator.render.safe import excerpt, headline, shown, web_link
from aggregator.render.templates import TagNames
from aggregator.rules import Site
from aggregator.steps.perspectives import group_of


def jsonfeed(
    items: Sequence[Item],
    *,
    site: Site,
    taxonomy: TagNames,
    self_url: str,
    title: str,
    copies: Mapping[str, tuple[Item, ...]] | None = None,
) -> bytes:
    """One item an article, in the given order; UTF-8.

    Ids are the same as in the Atom feed. What we concluded is in `_korea_diplomacy`.
    """
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": shown(title) or site.title,
        "home_page_url": site.url + "/",
        "feed_url": self_url,
        "description": shown(site.description),
        "language": "en",
        "authors": [{"name": site.title, "url": site.url + "/"}],
        "items": [
            _item(item, site, taxonomy, (copies or {}).get(item.article.id, ()))
            for item in items
            if web_link(item.article.url)
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace")


def _item(
    item: Item, site: Site, taxonomy: TagNames, copies: tuple[Item, ...]
) -> dict[str, Any]:  # fmt: skip
    article, feed = item.article, item.feed
    changed = max(article.seen_at, article.updated_at or article.seen_at)
    tags = [tag for tag in item.judgement.tags if tag.score >= 2]
    url = web_link(article.url)
    made: dict[str, Any] = {
        "id": tag_uri(site, "article", article.id),
        "url": url,
        "external_url": url,
        "title": headline(article.title),
        # An item must have content; where the feed's rights allow none, that is the headline.
        "content_text": excerpt(item) or headline(article.title),
        "date_published": article.published_at.isoformat(),
        "date_modified": changed.isoformat(),
        "authors": [
            {"name": shown(article.author, 120) or shown(feed.publisher or feed.title) or feed.id}
        ],
        "tags": [taxonomy.label(tag.slug) for tag in tags],
        "_korea_diplomacy": {
            "about": site.url + "/about",
            "publisher": shown(feed.publisher or feed.title),
            "perspective": feed.perspective,
            "group": group_of(feed.perspective),
            "kind": feed.kind,
            "genre": item.judgement.genre,
            "certainty": item.judgement.certainty,
            "score": round(item.judgement.verdict.score, 3),
            "reasons": list(item.judgement.verdict.reasons),
            "tags": [
                {"slug": tag.slug, "score": round(tag.score, 3), "method": tag.method}
                for tag in tags
            ],
            "story": item.story_id,
            "seen": article.seen_at.isoformat(),
            "copies": [link for copy in copies if (link := web_link(copy.article.url))],
        },
    }
    if article.language:
        made["language"] = article.language
    return made
