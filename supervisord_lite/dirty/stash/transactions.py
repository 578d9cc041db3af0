"""Several operations as one: where the stash is in this process, and where it is behind a socket."""

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any

import lmdb

from . import names, records
from .api import Stash
from .environment import Environment
from .errors import StashError
from .operations import OPERATIONS
from .records import Record
from .view import TreeView


class Transaction(Stash, AbstractContextManager["Transaction"]):
    """A transaction of a stash that is open here: reads see one moment, writes come all together or not.

    From its first line to its last, nobody else writes: nothing comes between, and others wait. So work out
    before it what takes time, and never call a pool in it. An exception that leaves it takes everything back.
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._view: TreeView | None = None
        self._owner = 0, 0

    def run(self, operation: str, *args: Any) -> Any:
        """The result of an operation, which the transaction's earlier ones are there for."""
        if self._view is None or self._owner != (os.getpid(), threading.get_ident()):
            raise StashError("A transaction of the stash is used inside its `with`, by its own thread.")
        if operation not in OPERATIONS:
            raise StashError("What there is to know of the whole stash cannot be asked in a transaction.")
        try:
            return OPERATIONS[operation].work(self._view, *args)
        except lmdb.Error as error:
            raise self._environment.translated(error) from error

    def transaction(self) -> AbstractContextManager[Stash]:
        """Refused: there are none inside one another."""
        raise StashError("A transaction of the stash cannot have another one inside.")

    def __enter__(self) -> "Transaction":
        environment = self._environment
        environment.lock.acquire()
        try:
            self._view = environment.begin_writing()
        except BaseException:
            environment.lock.release()
            raise
        environment.is_in_transaction = True
        self._owner = os.getpid(), threading.get_ident()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        view, self._view = self._view, None
        if view is None or self._owner[0] != os.getpid():
            return  # a fork inside it: it is the parent's, and is never touched here
        environment = self._environment
        try:
            if kind is None:
                environment.make_room(view)
                view.txn.commit()
        except lmdb.Error as failed:
            raise environment.translated(failed) from failed
        finally:
            view.txn.abort()
            environment.is_in_transaction = False
            environment.lock.release()


class Look:
    """What a transaction behind a socket has seen and means to write; a view for the operations."""

    def __init__(self, look: Callable[..., list[Any]], now: float) -> None:
        self._look = look
        self._now = now
        self._records: dict[tuple[str, bytes], Record | None] = {}
        self.seen: list[tuple[str, Any, bytes]] = []
        self._written: dict[tuple[str, bytes], Any] = {}

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    def find(self, table: str, key: Any) -> Record | None:
        """The record of this key: what was written, or what it was when it was first read."""
        name = table, names.encode(key)
        if name not in self._records:
            found = self._look(table, key, self.seen)
            record = Record(*found) if found else None
            self._records[name] = record
            self.seen.append((table, key, records.digest(record)))
        return self._records[name]

    def put(self, table: str, key: Any, record: Record) -> None:
        """Mean to write a record."""
        name = table, names.encode(key)
        self._records[name] = record
        self._written[name] = key

    def delete(self, table: str, key: Any) -> bool:
        """Mean to remove a record; whether it is there."""
        is_there = self.find(table, key) is not None
        name = table, names.encode(key)
        self._records[name] = None
        self._written[name] = key
        return is_there

    def writes(self) -> list[tuple[str, Any, bytes | None, int | None]]:
        """What is to be written: table, key, document, expiry."""
        return [(name[0], key, *(self._records[name] or (None, None))) for name, key in self._written.items()]


class RemoteTransaction(Stash, AbstractContextManager["RemoteTransaction"]):
    """A transaction of a stash behind a socket: nothing is locked; at its end everything is written at once.

    If what it has read was changed meanwhile, nothing is written, and it ends with `StashConflictError`
    (`transact` does it again then); a read that would not fit to the earlier ones raises it at once. It knows
    the operations on single keys, not those that go through tables.
    """

    def __init__(self, stash: Stash, now: float) -> None:
        self._stash = stash
        self._now = now
        self._view: Look | None = None

    def run(self, operation: str, *args: Any) -> Any:
        """The result of an operation."""
        if self._view is None:
            raise StashError("A transaction of the stash is used in its own `with`.")
        if operation == "exists" and len(args) == 2 and args[1] is not None:
            return self._view.find(*args) is not None
        if operation not in OPERATIONS or not OPERATIONS[operation].anywhere:
            raise StashError(
                f"{operation}() goes through a table, which a transaction through a dirty pool cannot; do it "
                "before, or where the stash itself is."
            )
        return OPERATIONS[operation].work(self._view, *args)

    def transaction(self) -> AbstractContextManager[Stash]:
        """Refused: there are none inside one another."""
        raise StashError("A transaction of the stash cannot have another one inside.")

    def __enter__(self) -> "RemoteTransaction":
        self._view = Look(lambda *args: list(self._stash.run("look", *args)), self._now)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        view, self._view = self._view, None
        if kind is None and view is not None and view.writes():
            self._stash.run("commit", view.seen, view.writes())
