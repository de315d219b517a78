"""Everything in one process: scheduler, poller, story builder, mailer and web.

The scheduler only says "there may be work": what is due is read from the tables each time, so a
missed or doubled tick changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from starlette.types import ASGIApp

from aggregator import jobs
from aggregator.errors import AggregatorError
from aggregator.hosts import rounds
from aggregator.hosts.announcing import Announcer
from aggregator.hosts.web import application
from aggregator.model import FeedStatus, VisitReport
from aggregator.ports import Tools
from aggregator.render.safe import shown
from aggregator.steps import health
from aggregator.wiring import now

try:
    import uvloop
except ImportError:  # there is none for Windows
    _new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
else:
    _new_loop = uvloop.new_event_loop

log = logging.getLogger(__name__)

TICK = timedelta(seconds=2)
"""How often the tables are asked for due feeds."""
ARRANGE_GAP = timedelta(seconds=10)
"""Between two builds of stories while visits go on: each looks at the stories of some days."""
HUB_TICK = timedelta(seconds=5)
DIGEST_TICK = timedelta(seconds=60)
DELIVERY_TICK = timedelta(seconds=5)
"""How long a letter of a new issue waits at most; to find that none is due takes milliseconds."""
SIGN_UP_TICK = timedelta(seconds=5)
"""Whoever asked at the form waits at their mailbox."""
HEALTH_TICK = timedelta(minutes=3)
"""How often the operator may hear that a feed got into trouble, or out of it."""
RETAG_TICK = timedelta(hours=1)
"""How often it is asked whether articles of another taxonomy are left, the first time at once."""
RETAG_BATCH = 100
RETAG_SHARE = 0.25
"""Of the time, at most: polling and pages go first."""
STOP_WITHIN = timedelta(seconds=4)


def finish(main: Coroutine[Any, Any, None]) -> None:
    """Run to the end, on uvloop where there is one: it answers twice as many readers."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(main)


