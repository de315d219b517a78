"""Stories of a period -> an issue, published with a letter for each reader."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from aggregator.model import Cadence, Issue, Ledger, Period, Subscriber
from aggregator.ports import Tools
from aggregator.render.language import ENGLISH
from aggregator.render.mail import Body, body
from aggregator.steps import digest, periods, polling
from aggregator.steps.digest import editions
from aggregator.steps.perspectives import group_of

log = logging.getLogger(__name__)

MOST_STORIES = 2_000
EARLIER = 6
"""Issues that a new one looks back on: no box is repeated within four weeks."""


def draft(tools: Tools, period: Period) -> Issue:
    """The issue about `period` as it would be composed now; nothing is written."""
    config = tools.config
    # What was published before the week may have been seen in it: it is news as far as the backlog.
    since = period.start - config.digest.backlog
    told = tools.store.stories(limit=MOST_STORIES, since=since, until=period.end)
    return digest.compose(
        period,
        told,
        _ledger(tools, period),
        title=config.site.title,
        rules=config.digest,
        taxonomy=tools.taxonomy,
        now=tools.clock(),
        before=_before(tools, period),
    )


def _before(tools: Tools, period: Period) -> digest.Before:
    """The issues of the last weeks, and what their headlines say today."""
    earlier = tuple(
        issue
        for issue in tools.store.issues(EARLIER, period.cadence)
        if issue.period.end <= period.start
    )
    told = {
        item.article_id
        for issue in earlier[:1]
        for story in (*issue.top, *(s for part in issue.sections for s in part.stories))
        for item in story.items
    }
    titles = {id: found.article.title for id in sorted(told) if (found := tools.store.item(id))}
    return digest.Before(issues=earlier, titles=titles)


def _ledger(tools: Tools, period: Period) -> Ledger:
    now = tools.clock()
    seen, kept, merged = tools.store.counts(period.start, period.end)
    titles: dict[str, list[str]] = {"ok": [], "silent": [], "failing": [], "retired": [], "new": []}
    heard, asked = set(), set()
    for feed_id, state in sorted(tools.store.states().items()):
        feed = tools.feeds.get(feed_id)
        if feed is None:
            continue  # taken out of feeds.yaml since the last poll
        status = polling.status(state, now)
        titles[status].append(feed.title)
        asked.add(group_of(feed.perspective))
        if status in ("ok", "silent"):
            heard.add(group_of(feed.perspective))
    return Ledger(
        feeds_ok=len(titles["ok"]),
        feeds_silent=tuple(titles["silent"]),
        feeds_failed=tuple(titles["failing"] + titles["retired"]),
        seen=seen,
        kept=kept,
        merged=merged,
        heard=tuple(sorted(heard)),
        asked=tuple(sorted(asked)),
    )


def compose(tools: Tools, week: Period | None = None) -> tuple[Issue, ...]:
    """Publish every issue that is due (or the one asked for); returns those that are new.

    An issue past its window is published on the site; its letters are held for the operator. Days
    have issues only while somebody gets them.
    """
    if week is not None:
        return (issue,) if (issue := _publish(tools, week)) else ()
    made = list(_due(tools, "weekly", tools.store.installed_at()))
    wanted_since = tools.store.daily_since()
    if wanted_since is not None:
        made += _due(tools, "daily", wanted_since)
    return tuple(made)


def _due(tools: Tools, cadence: Cadence, since: datetime | None) -> Iterator[Issue]:
    rules, now = tools.config.digest, tools.clock()
    covered = tools.store.covered_until(cadence)
    while due := periods.due(rules, since, covered, now, cadence):
        covered = due.period.end
        _, relevant, _ = tools.store.counts(due.period.start, due.period.end)
        if due.late and not relevant:
            continue  # the machine was off: a row of empty issues would help nobody
        if issue := _publish(tools, due.period, held=due.late):
            yield issue


def _publish(tools: Tools, period: Period, *, held: bool = False) -> Issue | None:
    issue = draft(tools, period)
    published = tools.store.publish_issue(issue, mailed=True, held=held)
    if published:
        log.info("issue", extra={"period": period.name, "stories": issue.stories, "held": held})
    return issue if published else None


def render(tools: Tools, issue: Issue, reader: Subscriber | None = None) -> Body:
    """The letter in a reader's language with what they asked for, before it is made out to them.

    Without a reader: all of the issue, in English.
    """
    code = reader.language if reader and reader.language in tools.templates else ENGLISH.code
    wanted = editions.edition(issue, code)
    if reader is not None:
        wanted = editions.tailored(
            wanted, topics=reader.topics, groups=reader.groups, languages=reader.languages
        )
    return body(
        wanted,
        site=tools.config.site,
        mail=tools.config.mail,
        theme=tools.theme,
        env=tools.templates[code],
        say=tools.languages[code],
        taxonomy=tools.taxonomy,
    )
