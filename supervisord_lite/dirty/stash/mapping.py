"""A table of the stash as a dict."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import Stash


class StashTable:
    """One table of a stash, used like a dict.

    Each call is one operation; `transaction` makes one of several. `keys`, `items` and `values` are lists, of
    one moment each. Text keys come in their order, not in that of insertion. It is cheap, and holds nothing.
    """

    __slots__ = ("_name", "_stash")

    def __init__(self, stash: "Stash", name: str) -> None:
        self._stash = stash
        self._name = name

    @property
    def name(self) -> str:
        """The table's name."""
        return self._name

    def __repr__(self) -> str:
        return f"<StashTable {self._name!r}>"

    def __getitem__(self, key: Hashable) -> Any:
        found = self._stash.get(self._name, key, self)  # the table itself is in no table
        if found is self:
            raise KeyError(key)
        return found

    def __setitem__(self, key: Hashable, value: Any) -> None:
        self._stash.put(self._name, key, value)

    def __delitem__(self, key: Hashable) -> None:
        if not self._stash.delete(self._name, key):
            raise KeyError(key)

    def __contains__(self, key: Hashable) -> bool:
        if key is None:  # which `exists` takes for the table
            return self._stash.get(self._name, key, self) is not self
        return self._stash.exists(self._name, key)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.keys())

    def __len__(self) -> int:
        from .errors import StashTableNotFoundError

        try:
            return int(self._stash.info(self._name)["size"])
        except StashTableNotFoundError:
            return 0

    def __bool__(self) -> bool:
        return len(self) > 0

    def __eq__(self, other: object) -> bool:
        if isinstance(other, StashTable):
            return self._stash is other._stash and self._name == other._name
        return dict(self.items()) == other if isinstance(other, Mapping) else NotImplemented

    def __hash__(self) -> int:
        return hash((id(self._stash), self._name))

    def get(self, key: Hashable, default: Any = None) -> Any:
        """The value of a key, or the default."""
        return self._stash.get(self._name, key, default)

    def put(self, key: Hashable, value: Any, ttl: float | None = None) -> None:
        """Set a key, for so many seconds."""
        self._stash.put(self._name, key, value, ttl)

    def pop(self, key: Hashable, *default: Any) -> Any:
        """Remove a key; its value, or the default. Raises `KeyError` where there is neither."""
        return self._stash.pop(self._name, key, *default)

    def popitem(self) -> tuple[Any, Any]:
        """Remove some key; it and its value. Raises `KeyError` where there is none."""
        for key in self.keys():
            value = self._stash.pop(self._name, key, self)
            if value is not self:
                return key, value
        raise KeyError(f"the stash table {self._name!r} is empty")

    def setdefault(self, key: Hashable, default: Any = None, ttl: float | None = None) -> Any:
        """The value of a key, which is set to the default if it was not there."""
        return self._stash.setdefault(self._name, key, default, ttl)

    def incr(self, key: Hashable, by: float = 1, ttl: float | None = None) -> Any:
        """Add to a number; the sum."""
        return self._stash.incr(self._name, key, by, ttl)

    def compare_and_set(self, key: Hashable, expected: Any, value: Any, ttl: float | None = None) -> bool:
        """Set a key if its value is the expected one; whether it was."""
        return self._stash.compare_and_set(self._name, key, expected, value, ttl)

    def expire(self, key: Hashable, ttl: float | None) -> bool:
        """Let a key live for so many seconds from now; whether it is there."""
        return self._stash.expire(self._name, key, ttl)

    def ttl(self, key: Hashable) -> float | None:
        """How many seconds a key has left; None: it does not expire."""
        return self._stash.ttl(self._name, key)

    def get_many(self, keys: Iterable[Hashable]) -> dict[Any, Any]:
        """Those of these keys that are there, with their values."""
        return self._stash.get_many(self._name, keys)

    def update(
        self,
        items: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = (),
        /,
        ttl: float | None = None,
        **named: Any,
    ) -> None:
        """Set several keys, all or none."""
        pairs = items.items() if isinstance(items, Mapping) else items
        self._stash.update(self._name, [*pairs, *named.items()], ttl)

    def keys(self, pattern: str | None = None) -> list[Any]:
        """All keys, or those that fit a glob pattern."""
        return self._stash.keys(self._name, pattern)

    def items(self, pattern: str | None = None) -> list[tuple[Any, Any]]:
        """Keys and values."""
        return self._stash.items(self._name, pattern)

    def values(self, pattern: str | None = None) -> list[Any]:
        """The values."""
        return self._stash.values(self._name, pattern)

    def clear(self) -> None:
        """Remove all keys."""
        self._stash.clear(self._name)


MutableMapping.register(StashTable)
