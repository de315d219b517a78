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
_FURTHER, _MOST_FURTHER = 0.5, 2
_CONTACT: Final = 0.4
"""The share of a gate's cost that stays when the title speaks of contact between states."""
_KCNA_DATELINE: Final = re.compile(r"\(KCNA\)|조선중앙통신\)")
_LEADERS: Final = frozenset({"kim-jong-un", "kim-yo-jong", "choe-son-hui"})
_BILATERAL: Final = frozenset(
    {"rok-japan", "rok-china", "china-japan-korea", "usfk-posture", "alliance-credibility"}
)
"""Topics that have South Korea in their very name."""
_MEDIA: Final = frozenset({"kcna", "rodong-sinmun"})
"""State media: named as the source of a text more often than as its subject."""
_WORLD: Final = frozenset({"united-nations", "unsc", "iaea"})
_DIPLOMATS: Final = frozenset({"rok-foreign-ministry", "rok-unification-ministry"})
_KOREA_ONLY: Final = frozenset({"dprk-state", "dprk-aligned", "nk-specialist"})
"""Perspectives that write of Korea by definition."""
NOTHING: Final = Verdict(
    relevant=False, score=0.0, reasons=("nothing about Korea's relations in title or summary",)
)
"""The verdict on an article that no reason speaks for or against."""


class Telling(NamedTuple):
    """The names and words without some of which no article is relevant."""

    anywhere: Names
    """All names below: a text with none of them, and not `by_itself`, needs no closer look."""
    anchors: Names
    """Enough in title or summary."""
    alone: Names
    """Enough in the title: matters that have South Korea in their very name. So are"""
    by_itself: re.Pattern[str]
    """these words."""
    acting: Names
    """South Korea and who acts for it. In the title, together with"""
    matters: Names
    """a topic, an event, another state or who acts for it, or with"""
    matter: re.Pattern[str]
    """a word of diplomacy or security. With that word in the title, it is enough to find"""
    people: Names
    """who speaks for South Korea in the summary."""


def telling(taxonomy: Taxonomy, rules: Relevance) -> Telling | None:
    """None: every article may be relevant."""
    if rules.threshold <= 0:
        return None
    tags = taxonomy.values()
    anchors = [tag for tag in tags if tag.anchor]
    alone = [tag for tag in tags if tag.slug in _BILATERAL]
    acting = [tag for tag in tags if _is_south_korea(tag.slug, taxonomy)]
    return Telling(
        anywhere=names_of([*anchors, *alone, *acting]),
        anchors=names_of(anchors),
        alone=names_of(alone),
        by_itself=taxonomy.words["alone"].pattern,
        acting=names_of(acting),
        matters=names_of(
            tag
            for tag in tags
            if _is_matter(tag.slug, taxonomy) or _acts_for_others(tag.slug, taxonomy)
        ),
        matter=taxonomy.words["matter"].pattern,
        people=names_of(tag for tag in acting if _speaks(tag.slug, taxonomy)),
    )


def may_be_relevant(title: str, summary: str, feed: Feed, names: Telling | None) -> bool:
    """False: `judge` cannot find it relevant, whatever its tags are. Costs a tenth of tagging.

    It asks for every way in which `judge` gives points.
    """
    if names is None or about_korea(feed) or names.by_itself.search(title):
        return True
    if not names.anywhere.stand_in(f"{title}\n{summary}"):
        return False
    if names.anchors.stand_in(title) or names.anchors.stand_in(summary):
        return True
    if names.alone.stand_in(title):
        return True
    matter = names.matter.search(title) is not None
    if names.acting.stand_in(title) and (matter or names.matters.stand_in(title)):
        return True
    return matter and names.people.stand_in(summary)


def judge(
    article: Article,
    feed: Feed,
    tags: Sequence[Tagging],
    genre: str,
    rules: Relevance,
    taxonomy: Taxonomy,
) -> Verdict:
    """Whether the article is about Korea diplomacy.

    Each reason says what spoke for or against and by how much; the sum, if above 0, is the score.
    """
    named = [tag for tag in tags if tag.slug in taxonomy]
    reasons = [*_anchors(named, taxonomy), *_south_korea(article, named, taxonomy)]
    special = about_korea(feed)
    if not reasons and not special and rules.threshold > 0:
        return NOTHING  # the gates can only take away
    score = sum(reason.points for reason in reasons)
    if genre in rules.exclude_genres:
        if score < _IN_TITLE or genre != "g-photo-video":
            return _verdict([*reasons, _Reason(f"genre {genre} never qualifies", -score)], rules)
        special = False
    against = _against(article, feed, named, taxonomy)
    if special and not against:
        reasons.append(_Reason("feed about Korea only", _BY_FEED))
    if not reasons and not against and rules.threshold > 0:
        return NOTHING
    return _verdict([*reasons, *against], rules)


def about_korea(feed: Feed) -> bool:
    """Whether all that the feed brings is about Korea: so configured, or known from who writes."""
    return feed.scope == "korea-specific" or feed.perspective in _KOREA_ONLY


class _Reason(NamedTuple):
    """What speaks for an article, or (points below 0) against it."""

    text: str
    points: float


def _verdict(reasons: Sequence[_Reason], rules: Relevance) -> Verdict:
    score = round(max(sum(reason.points for reason in reasons), 0.0), 2)
    return Verdict(
        relevant=score >= rules.threshold,
        score=score,
        reasons=tuple(f"{reason.text} {reason.points:+g}" for reason in reasons),
    )


