"""Where steps meet edges: a handful of short functions that a host calls when and where it likes.

The truth is in the tables. To lose or to double a job is harmless.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from aggregator import pipeline
from aggregator.errors import NotAFeed, NotFound
from aggregator.model import (
    Answer,
    Exchange,
    Failure,
    Feed,
    FeedHealth,
    FeedState,
    Fetched,
    FetchFailed,
    HubSubscription,
    IngestPlan,
    Issue,
    Ledger,
    Mail,
    MailState,
    NotModified,
    OutboxItem,
    Outcome,
    Period,
    Reading,
    Subscriber,
    Validators,
    Visit,
    VisitReport,
)
from aggregator.ports import Send, Tools
from aggregator.render.mail import Body, body, letter
from aggregator.steps import (
    dedup,
    delivery,
    digest,
    periods,
    polling,
    stories,
    tokens,
    websub,
)
from aggregator.steps import health as feed_health

log = logging.getLogger(__name__)

FETCH_LEASE = timedelta(minutes=30)
"""Far above the deadline of a visit: an older outcome must not overwrite a newer one."""
MAIL_LEASE = timedelta(minutes=15)
"""Above the ten minutes that RFC 5321 gives a server to answer the final dot."""
MOST_STORIES = 2_000
_CLAIM = 500
_HUBS_AT_ONCE = 20
_NO_LEASE = datetime(1970, 1, 1, tzinfo=UTC)
"""No feed is ever due then: a plan with this lease writes articles and leaves the polling alone."""


def register(tools: Tools, *, spread: bool = False) -> None:
    """Make the configured feeds known; with `spread` the first visits are no burst."""
    now, feeds = tools.clock(), tuple(tools.feeds.values())
    first = {}
    if spread:
        fresh = tools.store.installed_at() is None
        first = polling.first_checks(tools.feeds, now, tools.config.polling, fresh=fresh)
    tools.store.register(feeds, now, first)


def claim(tools: Tools, *, all_feeds: bool = False) -> tuple[Visit, ...]:
    """Lease the feeds that are due (or all of them); nobody else gets them meanwhile."""
    limit = len(tools.feeds) if all_feeds else _CLAIM
    states = tools.store.claim(tools.clock(), FETCH_LEASE, limit, all_feeds=all_feeds)
    return tuple(Visit(feed=tools.feeds[s.feed_id], state=s) for s in states)


async def ask(tools: Tools, visit: Visit) -> Answer:
    """Ask the publisher: the first half of a visit."""
    address = polling.address(visit.state, visit.feed)
    return await tools.fetch(address, polling.validators(visit.state, visit.feed))


def news(visit: Visit, answer: Answer) -> Fetched | None:
    """The answer if it is a body that we have not seen, to be `ingest`ed; all else is `settle`d."""
    if isinstance(answer, Fetched) and answer.body_hash != visit.state.body_hash:
        return answer
    return None


def settle(tools: Tools, visits: Sequence[tuple[Visit, Answer]]) -> list[VisitReport]:
    """Write when to come again after visits without news, all in one transaction."""
    now = tools.clock()
    states = [
        polling.after(visit.state, answer, visit.feed, tools.config.polling, now)
        for visit, answer in visits
    ]
    tools.store.settle(
        [
            (state, visit.state.next_check_at)
            for (visit, _), state in zip(visits, states, strict=True)
        ]
    )
    return [
        _logged(_without_articles(answer, state))
        for (_, answer), state in zip(visits, states, strict=True)
    ]


def ingest(tools: Tools, visit: Visit, fetched: Fetched) -> VisitReport:
    """A body that we have not seen: read, tag and judge what is fresh in it, write once."""
    now = tools.clock()
    try:
        reading = tools.read(fetched, visit.feed, now, visit.state.entries)
    except NotAFeed as error:
        (report,) = settle(tools, [(visit, FetchFailed(why=Failure.CONTENT, detail=str(error)))])
        return report
    known = tools.store.known(visit.feed.id, reading)
    plan = pipeline.decide(visit, fetched, reading, known, tools.taxonomy, tools.config, now)
    new = tools.store.apply(plan)
    _note_hub(tools, visit.feed, websub.named(fetched, reading), now)
    return _logged(_of_articles(reading, plan, new, plan.state.next_check_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One visit of which nothing was stored, step by step."""

    visit: Visit
    asked: str
    """The address that was asked first."""
    exchanges: tuple[Exchange, ...]
    answer: Answer
    """A failure also when the body was no feed."""
    fetched: Fetched | None = None
    """The body, if one came, be it a feed or not."""
    unchanged: bool = False
    """The very bytes of the last visit: a poll would leave them unread."""
    reading: Reading | None = None
    new: int = 0
    edited: int = 0
    decision: polling.Decision


