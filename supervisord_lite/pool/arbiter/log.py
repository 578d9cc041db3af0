"""The arbiter's lines on stderr; to the journal with the levels of sd-daemon(3). Never waits for its reader.

What strangers can cause (garbage, refusals) is told a few times in a while and counted after that.
"""

import io
import os
import select
import socket
import stat
from math import inf

from supervisord_lite.systemd.journal import is_stream

ERROR, WARNING, NOTICE, INFO, DEBUG = 3, 4, 5, 6, 7

AT_ONCE = select.PIPE_BUF
"""What a pipe that can be written to takes without waiting, and a socket too."""

MANY = 10
"""Lines of one kind that are told in a while."""

WHILE = 10.0
"""Seconds."""


class Quota:
    """How often lines of a kind were told lately. Time is an argument."""

    def __init__(self) -> None:
        self._kinds: dict[str, tuple[float, int]] = {}

    def take(self, kind: str, now: float) -> tuple[bool, int]:
        """Whether one more may be told, and how many were not since the while before."""
        since, count = self._kinds.get(kind, (-inf, 0))
        if now - since >= WHILE:
            self._kinds[kind] = (now, 1)
            return True, max(0, count - MANY)
        self._kinds[kind] = (since, count + 1)
        return count < MANY, 0


class Log:
    """Writes lines to a descriptor; a line that does not go at once is lost.

    `journal_stream` is the value of JOURNAL_STREAM: where the descriptor is that, lines have a level.
    """

    def __init__(self, pool: str, fd: int = 2, journal_stream: str | None = None) -> None:
        self.pool = pool
        self._is_journal = is_stream(fd, journal_stream)
        self._quota = Quota()
        self._fd = fd
        self._own = reopened(fd)
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)

    def say(self, level: int, text: str) -> None:
        """One line, or several."""
        prefix = f"<{level}>" if self._is_journal else ""
        for line in text.splitlines():
            data = f"{prefix}{self.pool}: {line}".encode(errors="replace")[: AT_ONCE - 1] + b"\n"
            try:
                self._put(data)
            except OSError:
                pass  # nobody reads it, or not now; routing goes on

    def _put(self, data: bytes) -> None:
        if isinstance(self._own, socket.socket):
            self._own.send(data, socket.MSG_DONTWAIT)
        elif self._own is not None:
            self._own.write(data)
        elif self._poll.poll(0):
            os.write(self._fd, data)

    def warn(self, text: str) -> None:
        """With the word that people search for."""
        self.say(WARNING, f"WARNING: {text}")

    def say_seldom(self, kind: str, level: int, text: str, now: float) -> None:
        """One line of a kind that others cause."""
        may, untold = self._quota.take(kind, now)
        if may:
            self.say(level, f"{text} (and {untold} more like it)" if untold else text)

    def close(self) -> None:
        """No more lines."""
        if self._own is not None:
            self._own.close()


def reopened(fd: int) -> socket.socket | io.FileIO | None:
    """The same file, so that writing to it does not wait; None where it cannot be had.

    O_NONBLOCK is of the open file, which others share: pipes and terminals are opened anew for it.
    """
    try:
        mode = os.fstat(fd).st_mode
        if stat.S_ISSOCK(mode):
            return socket.socket(fileno=os.dup(fd))
        if stat.S_ISFIFO(mode) or os.isatty(fd):
            flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            return io.FileIO(os.open(f"/proc/self/fd/{fd}", flags), "w")
    except OSError:
        pass  # a pipe of another user
    return None
