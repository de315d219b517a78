"""Strangers' text that tries to be more than text, for every place that shows any."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

OWN = "window.owned=1;document.title='owned';alert(1)"
"""What a smuggled script would do: three things that a test can see."""

MARKUP = (
    f"<script>{OWN}</script>",
    f'<script src="https://evil.example/x.js"></script><ScRiPt>{OWN}</sCrIpT>',
    f'<img src=x onerror="{OWN}">',
    f"<img/src='https://evil.example/pixel.gif'/onerror={OWN}>",
    f"<svg/onload={OWN}><animate onbegin={OWN} attributeName=x dur=1s>",
    f'<svg><script>{OWN}</script><use href="https://evil.example/#x"/></svg>',
    f'<iframe srcdoc="<script>parent.owned=1</script>" src="javascript:{OWN}"></iframe>',
    "<style>body{display:none}@import 'https://evil.example/x.css';</style>",
    '<link rel=stylesheet href="https://evil.example/x.css"><object data="https://evil.example/">',
    '<meta http-equiv=refresh content="0;url=https://evil.example/">',
    '<base href="https://evil.example/"><form action="https://evil.example/"><input autofocus>',
    f'<a href="javascript:{OWN}" id=x accesskey=x>press</a>',
    f"<details open ontoggle={OWN}><summary>x</summary></details>",
    f"<input onfocus={OWN} autofocus><video><source onerror={OWN}></video>",
    f"<math><mtext></mtext><style><!--</style><img src=x onerror={OWN}>--></math>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={OWN}>",
    f"<noscript><p title='</noscript><script>{OWN}</script>'>",
    "<plaintext><xmp><noscript><template><textarea>",
)
BREAKOUTS = (
    f'"><script>{OWN}</script>',
    f"'><script>{OWN}</script>",
    f'" onmouseover="{OWN}" onfocus="{OWN}" autofocus x="',
    f"' onmouseover='{OWN}' onfocus='{OWN}' autofocus x='",
    f"` onfocus={OWN} autofocus x=`",
    f"</title><script>{OWN}</script>",
    f"</textarea></style></noscript><img src=x onerror={OWN}>",
    f"--><!--><script>{OWN}</script><!--",
    f"]]><svg/onload={OWN}>",
    "</h3></a></li></ol></main></body></html><h1>mine</h1>",
    f"&lt;script&gt;{OWN}&lt;/script&gt; &amp;lt;b&amp;gt; &#60;img src=x onerror={OWN}&#62;",
    "{{ 7*191 }} ${7*191} #{7*191} <%= 7*191 %>",
    "{% include '/etc/passwd' %} {{ ().__class__.__base__.__subclasses__() }} {# gone",
    "%(number)s %s %n {0} {number} {count}",
)
UNSEEN = (
    "\u202etxet desrever\u2066 \u200f\u061c and \u202d on",
    "zero\x00one\x08two\x1b[31m\x7f\x9b\ufffe\uffff\ufdd0 end",
    "line\u2028paragraph\u2029next\u0085feed\x0b\x0ctab\tend\r\nlast",
    "\ufeff\u200b\u2060\u00ad",
    "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f" * 30,
)
LONG = (
    "W" * 3_000,
    "김" * 3_000,
    "https://example.org/" + "a/" * 900,
    "& < > \" ' " * 200,
    "<" * 200 + "&amp;&lt;&#x3c;script&#x3e;" + ">" * 200,
)
TEXTS = (*MARKUP, *BREAKOUTS, *UNSEEN, *LONG)

LINKS = (
    f"javascript:{OWN}",
    f"javascript://example.org/%0a{OWN}",
    f"JaVa\tScRiPt:{OWN}",
    f"\x01 javascript:{OWN}",
    f"data:text/html,<script>{OWN}</script>",
    "vbscript:x",
    "blob:https://example.org/1",
    "file:///etc/passwd",
    "//evil.example/",
    "https:evil.example",
    f'https://example.org/"onmouseover="{OWN}',
    f"https://example.org/'><script>{OWN}</script>",
    "https://example.org/`onfocus=x`autofocus",
    'https://a"b.example.org/',
    "https://user:password@example.org/",
    "https://example.org/\u202egpj.exe",
    "https://example.org/\x00\n<b>",
    "http://[",
)

SUBJECTS = (
    "Kim Jong Un and Trump meet at Panmunjom",
    "IAEA inspectors report on Yongbyon",
    "UN Security Council sanctions on North Korea",
    "Seoul and Tokyo talk about the GSOMIA pact",
    "Xi Jinping visits Pyongyang",
    "Joint military exercises of South Korea and the United States",
    "WFP rice for North Korea",
    "Moon Jae-in and Putin speak in Osaka",
    "Reunions of separated Korean families",
    "Pyongyang fires two short-range missiles",
)
"""What makes hostile articles relevant, and stories of their own."""


def told(number: int, text: str, edition: int = 1) -> str:
    """A headline that holds the text, and is about Korea diplomacy."""
    subject = SUBJECTS[number % len(SUBJECTS)]
    return f"{subject} {text}" if edition == 1 else f"{text} {subject}, again"


def rss(at: datetime, edition: int = 1) -> bytes:
    """A feed of all texts in CDATA: markup that a reader of feeds takes for markup."""
    return _document(at, edition, "markup", _cdata)


def rss_of_text(at: datetime, edition: int = 1) -> bytes:
    """A feed of all texts escaped twice: text that looks like markup once it is read."""
    return _document(at, edition, "text", lambda text: escape(escape(_legal(text))))


def links(at: datetime) -> bytes:
    """A feed whose entries lead where no link should."""
    items = "".join(
        f"<item><title>{told(n, f'link {n}')}</title><link>{escape(_legal(link))}</link>"
        f"<guid isPermaLink='false'>link-{n}</guid><pubDate>{_date(at, n)}</pubDate></item>"
        for n, link in enumerate(LINKS)
    )
    return f'<rss version="2.0"><channel><title>Links</title>{items}</channel></rss>'.encode()


def _document(at: datetime, edition: int, name: str, written: Callable[[str], str]) -> bytes:
    items = "".join(
        f"<item><title>{written(told(n, text, edition))}</title>"
        f"<description>{written(told(n, text))}</description>"
        f"<author>{written(text)}</author><category>{written(text)}</category>"
        f"<link>https://example.org/{name}/{n}</link>"
        f"<guid isPermaLink='false'>{n}</guid><pubDate>{_date(at, n)}</pubDate></item>"
        for n, text in enumerate(TEXTS)
    )
    head = f"<title>{written(TEXTS[0])}</title><description>{written(TEXTS[1])}</description>"
    return f'<rss version="2.0"><channel>{head}{items}</channel></rss>'.encode()


def _date(at: datetime, minutes: int) -> str:
    return format_datetime((at - timedelta(minutes=minutes)).astimezone(UTC))


def _legal(text: str) -> str:
    # What XML cannot say would make the document unreadable instead of hostile.
    return re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def _cdata(text: str) -> str:
    return f"<![CDATA[{_legal(text).replace(']]>', ']]]]><![CDATA[>')}]]>"
