"""States of feeds -> how each is doing, since when and why, and what has changed, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from aggregator.model import Feed, FeedHealth, FeedState, FeedStatus
from aggregator.steps import polling, rhythm
from aggregator.steps.spans import span

WORST_FIRST: tuple[FeedStatus, ...] = ("failing", "silent", "retired", "new", "ok")
TROUBLE: tuple[FeedStatus, ...] = ("failing", "silent", "retired")
_SUMMARY: tuple[FeedStatus, ...] = ("ok", "new", "silent", "failing", "retired")
_WEEK = timedelta(days=7)
_REMEMBERED = timedelta(days=45)
"""A rhythm fades: after a longer silence it says nothing of what was usual before."""


def health(feed: Feed, state: FeedState, now: datetime) -> FeedHealth:
    """How the feed is doing at `now`."""
    status = polling.status(state, now)
    return FeedHealth(
        feed=feed,
        state=state,
        status=status,
        since=polling.since(state, now),
        usual=_usual(state) if status == "silent" else None,
    )


def _usual(state: FeedState) -> timedelta | None:
    """How long from one entry to the next while the feed had any."""
    latest, asked = state.last_new_at, state.last_ok_at
    if latest is None or asked is None or asked - latest > _REMEMBERED:
        return None
    weekly = rhythm.expected(state.rhythm, latest - _WEEK, latest)
    # What explains nothing any more is not told.
    return _WEEK / weekly if weekly and 2 * _WEEK / weekly <= asked - latest else None


def worst_first(feeds: Iterable[FeedHealth]) -> list[FeedHealth]:
    """What needs a look before what does not; alike ones in the order in which they came."""
    return sorted(feeds, key=lambda each: WORST_FIRST.index(each.status))


def summary(feeds: Iterable[FeedHealth]) -> str:
    """53 ok, 1 silent, 2 failing"""
    counted = Counter(each.status for each in feeds)
    return ", ".join(f"{counted[word]} {word}" for word in _SUMMARY if counted[word]) or "no feeds"


def reason(of: FeedHealth) -> str:
    """Why the status is what it is; empty when all is well."""
    error = of.state.last_error or ""
    match of.status:
        case "failing":
            return error if of.since else f"{error} (it has never answered with a feed)"
        case "silent":
            usual = f", usually every {span(of.usual)}" if of.usual else ""
            return f"nothing new since {moment(of.since)}{usual}" if of.since else "no entry ever"
        case "retired":
            return f"its publisher ended it: {error}" if error else "its publisher ended it"
        case "new":
            return "not asked yet"
        case "ok":
            return f"only the last visit failed: {error}" if error else ""


def sentence(of: FeedHealth) -> str:
    """For a log: which feed, how it is, since when and why."""
    why = reason(of)
    if of.status == "failing" and of.since:
        why = f"{why}; it last answered {moment(of.since)}"
    elif of.status == "retired" and of.since:
        why = f"{why}, {moment(of.since)}"
    return f"{of.feed.id} is {of.status}: {why}" if why else f"{of.feed.id} is {of.status}"


def changed(before: Mapping[str, FeedStatus], feeds: Iterable[FeedHealth]) -> list[FeedHealth]:
    """The feeds that got into trouble since `before` (feed id -> status), or out of it."""
    return [
        each
        for each in worst_first(feeds)
        if each.status != (former := before.get(each.feed.id, "new"))
        and (each.status in TROUBLE or (each.status == "ok" and former in TROUBLE))
    ]


def statuses(feeds: Iterable[FeedHealth]) -> dict[str, FeedStatus]:
    """What a later look is compared with by `changed`."""
    return {each.feed.id: each.status for each in feeds}


def moment(at: datetime) -> str:
    """2019-06-30 12:00 UTC"""
    return f"{at:%Y-%m-%d %H:%M} UTC"
