"""a week's stories -> a frozen Issue.

choosing    which stories are the week's news, the weightiest first
telling     a story in the words of its reports
figures     the week in figures
capitals    what each capital made of it, silence included
pyongyang   statements and what is quoted of them
calendar    what is coming up
editions    the issue in one language, for one reader, short enough to be finished

Extractive: every sentence in an issue stands in one of its sources, whole, with its publisher.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from aggregator.model import (
    Clause,
    Correction,
    Issue,
    IssueItem,
    IssueStory,
    Item,
    Ledger,
    Past,
    Period,
    StoryItems,
    Theme,
)
from aggregator.rules import Digest
from aggregator.steps.copies import title_key, without_revision
from aggregator.steps.digest import calendar, capitals, editions, figures, pyongyang
from aggregator.steps.digest.choosing import (
    Weighed,
    folded,
    is_apart,
    is_ritual,
    ordered,
    themes_of,
    within,
)
from aggregator.steps.digest.telling import (
    OPINION,
    issue_item,
    issue_story,
    originals,
    shown_tags,
)
from aggregator.steps.perspectives import coverage
from aggregator.steps.sections import sections
from aggregator.steps.text import sentences
from aggregator.taxonomy import Taxonomy

TOP: Final = 5
EDITIONS: Final = ("en", "ko")
"""Languages in which an issue is told, the first one before the others where there is no choice."""
OPENING_WORDS: Final = 60
OPENING_CLAUSES: Final = 3
_CLAUSE_WORDS: Final = 30
MOST_ANALYSIS: Final = 12
MOST_SCENARIOS: Final = 4
MOST_RITUAL: Final = 8
MOST_CORRECTIONS: Final = 5
MOST_PAST: Final = 2
PAST_AGAIN: Final = timedelta(weeks=4)
"""A box is not shown again for so long."""
_PAST_DAYS: Final = 60
"""Younger events are news, not background."""
_THEME_STORIES: Final = 3
_WHAT_IF: Final = "g-what-if"


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What earlier issues said, for the one that follows them."""

    issues: Sequence[Issue] = ()
    """Of the same cadence, latest first."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Article of theirs -> its headline of today."""


def compose(
    period: Period,
    stories: Sequence[StoryItems],
    ledger: Ledger,
    *,
    title: str,
    rules: Digest,
    taxonomy: Taxonomy,
    now: datetime,
    before: Before = Before(),
    tongues: Sequence[str] = EDITIONS,
) -> Issue:
    """The issue about `period`. The same values give the same issue, in any order.

    `tongues`: the languages of its editions.
    """
    fresh = [s for s in (within(view, period, rules.backlog) for view in stories) if s]
    items = [i for view in fresh for i in view.items if i.duplicate_of is None]
    news = [view for view in fresh if not is_apart(view)]
    ritual = [view for view in news if is_ritual(view)]
    others = [view for view in fresh if is_apart(view) or is_ritual(view)]
    weighed = ordered([view for view in news if not is_ritual(view)], period, taxonomy)
    previous = next((i for i in before.issues if i.period.end <= period.start), None)
    counts = figures.theme_counts([themes_of(w.view, taxonomy) for w in weighed])
    parts = folded(weighed[: rules.stories], taxonomy)
    told = [
        replace(
            _told(leader, taxonomy, tongues),
            theme=_theme(leader, dict(counts), previous, taxonomy),
            related=tuple(_told(each, taxonomy, tongues) for each in followers),
        )
        for leader, followers in parts
    ]
    issue = Issue(
        period=period,
        title=title,
        opening=tuple(c for tongue in tongues for c in _opening(told, tongue)),
        figures=figures.figures(
            [s for each in told for s in (each, *each.related)], ledger.heard, previous
        ),
        top=tuple(told[:TOP]),
        sections=sections(told[TOP:]),
        views=capitals.views(weighed, others, taxonomy, heard=ledger.heard, asked=ledger.asked),
        quotations=pyongyang.quotations(
            weighed[: rules.stories], [i for v in others for i in v.items], taxonomy
        ),
        analysis=_reasoned(items, taxonomy, scenario=False)[:MOST_ANALYSIS],
        scenarios=_reasoned(items, taxonomy, scenario=True)[:MOST_SCENARIOS],
        past=_past([w.view for w in weighed[:TOP]], period, before.issues, taxonomy),
        coming=calendar.upcoming(
            [w.view for w in weighed], taxonomy.anniversaries, period, taxonomy, tongues
        ),
        ritual=tuple(issue_item(originals(v)[0], taxonomy) for v in ritual[:MOST_RITUAL]),
        corrections=_corrections(before),
        days=_days(items, period),
        coverage=coverage([i for view in fresh for i in view.items]),
        ledger=ledger,
        themes=counts[:40],
        stories=len(fresh),
        articles=len(items),
        composed_at=now,
    )
    return replace(issue, minutes=editions.minutes(issue))


