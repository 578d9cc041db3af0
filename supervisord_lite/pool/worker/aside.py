"""The event loop of a worker: one thread, started when the first app turns out to be async.

Lanes hand it what is to be awaited and wait for the outcome. It outlives whatever its tasks raise.
"""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Awaitable, Coroutine
from queue import SimpleQueue
from typing import Any

from .outlet import ROOM, Outlet


class Errand:
    """Something that runs in the loop, for a thread that waits."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], news: "SimpleQueue[bool]"
    ) -> None:
        self._loop = loop
        self._work = work
        self._task: asyncio.Task[Any] | None = None
        self._is_cancelled = False
        self.news = news
        """True: it is done. False: it has left something that is to be done meanwhile."""
        loop.call_soon_threadsafe(self._begin, context=contextvars.copy_context())

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._work)
        self._task.add_done_callback(lambda _: self.news.put(True))

    def cancel(self) -> None:
        """From any thread, at any time."""
        self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        assert self._task is not None
        if not self._is_cancelled:  # once: a second time would end its cleaning up
            self._is_cancelled = True
            self._task.cancel()

    def outcome(self) -> tuple[Any, BaseException | None]:
        """Once it is done: what it returned, and what it raised."""
        assert self._task is not None
        if self._task.cancelled():
            return None, asyncio.CancelledError()
        error = self._task.exception()
        return (None, error) if error is not None else (self._task.result(), None)


class Aside:
    """The thread with the loop, from its first use on."""

    ENDS_WITHIN = 1.0
    """Seconds that tasks have to be cancelled in, when the worker ends."""

    def __init__(self) -> None:
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_ending = False

    def begin(self, work: Awaitable[Any], news: "SimpleQueue[bool] | None" = None) -> Errand:
        """Run it in the loop, in a copy of the context of this thread."""
        coroutine = work if asyncio.iscoroutine(work) else _await(work)
        return Errand(self._started(), coroutine, SimpleQueue() if news is None else news)

    def run(self, work: Awaitable[Any]) -> tuple[Any, BaseException | None]:
        """Wait for its outcome."""
        errand = self.begin(work)
        errand.news.get()
        return errand.outcome()

    def end(self) -> None:
        """Cancel what still runs, and stop."""
        if self._thread is not None and self._loop is not None:
            self.run(self._wind_up())
            self._is_ending = True
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._turn, name="dirty-loop", daemon=True)
                self._thread.start()
            return self._loop

    def _turn(self) -> None:
        assert self._loop is not None
        asyncio.set_event_loop(self._loop)
        while not self._is_ending:
            try:
                self._loop.run_forever()
            except BaseException:  # noqa: BLE001, S112 - a task's SystemExit, which its lane is told of
                continue

    async def _wind_up(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=self.ENDS_WITHIN)
        assert self._loop is not None
        await self._loop.shutdown_asyncgens()


async def _await(work: Awaitable[Any]) -> Any:
    return await work


class Tap:
    """Lets the chunks of an async generator into an outlet that a lane empties, no faster than it does."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._room = 0  # so that the first chunk is sent before the second is asked for
        self._is_drained = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waits = False
        self._is_called = False
        self._news: SimpleQueue[bool] = SimpleQueue()

    def open(self, aside: Aside, chunks: AsyncIterator[Any]) -> Errand:
        """Begin; its news are False when there is something to `empty`."""
        return aside.begin(self._run(chunks), self._news)

    async def _run(self, chunks: AsyncIterator[Any]) -> None:
        """All chunks; closes the generator, whatever happens."""
        self._loop = asyncio.get_running_loop()
        try:
            async for chunk in chunks:
                self._room -= self._outlet.put(chunk)
                if self._room <= 0:
                    self._is_drained.clear()
                    self._waits = True
                if not self._is_called:
                    self._is_called = True
                    self._news.put(False)
                if self._waits:
                    await self._is_drained.wait()
        finally:
            close = getattr(chunks, "aclose", None)
            if close is not None:
                await close()

    def empty(self) -> None:
        """Send what is there. From the lane's thread."""
        self._is_called = False  # before looking: what comes from now on calls again
        self._outlet.flush()
        if self._waits:
            self._waits = False
            self._room = ROOM
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._is_drained.set)
