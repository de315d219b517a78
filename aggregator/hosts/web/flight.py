"""One run of a piece of work at a time, however many ask for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool

T = TypeVar("T")


class SingleFlight:
    """Work under way, by name. Belongs to one event loop."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    async def run(self, name: Hashable, work: Callable[[], T]) -> T:
        """What `work` returns or raises, from a thread; who asks meanwhile gets the same.

        One who goes away stops it for nobody.
        """
        task: asyncio.Task[T] | None = self._tasks.get(name)
        if task is None:
            task = asyncio.create_task(run_in_threadpool(work))
            self._tasks[name] = task
            task.add_done_callback(lambda done: self._landed(name, done))
        return await asyncio.shield(task)

    def _landed(self, name: Hashable, task: asyncio.Task[Any]) -> None:
        del self._tasks[name]
        if not task.cancelled():
            task.exception()  # seen, although all who asked may have gone
