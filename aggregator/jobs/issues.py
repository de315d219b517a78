"""Stories of a period -> an issue, published with a letter for each reader."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from aggregator.jobs import gate
from aggregator.model import Cadence, Issue, Ledger, Period
from aggregator.ports import Tools
from aggregator.steps import digest, periods, polling
from aggregator.steps.perspectives import group_of

log = logging.getLogger(__name__)

MOST_STORIES = 2_000
EARLIER = 6
"""Issues that a new one looks back on: no box is repeated within four weeks."""

LATE = "its time is over"


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
        item.article_id for issue in earlier[:1] for story in issue.heads for item in story.items
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
        # Nobody who turns to daily letters today wants those of the months before.
        latest = tools.clock() - tools.config.digest.expires
        made += _due(tools, "daily", max(wanted_since, latest))
    return tuple(made)


def _due(tools: Tools, cadence: Cadence, since: datetime | None) -> Iterator[Issue]:
    rules, now = tools.config.digest, tools.clock()
    covered = tools.store.covered_until(cadence)
    while due := periods.due(rules, since, covered, now, cadence):
        covered = due.period.end
        _, relevant, _ = tools.store.counts(due.period.start, due.period.end)
        if due.late and not relevant:
            continue  # the machine was off: a row of empty issues would help nobody
        if issue := _publish(tools, due.period, held=LATE if due.late else ""):
            yield issue


def _publish(tools: Tools, period: Period, *, held: str = "") -> Issue | None:
    """`held`: why its letters are to wait for the operator."""
    if tools.store.issue(period.name) is not None:
        return None
    issue = draft(tools, period)
    if not held and tools.store.audience():
        findings = gate.look_over(tools, issue)
        if why := gate.holds(findings):
            held = f"the check found: {why}"
    if not tools.store.publish_issue(issue, mailed=True, held=held):
        return None
    log.info("issue", extra={"period": period.name, "stories": issue.stories})
    if held and tools.store.audience():
        log.error(
            "the letters of %s are held, %s; see `aggregator digest check --week %s`, then "
            "`aggregator digest release`",
            period.name,
            held,
            period.name,
        )
    return issue