def _told(weighed: Weighed, taxonomy: Taxonomy, tongues: Sequence[str]) -> IssueStory:
    return issue_story(weighed.view, taxonomy, tongues, weight=weighed.weight)


def _opening(told: Sequence[IssueStory], language: str) -> list[Clause]:
    """The lede: what the weightiest stories that have a report in this language say, one whole
    sentence each, else the headline."""
    clauses: list[Clause] = []
    spent = 0
    for story in told:
        telling = next((t for t in story.tellings if t.language == language), None)
        if telling is None:
            continue
        first = next(iter(sentences(telling.what)), "")
        text, source = telling.title, telling.publisher
        if first and editions.words(first) <= _CLAUSE_WORDS:
            text, source = first, telling.what_source
        if spent + editions.words(text) > OPENING_WORDS:
            continue
        spent += editions.words(text)
        clauses.append(Clause(text=text, language=language, url=telling.url, publisher=source))
        if len(clauses) == OPENING_CLAUSES:
            break
    return clauses


def _theme(
    weighed: Weighed, counts: Mapping[str, int], previous: Issue | None, taxonomy: Taxonomy
) -> Theme | None:
    """The theme of most stories that this one belongs to; None when it stands alone."""
    mine = sorted(themes_of(weighed.view, taxonomy), key=lambda slug: (-counts[slug], slug))
    if not mine or counts[mine[0]] < _THEME_STORIES:
        return None
    return Theme(tag=mine[0], stories=counts[mine[0]], before=figures.before(mine[0], previous))


def _reasoned(
    items: Iterable[Item], taxonomy: Taxonomy, *, scenario: bool
) -> tuple[IssueItem, ...]:
    """Analysis, or what-if pieces: the surest about Korea first, every publisher's first before any
    one's second."""
    kept: dict[str, Item] = {}
    for item in items:
        genre = item.judgement.genre
        if genre in OPINION and (genre == _WHAT_IF) == scenario:
            kept.setdefault(title_key(item.article.title), item)
    ranked = sorted(kept.values(), key=lambda i: (-i.judgement.verdict.score, i.article.id))
    seen: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    for n, item in enumerate(ranked):
        turns.append((seen[item.feed.id], n))
        seen[item.feed.id] += 1
    return tuple(issue_item(ranked[n], taxonomy) for _, n in sorted(turns))


def _past(
    views: Sequence[StoryItems], period: Period, earlier: Sequence[Issue], taxonomy: Taxonomy
) -> tuple[Past, ...]:
    """Boxes on what the leading stories go back to: one a story, none of the last four weeks."""
    shown = {
        box.slug
        for issue in earlier
        if period.start - issue.period.start <= PAST_AGAIN
        for box in issue.past
    }
    found: list[Past] = []
    for view in views:
        named = Counter(
            slug
            for item in view.items
            for slug in shown_tags(item)
            if slug in taxonomy.background and slug not in shown
        )
        for slug, _ in sorted(named.items(), key=lambda pair: (-pair[1], pair[0])):
            begun = taxonomy[slug].when.partition("..")[0]
            try:
                age = (view.story.first_at.date() - date.fromisoformat(begun)).days
            except ValueError:  # known by its year or month only: long ago
                age = _PAST_DAYS + 1
            if age > _PAST_DAYS:
                shown.add(slug)
                found.append(
                    Past(
                        slug=slug,
                        when=taxonomy[slug].when,
                        texts=dict(taxonomy.background[slug]),
                        story=view.story.id,
                    )
                )
                break
    return tuple(found[:MOST_PAST])


def _corrections(before: Before) -> tuple[Correction, ...]:
    """Headlines of the issue before that were changed since; marks of revision are no change."""
    found: dict[str, Correction] = {}
    for issue in before.issues[:1]:
        for item in (i for s in issue.heads for i in s.items):
            now = before.titles.get(item.article_id, item.title)
            if title_key(now) != title_key(item.title):
                found[item.article_id] = Correction(
                    was=item.title,
                    current=without_revision(now),
                    item=item,
                    period=issue.period.name,
                )
    return tuple(list(found.values())[:MOST_CORRECTIONS])


def _days(items: Sequence[Item], period: Period) -> tuple[tuple[str, int], ...]:
    """Articles a local day, every day of the period, empty ones too."""
    zone = ZoneInfo(period.timezone)
    counted = Counter(i.article.seen_at.astimezone(zone).date() for i in items)
    day, end = period.start.astimezone(zone).date(), period.end.astimezone(zone).date()
    days = [day + timedelta(days=n) for n in range((end - day).days)]
    return tuple((each.isoformat(), counted[each]) for each in days)
