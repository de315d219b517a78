"""What jobs ask of the world, and what they are handed.

One store method is one transaction. Stores are called from threads, the fetch from the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Protocol

from jinja2 import Environment

from aggregator.model import (
    Answer,
    Arrangement,
    Article,
    Bounce,
    BounceRecord,
    Cadence,
    Exchange,
    Feed,
    FeedState,
    Fetched,
    FormerTitle,
    HubAnswer,
    HubSubscription,
    IngestPlan,
    Issue,
    Item,
    Known,
    LedgerLine,
    LetterFate,
    Look,
    Mail,
    OutboxItem,
    Reading,
    Rejudged,
    Renewal,
    Search,
    SendResult,
    Settlement,
    SignUp,
    SpamScore,
    StaleStory,
    Story,
    StoryItems,
    Subscriber,
    SuppressionReason,
    Tally,
    Validators,
)
from aggregator.render.language import Language
from aggregator.rules import Configuration, Theme
from aggregator.steps.dkim import Signer
from aggregator.taxonomy import Taxonomy


class FeedStore(Protocol):
    """Feeds between two visits, and what a visit writes."""

    def register(
        self, feeds: Sequence[Feed], now: datetime, first: Mapping[str, datetime] | None = None
    ) -> None:
        """Make the configured feeds known. Absent ones rest; new ones are due at their date in
        `first`, else at `now`.

        Idempotent. The first call ever also stores `now` as the day of installation.
        """

    def installed_at(self) -> datetime | None:
        """The `now` of the first `register`."""

    def claim(
        self, now: datetime, lease: timedelta, limit: int, *, all_feeds: bool = False
    ) -> tuple[FeedState, ...]:
        """Take up to `limit` due feeds (earliest first) and move their due date to `now + lease`.

        Compare-and-swap on the due date: no feed is handed out twice. Each returned state has
        `next_check_at == now + lease`; that very date must be in the plan that settles it.
        `all_feeds`: due or not, retired ones excepted.
        """

    def states(self) -> dict[str, FeedState]:
        """Feed id -> state, of all configured feeds."""

    def next_due(self) -> datetime | None:
        """The earliest due date of all configured feeds that are not retired."""

    def known(self, feed_id: str, reading: Reading) -> Known:
        """What the library holds of this reading's ids and, within this feed, of its guids."""

    def apply(self, plan: IngestPlan) -> int:
        """Write one visit; returns how many articles were really new.

        Inserts `new` unless the id exists, rewrites `edited` (keeps the former title in the
        article's history, its seen_at, story and copy), adds `sightings`, and stores the state
        where the lease is still ours.
        """

    def settle(self, states: Sequence[tuple[FeedState, datetime]]) -> None:
        """Store the states after visits without articles, each where the lease is still ours.

        The date beside a state is that lease: the `next_check_at` with which it was claimed.
        """

    def article_counts(self) -> dict[str, int]:
        """Feed id -> articles that it announced."""


class HubStore(Protocol):
    """What hubs were asked to push (WebSub)."""

    def hubs(self, feed_id: str | None = None) -> tuple[HubSubscription, ...]:
        """All subscriptions, or those of one feed."""

    def hub(self, token: str) -> HubSubscription | None: ...

    def add_hub(self, subscription: HubSubscription) -> None:
        """Insert; one with this token stays as it is."""

    def change_hub(self, before: HubSubscription, after: HubSubscription) -> bool:
        """Compare-and-swap: False, and nothing written, when it is not as `before` any more."""

    def forget_hub(self, token: str) -> None: ...


