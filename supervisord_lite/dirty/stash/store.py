"""The stash where it is: in this process's memory, by way of LMDB."""

import os
import time
from collections.abc import Hashable
from contextlib import AbstractContextManager
from typing import Any

import lmdb

from supervisord_lite.wire import values

from . import damage, forks, names, records
from .api import Stash, _seconds
from .environment import SIZE, Environment
from .operations import OPERATIONS, unpack
from .transactions import Transaction
from .verify import LAYOUT
from .view import Clock, TreeView

_pack = values.pack
_unpack = values.unpack


class Store(Stash):
    """A stash in a directory of this user. It may be made anywhere: nothing is opened before it is used.

    A read takes no lock and waits for nobody. A write waits for those of other programs, which are as short
    as it is itself; while another one is stopped (SIGSTOP) in the middle of its write, it waits for that.
    """

    def __init__(
        self, directory: str, *, size: int, persist: bool, mode: int = 0o600, clock: Clock = time.time
    ) -> None:
        self._environment: Environment = forks.environment(
            directory, size, persist=persist, mode=mode, clock=clock
        )

    def __repr__(self) -> str:
        return f"<Store {self._environment.directory}>"

    @property
    def directory(self) -> str:
        """Where it is."""
        return self._environment.directory

    def run(self, operation: str, *args: Any) -> Any:
        """The result of an operation."""
        if operation == "about":
            return self._about()
        work, writes, _ = OPERATIONS[operation]
        return self._environment.write(work, *args) if writes else self._environment.read(work, *args)

    def transaction(self) -> AbstractContextManager[Stash]:
        """Several operations as one. Nobody else writes until it has ended: keep it short."""
        return Transaction(self._environment)

    def get(self, table: str, key: Hashable, default: Any = None) -> Any:
        """The value of a key, or the default."""
        environment = self._environment
        try:
            if environment.pid != os.getpid():
                environment.open()
            raw = environment.begin().get(names.name(table, key)[0])
        except lmdb.Error:
            return super().get(table, key, default)  # which knows what to do about it
        if raw is None:
            return default
        flags = raw[0]
        if not flags:
            document = raw[1:]
        elif flags != records.EXPIRES:
            return super().get(table, key, default)
        elif int.from_bytes(raw[1:9], "big") <= environment.clock() * 1e6:
            return default
        else:
            document = raw[9:]
        try:
            return _unpack(document)
        except ValueError:
            return unpack(document, table, key)  # says what is wrong

    def put(self, table: str, key: Hashable, value: Any, ttl: float | None = None) -> None:
        """Set a key. The table is made if it does not exist."""
        name, long_key = names.name(table, key)
        if ttl is not None or long_key:
            self.run("put", table, key, self._pack(value), _seconds(ttl))
            return
        try:
            document = _pack(value, inline=True).document
        except TypeError:
            document = self._pack(value)  # says what is wrong
        self._environment.write(TreeView.set, table, name, b"\0" + document)

    def _about(self) -> dict[str, Any]:
        environment = self._environment
        about = environment.read(OPERATIONS["totals"].work)
        return {
            **about,
            "limit": environment.size,
            "path": environment.directory,
            "persist": environment.persist,
            "readers": environment.readers(),
        }

    # For who looks after it.

    def where(self) -> dict[str, Any]:
        """What another process needs to open it itself, and to see that it is the same one."""
        environment = self._environment
        environment.read(lambda view: None)  # its file is there after that
        file = os.stat(os.path.join(environment.directory, damage.DATA))
        return {
            "path": environment.directory,
            "size": environment.size,
            "persist": environment.persist,
            "mode": environment.mode,
            "uid": os.geteuid(),
            "file": [file.st_dev, file.st_ino],
        }

    def reader_check(self) -> int:
        """Free what programs that were killed hold on to; how many there were."""
        return self._environment.reader_check()

    def sweep(self, limit: int = 1000) -> int:
        """Remove up to so many keys that have expired; how many there were."""
        return self._environment.write(TreeView.sweep, limit)

    def close(self) -> None:
        """Close it in this process. It is opened again if it is used."""
        self._environment.close()


def prepare(directory: str, *, size: int, persist: bool, mode: int = 0o600) -> list[str]:
    """Make a stash ready for all who use it; returns warnings.

    A persistent one that nobody has open is looked through, and set aside if it is damaged. Raises
    `StashError`, also if it is damaged and in use. Called by the arbiter, before it opens it itself.
    """
    warnings = []
    environment = forks.environment(directory, size, persist=persist, mode=mode, clock=time.time)
    data = os.path.join(directory, damage.DATA)
    has_data = os.path.exists(data) and os.path.getsize(data) > 0
    if persist and has_data and not environment.pid and not damage.is_in_use(directory):
        warning = damage.set_aside_if_damaged(directory)
        if warning is not None:
            warnings.append(warning)
    if (environment.persist, environment.mode) != (persist, mode):
        environment.close()
    environment.size, environment.persist, environment.mode = size, persist, mode

    def note(view: TreeView) -> None:
        view.set_fact(b"layout", LAYOUT)
        view.set_fact(SIZE, b"%d" % size)

    environment.write(note)
    environment.reader_check()
    return warnings
