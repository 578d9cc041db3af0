"""Requests for the stash that came over a pool's socket. Run where waiting for a write is no harm."""

import struct
from collections.abc import Callable, Mapping
from typing import Any

from supervisord_lite.dirty.errors import DirtyError, DirtyProtocolError
from supervisord_lite.wire import values
from supervisord_lite.wire.errors import WireError

from . import operations
from .errors import StashError, StashKeyNotFoundError
from .operations import OPERATIONS
from .store import Store

WHERE = "where"
"""Where the stash is, for those who may open it themselves."""

ABOUT = "about"
"""What there is to know of the whole stash."""


_MISFITS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error)
"""What arguments that make no sense lead to. Nothing is written then."""


def answer_v2(store: Store, payload: bytes | memoryview) -> bytes:
    """The body of the response to a version 2 request: the packed result. Raises `DirtyError`.

    The request is a packed list: the name of an operation, and its arguments.
    """
    try:
        request = values.unpack(payload)
    except WireError as error:
        raise DirtyProtocolError(f"A request for the stash cannot be read: {error}.") from error
    if not isinstance(request, list | tuple) or not request or not isinstance(request[0], str):
        raise DirtyProtocolError(
            "A request for the stash is a list: the name of an operation, and its arguments."
        )
    name, *args = request
    if name == WHERE:
        return operations.pack(store.where())
    if name != ABOUT and name not in OPERATIONS:
        raise StashError(f"{name!r} is no operation of the stash; this pool may be older than its client.")
    try:
        return operations.pack(store.run(name, *args))
    except _MISFITS as error:
        raise StashError(f"The arguments of the stash operation {name!r} do not fit: {error}.") from error


def answer_v1(store: Store, request: Mapping[str, Any]) -> Any:
    """The result of one of gunicorn's stash messages, as its client knows it. Raises `DirtyError`."""
    answer = _V1.get(request.get("op", 0)) if isinstance(request.get("op"), int) else None
    if answer is None:
        raise DirtyError(f"Unknown stash operation: {request.get('op')}")
    return answer(store, request.get("table", ""), _key(request.get("key")), request)


def _key(key: Any) -> Any:
    """A key that came in version 1, where a tuple travels as a list."""
    return tuple(map(_key, key)) if isinstance(key, list) else key


def _done(store: Store, operation: str, table: str) -> bool:
    store.run(operation, table)
    return True


def _put(store: Store, table: str, key: Any, request: Mapping[str, Any]) -> bool:
    store.put(table, key, request.get("value"))
    return True


def _get(store: Store, table: str, key: Any, request: Mapping[str, Any]) -> Any:
    found = store.get(table, key, store)  # the store itself is in no table
    if found is store:
        raise StashKeyNotFoundError(table, key)
    return found


_V1: dict[int, Callable[[Store, str, Any, Mapping[str, Any]], Any]] = {
    1: _put,
    2: _get,
    3: lambda store, table, key, request: store.delete(table, key),
    4: lambda store, table, key, request: store.keys(table, request.get("pattern")),
    5: lambda store, table, key, request: _done(store, "clear", table),
    6: lambda store, table, key, request: store.info(table),
    7: lambda store, table, key, request: _done(store, "ensure", table),
    8: lambda store, table, key, request: store.delete_table(table),
    9: lambda store, table, key, request: store.tables(),
    10: lambda store, table, key, request: store.exists(table, key),
}
"""By gunicorn's numbers: put, get, delete, keys, clear, info, ensure, delete table, tables, exists."""
