"""bytes -> entries. The only module that knows feedparser.

feedparser is the authority, and slow. A well-formed document is read by `xmlfeed` first; feedparser
then reads one entry of each kind that occurs in it, and the whole document unless both agree.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from html.entities import name2codepoint
from itertools import islice
from typing import Any, Literal
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element
from xml.sax.expatreader import ExpatParser

import feedparser
import feedparser.mixin

from aggregator.errors import NotAFeed
from aggregator.model import Document, Entry
from aggregator.steps import xmlfeed
from aggregator.steps.charset import decode
from aggregator.steps.dates import parse_date

LONGEST_TITLE = 2_000
LONGEST_SUMMARY = 50_000
LONGEST_CONTENT = 200_000
_LONGEST_NAME = 200
_LONGEST_URL = 4_000
_MOST_NAMES = 50
_HEAD = 20_000
_LONGEST_TTL = timedelta(days=7)

_ROOT = re.compile(r"<((?:[\w.-]+:)?(?:rss|feed|rdf))(?=[\s>/])", re.IGNORECASE)
_FIRST_ELEMENT = re.compile(r"<(?:!doctype\s+)?([A-Za-z][\w:.-]*)", re.IGNORECASE)
_HTML_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_ENTITY_DECLARATION = re.compile(r"<!ENTITY\s", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!DOCTYPE[^>\[]*>", re.IGNORECASE)
_VERBATIM = re.compile(r"(<!\[CDATA\[.*?\]\]>|<!--.*?-->)", re.DOTALL)
_AMPERSAND = re.compile(r"&(#\d+;|#[xX][0-9A-Fa-f]+;|[A-Za-z][A-Za-z0-9]*;)?")
_XML_ENTITIES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ABSOLUTE = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?/[!-~]*[!\"$->@-~]", re.ASCII)
"""What `urljoin` would leave as it is: it drops an empty query or fragment."""
_LIKE_HTML = re.compile(r"</\w+\s*>|<(?:br|p|img|hr)\b|&#?\w+;", re.IGNORECASE)
# feedparser would take the charset of text/xml for us-ascii and call every document broken.
_HEADERS = {"content-type": "application/xml; charset=utf-8"}


# An id is a name, not an address. Resolved against the document's address every id would change
# when the feed moves, and the whole feed would look new.
_CAN_BE_RELATIVE = feedparser.api.StrictFeedParser.can_be_relative_uri - {"id"}
feedparser.api.StrictFeedParser.can_be_relative_uri = _CAN_BE_RELATIVE
feedparser.api.LooseFeedParser.can_be_relative_uri = _CAN_BE_RELATIVE
# A quarter of feedparser's time: it resolves the same base for every element of a document.
feedparser.mixin.make_safe_absolute_uri = lru_cache(64)(feedparser.mixin.make_safe_absolute_uri)
# feedparser asks these modules for a SAX parser, by `create_parser`, before it takes Python's own.
feedparser.api.PREFERRED_XML_PARSERS[:0] = [__name__]


class _BufferedParser(ExpatParser):
    """Hands text over in large pieces.

    Python's own calls feedparser for every line and every entity: 1.3 million times for 27 MB of
    feeds, a third of all the time. The entries are the same.
    """

    def reset(self) -> None:
        super().reset()
        parser: Any = getattr(self, "_parser")  # noqa: B009 -- unknown to the type stubs
        parser.buffer_text, parser.buffer_size = True, 1 << 16


def create_parser() -> ExpatParser:
    """For `xml.sax.make_parser`."""
    return _BufferedParser()


def parse(
    body: bytes,
    url: str,
    content_type: str = "",
    max_entries: int = 2_000,
    default_zone: tzinfo = UTC,
) -> Document:
    """The document's entries in its own order, at most `max_entries`, every field capped.

    `url`: where it came from, for relative links. `default_zone`: for dates that name none.
    Raises NotAFeed, whose text says what the document is instead. A document that is merely broken
    gives what can be read of it.
    """
    text = decode(body, content_type).strip("\0 \t\r\n\ufeff")
    _refuse_others(body, text)
    text, root = _well_formed(text)
    parsed = None if root is None else _swiftly(root, text, url, default_zone)
    if parsed is not None:
        return _document(parsed, url, max_entries, default_zone, "xmlfeed")
    intact = root is not None
    del root
    parsed = _feedparser(text, url)
    if not parsed.get("version") and not parsed.entries:
        raise NotAFeed("this is no feed: it holds no RSS or Atom element")
    if not intact and not parsed.entries:
        raise NotAFeed("this feed is broken: it stops or becomes unreadable before its first entry")
    return _document(parsed, url, max_entries, default_zone, "feedparser")


def _document(
    parsed: Any,
    url: str,
    max_entries: int,
    zone: tzinfo,
    reader: Literal["", "xmlfeed", "feedparser"] = "",
) -> Document:
    meta = parsed.feed
    language = _language(meta.get("language"))
    return Document(
        title=_capped(meta.get("title"), LONGEST_TITLE),
        language=language,
        site=_http(meta.get("link"), url),
        hub=next((_http(link.get("href"), url) for link in _links(meta, "hub")), ""),
        earlier=_earlier(meta, url),
        topic=next((_http(link.get("href"), url) for link in _links(meta, "self")), ""),
        ttl=_ttl(meta.get("ttl")),
        entries=tuple(
            _entry(entry, url, language, zone) for entry in islice(parsed.entries, max_entries)
        ),
        reader=reader,
    )


_MOST_SHAPES = 6
_FEWEST = 4
"""A shorter document is read by feedparser alone: nothing is won."""


def _swiftly(root: Element, text: str, url: str, zone: tzinfo) -> xmlfeed.Parsed | None:
    """What `xmlfeed` reads, if feedparser reads the same in a sample of it."""
    parsed = xmlfeed.read(root, text, url)
    if parsed is None or len(parsed.entries) < _FEWEST:
        return None
    shown = [*dict.fromkeys([*parsed.shapes[:_MOST_SHAPES], len(parsed.entries) - 1])]
    sample = _sample(text, parsed.opening, shown, len(parsed.entries))
    if sample is None:
        return None
    theirs = _document(_feedparser(sample, url), url, len(shown) + 1, zone)
    ours = _document(
        replace(parsed, entries=[parsed.entries[n] for n in shown]), url, len(shown), zone
    )
    return parsed if ours == theirs else None


def _sample(text: str, opening: str, shown: list[int], count: int) -> str | None:
    """The document with these entries only; None if they cannot be told by their tags."""
    starts = [m.start() for m in re.finditer(rf"<(?:[\w.-]+:)?{opening}(?=[\s>])", text)]
    ends = [m.end() for m in re.finditer(rf"</(?:[\w.-]+:)?{opening}\s*>", text)]
    if not len(starts) == len(ends) == count:
        return None
    pieces = [text[starts[n] : ends[n]] for n in sorted(shown)]
    return "".join([text[: starts[0]], *pieces, text[ends[-1] :]])


def _refuse_others(body: bytes, text: str) -> None:
    if not text:
        raise NotAFeed("the document is empty")
    if body.startswith((b"\x1f\x8b", b"PK\x03\x04", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
        raise NotAFeed("this is a binary file, not a feed")
    if _ROOT.search(text):
        return
    if text[0] in "{[":
        what = "a JSON Feed" if "https://jsonfeed.org/" in text[:1000] else "JSON"
        raise NotAFeed(f"this is {what}, not an RSS or Atom feed")
    first = _FIRST_ELEMENT.search(text)
    if first is None:
        raise NotAFeed("this is plain text, not a feed")
    if first[1].lower() in ("html", "head", "body", "meta", "script", "div", "title", "p"):
        title = _HTML_TITLE.search(text[:_HEAD])
        name = " ".join(html.unescape(title[1]).split())[:100] if title else ""
        raise NotAFeed(
            "this is a web page, not a feed" + (f" (its title is “{name}”)" if name else "")
        )


def _well_formed(text: str) -> tuple[str, Element | None]:
    """The document, mended where that is safe, and its tree if it is well-formed now.

    One bare `&` sends feedparser to its lenient parser, which turns `R&D` into `R&D;`. expat alone
    is some fifty times as fast as feedparser, so looking first costs little.
    """
    # feedparser drops the DOCTYPE; with it goes what would excuse undeclared entities.
    root = _ROOT.search(text)
    start = root.start() if root else 0
    text = _DOCTYPE.sub("", text[:start]) + text[start:]
    if (tree := xmlfeed.tree(text)) is not None:
        return text, tree
    if (root := _ROOT.search(text)) and not _ENTITY_DECLARATION.search(text, 0, root.start()):
        # Warnings of a script in front of the document, statistics and the like behind it.
        end = text.rfind(f"</{root[1]}>")
        text = text[root.start() : end + len(root[1]) + 3 if end > 0 else None]
    text = _FORBIDDEN.sub("", text)
    if not _ENTITY_DECLARATION.search(text):
        pieces = _VERBATIM.split(text)
        pieces[::2] = [_AMPERSAND.sub(_reference, piece) for piece in pieces[::2]]
        text = "".join(pieces)
    return text, xmlfeed.tree(text)


def _reference(match: re.Match[str]) -> str:
    reference = match[1] or ""
    name = reference.rstrip(";")
    if name in _XML_ENTITIES:
        return match[0]
    if name.startswith("#"):
        code = int(name[2:], 16) if name[1] in "xX" else int(name[1:11])
        return match[0] if code < 0x110000 and not _FORBIDDEN.match(chr(code)) else ""
    if name in name2codepoint:
        return chr(name2codepoint[name])
    return f"&amp;{reference}"


def _feedparser(text: str, url: str) -> Any:
    try:
        return feedparser.parse(
            # Never the bytes themselves: feedparser opens what looks like a path or an address.
            io.BytesIO(text.encode("utf-8", "replace")),
            response_headers={**_HEADERS, "content-location": url},
            # Both work on markup, of which `normalise` keeps nothing; they take 60 % of the time.
            resolve_relative_uris=False,
            sanitize_html=False,
        )
    except MemoryError:
        raise
    except Exception as error:  # its lenient parser fails in many ways on what nobody foresaw
        raise NotAFeed(f"this document cannot be read ({type(error).__name__}: {error})") from error


def _entry(entry: dict[str, Any], url: str, language: str, zone: tzinfo) -> Entry:
    get = entry.get
    detail = get("title_detail") or {}
    return Entry(
        guid=_capped(get("id"), _LONGEST_URL),
        link=_link(entry, url),
        title=_capped(_as_html(get("title"), detail), LONGEST_TITLE),
        summary=_capped(_as_html(get("summary"), get("summary_detail") or {}), LONGEST_SUMMARY),
        content=_capped(_content(get("content") or ()), LONGEST_CONTENT),
        authors=tuple(islice(dict.fromkeys(_authors(entry)), _MOST_NAMES)),
        categories=tuple(islice(dict.fromkeys(_categories(entry)), _MOST_NAMES)),
        language=_language(get("language") or detail.get("language")) or language,
        # `dict.get`: the method of the same name answers "updated" with the publication date.
        published=_date(get("published") or get("created"), zone),
        updated=_date(dict.get(entry, "updated"), zone),
    )


def _link(entry: Mapping[str, Any], url: str) -> str:
    guid, link = entry.get("id") or "", entry.get("link") or ""
    # feedparser's own fallback from link to guid is undone here: a guid counts as a permanent link
    # unless it says otherwise, and many that are mere numbers do not say so.
    fallback = bool(entry.get("guidislink")) and link == guid
    if not fallback and (found := _http(link, url)):
        return found
    links = []
    links += [other.get("href") for other in _links(entry, "alternate")]
    if guid.startswith(("http://", "https://", "/") if fallback else ("http://", "https://")):
        links.append(guid)
    return next((found for link in links if (found := _http(link, url))), "")


def _earlier(meta: Mapping[str, Any], url: str) -> str:
    """The archive before this document, else the next page of a list (RFC 5005, 3 and 4)."""
    links = (link for rel in ("prev-archive", "next") for link in _links(meta, rel))
    return next((found for link in links if (found := _http(link.get("href"), url))), "")


def _links(context: Mapping[str, Any], rel: str) -> Iterator[Mapping[str, Any]]:
    return (link for link in context.get("links") or () if link.get("rel") == rel)


def _http(link: Any, base: str) -> str:
    """The absolute http(s) URL, or ""."""
    if not isinstance(link, str) or not link.strip() or len(link) > _LONGEST_URL:
        return ""
    if _ABSOLUTE.fullmatch(link):
        return link
    try:
        found = urljoin(base, re.sub(r"[\t\r\n]", "", link.strip()))
        parts = urlsplit(found)
    except ValueError:
        return ""
    return found if parts.scheme in ("http", "https") and parts.netloc else ""


def _as_html(value: Any, detail: Mapping[str, Any]) -> str:
    """Plain text that holds `<` but no markup is escaped: all texts of an entry are HTML."""
    if not isinstance(value, str):
        return ""
    if detail.get("type") == "text/plain" and "<" in value and not _LIKE_HTML.search(value):
        return html.escape(value, quote=False)
    return value


def _content(parts: Any) -> str:
    """The longest of the alternatives."""
    texts = (_as_html(part.get("value"), part) for part in parts if isinstance(part, dict))
    return max(texts, key=len, default="")


def _authors(entry: Mapping[str, Any]) -> Iterator[str]:
    people = [person for person in entry.get("authors") or () if person]
    for person in people:
        if name := _capped(person.get("name"), _LONGEST_NAME):
            yield name
    if not people and (name := _capped(entry.get("author"), _LONGEST_NAME)):
        yield name


def _categories(entry: Mapping[str, Any]) -> Iterator[str]:
    for tag in entry.get("tags") or ():
        if term := _capped(tag.get("label") or tag.get("term"), _LONGEST_NAME):
            yield term


def _date(value: Any, zone: tzinfo) -> datetime | None:
    # feedparser's own reading is not used: it takes 2024/03/15 for another month and KST for UTC.
    return parse_date(value, zone) if isinstance(value, str) else None


def _language(value: Any) -> str:
    return value.strip().lower().replace("_", "-")[:35] if isinstance(value, str) else ""


def _ttl(value: Any) -> timedelta | None:
    """`<ttl>` counts minutes."""
    if not isinstance(value, str) or not re.fullmatch(r"\s*[0-9]{1,9}\s*", value):
        return None
    return min(timedelta(minutes=int(value)), _LONGEST_TTL) or None


def _capped(value: Any, limit: int) -> str:
    return value.strip()[:limit] if isinstance(value, str) else ""
