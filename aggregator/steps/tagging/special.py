"""What no pattern can say: the rules of names, capitals and one-character shorthand.

Each function takes the hit and the field that it stands in, and gives what it counts there.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

from aggregator.steps.tagging.document import Document, View
from aggregator.steps.tagging.match import Hit
from aggregator.steps.tagging.owners import (
    Check,
    democrats,
    gaimusho,
    ministry,
    states_of,
    submarine,
)
from aggregator.taxonomy import Taxonomy

KOREA_STATES: Final = frozenset({"north-korea", "south-korea", "kim-jong-un"})
DPRK_NAMES: Final = frozenset({"north-korea", "kim-jong-un"})
HANJA: Final = "北南韓美日中露朝李金尹文習軍靑與野英佛獨伊印濠韩英俄러"
_KOREAN_LEFT: Final = re.compile(
    r"(?:^|[\s\"'(\[·,.<…~/+-]|[" + HANJA + r"]|[주대방친탈반재월종연])$"
)
_COMPOUND: Final = re.compile(
    r"北(?:京|海道|部|極|歐|東|西|漢|村|米)|中(?:國|央|間|東|企|小|堅|部|級|盤|古|毒|立)|日(?:本|曜|前|程|常)|"
    r"南(?:部|極|道|山|海)|文(?:化|學|字)|李(?:氏)|軍(?:人|艦)|美(?:術|人|國|容|貌|大|食)|韓(?:國|服|流|食)"
)
_PAIRS: Final = re.compile(
    r"[米日中露ロ俄美南韓韩]朝|朝[米日中露ロ俄美韓韩]|[日米中美]韓|韓[日米中美]|[日中美]韩|"
    r"韩[日中美]|"
    r"[米日][日米]韓|韓[米日][米日]|[日中][日中]韓|韓[日中][日中]|美日韩|韩美日|南北|北[美中露日]|"
    r"米中|中米|日米|米日|中美|美中|中日|日中|中俄|俄中|中露|露中|美日|日美|米露|露米|美俄|俄美"
)
_HOLDERS: Final = {
    "李": (date(2025, 6, 4), date.max),
    "尹": (date(2022, 5, 10), date.max),  # in the news as the accused of his martial law
    "文": (date(2017, 5, 10), date(2022, 5, 9)),
    "朴": (date(2013, 2, 25), date(2017, 3, 10)),
}


def _hanja(hit: Hit, view: View) -> float:
    """One-character headline shorthand: a token in Korean titles, a pair elsewhere."""
    sign, text = hit.alias.text, view.text
    before, after = text[max(0, hit.start - 3) : hit.start], text[hit.end : hit.end + 4]
    if view.document.language != "ko":
        around = text[max(0, hit.start - 2) : hit.end + 2]
        return 1.0 if _PAIRS.search(around) and not re.search("朝(?:日新|鲜|鮮)", around) else 0.0
    if sign == "북":
        opens = re.search(r"(?:^|[\"'\]]\s?|[.]\s?)$", before) is not None
        return 1.0 if opens and re.match(r"[,\s]", after) else 0.0
    if sign == "러":
        return (
            1.0
            if _KOREAN_LEFT.search(before) and re.match(r"[\s,·\"'\])]|[美中日北]", after)
            else 0.0
        )
    if not _KOREAN_LEFT.search(before) or _COMPOUND.match(text, hit.start):
        return 0.0
    if re.search(r"[가-힣]\($", before) and after.startswith(")"):
        return 0.0  # a gloss on the syllable before it: 리(李)
    if sign == "金":
        return 1.0 if re.match("위원장|총비서|정은", after) else 0.0
    if sign in _HOLDERS:
        since, until = _HOLDERS[sign]
        if after.startswith("대통령"):
            return 1.0
        return 1.0 if since <= view.document.day <= until and not after[:1].isalpha() else 0.0
    return 1.0


_NOT_NORTH: Final = re.compile(
    r"\s*(?:of|east|west|sea|pole|atlantic|carolina|dakota|caucasus|america|bank|face|china|"
    r"african?|"
    r"side|island|rhine|macedonia|vietnam|yemen|sudan|shore|wales|bay|ossetia|pacific|asia|lawn|"
    r"pars|stream|american?|australian?|-)",
    re.I,
)
_KOREA_NEAR: Final = re.compile(r"\s*(?:and the|and|,)?\s*(?:South|North)?\s*Korean?\b")


def _the_north(hit: Hit, view: View) -> float:
    """ "the North", "the South": capital letter, and the document names Korea."""
    text = view.text
    name = "North" if "North" in hit.alias.text else "South"
    if text[hit.end - 5 : hit.end] != name or _NOT_NORTH.match(text, hit.end):
        return 0.0
    if hit.alias.text == "North" and not re.match(
        r"'s\b|\s+(?:says?|fires?|launch|test|warns?|vows?|may|will|and South)", text[hit.end :]
    ):
        return 0.0
    if _KOREA_NEAR.match(text, hit.end):
        return 0.0
    return 0.8 if view.document.named(view.document.korea) or _KOREAN_CAPITAL.search(text) else 0.0


_KOREAN_CAPITAL: Final = re.compile(r"\b(?:Seoul|Pyongyang)\b")
_SPEAKS: Final = (
    r"\s+(?:says?|said|to|will|wants?|may|must|should|vows?|warns?|agrees?|urges?|calls?|denies|"
    r"denied|"
    r"rejects?|seeks?|plans?|hopes?|hints?|accuses?|condemns?|considers?|expects?|orders?|offers?|"
    r"proposes?|protests?|refuses?|threatens?|announces?|asks?|has|is|was|would|could|can|and|"
    r"tests?|fires?|launch(?:es)?|sends?|sees?|slams?|backs?|eyes|officials?|tells?)\b"
)
_CAPITALS: Final = r"(?:Seoul|Pyongyang|Washington|Beijing|Tokyo|Moscow|London|US|U\.S\.)"
_ACTS: Final = re.compile(
    rf"(?i:{_SPEAKS})|[-/]{_CAPITALS}|'s\s+(?:\w+\s+)?(?:nuclear|missile|sanctions|military|"
    rf"foreign|defen|policy|"
    r"denial|demand|offer|talks|weapons|plan|response|ally|allies|ambassador|government|leader)"
)
_PAIRED: Final = re.compile(rf"(?:{_CAPITALS}[-/,]|between|and|with|to|on|from|by|for|against) ?$")
_NO_CAPITAL: Final = re.compile(
    r"\s+(?:Post|State|Wizards|Redskins|Nationals|Capitals|Mystics|Times|George|Square|Marathon|"
    r"Jazz|Festival|"
    r"Stock|Olympic|Open|Film|Fashion|\(?Reuters|-- )|, (?:Idaho|D\.?C)"
)


def _capital(hit: Hit, view: View) -> float:
    """A capital stands for its government when it acts, is paired or owns a policy."""
    text = view.text
    if _NO_CAPITAL.match(text, hit.end) or re.search(
        r"FC $", text[max(0, hit.start - 3) : hit.start]
    ):
        return 0.0
    if _ACTS.match(text, hit.end):
        return 0.8
    if _PAIRED.search(text[max(0, hit.start - 12) : hit.start]) and view.document.named(
        KOREA_STATES
    ):
        return 0.5
    return 0.0


_KIM_NAME: Final = re.compile(
    r"\bKim[ -](?!Summit|Meet|Talk|Hand|Jong[- ]?[Uu]n\b|Jong[- ]?Eun\b|Jung[- ]?[Uu]n\b)"
    r"(?:[A-Z][a-z]+[- ][A-Za-z][a-z]+\b(?<! and)(?<! to)(?<! in)|(?:Kardashian|Jones|Keon|Min|"
    r"Clijsters|"
    r"Basinger|Cattrall|Dotcom|Ji|Seung|Davis|Beazley|Howells)\b)|"
    r"\b(?:Andy|Kevin|Sung|Lil'?|Jim Yong|Richard|Young|Daniel|Christina|Si-woo|Michelle|"
    r"Peter) Kim\b"
)
"""Somebody else's full name: whom a bare "Kim" after it means."""
_LEADER_KIM: Final = re.compile(
    r"(?:Trump(?:-[ ]?| and | meets? | tells? | says | with | to meet | met | praises |, )|"
    r"[Ll]eader |"
    r"Chairman |North'?s |(?:North |N\. ?)Korea'?s |(?:Xi|Putin|Lavrov|Shoigu|Wang Yi|Pompeo|"
    r"Moon|Obama)"
    r"(?:,? and |, |-| tells? | says? | meets? | briefs | congratulates | thanks | hosts | "
    r"invites ))$"
)
_NO_KIM: Final = re.compile(r",? et al|, [A-Z]\.|'s Convenience|\s+[A-Z](?!.*\bTrump-Kim)")
_BY_KIM: Final = frozenset({"donald-trump", "moon-jae-in", "xi-jinping", "vladimir-putin"})


