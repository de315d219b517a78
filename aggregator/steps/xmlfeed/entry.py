"""One entry, read child by child."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element

from aggregator.steps.xmlfeed.values import (
    RDF_ABOUT,
    Unusual,
    Values,
    add_link,
    attribute,
    clean,
    language_of,
    own_text,
    person_of,
    text_of,
)


class EntryReader:
    """Reads one entry, child by child in document order, as feedparser does."""

    def __init__(self, name: Callable[[Any], str], language: str, base: str) -> None:
        self._name = name
        self._language = language
        self._base = base
        self._values: Values = {"links": []}
        self._has_content = False
        self._depth = 0
        self._title_depth = -1
        self._depths: dict[str, int] = {}
        self.shape: dict[tuple[Any, ...], int] = {}
        """Which elements occur, with which types, and whether once or more often."""

    def values(self, element: Element) -> Values:
        if about := element.get(RDF_ABOUT):
            self._values["id"] = about
        self._children(element)
        return self._values

    def _children(self, element: Element) -> None:
        for child in element:
            name = self._name(child.tag)
            kind = (name, child.get("type"), child.get("rel"), child.get("isPermaLink"))
            self.shape[kind] = 2 if kind in self.shape else 1
            step = _STEPS.get(name)
            if step is not None:
                if self._depth and name not in _INNER:
                    raise Unusual("an element of an entry inside another one")
                step(self, child)
            elif len(child):
                self._depth += 1
                self._children(child)
                self._depth -= 1

    def _keep(self, name: str, value: str, detail: Values) -> None:
        """The last one wins, but what stands deeper never replaces what does not."""
        if self._depth <= self._depths.get(name, self._depth):
            self._depths[name] = self._depth
            self._values[name] = value
        self._values[f"{name}_detail"] = detail

    def title(self, element: Element) -> None:
        value, kind = text_of(element)
        if not -1 < self._title_depth <= self._depth:
            language = language_of(element) or self._language
            self._keep("title", value, {"type": kind, "language": language})
        if value:  # also of one that did not count: after a deeper one a title counts anew
            self._title_depth = self._depth

    def media_title(self, element: Element) -> None:
        before = self._title_depth
        self.title(element)
        self._title_depth = before

    def description(self, element: Element, default: str = "text/html") -> None:
        if "summary" in self._values and not self._has_content:
            return self.content(element)
        value, kind = text_of(element, default)
        self._keep("summary", value, {"type": kind})

    def summary(self, element: Element) -> None:
        self.description(element, "text/plain")

    def content(self, element: Element, default: str = "text/plain") -> None:
        self._has_content = True
        value, kind = text_of(element, default)
        self._values.setdefault("content", []).append({"type": kind, "value": value})
        self._values.setdefault("summary", value)

    def encoded(self, element: Element) -> None:
        self.content(element, "text/html")

    def link(self, element: Element) -> None:
        add_link(element, self._values, self._base)

    def identity(self, element: Element) -> None:
        permanent = attribute(element, "ispermalink", "true") == "true"
        values = self._values
        values["id"] = value = clean(own_text(element))
        values.setdefault("guidislink", permanent and "link" not in values)
        if permanent:
            values.setdefault("link", value)

    def published(self, element: Element) -> None:
        self._values["published"] = clean(own_text(element))

    def updated(self, element: Element) -> None:
        self._values["updated"] = clean(own_text(element))

    def created(self, element: Element) -> None:
        self._values["created"] = clean(own_text(element))

    def language(self, element: Element) -> None:
        self._values["language"] = clean(own_text(element))

    def author(self, element: Element) -> None:
        people = self._values.setdefault("authors", [])
        person: dict[str, str] = {}
        for child in element:
            match self._name(child.tag):
                case "name" | "itunes:name":
                    person["name"] = clean(own_text(child))
                case "email" | "itunes:email":
                    person["email"] = clean(own_text(child))
                case "uri" | "url" | "homepage":
                    person["href"] = clean(own_text(child))
                case other:
                    if other in _STEPS or len(child):
                        raise Unusual("an author of many parts")
        text = "" if len(element) else clean(own_text(element))
        if text and not person:
            person = person_of(text)
        people.append(person)

    def category(self, element: Element, scheme: str | None = None) -> None:
        given = element.get
        scheme = given("scheme", given("domain", scheme))
        self._tag(given("term"), scheme, given("label"))
        value = clean(own_text(element))
        if not value:
            return
        tags = self._values.setdefault("tags", [])
        if tags and not tags[-1]["term"]:
            tags[-1]["term"] = value
        else:
            self._tag(value, None, None)

    def media_category(self, element: Element) -> None:
        self.category(element, "http://search.yahoo.com/mrss/category_schema")

    def keywords(self, element: Element) -> None:
        for term in "" if element.attrib else own_text(element).split(","):
            if term.strip():
                self._tag(clean(term), None, None)

    def nothing(self, element: Element) -> None:
        """Known, and of no use to us."""

    def image(self, element: Element) -> None:
        if len(element):
            raise Unusual("an image with a title of its own")
        self._title_depth = -1

    def source(self, element: Element) -> None:
        """Its title, id and dates are another feed's; after it a title counts anew."""
        self._title_depth = -1

    def unusual(self, element: Element) -> None:
        raise Unusual("an element that is rare")

    def _tag(self, term: str | None, scheme: str | None, label: str | None) -> None:
        tags = self._values.setdefault("tags", [])
        tag = {"term": term, "scheme": scheme, "label": label}
        if (term or scheme or label) and tag not in tags:
            tags.append(tag)


