"""A stash behind a wire, without the wire."""

from contextlib import AbstractContextManager
from typing import Any

from supervisord_lite.dirty.stash import Stash, operations
from supervisord_lite.dirty.stash.service import answer_v2
from supervisord_lite.dirty.stash.store import Store
from supervisord_lite.dirty.stash.transactions import RemoteTransaction
from supervisord_lite.wire import values


class Loopback(Stash):
    """Every operation goes through `answer_v2`, packed as on the way to an arbiter."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def run(self, operation: str, *args: Any) -> Any:
        """The result of an operation."""
        return values.unpack(answer_v2(self.store, operations.request(operation, args)))

    def transaction(self) -> AbstractContextManager[Stash]:
        """An optimistic one."""
        return RemoteTransaction(self, self.store._environment.clock())
