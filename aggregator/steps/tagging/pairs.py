"""actors named together -> the relation between them.

A state that only reports ("Seoul says the North fired ...") is no party to a relation, nor is one
whose citizen or company is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from aggregator.steps.tagging.document import View
from aggregator.steps.tagging.match import Hit
from aggregator.steps.tagging.scenery import is_sport
from aggregator.taxonomy import Taxonomy

_REPORTS: Final = re.compile(
    r"('s)?( \w+){0,2},? (says?|said|reports?|reported|detects?|detected|assess\w*|sees|believes?|"
    r"estimates?|confirms?|sentences?|monitors?|spots?)\b|(軍|군|국방부|합참|정부|언론|"
    r"매체|전문가|前?관리|당국자)?[은는이가,]?(?:\s?\"|\s')|"
    r"[^\"']{0,12}(밝혔다|포착|보도|확인)|(軍|国防省|政府|メディア|军方)?\s?[\"「]|(?:紙|メディア)",
    re.I,
)
_PRIVATE: Final = re.compile(
    r"\s?(?:nationals?|citizens?|m[ae]n|wom[ae]n|tourists?|students?|compan(?:y|ies)|firms?|"
    r"business\w*|traders?|workers?|crew|vessels?|ships?|tankers?|banks?|expert|analyst|media|"
    r"newspapers?|magazine)\b|"
    r"인\b|人|국적|기업|업체|관광객|유학생|선원|선박|은행|언론|매체|전문가|학자|企業|選手|观光|游客",
    re.I,
)
_OFFICIAL: Final = re.compile(
    r"\b(summit|talks?|meet\w*|minister\w*|president|ambassador|envoy|alli\w+|militar\w+|army|"
    r"navy|"
    r"defen[cs]e|security|drills?|exercises?|troops|forces|bombers?|tariffs?|trade|deal|"
    r"sanctions|treaty|"
    r"agree\w*|diploma\w*|tensions?|leaders?|nuclear|missiles?|relations?|ties|cooperat\w*|"
    r"visits?|pact|"
    r"intelligence|government|submarines?|shuttle|row|apolog\w*|history|wartime|disput\w*)\b|"
    r"회담|외교|정상|동맹|훈련|군사|국방|안보|장관|대사|대통령|총리|관세|통상|협상|협의|방문|"
    r"방한|방미|방일|방중|합의|"
    r"首脳|外相|会談|協議|訓練|防衛|関係|外交|合意|会晤|会谈|外长|军|關係|关系",
    re.I,
)
_TIES: Final = (
    r"talks?|dialogue|negotiat\w*|relations?|relationship|ties|diploma\w*|deals?|agree\w*|envoys?|"
    r"hotlines?|contacts?|engage\w*|coopera\w*|peace|treaty|proposals?|proposes?|offers?|"
    r"tensions?|letters?"
)
_TIES_CJK: Final = (
    r"회담|대화|관계|협상|접촉|회동|합의|제의|제안|교류|협력|연락|친서|수교|평화|대사|"
    r"会談|対話|関係|交渉|合意|協力|会谈|对话|关系|谈判|合作"
)
_RELATES: Final = re.compile(
    rf"\b(summits?|meet\w*|visits?|{_TIES}|threat\w*|leaders?)\b|{_TIES_CJK}|정상|来日|訪日|入国",
    re.I,
)
_INTER_KOREAN: Final = re.compile(
    rf"\b({_TIES}|unif\w*|reunif\w*|border|loudspeakers?|leaflets?)\b|{_TIES_CJK}|군사분계선|통일",
    re.I,
)
_CLOSE: Final = re.compile(
    rf"{_RELATES.pattern}|\b(?:closer?|all(?:y|ies)|partners?|aid|troops|"
    r"support|embassy|back(?:s|ing)?|condolences)\b|축전|연회|대사관|파병|지지|밀착|支援|支持",
    re.I,
)
_NEEDS: Final[dict[str, re.Pattern[str]]] = {
    "us-dprk-relations": _RELATES,
    "japan-dprk": _RELATES,
    "inter-korean-relations": _INTER_KOREAN,
    "alliance-us-rok": _OFFICIAL,
    "rok-japan": _OFFICIAL,
    "rok-china": _OFFICIAL,
    "trilateral-us-rok-japan": _OFFICIAL,
}
_CROWD: Final = 3
"""From so many states on two of them are a pair only when the words say so."""
_SUPERSEDED: Final[dict[str, tuple[str, ...]]] = {
    "us-dprk-relations": ("us-dprk-summit",),
    "alliance-us-rok": ("trilateral-us-rok-japan", "rok-us-summit"),
    "rok-japan": ("trilateral-us-rok-japan",),
}
_LEADERS: Final = frozenset(
    {"donald-trump", "kim-jong-un", "lee-jae-myung", "xi-jinping", "vladimir-putin"}
)
_SUMMITS: Final = frozenset({"us-dprk-summit", "rok-us-summit"})


def co_actors(
    view: View, taxonomy: Taxonomy, states: Mapping[str, str]
) -> Iterator[tuple[str, tuple[Hit, ...]]]:
    """Relation tags that follow from the actors of one sentence, with their hits."""
    if len({hit.alias.slug for hit, _ in view.fired if hit.alias.slug in states}) < 2:
        return
    for hits in _sentences(view):
        actors = [
            (hit.alias.slug, hit)
            for hit in hits
            if hit.alias.slug in states and hit.alias.rule != "R-KOREA"
        ]
        named = {slug for slug, _ in actors}
        if len(named) < 2:
            continue
        acting: dict[str, Hit] = {}
        for slug, hit in actors:
            # The words of an agency's name are no state: 美하원 is the Congress alone.
            if (
                slug in acting
                or (slug == states[slug] and view.covered.inside_any(hit.start, hit.end))
                or _REPORTS.match(view.text, hit.end)
                or _PRIVATE.match(view.text, hit.end)
            ):
                continue
            acting[slug] = hit
            acting.setdefault(states[slug], hit)
        together = {p.tag: p for p in taxonomy.pairs if acting.keys() >= set(p.all)}
        start, end = view.sentence(hits[0].start)
        if not together or is_sport(view.normal.lower, start, end):
            continue
        crowd = len({states[slug] for slug in acting}) >= _CROWD
        leaders = _LEADERS.intersection(named)
        said = {hit.alias.slug for hit in hits}
        for slug, pair in together.items():
            if slug not in taxonomy or any(s in together for s in _SUPERSEDED.get(slug, ())):
                continue
            # What is more special was said: troops for Russia, not merely Russia and the North.
            if any(slug in taxonomy[s].parents for s in said if taxonomy[s].facet == "topic"):
                continue
            if slug in _SUMMITS:
                # With a third leader in the title the meeting may well be the other one.
                if slug == "us-dprk-summit" and len(leaders) > 2:
                    continue
            elif len(leaders.intersection(acting)) < 2 or slug not in ("china-dprk", "russia-dprk"):
                needs = _NEEDS.get(slug) or (_CLOSE if crowd else None)
                if needs and not needs.search(view.text, start, end):
                    continue
            yield slug, tuple(acting[s] for s in pair.all)


def _sentences(view: View) -> Iterator[list[Hit]]:
    """The fired hits of each sentence, by place."""
    sentence: list[Hit] = []
    until = -1
    for hit, _ in sorted(view.fired, key=lambda f: f[0].start):
        if hit.start >= until and sentence:
            yield sentence
            sentence = []
        if not sentence:
            until = view.sentence(hit.start)[1]
        sentence.append(hit)
    if sentence:
        yield sentence