def serving(app: ASGIApp) -> uvicorn.Config:
    """How the site is served."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
        server_header=False,
    )


class Embedded:
    """One process of `aggregator run`."""

    def __init__(
        self, tools: Tools, *, each: Callable[[VisitReport], None] = lambda report: None
    ) -> None:
        self.tools = tools
        self._each = each
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._poller = rounds.Poller(tools, self._start, self._told)
        self._announcer = Announcer(tools, time.monotonic)
        self._pacer = jobs.Pacer()
        self._unarranged = True
        """Visits ended since stories were last built, in this life or the one before."""
        self._arrange_after = 0.0
        """By the clock of the event loop."""
        self._retagging = False
        self._statuses: dict[str, FeedStatus] = {}
        """Of each feed, as last told."""

    async def run(self, host: str, port: int, *, ready: Callable[[int], None]) -> None:
        """Serve until SIGTERM or SIGINT. `ready` gets the port once pages can be opened."""
        listener = _listen(host, port)
        server = _Server(serving(application(self.tools, delivered=self._delivered)))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        served = asyncio.create_task(server.serve(sockets=[listener]))
        await asyncio.to_thread(partial(jobs.register, self.tools, spread=True))
        # What was known before this start was told then: only changes are news.
        self._statuses = health.statuses(await asyncio.to_thread(jobs.health, self.tools))
        scheduler = self._scheduler()
        scheduler.start()
        ready(listener.getsockname()[1])
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({served, stopped}, return_when=asyncio.FIRST_COMPLETED)
        self._stopping.set()
        log.info("stopping")
        _end_within(STOP_WITHIN)
        # shutdown(wait=True) cancels running coroutines (apscheduler 3.11): ours are kept here.
        scheduler.shutdown(wait=False)
        await self._drain()
        server.should_exit = True
        await served
        stopped.cancel()
        await self.tools.fetch.aclose()

    def _scheduler(self) -> AsyncIOScheduler:
        """`misfire_grace_time=None`: the default of 1 s drops a late run without a word.

        Ticks follow the real clock. From a replaced one (the sample week is of 2019) APScheduler
        counts every tick up to today, which takes it minutes in which no page is served.
        """
        scheduler = AsyncIOScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        at_once = now()
        for work, every in (
            (self._poll, TICK),
            (self._arrange, TICK),
            (self._hubs, HUB_TICK),
            (self._announce, HUB_TICK),
            (self._compose, DIGEST_TICK),
            (self._deliver, DELIVERY_TICK),
            (self._sign_ups, SIGN_UP_TICK),
            (self._health, HEALTH_TICK),
            (self._retag, RETAG_TICK),
            (self._bounces, self.tools.config.bounces.every),
        ):
            scheduler.add_job(
                self._keep(work), "interval", seconds=every.total_seconds(), next_run_time=at_once
            )
        return scheduler

    def _keep(
        self, work: Callable[[], Coroutine[Any, Any, None]]
    ) -> Callable[[], Coroutine[Any, Any, None]]:
        """Run `work` as a task of our own, so that a stop can wait for it; log what it raises."""

        async def kept() -> None:
            try:
                await self._start(work())
            except asyncio.CancelledError:
                pass
            except AggregatorError as error:
                log.error("%s", error)
            except Exception:
                log.exception("a job failed; it is tried again at the next tick")

        return kept

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _poll(self) -> None:
        """Start what is due beside what is under way: a host that hangs delays only itself."""
        if self._poller.has_room:
            visits = await asyncio.to_thread(jobs.claim, self.tools)
            if not self._stopping.is_set():
                self._poller.add(visits)

    def _told(self, report: VisitReport) -> None:
        self._unarranged = True
        self._each(report)

    def _delivered(self) -> None:
        self._unarranged = True

    async def _hubs(self) -> None:
        """Ask the hubs that are due; a hub that hangs ends with its time-out."""
        await jobs.subscribe_hubs(self.tools)

    async def _announce(self) -> None:
        await self._announcer.announce()

    async def _arrange(self) -> None:
        """Build stories once all is quiet, and now and then while it is not; one at a time."""
        clock = asyncio.get_running_loop().time
        quiet = self._poller.is_idle and not self._retagging
        if not self._unarranged or not (quiet or clock() >= self._arrange_after):
            return
        self._unarranged = False
        started = clock()
        try:
            await asyncio.to_thread(jobs.arrange, self.tools)
        except BaseException:
            self._unarranged = True
            raise
        finally:
            took = clock() - started
            self._arrange_after = clock() + max(ARRANGE_GAP.total_seconds(), 3 * took)

    async def _compose(self) -> None:
        await asyncio.to_thread(jobs.compose, self.tools)

    async def _deliver(self) -> None:
        """Beside composing: with a rate, letters may be under way for hours."""
        await asyncio.to_thread(jobs.deliver, self.tools, self._stopping.is_set, self._pacer)

    async def _bounces(self) -> None:
        await asyncio.to_thread(jobs.read_mailbox, self.tools)

    async def _sign_ups(self) -> None:
        await asyncio.to_thread(jobs.answer_sign_ups, self.tools, self._stopping.is_set)

    async def _retag(self) -> None:
        """Judge what another taxonomy has judged, a little at a time, until nothing is left."""
        waiting = await asyncio.to_thread(jobs.waiting, self.tools)
        if not waiting:
            return
        log.info("judging %d stored articles by the present taxonomy", waiting)
        judged = changed = 0
        self._retagging = True
        try:
            async for batch in self._batches(jobs.retag(self.tools, size=RETAG_BATCH)):
                judged += len(batch.articles)
                news = sum(each.changed for each in batch.articles)
                changed += news
                self._unarranged = self._unarranged or news > 0
        finally:
            self._retagging = False
        log.info("judged %d stored articles anew, %d of them otherwise", judged, changed)

    async def _batches(self, batches: Iterator[jobs.Batch]) -> AsyncIterator[jobs.Batch]:
        """Each made in a thread, with a pause after it; none once the program stops."""
        clock = asyncio.get_running_loop().time
        while not self._stopping.is_set():
            started = clock()
            batch = await asyncio.to_thread(next, batches, None)
            if batch is None:
                return
            yield batch
            pause = (clock() - started) * (1 / RETAG_SHARE - 1)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)

    async def _health(self) -> None:
        """Say once that a feed fails, is silent or retired, and once that it is well again."""
        found = await asyncio.to_thread(jobs.health, self.tools)
        for each in health.changed(self._statuses, found):
            log.log(
                logging.INFO if each.status == "ok" else logging.WARNING,
                "%s",
                shown(health.sentence(each), 500),
                extra={
                    "feed": each.feed.id,
                    "status": each.status,
                    "since": each.since and each.since.isoformat(),
                    "reason": shown(health.reason(each), 500),
                },
            )
        self._statuses = health.statuses(found)

    async def _drain(self) -> None:
        """Give work in hand a moment; requests under way are then given up (their lease ends)."""
        self._poller.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        for task in list(self._tasks):
            task.cancel()
        self.tools.stop_reading()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)


def _end_within(time: timedelta) -> None:
    """End the process even if a thread hangs in a mail server's silence.

    That is as safe as a power cut, which the tables survive: a letter in hand becomes uncertain.
    """

    def end() -> None:
        log.warning("work in hand was given up; it is taken up again at the next start")
        logging.shutdown()
        os._exit(0)

    watch = threading.Timer(time.total_seconds(), end)
    watch.daemon = True
    watch.start()


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: this process has one place that stops it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listen(host: str, port: int) -> socket.socket:
    """Bound before anything starts, so that a taken port is told at once and in one sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise AggregatorError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another with --port"
        ) from error
    listener.listen(512)
    return listener
