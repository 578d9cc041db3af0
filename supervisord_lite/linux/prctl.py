"""prctl(2) and what else the standard library does not offer, by way of ctypes."""

import ctypes
import os

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_TIMERSLACK = 29

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def become_subreaper() -> None:
    """Orphans among the descendants become children of this process (PR_SET_CHILD_SUBREAPER)."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(signal: int) -> None:
    """Get this signal when the parent thread ends (PR_SET_PDEATHSIG); a change of uid clears it."""
    _prctl(_PR_SET_PDEATHSIG, signal)


def wake_on_time() -> None:
    """Sleeps of this thread, and of threads it starts, end when they are due, not up to 50 µs later.

    PR_SET_TIMERSLACK; the kernel's default saves power where many timers end at about the same time.
    """
    _prctl(_PR_SET_TIMERSLACK, 1)
