"""A story's reports -> how an issue tells it, in the words of its sources.

Extractive: a headline stands as its publisher wrote it, a sentence stands whole, so that no hedge
and no attribution is cut off, and each has its publisher beside it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from aggregator.model import IssueItem, IssueStory, Item, Rights, StoryItems, Telling
from aggregator.steps.copies import without_revision
from aggregator.steps.perspectives import coverage, group_of, publisher_of
from aggregator.steps.sections import section_of
from aggregator.steps.text import sentences, without_dateline
from aggregator.taxonomy import Taxonomy

MOST_ITEMS = 8
"""Publishers listed with one story; the rest is on the story's page."""
MOST_CHARACTERS: dict[Rights, int] = {"title": 0, "snippet": 300, "full": 480}
"""Of a text that an issue repeats."""
SHORTEST_WHAT = 20
"""Flashes come with a summary of "(" or "…": nothing to quote."""
SUMMARY_SENTENCES = 2
STORY_TAGS = 8
ITEM_TAGS = 4
OPINION = frozenset({"g-oped", "g-editorial", "g-analysis", "g-what-if", "g-explainer"})
FLEETING = frozenset({"g-breaking", "g-brief", "g-photo-video", "g-notice"})
"""They bear a headline only when nobody else does, and are not quoted."""
_MARGINAL = re.compile(r"\[(?:특징주|표|그래픽|인사|부고|영상|사진|포토|팩트체크|이 시각|주간)")
"""Market notes, tables and pictures beside the news."""
_EXPERT = re.compile(
    r"전문가|석좌|교수|연구원|연구위원|싱크탱크|[가-힣]재단|[가-힣]硏|학자|"
    r"\b(?:experts?|analysts?|scholars?|professor|think[- ]tanks?|ex-officials?)\b|"
    r"専門家|教授|研究員|专家|学者|教授",
    re.I,
)
"""Somebody who comments on the news."""
_LATE = 0.2
_TOLD = {"c-confirmed": 0.15, "c-hypothetical": -0.15, "c-reported-anon": -0.15}
"""What happened leads before what somebody says of it, and that before what may come of it."""
_SHOWN = 2.0
_TELLING_FACETS = ("event", "topic", "actor", "org", "place")
_CUT = ("...", "…", "..", "…”", '…"')


def originals(view: StoryItems) -> list[Item]:
    """The reports without copies, earliest first."""
    kept = [i for i in view.items if i.duplicate_of is None]
    return sorted(kept, key=lambda i: (i.article.published_at, i.article.id))


def quotable(item: Item, most: int | None = None) -> str:
    """Up to two whole sentences of an article's summary, as far as its feed's rights allow; "" when
    there is none. `most`: characters.

    What the publisher itself has cut off within a sentence is left out.
    """
    allowed = MOST_CHARACTERS[item.feed.rights]
    limit = allowed if most is None else min(most, allowed)
    kept: list[str] = []
    summary = without_dateline(item.article.summary)
    for sentence in sentences(summary)[:SUMMARY_SENTENCES] if limit else ():
        if sentence.endswith(_CUT) or len(" ".join((*kept, sentence))) > limit:
            break
        kept.append(sentence)
    text = " ".join(kept)
    return text if len(text) >= SHORTEST_WHAT else ""


def issue_item(item: Item, taxonomy: Taxonomy) -> IssueItem:
    """One article as an issue keeps it."""
    article, feed = item.article, item.feed
    return IssueItem(
        article_id=article.id,
        title=without_revision(article.title),
        url=article.url,
        publisher=publisher_of(item.feed),
        perspective=feed.perspective,
        group=group_of(feed.perspective),
        language=article.language,
        kind=feed.kind,
        genre=item.judgement.genre,
        published_at=article.published_at,
        summary=quotable(item),
        tags=telling_tags(shown_tags(item), taxonomy)[:ITEM_TAGS],
        relays=item.judgement.relays,
    )


def shown_tags(item: Item) -> tuple[str, ...]:
    """What an article says it is about, as its tags are ordered."""
    tags = item.judgement.tags
    return tuple(t.slug for t in tags if t.score >= _SHOWN and t.method != "implied")


