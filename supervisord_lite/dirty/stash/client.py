"""The stash of a pool, by the shortest way: opened here if it is this user's, else through the pool."""

import os
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

from .api import Stash


class StashClient(Stash):
    """The stash of the daemon whose pool listens at `socket_path`; by gunicorn's name.

    At its first use it asks the pool where the stash is, and opens it if it belongs to this process's user.
    `direct=False`: it always goes through the pool; then `timeout` bounds each operation, in seconds.
    """

    def __init__(
        self, socket_path: str | os.PathLike[str], timeout: float | None = 30.0, *, direct: bool = True
    ) -> None:
        self.socket_path = os.fspath(socket_path)
        self.timeout = timeout
        self._direct = direct
        self._chosen: Stash | None = None

    def __repr__(self) -> str:
        return f"<StashClient {self.socket_path}>"

    def run(self, operation: str, *args: Any) -> Any:
        """The result of an operation."""
        return self.stash.run(operation, *args)

    def get(self, table: str, key: Any, default: Any = None) -> Any:
        """The value of a key, or the default."""
        return self.stash.get(table, key, default)

    def put(self, table: str, key: Any, value: Any, ttl: float | None = None) -> None:
        """Set a key. The table is made if it does not exist."""
        self.stash.put(table, key, value, ttl)

    def transaction(self) -> AbstractContextManager[Stash]:
        """Several operations as one."""
        return self.stash.transaction()

    @property
    def stash(self) -> Stash:
        """The way that was chosen: a `Store` or a `RemoteStash`."""
        return self._chosen if self._chosen is not None else self._choose()

    def _choose(self) -> Stash:
        from .remote import RemoteStash
        from .where import opened

        through = RemoteStash(self.socket_path, self.timeout)
        here = opened(through.run("where")) if self._direct else None
        if here is not None:
            through.close()
        self._chosen = here or through
        return self._chosen

    def close(self) -> None:
        """Close connections to the pool. It can still be used."""
        from .remote import RemoteStash

        chosen, self._chosen = self._chosen, None
        if isinstance(chosen, RemoteStash):
            chosen.close()

    def __enter__(self) -> "StashClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