class StoryStore(Protocol):
    """The library of articles and stories."""

    def loose(self) -> tuple[Item, ...]:
        """Relevant articles with neither story nor original, by publication."""

    def placed(self, since: datetime, until: datetime) -> tuple[StoryItems, ...]:
        """Stories with a report between the two, ends included, with all their items."""

    def save(self, arrangement: Arrangement) -> None:
        """Write stories, placements, copies, and redirects of merged stories."""

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
        """Relevant articles, newest first by seen_at, then published_at, then id.

        `since <= seen_at < until`; `feeds`: told first by one of these, None: by any. Without
        copies unless asked for.
        """

    def item(self, article_id: str) -> Item | None:
        """One article, relevant or not."""

    def former_titles(self, article_id: str) -> tuple[FormerTitle, ...]:
        """What the headline said before it was edited, earliest first (the latest 20)."""

    def copies_of(self, article_ids: Sequence[str]) -> tuple[Item, ...]:
        """The copies of these articles."""

    def search(self, asked: Search, *, limit: int, offset: int = 0) -> tuple[Item, ...]:
        """Relevant articles without copies, latest first by published_at (to the second), then
        by when they were entered.

        Title, summary and content are searched, 5,000 characters of each; how a text is read says
        `steps.search`. A text without anything that can be looked for finds nothing; an empty one
        all that the filters let through.
        """

    def stories(
        self,
        *,
        limit: int,
        tag: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        latest: bool = False,
    ) -> tuple[StoryItems, ...]:
        """Stories by score, best first; `since <= last_at` and `seen_at < until`.

        `latest`: by updated_at, latest first.
        """

    def ranked(
        self,
        *,
        limit: int,
        tag: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[Story, ...]:
        """The same stories by score, without their articles."""

    def story(self, story_id: str) -> StoryItems | str | None:
        """The story, or the id that took its place, or None."""

    def tag_counts(self, since: datetime | None = None) -> dict[str, int]:
        """Slug -> relevant articles that show it."""

    def related_tags(self, slug: str, limit: int) -> tuple[tuple[str, int], ...]:
        """(slug, articles): what the latest 500 articles with this tag show most besides it."""

    def counted(
        self,
        since: datetime,
        until: datetime,
        *,
        tag: str | None = None,
        feeds: Collection[str] | None = None,
    ) -> dict[datetime, int]:
        """Start of an hour (UTC) -> relevant articles without copies that were seen in it.

        `since <= seen_at < until`; hours without any are left out.
        """

    def latest_before(self, moment: datetime) -> datetime | None:
        """The latest seen_at of a relevant article before this moment."""

    def counts(self, start: datetime, end: datetime) -> tuple[int, int, int]:
        """(seen, relevant, copies) of `start <= seen_at < end`."""

    def version(self) -> int:
        """A number that moves whenever anything that readers see was written."""


class ArchiveStore(Protocol):
    """Stored articles, judged anew when taxonomy, rules or program changed."""

    def waiting(self, judged_by: str) -> int:
        """Articles that another version than this one has judged."""

    def archived(
        self, limit: int, after: Article | None = None, *, unless_judged_by: str | None
    ) -> tuple[Item, ...]:
        """Articles, relevant or not, by `seen_at` and id, latest first; those behind `after`.

        Without those that `unless_judged_by` has judged.
        """

    def rejudge(self, batch: Sequence[Rejudged], judged_by: str) -> int:
        """Write judgements and languages; returns how many articles were left as they are.

        An article that was edited since it was read is left: the edit was judged by itself. Marks
        as stale each story of an article that changed.
        """

    def stale_stories(self, limit: int) -> tuple[StaleStory, ...]:
        """Stories that are to be told anew."""

    def renew(self, renewals: Sequence[Renewal]) -> None:
        """Write renewed stories and let members go that are not relevant any more.

        The copies of such a member become loose with it. A story without relevant members is
        deleted. One that somebody else changed since it was read stays as it is, and stale.
        """


class MailStore(Protocol):
    """Subscribers, issues and the outbox."""

    def add_subscriber(self, subscriber: Subscriber, now: datetime) -> bool:
        """Insert unless the address (case-insensitive) is there; True when it was taken in.

        A suppressed address never is. Who had unsubscribed comes back only on a consent later than
        that: an old list that is imported again does not bring them back.
        """

    def remove_subscriber(self, address: str, now: datetime) -> bool:
        """Unsubscribe; what is not yet sent to them never is. True when they were active."""

    def suppress(self, address: str, reason: SuppressionReason, detail: str, now: datetime) -> bool:
        """Never mail this address again, whoever adds it; unsubscribes it. True when it is new."""

    def suppression(self, address: str) -> SuppressionReason | None:
        """Why an address is never mailed, or None."""

    def subscribers(self) -> tuple[Subscriber, ...]: ...

    def audience(self) -> int:
        """How many active subscribers there are."""

    def subscriber(self, subscriber_id: str) -> Subscriber | None: ...

    def covered_until(self, cadence: Cadence = "weekly") -> datetime | None:
        """End of the latest period that has an issue."""

    def daily_since(self) -> datetime | None:
        """When the first of those who get daily issues today was entered; None: nobody does."""

    def publish_issue(self, issue: Issue, *, mailed: bool, held: str = "") -> bool:
        """Store the issue and, if `mailed`, one outbox row for each active subscriber of its
        cadence; one transaction. `held`: why they wait for the operator's word.

        False, and nothing written, when the period already has an issue.
        """

    def issue(self, period: str) -> Issue | None: ...

    def issues(self, limit: int, cadence: Cadence = "weekly") -> tuple[Issue, ...]:
        """Latest first."""

    def hold_late(self, late: datetime, now: datetime) -> int:
        """Hold the letters that should have gone out before `late`; returns how many."""

    def claim_mail(
        self,
        now: datetime,
        lease: timedelta,
        limit: int,
        *,
        late: datetime = ...,
        without: Collection[str] = (),
    ) -> tuple[OutboxItem, ...]:
        """Take waiting letters: pending or deferred and due, or claimed with an expired lease.

        None that should have gone out before `late`, and none to the domains in `without`. Rows in
        state `dot` whose lease expired become `uncertain` and are not handed out.
        """

    def unclaim(self, items: Sequence[OutboxItem]) -> None:
        """Give letters back untried."""

    def put_off(self, domain: str, until: datetime) -> None:
        """Nothing that waits for this receiving domain goes out before `until`."""

    def mark_dot(self, item: OutboxItem, lease_until: datetime) -> bool:
        """claimed -> dot, just before the final dot. False: not ours any more, do not send.

        The lease is renewed: an answer is to be settled with it as `claimed_until`.
        """

    def settle_mail(self, item: OutboxItem, settlement: Settlement, now: datetime) -> bool:
        """False, and nothing changed, when somebody else has taken the letter since."""

    def decide_mail(
        self,
        period: str,
        before: Literal["uncertain", "held"],
        *,
        send: bool,
        addresses: Collection[str] | None,
        now: datetime,
    ) -> int:
        """The operator's word on letters in state `before`: they are sent, or given up.

        `addresses` None: on all of the issue. Returns how many. Who has left meanwhile gets none.
        """

    def tally(self, period: str) -> Tally: ...

    def ledger(self, period: str) -> tuple[LedgerLine, ...]:
        """Every recipient of the period's issue."""


class BounceStore(Protocol):
    """What was reported about letters that left."""

    def fates(self, letter_id: str) -> tuple[LetterFate, ...] | None:
        """All letters of this letter's reader that left or came back; None: no such letter."""

    def letter_to(self, address: str) -> str | None:
        """The latest letter to an address (case-insensitive)."""

    def note_bounce(
        self, bounce: Bounce, report: str, effect: SuppressionReason | None, now: datetime
    ) -> bool:
        """Note it and, with an `effect`, suppress the address that the letter went to.

        `report` tells one report from another. False, and nothing written, when it is noted
        already or there is no such letter.
        """

    def bounces(self, limit: int) -> tuple[BounceRecord, ...]:
        """Latest first."""


class ReaderStore(Protocol):
    """What is asked for at the form, and what readers decide about themselves.

    An address is the same in any case, and with its domain in Unicode or in ASCII.
    """

    def add_sign_up(self, sign_up: SignUp) -> None: ...

    def claim_sign_ups(self, now: datetime, lease: timedelta, limit: int) -> tuple[SignUp, ...]:
        """Take what waits for an answer, oldest first; `not_before` is then the lease.

        Forgets all that has expired.
        """

    def change_sign_up(self, sign_up: SignUp) -> None:
        """Write it anew; nothing happens when it is gone."""

    def drop_sign_up(self, id: str) -> None: ...

    def mailed_since(self, address: str, since: datetime) -> int:
        """Sign-ups of this address that were answered by mail; those that expired not counted."""

    def sign_up(self, token_hash: str, now: datetime) -> SignUp | None:
        """The one whose link this is, unless it has expired."""

    def confirm(self, token_hash: str, now: datetime) -> Subscriber | None:
        """Make a reader of who asked; the link and all others of the address are void then.

        Who had unsubscribed or was erased comes back. None: no such link, or an address that is
        suppressed for another reason.
        """

    def subscriber_at(self, address: str) -> Subscriber | None: ...

    def change_subscriber(self, subscriber: Subscriber, now: datetime) -> bool:
        """Write what a reader chose (all but name, address and consent), unless they left.

        A pause stops what is not yet sent to them.
        """

    def erase(self, address: str, now: datetime) -> bool:
        """Forget a reader: what is left are letters without an address, and a suppression.

        True when anything was known.
        """

    def unsuppress(self, address: str) -> SuppressionReason | None:
        """Let an address be added again; why it could not be."""

    def data_of(self, address: str) -> Mapping[str, tuple[Mapping[str, object], ...]]:
        """Table -> all rows about this address."""


class Store(
    FeedStore, HubStore, StoryStore, ArchiveStore, MailStore, BounceStore, ReaderStore, Protocol
):
    """All seven, in one database."""

    def check(self) -> None:
        """One cheap query; raises StoreError when the database is not usable."""

    def close(self) -> None: ...


class Fetch(Protocol):
    """One conditional GET. Never raises for what the far side does."""

    async def __call__(self, url: str, validators: Validators) -> Answer: ...

    async def traced(self, url: str, validators: Validators) -> tuple[Answer, tuple[Exchange, ...]]:
        """The same, and each request that it took, also when it broke off."""

    async def aclose(self) -> None: ...


class AskHub(Protocol):
    """One request to a hub. Never raises for what the far side does. A list repeats its field."""

    async def __call__(self, hub: str, form: Mapping[str, str | list[str]]) -> HubAnswer: ...


class Send(Protocol):
    """Hand letters over, each with its answer. `before_dot` False: stop, do not send."""

    def __call__(self, mail: Mail, before_dot: Callable[[], bool]) -> SendResult: ...

    def close(self) -> None: ...


class Mailbox(Protocol):
    """Where letters come back to. Raises AggregatorError when it cannot be read."""

    def waiting(self) -> Iterator[tuple[str, bytes]]:
        """(key, message) of each that nobody has handled; of a long one only its beginning."""

    def handled(self, key: str, *, flagged: bool) -> None:
        """It is not waiting any more. `flagged`: a person should look at it."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """All that a job may touch."""

    config: Configuration
    feeds: dict[str, Feed]
    taxonomy: Taxonomy
    judged_by: str
    """The version of taxonomy, relevance rules and program that articles are judged by."""
    store: Store
    clock: Callable[[], datetime]
    replay: bool
    """The clock is replaced (`--as-of`): entries dated after it are not there yet."""
    secret: bytes
    random: Callable[[], str]
    """An unguessable text of 256 bits, safe in a URL."""
    fetch: Fetch
    ask_hub: AskHub
    read: Callable[[Fetched, Feed, datetime, bytes | None], Reading]
    """`pipeline.read` in a worker process that can be killed; raises NotAFeed or Stopped.

    The last argument: `FeedState.entries`, which are not read again; None reads all."""
    stop_reading: Callable[[], None]
    """Give up what workers are reading: the program ends."""
    open_mail: Callable[[], Send]
    signer: Signer | None
    """Signs letters with DKIM; None: no key is configured."""
    mail_is_file: bool
    """Letters go to files: no server is configured."""
    open_mailbox: Callable[[], Mailbox] | None
    """Of `bounces.mailbox`; None: it is not set."""
    languages: Mapping[str, Language]
    """Code -> what the pages can be read in, English first."""
    spam_score: Callable[[bytes], SpamScore | str] | None
    """What SpamAssassin gives a letter, or why it gave nothing; None: it is not installed."""
    looks: Callable[[str, Path, str], Iterator[Look | str]] | None
    """A letter's HTML, a folder and a name -> how Chromium shows it; None: it is not installed."""
    pictures: Path
    """Where pictures of issues go that are to be mailed."""
    theme: Theme
    """How the letter looks."""
    templates: Mapping[str, Environment]
    """The same codes -> the templates in that language."""
