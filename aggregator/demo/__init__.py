"""The bundled sample week -> feed documents. Values only: a host serves them.

Publishers, addresses and wording are ours; the events are public history of 24 to 30 June 2019.
Each publisher is one YAML file in this folder, and its times are local to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML

from aggregator.rules import FeedEntry

START = datetime(2019, 6, 24, tzinfo=ZoneInfo("Asia/Seoul"))
END = datetime(2019, 7, 1, tzinfo=ZoneInfo("Asia/Seoul"))
MEDIA_TYPE = "application/xml"
"""Without a charset: the encoding stands in the documents, which is what parsers must heed."""

_ATOM = "http://www.w3.org/2005/Atom"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RSS1 = "http://purl.org/rss/1.0/"
_DC = "http://purl.org/dc/elements/1.1/"
for _prefix, _uri in (("atom", _ATOM), ("rdf", _RDF), ("rss", _RSS1), ("dc", _DC)):
    ET.register_namespace(_prefix, _uri)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoItem:
    """One article of the sample week. `off_topic`: it is here to be left out of the digest."""

    title: str
    url: str
    summary: str
    published: datetime | None
    off_topic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """One example publisher and how its feed is written."""

    entry: FeedEntry
    """With an address relative to the host that serves the demo."""
    format: str
    """rss | atom | rdf"""
    encoding: str
    html: bool
    items: tuple[DemoItem, ...]
    """Newest first, as desks do; undated ones last."""


def configuration(base_url: str) -> tuple[FeedEntry, ...]:
    """The feeds of the sample week, as served under `base_url` + "/ID.xml"."""
    return tuple(
        p.entry.model_copy(update={"url": f"{base_url.rstrip('/')}/{p.entry.id}.xml"})
        for p in publishers().values()
    )


def document(publisher_id: str) -> bytes:
    """The feed document of one publisher: the same bytes each time. KeyError when unknown."""
    publisher = publishers()[publisher_id]
    write = {"rss": _rss, "atom": _atom, "rdf": _rdf}[publisher.format]
    root = write(publisher)
    ET.indent(root)
    made: bytes = ET.tostring(root, encoding=publisher.encoding, xml_declaration=True)
    return made


@cache
def publishers() -> dict[str, Publisher]:
    """All example publishers, by id."""
    found = (_publisher(path) for path in sorted(Path(__file__).parent.glob("*.yaml")))
    return {publisher.entry.id: publisher for publisher in found}


def _publisher(path: Path) -> Publisher:
    raw: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    zone = ZoneInfo(raw.pop("zone"))
    written = raw.pop("format"), raw.pop("encoding", "utf-8"), raw.pop("html", False)
    items = [_item(item, raw["site"], zone) for item in raw.pop("items")]
    items.sort(key=lambda item: item.published or START, reverse=True)
    return Publisher(
        entry=FeedEntry(url=f"{raw['site']}/feed.xml", **raw),
        format=written[0],
        encoding=written[1],
        html=written[2],
        items=tuple(items),
    )


def _item(raw: dict[str, Any], site: str, zone: ZoneInfo) -> DemoItem:
    at = raw.get("published")
    return DemoItem(
        title=raw["title"],
        url=site + raw["path"],
        summary=raw["summary"],
        published=datetime.fromisoformat(at).replace(tzinfo=zone) if at else None,
        off_topic=raw.get("off_topic", False),
    )


def _rss(publisher: Publisher) -> ET.Element:
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _texts(channel, title=publisher.entry.title, link=f"{publisher.entry.site}/")
    _texts(channel, description=publisher.entry.title, language=publisher.entry.language)
    for item in publisher.items:
        element = ET.SubElement(channel, "item")
        summary = f"<p>{item.summary}</p>" if publisher.html else item.summary
        _texts(element, title=item.title, link=item.url, guid=item.url, description=summary)
        if item.published:
            _texts(element, pubDate=format_datetime(item.published))
    return root


def _atom(publisher: Publisher) -> ET.Element:
    root = ET.Element(f"{{{_ATOM}}}feed")
    root.set("{http://www.w3.org/XML/1998/namespace}lang", publisher.entry.language)
    _atom_head(
        root, publisher.entry.title, f"{publisher.entry.site}/", publisher.items[0].published
    )
    author = ET.SubElement(root, f"{{{_ATOM}}}author")
    _texts(author, _ATOM, name=publisher.entry.publisher)
    for item in publisher.items:
        element = ET.SubElement(root, f"{{{_ATOM}}}entry")
        _atom_head(element, item.title, item.url, item.published)
        _texts(element, _ATOM, published=_iso(item.published), summary=item.summary)
    return root


def _atom_head(element: ET.Element, title: str, url: str, at: datetime | None) -> None:
    _texts(element, _ATOM, id=url, title=title, updated=_iso(at))
    ET.SubElement(element, f"{{{_ATOM}}}link", rel="alternate", href=url)


def _rdf(publisher: Publisher) -> ET.Element:
    root = ET.Element(f"{{{_RDF}}}RDF")
    channel = ET.SubElement(root, f"{{{_RSS1}}}channel")
    channel.set(f"{{{_RDF}}}about", f"{publisher.entry.site}/")
    _texts(channel, _RSS1, title=publisher.entry.title, link=f"{publisher.entry.site}/")
    _texts(channel, _RSS1, description=publisher.entry.title)
    _texts(channel, _DC, language=publisher.entry.language)
    listed = ET.SubElement(ET.SubElement(channel, f"{{{_RSS1}}}items"), f"{{{_RDF}}}Seq")
    for item in publisher.items:
        ET.SubElement(listed, f"{{{_RDF}}}li").set(f"{{{_RDF}}}resource", item.url)
        element = ET.SubElement(root, f"{{{_RSS1}}}item")
        element.set(f"{{{_RDF}}}about", item.url)
        _texts(element, _RSS1, title=item.title, link=item.url, description=item.summary)
        _texts(element, _DC, date=_iso(item.published))
    return root


def _texts(parent: ET.Element, namespace: str = "", **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, f"{{{namespace}}}{name}" if namespace else name).text = text


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""
