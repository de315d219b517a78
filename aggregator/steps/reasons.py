"""What led to the date of a feed's next visit -> words."""

from __future__ import annotations

from datetime import timedelta

from aggregator.model import FeedState
from aggregator.steps.polling import MOVED_VISITS, Decision
from aggregator.steps.spans import span

_STEPS = {
    "every": "the feed's `every` sets it to {wait}",
    "rhythm": "the feed's own rhythm asks for {wait}",
    "usual": "no rhythm is known yet, so `polling.every` sets it to {wait}",
    "quiet": "no rhythm is known, so a tenth of the time since its newest entry: {wait}",
    "last": "no rhythm is known, so the last interval is kept: {wait}",
    "max-age": "the max-age of the answer lengthens it to {wait}",
    "ttl": "the ttl of the feed lengthens it to {wait}",
    "fastest": "`polling.fastest` lengthens it to {wait}",
    "slowest": "`polling.slowest` shortens it to {wait}",
    "first-retry": "a failed visit is made up after {wait}",
    "back-off": "failures that weigh {failures:g} by now lengthen that to {wait}",
    "retry-after": "the server's Retry-After lengthens it to {wait}",
    "home": "the place it moved to is given up and the configured address asked again",
    "retired": "410 retires the feed: it is not asked any more",
}
_NOTICED = timedelta(seconds=1)


def why_next(decision: Decision) -> str:
    """Why the next visit is when it is, as one line."""
    said: list[str] = []
    before = timedelta()
    for kind, wait in decision.why:
        if kind == "spread":
            if wait - before >= _NOTICED:
                said.append(f"{span(wait - before)} more, so that feeds do not come all at once")
        elif kind == "retired":
            said = [_STEPS[kind]]
        elif kind != "back-off" or wait != before:
            said.append(_STEPS[kind].format(wait=span(wait), failures=decision.state.failures))
        before = wait
    return "; ".join(said)


def moved(before: FeedState, decision: Decision, asked: str, found: str) -> str:
    """What it means that a visit asked one address and found the feed at another."""
    after = decision.state
    if found == asked:
        return ""
    if after.moved_to is not None:
        return (
            f"moved permanently to {after.moved_to}; found there {after.moved_visits} of the"
            f" {MOVED_VISITS} times in a row after which that address is asked at once"
        )
    if after.address != before.address:
        return f"moved permanently to {found}; found there often enough to be asked there at once"
    return f"moved temporarily to {found}; {asked} stays its address"
