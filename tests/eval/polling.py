"""How long articles wait to be fetched, for an equal number of requests, on real dates.

Every feed is replayed: a plan learns only from what a visit at that time would have shown, which is
the latest `WINDOW` entries published until then. What is measured is the time from the date that an
entry bears to the visit that finds it. It is not known when entries were really put up, so every
date is taken at its word, and nothing of the network is in these figures.

Whether a visit falls just before a batch or just after it is chance, and moves the mean delay of a
corpus by a tenth: every feed is replayed from several times on.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from zlib import crc32

from rich.console import Console
from rich.table import Table

from aggregator.model import Feed, FeedState, Fetched, NotModified
from aggregator.rules import Polling
from aggregator.steps import polling
from aggregator.steps.dates import parse_date

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("AGGREGATOR_TEST_DATA", ROOT / ".." / "shared" / "corpus")).resolve()
WINDOW = 50
DAY = 86_400.0
STARTS = 4
"""Times, spread over an hour, from which each feed is replayed."""
SPAN = 28 * DAY
"""Of an archive only the last weeks are replayed."""
_DATE = re.compile(rb"<(?:pubDate|published|dc:date)\b[^>]*>(?:\s*<!\[CDATA\[)?([^<\]]*)")

Times: TypeAlias = Sequence[float]
"""Unix times of publication, in order."""
Plan: TypeAlias = Callable[[Times, int, float], float]
"""(dates in the document, new ones among them, now) -> seconds until the next visit."""
Plans: TypeAlias = Callable[[], Plan]
"""A fresh plan for each feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Requests made, articles found and the seconds that these waited, all together."""

    requests: int = 0
    articles: int = 0
    waited: float = 0.0

    @property
    def minutes(self) -> float:
        """Mean delay."""
        return self.waited / max(self.articles, 1) / 60

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            requests=self.requests + other.requests,
            articles=self.articles + other.articles,
            waited=self.waited + other.waited,
        )


def fixed(every: float) -> Plans:
    """A visit each `every` seconds."""
    return lambda: lambda shown, new, now: every


def miniflux(factor: float) -> Plans:
    """Miniflux' entry frequency: a week, divided by its entries and by `factor`.

    It counts what it has stored; here, what one document shows, which is kinder to it: at equal
    requests, fast feeds would else take those of the slow ones (two-weeks: 48 for 30 minutes).
    """

    def plan(shown: Times, new: int, now: float) -> float:
        weekly = len(shown) - bisect_right(shown, now - 7 * DAY)
        return min(max(7 * DAY / (weekly * factor), 300.0), DAY) if weekly else DAY

    return lambda: plan


def ours(every: float) -> Plans:
    """The plan of `steps.polling`, with `rules.every` as the price of a request."""
    rules = Polling(every=timedelta(seconds=every))

    def fresh() -> Plan:
        feed = Feed(id="replayed", url="https://example.org/", title="")
        start = datetime.fromtimestamp(0, UTC)
        state = FeedState(feed_id=feed.id, next_check_at=start)
        answer = Fetched(url=feed.url, body=b"", body_hash="")

        def plan(shown: Times, new: int, now: float) -> float:
            nonlocal state
            at = datetime.fromtimestamp(now, UTC)
            result: polling.Result = NotModified()
            if new or state.last_ok_at is None:
                dates = tuple(datetime.fromtimestamp(t, UTC) for t in reversed(shown))
                result = polling.Parsed(answer=answer, new=new, published=dates)
            state = polling.after(state, result, feed, rules, at)
            return (state.next_check_at - at).total_seconds()

        return plan

    return fresh


def replay(times: Times, start: float, end: float, plans: Plans) -> Figures:
    """Visit one feed from `start` on; every entry until `end` is waited for."""
    plan, now, found, waited = plans(), start, bisect_right(times, start), 0.0
    begun, stop, requests = found, bisect_left(times, end), 0
    while True:
        published = bisect_right(times, now)
        waited += sum(now - when for when in times[found : min(published, stop)])
        new, found = published - found, published
        if now >= end and found >= stop:
            return Figures(requests=requests, articles=max(stop - begun, 0), waited=waited)
        now += plan(times[max(0, published - WINDOW) : published], new, now)
        requests += now < end


def total(feeds: Mapping[str, Times], plans: Plans, warm: float = DAY) -> Figures:
    """All feeds; the first visits are a day after their first entry, at minutes of their own."""
    done = Figures()
    for name, times in feeds.items():
        first = crc32(name.encode()) / 2**32
        for n in range(STARTS):
            start = times[0] + warm + (first + n / STARTS) % 1 * 3600
            done += replay(times, start, times[-1], plans)
    return done


def matched(
    feeds: Mapping[str, Times], plans: Callable[[float], Plans], requests: int, warm: float = DAY
) -> Figures:
    """The figures at (nearly) so many requests in total; more of the scale means fewer of them."""
    low, high = 1.0, 50_000.0
    for _ in range(16):
        middle = (low * high) ** 0.5
        figures = total(feeds, plans(middle), warm)
        if abs(figures.requests - requests) <= requests * 0.003:
            break
        low, high = (middle, high) if figures.requests > requests else (low, middle)
    return figures


def dates(path: Path) -> list[float]:
    """The dates of publication in a document, oldest first, of its last four weeks."""
    found = (
        parse_date(m[1].decode("utf-8", "replace").strip())
        for m in _DATE.finditer(path.read_bytes())
    )
    times = sorted(when.timestamp() for when in found if when is not None)
    return [t for t in times if t >= times[-1] - SPAN]


def corpora(data: Path) -> dict[str, dict[str, Times]]:
    """Corpus -> feed -> dates; feeds with fewer than 30 dates or three days are left out."""
    found: dict[str, dict[str, Times]] = {}
    for name in ("two-weeks/feeds", "feeds"):
        read: dict[str, Times] = {
            path.stem: dates(path) for path in sorted((data / name).glob("*.xml"))
        }
        kept = {k: t for k, t in read.items() if len(t) >= 30 and t[-1] - t[0] >= 3 * DAY}
        if kept:
            found[name] = kept
    return found


def table(data: Path) -> Table | None:
    """Requests and mean delay of each plan; None when there is nothing to replay."""
    made = Table("corpus", "plan", "requests", "mean delay", "of hourly")
    measured = corpora(data)
    if not measured:
        return None
    if len(measured) > 1:
        measured["together"] = {k: t for feeds in measured.values() for k, t in feeds.items()}
    for name, feeds in measured.items():
        hourly = total(feeds, fixed(3600.0))
        rows = {
            "hourly": hourly,
            "Miniflux, equal requests": matched(
                feeds, lambda x: miniflux(100 / x), hourly.requests
            ),
            "ours, equal requests": matched(feeds, ours, hourly.requests),
            "Miniflux as it is": total(feeds, miniflux(1.0)),
            "ours as it is": total(feeds, ours(3600.0)),
        }
        for plan, figures in rows.items():
            made.add_row(
                f"{name} ({len(feeds)})",
                plan,
                f"{figures.requests:,}",
                f"{figures.minutes:.1f} min",
                f"{figures.minutes / hourly.minutes:.2f}",
            )
        made.add_section()
    return made


def main(data: Path = DATA) -> None:
    """Print the table, or say that the corpora are absent."""
    made = table(data)
    if made is None:
        Console().print(f"polling: skipped, no dated feeds in {data}")
    else:
        Console(width=100).print(made)


if __name__ == "__main__":
    main()
