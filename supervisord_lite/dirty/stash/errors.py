"""What can go wrong with the stash. All are `StashError`, which is a `DirtyError`."""

from typing import Any

from supervisord_lite.dirty.errors import DirtyError


class StashError(DirtyError):
    """An operation on the stash failed; the message says why, and what to do."""


class StashTableNotFoundError(StashError):
    """The table `table_name` does not exist."""

    carried = ("table_name",)
    table_name: str

    def __init__(self, table_name: str) -> None:
        super().__init__(f"Stash table not found: {table_name}", {"table_name": table_name})


class StashKeyNotFoundError(StashError, KeyError):
    """`key` is not in the table `table_name`. A `KeyError` too, as a dict's `pop` raises it."""

    carried = ("table_name", "key")
    table_name: str
    key: Any

    def __init__(self, table_name: str, key: Any) -> None:
        shown = key if isinstance(key, str | int | float) else repr(key)
        super().__init__(f"Key not found in {table_name}: {key}", {"table_name": table_name, "key": shown})
        self.key = key


class StashFullError(StashError):
    """There is no room for the value: the stash has reached its size, or its file system is full."""


class StashConflictError(StashError):
    """Another program changed what this transaction had read, so that nothing of it was written."""
