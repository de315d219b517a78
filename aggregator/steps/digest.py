"""a week's stories -> a frozen Issue.

Extractive: every sentence in an issue stands in one of its sources, whole, with its publisher.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aggregator.model import (
    Issue,
    IssueItem,
    IssueStory,
    Item,
    Ledger,
    Period,
    StoryItems,
)
from aggregator.rules import Digest, Site
from aggregator.steps import ranking
from aggregator.steps.periods import span
from aggregator.steps.perspectives import coverage, group_of
from aggregator.steps.sections import sections
from aggregator.steps.text import sentences, shorten, without_dateline
from aggregator.taxonomy import Taxonomy

TOP = 5
WHAT_CHARACTERS = 320
SHORTEST_WHAT = 20
"""Flashes come with a summary of "(" or "…": nothing to quote."""
SUMMARY_CHARACTERS = 200
MOST_ITEMS = 8
"""Publishers listed with one story; the rest is on the story's page."""
WORDS_A_MINUTE = 230
LEADING_TAGS = 4
STORY_TAGS = 8
THEME = 0.35
THEME_REPORTS = 3
"""A single report, exclusive as it may be, does not speak for a theme."""
MATTERS = ("topic", "event")

OPINION = frozenset({"g-oped", "g-editorial", "g-analysis", "g-what-if", "g-explainer"})
STATEMENTS = frozenset({"g-dprk-statement", "g-state-media"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Weighed:
    """A story with the week's weight on it."""

    view: StoryItems
    weight: float


def compose(
    period: Period,
    stories: Sequence[StoryItems],
    ledger: Ledger,
    *,
    site: Site,
    rules: Digest,
    taxonomy: Taxonomy,
    now: datetime,
) -> Issue:
    """The issue about `period`. The same values give the same issue."""
    fresh = [s for s in (_within(view, period, rules.backlog) for view in stories) if s]
    items = [i for view in fresh for i in view.items if i.duplicate_of is None]
    news = [view for view in fresh if not _apart(view)]
    ritual = [view for view in news if _is_ritual(view)]
    weighed = _ordered([view for view in news if view not in ritual], period, taxonomy)
    weighed = weighed[: rules.stories]
    told = [_issue_story(w.view) for w in weighed]
    top = tuple(told[:TOP])
    statements = _items((i for v in fresh for i in v.items if _is_statement(i)), 6)
    analysis = _items((i for v in fresh for i in v.items if i.judgement.genre in OPINION), 8)
    return Issue(
        period=period,
        subject=_subject(period, site, len(fresh), len(items)),
        lede=tuple((story.title, story.first.url) for story in top[:3]),
        top=top,
        sections=sections(told[TOP:]),
        statements=statements,
        analysis=analysis,
        ritual=tuple(_issue_item(v.items[0]) for v in ritual[:6]),
        days=_days(items, period),
        coverage=coverage([i for view in fresh for i in view.items]),
        ledger=ledger,
        stories=len(fresh),
        articles=len(items),
        minutes=_minutes(told, statements, analysis),
        composed_at=now,
    )


def _within(view: StoryItems, period: Period, backlog: timedelta) -> StoryItems | None:
    """The story as far as it is this week's news: archive items and later reports fall away."""
    items = tuple(
        i
        for i in view.items
        if i.article.seen_at < period.end and i.article.seen_at - i.article.published_at <= backlog
    )
    if not (period.start <= view.story.seen_at < period.end):
        return None
    originals = {i.article.id for i in items if i.duplicate_of is None}
    kept = tuple(i for i in items if i.duplicate_of is None or i.duplicate_of in originals)
    return StoryItems(story=view.story, items=kept) if originals else None


def _originals(view: StoryItems) -> list[Item]:
    return [i for i in view.items if i.duplicate_of is None]


def _apart(view: StoryItems) -> bool:
    """Opinion, or statements that nobody reports: they have places of their own."""
    return all(i.judgement.genre in OPINION or _is_statement(i) for i in _originals(view))


def _is_statement(item: Item) -> bool:
    """State media speaking for itself. A wire that quotes it is news."""
    return item.judgement.genre in STATEMENTS and group_of(item.feed.perspective) == "pyongyang"


def _is_ritual(view: StoryItems) -> bool:
    tags = view.story.tags
    return "dprk-ritual" in tags[:3] and len(view.story.coverage) < 3


def _ordered(views: Sequence[StoryItems], period: Period, taxonomy: Taxonomy) -> list[_Weighed]:
    """Heaviest first: perspectives times importance, and the week's themes.

    What many stories turn around is a theme, though each of them may be small: before a summit
    every desk writes one more preview. Its weightiest story speaks for all of them and gains by the
    logarithm of their number; the others stand for themselves.
    """
    weights = {view.story.id: _weight(view, period, taxonomy) for view in views}
    told: dict[str, list[str]] = {}
    for view in sorted(views, key=lambda v: (-weights[v.story.id], v.story.id)):
        for slug in view.story.tags[:LEADING_TAGS]:
            if slug in taxonomy and taxonomy[slug].anchor and taxonomy[slug].facet in MATTERS:
                told.setdefault(slug, []).append(view.story.id)
    reports = {view.story.id: len(_originals(view)) for view in views}
    for about in told.values():
        speaker = next((id for id in about if reports[id] >= THEME_REPORTS), None)
        if speaker is not None:
            weights[speaker] *= 1 + THEME * math.log2(len(about))
    weighed = [_Weighed(view=view, weight=weights[view.story.id]) for view in views]
    return sorted(weighed, key=lambda w: (-w.weight, w.view.story.id))


def _weight(view: StoryItems, period: Period, taxonomy: Taxonomy) -> float:
    """Perspectives times importance; within a week freshness only breaks near ties."""
    originals = _originals(view)
    value, _ = ranking.weight(originals, coverage(view.items), view.story.tags, taxonomy)
    last = max(i.article.published_at for i in originals)
    age = max(timedelta(0), period.end - last) / timedelta(days=7)
    return value * (1 - 0.15 * min(age, 1.0))


def _issue_item(item: Item) -> IssueItem:
    article, feed = item.article, item.feed
    quotable = feed.rights != "title"
    return IssueItem(
        article_id=article.id,
        title=article.title,
        url=article.url,
        publisher=_publisher(item),
        perspective=feed.perspective,
        group=group_of(feed.perspective),
        language=article.language,
        kind=feed.kind,
        genre=item.judgement.genre,
        published_at=article.published_at,
        summary=shorten(without_dateline(article.summary), SUMMARY_CHARACTERS) if quotable else "",
    )


def _items(items: Iterable[Item], most: int) -> tuple[IssueItem, ...]:
    """Latest first, one a headline."""
    kept: dict[str, Item] = {}
    for item in items:
        if item.duplicate_of is None:
            kept.setdefault(item.article.title.casefold(), item)
    latest = sorted(kept.values(), key=lambda i: (i.article.published_at, i.article.id))
    return tuple(_issue_item(i) for i in reversed(latest[-most:]))


def _issue_story(view: StoryItems) -> IssueStory:
    originals = sorted(_originals(view), key=lambda i: (i.article.published_at, i.article.id))
    headline = _headline(view, originals)
    by_publisher = {_publisher(headline): headline}
    for item in originals:
        by_publisher.setdefault(_publisher(item), item)
    voices = _voices(list(by_publisher.values()))
    what, what_source = _what([headline, *voices])
    return IssueStory(
        id=view.story.id,
        title=headline.article.title,
        language=headline.article.language,
        what=what,
        what_source=what_source,
        certainty=Counter(i.judgement.certainty for i in originals).most_common(1)[0][0],
        tags=view.story.tags[:STORY_TAGS],
        first=_issue_item(originals[0]),
        items=tuple(_issue_item(i) for i in voices),
        coverage=coverage(view.items),
        articles=len(originals),
    )


def _publisher(item: Item) -> str:
    return item.feed.publisher or item.feed.title or item.feed.id


def _voices(items: Sequence[Item]) -> list[Item]:
    """At most MOST_ITEMS, earliest first: every capital's first before any capital's second.

    The first of `items` bears the headline and is always among them.
    """
    seen: Counter[str] = Counter()
    ranked: list[tuple[int, int]] = []
    for n, item in enumerate(items):
        group = group_of(item.feed.perspective)
        ranked.append((seen[group], n))
        seen[group] += 1
    kept = [items[n] for _, n in sorted(ranked)[:MOST_ITEMS]]
    return sorted(kept, key=lambda i: (i.article.published_at, i.article.id))


def _headline(view: StoryItems, originals: Sequence[Item]) -> Item:
    """The story's own headline if it is English; else an English member's; else the original."""
    own = [i for i in originals if i.article.title == view.story.title]
    english = [i for i in originals if i.article.language == "en"]
    plain = [i for i in english if i.judgement.genre not in OPINION]
    if own and own[0].article.language == "en":
        return own[0]
    return (plain or english or own or list(originals))[0]


def _what(items: Sequence[Item]) -> tuple[str, str]:
    """Up to two whole sentences of the first item that may be quoted in the headline's language."""
    language = items[0].article.language
    for item in items:
        article = item.article
        if item.feed.rights == "title" or article.language != language or not article.summary:
            continue
        summary = without_dateline(article.summary)
        if len(summary) < SHORTEST_WHAT:
            continue
        kept: list[str] = []
        length = 0
        for sentence in sentences(summary)[:2]:
            if sentence.endswith(("...", "…")) and kept:
                break
            if length + len(sentence) > WHAT_CHARACTERS:
                break
            kept.append(sentence)
            length += len(sentence)
        text = " ".join(kept) or shorten(summary, WHAT_CHARACTERS)
        return text, _publisher(item)
    return "", ""


def _days(items: Sequence[Item], period: Period) -> tuple[tuple[str, int], ...]:
    """Articles a local day, every day of the period, empty ones too."""
    zone = ZoneInfo(period.timezone)
    counted = Counter(i.article.seen_at.astimezone(zone).date() for i in items)
    first = period.start.astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range(7)]
    return tuple((day.isoformat(), counted[day]) for day in days)


def _subject(period: Period, site: Site, stories: int, articles: int) -> str:
    counts = (
        f"{stories} {'story' if stories == 1 else 'stories'}, "
        f"{articles} {'article' if articles == 1 else 'articles'}"
    )
    return f"{site.title} · {span(period)} · {counts}"


def _minutes(
    stories: Sequence[IssueStory], statements: Sequence[IssueItem], analysis: Sequence[IssueItem]
) -> int:
    """Time to read, at 230 words a minute; a CJK character counts as half a word."""
    texts = [f"{s.title} {s.what}" for s in stories[:TOP]] + [s.title for s in stories[TOP:]]
    texts += [f"{i.title} {i.summary}" for i in (*statements, *analysis)]
    words = sum(
        len(text.split()) + sum(1 for c in text if "\u2e80" < c < "\uffa0") / 2 for text in texts
    )
    return max(1, math.ceil(words / WORDS_A_MINUTE))
