"""State of a feed and how a visit ended -> state with the date of the next visit."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, assert_never
from urllib.parse import urlsplit

from aggregator.model import (
    Failure,
    Feed,
    FeedState,
    Fetched,
    FetchFailed,
    NotModified,
    Reading,
    Validators,
)
from aggregator.rules import Polling

WEEK = timedelta(days=7)
SILENT_AFTER = timedelta(days=30)
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
    complete: bool = True
    """False: entries were withheld (a replaced clock), so the next visit must read it again."""


Result: TypeAlias = Parsed | Fetched | NotModified | FetchFailed
"""How a visit ended. A bare `Fetched` is a 200 with the very bytes of the last visit."""


def parsed(answer: Fetched, reading: Reading, new: int) -> Parsed:
    """What polling wants to know of a reading."""
    return Parsed(
        answer=answer,
        new=new,
        published=tuple(article.published_at for article in reading.articles if article.dated),
        ttl=reading.ttl,
        complete=reading.withheld == 0,
    )


def validators(state: FeedState, feed: Feed) -> Validators:
    """What to send along with the next request; nothing for a server that lies about 304."""
    if not feed.cache:
        return Validators()
    return Validators(etag=state.etag, last_modified=state.last_modified)


def after(state: FeedState, result: Result, feed: Feed, rules: Polling, now: datetime) -> FeedState:
    """The state after a visit at `now`.

    ETag and Last-Modified are a pair: a 200 overwrites both, a 304 those it carries, a failure
    none. `last_new_at` is the date of the newest entry (ours, where entries bear no date).
    """
    match result:
        case FetchFailed():
            return _failed(state, result, feed, rules, now)
        case NotModified():
            wait = _unchanged(state, rules, now)
            known = replace(
                state,
                etag=result.validators.etag or state.etag,
                last_modified=result.validators.last_modified or state.last_modified,
            )
            return _succeeded(known, feed, rules, now, wait, result.max_age)
        case Fetched():
            wait = _unchanged(state, rules, now)
            return _succeeded(_holding(state, result), feed, rules, now, wait, result.max_age)
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


def status(state: FeedState, now: datetime) -> Literal["ok", "silent", "failing", "retired", "new"]:
    """The feed's health in one word.

    One broken connection is no news: failing is a feed that never worked, whose failures add up
    to a whole one, or that has not worked for a day. Silent is one that works and has nothing new
    for 30 days.
    """
    if state.retired_at is not None:
        return "retired"
    if state.last_error is not None:
        worked = state.last_ok_at is not None and now - state.last_ok_at < FAILING_AFTER
        if state.failures >= 1 or not worked:
            return "failing"
    elif state.last_ok_at is None:
        return "new"
    if state.last_new_at is None or now - state.last_new_at > SILENT_AFTER:
        return "silent"
    return "ok"


# ── success ──────────────────────────────────────────────────────────────────────────────────────


def _read(state: FeedState, result: Parsed, feed: Feed, rules: Polling, now: datetime) -> FeedState:
    past = sorted((when for when in result.published if when <= now), reverse=True)
    seen = past[:1] or ([now] if result.new else [])
    latest = max((when for when in (*seen, state.last_new_at) if when), default=None)
    known = replace(_holding(state, result.answer), last_new_at=latest)
    if not result.complete:
        known = replace(known, etag=None, last_modified=None, body_hash=None)
    hints = (result.answer.max_age, result.ttl)
    return _succeeded(known, feed, rules, now, _rhythm(past, known, rules, now), *hints)


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
    wait: timedelta,
    *hints: timedelta | None,
) -> FeedState:
    """Publishers' hints lengthen a learnt interval; one that the operator set stands."""
    if feed.every is not None:
        wait = _clamp(feed.every, rules)
    else:
        wait = max([wait, *(hint for hint in hints if hint is not None)])
        wait = _clamp(wait * (1 + _share(feed.id) / 20), rules)
    return replace(
        state,
        etag=state.etag if feed.cache else None,
        last_modified=state.last_modified if feed.cache else None,
        next_check_at=now + wait,
        failures=0.0,
        last_error=None,
        last_ok_at=now,
        retired_at=None,
    )


def _rhythm(past: list[datetime], state: FeedState, rules: Polling, now: datetime) -> timedelta:
    """The mean gap between entries of the last week; a quarter of it for feeds slower than `every`.

    The oldest quarter of the document is left out: one pinned entry would stretch the window of a
    feed that shows only its last hours.
    """
    if not past:
        return rules.every if state.last_new_at == now else _unchanged(state, rules, now)
    window = min(WEEK, now - past[(len(past) - 1) * 3 // 4])
    count = sum(1 for when in past if now - when <= window)
    if count < 2:
        return max(rules.every, (now - past[0]) / 10)
    gap = window / count
    return min(gap, max(rules.every, gap / 4))


def _unchanged(state: FeedState, rules: Polling, now: datetime) -> timedelta:
    """A tenth of the time since the last entry, as caches guess freshness (RFC 9111, 4.2.2).

    Never shorter than the last interval, unless that was longer than `every` (an outage).
    """
    if state.last_new_at is None or state.last_ok_at is None:
        return rules.every
    last = max(now - state.last_ok_at, timedelta())
    return max((now - state.last_new_at) / 10, min(last, rules.every))


# ── failure ──────────────────────────────────────────────────────────────────────────────────────


def _failed(
    state: FeedState, result: FetchFailed, feed: Feed, rules: Polling, now: datetime
) -> FeedState:
    failures = state.failures + WEIGHTS[result.why]
    base = _clamp(feed.every or rules.every, rules)
    if result.why is Failure.NETWORK:
        base = min(base, RETRY_SOON)
    # 2 ** 30 hours is beyond every limit; without the bound a float overflows in the end.
    doublings = max(min(failures, 30.0), 1.0 if result.why is Failure.BUSY else 0.0)
    wait = min(base * 2**doublings, max(rules.slowest, rules.fastest))
    wait = max(wait, result.retry_after or timedelta())
    return replace(
        state,
        next_check_at=now + wait,
        failures=failures,
        last_error=result.detail,
        last_error_at=now,
        retired_at=now if result.why is Failure.GONE else state.retired_at,
    )


def _clamp(wait: timedelta, rules: Polling) -> timedelta:
    return max(min(wait, rules.slowest), rules.fastest)


def _share(feed_id: str) -> float:
    """A number in [0, 1) that is always the same for one feed: spread without chance."""
    digest = hashlib.blake2b(feed_id.encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32
