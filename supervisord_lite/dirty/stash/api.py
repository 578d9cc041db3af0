"""What users of the stash call, wherever it is: every method is one operation, and so happens as a whole."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar, cast

from .errors import StashConflictError, StashError, StashKeyNotFoundError
from .mapping import StashTable

T = TypeVar("T")

ATTEMPTS = 100
"""So often `transact` tries; each time somebody else has got further."""


class Missing:
    """The type of `MISSING`: no value at all."""

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"


MISSING = Missing()


class Stash(ABC):
    """Tables of keys and values that all programs of the daemon share.

    Values are what calls carry, too: plain values, dates, arrays … What is read is a copy. Keys are str,
    bytes, numbers, None, dates, UUID, Decimal, and tuples of them; 1, 1.0 and True are different keys. `ttl`
    is in seconds: how long a key lives from now on; None: for ever. All methods raise `StashError`.
    """

    @abstractmethod
    def run(self, operation: str, *args: Any) -> Any:
        """The result of an operation (`operations`)."""

    @abstractmethod
    def transaction(self) -> "AbstractContextManager[Stash]":
        """Several operations as one: see `Transaction`, and `transact`."""

    # One key.

    def put(self, table: str, key: Hashable, value: Any, ttl: float | None = None) -> None:
        """Set a key. The table is made if it does not exist."""
        self.run("put", table, key, self._pack(value), _seconds(ttl))

    def get(self, table: str, key: Hashable, default: Any = None) -> Any:
        """The value of a key, or the default."""
        document = self.run("find", table, key)
        return default if document is None else self._unpack(document, table, key)

    def delete(self, table: str, key: Hashable) -> bool:
        """Remove a key; whether it was there."""
        return cast(bool, self.run("delete", table, key))

    def exists(self, table: str, key: Hashable = None) -> bool:
        """Whether a key is there, or, without one, whether the table exists."""
        return cast(bool, self.run("exists", table, key))

    def pop(self, table: str, key: Hashable, default: Any = MISSING) -> Any:
        """Remove a key; its value, or the default. Raises `StashKeyNotFoundError` where there is neither."""
        document = self.run("pop", table, key)
        if document is not None:
            return self._unpack(document, table, key)
        if default is MISSING:
            raise StashKeyNotFoundError(table, key)
        return default

    def setdefault(self, table: str, key: Hashable, default: Any = None, ttl: float | None = None) -> Any:
        """The value of a key, which is set to the default if it was not there."""
        document = self.run("setdefault", table, key, self._pack(default), _seconds(ttl))
        return self._unpack(document, table, key)

    def incr(self, table: str, key: Hashable, by: float = 1, ttl: float | None = None) -> Any:
        """Add to a number (int or float); the sum. A key that is not there starts with 0 and this ttl."""
        if type(by) not in (int, float):
            raise StashError(f"A number can be added to the stash, not {by!r}.")
        return self.run("incr", table, key, by, _seconds(ttl))

    def compare_and_set(
        self, table: str, key: Hashable, expected: Any, value: Any, ttl: float | None = None
    ) -> bool:
        """Set a key if its value is the expected one (`MISSING`: if it is not there); whether it was."""
        before = None if expected is MISSING else self._pack(expected)
        arguments = table, key, before, self._pack(value), _seconds(ttl)
        return cast(bool, self.run("compare_and_set", *arguments))

    def expire(self, table: str, key: Hashable, ttl: float | None) -> bool:
        """Let a key live for so many seconds from now; whether it is there."""
        return cast(bool, self.run("expire", table, key, _seconds(ttl)))

    def ttl(self, table: str, key: Hashable) -> float | None:
        """How many seconds a key has left; None: it does not expire. Raises `StashKeyNotFoundError`."""
        left = self.run("ttl", table, key)
        if not left:
            raise StashKeyNotFoundError(table, key)
        return cast("float | None", left[0])

    # Many keys.

    def get_many(self, table: str, keys: Iterable[Hashable]) -> dict[Any, Any]:
        """Those of these keys that are there, with their values, as they are at one moment."""
        wanted = list(keys)
        found = self.run("find_many", table, wanted)
        return {
            key: self._unpack(document, table, key)
            for key, document in zip(wanted, found, strict=True)
            if document is not None
        }

    def update(
        self,
        table: str,
        items: Mapping[Any, Any] | Iterable[tuple[Any, Any]],
        ttl: float | None = None,
    ) -> None:
        """Set several keys, all or none."""
        pairs = items.items() if isinstance(items, Mapping) else items
        self.run("update", table, [(key, self._pack(value)) for key, value in pairs], _seconds(ttl))

    def keys(self, table: str, pattern: str | None = None) -> list[Any]:
        """All keys of a table, or those that fit a glob pattern ("user:*"); text in its order."""
        return cast(list[Any], self.run("keys", table, pattern))

    def items(self, table: str, pattern: str | None = None) -> list[tuple[Any, Any]]:
        """Keys and values of a table, as they are at one moment."""
        found = self.run("items", table, pattern)
        return [(key, self._unpack(document, table, key)) for key, document in found]

    def values(self, table: str, pattern: str | None = None) -> list[Any]:
        """The values of a table, as they are at one moment."""
        return [value for _, value in self.items(table, pattern)]

    def clear(self, table: str) -> None:
        """Remove all keys of a table; the table stays."""
        self.run("clear", table)

    # Tables.

    def ensure(self, table: str) -> None:
        """Make a table, if it does not exist."""
        self.run("ensure", table)

    def delete_table(self, table: str) -> bool:
        """Remove a table with all its keys; whether it existed."""
        return cast(bool, self.run("delete_table", table))

    def tables(self) -> list[str]:
        """The names of all tables."""
        return cast(list[str], self.run("tables"))

    def info(self, table: str | None = None) -> dict[str, Any]:
        """Of a table: `table`, and `size`, its number of keys. Raises `StashTableNotFoundError`.

        Without one, of the whole stash: `tables` and `entries` (numbers), `used` and `limit` (bytes), `path`,
        `persist`, `readers`.
        """
        return cast(dict[str, Any], self.run("info", table) if table is not None else self.run("about"))

    def table(self, name: str) -> StashTable:
        """A table as a dict."""
        return StashTable(self, name)

    def transact(self, work: "Callable[[Stash], T]") -> T:
        """What `work` returns, called with a transaction; called again where another program came between."""
        for attempt in range(ATTEMPTS):
            try:
                with self.transaction() as transaction:
                    return work(transaction)
            except StashConflictError:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")

    @staticmethod
    def _pack(value: Any) -> bytes:
        from . import operations

        return operations.pack(value)

    @staticmethod
    def _unpack(document: bytes, table: str, key: Any) -> Any:
        from . import operations

        return operations.unpack(document, table, key)


def _seconds(ttl: float | None) -> float | None:
    """A time to live that makes sense. Raises `StashError`."""
    if ttl is not None and not (isinstance(ttl, int | float) and ttl == ttl):
        raise StashError(f"A ttl is a number of seconds, not {ttl!r}.")
    return ttl
