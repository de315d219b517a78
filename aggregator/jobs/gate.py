"""An issue that is about to be mailed -> what speaks against it. An error holds its letters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aggregator.errors import AggregatorError
from aggregator.jobs.letters import compose_letter, render
from aggregator.model import Finding, Issue, IssueItem, Look, SpamScore, Subscriber
from aggregator.ports import Tools
from aggregator.render.lint import lint
from aggregator.steps.digest import EDITIONS

MOST_SPAM = 2.0
"""Of 5.0, from which most of SpamAssassin's users take a letter for spam."""
READER = Subscriber(id="check", address="reader@example.org")


def look_over(tools: Tools, issue: Issue, folder: Path | None = None) -> tuple[Finding, ...]:
    """Every edition of the issue as it would be sent, errors first.

    Pictures go to `folder` (or DATA/looks), where Chromium is installed. What is not installed, or
    not wanted (`digest.look`), is not asked.
    """
    found = list(_links(tools, issue))
    for language in EDITIONS:
        if language in tools.templates:
            found += _edition(tools, issue, language, folder or tools.pictures)
    return tuple(sorted(found, key=lambda f: (f.severity, f.number, f.what)))


def holds(findings: tuple[Finding, ...]) -> str:
    """Why the letters are held, in one line; "" when they may go."""
    return "; ".join(f"[{f.number}] {f.what}" for f in findings if f.severity == "error")


def _edition(tools: Tools, issue: Issue, language: str, folder: Path) -> Iterator[Finding]:
    def told(finding: Finding) -> Finding:
        return Finding(
            number=finding.number, what=f"{language}: {finding.what}", severity=finding.severity
        )

    reader = Subscriber(id=READER.id, address=READER.address, language=language)
    try:
        made = render(tools, issue, reader)
        message = compose_letter(tools, issue, made, reader).message
    except AggregatorError as error:
        yield told(Finding(number=17, what=str(error)))
        return
    yield from map(told, lint(message))
    if not tools.config.digest.look:
        return
    if tools.spam_score is not None:
        yield from map(told, _spam(tools.spam_score(message)))
    if tools.looks is not None:
        for look in tools.looks(made.html, folder, f"{issue.period.name}-{language}"):
            yield from map(told, _seen(look))


def _spam(score: SpamScore | str) -> Iterator[Finding]:
    if isinstance(score, str):
        yield Finding(number=40, what=score, severity="warning")
    elif score.score > 0:
        what = f"SpamAssassin gives it {score.score:g} ({', '.join(score.rules)})"
        severe = score.score > MOST_SPAM
        yield Finding(number=40, what=what, severity="error" if severe else "warning")


def _seen(look: Look | str) -> Iterator[Finding]:
    if isinstance(look, str):
        yield Finding(number=37, what=look, severity="warning")
    elif look.seen_width > look.width:
        yield Finding(number=37, what=f"at {look.width} px it is {look.seen_width} px wide")


def _links(tools: Tools, issue: Issue) -> Iterator[Finding]:
    """What the letter leads to must be in the store: an article may have been judged anew since."""
    for story in issue.told:
        if tools.store.story(story.id) is None:
            yield Finding(number=16, what=f"there is no page for the story {story.title[:60]!r}")
    items: list[IssueItem] = [i for story in issue.told for i in (story.first, *story.items)]
    items += [*issue.analysis, *issue.scenarios, *issue.ritual]
    items += [q.item for q in issue.quotations]
    for item in {i.article_id: i for i in items}.values():
        if tools.store.item(item.article_id) is None:
            yield Finding(number=16, what=f"an article is gone from the store: {item.title[:60]!r}")
    for box in issue.past:
        if box.slug not in tools.taxonomy:
            what = f"the background names a tag that is off: {box.slug}"
            yield Finding(number=16, what=what)
