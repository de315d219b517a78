"""strangers' text and links -> what may be shown. Titles, names and URLs come from anywhere."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import quote, urlsplit

from aggregator.model import Item

HEADLINE = 300
"""Characters of a headline that are shown; a 6 KB feed can carry a title of 2.5 MB."""
SNIPPET = 300
"""Characters that `rights: snippet` allows."""

# Control characters and lone surrogates are illegal in XML and in headers. Bidi controls can turn
# the rest of a page around (CVE-2021-42574), and no language we read needs them in a headline.
_DROPPED = dict.fromkeys(
    (*range(8206, 8208), *range(8234, 8239), *range(8294, 8298), 1564, 65279)
) | dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), " ")
_ILLEGAL = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
    + "]"
)
_PLAIN_LINK = re.compile(
    r"https?://[a-z0-9.-]+(:[0-9]{1,5})?([/?#][A-Za-z0-9/?#@!$&()*+,;=:%._~-]*)?"
)
_SPACES = re.compile(r"\s+")


def shown(text: str, limit: int = HEADLINE) -> str:
    """One line of plain text: no controls, no runs of spaces, at most `limit` characters."""
    # A cut before the work: what lies far beyond the limit cannot be seen anyway.
    line = text[: 4 * limit + 1000]
    # Most headlines are fine as they are: `isprintable` is false for all that is dropped.
    if "  " in line or not line.isprintable():
        line = _SPACES.sub(" ", _ILLEGAL.sub("", line.translate(_DROPPED)))
    line = line.strip()
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    space = head.rfind(" ")
    # Chinese and Japanese have no spaces: there the cut falls between two characters.
    if space > limit * 2 // 3:
        head = head[:space]
    while head and unicodedata.combining(line[len(head)]):
        head = head[:-1]
    return head.rstrip(" ,;:·、，") + "…"


def headline(text: str) -> str:
    """A headline that is never empty: a link needs something to click on."""
    return shown(text) or "(untitled)"


def excerpt(item: Item) -> str:
    """As much of an article's summary as the feed's rights allow."""
    match item.feed.rights:
        case "title":
            return ""
        case "snippet":
            return shown(item.article.summary, SNIPPET)
        case "full":
            return shown(item.article.summary, 20_000)


@lru_cache(maxsize=8192)
def web_link(url: str) -> str:
    """The URL as a URI (ASCII only) when it is http(s), else ""."""
    if _PLAIN_LINK.fullmatch(url):
        return url
    url = "".join(url.split())
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        if parts.scheme.lower() not in ("http", "https") or not host:
            return ""
        name = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return ""
    # Names and passwords have no place in a link that strangers gave us.
    where = f"{parts.scheme.lower()}://{name}" + (f":{port}" if port else "")
    rest = url[url.index("//") + 2 + len(parts.netloc) :]
    return where + quote(rest, safe="/?#@!$&()*+,;=:%~-._", errors="replace")
