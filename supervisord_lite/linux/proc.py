"""What /proc tells of other processes: proc(5)."""

import os


def children(pid: int) -> set[int]:
    """The processes whose parent is this one; empty where it is gone."""
    found: set[int] = set()
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        for task in tasks:
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found.update(map(int, file.read().split()))
    except FileNotFoundError:
        if os.path.exists(f"/proc/{pid}"):
            return _children_by_scan(pid)  # a kernel without CONFIG_PROC_CHILDREN
    except OSError:
        pass  # it has just gone, or no descriptor is left to look with
    return found


def _children_by_scan(pid: int) -> set[int]:
    return {int(entry) for entry in os.listdir("/proc") if entry.isdigit() and _field(int(entry), 4) == pid}


def descendants(pid: int) -> dict[int, int]:
    """The living processes below this one, each with its start time in clock ticks since boot."""
    found: dict[int, int] = {}
    unseen = children(pid)
    while unseen:
        process = unseen.pop()
        started = start_time(process)
        if started is not None and process not in found:
            found[process] = started
            unseen |= children(process)
    return found


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None where there is none or it is a zombie."""
    if _stat(pid)[:1] in ([], ["Z"], ["X"]):
        return None
    return _field(pid, 22)


def environment(pid: int) -> bytes:
    """The environment it was started with, NUL-separated; empty where it cannot be read."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read()
    except OSError:
        return b""


def title(pid: int) -> str:
    """Its command line with its arguments joined by spaces; empty where it cannot be read."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    """The fields of proc_pid_stat(5) from the third (state) on; empty where the process is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []


def _field(pid: int, number: int) -> int | None:
    fields = _stat(pid)
    return int(fields[number - 3]) if fields else None
