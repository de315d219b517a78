"""article, its tags and genre -> does it belong to the digest, and why.

The domain: diplomacy and security relations that involve North or South Korea. An anchor tag in
the title or summary qualifies; so does South Korea with a diplomatic or security matter. Sport,
show business, markets, crime and accidents do not, unless the text is about relations too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from aggregator.model import Article, Feed, Tagging, Verdict
from aggregator.rules import Relevance
from aggregator.steps.tagging.match import Names, names_of
from aggregator.taxonomy import Taxonomy

_ROK: Final = frozenset({"south-korea"})
_ACTING: Final = frozenset({"state", "actor", "org"})
_KOREAS: Final = frozenset({"south-korea", "north-korea"})
_LEANING: Final = frozenset({"weak:R-CTX", "weak:R-ACR", "weak:case", "weak:R-SHORTNAME"})
_NOT_DIPLOMACY: Final = frozenset(
    {
        "rok-domestic-politics",
        "us-domestic-politics",
        "dprk-ritual",
        "sport-diplomacy",
        "cyber-crypto",
        "drones",
        "economy-dprk",
    }
)
_IN_TITLE, _IN_SUMMARY, _IN_PASSING = 2.0, 1.0, 0.5
_BY_FEED, _WITH_TOPIC, _WITH_OTHER = 1.0, 1.5, 1.0
_CONTACT: Final = 0.4
"""The share of a gate's cost that stays when the title speaks of contact between states."""
_KCNA_DATELINE: Final = re.compile(r"\(KCNA\)|조선중앙통신\)")
_LEADERS: Final = frozenset({"kim-jong-un", "kim-yo-jong", "choe-son-hui"})
_BILATERAL: Final = frozenset(
    {"rok-japan", "rok-china", "china-japan-korea", "usfk-posture", "alliance-credibility"}
)
"""Topics that have South Korea in their very name."""
NOTHING: Final = Verdict(
    relevant=False, score=0.0, reasons=("nothing about Korea's relations in title or summary",)
)
"""The verdict on an article that no reason speaks for or against."""


class Telling(NamedTuple):
    """The names without some of which no article is relevant."""

    anywhere: Names
    """All that are told below: a text with none of them needs no closer look."""
    anchors: Names
    """Enough in title or summary."""
    alone: Names
    """Enough in the title: matters that have South Korea in their very name."""
    acting: Names
    """South Korea and who acts for it. In the title, together with"""
    matters: Names
    """a topic, an event, or who acts for another state, or with"""
    matter: re.Pattern[str]
    """a word of diplomacy or security."""


def telling(taxonomy: Taxonomy, rules: Relevance) -> Telling | None:
    """None: every article may be relevant."""
    if rules.threshold <= 0:
        return None
    tags = taxonomy.values()
    anchors = [tag for tag in tags if tag.anchor]
    alone = [tag for tag in tags if tag.slug in _BILATERAL]
    acting = [
        tag
        for tag in tags
        if tag.slug in _ROK or (_ROK.intersection(tag.parents) and tag.facet in _ACTING)
    ]
    matters = [
        tag
        for tag in tags
        if (tag.facet in ("topic", "event") and tag.slug not in _NOT_DIPLOMACY)
        or _acts_for_others(tag.slug, taxonomy)
    ]
    return Telling(
        anywhere=names_of([*anchors, *alone, *acting]),
        anchors=names_of(anchors),
        alone=names_of(alone),
        acting=names_of(acting),
        matters=names_of(matters),
        matter=taxonomy.words["matter"].pattern,
    )


def may_be_relevant(title: str, summary: str, feed: Feed, names: Telling | None) -> bool:
    """False: `judge` cannot find it relevant, whatever its tags are. Costs a tenth of tagging.

    Points are only given for an anchor in title or summary, for South Korea with a matter in the
    title, or by the feed.
    """
    if feed.scope == "korea-specific" or names is None:
        return True
    if not names.anywhere.stand_in(f"{title}\n{summary}"):
        return False
    if names.anchors.stand_in(title) or names.anchors.stand_in(summary):
        return True
    if names.alone.stand_in(title):
        return True
    return names.acting.stand_in(title) and (
        names.matter.search(title) is not None or names.matters.stand_in(title)
    )


def judge(
    article: Article,
    feed: Feed,
    tags: Sequence[Tagging],
    genre: str,
    rules: Relevance,
    taxonomy: Taxonomy,
) -> Verdict:
    """Whether the article is about Korea diplomacy; each reason says what spoke for or against."""
    reasons: list[str] = []
    score = _anchors(tags, taxonomy, reasons)
    score += _south_korea(article, tags, taxonomy, reasons)
    if not score and feed.scope != "korea-specific" and rules.threshold > 0:
        return NOTHING  # the gates can only take away
    if genre in rules.exclude_genres and (score < _IN_TITLE or genre != "g-photo-video"):
        reasons.append(f"genre {genre} never qualifies")
        return Verdict(relevant=False, score=0.0, reasons=tuple(reasons))
    cost = _against(article, feed, tags, taxonomy, reasons)
    if feed.scope == "korea-specific" and not cost and genre not in rules.exclude_genres:
        score += _BY_FEED
        reasons.append("feed about Korea only")
    score -= cost
    if not reasons and rules.threshold > 0:
        return NOTHING
    score = round(max(score, 0.0), 2)
    return Verdict(relevant=score >= rules.threshold, score=score, reasons=tuple(reasons))


