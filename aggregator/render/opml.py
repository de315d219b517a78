"""feeds -> OPML 2.0, and OPML -> outlines. Grouped as readers see the world: by capital."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from aggregator.errors import NotAFeed
from aggregator.model import Feed
from aggregator.render.safe import shown, web_link
from aggregator.steps.perspectives import GROUPS, group_of

MAX_BYTES = 10_000_000
"""A larger OPML file is refused; the largest seen in public lists is below 1 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlOutline:
    """One feed of somebody's list."""

    url: str
    title: str
    site: str = ""
    folders: tuple[str, ...] = ()
    """Headings above it, outermost first."""


def opml(feeds: Sequence[Feed], title: str) -> bytes:
    """A subscription list any reader can import; one folder a group, empty groups left out."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = shown(title)
    etree.SubElement(head, "docs").text = "http://opml.org/spec2.opml"
    body = etree.SubElement(root, "body")
    for group in GROUPS:
        members = [f for f in feeds if group_of(f.perspective) == group.slug and web_link(f.url)]
        if not members:
            continue
        folder = etree.SubElement(body, "outline", text=group.label, title=group.label)
        for feed in members:
            folder.append(_outline(feed))
    return bytes(
        etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    )  # fmt: skip


def _outline(feed: Feed) -> etree._Element:
    name = shown(feed.title) or feed.id
    given = {
        "type": "rss",
        "text": name,
        "title": name,
        "xmlUrl": web_link(feed.url),
        "htmlUrl": web_link(feed.site),
        "language": feed.language,
        "category": f"/perspective/{feed.perspective}",
    }
    return etree.Element("outline", {key: value for key, value in given.items() if value})


def read_opml(data: bytes) -> tuple[OpmlOutline, ...]:
    """The feeds of a subscription list, in its order, each URL once. Raises NotAFeed.

    A document type declaration is refused: OPML needs none, and entity bombs come in one.
    """
    if len(data) > MAX_BYTES:
        raise NotAFeed(f"the OPML file is larger than {MAX_BYTES // 1_000_000} MB")
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotAFeed(f"this is no OPML: {error}") from error
    if root.getroottree().docinfo.doctype:
        raise NotAFeed("the OPML file has a document type declaration, which is not accepted")
    if root.tag != "opml":
        raise NotAFeed(f"this is no OPML: the document is <{root.tag}>")
    found: dict[str, OpmlOutline] = {}
    for node in root.iterfind("body//outline"):
        url = web_link(node.get("xmlUrl") or node.get("xmlurl") or "")
        if url and url not in found:
            found[url] = _read(node, url)
    return tuple(found.values())


def _read(node: etree._Element, url: str) -> OpmlOutline:
    above = [_name(parent) for parent in node.iterancestors("outline")]
    return OpmlOutline(
        url=url,
        title=_name(node) or url,
        site=web_link(node.get("htmlUrl") or ""),
        folders=tuple(name for name in reversed(above) if name),
    )


def _name(node: etree._Element) -> str:
    return shown(node.get("title") or node.get("text") or "")
