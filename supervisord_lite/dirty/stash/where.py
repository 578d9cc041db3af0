"""Where the stash of this process is: what its daemon says in the environment, or what a pool says."""

import os
from collections.abc import Mapping
from typing import Any

from supervisord_lite.dirty.errors import DirtyError
from supervisord_lite.dirty.location import get_dirty_socket_path

from .access import DATA, is_open_to_us
from .api import Stash
from .errors import StashError

DIRECTORY = "SUPERVISOR_STASH"
SIZE = "SUPERVISOR_STASH_SIZE"
PERSIST = "SUPERVISOR_STASH_PERSIST"

DEFAULT_SIZE = 256 * 2**20


def found(environ: Mapping[str, str] = os.environ) -> Stash:
    """The stash that the environment tells of: opened here where it is this user's, else through the pool.

    Raises `StashError` where there is neither.
    """
    directory = environ.get(DIRECTORY)
    if directory and is_open_to_us(directory):
        return _store(directory, _size(environ.get(SIZE)), environ.get(PERSIST) == "1")
    try:
        path = get_dirty_socket_path()
    except DirtyError as error:
        if directory:
            raise StashError(
                f"The stash in {directory} is not this user's ({os.geteuid()}), or is gone, and no dirty "
                "pool is known through which it can be reached."
            ) from error
        raise StashError(
            f"This process knows no stash: {DIRECTORY} is not set; let supervisord-lite run it, set a pool's "
            "socket with set_stash_socket_path(), or use DirtyClient(path).stash."
        ) from error
    return through(path)


def through(path: str) -> Stash:
    """The stash of the daemon whose pool listens there."""
    from .client import StashClient

    return StashClient(path)


def opened(where: Any) -> Stash | None:
    """The stash that a pool says is there, opened here; None where this user may not, or has another."""
    try:
        directory, size, persist = where["path"], where["size"], where["persist"]
        mode, file = where["mode"], tuple(where["file"])
        status = os.stat(os.path.join(directory, DATA))
    except (OSError, KeyError, TypeError):
        return None
    if not is_open_to_us(directory) or (status.st_dev, status.st_ino) != file:
        return None
    return _store(directory, size, persist, mode)


def _store(directory: str, size: int, persist: bool, mode: int = 0o600) -> Stash:
    from .store import Store  # LMDB is imported by who uses it

    return Store(directory, size=size, persist=persist, mode=mode)


def _size(text: str | None) -> int:
    if not text:
        return DEFAULT_SIZE
    try:
        size = int(text)
    except ValueError as error:
        raise StashError(f"{SIZE} is a number of bytes, not {text!r}.") from error
    return size
