"""Stashes whose file is damaged: told from sound ones, and set aside.

Looking at a damaged file can kill who looks (SIGBUS where it is cut off, SIGABRT where LMDB finds its own
pages impossible), so a process of its own looks, and how it ends is the answer.
"""

import fcntl
import os
import re
import signal
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lmdb

from .errors import StashError

DATA = "data.mdb"
LOCK = "lock.mdb"
ASIDE = "stash.damaged-{}"

KEPT = 3
"""So many damaged files are kept; the runtime directory is memory."""

VERIFY_TIMEOUT = 120.0
"""Seconds that looking through a stash may take."""

DAMAGED = 3
"""Exit status of `verify` for a file that is damaged."""

_KILLED_BY_DAMAGE = {-signal.SIGBUS, -signal.SIGSEGV, -signal.SIGABRT}
_KINDS = (
    lmdb.CorruptedError,
    lmdb.InvalidError,
    lmdb.PageNotFoundError,
    lmdb.VersionMismatchError,
    lmdb.PanicError,
)
_FLOCK = struct.Struct("hhqqi")


def is_meant_by(error: lmdb.Error) -> bool:
    """Whether this error of LMDB says that its files are damaged."""
    return isinstance(error, _KINDS)


def is_cut_off(directory: str, opened: Any) -> bool:
    """Whether the file may be shorter than what is in it. (Pages freed at its end need not be there.)"""
    info, stat = opened.info(), opened.stat()
    needed: int = (info["last_pgno"] + 1) * stat["psize"]
    return os.stat(os.path.join(directory, DATA)).st_size < needed


@contextmanager
def only_one(directory: str) -> Iterator[None]:
    """One process at a time looks after a stash (flock(2) on its directory)."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def is_in_use(directory: str) -> bool:
    """Whether another process has it open. Not for one that has, itself: closing a file drops its locks."""
    try:
        fd = os.open(os.path.join(directory, LOCK), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)
        held: int = _FLOCK.unpack(fcntl.fcntl(fd, fcntl.F_GETLK, asked))[0]
        return held != fcntl.F_UNLCK
    finally:
        os.close(fd)


def look(directory: str) -> str | None:
    """What is wrong with the stash; None: nothing. Raises `StashError` where that cannot be told."""
    import subprocess  # seldom: damage is

    command = [sys.executable, "-P", "-m", f"{__package__}.verify", directory]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=VERIFY_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StashError(f"The stash in {directory} could not be looked through: {error}.") from error
    if done.returncode == 0:
        return None
    if done.returncode in _KILLED_BY_DAMAGE:
        return f"reading it ends with {signal.Signals(-done.returncode).name}"
    lines = done.stderr.strip().splitlines() or ["no reason given"]
    if done.returncode == DAMAGED:
        return lines[-1]
    raise StashError(f"The stash in {directory} could not be looked through: {lines[-1]}.")


def set_aside_if_damaged(directory: str) -> str | None:
    """Look through a stash and set its file aside if it is damaged; the warning that says so.

    Raises `StashError` where other programs use it.
    """
    with only_one(directory):
        reason = look(directory)
        if reason is None:
            return None
        if is_in_use(directory):
            raise StashError(
                f"The stash in {directory} is damaged ({reason}); stop the programs that use it: the "
                "first that is started then sets it aside."
            )
        return set_aside(directory, reason)


def set_aside(directory: str, reason: str) -> str:
    """Give the file of a stash another name; the warning that says so."""
    at = Path(directory)
    there = sorted((int(found[1]), path) for path in at.iterdir()
                   if (found := re.fullmatch(ASIDE.format(r"(\d+)"), path.name)))  # fmt: skip
    for _, path in there[: len(there) - KEPT + 1] if len(there) >= KEPT else ():
        path.unlink()
    name = ASIDE.format(there[-1][0] + 1 if there else 1)
    (at / DATA).rename(at / name)
    (at / LOCK).unlink(missing_ok=True)
    return (
        f"The stash in {directory} was damaged ({reason}); it is kept as {name}, and an empty one takes its "
        "place."
    )
