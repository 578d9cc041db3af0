"""What the kernel tells of the processes that are measured: proc(5)."""

import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

MIB = 1024.0
"""KiB in a MiB: smaps_rollup counts KiB."""


class Usage(NamedTuple):
    """What a process has used so far: times it was woken, seconds of CPU."""

    wakeups: int
    cpu: float


def children(pid: int) -> list[int]:
    """The children of the process, oldest first; empty where it is gone."""
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def name_of(pid: int) -> str:
    """The name of the executable that the process runs, cut to 15 characters; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().rstrip("\n")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def memory(pid: int, kind: str = "Pss") -> float:
    """MiB of this kind, as in smaps_rollup: "Pss" counts what n processes share as an nth, "Rss" as whole."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) / MIB
    raise ValueError(f"/proc/{pid}/smaps_rollup has no line {kind}")


def total_memory(pids: Iterable[int]) -> float:
    """The PSS of several processes together, in MiB."""
    return sum(memory(pid) for pid in pids)


def usage(pids: Iterable[int]) -> Usage:
    """What all threads of these processes have used together."""
    wakeups, nanoseconds = 0, 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            status = (task / "status").read_text()
            wakeups += int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])
            nanoseconds += int((task / "schedstat").read_text().split()[0])
    return Usage(wakeups, nanoseconds / 1e9)


def is_there(pid: int) -> bool:
    """Whether the process has neither ended nor been reaped; one that was left to us is reaped here."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_gone(pids: Iterable[int], seconds: float) -> bool:
    """Wait until all of them are gone; False where some are still there after so many seconds."""
    left = list(pids)
    deadline = time.perf_counter() + seconds
    while left:
        if not is_there(left[-1]):
            left.pop()
        elif time.perf_counter() > deadline:
            return False
        else:
            time.sleep(0.0005)
    return True
