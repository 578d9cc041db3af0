"""Threads beside the loop: what may block is done there, in order, and told on the loop."""

import queue
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

Work = Callable[[], Any]
Done = Callable[[Any, Exception | None], None]


class Backroom:
    """Runs work in its thread; `tell()` on the loop's thread, after `wake` was called from the other."""

    def __init__(self, name: str, wake: Callable[[], None], on_fault: Callable[[], None]) -> None:
        self._name = name
        self._wake = wake
        self._on_fault = on_fault
        """Called in the handler of an exception that a `done` let through."""
        self._todo: queue.SimpleQueue[tuple[Work, Done] | None] = queue.SimpleQueue()
        self._done: deque[tuple[Done, Any, Exception | None]] = deque()
        self._thread: threading.Thread | None = None

    def ask(self, work: Work, done: Done) -> None:
        """Do this, then call `done` with its result or its exception."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._todo.put((work, done))

    def tell(self) -> None:
        """Call back for what is done."""
        while self._done:
            done, result, error = self._done.popleft()
            try:
                done(result, error)
            except Exception:  # noqa: BLE001  # whoever else waits is told all the same
                self._on_fault()

    def close(self) -> None:
        """End the thread after what it was asked."""
        if self._thread is not None:
            self._todo.put(None)
            self._thread.join(1.0)

    def _run(self) -> None:
        while (task := self._todo.get()) is not None:
            work, done = task
            result, error = None, None
            try:
                result = work()
            except Exception as raised:  # noqa: BLE001  # whatever it is, whoever asked is told
                error = raised
            self._done.append((done, result, error))
            self._wake()
            del task, work, done, result, error
