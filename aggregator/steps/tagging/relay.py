"""article, feed -> the agencies on whose word it rests, the nearest first.

"TASS, citing KCNA" is one report told three times: whoever counts sources counts the last of the
chain. Perspective is another matter: it is the feed's and never read from a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aggregator.model import Article, Feed

_NAMES: Final = {
    "kcna": r"KCNA|(?:North )?Korean Central News Agency|조선중앙통신|(?<![가-힣] )중앙통신|朝中社|"
    r"朝鮮中央通信|朝鲜中央通讯社|ЦТАК",
    "rodong-sinmun": r"Rodong Sinmun|[로노]동신문|労働新聞|劳动新闻",
    "yonhap": r"Yonhap(?: News(?: Agency)?)?|YNA|연합뉴스|聯合ニュース|聯合通信|韩联社|韓聯社|"
    r"Рёнхап|Ёнхап",
    "newsis": r"Newsis|뉴시스",
    "kyodo": r"Kyodo(?: News)?|교도(?:통신)?|共同(?:通信|社)|Киодо",
    "nhk": r"NHK",
    "jiji": r"Jiji(?: Press)?|지지통신|時事通信|时事社",
    "xinhua": r"Xinhua(?: News Agency)?|신화(?:통신|사)|新華社|新华社|Синьхуа",
    "tass": r"TASS|타스(?: ?통신)?|タス通信|塔斯社|ТАСС",
    "ria-novosti": r"RIA(?: Novosti)?|리아 ?노보스티|РИА(?: Новости)?",
    "interfax": r"Interfax|인테르팍스|Интерфакс",
    "reuters": r"Reuters|로이터(?: ?통신)?|ロイター(?:通信)?|路透社?|Рейтер",
    "ap": r"(?:The )?Associated Press|AP(?=통신| 통신|通信|[)/\s])|美联社|美聯社",
    "afp": r"AFP|Agence France-Presse|法新社",
    "bloomberg": r"Bloomberg(?: News)?|블룸버그(?: ?통신)?|ブルームバーグ|彭博社?",
    "nk-news": r"NK News|NK뉴스",
    "daily-nk": r"Daily ?NK|데일리NK|デイリーNK",
    "rfa": r"RFA|Radio Free Asia|자유아시아방송",
    "voa": r"VOA|Voice of America|미국의 ?소리",
    "new-york-times": r"New York Times|NYT|뉴욕타임스|纽约时报",
    "wall-street-journal": r"Wall Street Journal|WSJ|월스트리트저널",
    "washington-post": r"Washington Post|워싱턴포스트",
    "cnn": r"CNN",
}
_NAME: Final = re.compile(
    r"(?<![A-Za-z])(?:"
    + "|".join(f"(?P<{slug.replace('-', '_')}>{names})" for slug, names in _NAMES.items())
    + r")(?![A-Za-z])"
)
_REACH: Final = 40
_LEDE: Final = 600
"""Who is cited for a report is named in its first sentences."""
_TOLD_BEFORE: Final = re.compile(
    r"(?:according to|cit(?:ing|ed by)|quot(?:ing|ed by)|as reported by|(?:reported|carried|"
    r"released|published|said|told) by|in an interview with|据|據|со ссылкой на|по данным|сообщ\w+|"
    r"передает|передаёт)"
    r"(?: the| state| news| agency| media| агентств\w+|\s|[\"'“‘«])*$",
    re.I,
)
_TOLD_AFTER: Final = re.compile(
    r"['\"”’»)]*(?:"
    r"(?:'s| has| had| also|, which)?,?\s*(?:said|says?|reports?|reported|cited|cites|"
    r"citing|announced|quoted|carried|confirmed|revealed|сообщ\w+|переда\w+)\b|"
    r"\s?(?:등)?(?:에 따르면|[을를] 인용|[은는이가] .{0,80}?(?:보도|전했|전한|밝혔|공개했|소개했)|"
    r"\s?(?:등[은이] )?보도(?:했|를|에)?|\s?인터뷰)|"
    r"(?:など)?(?:によると|によれば|が[^。]{0,60}(?:伝え|報じ)|は[^。]{0,60}(?:伝え|報じ))|"
    r"(?:[^。]{0,12})?(?:报道|報道|报导|報導|消息|称|稱)"
    r")"
)
_CREDIT_BEFORE: Final = re.compile(r"(?:[-—–:|/]\s?|[(\[/]|[=＝]\s?)$")
_CREDIT_AFTER: Final = re.compile(r"\s*(?:$|[)\]/])")
_HEADING_AFTER: Final = re.compile(r"\s?[:：]\s?|\s[\"“‘「]")
_LAST_WORD: Final = re.compile(r",[\"”’']?\s*(?:the\s)?$")


def relays(article: Article, feed: Feed) -> tuple[str, ...]:
    """Slugs of the agencies and papers that are cited for the report, the nearest first.

    () when it rests on nobody else's word. The publisher of the feed is never among them.
    """
    own = _own(feed)
    told: dict[str, tuple[int, int, int]] = {}
    texts = (article.title[:_LEDE], article.summary[:_LEDE], article.content[:_LEDE])
    for field, text in enumerate(texts):
        for slug, place in _cited(text, headline=field == 0):
            if slug != own:
                told.setdefault(slug, (place[0], field, place[1]))
    return tuple(sorted(told, key=told.__getitem__))


def _cited(text: str, *, headline: bool) -> Iterator[tuple[str, tuple[int, int]]]:
    """(slug, (rank, place)): rank 0 for a credit or a last word, 1 for a source within."""
    for found in _NAME.finditer(text):
        slug = str(found.lastgroup).replace("_", "-")
        start, end = found.span()
        left = text[max(0, start - _REACH) : start]
        if _CREDIT_BEFORE.search(left) and _CREDIT_AFTER.match(text, end):
            yield slug, (0, start)
        elif headline and start <= 1 and _HEADING_AFTER.match(text, end):
            yield slug, (1, start)
        elif _TOLD_AFTER.match(text, end):
            yield slug, (0 if _LAST_WORD.search(left) else 1, start)
        elif _TOLD_BEFORE.search(left):
            yield slug, (1, start)


def _own(feed: Feed) -> str:
    """The agency that publishes the feed; "" for others."""
    for name in (feed.publisher, feed.title):
        if found := _NAME.match(name.upper() if len(name) <= 4 else name):
            return str(found.lastgroup).replace("_", "-")
    for name in (feed.publisher.lower(), feed.id.split("-")[0].lower()):
        if name in _NAMES:
            return name
    return ""
