"""The system calls that supervision needs, behind one protocol; the tests have a scripted one."""

import os
import resource
import time
from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from . import proc


class Reaped(Struct, frozen=True):
    """How a child ended: wait(2) status, and what it used (getrusage(2)). CPU in seconds, memory in bytes."""

    pid: int
    status: int
    user_cpu: float
    system_cpu: float
    peak_memory: int

    @property
    def code(self) -> int | None:
        """Its exit status, or None where a signal ended it."""
        return os.WEXITSTATUS(self.status) if os.WIFEXITED(self.status) else None

    @property
    def signal(self) -> int | None:
        """The signal that ended it, or None."""
        return os.WTERMSIG(self.status) if os.WIFSIGNALED(self.status) else None

    @property
    def core(self) -> bool:
        """Whether it left a core dump."""
        return os.WIFSIGNALED(self.status) and os.WCOREDUMP(self.status)


class Sent(StrEnum):
    """What became of a signal."""

    DELIVERED = "delivered"
    GONE = "gone"
    FORBIDDEN = "forbidden"
    """The process runs as somebody whom this one may not signal: it executed a set-uid program."""


class Kernel(Protocol):
    """What the daemon asks of the kernel about its children. Nothing here blocks."""

    def now(self) -> float:
        """Monotonic seconds."""

    def dead_child(self) -> int | None:
        """A child that has ended and is still to be reaped; its pid cannot be used again before that."""

    def reap(self, pid: int) -> Reaped:
        """Take the ended child's status."""

    def is_child(self, pid: int) -> bool:
        """Whether this is a child of ours, ended or not."""

    def send(self, pid: int, signal: int) -> Sent:
        """Send a signal to a process."""

    def send_group(self, group: int, signal: int) -> bool:
        """Send a signal (0: none, just ask) to a process group; False where nobody is in it."""

    def children(self) -> set[int]:
        """Every child of ours, adopted orphans among them."""

    def descendants(self, pid: int) -> Mapping[int, int]:
        """The living processes below this one, each with its start time as an identity."""

    def start_time(self, pid: int) -> int | None:
        """When the process started, in clock ticks since boot; None where there is none or it has ended."""

    def environment(self, pid: int) -> bytes:
        """The environment it was started with, NUL-separated; empty where it cannot be read."""

    def title(self, pid: int) -> str:
        """Its command line with its arguments joined by spaces; empty where it cannot be read."""

    def limit(self, pid: int, name: str, soft: int, hard: int) -> None:
        """Set a limit by its lower-case name ("nofile"); -1 is infinity. Raises `OSError`, `ValueError`."""

    def nice(self, pid: int, value: int) -> None:
        """Set the nice value, -20 to 19. Raises `OSError`."""


class Linux:
    """The kernel itself."""

    def now(self) -> float:
        return time.monotonic()

    def dead_child(self) -> int | None:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return None
        return None if found is None else found.si_pid

    def reap(self, pid: int) -> Reaped:
        _, status, used = os.wait4(pid, 0)
        return Reaped(pid, status, used.ru_utime, used.ru_stime, used.ru_maxrss * 1024)

    def is_child(self, pid: int) -> bool:
        try:
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return True

    def send(self, pid: int, signal: int) -> Sent:
        try:
            os.kill(pid, signal)
        except ProcessLookupError:
            return Sent.GONE
        except PermissionError:
            return Sent.FORBIDDEN
        return Sent.DELIVERED

    def send_group(self, group: int, signal: int) -> bool:
        try:
            os.killpg(group, signal)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True  # somebody is in it, and is not ours to signal
        return True

    def children(self) -> set[int]:
        return proc.children(os.getpid())

    def descendants(self, pid: int) -> Mapping[int, int]:
        return proc.descendants(pid)

    def start_time(self, pid: int) -> int | None:
        return proc.start_time(pid)

    def environment(self, pid: int) -> bytes:
        return proc.environment(pid)

    def title(self, pid: int) -> str:
        return proc.title(pid)

    def limit(self, pid: int, name: str, soft: int, hard: int) -> None:
        number = getattr(resource, f"RLIMIT_{name.upper()}")
        resource.prlimit(pid, number, (soft, hard))

    def nice(self, pid: int, value: int) -> None:
        os.setpriority(os.PRIO_PROCESS, pid, value)
