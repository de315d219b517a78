"""title, what fired in it -> whether states and cities in it are mere scenery.

"Woman sets flat in Seoul alight" names a capital and says nothing of its state's affairs.
The patterns are for texts in lower case, as `re.I` tries each alternative in full, and those
without spaces between words stand apart, so that `re` tries them at their first letters only: a
title takes 7 µs instead of 35.
"""

from __future__ import annotations

import re
import sys
from typing import Final

_SPORT: Final = (
    r"\b(?:beats?|beaten|defeat(?:s|ed)?|wins?|won|loses?|medals?|match(?:es)?|qualif\w+|finals?|"
    r"semi-?finals?|champion\w*|leagues?|scor(?:e|es|ed|ing)|football\w*|soccer|baseball|"
    r"basketball|volleyball|rugby|cricket|tennis|golf\w*|badminton|archer\w*|taekwondo|marathon|"
    r"swim\w*|athletes?|coach(?:es)?|striker|pitcher|wbc|mlb|nba|lpga|pga|klpga|world cup|fifa|"
    r"grand slam|olymp\w+|esports?)\b|\b\d{1,3}-\d{1,2}\b(?! (?:year|month|day))"
)
_SPORT_CJK: Final = (
    r"축구|야구|배구|농구|골프|탁구|당구|양궁|배드민턴|수영|육상|금메달|은메달|동메달|메달|대표팀|결승|예선|"
    r"선발승|홈런|우승|감독|선수|월드컵|프로팀|리그|타율|올림픽|"
    r"サッカー|野球|w杯|五輪|優勝|代表戦|選手|メダル|足球|棒球|球员|夺冠|金牌|奥运"
)
_LEISURE: Final = (
    r"\b(?:k-?pop|k-?dramas?|k-?food|k-?beauty|idols?|singers?|actors?|actress\w*|albums?|"
    r"concerts?|"
    r"box office|films?|movies?|dramas?|festivals?|museums?|exhibitions?|recipes?|cook(?:s|ing)?|"
    r"restaurants?|chefs?|kimchi|barbecue|skincare|cosmetics?|fashion|novels?|weddings?|zoos?|"
    r"pandas?|pets?|dogs?|cats?|horoscopes?|tv show|reality show|netflix|tourists?|hiking|"
    r"video games?|gam(?:ing|ers?))\b"
)
_LEISURE_CJK: Final = (
    r"배우|가수|아이돌|컴백|콘서트|공연|뮤지컬|전시회|축제|영화|드라마|예능|앨범|신곡|맛집|요리|레시피|화장품|"
    r"여행지|관광객|박물관|미술관|반려|강아지|고양이|판다|운세|소설|한마디|착착 붙는|"
    r"俳優|映画|ドラマ|歌手|演唱会|电影|演员|美食"
)
_MISHAP: Final = (
    r"\b(?:arrest(?:s|ed)?|scam(?:s|mers?)?|murder\w*|kill(?:s|ed|er)\b(?=.*\b(?:man|woman|wife|"
    r"husband|crash|fire|accident|flood\w*)\b)|rap(?:e|es|ed|ist)|stab\w*|thie(?:f|ves)|theft|"
    r"robb\w+|drugs?|narcotics|burglar\w*|fraudsters?|fire\b(?=.*\b(?:kills?|dies?|dead|injur\w+|"
    r"apartment|factory|building|forest)\b)|alight|blaze|wildfires?|plane crash|car crash|"
    r"train crash|crash(?:es)? into|drown\w*|landslides?|typhoons?|heat ?waves?|rainfall|"
    r"earthquakes?|collapses? (?:at|in)|missing (?:girl|boy|child|hiker)|inmates?)\b"
)
_MISHAP_CJK: Final = (
    r"체포돼|체포됐|살인|살해|피살|성폭행|성추행|성매매|마약|절도|횡령|사기범|보이스피싱|음주운전|교통사고|"
    r"화재|불이 나|추락사|추락해|익사|실종|폭염|폭우|태풍|산불|무더위|장마|유흥업소|방화|난동|"
    r"逮捕|殺人|火災|猛暑|台風|火灾|台风|抢劫|命案"
)
_BUSINESS: Final = (
    r"\b(?:shares? (?:rise|fall|jump|slide|drop)|stocks? (?:rise|fall|jump|slide|close|open)\w*|"
    r"nasdaq|dow jones|s&p 500|kospi|ipo|earnings|quarterly (?:profit|loss)|smartphones?|"
    r"launch(?:es)? (?:new )?(?:app|phone|car|model|service)\w*|start-?ups?|ev sales)\b"
)
_BUSINESS_CJK: Final = (
    r"코스피|코스닥|증시|주가|특징주|상장|공모주|영업이익|매출|실적|수주|출시|신제품|분양|아파트|재건축|"
    r"합작법인|시장 공략|상업 생산|판매량|점유율|스타트업|신약|임상|배터리|스테이블코인|코인|"
    r"株価|決算|新製品|股市|股价|财报|新品"
)


_SPORTING: Final = (re.compile(_SPORT), re.compile(_SPORT_CJK))
_ASIDE: Final = (
    re.compile("|".join((_SPORT, _LEISURE, _MISHAP, _BUSINESS))),
    re.compile("|".join((_SPORT_CJK, _LEISURE_CJK, _MISHAP_CJK, _BUSINESS_CJK))),
)


def is_sport(lower: str, start: int = 0, end: int = sys.maxsize) -> bool:
    """Whether a title or sentence in lower case tells of sport."""
    return any(words.search(lower, start, end) for words in _SPORTING)


def is_scenery(lower: str) -> bool:
    """Whether a title in lower case tells of sport, leisure, mishaps or companies."""
    return any(words.search(lower) for words in _ASIDE)
