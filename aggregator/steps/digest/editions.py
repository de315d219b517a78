"""A frozen issue -> the issue in one language, for one reader, short enough to be finished.

Nothing is written here: an edition chooses among what the issue holds.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from aggregator.model import Issue, IssueItem, IssueStory, Telling, Upcoming

WORDS_A_MINUTE = 230


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a letter holds at most, so that it can be read to its end."""

    sections: int = 4
    """Stories a section."""
    section_words: int = 80
    """Words of their headlines; the first story stands in any case."""
    stories: int = 18
    """In all sections together."""
    share: float = 0.12
    """Of the leading story's weight: what is lighter is left to the web copy."""
    related: int = 3
    quotations: int = 4
    analysis: int = 5
    scenarios: int = 2
    ritual: int = 4
    coming: int = 6


LETTER = Limits()


def edition(issue: Issue, language: str) -> Issue:
    """The issue as readers of a language get it: in its words where any report has them."""
    return replace(
        issue,
        language=language,
        opening=tuple(c for c in issue.opening if c.language == language),
        top=tuple(_told_in(s, language) for s in issue.top),
        sections=tuple(
            replace(part, stories=tuple(_told_in(s, language) for s in part.stories))
            for part in issue.sections
        ),
        coming=tuple(
            replace(each, tellings=(_preferred(each, language),)) for each in issue.coming
        ),
    )


def tailored(
    issue: Issue,
    *,
    topics: Collection[str] = (),
    groups: Collection[str] = (),
    languages: Collection[str] = (),
) -> Issue:
    """What one reader asked for; an empty choice is all. The leading story always stays.

    topics     slugs of sections
    groups     capitals of which at least one reports a story
    languages  in which at least one of its reports is written
    """
    if not (topics or groups or languages):
        return issue

    def wanted(story: IssueStory) -> bool:
        reports = {c.group for c in story.coverage}
        spoken = {i.language for i in story.items}
        return (
            (not topics or story.section in topics)
            and (not groups or bool(reports & set(groups)))
            and (not languages or bool(spoken & set(languages)))
        )

    def mine(items: Iterable[IssueItem]) -> tuple[IssueItem, ...]:
        return tuple(
            i
            for i in items
            if (not groups or i.group in groups) and (not languages or i.language in languages)
        )

    sections = tuple(
        replace(part, stories=tuple(s for s in part.stories if wanted(s)))
        for part in issue.sections
    )
    kept = tuple(s for n, s in enumerate(issue.top) if n == 0 or wanted(s))
    links = {s.url for s in kept} | {i.url for s in kept for i in s.items}
    return replace(
        issue,
        opening=tuple(c for c in issue.opening if c.url in links),
        top=kept,
        sections=tuple(part for part in sections if part.stories),
        quotations=tuple(
            q
            for q in issue.quotations
            if (not groups or "pyongyang" in groups or q.item.group in groups)
            and (not languages or q.item.language in languages)
        ),
        analysis=mine(issue.analysis),
        scenarios=mine(issue.scenarios),
        ritual=mine(issue.ritual),
    )


def finishable(issue: Issue, limits: Limits = LETTER) -> Issue:
    """The issue within its limits, whole stories and whole items; each section says how many it
    leaves to the web copy. Of all sections together the heaviest stories stay."""
    ranked = sorted(
        (s for part in issue.sections for s in part.stories), key=lambda s: (-s.weight, s.id)
    )
    least = limits.share * max((s.weight for s in issue.top), default=0.0)
    heavy = {s.id for s in ranked[: limits.stories] if s.weight >= least}
    sections = []
    for part in issue.sections:
        kept: list[IssueStory] = []
        spent = 0
        for story in part.stories:
            spent += words(story.title)
            if story.id in heavy and (not kept or spent <= limits.section_words):
                kept.append(replace(story, related=()))
        kept = kept[: limits.sections]
        more = len(part.stories) - len(kept)
        sections.append(replace(part, stories=tuple(kept), more=part.more + more))
    short = replace(
        issue,
        top=tuple(replace(s, related=s.related[: limits.related]) for s in issue.top),
        sections=tuple(sections),
        quotations=issue.quotations[: limits.quotations],
        analysis=issue.analysis[: limits.analysis],
        scenarios=issue.scenarios[: limits.scenarios],
        ritual=issue.ritual[: limits.ritual],
        coming=issue.coming[: limits.coming],
    )
    return replace(short, minutes=minutes(short))


def minutes(issue: Issue) -> int:
    """Time to read, at 230 words a minute."""
    texts = [c.text for c in issue.opening]
    for story in issue.top:
        texts += [story.title, story.what, *(i.title for i in story.items[:5])]
        texts += [s.title for s in story.related]
    texts += [s.title for part in issue.sections for s in part.stories]
    texts += [f"{q.words} {q.item.title}" for q in issue.quotations]
    texts += [i.title for i in (*issue.analysis, *issue.scenarios, *issue.ritual)]
    texts += [v.lead.title for v in issue.views if v.lead]
    texts += [p.texts.get(issue.language) or p.texts.get("en", "") for p in issue.past]
    texts += [t.title for each in issue.coming for t in each.tellings[:1]]
    texts += [f"{c.was} {c.current}" for c in issue.corrections]
    return max(1, math.ceil(sum(words(text) for text in texts) / WORDS_A_MINUTE))


def words(text: str) -> int:
    """Words of a text; two characters of Korean, Chinese or Japanese count as one."""
    wide = sum("\u2e80" < c < "\uffa0" for c in text)
    return len([w for w in text.split() if w.isascii()]) + math.ceil(wide / 2)


def _told_in(story: IssueStory, language: str) -> IssueStory:
    if story.related:
        story = replace(story, related=tuple(_told_in(s, language) for s in story.related))
    telling = next((t for t in story.tellings if t.language == language), None)
    if telling is None:
        return story
    return replace(
        story,
        title=telling.title,
        language=telling.language,
        url=telling.url,
        what=telling.what,
        what_source=telling.what_source,
    )


def _preferred(each: Upcoming, language: str) -> Telling:
    return next((t for t in each.tellings if t.language == language), each.tellings[0])
