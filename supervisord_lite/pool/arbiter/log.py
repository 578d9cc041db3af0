"""The arbiter's lines on stderr, with the priority prefixes of sd-daemon(3). Never waits for its reader.

What strangers can cause (garbage, refusals) is told a few times in a while and counted after that.
"""

import os
import select
from math import inf

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
    """Writes lines to a descriptor, a journal stream as a rule; a line that does not go at once is lost."""

    def __init__(self, pool: str, fd: int = 2) -> None:
        self.pool = pool
        self._fd = fd
        self._quota = Quota()
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)

    def say(self, level: int, text: str) -> None:
        """One line, or several."""
        for line in text.splitlines():
            data = f"<{level}>{self.pool}: {line}".encode(errors="replace")[: AT_ONCE - 1] + b"\n"
            try:
                if self._poll.poll(0):
                    os.write(self._fd, data)
            except OSError:
                pass  # nobody reads it; routing goes on

    def warn(self, text: str) -> None:
        """With the word that people search for."""
        self.say(WARNING, f"WARNING: {text}")

    def say_seldom(self, kind: str, level: int, text: str, now: float) -> None:
        """One line of a kind that others cause."""
        may, untold = self._quota.take(kind, now)
        if may:
            self.say(level, f"{text} (and {untold} more like it)" if untold else text)
