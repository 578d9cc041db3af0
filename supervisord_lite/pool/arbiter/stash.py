"""The stash, for clients that cannot open it themselves. Nothing on it is done on the loop.

A write may wait for other programs' writes, and where one of those is stopped, for ever. So reads, which wait
for nobody, are done in a thread of their own.
"""

import threading
from collections.abc import Callable
from typing import Any

from supervisord_lite.dirty.errors import DirtyError
from supervisord_lite.dirty.stash import service
from supervisord_lite.dirty.stash.errors import StashError
from supervisord_lite.dirty.stash.operations import OPERATIONS
from supervisord_lite.dirty.stash.store import Store, prepare
from supervisord_lite.pool.arbiter.backroom import Backroom
from supervisord_lite.pool.arbiter.log import ERROR, WARNING, Log
from supervisord_lite.wire import tlv
from supervisord_lite.wire.backstage import Settings
from supervisord_lite.wire.envelope import Failure
from supervisord_lite.wire.errors import Untransferable
from supervisord_lite.wire.header import V1

Tell = Callable[[bytes, Failure | None], None]

READS = frozenset(name.encode() for name, operation in OPERATIONS.items() if not operation.writes)
READS |= {service.ABOUT.encode(), service.WHERE.encode()}

READS_V1 = frozenset({2, 4, 6, 9, 10})
"""get, keys, info, tables, exists: gunicorn's numbers."""

SHORT = 0xA0
"""A msgpack string of up to 31 bytes; the length is in the other five bits."""


def is_read(version: int, asked: Any) -> bool:
    """Whether it surely changes nothing; looked at from outside, what makes no sense is found out later."""
    if version == V1:
        operation = asked.get("op")
        return isinstance(operation, int) and operation in READS_V1
    if len(asked) < 2 or asked[1] & 0xE0 != SHORT:
        return False
    return asked[2 : 2 + asked[1] - SHORT] in READS


class Stash:
    """Opens the store where the settings say, and answers operations of both versions."""

    def __init__(self, reading: Backroom, writing: Backroom, log: Log) -> None:
        self._reading = reading
        self._writing = writing
        self._log = log
        self._opening = threading.Lock()
        self._store: Store | None = None
        self._settings: Settings | None = None

    def configure(self, settings: Settings) -> None:
        """Open it, or again where it has changed."""
        before, self._settings = self._settings, settings
        if before is None or _asked(before) != _asked(settings):
            self._writing.ask(self._open, self._note)

    def ask(self, version: int, asked: Any, tell: Tell) -> None:
        """An operation: a map as gunicorn sends it, or the payload of version 2. `tell` gets a payload."""

        def done(result: Any, error: Exception | None) -> None:
            if error is None:
                tell(result, None)
            elif isinstance(error, DirtyError):
                told = error.to_dict()
                tell(b"", Failure(told["error_type"], told["message"], told["details"]))
            else:
                self._log.say(ERROR, f"stash: {type(error).__name__}: {error}")
                tell(b"", Failure("StashError", f"{type(error).__name__}: {error}"))

        thread = self._reading if is_read(version, asked) else self._writing
        thread.ask(lambda: self._answer(version, asked), done)

    def sweep(self) -> None:
        """A worker has died: free what it held as a reader."""
        if self._settings is not None and self._settings.stash is not None:
            self._reading.ask(lambda: self._store and self._store.reader_check(), self._note)

    def _answer(self, version: int, asked: Any) -> bytes:
        store = self._store
        if store is None:
            with self._opening:
                if self._store is None:
                    self._open_anew()  # what was wrong may be right by now
                store = self._store
        if store is None:
            raise StashError("this pool has no stash")
        if version != V1:
            return service.answer_v2(store, asked)
        try:
            return tlv.encode({"result": service.answer_v1(store, asked)})
        except Untransferable as error:
            raise StashError(f"what is there cannot travel: {error}") from error

    def _open(self) -> list[str]:
        with self._opening:
            return self._open_anew()

    def _open_anew(self) -> list[str]:
        """Returns warnings. Raises `StashError`."""
        settings = self._settings
        if self._store is not None:
            self._store.close()
            self._store = None
        if settings is None or settings.stash is None:
            return []
        size, mode, persist = settings.stash_size, settings.stash_mode, settings.stash_persist
        warnings = prepare(settings.stash, size=size, mode=mode, persist=persist)
        store = Store(settings.stash, size=size, persist=persist, mode=mode)
        for table in settings.stash_tables:
            store.ensure(table)
        self._store = store
        return warnings

    def _note(self, warnings: Any, error: Exception | None) -> None:
        if error is not None:
            self._log.say(ERROR, f"stash: {error}")
        elif isinstance(warnings, list):
            for warning in warnings:
                self._log.say(WARNING, f"WARNING: stash: {warning}")


def _asked(settings: Settings) -> tuple[object, ...]:
    return (
        settings.stash,
        settings.stash_size,
        settings.stash_mode,
        settings.stash_persist,
        settings.stash_tables,
    )
