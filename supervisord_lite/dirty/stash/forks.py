"""The environments of this process, and what a fork means to them."""

import os
import threading

from .environment import Environment
from .view import Clock

FORK_WAITS = 1.0
"""Seconds that a fork waits for another thread's write. After that, the child cannot use the stash."""


class _Held(threading.local):
    """What the thread that forks has locked: others may fork at the same time."""

    def __init__(self) -> None:
        self.by_this_thread: list[Environment] = []


_held = _Held()
_open: dict[str, Environment] = {}
_lock = threading.Lock()


def environment(directory: str, size: int, *, persist: bool, mode: int, clock: Clock) -> Environment:
    """The environment of a directory in this process."""
    path = os.path.realpath(directory)
    with _lock:
        found = _open.get(path)
        if found is None:
            found = _open[path] = Environment(path, size, persist=persist, mode=mode, clock=clock)
        return found


def _before() -> None:
    """Close what is open, so that the child inherits nothing; a write of another thread is waited for."""
    for found in list(_open.values()):
        if found.lock.acquire(timeout=FORK_WAITS):
            _held.by_this_thread.append(found)
            if not found.is_in_transaction:
                found.close()


def _after_in_parent() -> None:
    while _held.by_this_thread:
        _held.by_this_thread.pop().lock.release()


def _after_in_child() -> None:
    """Only this thread is left: locks that others held are held for ever, and are replaced."""
    global _lock
    _lock = threading.Lock()
    _held.by_this_thread.clear()
    for found in _open.values():
        found.lose()


os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
