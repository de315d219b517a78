"""actors named together -> the relation between them.

A state that only reports ("Seoul says the North fired ...") is no party to a relation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from aggregator.steps.tagging.document import View
from aggregator.steps.tagging.match import Hit
from aggregator.taxonomy import Taxonomy

_REPORTS: Final = re.compile(
    r"('s)?( \w+){0,2},? (says?|said|reports?|reported|detects?|detected|assess\w*|sees|believes?|"
    r"estimates?|confirms?|sentences?|monitors?|spots?)\b|(軍|군|국방부|합참|정부|언론|"
    r"매체)?[은는이가,]?(?:\s?\"|\s')|"
    r"[^\"']{0,12}(밝혔다|포착|보도|확인)|(軍|国防省|政府|メディア)?\s?[\"「]|(?:紙|メディア)"
)
_SPORT: Final = re.compile(
    r"\b(beat|defeat|win|lose|cup|medal|match|qualif|final|champion|league|score|football|soccer|"
    r"baseball|olympic)\w*\b|\d+-\d+|축구|야구|배구|농구|금메달|대표팀|결승|경기",
    re.I,
)
_OFFICIAL: Final = re.compile(
    r"\b(summit|talks?|meet\w*|minister\w*|president|ambassador|envoy|alli\w+|militar\w+|army|navy|"
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
_RELATES: Final = re.compile(
    r"\b(summits?|talks?|dialogue|negotiat\w*|relations?|ties|diploma\w*|deals?|agree\w*|meet\w*|"
    r"visits?|envoys?|hotlines?|contacts?|engage\w*|unif\w*|reunif\w*|border|coopera\w*|peace|"
    r"treaty|"
    r"proposals?|proposes?|offers?|tensions?|letters?|sanctions|threat\w*|leaders?|dictator)\b|"
    r"회담|대화|관계|협상|접촉|회동|합의|제의|제안|교류|협력|연락|친서|수교|평화|군사분계선|정상|"
    r"会談|対話|関係|交渉|合意|会谈|对话|关系|谈判",
    re.I,
)
_NEEDS_OFFICIAL: Final = frozenset({"alliance-us-rok", "rok-japan", "rok-china"})
_NEEDS_RELATION: Final = frozenset({"us-dprk-relations", "inter-korean-relations", "japan-dprk"})
_SUPERSEDED: Final = {
    "us-dprk-relations": "us-dprk-summit",
    "alliance-us-rok": "trilateral-us-rok-japan",
    "rok-japan": "trilateral-us-rok-japan",
}


def co_actors(
    view: View, taxonomy: Taxonomy, states: Mapping[str, str]
) -> Iterator[tuple[str, tuple[Hit, ...]]]:
    """Relation tags that follow from the actors of one sentence, with their hits."""
    for hits in _sentences(view):
        acting: dict[str, Hit] = {}
        for hit in hits:
            slug = hit.alias.slug
            if slug in states and not _REPORTS.match(view.text, hit.end):
                acting.setdefault(slug, hit)
                acting.setdefault(states[slug], hit)
        start, end = view.sentence(hits[0].start)
        if len(acting) < 2 or _SPORT.search(view.text, start, end):
            continue
        together = {p.tag: p for p in taxonomy.pairs if all(s in acting for s in p.all)}
        relates = _RELATES.search(view.text, start, end) is not None
        official = _OFFICIAL.search(view.text, start, end) is not None
        for slug, pair in together.items():
            if slug not in taxonomy or _SUPERSEDED.get(slug) in together:
                continue
            if slug in _NEEDS_RELATION and not relates:
                continue
            if official or slug not in _NEEDS_OFFICIAL:
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