def telling_tags(slugs: Sequence[str], taxonomy: Taxonomy) -> tuple[str, ...]:
    """What happened before who did it; states say least and are left out."""
    facets = {slug: taxonomy[slug].facet for slug in slugs if slug in taxonomy}
    told = [slug for slug in slugs if facets.get(slug) in _TELLING_FACETS]
    return tuple(sorted(told, key=lambda slug: facets[slug] not in ("event", "topic")))


def issue_story(
    view: StoryItems, taxonomy: Taxonomy, editions: Sequence[str], *, weight: float = 0.0
) -> IssueStory:
    """The story, told in the first of `editions` that any of its reports is written in, else in its
    own language."""
    reports = originals(view)
    ordered = central(reports)
    tellings = tuple(
        _telling(items)
        for language in editions
        if (items := [i for i in ordered if i.article.language == language])
    )
    # A language that none of the editions is in: the story speaks for itself.
    chosen = tellings[0] if tellings else _telling(ordered)
    bearer = next(i for i in ordered if i.article.url == chosen.url)
    by_publisher = {publisher_of(bearer.feed): bearer}
    for item in ordered:
        by_publisher.setdefault(publisher_of(item.feed), item)
    voices = _voices(list(by_publisher.values()))
    return IssueStory(
        id=view.story.id,
        title=chosen.title,
        language=chosen.language,
        what=chosen.what,
        what_source=chosen.what_source,
        url=chosen.url,
        certainty=Counter(i.judgement.certainty for i in reports).most_common(1)[0][0],
        tags=view.story.tags[:STORY_TAGS],
        first=issue_item(reports[0], taxonomy),
        items=tuple(issue_item(i, taxonomy) for i in voices),
        coverage=coverage(view.items),
        articles=len(reports),
        section=section_of(view.story.tags[:STORY_TAGS]),
        weight=round(weight, 4),
        tellings=tellings,
        differs=view.story.differs,
        gist=telling_tags(view.story.tags, taxonomy)[:ITEM_TAGS],
    )


def is_beside_the_news(item: Item) -> bool:
    """A flash, a table, a market note, an expert's word: it leads no story that has others."""
    title = item.article.title
    if item.judgement.genre in FLEETING or item.feed.kind == "analysis":
        return True
    return bool(_MARGINAL.match(title) or _EXPERT.search(title))


def central(reports: Sequence[Item]) -> list[Item]:
    """The reports that say what most say before those that tell something of their own; of like
    ones the later, which knows what came of it."""
    times = [i.article.published_at for i in reports]
    first, span = min(times), max((max(times) - min(times)).total_seconds(), 3600.0)
    tags = {item.article.id: frozenset(shown_tags(item)) for item in reports}

    def agreement(item: Item) -> float:
        own = tags[item.article.id]
        others = [tags[i.article.id] for i in reports if i is not item]
        union = [len(own & other) / len(own | other) for other in others if own | other]
        return sum(union) / len(union) if union else 0.0

    def order(item: Item) -> tuple[bool, bool, float]:
        genre = item.judgement.genre
        told = _TOLD.get(item.judgement.certainty, 0.0)
        late = _LATE * (item.article.published_at - first).total_seconds() / span
        return genre in OPINION, is_beside_the_news(item), -round(agreement(item) + told + late, 3)

    return sorted(reports, key=order)


def _telling(items: Sequence[Item]) -> Telling:
    """The headline of the first; what happened, from the first that may be quoted."""
    bearer = items[0]
    quoted = next(
        (
            (text, publisher_of(i.feed))
            for i in items
            if i.judgement.genre not in FLEETING and (text := quotable(i))
        ),
        ("", ""),
    )
    return Telling(
        title=without_revision(bearer.article.title),
        language=bearer.article.language,
        url=bearer.article.url,
        publisher=publisher_of(bearer.feed),
        what=quoted[0],
        what_source=quoted[1],
    )


def _voices(items: Sequence[Item]) -> list[Item]:
    """At most MOST_ITEMS, earliest first: every capital's most telling report before any capital's
    second. The first of `items` bears the headline and is always among them.
    """
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, int]] = []
    for n, item in enumerate(items):
        group = group_of(item.feed.perspective)
        ranked.append((seen[group], n))
        seen[group] += 1
    kept = [items[n] for _, n in sorted(ranked)[:MOST_ITEMS]]
    return sorted(kept, key=lambda i: (i.article.published_at, i.article.id))