async def check(tools: Tools, feed: Feed) -> Checked:
    """Visit a feed as a poll would, but without validators, and store nothing."""
    now, rules = tools.clock(), tools.config.polling
    state = (await asyncio.to_thread(tools.store.states)).get(feed.id)
    visit = Visit(feed=feed, state=state or FeedState(feed_id=feed.id, next_check_at=now))
    asked = polling.address(visit.state, feed)
    answer, exchanges = await tools.fetch.traced(asked, Validators())
    found = Checked(
        visit=visit,
        asked=asked,
        exchanges=exchanges,
        answer=answer,
        decision=polling.explain(visit.state, answer, feed, rules, tools.clock()),
    )
    if not isinstance(answer, Fetched):
        return found
    return await asyncio.to_thread(_read_checked, tools, found, answer)


def _read_checked(tools: Tools, found: Checked, fetched: Fetched) -> Checked:
    feed, state, now = found.visit.feed, found.visit.state, tools.clock()
    result: polling.Result
    try:
        reading = tools.read(fetched, feed, now, None)
    except NotAFeed as error:
        result = FetchFailed(why=Failure.CONTENT, detail=str(error))
        decision = polling.explain(state, result, feed, tools.config.polling, now)
        return replace(found, fetched=fetched, answer=result, decision=decision)
    fresh = dedup.fresh(reading, tools.store.known(feed.id, reading))
    unchanged = news(found.visit, fetched) is None
    result = fetched if unchanged else polling.parsed(fetched, reading, len(fresh.new))
    return replace(
        found,
        fetched=fetched,
        unchanged=unchanged,
        reading=websub.named(fetched, reading),
        new=len(fresh.new),
        edited=len(fresh.edited),
        decision=polling.explain(state, result, feed, tools.config.polling, now),
    )


def health(tools: Tools) -> tuple[FeedHealth, ...]:
    """How each configured feed is doing, in the order of the configuration."""
    states, now = tools.store.states(), tools.clock()
    return tuple(
        feed_health.health(
            feed, states.get(feed.id) or FeedState(feed_id=feed.id, next_check_at=now), now
        )
        for feed in tools.feeds.values()
    )


def _without_articles(answer: Answer, state: FeedState) -> VisitReport:
    match answer:
        case Fetched():
            outcome, detail = Outcome.UNCHANGED, ""
        case NotModified():
            outcome, detail = Outcome.NOT_MODIFIED, ""
        case FetchFailed(detail=detail):
            outcome = Outcome.FAILED
    return VisitReport(
        feed_id=state.feed_id, outcome=outcome, detail=detail, next_check_at=state.next_check_at
    )


def _of_articles(
    reading: Reading, plan: IngestPlan, new: int, next_check_at: datetime | None = None
) -> VisitReport:
    return VisitReport(
        feed_id=plan.feed_id,
        outcome=Outcome.OK,
        entries=len(reading.articles) + reading.unchanged,
        new=new,
        edited=len(plan.edited),
        relevant=sum(j.judgement.verdict.relevant for j in plan.new),
        next_check_at=next_check_at,
    )


def _logged(report: VisitReport) -> VisitReport:
    log.info(
        "visit",
        extra={
            "feed": report.feed_id,
            "outcome": report.outcome.value,
            "detail": report.detail,
            "entries": report.entries,
            "new": report.new,
        },
    )
    return report


# ── hubs ─────────────────────────────────────────────────────────────────────────────────────────


def hubs_can_reach(tools: Tools) -> bool:
    """Whether feeds may be pushed to us: wished for, and the site has a public address."""
    rules = tools.config.polling
    return (
        rules.websub
        and not tools.replay
        and websub.reachable(tools.config.site.url, allow_private=rules.allow_private_networks)
    )


