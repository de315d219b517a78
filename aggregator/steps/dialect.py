"""A feed's text -> the name of its format."""

from __future__ import annotations

import re

_ROOT = re.compile(r"<(?:[\w.-]+:)?(rss|feed|rdf)(?=[\s>/])([^>]*)>", re.IGNORECASE)
_VERSION = re.compile(r"""\bversion\s*=\s*["']\s*([0-9][0-9.]{0,5})""")
_SPACES = (
    ("http://www.w3.org/2005/Atom", "Atom 1.0"),
    ("http://purl.org/atom/ns#", "Atom 0.3"),
    ("http://purl.org/rss/1.0/", "RSS 1.0 (RDF)"),
    ("http://my.netscape.com/rdf/simple/0.9/", "RSS 0.90 (RDF)"),
)
_FAMILIES = {"rss": "RSS", "feed": "Atom", "rdf": "RSS (RDF)"}


def dialect(text: str) -> str:
    """RSS 2.0, Atom 1.0, RSS 1.0 (RDF), ...; empty for what is no feed."""
    root = _ROOT.search(text)
    if root is None:
        return ""
    element, attributes = root[1].lower(), root[2]
    if element == "rss":
        version = _VERSION.search(attributes)
        return f"RSS {version[1]}" if version else "RSS without a version"
    named = (name for space, name in _SPACES if space in attributes)
    return next(named, f"{_FAMILIES[element]} of an unknown version")
