"""One call while it runs: what it is asked of, what may end it early, and what its app may ask of it."""

import threading
import time
from collections.abc import Callable

from .interruption import Gate

KEEP_ALIVE_EVERY = 0.01
"""Seconds; an app may say it in every turn of a loop."""


class Call:
    """A request that has come down a lane. `deadline` is the caller's, monotonic; None: it waits for ever.

    `keep_alive_word(call)` tells the arbiter that this call is at work.
    """

    __slots__ = (
        "_keep_alive_word",
        "_said_at",
        "action",
        "app",
        "deadline",
        "gate",
        "id",
        "is_cancelled",
        "is_over",
        "is_stream",
        "is_streaming",
        "stopper",
        "timeout",
        "total_deadline",
    )

    def __init__(self, number: int, app: str, action: str, keep_alive_word: "Callable[[Call], None]") -> None:
        self.id = number
        self.app = app
        self.action = action
        self.gate = Gate(threading.get_ident())
        self.stopper: Callable[[], None] | None = None
        """Ends what runs elsewhere than in the call's own thread: a task."""
        self.is_stream: bool | None = None
        """What the caller expects; None: it did not say, which is version 1."""
        self.is_streaming = False
        """It runs a generator in its own thread, which can be closed when it has its next chunk."""
        self.is_cancelled = False
        self.is_over = False
        self.timeout: float | None = None
        self.deadline: float | None = None
        self.total_deadline: float | None = None
        self._keep_alive_word = keep_alive_word
        self._said_at = 0.0

    def __str__(self) -> str:
        return f"call {self.id} {self.app}:{self.action}"

    def expect(self, timeout: float | None, is_stream: bool, total: float | None) -> None:
        """The caller waits `timeout` seconds for the answer or the next chunk, `total` for the stream."""
        now = time.monotonic()
        self.is_stream = is_stream
        self.timeout = timeout
        if total is not None:
            self.total_deadline = now + total
        self.chunk_left(now)

    def chunk_left(self, now: float) -> None:
        """What the caller waits for next has its whole time."""
        if self.timeout is None:
            self.deadline = self.total_deadline
        elif self.total_deadline is None:
            self.deadline = now + self.timeout
        else:
            self.deadline = min(now + self.timeout, self.total_deadline)

    def keep_alive(self) -> None:
        """The running time that the pool's `timeout` bounds starts anew. From any thread."""
        now = time.monotonic()
        if not self.is_over and now - self._said_at >= KEEP_ALIVE_EVERY:
            self._said_at = now
            self._keep_alive_word(self)

    def cancel(self) -> None:
        """End it at the next opportunity: a task is cancelled, a stream closed when it has its next chunk."""
        self.is_cancelled = True
        stopper = self.stopper
        if stopper is not None:
            stopper()

    def interrupt(self) -> None:
        """Raise `Cancelled` in the app's code, if that is what the call's thread runs now."""
        self.is_cancelled = True
        self.gate.strike()
