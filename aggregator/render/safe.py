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
_REMOVED = (
    0x061C,  # Arabic letter mark
    *range(0x200E, 0x2010),  # left-to-right and right-to-left mark
    *range(0x202A, 0x202F),  # embeddings and overrides, and their end
    *range(0x2066, 0x206A),  # isolates, and their end
    0xFEFF,  # byte order mark
)
_SPACED = (
    *range(0x00, 0x20),  # C0 controls: tab and line ends among them
    *range(0x7F, 0xA0),  # delete and the C1 controls
    0x2028,  # line separator
    0x2029,  # paragraph separator
)
_DROPPED: dict[int, str | None] = dict.fromkeys(_REMOVED) | dict.fromkeys(_SPACED, " ")
_ILLEGAL = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
    + "]"
)
_PLAIN_LINK = re.compile(
    r"https?://[a-z0-9.-]+(:[0-9]{1,5})?([/?#][A-Za-z0-9/?#@!$&()*+,;=:%._~-]*)?"
)
_HOST = re.compile(r"[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
"""urlsplit takes quotes, backslashes and NUL for parts of a host; XML refuses the last, browsers
read the second as a slash."""
_LANGUAGE = re.compile("[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_SPACES = re.compile(r"\s+")


def shown(text: str, limit: int = HEADLINE) -> str:
    """One line of plain text: no controls, no runs of spaces, at most `limit` characters."""
    # A cut before the work: what lies far beyond the limit cannot be seen anyway.
    line = harmless(text[: 4 * limit + 1000]).strip()
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


def harmless(text: str) -> str:
    """The text without what turns a page around or breaks it; runs of spaces become one."""
    # Most headlines are fine as they are: `isprintable` is false for all that is dropped.
    if "  " in text or not text.isprintable():
        return _SPACES.sub(" ", _ILLEGAL.sub("", text.translate(_DROPPED)))
    return text


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
    if not _HOST.fullmatch(name):
        return ""
    # Names and passwords have no place in a link that strangers gave us.
    where = f"{parts.scheme.lower()}://{name}" + (f":{port}" if port else "")
    rest = url[url.index("//") + 2 + len(parts.netloc) :]
    return where + quote(rest, safe="/?#@!$&()*+,;=:%~-._", errors="replace")


def language_tag(code: str) -> str:
    """The code where it may stand in markup, else ""."""
    return code if _LANGUAGE.fullmatch(code) else ""