def _kim(hit: Hit, view: View) -> float:
    """Bare "Kim": in a fixed phrase, else whoever was last introduced by that full name."""
    if hit.alias.slug != "kim-jong-un":
        return _other_kim(hit, view)
    document = view.document
    if hit.alias.text != "Kim":
        return 1.0 if document.named(DPRK_NAMES) else 0.0
    fixed = _LEADER_KIM.search(view.text[max(0, hit.start - 24) : hit.start])
    if _NO_KIM.match(view.text, hit.end) and not (fixed and fixed[0].startswith("Trump-")):
        return 0.0
    if view.text[hit.end : hit.end + 1] in "-" and not fixed:
        return 0.0
    others = [at for other in document.views for at in _places(other)]
    if fixed and not any(start == hit.start for _, start in others):
        return 1.0
    here = (document.views.index(view), hit.start)
    own = document.where("kim-jong-un")
    last = max((at for at in others if at < here), default=None)
    if (mine := max((at for at in own if at < here), default=None)) is not None:
        return 1.0 if last is None or mine > last else 0.0
    if last is not None:
        return 0.0
    if (first := min(own, default=None)) is not None:
        return 0.8 if min(others, default=first) >= first else 0.0
    if others:
        return 0.0
    return 0.8 if document.named(document.north) or document.named(_BY_KIM) else 0.0


