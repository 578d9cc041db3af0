"""The way to the arbiter, whoever is the arbiter now: its listening socket outlives it."""

import socket
import time


def connect(path: str) -> socket.socket:
    """A connection that does not block. Raises `OSError`; `BlockingIOError` where the backlog is full."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        sock.connect(path)
    except OSError:
        sock.close()
        raise
    return sock


class Delay:
    """How long to wait before the next attempt: nothing after a connection that held, else ever longer."""

    FIRST = 0.01
    LONGEST = 0.5
    HELD = 1.0
    """Seconds after which a connection was a good one."""

    def __init__(self) -> None:
        self._next = 0.0

    def next(self) -> float:
        """Seconds to wait after a failed attempt."""
        self._next = min(max(self._next * 2, self.FIRST), self.LONGEST)
        return self._next

    def after(self, began: float) -> float:
        """Seconds to wait after a connection that was opened at `began`, monotonic, has ended."""
        if time.monotonic() - began >= self.HELD:
            self._next = 0.0
            return 0.0
        now, _ = self._next, self.next()
        return now
