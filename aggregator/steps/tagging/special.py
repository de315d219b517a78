"""What no pattern can say: the rules of names, capitals and one-character shorthand.

Each function takes the hit and the field that it stands in, and gives what it counts there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Final

from aggregator.steps.tagging.document import View
from aggregator.steps.tagging.match import Hit

Check = Callable[[Hit, View], float]

KOREA_STATES: Final = frozenset({"north-korea", "south-korea", "kim-jong-un"})
DPRK_NAMES: Final = frozenset({"north-korea", "kim-jong-un"})
HANJA: Final = "北南韓美日中露朝李金尹文習軍靑與野英佛獨伊印濠韩英俄러"
_KOREAN_LEFT: Final = re.compile(
    r"(?:^|[\s\"'(\[·,.<…~/+-]|[" + HANJA + r"]|[주대방친탈반재월종연])$"
)
_COMPOUND: Final = re.compile(
    r"北(?:京|海道|部|極|歐|東|西|漢|村|米)|中(?:國|央|間|東)|日(?:本|曜|前)|南(?:部|極|道|山|海)|"
    r"文(?:化|學|字)|李(?:氏)|軍(?:人|艦)|美(?:術|人|國)|韓(?:國|服|流|食)"
)
_PAIRS: Final = re.compile(
    r"[米日中露ロ俄美南韓韩]朝|朝[米日中露ロ俄美韓韩]|[日米中美]韓|韓[日米中美]|[日中美]韩|"
    r"韩[日中美]|"
    r"[米日][日米]韓|韓[米日][米日]|[日中][日中]韓|韓[日中][日中]|美日韩|韩美日|南北|北[美中露日]|"
    r"米中|中米|日米|米日|中美|美中|中日|日中|中俄|俄中|中露|露中|美日|日美|米露|露米|美俄|俄美"
)
_HOLDERS: Final = {
    "李": (date(2025, 6, 4), date.max),
    "尹": (date(2022, 5, 10), date(2025, 4, 4)),
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
    return 0.8 if view.document.named(KOREA_STATES) else 0.0


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


_OTHER_KIM: Final = re.compile(
    r"Kim (?:Kardashian|Jones|Keon|Min|Clijsters|Basinger|Cattrall|Dotcom|Ji|Seung|Davis|Beazley|"
    r"Howells)|(?:Andy|Kevin|Sung|Lil'?|Jim Yong|Richard|Young|Daniel|Christina|Si-woo) Kim"
)
_LEADER_KIM: Final = re.compile(
    r"(?:Trump(?:-| and | meets? | tells? | says | with | to meet | met | praises |, )|leader |"
    r"Chairman |North'?s |Korea'?s |(?:Xi|Putin|Lavrov|Shoigu|Wang Yi|Pompeo|Moon|Obama)"
    r"(?:,? and |, |-| tells? | says? | meets? | briefs | congratulates | thanks | hosts | "
    r"invites ))$"
)


def _kim(hit: Hit, view: View) -> float:
    """Bare "Kim": after the full name, or in a fixed phrase, or beside the DPRK in a title."""
    if hit.alias.slug != "kim-jong-un" or any(
        _OTHER_KIM.search(other.text) for other in view.document.views
    ):
        return 0.0
    if re.match(r"\s+[A-Z]", view.text[hit.end :]):
        return 0.0
    if hit.alias.text != "Kim":
        return 1.0 if view.document.named(DPRK_NAMES) else 0.0
    if _LEADER_KIM.search(view.text[max(0, hit.start - 20) : hit.start]):
        return 1.0
    return 0.8 if view.document.named(view.document.korea) else 0.0


def _lee(hit: Hit, view: View) -> float:
    """Who "President Lee" is depends on the day."""
    day, slug = view.document.day, hit.alias.slug
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


SPECIAL: Final[dict[str, Check]] = {
    "R-HANJA": _hanja,
    "R-THENORTH": _the_north,
    "R-CAPITAL": _capital,
    "R-KIM": _kim,
    "R-LEE": _lee,
    "R-SURNAME": _surname,
}
LATE: Final = frozenset({"R-THENORTH", "R-CAPITAL", "R-KIM", "R-LEE", "R-SURNAME"})
"""Rules that look at what others found."""
