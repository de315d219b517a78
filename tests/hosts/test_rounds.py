"""Visits without news are written together, and stand alone when one of them cannot be written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aggregator import jobs
from aggregator.errors import StoreError
from aggregator.hosts import rounds
from aggregator.model import FeedState, Outcome, VisitReport
from aggregator.ports import Tools
from tests.edges.test_manners import Everywhere, desk

FEEDS = 24


class Watched:
    """A store that tells how many visits each transaction held, and refuses those of one feed."""

    def __init__(self, tools: Tools, refused: str = "") -> None:
        self._store = tools.store
        self._refused = refused
        self.batches: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def settle(self, states: Sequence[tuple[FeedState, datetime]]) -> None:
        self.batches.append(len(states))
        if self._refused in {state.feed_id for state, _ in states}:
            raise StoreError("the disk is full")
        self._store.settle(states)


def second_round(folder: Path, refused: str = "") -> tuple[list[VisitReport], Watched, set[str]]:
    """Reports of a round without news, its transactions, and the feeds that were put off."""
    with Everywhere() as web:
        urls = {f"f{n}": web.publish(n, 0.01) for n in range(FEEDS)}
        with desk(folder, urls, concurrency=FEEDS) as mine:
            mine.round()
            mine.now += timedelta(days=2)
            store = Watched(mine.tools, refused)
            tools: Any = replace(mine.tools, store=store)
            visits = jobs.claim(tools)
            done = asyncio.run(rounds.poll(tools, visits))
            leases = {visit.feed.id: visit.state.next_check_at for visit in visits}
            after = {
                id
                for id, state in mine.tools.store.states().items()
                if state.next_check_at != leases[id]
            }
    return done.reports, store, after


def test_visits_that_end_together_share_a_transaction(tmp_path: Path) -> None:
    reports, store, put_off = second_round(tmp_path)
    assert {report.outcome for report in reports} == {Outcome.UNCHANGED}
    assert sum(store.batches) == len(reports) == len(put_off) == FEEDS
    assert len(store.batches) < FEEDS


def test_a_visit_that_cannot_be_written_takes_no_other_along(tmp_path: Path) -> None:
    reports, _, put_off = second_round(tmp_path, refused="f7")
    failed = {report.feed_id: report.detail for report in reports if report.outcome == "failed"}
    assert failed == {"f7": "StoreError: the disk is full"}
    assert len(reports) == FEEDS
    assert put_off == {f"f{n}" for n in range(FEEDS)} - {"f7"}
