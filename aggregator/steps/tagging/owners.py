"""a bare name that several states have -> whose it is: ministries, parties, submarines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from aggregator.steps.tagging.document import Document, View
from aggregator.steps.tagging.match import Hit
from aggregator.taxonomy import Taxonomy

Check = Callable[[Hit, View], float]


def democrats(hit: Hit, view: View) -> float:
    """Whose Democrats: the American ones in English, the Korean ones in a Korean feed."""
    document = view.document
    start, end = view.sentence(hit.start)
    american = _AMERICAN.search(view.text, start, end) is not None
    if hit.alias.slug == "us-democrats":
        if view.text[hit.start : hit.start + 1] != "D" or re.search(
            r"(?:Liberal|Social|Christian|Free|Sweden) $",
            view.text[max(0, hit.start - 10) : hit.start],
        ):
            return 0.0
        return 0.8 if american or document.named(_AMERICANS) else 0.0
    if document.language == "ko":
        theirs = re.search(
            r"(?:미|美|미국|일본|日|대만|바이든) ?$", view.text[max(0, hit.start - 4) : hit.start]
        )
        return 0.0 if theirs or american else 0.8
    return (
        0.8 if document.named(frozenset({"south-korea", "lee-jae-myung"})) and not american else 0.0
    )


_AMERICAN: Final = re.compile(
    r"Trump|Biden|Obama|Harris|Warren|Sanders|Pelosi|Schumer|Newsom|Republicans?|G\.?O\.?P|Senat|"
    r"Capitol|White House|U\.S\.|\bUS\b|American|midterm|바이든|트럼프|공화당|美|미 의회"
)
_AMERICANS: Final = frozenset({"united-states", "donald-trump", "joe-biden", "us-congress"})

_OWNERS: Final = (
    (re.compile(r"(?:중국|中|China'?s?|Chinese)\s?$"), "china"),
    (re.compile(r"(?:한국|韓|韩国|韓国|韩|우리)\s?$"), "south-korea"),
    (re.compile(r"(?:일본|日|日本)\s?$"), "japan"),
    (re.compile(r"(?:북한|北|朝鮮|朝鲜|北朝鮮)\s?$"), "north-korea"),
    (
        re.compile(
            r"(?:미국|美|米|러시아|러|俄|露|이란|프랑스|태국|베트남|독일|대만|영국|호주|필리핀|캄보디아|몽골|"
            r"인도|우크라이나|台湾|美国|美國|俄罗斯|伊朗|印度|法国|德国)\s?$"
        ),
        "another",
    ),
)
_COUNTRIES: Final = {
    "rok": "south-korea",
    "south korea": "south-korea",
    "korea": "south-korea",
    "kr": "south-korea",
    "china": "china",
    "cn": "china",
    "prc": "china",
    "hong kong": "china",
    "japan": "japan",
    "jp": "japan",
    "dprk": "north-korea",
    "north korea": "north-korea",
    "russia": "russia",
    "taiwan": "taiwan",
    "us": "united-states",
    "usa": "united-states",
}
_PERSPECTIVES: Final = {
    "rok": "south-korea",
    "china": "china",
    "japan": "japan",
    "dprk": "north-korea",
    "russia": "russia",
    "taiwan": "taiwan",
    "us": "united-states",
}
_SPOKEN_IN: Final = {"ko": "south-korea", "zh": "china", "ja": "japan"}


def _home(document: Document) -> str:
    """The state that a feed writes in: by its country, else perspective, else language."""
    return (
        _COUNTRIES.get(document.country.lower())
        or _PERSPECTIVES.get(document.perspective.split("-")[0])
        or _SPOKEN_IN.get(document.language, "")
    )


def ministry(states: Mapping[str, str]) -> Check:
    """A ministry without its country's name: the one of the feed's own country."""

    def check(hit: Hit, view: View) -> float:
        left = view.text[max(0, hit.start - 6) : hit.start]
        owner = next((state for named, state in _OWNERS if named.search(left)), None)
        return 1.0 if (owner or _home(view.document)) == states.get(hit.alias.slug) else 0.0

    return check


_NORTHS: Final = re.compile(r"북한|최선희|담화|조선|北朝鮮|朝鮮|北|박상길|김선경")
_RUSSIAS: Final = re.compile(r"(?:러시아|러|露|ロシア)\s?$")


def gaimusho(hit: Hit, view: View) -> float:
    """외무성, 外務省: Japan's, unless the sentence is of the North, or Russia stands before it."""
    start, end = view.sentence(hit.start)
    left = view.text[max(0, hit.start - 4) : hit.start]
    if _RUSSIAS.search(left):
        return 0.0
    japans = re.search(r"(?:일본|日|日本)\s?$", left)
    north = not japans and (
        _NORTHS.search(view.text, start, end) is not None or view.document.dprk_media
    )
    return 1.0 if north == (hit.alias.slug == "dprk-foreign-ministry") else 0.0


def submarine(states: Mapping[str, str]) -> Check:
    """A nuclear submarine is the nearest state's; an American one in a Korean port deters."""
    whose = {
        "rok-nuclear-submarine": "south-korea",
        "slbm": "north-korea",
        "extended-deterrence": "united-states",
    }

    def check(hit: Hit, view: View) -> float:
        start, end = view.sentence(hit.start)
        # What stands before a submarine owns it; what comes after is more often where it goes.
        near = [
            (hit.start - other.end if other.start < hit.start else 8 + other.start - hit.end, state)
            for other, _ in view.fired
            if start <= other.start < end and (state := states.get(other.alias.slug)) is not None
        ]
        if not near or re.search(r"AUKUS|Australia|오커스|호주", view.text[start:end]):
            return 0.0
        state = min(near)[1]
        if state == "united-states" and _BUILDS.search(view.text, start, end):
            state = next((s for _, s in sorted(near) if s != state), state)
        if whose.get(hit.alias.slug) != state:
            return 0.0
        if state == "united-states" and not _PORTS.search(view.text, start, end):
            return 0.0
        return 0.8

    return check


_BUILDS: Final = re.compile(
    r"\b(?:build|approv|back|allow|support|plan|fuel)\w*|건조|도입|승인|지지", re.I
)
_PORTS: Final = re.compile(r"Busan|Pusan|port\b|South Korea|부산|입항|한반도|釜山")


def states_of(taxonomy: Taxonomy) -> Mapping[str, str]:
    """Slug of a person, agency, party or state -> the one state that it acts for."""
    acting: dict[str, str] = {}
    for tag in taxonomy.values():
        if tag.facet in ("actor", "org"):
            states = [p for p in tag.parents if p in taxonomy and taxonomy[p].facet == "state"]
            if len(states) == 1:
                acting[tag.slug] = states[0]
        elif tag.facet == "state":
            acting[tag.slug] = tag.slug
    return MappingProxyType(acting)