def _against(
    article: Article,
    feed: Feed,
    tags: Sequence[Tagging],
    taxonomy: Taxonomy,
    reasons: list[str],
) -> float:
    """What the gates cost; less when the title speaks of contact between states too."""
    cost, home = 0.0, taxonomy.words["home"]
    contact = taxonomy.words["contact"].pattern.search(article.title) is not None
    for gate in taxonomy.gates:
        if found := gate.pattern.search(article.title):
            cost += gate.cost * (_CONTACT if contact else 1.0)
            reasons.append(f"{gate.name}: {found[0].strip()!r} in the title")
    if not taxonomy.words["matter"].pattern.search(article.title) and not _foreign(tags, taxonomy):
        own = feed.perspective.startswith("dprk") or _KCNA_DATELINE.search(article.summary)
        leader = any(t.slug in _LEADERS and "title" in _fields(t) for t in tags)
        if (own and not leader) or home.pattern.search(article.title):
            cost += home.cost
            reasons.append("life inside North Korea")
    return cost


def _acts_for_others(slug: str, taxonomy: Taxonomy) -> bool:
    """Whether it is a person who acts for a state other than the Koreas."""
    if slug not in taxonomy:
        return False
    return taxonomy[slug].facet == "actor" and any(
        taxonomy[parent].facet == "state" and parent not in _KOREAS
        for parent in taxonomy[slug].parents
        if parent in taxonomy
    )


def _foreign(tags: Sequence[Tagging], taxonomy: Taxonomy) -> bool:
    """Whether another state or a matter of diplomacy or security is named in the title."""
    for tag in tags:
        if tag.method == "implied" or tag.slug not in taxonomy or "title" not in _fields(tag):
            continue
        facet = taxonomy[tag.slug].facet
        if facet == "state" and tag.slug not in ("north-korea",):
            return True
        if facet in ("topic", "event") and tag.slug not in _NOT_DIPLOMACY:
            return True
        if "north-korea" not in taxonomy[tag.slug].parents and taxonomy[tag.slug].parents:
            return True
    return False


def _said(tag: Tagging) -> bool:
    """Whether the text itself names it; a word that only leans on its neighbours does not count."""
    return tag.method in ("strong", "office") or (
        tag.method.startswith("weak:") and tag.method not in _LEANING
    )


def _fields(tag: Tagging) -> frozenset[str]:
    return frozenset(evidence.field for evidence in tag.evidence)


def _anchors(tags: Sequence[Tagging], taxonomy: Taxonomy, reasons: list[str]) -> float:
    """The best anchor, and a little for each further one."""
    points: list[float] = []
    for tag in tags:
        if tag.slug not in taxonomy or not taxonomy[tag.slug].anchor or not _said(tag):
            continue
        fields = _fields(tag)
        if "title" in fields:
            points.append(_IN_TITLE)
            reasons.append(f"anchor {tag.slug} in the title")
        elif "summary" in fields:
            # An event of the past in a summary is often background only.
            aside = taxonomy[tag.slug].facet == "event"
            points.append(_IN_PASSING if aside else _IN_SUMMARY)
            reasons.append(f"anchor {tag.slug} in the summary")
    if not points:
        return 0.0
    return max(points) + min(0.5 * (len(points) - 1), 1.0)


def _south_korea(
    article: Article, tags: Sequence[Tagging], taxonomy: Taxonomy, reasons: list[str]
) -> float:
    """South Korea (or one who acts for it) with a diplomatic or security matter."""
    named = [
        tag
        for tag in tags
        if _said(tag)
        and tag.slug in taxonomy
        and (tag.slug in _ROK or _ROK.intersection(taxonomy[tag.slug].parents))
        and taxonomy[tag.slug].facet in _ACTING
        and tag.method != "weak:R-KOREA"
    ]
    who = next((tag for tag in named if "title" in _fields(tag)), None)
    between = next((t for t in tags if t.slug in _BILATERAL and "title" in _fields(t)), None)
    if between is not None and _said(between):
        reasons.append(f"{between.slug} in the title")
        return _WITH_TOPIC
    if who is None:
        return 0.0
    for tag in tags:
        about = tag.slug in taxonomy and taxonomy[tag.slug].facet in ("topic", "event")
        if about and tag.slug not in _NOT_DIPLOMACY and "title" in _fields(tag):
            if tag.method in ("implied", "pair"):
                continue
            reasons.append(f"{who.slug} with {tag.slug} in the title")
            return _WITH_TOPIC
    if matter := taxonomy.words["matter"].pattern.search(article.title):
        reasons.append(f"{who.slug} with {matter[0]!r} in the title")
        return _WITH_TOPIC
    for tag in tags:
        if (
            _acts_for_others(tag.slug, taxonomy)
            and "title" in _fields(tag)
            and tag.method != "implied"
        ):
            reasons.append(f"{who.slug} with {tag.slug} in the title")
            return _WITH_OTHER
    return 0.0