def _note_hub(tools: Tools, feed: Feed, reading: Reading, now: datetime) -> None:
    """Keep in mind which hub a feed names; `subscribe_hubs` does the rest."""
    if not hubs_can_reach(tools):
        return
    held = tools.store.hubs(feed.id)
    for subscription in websub.outdated(held, reading):
        tools.store.change_hub(subscription, websub.ended(subscription, now))
    if websub.announced(reading) and not websub.holds(held, reading):
        tools.store.add_hub(
            websub.new(feed.id, reading, token=tools.random(), secret=tools.random(), now=now)
        )


async def subscribe_hubs(tools: Tools) -> int:
    """Ask every hub that is due: subscribe, renew, or take leave; returns how many were asked."""
    if not hubs_can_reach(tools):
        return 0
    asked = await asyncio.to_thread(_due_hubs, tools)
    await asyncio.gather(*(_ask_hub(tools, subscription) for subscription in asked))
    return len(asked)


def _due_hubs(tools: Tools) -> list[HubSubscription]:
    """Mark who is due as asked, before the request: a hub may verify before it answers."""
    now = tools.clock()
    held = tools.store.hubs()
    if orphans := websub.orphans(held, tools.feeds):
        for orphan in orphans:
            tools.store.change_hub(orphan, websub.ended(orphan, now))
        held = tools.store.hubs()
    marked = []
    for subscription in websub.due(held, now)[:_HUBS_AT_ONCE]:
        if websub.forgettable(subscription, now):
            tools.store.forget_hub(subscription.token)
            continue
        after = websub.asked(subscription, now)
        if tools.store.change_hub(subscription, after):
            marked.append(after)
    return marked


async def _ask_hub(tools: Tools, subscription: HubSubscription) -> None:
    form = websub.form(subscription, tools.config.site.url)
    answer = await tools.ask_hub(subscription.hub, form)
    after = websub.answered(subscription, answer)
    if after != subscription:  # if the hub has verified meanwhile, that counts
        await asyncio.to_thread(tools.store.change_hub, subscription, after)
    log.info(
        "hub",
        extra={
            "feed": subscription.feed_id,
            "hub": subscription.hub,
            "mode": subscription.mode,
            "accepted": answer.accepted,
            "detail": answer.detail,
        },
    )


def receive(tools: Tools, feed: Feed, fetched: Fetched) -> VisitReport:
    """Take in what a hub delivered. When to poll, and with which validators, stays as it is."""
    try:
        reading = tools.read(fetched, feed, tools.clock(), None)
    except NotAFeed as error:
        return VisitReport(feed_id=feed.id, outcome=Outcome.FAILED, detail=str(error))
    return _take_in(tools, feed, fetched, reading)


async def backfill(
    tools: Tools, feed: Feed, pages: int, each: Callable[[str, VisitReport], None]
) -> None:
    """Follow a feed's links to its earlier pages (RFC 5005), at most `pages` documents in all.

    `each` hears the address and the outcome of every page. Ends with the first page that fails,
    names no earlier one, or was read before. Nothing changes in when the feed is polled.
    """
    state = tools.store.states()[feed.id]
    address, seen = polling.address(state, feed), set[str]()
    while address and address not in seen and len(seen) < pages:
        if seen:
            gap = polling.host_gap(address, tools.config.polling)
            await asyncio.sleep(gap.total_seconds())
        seen.add(address)
        page, address = address, ""
        match await tools.fetch(page, Validators()):
            case Fetched() as fetched:
                try:
                    reading = await asyncio.to_thread(
                        tools.read, fetched, feed, tools.clock(), None
                    )
                except NotAFeed as error:
                    each(page, _failed(feed, str(error)))
                    return
                each(page, await asyncio.to_thread(_take_in, tools, feed, fetched, reading))
                address = reading.earlier
            case NotModified():
                each(page, _failed(feed, "answered 304 although no validators were sent"))
            case FetchFailed(detail=detail):
                each(page, _failed(feed, detail))


def _failed(feed: Feed, detail: str) -> VisitReport:
    return VisitReport(feed_id=feed.id, outcome=Outcome.FAILED, detail=detail)


