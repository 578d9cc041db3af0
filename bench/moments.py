"""Moments that programs under measurement tell, in seconds of the monotonic clock, over a named pipe."""

import os
import select
from pathlib import Path

from bench.subject import PATIENCE, TooSlow


class Moments:
    """The reading end; use it as a context manager. Programs find the pipe in the variable BENCH_FIFO."""

    def __init__(self, path: Path) -> None:
        self.env = {"BENCH_FIFO": str(path)}
        self._buffer = b""
        os.mkfifo(path)
        # Open for writing too, or there is an end of file between two programs that write.
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def __enter__(self) -> "Moments":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def next(self) -> float:
        """The next moment. Raises `TooSlow`."""
        while b"\n" not in self._buffer:
            if not select.select([self._fd], [], [], PATIENCE)[0]:
                raise TooSlow("a program did not say that it had come so far")
            self._buffer += os.read(self._fd, 65536)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return float(line)

    def take(self, count: int) -> None:
        """Wait until so many more have been told. Raises `TooSlow`."""
        for _ in range(count):
            self.next()
