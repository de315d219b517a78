"""article, feed, tags -> the form of the text, exactly one genre.

What the title is marked with comes first, then who speaks, then what kind of feed it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from aggregator.model import Article, Feed, Tagging

_I: Final = re.IGNORECASE
_LONGEST: Final = 500
"""Of a longer title only so much is looked at."""
_MARKS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "g-weather",
        re.compile(r"^\W*(?:북한)?(?:날씨|기상)\W|^天気|^天气预报|^weather( forecast)?:", _I),
    ),
    (
        "g-notice",
        re.compile(
            r"^\[(?:게시판|알림|인사|부고|동정|표|캘린더|모집|행사|신간|공고)\]|\bwebinar\b|call "
            r"for "
            r"(?:papers|applications)|\[event\]|^event:",
            _I,
        ),
    ),
    (
        "g-photo-video",
        re.compile(
            r"^\W*(?:영상|쇼츠|포토|사진|화보|동영상|포토뉴스|그래픽|映像|動画|写真|图集|视频)\W|"
            r"[(（]图[)）]|"
            r"^(?:watch|video|photos?|in pictures|in photos|gallery|pictured)\s*[:|-]|\bvideo$|"
            r"\bphotos$",
            _I,
        ),
    ),
    (
        "g-brief",
        re.compile(
            r"^\[(?:북한단신|단신|주간|이 ?주의|오늘의|간추린|뉴스브리핑)|이 시각 헤드라인|"
            r"주요 ?뉴스\]|"
            r"\b(?:weekly|daily) "
            r"(?:highlights|roundup|digest|brief(?:ing)?|summary)|news (?:summary|in brief)|이 "
            r"주의",
            _I,
        ),
    ),
    ("g-editorial", re.compile(r"^\W*(?:사설|社説|社论|社評|editorial)\b", _I)),
    (
        "g-oped",
        re.compile(
            r"^opinion\s*[|:]|^\W*(?:op-?ed|commentary|column|시론|기고|칼럼|율곡로|시시각각|"
            r"데스크|오피니언|"
            r"특별기고|기자수첩|광화문|朝鮮칼럼|만물상|[가-힣 ]{2,12}(?:칼럼|시평|논단|"
            r"에세이))\W|评论员|社评|寄稿"
            r"|[|:-] opinion$",
            _I,
        ),
    ),
    (
        "g-interview",
        re.compile(r"\binterview\b|인터뷰\]|^\[?인터뷰|インタビュー|专访|單獨專訪", _I),
    ),
    (
        "g-breaking",
        re.compile(
            r"^\[?(?:\d보|속보|긴급)\]?|\((?:URGENT|LEAD|\d(?:st|nd|rd|th) LD)\)|^BREAKING\b|"
            r"速報|快讯|快訊"
        ),
    ),
    ("g-timeline", re.compile(r"\btimeline\b|\bchronology\b|\[?일지\]|年表|大事记", _I)),
    (
        "g-explainer",
        re.compile(
            r"\bexplain(?:er|ed)\b|what (?:to|you need to) know|\b\d+ things\b|q\s?&\s?a\b|"
            r"here's (?:how|why|"
            r"what)|そもそも|一文读懂|^what is\b|^who is\b",
            _I,
        ),
    ),
    (
        "g-transcript",
        re.compile(
            r"press briefing|\btranscript\b|^remarks (?:by|at)|정례브리핑|記者会見録|例行记者会", _I
        ),
    ),
    (
        "g-what-if",
        re.compile(r"\bwhat if\b|\bscenarios?\b|^will .+\?$|^could .+\?$|시나리오|シナリオ", _I),
    ),
    (
        "g-imagery",
        re.compile(
            r"satellite (?:imagery|images?|photos?)|\bimagery\b|위성 ?사진|衛星(?:画像|写真)|"
            r"卫星图像|"
            r"^land clearance",
            _I,
        ),
    ),
    (
        "g-data",
        re.compile(
            r"\bpolls?\b(?! station)|\bsurveys?\b|여론조사|世論調査|民调|统计|\bin (?:\w+) years "
            r"in \d{4}|"
            r"\bby the numbers\b",
            _I,
        ),
    ),
)
_ANALYSIS: Final = re.compile(
    r"^analysis\b|[|:-] analysis$|\[?분석\]|"
    r"\[특파원|^\W*(?:how|why) |解説|分析|raises? (?:the )?prospects?|"
    r"\bwhat .+ means\b|\bthe (?:dangers|limits|case|rise|end) of\b|이유는|속내는",
    re.I,
)
_STATEMENT: Final = re.compile(
    r"press statement|statement of|statement by|kcna commentary|\bcommentary\b|담화|論評|논평|"
    r"談話|谈话|성명",
    re.I,
)
_KCNA_REPORT: Final = re.compile(r"^KCNA\b\s?[:(-]|^\(KCNA\)|KCNA Report|조선중앙통신 보도")
_OFFICIAL: Final = re.compile(
    r"press release|media note|joint statement|\breadout\b|statement by the spokesperson|"
    r"보도자료|대변인 논평",
    re.I,
)


_WHAT_IF: Final = re.compile(r"\bWhat If\b|만약 .{2,20}(?:라|다)면")
_SCENARIOS: Final = 3
"""So many scenarios make a text one of scenarios."""
_AUTHOR: Final = re.compile(
    r"\b[Tt]he (?:author|writer) is\b|필자는|\b(?:본|이) 칼럼은|views expressed .{0,40}author|"
    r"筆者は|作者系|作者是"
)
_NOTE: Final = 600
"""A note on the author stands at the end."""


def genre(article: Article, feed: Feed, tags: Sequence[Tagging] = ()) -> str:
    """Exactly one genre slug, e.g. "g-news"."""
    title = article.title.strip()[:_LONGEST]
    if feed.perspective.startswith("dprk"):
        return "g-dprk-statement" if _STATEMENT.search(title) else "g-state-media"
    for slug, mark in _MARKS:
        if mark.search(title):
            return slug
    if _KCNA_REPORT.search(title):
        return "g-state-media"
    if len(_WHAT_IF.findall(article.summary + article.content)) >= _SCENARIOS:
        return "g-what-if"
    if feed.kind not in ("official", "analysis") and _AUTHOR.search(article.content[-_NOTE:]):
        return "g-oped"
    if feed.kind == "official" or _OFFICIAL.search(title):
        return "g-official"
    if feed.kind == "analysis" or feed.perspective == "think-tank" or _ANALYSIS.search(title):
        return "g-analysis"
    return "g-news"