def _against(
    article: Article, feed: Feed, tags: Sequence[Tagging], taxonomy: Taxonomy
) -> list[_Reason]:
    """What the gates cost; less when the title speaks of contact between states too."""
    reasons, home = [], taxonomy.words["home"]
    contact = taxonomy.words["contact"].pattern.search(article.title) is not None
    for gate in taxonomy.gates:
        if found := gate.pattern.search(article.title):
            cost = gate.cost * (_CONTACT if contact else 1.0)
            reasons.append(_Reason(f"{gate.name}: {found[0].strip()!r} in the title", -cost))
    if not taxonomy.words["matter"].pattern.search(article.title) and not _foreign(tags, taxonomy):
        own = feed.perspective.startswith("dprk") or _KCNA_DATELINE.search(article.summary)
        leader = any(t.slug in _LEADERS and "title" in _fields(t) for t in tags)
        if (own and not leader) or home.pattern.search(article.title):
            reasons.append(_Reason("life inside North Korea", -home.cost))
    return reasons


def _acts_for_others(slug: str, taxonomy: Taxonomy) -> bool:
    """Whether it is a state other than the Koreas, one who acts for it, or the United Nations."""
    tag = taxonomy[slug]
    if tag.facet == "state":
        return slug not in _KOREAS
    return slug in _WORLD or (
        tag.facet in ("actor", "org")
        and not _KOREAS.intersection(tag.parents)
        and any(taxonomy[parent].facet == "state" for parent in tag.parents if parent in taxonomy)
    )


def _is_matter(slug: str, taxonomy: Taxonomy) -> bool:
    """Whether it is a topic or event of diplomacy or security."""
    tag = taxonomy[slug]
    return tag.facet in ("topic", "event") and _NOT_DIPLOMACY.isdisjoint((slug, *tag.parents))


def _foreign(tags: Sequence[Tagging], taxonomy: Taxonomy) -> bool:
    """Whether another state or a matter of diplomacy or security is named in the title."""
    for tag in tags:
        if tag.method == "implied" or "title" not in _fields(tag):
            continue
        facet = taxonomy[tag.slug].facet
        if facet == "state" and tag.slug not in ("north-korea",):
            return True
        if _is_matter(tag.slug, taxonomy):
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


def _anchors(tags: Sequence[Tagging], taxonomy: Taxonomy) -> list[_Reason]:
    """The best anchor, and a little for each further one."""
    found: list[_Reason] = []
    for tag in tags:
        if not taxonomy[tag.slug].anchor or not _said(tag):
            continue
        fields = _fields(tag)
        if "title" in fields:
            points = _IN_SUMMARY if tag.slug in _MEDIA else _IN_TITLE
            found.append(_Reason(f"anchor {tag.slug} in the title", points))
        elif "summary" in fields:
            # An event of the past in a summary is often background only, and a medium is a source.
            aside = taxonomy[tag.slug].facet == "event" or tag.slug in _MEDIA
            points = _IN_PASSING if aside else _IN_SUMMARY
            found.append(_Reason(f"anchor {tag.slug} in the summary", points))
    found.sort(key=lambda reason: -reason.points)
    further = [reason._replace(points=_FURTHER) for reason in found[1 : 1 + _MOST_FURTHER]]
    return found[:1] + further


def _south_korea(article: Article, tags: Sequence[Tagging], taxonomy: Taxonomy) -> list[_Reason]:
    """South Korea (or one who acts for it) with a diplomatic or security matter."""
    title = [tag for tag in tags if "title" in _fields(tag) and tag.method != "implied"]
    for tag in title:
        if tag.slug in _BILATERAL and _said(tag):
            return [_Reason(f"{tag.slug} in the title", _WITH_TOPIC)]
    if alone := taxonomy.words["alone"].pattern.search(article.title):
        return [_Reason(f"{alone[0]!r} in the title", _WITH_TOPIC)]
    named = [tag for tag in tags if _said(tag) and _is_south_korea(tag.slug, taxonomy)]
    bare = [tag for tag in named if tag in title]
    whole = [tag for tag in bare if tag.method != "weak:R-KOREA"]
    for tag in title if whole else ():
        if _is_matter(tag.slug, taxonomy) and tag.method != "pair":
            return [_Reason(f"{whole[0].slug} with {tag.slug} in the title", _WITH_TOPIC)]
    matter = taxonomy.words["matter"].pattern.search(article.title)
    if matter and bare:
        return [_Reason(f"{(whole or bare)[0].slug} with {matter[0]!r} in the title", _WITH_TOPIC)]
    others = [tag for tag in title if whole and _acts_for_others(tag.slug, taxonomy)]
    if others:
        # Two countries side by side are as often in news of trade or travel.
        countries = whole[0].slug in _ROK and all(
            taxonomy[tag.slug].facet == "state" for tag in others
        )
        points = _IN_PASSING if countries else _WITH_OTHER
        return [_Reason(f"{whole[0].slug} with {others[-1].slug} in the title", points)]
    for tag in named:
        if matter and _speaks(tag.slug, taxonomy):
            return [_Reason(f"{matter[0]!r} in the title, {tag.slug} in the summary", _WITH_OTHER)]
    return []


def _is_south_korea(slug: str, taxonomy: Taxonomy) -> bool:
    """Whether it is South Korea, or a person or body that acts for it."""
    tag = taxonomy[slug]
    return slug in _ROK or (tag.facet in _ACTING and bool(_ROK.intersection(tag.parents)))


def _speaks(slug: str, taxonomy: Taxonomy) -> bool:
    """Whether what it does abroad is diplomacy: a person, or a ministry for relations."""
    return taxonomy[slug].facet == "actor" or slug in _DIPLOMATS