_STEPS: Final[Mapping[str, Callable[[EntryReader, Element], None]]] = {
    "title": EntryReader.title,
    "dc:title": EntryReader.title,
    "media:title": EntryReader.media_title,
    "description": EntryReader.description,
    "dc:description": EntryReader.description,
    "media:description": EntryReader.description,
    "abstract": EntryReader.unusual,
    "summary": EntryReader.summary,
    "itunes:summary": EntryReader.summary,
    "content": EntryReader.content,
    "content:encoded": EntryReader.encoded,
    "body": EntryReader.unusual,
    "fullitem": EntryReader.unusual,
    "link": EntryReader.link,
    "guid": EntryReader.identity,
    "id": EntryReader.identity,
    "pubdate": EntryReader.published,
    "published": EntryReader.published,
    "issued": EntryReader.published,
    "dcterms:issued": EntryReader.published,
    "updated": EntryReader.updated,
    "modified": EntryReader.updated,
    "lastbuilddate": EntryReader.updated,
    "dc:date": EntryReader.updated,
    "dcterms:modified": EntryReader.updated,
    "created": EntryReader.created,
    "dcterms:created": EntryReader.created,
    "language": EntryReader.language,
    "dc:language": EntryReader.language,
    "author": EntryReader.author,
    "dc:creator": EntryReader.author,
    "dc:author": EntryReader.author,
    "itunes:author": EntryReader.author,
    "managingeditor": EntryReader.unusual,
    "category": EntryReader.category,
    "dc:subject": EntryReader.category,
    "keywords": EntryReader.category,
    "tags": EntryReader.unusual,
    "media:category": EntryReader.media_category,
    "media:keywords": EntryReader.keywords,
    "itunes:keywords": EntryReader.unusual,
    "itunes:category": EntryReader.unusual,
    "source": EntryReader.source,
    "item": EntryReader.unusual,
    "entry": EntryReader.unusual,
    "image": EntryReader.image,
    "textinput": EntryReader.unusual,
    "contributor": EntryReader.nothing,
}

_INNER: Final = frozenset(
    {"title", "description", "media:title", "media:description", "media:category", "media:keywords"}
)
"""What is read inside of other elements too, such as media:group."""
