"""Stories of a week -> an issue -> letters that are handed over."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.errors import NotFound
from aggregator.jobs.bounces import refused, returning
from aggregator.model import Cadence, Issue, Ledger, Mail, MailState, OutboxItem, Period, Subscriber
from aggregator.ports import Send, Tools
from aggregator.render.language import ENGLISH
from aggregator.render.letter import letter
from aggregator.render.mail import Body, body
from aggregator.steps import delivery, digest, periods, polling, tokens
from aggregator.steps.digest import editions
from aggregator.steps.perspectives import group_of

log = logging.getLogger(__name__)

MAIL_LEASE = timedelta(minutes=15)
"""Above the ten minutes that RFC 5321 gives a server to answer the final dot."""
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

    An issue past its window is published on the site and held from the mail. Days have issues only
    while somebody gets them.
    """
    if week is not None:
        return (issue,) if (issue := _publish(tools, week, mailed=True)) else ()
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
        if issue := _publish(tools, due.period, mailed=not due.late):
            yield issue


def _publish(tools: Tools, period: Period, *, mailed: bool) -> Issue | None:
    issue = draft(tools, period)
    published = tools.store.publish_issue(issue, mailed=mailed)
    if published:
        log.info("issue", extra={"period": period.name, "stories": issue.stories, "mailed": mailed})
    return issue if published else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came of the letters that waited."""

    states: dict[MailState, int]

    @property
    def total(self) -> int:
        return sum(self.states.values())


def deliver(tools: Tools, stopping: Callable[[], bool] = lambda: False) -> Delivery:
    """Hand over every letter that waits, over a few connections side by side."""
    connections = 1 if tools.mail_is_file else tools.config.mail.connections
    with ThreadPoolExecutor(connections, thread_name_prefix="mail") as pool:
        counts = [
            f.result()
            for f in [pool.submit(_connection, tools, stopping) for _ in range(connections)]
        ]
    return Delivery(states=dict(sum(counts, Counter())))


def _connection(tools: Tools, stopping: Callable[[], bool]) -> Counter[MailState]:
    """Send until nothing waits. One row is claimed at a time: a crash strands no second one."""
    done: Counter[MailState] = Counter()
    rendered: dict[tuple[object, ...], tuple[Issue, Body]] = {}
    send = tools.open_mail()
    try:
        while not stopping():
            claimed = tools.store.claim_mail(tools.clock(), MAIL_LEASE, 1)
            if not claimed:
                break
            for item in claimed:
                reader = item.subscriber
                asked = (
                    item.period,
                    reader.language,
                    reader.topics,
                    reader.groups,
                    reader.languages,
                )
                if asked not in rendered:
                    rendered[asked] = _rendered(tools, item)
                done[_send_one(tools, send, item, *rendered[asked])] += 1
    finally:
        send.close()
    return done


def _rendered(tools: Tools, item: OutboxItem) -> tuple[Issue, Body]:
    issue = tools.store.issue(item.period)
    if issue is None:
        raise NotFound(f"the letter {item.id} belongs to an issue that is not stored")
    return issue, render(tools, issue, item.subscriber)


def _send_one(tools: Tools, send: Send, item: OutboxItem, issue: Issue, made: Body) -> MailState:
    held = True

    def before_dot() -> bool:
        nonlocal held
        held = tools.store.mark_dot(item.id)
        return held

    result = send(compose_letter(tools, issue, made, item.subscriber), before_dot)
    if not held:  # unsubscribed meanwhile, or the lease went to somebody else: not ours to settle
        return "suppressed"
    settlement = delivery.settle(item, result, tools.config.mail, tools.clock())
    tools.store.settle_mail(item.id, settlement, tools.clock())
    refused(tools, item.id, result, settlement)
    log.info("letter", extra={"letter": item.id, "state": settlement.state, "code": result.code})
    return settlement.state


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


def compose_letter(tools: Tools, issue: Issue, made: Body, subscriber: Subscriber) -> Mail:
    """The finished letter of one reader: the same bytes at every attempt."""
    made_out = letter(
        issue,
        made,
        subscriber,
        site=tools.config.site,
        mail=tools.config.mail,
        token=tokens.make(tools.secret, "unsubscribe", subscriber.id),
        preferences=tokens.make(tools.secret, "preferences", subscriber.id),
    )
    return returning(tools, made_out)
