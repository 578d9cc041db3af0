"""The stash, for clients that cannot open it themselves. Everything on it is done in the backroom."""

from collections.abc import Callable
from typing import Any

from supervisord_lite.dirty.errors import DirtyError
from supervisord_lite.dirty.stash import service
from supervisord_lite.dirty.stash.errors import StashError
from supervisord_lite.dirty.stash.store import Store, prepare
from supervisord_lite.pool.arbiter.backroom import Backroom
from supervisord_lite.pool.arbiter.log import ERROR, WARNING, Log
from supervisord_lite.wire.backstage import Settings
from supervisord_lite.wire.envelope import Failure
from supervisord_lite.wire.header import V1

Tell = Callable[[Any, Failure | None], None]


class Stash:
    """Opens the store where the settings say, and answers operations of both versions."""

    def __init__(self, backroom: Backroom, log: Log) -> None:
        self._backroom = backroom
        self._log = log
        self._store: Store | None = None
        self._settings: Settings | None = None

    def configure(self, settings: Settings) -> None:
        """Open it, or again where it has changed."""
        before, self._settings = self._settings, settings
        if before is None or _asked(before) != _asked(settings):
            self._backroom.ask(self._open, self._note)

    def ask(self, version: int, asked: Any, tell: Tell) -> None:
        """An operation: a map as gunicorn sends it, or the payload of version 2."""

        def done(result: Any, error: Exception | None) -> None:
            if error is None:
                tell(result, None)
            elif isinstance(error, DirtyError):
                told = error.to_dict()
                tell(None, Failure(told["error_type"], told["message"], told["details"]))
            else:
                self._log.say(ERROR, f"stash: {type(error).__name__}: {error}")
                tell(None, Failure("StashError", f"{type(error).__name__}: {error}"))

        self._backroom.ask(lambda: self._answer(version, asked), done)

    def sweep(self) -> None:
        """A worker has died: free what it held as a reader."""
        if self._settings is not None and self._settings.stash is not None:
            self._backroom.ask(lambda: self._store and self._store.reader_check(), self._note)

    def _answer(self, version: int, asked: Any) -> Any:
        if self._store is None:
            self._open()  # what was wrong may be right by now
        if self._store is None:
            raise StashError("this pool has no stash")
        if version == V1:
            return service.answer_v1(self._store, asked)
        return service.answer_v2(self._store, asked)

    def _open(self) -> list[str]:
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
