"""The stash that the functions of this package mean."""

import os
from contextlib import AbstractContextManager
from typing import Any

from .api import Stash
from .errors import StashError


class Ambient(Stash):
    """The stash of this process, looked for at its first use, and again after a fork."""

    def __init__(self) -> None:
        self._chosen: Stash | None = None
        self._path: str | None = None

    def __repr__(self) -> str:
        return f"<the stash: {self._chosen or 'not used yet'}>"

    def choose(self) -> Stash:
        """Look for it. Raises `StashError`."""
        from . import where

        self._chosen = where.found() if self._path is None else where.through(self._path)
        return self._chosen

    def forget(self) -> None:
        """Look for it again at its next use: a forked process may be another user, or another's program."""
        self._chosen = None

    def run(self, operation: str, *args: Any) -> Any:
        """The result of an operation."""
        return (self._chosen or self.choose()).run(operation, *args)

    def get(self, table: str, key: Any, default: Any = None) -> Any:
        """The value of a key, or the default."""
        return (self._chosen or self.choose()).get(table, key, default)

    def put(self, table: str, key: Any, value: Any, ttl: float | None = None) -> None:
        """Set a key, for so many seconds (None: for ever). The table is made if it does not exist."""
        (self._chosen or self.choose()).put(table, key, value, ttl)

    def transaction(self) -> AbstractContextManager[Stash]:
        """Several operations as one: `with transaction() as stash:` …"""
        return (self._chosen or self.choose()).transaction()

    def set_socket_path(self, path: str | os.PathLike[str] | None) -> None:
        """Use the stash of the pool at this socket; None: the one that the environment tells of."""
        self._path = None if path is None else os.fspath(path)
        self._chosen = None

    def socket_path(self) -> str:
        """The socket of the pool through which the stash can be reached. Raises `StashError`."""
        from supervisord_lite.dirty.errors import DirtyError
        from supervisord_lite.dirty.location import get_dirty_socket_path

        if self._path is not None:
            return self._path
        try:
            return get_dirty_socket_path()
        except DirtyError as error:
            raise StashError(error.message) from error


ambient = Ambient()
os.register_at_fork(after_in_child=ambient.forget)
