"""A step and its values -> its result, computed in worker processes that can be killed."""

from __future__ import annotations

import os
import resource
import signal
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from datetime import timedelta
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from aggregator.errors import AggregatorError, NotAFeed, Stopped

R = TypeVar("R")

_OUT_OF_MEMORY = 77
"""The exit code by which a worker says so."""
_STOPPED = "parsing was stopped: the program ends"


class _Worker(ForkServerProcess):
    """A process that Ctrl-C never reaches: pebble ignores it, but only once Python has started."""

    def start(self) -> None:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Context(ForkServerContext):
    """A process without threads imports what a step needs, once, and forks the workers.

    To fork the program itself, which has threads, could deadlock the child; to start each worker
    anew takes 0.3 s of CPU time, also after each document that had to be given up.
    """

    def __init__(self) -> None:
        super().__init__()
        self.set_forkserver_preload(["aggregator.pipeline"])
        self.workers: weakref.WeakSet[_Worker] = weakref.WeakSet()

    def Process(self, *args: Any, **kwargs: Any) -> _Worker:  # type: ignore[override]
        worker = _Worker(*args, **kwargs)
        self.workers.add(worker)
        return worker


class ParserPool:
    """Runs steps in up to `workers` processes, started with the first document. Thread-safe.

    A hostile document of 100 KB can keep any XML parser busy for minutes, and nothing but the end
    of its process stops it. `deadline` counts from when a worker takes the document up. `given`:
    arguments of every step, sent to each worker once.
    """

    def __init__(
        self, workers: int, deadline: timedelta, memory_mb: int = 1024, **given: Any
    ) -> None:
        self._given = given
        self._workers = workers
        self._deadline = deadline
        self._memory_mb = memory_mb
        self._closed = False
        self._jobs: set[Future[Any]] = set()
        self._lock = threading.Lock()
        self._context, self._pool = self._new_pool()

    def run(self, step: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        """`step(*args, **kwargs, **given)` in a worker. Blocks.

        Raises what the step raises, NotAFeed when its document had to be given up, Stopped when
        `close` was called, and AggregatorError when no process can be started. The step is a
        function of a module, which the worker imports.
        """
        job = self._schedule(step, args, kwargs)
        self._jobs.add(job)
        if self._closed:
            job.cancel()
        try:
            result: R = job.result()
            return result
        except TimeoutError:
            seconds = f"{self._deadline.total_seconds():g}"
            raise NotAFeed(f"this document took longer than {seconds} s to parse") from None
        except ProcessExpired as expired:
            if self._closed:
                raise Stopped(_STOPPED) from None
            if expired.exitcode == _OUT_OF_MEMORY:
                reason = f"needed more than {self._memory_mb} MB to parse"
            else:
                reason = f"broke the parser (its process ended with {expired.exitcode})"
            raise NotAFeed(f"this document {reason}") from None
        except (CancelledError, BrokenProcessPool):
            if self._closed:
                raise Stopped(_STOPPED) from None
            raise NotAFeed("parsing was stopped: its process was lost") from None
        finally:
            self._jobs.discard(job)

    def close(self) -> None:
        """End the workers, also in the middle of a document. Idempotent."""
        with self._lock:
            self._closed = True
            self._end_pool()
        # The pool forgets what it has not finished; whoever waits for it would wait for ever.
        for job in tuple(self._jobs):
            job.cancel()

    def _schedule(self, *job: Any) -> Future[Any]:
        with self._lock:
            if self._closed:
                raise Stopped(_STOPPED)
            try:
                if not self._pool.active:
                    # pebble gives up for good when a worker without a job dies (out of memory,
                    # kill).
                    self._end_pool()
                    self._context, self._pool = self._new_pool()
                scheduled: Future[Any] = self._pool.schedule(
                    _run, args=job, timeout=self._deadline.total_seconds()
                )
            except (OSError, BrokenProcessPool) as error:
                raise AggregatorError(
                    f"no parser process can be started ({error.__cause__ or error}): it needs a "
                    "folder for temporary files (TMPDIR) that can be written and has a short name"
                ) from error
            return scheduled

    def _new_pool(self) -> tuple[_Context, Any]:
        context: Any = _Context()
        return context, ProcessPool(
            max_workers=self._workers,
            initializer=_prepare,
            initargs=(self._memory_mb, self._given),
            context=context,
        )

    def _end_pool(self) -> None:
        self._pool.stop()
        # Killed first, a worker that is still starting cannot complain that its pipe is closed.
        for worker in tuple(self._context.workers):
            if worker.pid is not None and worker.is_alive():
                worker.kill()
        self._pool.join()


def _run(step: Callable[..., R], args: tuple[Any, ...], kwargs: dict[str, Any]) -> R:
    try:
        return step(*args, **kwargs, **_given)
    except MemoryError:
        # The address space stays in pieces after this: a fresh process is the better worker.
        os._exit(_OUT_OF_MEMORY)


_NICE = 5
_given: dict[str, Any] = {}
"""In a worker: arguments of every step."""


def _prepare(megabytes: int, given: dict[str, Any]) -> None:
    """In a new worker. Parsing stands behind the program itself, whose pages people wait for."""
    os.nice(_NICE)
    _given.update(given)
    _limit_memory(megabytes)


def _limit_memory(megabytes: int) -> None:
    limit = megabytes << 20
    try:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    except (ValueError, OSError):  # macOS refuses RLIMIT_AS
        return
