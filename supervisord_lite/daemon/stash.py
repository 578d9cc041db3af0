"""The directory of the stash: made for the identity that programs run as, empty unless it is to persist."""

import contextlib
import logging
import os
from pathlib import Path

from supervisord_lite.config.program import Stash, Supervisor
from supervisord_lite.linux.identity import UnknownAccount, account, group_id

log = logging.getLogger(__name__)

FILES = ("data.mdb", "lock.mdb")
"""What LMDB keeps in it. Nothing else is removed: the path may be anybody's."""


def prepare(stash: Stash, supervisor: Supervisor) -> bool:
    """Make it, give it away, empty it; returns whether it can be used."""
    path = Path(stash.path)
    try:
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        if not stash.persist:
            empty(stash)
        _give(path, stash, supervisor)
    except (OSError, UnknownAccount) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        log.error("supervisord-lite: there is no stash: %s: %s; see [stash] path", path, reason)
        return False
    return True


def empty(stash: Stash) -> None:
    """Forget what it holds. Raises `OSError`."""
    for name in FILES:
        Path(stash.path, name).unlink(missing_ok=True)


def clear_away(stash: Stash) -> None:
    """The daemon ends: only what is to persist stays."""
    if not stash.persist:
        with contextlib.suppress(OSError):
            empty(stash)
            Path(stash.path).rmdir()


def _give(path: Path, stash: Stash, supervisor: Supervisor) -> None:
    if path.stat().st_uid == os.geteuid():
        os.chmod(path, stash.directory_mode)  # while it is our own: the daemon does without CAP_FOWNER
    if os.geteuid() == 0 and (supervisor.user is not None or supervisor.group is not None):
        who = account(supervisor.user, supervisor.group)
        os.chown(path, who.uid, who.gid, follow_symlinks=False)
    if stash.group is not None:
        os.chown(path, -1, group_id(stash.group), follow_symlinks=False)
