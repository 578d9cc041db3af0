"""What can be done with the stash, by name: the same here, in a transaction, and over a socket.

An operation is a function of a view and of plain arguments. Keys are values; what is stored under them is a
*document*, a value that is packed, which only who wants to see it unpacks.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

from supervisord_lite.wire import values
from supervisord_lite.wire.errors import WireError

from . import records
from .errors import StashConflictError, StashError, StashTableNotFoundError
from .records import Record
from .view import TreeView, View


def find(view: View, table: str, key: Any) -> bytes | None:
    """The document of a key."""
    record = view.find(table, key)
    return None if record is None else record.document


def find_many(view: View, table: str, wanted: Sequence[Any]) -> list[bytes | None]:
    """The documents of several keys."""
    return [find(view, table, key) for key in wanted]


def put(view: View, table: str, key: Any, document: bytes, ttl: float | None = None) -> None:
    """Set a key, for so many seconds."""
    view.put(table, key, Record(document, records.moment(view.now(), ttl) if ttl is not None else None))


def update(view: View, table: str, items: Sequence[tuple[Any, bytes]], ttl: float | None = None) -> None:
    """Set several keys."""
    for key, document in items:
        put(view, table, key, document, ttl)


def delete(view: View, table: str, key: Any) -> bool:
    """Remove a key; whether it was there."""
    return view.delete(table, key)


def pop(view: View, table: str, key: Any) -> bytes | None:
    """Remove a key; its document."""
    document = find(view, table, key)
    if document is not None:
        view.delete(table, key)
    return document


def setdefault(view: View, table: str, key: Any, document: bytes, ttl: float | None = None) -> bytes:
    """Set a key that is not there; the document it has then."""
    there = find(view, table, key)
    if there is None:
        put(view, table, key, document, ttl)
        return document
    return there


def incr(view: View, table: str, key: Any, by: float, ttl: float | None = None) -> float:
    """Add to the number of a key, from 0 where there is none; that one lives for `ttl`. The new number."""
    record = view.find(table, key)
    if record is None:
        put(view, table, key, pack(by), ttl)
        return by
    number = unpack(record.document, table, key)
    if type(number) not in (int, float):
        raise StashError(
            f"{key!r} in the stash table {table!r} holds a {type(number).__name__}, not a number."
        )
    number += by
    view.put(table, key, Record(pack(number), record.expires))
    return cast(float, number)


def compare_and_set(
    view: View, table: str, key: Any, expected: bytes | None, document: bytes, ttl: float | None = None
) -> bool:
    """Set a key if it holds what is expected (None: nothing); whether it did."""
    there = find(view, table, key)
    if there is None or expected is None:
        is_expected = there is expected
    else:
        is_expected = there == expected or _are_equal(unpack(there, table, key), values.unpack(expected))
    if is_expected:
        put(view, table, key, document, ttl)
    return is_expected


def _are_equal(one: Any, other: Any) -> bool:
    """As `==` says; what has no single answer to it, such as an array, was to be equal to the byte."""
    try:
        return bool(one == other)
    except ValueError:
        return False


def expire(view: View, table: str, key: Any, ttl: float | None) -> bool:
    """Let a key live for so many seconds from now (None: for ever); whether it is there."""
    record = view.find(table, key)
    if record is None:
        return False
    view.put(table, key, Record(record.document, records.moment(view.now(), ttl)))
    return True


def ttl(view: View, table: str, key: Any) -> list[float | None]:
    """How many seconds a key has to live, in a list; None: for ever. An empty list: it is not there."""
    record = view.find(table, key)
    if record is None:
        return []
    return [None if record.expires is None else record.expires / 1e6 - view.now()]


def keys(view: TreeView, table: str, pattern: str | None = None) -> list[Any]:
    """The keys of a table, or those of them that fit a pattern."""
    return [key for key, _ in view.scan(table, pattern)]


def items(view: TreeView, table: str, pattern: str | None = None) -> list[tuple[Any, bytes]]:
    """Keys and documents of a table."""
    return [(key, record.document) for key, record in view.scan(table, pattern)]


def clear(view: TreeView, table: str) -> None:
    """Remove all keys of a table."""
    view.clear(table)


def ensure(view: TreeView, table: str) -> None:
    """Make a table, if it does not exist."""
    if not view.has_table(table):
        view.count(table, 0)


def exists(view: TreeView, table: str, key: Any = None) -> bool:
    """Whether a key is there; None: whether the table exists."""
    return view.has_table(table) if key is None else view.find(table, key) is not None


def delete_table(view: TreeView, table: str) -> bool:
    """Remove a table; whether it existed."""
    return view.delete_table(table)


def tables(view: TreeView) -> list[str]:
    """The names of all tables."""
    return view.tables()


def info(view: TreeView, table: str) -> dict[str, Any]:
    """What there is to know of a table."""
    size = view.size(table)
    if size is None:
        raise StashTableNotFoundError(table)
    return {"table": table, "size": size}


def totals(view: TreeView) -> dict[str, Any]:
    """What there is to know of all of them."""
    sizes = view.sizes()
    return {"tables": len(sizes), "entries": sum(sizes.values()), "used": view.used()}


Seen = Sequence[tuple[str, Any, bytes]]
"""Table, key and digest of records that a transaction has read."""


def look(view: View, table: str, key: Any, seen: Seen) -> list[Any]:
    """A record as [document, expires], or []; refused if one seen earlier is another now."""
    _refuse_changes(view, seen)
    record = view.find(table, key)
    return [] if record is None else [*record]


def commit(view: View, seen: Seen, writes: Sequence[tuple[str, Any, bytes | None, int | None]]) -> None:
    """Write records (document None: remove it) if those seen are still the same."""
    _refuse_changes(view, seen)
    for table, key, document, expires in writes:
        if document is None:
            view.delete(table, key)
        else:
            view.put(table, key, Record(document, expires))


def _refuse_changes(view: View, seen: Seen) -> None:
    for table, key, digest in seen:
        if records.digest(view.find(table, key)) != digest:
            raise StashConflictError(
                f"{key!r} in the stash table {table!r} was changed by another program during this "
                "transaction, which wrote nothing; do it again, or use transact()."
            )


def pack(value: Any) -> bytes:
    """The document of a value. Raises `StashError`."""
    try:
        return values.pack(value, inline=True).document
    except TypeError as error:
        raise StashError(f"This cannot be put into the stash: {error}.") from error


def request(operation: str, args: Sequence[Any]) -> bytes:
    """An operation as it is asked of an arbiter. Raises `StashError`."""
    try:
        return values.pack([operation, *args], inline=True, name="request").document
    except TypeError as error:
        raise StashError(f"This cannot be asked of the stash: {error}.") from error


def unpack(document: bytes, table: str, key: Any) -> Any:
    """The value of a document. Raises `StashError`."""
    try:
        return values.unpack(document)
    except WireError as error:
        raise StashError(
            f"{key!r} in the stash table {table!r} is damaged ({error}); delete it, or put it anew."
        ) from error


class Operation(NamedTuple):
    """One of them. `anywhere`: a view is enough, which need not be of the tree."""

    work: Callable[..., Any]
    writes: bool
    anywhere: bool = False


OPERATIONS = {
    **{work.__name__: Operation(work, True, True) for work in
       (put, update, delete, pop, setdefault, incr, compare_and_set, expire)},
    **{work.__name__: Operation(work, False, True) for work in (find, find_many, ttl)},
    **{work.__name__: Operation(work, True) for work in (clear, ensure, delete_table, commit)},
    **{work.__name__: Operation(work, False) for work in
       (keys, items, exists, tables, info, totals, look)},
}  # fmt: skip
"""Every operation by its name."""
