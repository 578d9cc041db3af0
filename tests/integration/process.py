"""Processes that a test has to do with: their output line by line, their end, and what is left of them."""

import contextlib
import ctypes
import os
import re
import select
import threading
from pathlib import Path

DEADLINE = 10.0
"""Seconds that a test waits for what has to happen."""

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of whatever a daemon leaves behind, so that nothing escapes unseen (prctl(2))."""
    assert ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


class Lines:
    """What is written into a pipe, line by line, as it comes."""

    def __init__(self) -> None:
        """`fd` is the end for the writers; close it with `hand_over` once they have it."""
        self._reader, self.fd = os.pipe()
        self._lines: list[str] = []
        self._news = threading.Condition()
        self._is_open = True
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def hand_over(self) -> None:
        """Close the writers' end here: the pipe ends with the last of them."""
        os.close(self.fd)

    def _read(self) -> None:
        with open(self._reader, errors="replace") as file:
            for line in file:
                with self._news:
                    self._lines.append(line.rstrip("\n"))
                    self._news.notify_all()
        with self._news:
            self._is_open = False
            self._news.notify_all()

    def expect(self, pattern: str, count: int = 1, deadline: float = DEADLINE) -> re.Match[str]:
        """Wait for the given number of lines in which the pattern is found; return the last one's match."""
        with self._news:
            self._news.wait_for(lambda: len(self.found(pattern)) >= count or not self._is_open, deadline)
            found = self.found(pattern)
            assert len(found) >= count, f"{pattern!r} not {count} times in:\n{self.text()[-4000:]}"
            return found[count - 1]

    def found(self, pattern: str) -> list[re.Match[str]]:
        """The matches so far, one a line."""
        return [match for line in self._lines if (match := re.search(pattern, line))]

    def text(self) -> str:
        """Everything so far."""
        return "\n".join(self._lines)

    def join(self, deadline: float = DEADLINE) -> None:
        """Wait until nobody can write any more."""
        self._thread.join(deadline)
        assert not self._thread.is_alive(), f"somebody still holds the pipe:\n{self.text()}"


def children() -> set[int]:
    """The children of this process, adopted ones included."""
    found: set[int] = set()
    for task in os.listdir("/proc/self/task"):
        with contextlib.suppress(FileNotFoundError):
            found.update(map(int, Path(f"/proc/self/task/{task}/children").read_text().split()))
    return found


def is_alive(pid: int) -> bool:
    """Whether the process exists and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(pid: int, deadline: float = DEADLINE) -> None:
    """Wait until the process has ended; that it ended already is fine."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(pidfd, select.POLLIN)
        assert poll.poll(deadline * 1000), f"process {pid} lives: {command_line(pid)}"
    finally:
        os.close(pidfd)


def command_line(pid: int) -> str:
    """The command line of a process, as far as it can be read."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return "?"


def environment(pid: int) -> dict[str, str]:
    """The environment that a process was started with."""
    entries = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)
