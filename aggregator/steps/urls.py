"""URL -> identity. When do two addresses name one article?"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

_TRACKING = frozenset(
    """
    fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid twclid ttclid igshid igsh mc_cid mc_eid
    mkt_tok _hsenc _hsmi hsctatracking vero_id oly_anon_id oly_enc_id wickedid s_cid s_kwcid cmpid
    cmp cmp_id ncid icid intcid intcmp ito xtor smid smtyp emc wpsrc wpmk itid taid echobox
    ns_campaign ns_mchannel ns_source ns_linkname ns_fee gaa_at gaa_n gaa_ts gaa_sig
    amp amp_js_v usqp __twitter_impression outputtype ocid oc spm feedview rss_id fsrc wt_mc wt_zmc
    """.split()
)
_TRACKING_PREFIXES = ("utm_", "at_", "pk_", "piwik_", "matomo_", "mtm_", "hsa_")
_REFERRERS = frozenset({"ref", "src", "source", "from", "via", "referrer", "partner"})
_CHANNELS = re.compile(
    r"^(rss|feed|atom|feedburner|twitter|x|facebook|fb|newsletter|email|share)[\w.\-]*$", re.I
)
_OWN_TRACKING = {
    # Yonhap announces one article in several feeds, each with its own `?section=`.
    "yna.co.kr": frozenset({"section", "site", "input"}),
}
_MIRRORS = ("www.", "m.", "mobile.", "amp.")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_CONTROL = re.compile(r"[\x00-\x20\x7f]+")
_SESSION = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)
_HOST = re.compile(r"[a-z0-9._\-]+|\[[0-9a-f:.]+\]")
_PLAIN_PATH = re.compile(r"(?:/(?!amp\b)[\w~-]+(?:\.(?!amp\b)[\w~-]+)*)+", re.ASCII)
"""Nothing to escape, to shorten, or to leave out."""
_PLAIN_QUERY = re.compile(r"[\w.~/?:@!$'()*,=-]*", re.ASCII)
_LOGIN = re.compile(r"(?<=://)[^/?#\s]*@")
_DEFAULT_PORTS = {"", "80", "443"}


@lru_cache(maxsize=4096)
def canonical(url: str) -> str:
    """The address under which an article is known, whoever links to it. Never raises.

    For comparing only: it need not be the address that works best. What is no http(s) URL comes
    back without blanks and control characters. Idempotent.
    """
    if not (url.isascii() and url.isprintable() and " " not in url):
        url = _CONTROL.sub("", _encodable(url))
    try:
        parts = urlsplit(url)
        port = _port(parts.netloc)
    except ValueError:
        return url
    name = _host_name(parts.netloc)
    if parts.scheme not in ("http", "https") or not name:
        return url
    name = _without_mirror(name)
    query = _query(parts.query, name)
    # A route that a script reads (`#!/view/1`, `#/view/1`) names another page; any other fragment
    # a place in this one.
    route = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    return (
        f"https://{name}{port}{_path(parts.path)}"
        f"{'?' + query if query else ''}{'#' + _escaped(route, '/?') if route else ''}"
    )


def host(url: str) -> str:
    """The host in lower case, without port and `www.`; "" when there is none. Never raises."""
    try:
        name = _host_name(urlsplit(_CONTROL.sub("", _encodable(url))).netloc)
    except ValueError:
        return ""
    return name.removeprefix("www.")


def without_login(text: str) -> str:
    """The text with no user name and no password in its URLs."""
    return _LOGIN.sub("", text)


def article_id(url: str) -> str:
    """16 hexadecimal digits that stand for the article at this address."""
    return hashlib.sha256(canonical(url).encode()).hexdigest()[:16]


def _encodable(url: str) -> str:
    return url.encode("utf-8", "ignore").decode()


def _port(netloc: str) -> str:
    port = netloc.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
    if port in _DEFAULT_PORTS:
        return ""
    if not (port.isascii() and port.isdigit()):
        raise ValueError(port)
    return f":{port}"


def _host_name(netloc: str) -> str:
    """The host of a URL's authority in ASCII; "" when it cannot be one."""
    name = netloc.rpartition("@")[2]
    name = name.partition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    name = name.lower().strip(".")
    return name if _HOST.fullmatch(name) else ""


def _without_mirror(name: str) -> str:
    """The same site's main name: www.example.org and m.example.org are example.org."""
    while True:
        for mirror in _MIRRORS:
            rest = name.removeprefix(mirror).lstrip(".")
            if rest != name and "." in rest:  # m.net is a site of its own
                name = rest
                break
        else:
            return name


def _path(path: str) -> str:
    if _PLAIN_PATH.fullmatch(path):
        return path
    path = re.sub("/{2,}", "/", _escaped(_SESSION.sub("", path), "/"))
    while True:
        shorter = path.rstrip("/").removesuffix("/amp").removesuffix(".amp").rstrip("/")
        if shorter.startswith("/amp/"):
            shorter = shorter.removeprefix("/amp")
        if shorter == path:
            return path or "/"
        path = shorter


def _query(query: str, name: str) -> str:
    own = next(
        (params for site, params in _OWN_TRACKING.items() if f".{name}".endswith(f".{site}")),
        frozenset[str](),
    )
    if not query:
        return ""
    kept = []
    for pair in query.split("&"):
        pair = pair if _PLAIN_QUERY.fullmatch(pair) else _escaped(pair, "?/")
        key, _, value = pair.partition("=")
        key = key.lower()
        if not pair or key in _TRACKING or key in own or key.startswith(_TRACKING_PREFIXES):
            continue
        if key in _REFERRERS and _CHANNELS.match(value):
            continue
        kept.append(pair)
    return "&".join(kept)


def _escaped(text: str, also_safe: str) -> str:
    """One spelling for each character (RFC 3986, 6.2.2): %7e -> ~, %c3 -> %C3, é -> %C3%A9."""
    text = _STRAY_PERCENT.sub("%25", text)
    text = _ESCAPE.sub(_spelling, text)
    return quote(text, safe="%:@!$&'()*+,;=-._~" + also_safe)


def _spelling(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()
