"""Opening the LMDB environment of a stash, and what its errors mean to whoever uses it."""

import errno
import logging
import os
import stat
from typing import Any

import lmdb

from supervisord_lite.model.stash import map_size

from . import damage
from .access import is_open_to_us
from .errors import StashError, StashFullError

MAX_READERS = 4096
"""Whoever makes the lock file decides it for all; LMDB's own 126 is fewer than a large host has programs."""

log = logging.getLogger(__name__)


def opened(directory: str, size: int, *, persist: bool, mode: int) -> Any:
    """The environment. A damaged one is set aside where nobody else has it open. Raises `StashError`."""
    _check_owner(directory)
    try:
        found = _open(directory, size, persist=persist, mode=mode)
        if damage.is_cut_off(directory, found):
            found.close()
            raise lmdb.CorruptedError("its file is shorter than it was")
        return found
    except lmdb.Error as error:
        if not damage.is_meant_by(error):
            raise _refusal(error, directory, size) from error
    warning = damage.set_aside_if_damaged(directory)
    if warning is not None:
        log.warning("%s", warning)
    try:
        return _open(directory, size, persist=persist, mode=mode)
    except lmdb.Error as error:
        raise _refusal(error, directory, size) from error


def _open(directory: str, size: int, *, persist: bool, mode: int) -> Any:
    return lmdb.open(
        directory,
        map_size=map_size(size),
        sync=persist,
        readahead=False,
        max_readers=MAX_READERS,
        max_spare_txns=1,
        mode=mode,
    )


def _check_owner(directory: str) -> None:
    try:
        status = os.stat(directory)
    except OSError as error:
        raise StashError(
            f"The stash's directory {directory} cannot be used: {error.strerror}; the daemon makes it when "
            "it starts, for its user: see path in [stash] and user in [supervisor]."
        ) from error
    if not stat.S_ISDIR(status.st_mode):
        raise StashError(f"The stash's directory {directory} is no directory; see path in [stash].")
    if not is_open_to_us(directory):
        raise StashError(
            f"The stash in {directory} belongs to user {status.st_uid}, and process {os.getpid()} is user "
            f"{os.geteuid()}; reach it through a pool that runs as its user: DirtyClient(path).stash."
        )


def _refusal(error: lmdb.Error, directory: str, size: int) -> StashError:
    """Why it cannot be opened."""
    where = f"The stash in {directory} cannot be opened"
    if os.strerror(errno.ENOMEM) in str(error):
        return StashError(
            f"{where}: it needs {map_size(size)} bytes of address space, more than rlimits.as leaves this "
            "process; raise that, or lower size in [stash]."
        )
    if damage.is_meant_by(error) or _is_disk_full(error, directory):
        return translated(error, directory, size)
    return StashError(f"{where}: {error}; see that user {os.geteuid()} may read and write its files.")


def translated(error: lmdb.Error, directory: str, size: int) -> StashError:
    """The error for whoever uses it."""
    where = f"The stash in {directory}"
    if isinstance(error, lmdb.MapResizedError):
        return StashFullError(f"{where} was full and has been enlarged just now; do this again.")
    if isinstance(error, lmdb.MapFullError):
        return StashFullError(
            f"{where} is full: its file has reached {map_size(size)} bytes, while readers of old states keep "
            "pages in use or no gap is large enough; delete something, or raise size in [stash]."
        )
    if _is_disk_full(error, directory):
        return StashFullError(f"{where} cannot be written: its file system is full ({error}); make room.")
    if isinstance(error, lmdb.ReadersFullError):
        return StashError(f"{where} has {MAX_READERS} readers already; use it from fewer programs.")
    if is_nested(error):
        return StashError(
            "The stash is in a transaction of this thread; until that ends, change it by that transaction."
        )
    if damage.is_meant_by(error):
        return StashError(
            f"{where} is damaged ({error}); stop the programs that use it: the first that is started then "
            "sets it aside."
        )
    return StashError(f"{where} failed: {error}.")


def _is_disk_full(error: lmdb.Error, directory: str) -> bool:
    """Whether the file system had no room. LMDB calls a write that was cut short an I/O error."""
    if isinstance(error, lmdb.DiskError) or os.strerror(errno.ENOSPC) in str(error):
        return True
    return os.strerror(errno.EIO) in str(error) and os.statvfs(directory).f_bavail == 0


def is_in_passing(error: lmdb.Error) -> bool:
    """Whether another thread was just about to fork, or to make the map larger: try again."""
    return type(error) is lmdb.Error and ("closed" in str(error) or os.strerror(errno.EINVAL) in str(error))


def is_nested(error: lmdb.Error) -> bool:
    """Whether a thread began to write while it writes already; py-lmdb sees that it would wait for ever."""
    return "would deadlock" in str(error)
