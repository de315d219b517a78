"""Elements of a feed document -> the values that feedparser would give them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, Final, TypeAlias
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

Values: TypeAlias = dict[str, Any]

_XML: Final = "{http://www.w3.org/XML/1998/namespace}"
RDF_ABOUT: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_DECLARATION: Final = re.compile(r"""xmlns(?::([\w.-]+))?\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_KNOWN: Final = {
    "http://purl.org/rss/1.0/": "",
    "http://backend.userland.com/rss2": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://www.w3.org/2005/atom": "",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://search.yahoo.com/mrss/": "media",
    "http://search.yahoo.com/mrss": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://purl.org/rss/1.0/modules/syndication/": "sy",
    "http://purl.org/rss/1.0/modules/slash/": "slash",
    "http://wellformedweb.org/commentapi/": "wfw",
    "http://www.georss.org/georss": "georss",
    "http://www.w3.org/2003/01/geo/wgs84_pos#": "geo",
    "http://purl.org/syndication/thread/1.0": "thr",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://webns.net/mvcb/": "admin",
    "http://web.resource.org/cc/": "cc",
    "http://prismstandard.org/namespaces/1.2/basic/": "prism",
}
"""Namespaces in lower case -> the prefix under which their elements are known here."""
_TEXT_TYPES: Final = {
    "text": "text/plain",
    "plain": "text/plain",
    "html": "text/html",
    "text/plain": "text/plain",
    "text/html": "text/html",
}
_HAS_C1: Final = re.compile("[\x80-\x9f]")
# The Windows characters that pages of the nineties wrote as C1 controls.
_C1: Final = {
    code: bytes([code]).decode("cp1252", "ignore") or chr(code) for code in range(0x80, 0xA0)
}
_NAMED: Final = re.compile("&([A-Za-z0-9_]+);")
_ADDRESS: Final = re.compile(
    r"[a-zA-Z0-9_.+-]+@(?:[a-zA-Z0-9-]+\.)+(?:[a-zA-Z]{2,4}|[0-9]{1,3})\]?(?:\?subject=\S+)?"
)


class Unusual(Exception):
    """Something whose reading is better left to feedparser."""


def spaces_of(text: str) -> dict[str, str]:
    """Namespaces of the document, in lower case -> prefix."""
    spaces = dict(_KNOWN)
    for prefix, one, two in set(_DECLARATION.findall(text)):
        uri = (one or two).lower()
        if uri in _KNOWN:
            continue
        if "atom/ns" in uri:
            raise Unusual("a namespace of an early version")
        # feedparser goes by the prefix where it does not know the namespace.
        spaces[uri] = spaces.get(uri) or prefix
    return spaces


def language_of(element: Element) -> str:
    return element.get(_XML + "lang") or element.get("lang") or ""


def text_of(element: Element, default: str = "text/plain") -> tuple[str, str]:
    """(value, type) of a text construct."""
    given = element.get("type")
    if element.get("mode") or element.get("src"):
        raise Unusual("content that stands elsewhere or is packed")
    kind = default if given is None else _TEXT_TYPES.get(given.lower(), "")
    if not kind or len(element):
        raise Unusual("text with elements in it")
    return clean(element.text or ""), kind


def add_link(element: Element, values: Values, base: str) -> None:
    """One `<link>`, of RSS or of Atom."""
    if len(element):
        raise Unusual("a link with elements in it")
    rel = element.get("rel", "alternate").lower()
    kind = element.get("type", "application/atom+xml" if rel == "self" else "text/html").lower()
    href = element.get("url") or element.get("uri") or element.get("href")
    if href:
        href = _joined(base_of(element, base), href)
        values["links"].append({"rel": rel, "href": href, "type": kind})
        if rel == "alternate" and kind in (
            "text/html",
            "html",
            "xhtml",
            "application/xhtml+xml",
        ):
            values["link"] = href
        return
    if "href" in element.attrib or "url" in element.attrib or "uri" in element.attrib:
        raise Unusual("an empty link")
    text = (element.text or "").strip()
    text = clean(_joined(base_of(element, base), text)) if text else ""
    text = _NAMED.sub(r"&\1", text.replace("&amp;", "&"))
    values["links"].append({"rel": rel, "type": kind})
    values["link"] = text
    if text:
        values["links"][-1]["href"] = text


def base_of(element: Element, outer: str) -> str:
    given = element.get(_XML + "base") or element.get("base")
    return _joined(outer, given) or outer if given else outer


def _joined(base: str, target: str) -> str:
    if target.startswith(("http://", "https://")):
        return target
    try:
        return urljoin(base, target)
    except ValueError:
        return ""


def person_of(text: str) -> dict[str, str]:
    """ "desk@example.org (Kim)" -> name and address."""
    found = _ADDRESS.search(text)
    if found is None:
        return {"name": text}
    name = text.replace(found[0], "").replace("()", "").replace("<>", "").strip()
    name = name.removeprefix("(").removesuffix(")").strip()
    return {"name": name, "email": found[0]} if name else {"email": found[0]}


def attribute(element: Element, name: str, default: str) -> str:
    """An attribute whose name may be written in any case."""
    return next((v for k, v in element.attrib.items() if k.lower() == name), default)


def own_text(element: Element) -> str:
    if len(element):
        raise Unusual("elements where text is expected")
    return element.text or ""


def clean(text: str) -> str:
    """Without space around, UTF-8 that was read as Latin-1 mended."""
    text = text.strip()
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("latin-1").decode()
    return text.translate(_C1) if _HAS_C1.search(text) else text
