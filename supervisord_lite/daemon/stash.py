"""The directory of the stash: made for the identity that programs run as, empty unless it is to persist."""

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from supervisord_lite.config.program import Stash, Supervisor
from supervisord_lite.linux.identity import UnknownAccount, account, group_id

log = logging.getLogger(__name__)

FILES = ("data.mdb", "lock.mdb")
"""What LMDB keeps in it. Nothing else is removed: the path may be anybody's."""


def prepare(stash: Stash, supervisor: Supervisor) -> bool:
    """Make it, give it away, empty it; returns whether it can be used.

    Its files are made here too, empty, which LMDB takes for a new stash: only the daemon may give them to a
    group. No link is followed, for the directory may be one that programs write to.
    """
    path = Path(stash.path)
    try:
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        owner, group = _owner(stash, supervisor)
        with _opened(path, os.O_RDONLY | os.O_DIRECTORY) as directory:
            for name in FILES:
                if not stash.persist:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(name, dir_fd=directory)
                with _opened(name, os.O_RDWR | os.O_CREAT, directory) as file:
                    _give(file, stash.mode, owner, group)
            _give(directory, stash.directory_mode, owner, group)
    except (OSError, UnknownAccount) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        log.error("supervisord-lite: there is no stash: %s: %s; see [stash] path", path, reason)
        return False
    return True


def clear_away(stash: Stash) -> None:
    """The daemon ends: only what is to persist stays."""
    if not stash.persist:
        with contextlib.suppress(OSError):
            for name in FILES:
                Path(stash.path, name).unlink(missing_ok=True)
            Path(stash.path).rmdir()


@contextlib.contextmanager
def _opened(path: Path | str, flags: int, directory: int | None = None) -> Iterator[int]:
    fd = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK, 0o600, dir_fd=directory)
    try:
        yield fd
    finally:
        os.close(fd)


def _owner(stash: Stash, supervisor: Supervisor) -> tuple[int, int]:
    """Whose it is to be: a uid and a gid; -1 leaves it as it is. Raises `UnknownAccount`."""
    uid, gid = -1, -1
    if os.geteuid() == 0 and (supervisor.user is not None or supervisor.group is not None):
        who = account(supervisor.user, supervisor.group)
        uid, gid = who.uid, who.gid
    return uid, group_id(stash.group) if stash.group is not None else gid


def _give(fd: int, mode: int, uid: int, gid: int) -> None:
    if uid != -1:
        os.fchown(fd, os.geteuid(), -1)  # the mode of our own may be changed without CAP_FOWNER
    os.fchmod(fd, mode)
    os.fchown(fd, uid, gid)