def _other_kim(hit: Hit, view: View) -> float:
    """Bare "Kim" for another Kim of the taxonomy: the last full name before it is his."""
    document = view.document
    here = (document.views.index(view), hit.start)
    mine = max((at for at in document.where(hit.alias.slug) if at < here), default=None)
    if mine is None or _NO_KIM.match(view.text, hit.end):
        return 0.0
    others = [at for other in document.views for at in _places(other)]
    leaders = document.where("kim-jong-un")
    last = max((at for at in (*others, *leaders) if at < here), default=mine)
    return 0.7 if last <= mine else 0.0


def _places(view: View) -> list[tuple[int, int]]:
    """Where others of that name are introduced, as (number of the field, place)."""
    number = view.document.views.index(view)
    return [(number, start) for start in _kims(view.text)]


@lru_cache(maxsize=8)
def _kims(text: str) -> tuple[int, ...]:
    return tuple(m.start() for m in _KIM_NAME.finditer(text))


_LEE_NAME: Final = re.compile(
    r"\bLee[ -](?!Jae[- ]?[Mm]yung|Myung[- ]?[Bb]ak|(?:Tells?|Says?|Said|Meets?|To|And|Will|"
    r"Trump)\b)"
    r"[A-Z][a-z]+[- ]?[A-Za-z]?[a-z]*|\b(?:Bruce|Spike|Ang|Stan|Harper|Christopher|Mike|"
    r"Robert E\.) Lee\b|"
    r"\bLee\d"
)


def _another_lee(document: Document) -> bool:
    """Whether somebody else of that name was introduced."""
    return any(_LEE_NAME.search(view.text) for view in document.views)


def _lee(hit: Hit, view: View) -> float:
    """Who "President Lee" is depends on the day."""
    day, slug = view.day(hit.start), hit.alias.slug
    if day is None or (hit.alias.text == "Lee" and _another_lee(view.document)):
        return 0.0
    in_office = {
        "lee-jae-myung": day >= date(2025, 6, 4),
        "lee-myung-bak": date(2008, 2, 25) <= day <= date(2013, 2, 24),
    }
    if not in_office.get(slug, False):
        return 0.0
    if hit.alias.text != "Lee":
        return 0.8 if re.match(r"(?! Hsien| Teng)", view.text[hit.end :]) else 0.0
    if re.match(r"\s+[A-Z]|['-]s? [A-Z]", view.text[hit.end :]):
        return 0.0
    summit = re.search(r"\b(?:Trump|Ishiba|Takaichi|Xi)\b", view.text) and re.search(
        r"\b(?:summit|meet\w*|talks|tells|White House)\b", view.text
    )
    return 0.7 if summit or view.document.named(frozenset({slug})) else 0.0


def _surname(hit: Hit, view: View) -> float:
    """A bare surname counts after the full name in the same document."""
    if re.match(r"\s+[A-Z][a-z]", view.text[hit.end :]):
        return 0.0
    document, slug = view.document, hit.alias.slug
    if slug == "xi-jinping" and document.named(frozenset({"china", "north-korea", "kim-jong-un"})):
        return 0.8  # nobody else of that name is in the news
    return 0.7 if document.named(frozenset({slug})) else 0.0


def special(taxonomy: Taxonomy) -> dict[str, Check]:
    """The rules that are functions, by name."""
    states = states_of(taxonomy)
    return {
        "R-HANJA": _hanja,
        "R-THENORTH": _the_north,
        "R-CAPITAL": _capital,
        "R-KIM": _kim,
        "R-LEE": _lee,
        "R-SURNAME": _surname,
        "R-DEMOCRATS": democrats,
        "R-OEGYOBU": ministry(states),
        "R-GAIMUSHO": gaimusho,
        "R-SUBMARINE": submarine(states),
    }


LATE: Final = frozenset(
    {"R-THENORTH", "R-CAPITAL", "R-KIM", "R-LEE", "R-SURNAME", "R-DEMOCRATS", "R-SUBMARINE"}
)
"""Rules that look at what others found."""
