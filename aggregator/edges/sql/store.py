"""Methods -> transactions: the seven stores of `ports` in one database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, text

from aggregator.edges.sql import archive, library, outbox, search
from aggregator.edges.sql import bounces as returned
from aggregator.edges.sql import feeds as visits
from aggregator.edges.sql import hubs as subscriptions
from aggregator.edges.sql import issues as published
from aggregator.edges.sql import sign_ups as forms
from aggregator.edges.sql import subscribers as readers
from aggregator.edges.sql.columns import EPOCH
from aggregator.edges.sql.engine import Database
from aggregator.edges.sql.migrations import migrate
from aggregator.model import (
    Arrangement,
    Article,
    Bounce,
    BounceRecord,
    Cadence,
    Feed,
    FeedState,
    FormerTitle,
    HubSubscription,
    IngestPlan,
    Issue,
    Item,
    Known,
    LedgerLine,
    LetterFate,
    OutboxItem,
    Reading,
    Rejudged,
    Renewal,
    Search,
    Settlement,
    SignUp,
    StaleStory,
    Story,
    StoryItems,
    Subscriber,
    SuppressionReason,
    Tally,
)


def open_store(url: str, feeds: Mapping[str, Feed]) -> SqlStore:
    """Open `sqlite:///file` or `postgresql://user:password@host/name`, tables brought up to date.

    `feeds`: the configured ones, by id. Raises StoreError with a sentence for the operator.
    """
    database = Database(url)
    try:
        migrate(database)
        database.read(search.check)
    except BaseException:
        database.close()
        raise
    return SqlStore(database, feeds)


class SqlStore:
    """`ports.Store` on SQLite or PostgreSQL; safe to call from several threads.

    The docstrings of `ports` are the contract. Every method raises StoreError when the database
    is not usable.
    """

    def __init__(self, database: Database, feeds: Mapping[str, Feed]) -> None:
        self.database = database
        self._feeds = dict(feeds)
        self._former: dict[str, Feed] = {}

    def _feed_of(self, connection: Connection, feed_id: str) -> Feed:
        feed = self._feeds.get(feed_id) or self._former.get(feed_id)
        if feed is None:
            feed = self._former[feed_id] = visits.described(connection, feed_id)
        return feed

    # ── feeds ────────────────────────────────────────────────────────────────────────────────────

    def register(
        self, feeds: Sequence[Feed], now: datetime, first: Mapping[str, datetime] | None = None
    ) -> None:
        self.database.write(visits.register, feeds, now, first or {})
        self._feeds = {feed.id: feed for feed in feeds}
        self._former = {}

    def installed_at(self) -> datetime | None:
        return self.database.read(visits.installed_at)

    def claim(
        self, now: datetime, lease: timedelta, limit: int, *, all_feeds: bool = False
    ) -> tuple[FeedState, ...]:
        return self.database.write(visits.claim, now, lease, limit, all_feeds=all_feeds)

    def states(self) -> dict[str, FeedState]:
        return self.database.read(visits.states)

    def next_due(self) -> datetime | None:
        return self.database.read(visits.next_due)

    def known(self, feed_id: str, reading: Reading) -> Known:
        return self.database.read(visits.known, feed_id, reading)

    def apply(self, plan: IngestPlan) -> int:
        return self.database.write(visits.apply, plan)

    def settle(self, states: Sequence[tuple[FeedState, datetime]]) -> None:
        self.database.write(visits.settle, states)

    def article_counts(self) -> dict[str, int]:
        return self.database.read(visits.article_counts)

    # ── hubs ─────────────────────────────────────────────────────────────────────────────────────

    def hubs(self, feed_id: str | None = None) -> tuple[HubSubscription, ...]:
        return self.database.read(subscriptions.hubs, feed_id)

    def hub(self, token: str) -> HubSubscription | None:
        return self.database.read(subscriptions.hub, token)

    def add_hub(self, subscription: HubSubscription) -> None:
        self.database.write(subscriptions.add_hub, subscription)

    def change_hub(self, before: HubSubscription, after: HubSubscription) -> bool:
        return self.database.write(subscriptions.change_hub, before, after)

    def forget_hub(self, token: str) -> None:
        self.database.write(subscriptions.forget_hub, token)

    # ── the library ──────────────────────────────────────────────────────────────────────────────

    def loose(self) -> tuple[Item, ...]:
        return self.database.read(library.loose, self._feed_of)

    def placed(self, since: datetime, until: datetime) -> tuple[StoryItems, ...]:
        return self.database.read(library.placed, self._feed_of, since, until)

    def save(self, arrangement: Arrangement) -> None:
        self.database.write(library.save, arrangement)

    def items(
        self,
        *,
        limit: int,
        offset: int = 0,
        tag: str | None = None,
        feeds: Collection[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        copies: bool = False,
    ) -> tuple[Item, ...]:
        query = library.newest(
            limit=limit, offset=offset, tag=tag, since=since, until=until, copies=copies
        )
        return self.database.read(library.items, self._feed_of, query, tag, feeds)

    def item(self, article_id: str) -> Item | None:
        return self.database.read(library.item, self._feed_of, article_id)

    def former_titles(self, article_id: str) -> tuple[FormerTitle, ...]:
        return self.database.read(visits.former_titles, article_id)

    def copies_of(self, article_ids: Sequence[str]) -> tuple[Item, ...]:
        return self.database.read(library.copies_of, self._feed_of, article_ids)

    def search(self, asked: Search, *, limit: int, offset: int = 0) -> tuple[Item, ...]:
        return self.database.read(library.found, self._feed_of, asked, limit, offset)

    def stories(
        self,
        *,
        limit: int,
        tag: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        latest: bool = False,
    ) -> tuple[StoryItems, ...]:
        query = library.best(limit=limit, tag=tag, since=since, until=until, latest=latest)
        return self.database.read(library.told, self._feed_of, query)

    def ranked(
        self,
        *,
        limit: int,
        tag: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Story, ...]:
        query = library.best(limit=limit, tag=tag, since=since, until=until)
        return self.database.read(library.ranked, query)

    def story(self, story_id: str) -> StoryItems | str | None:
        return self.database.read(library.story, self._feed_of, story_id)

    def tag_counts(self, since: datetime | None = None) -> dict[str, int]:
        return self.database.read(library.tag_counts, since)

    def related_tags(self, slug: str, limit: int) -> tuple[tuple[str, int], ...]:
        return self.database.read(library.related_tags, slug, limit)

    def counted(
        self,
        since: datetime,
        until: datetime,
        *,
        tag: str | None = None,
        feeds: Collection[str] | None = None,
    ) -> dict[datetime, int]:
        return self.database.read(library.counted, since, until, tag, feeds)

    def latest_before(self, moment: datetime) -> datetime | None:
        return self.database.read(library.latest_before, moment)

    def counts(self, start: datetime, end: datetime) -> tuple[int, int, int]:
        return self.database.read(library.counts, start, end)

    def version(self) -> int:
        return self.database.read(library.version)

    # ── judging anew ─────────────────────────────────────────────────────────────────────────────

    def waiting(self, judged_by: str) -> int:
        return self.database.read(archive.waiting, judged_by)

    def archived(
        self, limit: int, after: Article | None = None, *, unless_judged_by: str | None
    ) -> tuple[Item, ...]:
        query = archive.latest(limit=limit, after=after, unless_judged_by=unless_judged_by)
        return self.database.read(archive.archived, self._feed_of, query)

    def rejudge(self, batch: Sequence[Rejudged], judged_by: str) -> int:
        return self.database.write(archive.rejudge, batch, judged_by)

    def stale_stories(self, limit: int) -> tuple[StaleStory, ...]:
        return self.database.read(archive.stale, self._feed_of, limit)

    def renew(self, renewals: Sequence[Renewal]) -> None:
        self.database.write(archive.renew, renewals)

    # ── mail ─────────────────────────────────────────────────────────────────────────────────────

    def add_subscriber(self, subscriber: Subscriber, now: datetime) -> bool:
        return self.database.write(readers.add_subscriber, subscriber, now)

    def remove_subscriber(self, address: str, now: datetime) -> bool:
        return self.database.write(readers.remove_subscriber, address, now)

    def suppress(self, address: str, reason: SuppressionReason, detail: str, now: datetime) -> bool:
        return self.database.write(readers.suppress, address, reason, detail, now)

    def suppression(self, address: str) -> SuppressionReason | None:
        return self.database.read(readers.suppression, address)

    def subscribers(self) -> tuple[Subscriber, ...]:
        return self.database.read(readers.all_subscribers)

    def audience(self) -> int:
        return self.database.read(readers.audience)

    def subscriber(self, subscriber_id: str) -> Subscriber | None:
        return self.database.read(readers.one_subscriber, subscriber_id)

    def covered_until(self, cadence: Cadence = "weekly") -> datetime | None:
        return self.database.read(published.covered_until, cadence)

    def daily_since(self) -> datetime | None:
        return self.database.read(published.daily_since)

    def publish_issue(self, issue: Issue, *, mailed: bool, held: str = "") -> bool:
        return self.database.write(published.publish_issue, issue, mailed=mailed, held=held)

    def issue(self, period: str) -> Issue | None:
        return self.database.read(published.issue, period)

    def issues(self, limit: int, cadence: Cadence = "weekly") -> tuple[Issue, ...]:
        return self.database.read(published.latest_issues, limit, cadence)

    def hold_late(self, late: datetime, now: datetime) -> int:
        return self.database.write(outbox.hold_late, late, now)

    def claim_mail(
        self,
        now: datetime,
        lease: timedelta,
        limit: int,
        *,
        late: datetime = EPOCH,
        without: Collection[str] = (),
    ) -> tuple[OutboxItem, ...]:
        return self.database.write(outbox.claim_mail, now, lease, limit, late=late, without=without)

    def unclaim(self, items: Sequence[OutboxItem]) -> None:
        self.database.write(outbox.unclaim, items)

    def put_off(self, domain: str, until: datetime) -> None:
        self.database.write(outbox.put_off, domain, until)

    def mark_dot(self, item: OutboxItem, lease_until: datetime) -> bool:
        return self.database.keep(outbox.mark_dot, item, lease_until)

    def settle_mail(self, item: OutboxItem, settlement: Settlement, now: datetime) -> bool:
        return self.database.keep(outbox.settle_mail, item, settlement, now)

    def decide_mail(
        self,
        period: str,
        before: Literal["uncertain", "held"],
        *,
        send: bool,
        addresses: Collection[str] | None,
        now: datetime,
    ) -> int:
        return self.database.write(
            outbox.decide_mail, period, before, send=send, addresses=addresses, now=now
        )

    def tally(self, period: str) -> Tally:
        return self.database.read(outbox.tally, period)

    def ledger(self, period: str) -> tuple[LedgerLine, ...]:
        return self.database.read(outbox.ledger, period)

    # ── bounces ──────────────────────────────────────────────────────────────────────────────────

    def fates(self, letter_id: str) -> tuple[LetterFate, ...] | None:
        return self.database.read(returned.fates, letter_id)

    def letter_to(self, address: str) -> str | None:
        return self.database.read(returned.letter_to, address)

    def note_bounce(
        self, bounce: Bounce, report: str, effect: SuppressionReason | None, now: datetime
    ) -> bool:
        return self.database.write(returned.note_bounce, bounce, report, effect, now)

    def bounces(self, limit: int) -> tuple[BounceRecord, ...]:
        return self.database.read(returned.latest, limit)

    # ── readers ──────────────────────────────────────────────────────────────────────────────────

    def add_sign_up(self, sign_up: SignUp) -> None:
        self.database.write(forms.add_sign_up, sign_up)

    def claim_sign_ups(self, now: datetime, lease: timedelta, limit: int) -> tuple[SignUp, ...]:
        return self.database.write(forms.claim_sign_ups, now, lease, limit)

    def change_sign_up(self, sign_up: SignUp) -> None:
        self.database.write(forms.change_sign_up, sign_up)

    def drop_sign_up(self, id: str) -> None:
        self.database.write(forms.drop_sign_up, id)

    def mailed_since(self, address: str, since: datetime) -> int:
        return self.database.read(forms.mailed_since, address, since)

    def sign_up(self, token_hash: str, now: datetime) -> SignUp | None:
        return self.database.read(forms.sign_up, token_hash, now)

    def confirm(self, token_hash: str, now: datetime) -> Subscriber | None:
        return self.database.write(forms.confirm, token_hash, now)

    def subscriber_at(self, address: str) -> Subscriber | None:
        return self.database.read(readers.subscriber_at, address)

    def change_subscriber(self, subscriber: Subscriber, now: datetime) -> bool:
        return self.database.write(readers.change_subscriber, subscriber, now)

    def erase(self, address: str, now: datetime) -> bool:
        return self.database.write(readers.erase, address, now)

    def unsuppress(self, address: str) -> SuppressionReason | None:
        return self.database.write(readers.unsuppress, address)

    def data_of(self, address: str) -> Mapping[str, tuple[Mapping[str, object], ...]]:
        return self.database.read(readers.data_of, address)

    # ── the whole ────────────────────────────────────────────────────────────────────────────────

    def check(self) -> None:
        """One cheap query on a real table; raises StoreError when the database is not usable."""
        self.database.read(_check)

    def close(self) -> None:
        self.database.close()


def _check(connection: Connection) -> None:
    connection.execute(text("SELECT 1 FROM meta")).one()
