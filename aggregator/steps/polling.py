"""State of a feed and how a visit ended -> state with the date of the next visit."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import log
from typing import Literal, NamedTuple, TypeAlias, assert_never
from urllib.parse import urlsplit

from aggregator.model import (
    Failure,
    Feed,
    FeedState,
    FeedStatus,
    Fetched,
    FetchFailed,
    NotModified,
    Reading,
    Validators,
)
from aggregator.rules import Polling
from aggregator.steps import rhythm

SILENT_AFTER = timedelta(days=30)
SILENT_AT_LEAST = timedelta(days=2)
SILENT_EXPECTED = log(1000)
"""Entries that should have come: with so many, none at all has a chance of 1 in 1,000."""
MOVED_VISITS = 5
"""Visits in a row that must find the feed at the same new place before it is believed."""
LOST_AT = 3.0
"""Failures, by their weights, after which the configured URL is asked again."""
FAILING_AFTER = timedelta(days=1)
HOST_GAP = timedelta(seconds=5)
START_SPREAD = timedelta(minutes=1)
RETRY_SOON = timedelta(minutes=10)
"""After a lost connection: mostly ours was down, and no publisher was asked in vain."""

# How much one failure lengthens the wait: it grows by 2 ** sum. A 404 is likely to stay, a
# connection that broke is not, and 429 names its own time.
WEIGHTS: dict[Failure, float] = {
    Failure.BUSY: 0.0,
    Failure.NETWORK: 0.25,
    Failure.SERVER: 0.5,
    Failure.CONTENT: 0.5,
    Failure.CLIENT: 1.0,
    Failure.REFUSED: 1.0,
    Failure.GONE: 1.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """A 200 whose body was read as a feed."""

    answer: Fetched
    new: int = 0
    """Articles that the library did not know."""
    published: tuple[datetime, ...] = ()
    """Dates that the entries themselves bear."""
    ttl: timedelta | None = None
    entries: bytes = b""
    """Hashes of the entries, as `Reading.entries`."""
    complete: bool = True
    """False: entries were withheld (a replaced clock), so the next visit must read it again."""


Result: TypeAlias = Parsed | Fetched | NotModified | FetchFailed
"""How a visit ended. A bare `Fetched` is a 200 with the very bytes of the last visit."""

Reason: TypeAlias = tuple[
    Literal[
        "every", "rhythm", "usual", "quiet", "last", "max-age", "ttl", "spread", "fastest",
        "slowest", "first-retry", "back-off", "retry-after", "home", "retired",
    ],
    timedelta,
]  # fmt: skip
"""One step to the date of the next visit, and the wait after it. `reasons` puts it into words."""

Hint: TypeAlias = tuple[Literal["max-age", "ttl"], timedelta | None]


class Decision(NamedTuple):
    """The state after a visit, and what led to the date of the next one."""

    state: FeedState
    why: tuple[Reason, ...]


def parsed(answer: Fetched, reading: Reading, new: int) -> Parsed:
    """What polling wants to know of a reading."""
    return Parsed(
        answer=answer,
        new=new,
        published=tuple(article.published_at for article in reading.articles if article.dated),
        ttl=reading.ttl,
        entries=reading.entries,
        complete=reading.withheld == 0,
    )


def validators(state: FeedState, feed: Feed) -> Validators:
    """What to send along with the next request; nothing for a server that lies about 304."""
    if not feed.cache:
        return Validators()
    return Validators(etag=state.etag, last_modified=state.last_modified)


def address(state: FeedState, feed: Feed) -> str:
    """The URL to ask: where the feed moved for good, else the one that was configured."""
    return state.address or feed.url


def after(state: FeedState, result: Result, feed: Feed, rules: Polling, now: datetime) -> FeedState:
    """The state after a visit at `now`, which asked `address(state, feed)`.

    ETag and Last-Modified are a pair: a 200 overwrites both, a 304 those it carries, a failure
    none. `last_new_at` is the date of the newest entry (ours, where entries bear no date).
    A feed that fails may have moved on: its `address` is forgotten after some failures.
    """
    return explain(state, result, feed, rules, now).state


def explain(
    state: FeedState, result: Result, feed: Feed, rules: Polling, now: datetime
) -> Decision:
    """As `after`, and why the next visit is when it is."""
    match result:
        case FetchFailed():
            return _failed(state, result, feed, rules, now)
        case NotModified():
            known = replace(
                state,
                etag=result.validators.etag or state.etag,
                last_modified=result.validators.last_modified or state.last_modified,
            )
            return _same(known, result, feed, rules, now)
        case Fetched():
            return _same(_holding(state, result), result, feed, rules, now)
        case Parsed():
            return _read(state, result, feed, rules, now)
        case _:
            assert_never(result)


def first_checks(
    feed_ids: Collection[str], now: datetime, rules: Polling, *, fresh: bool = False
) -> dict[str, datetime]:
    """When to visit feeds that were never visited: spread over the interval, each by its id.

    `fresh`: the installation itself is new, and its operator waits: two feeds a second, and all of
    them within a minute.
    """
    span = min(START_SPREAD, len(feed_ids) * timedelta(seconds=0.5)) if fresh else rules.every
    return {feed_id: now + span * _share(feed_id) for feed_id in feed_ids}


def host_gap(url: str, rules: Polling) -> timedelta:
    """Pause between two requests to the host of `url`: none for this machine itself."""
    if rules.host_gap is not None:
        return rules.host_gap
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return timedelta()
    try:
        return timedelta() if ipaddress.ip_address(host).is_loopback else HOST_GAP
    except ValueError:
        return HOST_GAP


def status(state: FeedState, now: datetime) -> FeedStatus:
    """The feed's health in one word.

    One broken connection is no news: failing is a feed that never worked, whose failures add up
    to a whole one, or that has not worked for a day. Silent is one that works and has nothing new
    for longer than its own rhythm explains: two days at least, and 30 days at most. While we did
    not ask (this machine was off) nothing was silent.
    """
    if state.retired_at is not None:
        return "retired"
    if state.last_error is not None:
        worked = state.last_ok_at is not None and now - state.last_ok_at < FAILING_AFTER
        if state.failures >= 1 or not worked:
            return "failing"
    elif state.last_ok_at is None:
        return "new"
    return "silent" if _silent(state, min(now, state.last_ok_at or now)) else "ok"


def since(state: FeedState, now: datetime) -> datetime | None:
    """Since when the status has held, as far as is known; None for "ok" and "new"."""
    match status(state, now):
        case "retired":
            return state.retired_at
        case "failing":
            return state.last_ok_at
        case "silent":
            return state.last_new_at
        case _:
            return None


def _silent(state: FeedState, now: datetime) -> bool:
    if state.last_new_at is None:
        return True
    quiet = now - state.last_new_at
    if not SILENT_AT_LEAST <= quiet <= SILENT_AFTER:
        return quiet > SILENT_AFTER
    missing = rhythm.expected(state.rhythm, state.last_new_at, now)
    return missing is not None and missing > SILENT_EXPECTED


# ── success ──────────────────────────────────────────────────────────────────────────────────────


def _read(state: FeedState, result: Parsed, feed: Feed, rules: Polling, now: datetime) -> Decision:
    past = sorted((when for when in result.published if when <= now), reverse=True)
    seen = past[:1] or ([now] if result.new else [])
    latest = max((when for when in (*seen, state.last_new_at) if when), default=None)
    known = replace(
        _holding(state, result.answer),
        last_new_at=latest,
        rhythm=rhythm.learn(state.rhythm, past, result.new, now),
        entries=result.entries,
    )
    if not result.complete:
        known = replace(known, etag=None, last_modified=None, body_hash=None)
    fallback: Reason = ("usual", rules.every) if latest == now else _quiet(known, rules, now)
    known = _located(known, result.answer.moved_to, feed)
    hints: tuple[Hint, ...] = (("max-age", result.answer.max_age), ("ttl", result.ttl))
    return _succeeded(known, feed, rules, now, fallback, hints)


def _same(
    state: FeedState, result: NotModified | Fetched, feed: Feed, rules: Polling, now: datetime
) -> Decision:
    """The feed has nothing new: that, too, tells of its rhythm."""
    fallback = _quiet(state, rules, now)
    learnt = rhythm.learn(state.rhythm, (), 0, now)
    known = _located(replace(state, rhythm=learnt), result.moved_to, feed)
    return _succeeded(known, feed, rules, now, fallback, (("max-age", result.max_age),))


def _located(state: FeedState, moved_to: str | None, feed: Feed) -> FeedState:
    """Believe a permanent redirect when it has led to the same place some times in a row.

    Many are set by mistake, for an hour of maintenance, or by the network that we are in.
    """
    if moved_to is None or moved_to == address(state, feed):
        return replace(state, moved_to=None, moved_visits=0)
    visits = state.moved_visits + 1 if moved_to == state.moved_to else 1
    if visits < MOVED_VISITS:
        return replace(state, moved_to=moved_to, moved_visits=visits)
    home = None if moved_to == feed.url else moved_to
    return replace(state, address=home, moved_to=None, moved_visits=0)


def _holding(state: FeedState, answer: Fetched) -> FeedState:
    return replace(
        state,
        etag=answer.validators.etag,
        last_modified=answer.validators.last_modified,
        body_hash=answer.body_hash,
    )


def _succeeded(
    state: FeedState,
    feed: Feed,
    rules: Polling,
    now: datetime,
    fallback: Reason,
    hints: tuple[Hint, ...],
) -> Decision:
    """Publishers' hints lengthen a learnt interval; one that the operator set stands.

    The price of a request is such that a feed with an entry each `rules.every` is asked once each
    `rules.every`: less often for a slower one, more often only for a faster one.
    """
    why: list[Reason] = []
    if feed.every is not None:
        wait = feed.every
        why.append(("every", wait))
    else:
        learnt = rhythm.wait(state.rhythm, rules.every / 2, max(rules.slowest, rules.fastest))
        why.append(fallback if learnt is None else ("rhythm", learnt))
        wait = why[0][1]
        for name, hint in hints:
            if hint is not None and hint > wait:
                wait = hint
                why.append((name, wait))
        # Never by much: a visit that is meant to follow a batch would come late.
        wait += min(wait, rules.every) * (_share(feed.id) / 20)
        why.append(("spread", wait))
    wait = _limited(wait, rules, why)
    known = replace(
        state,
        etag=state.etag if feed.cache else None,
        last_modified=state.last_modified if feed.cache else None,
        next_check_at=now + wait,
        failures=0.0,
        last_error=None,
        last_ok_at=now,
        retired_at=None,
    )
    return Decision(known, tuple(why))


def _quiet(state: FeedState, rules: Polling, now: datetime) -> Reason:
    """With no rhythm known: a tenth of the time since the last entry (RFC 9111, 4.2.2).

    Never shorter than the last interval, unless that was longer than `every` (an outage).
    """
    if state.last_new_at is None or state.last_ok_at is None:
        return "usual", rules.every
    last = min(max(now - state.last_ok_at, timedelta()), rules.every)
    tenth = (now - state.last_new_at) / 10
    return ("quiet", tenth) if tenth >= last else ("last", last)


# ── failure ──────────────────────────────────────────────────────────────────────────────────────


def _failed(
    state: FeedState, result: FetchFailed, feed: Feed, rules: Polling, now: datetime
) -> Decision:
    failures = state.failures + WEIGHTS[result.why]
    base = _clamp(feed.every or rules.every, rules)
    if result.why is Failure.NETWORK:
        base = min(base, RETRY_SOON)
    # 2 ** 30 hours is beyond every limit; without the bound a float overflows in the end.
    doublings = max(min(failures, 30.0), 1.0 if result.why is Failure.BUSY else 0.0)
    longest = max(rules.slowest, rules.fastest)
    wait = base * 2**doublings
    why: list[Reason] = [("first-retry", base), ("back-off", wait)]
    if wait > longest:
        wait = longest
        why.append(("slowest", wait))
    if result.retry_after is not None and result.retry_after > wait:
        wait = result.retry_after
        why.append(("retry-after", wait))
    gone = result.why is Failure.GONE
    if state.address is not None and (failures >= LOST_AT or gone):
        # What failed is the new place. The configured one deserves to be asked before giving up;
        # validators belong to the place that gave them.
        state = replace(state, address=None, etag=None, last_modified=None)
        failures, gone = 0.0, False
        why.append(("home", wait))
    if gone:
        why.append(("retired", wait))
    known = replace(
        state,
        next_check_at=now + wait,
        failures=failures,
        last_error=result.detail,
        last_error_at=now,
        retired_at=now if gone else state.retired_at,
        moved_to=None,
        moved_visits=0,
    )
    return Decision(known, tuple(why))


def _limited(wait: timedelta, rules: Polling, why: list[Reason]) -> timedelta:
    limited = _clamp(wait, rules)
    if limited != wait:
        why.append(("fastest" if limited > wait else "slowest", limited))
    return limited


def _clamp(wait: timedelta, rules: Polling) -> timedelta:
    return max(min(wait, rules.slowest), rules.fastest)


def _share(feed_id: str) -> float:
    """A number in [0, 1) that is always the same for one feed: spread without chance."""
    digest = hashlib.blake2b(feed_id.encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32