def _take_in(tools: Tools, feed: Feed, fetched: Fetched, reading: Reading) -> VisitReport:
    """Write the articles of a document that no poll brought; the state of polling stays."""
    now = tools.clock()
    state = replace(tools.store.states()[feed.id], next_check_at=_NO_LEASE)
    known = tools.store.known(feed.id, reading)
    visit = Visit(feed=feed, state=state)
    plan = pipeline.decide(visit, fetched, reading, known, tools.taxonomy, tools.config, now)
    return _of_articles(reading, plan, tools.store.apply(plan))


# ── stories ──────────────────────────────────────────────────────────────────────────────────────


def arrange(tools: Tools) -> int:
    """Place every loose article; returns how many stories are new or changed. One at a time.

    An archive that spans years is placed stretch by stretch: only what is near in time can meet.
    """
    window = tools.config.stories.window
    changed = 0
    for loose in stories.stretches(tools.store.loose(), window):
        first, last = loose[0].article.published_at, loose[-1].article.published_at
        placed = tools.store.placed(first - window, last + window)
        arrangement = pipeline.arrange(
            loose, placed, tools.taxonomy, tools.config.stories, tools.clock()
        )
        tools.store.save(arrangement)
        changed += len(arrangement.stories)
        log.info("arranged", extra={"articles": len(loose), "stories": len(arrangement.stories)})
    return changed


# ── the digest ───────────────────────────────────────────────────────────────────────────────────


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
        site=config.site,
        rules=config.digest,
        taxonomy=tools.taxonomy,
        now=tools.clock(),
    )


def _ledger(tools: Tools, period: Period) -> Ledger:
    now = tools.clock()
    seen, kept, merged = tools.store.counts(period.start, period.end)
    titles: dict[str, list[str]] = {"ok": [], "silent": [], "failing": [], "retired": [], "new": []}
    for feed_id, state in sorted(tools.store.states().items()):
        titles[polling.status(state, now)].append(tools.feeds[feed_id].title)
    return Ledger(
        feeds_ok=len(titles["ok"]),
        feeds_silent=tuple(titles["silent"]),
        feeds_failed=tuple(titles["failing"] + titles["retired"]),
        seen=seen,
        kept=kept,
        merged=merged,
    )


def compose(tools: Tools, week: Period | None = None) -> tuple[Issue, ...]:
    """Publish every issue that is due (or the one asked for); returns those that are new.

    An issue past its window is published on the site and held from the mail.
    """
    if week is not None:
        return (issue,) if (issue := _publish(tools, week, mailed=True)) else ()
    made: list[Issue] = []
    rules, now = tools.config.digest, tools.clock()
    installed, covered = tools.store.installed_at(), tools.store.covered_until()
    while due := periods.due(rules, installed, covered, now):
        covered = due.period.end
        _, relevant, _ = tools.store.counts(due.period.start, due.period.end)
        if due.late and not relevant:
            continue  # the machine was off: a row of empty issues would help nobody
        if issue := _publish(tools, due.period, mailed=not due.late):
            made.append(issue)
    return tuple(made)


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
    rendered: dict[str, tuple[Issue, Body]] = {}
    send = tools.open_mail()
    try:
        while not stopping():
            claimed = tools.store.claim_mail(tools.clock(), MAIL_LEASE, 1)
            if not claimed:
                break
            for item in claimed:
                if item.period not in rendered:
                    rendered[item.period] = _rendered(tools, item)
                done[_send_one(tools, send, item, *rendered[item.period])] += 1
    finally:
        send.close()
    return done


def _rendered(tools: Tools, item: OutboxItem) -> tuple[Issue, Body]:
    issue = tools.store.issue(item.period)
    if issue is None:
        raise NotFound(f"the letter {item.id} belongs to an issue that is not stored")
    return issue, render(tools, issue)


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
    log.info("letter", extra={"letter": item.id, "state": settlement.state, "code": result.code})
    return settlement.state


def render(tools: Tools, issue: Issue) -> Body:
    """HTML and text of an issue, before they are made out to a reader."""
    config = tools.config
    return body(
        issue, site=config.site, mail=config.mail, env=tools.templates, taxonomy=tools.taxonomy
    )


def compose_letter(tools: Tools, issue: Issue, made: Body, subscriber: Subscriber) -> Mail:
    """The finished letter of one reader: the same bytes at every attempt."""
    return letter(
        issue,
        made,
        subscriber,
        site=tools.config.site,
        mail=tools.config.mail,
        token=tokens.make(tools.secret, "unsubscribe", subscriber.id),
    )
