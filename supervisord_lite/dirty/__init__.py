"""What applications use of dirty pools: the base class of apps, clients, errors and the stash.

Everything is imported at its first use (PEP 562), as web processes pay for what they import.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from supervisord_lite.dirty import stash as stash
    from supervisord_lite.dirty.app import DirtyApp, keep_alive, remaining
    from supervisord_lite.dirty.client import DirtyClient
    from supervisord_lite.dirty.clients import (
        close_dirty_client,
        close_dirty_client_async,
        get_dirty_client,
        get_dirty_client_async,
    )
    from supervisord_lite.dirty.errors import (
        DirtyAppError,
        DirtyAppNotFoundError,
        DirtyCancelledError,
        DirtyConnectionError,
        DirtyError,
        DirtyNoWorkersAvailableError,
        DirtyProtocolError,
        DirtyQueueFullError,
        DirtyTimeoutError,
        DirtyUntransferableError,
        DirtyWorkerError,
    )
    from supervisord_lite.dirty.location import get_dirty_socket_path, set_dirty_socket_path
    from supervisord_lite.dirty.stash import (
        StashClient,
        StashConflictError,
        StashError,
        StashFullError,
        StashKeyNotFoundError,
        StashTable,
        StashTableNotFoundError,
    )

_HOMES = {
    "app": ("DirtyApp", "keep_alive", "remaining"),
    "client": ("DirtyClient",),
    "clients": (
        "close_dirty_client",
        "close_dirty_client_async",
        "get_dirty_client",
        "get_dirty_client_async",
    ),
    "errors": (
        "DirtyAppError",
        "DirtyAppNotFoundError",
        "DirtyCancelledError",
        "DirtyConnectionError",
        "DirtyError",
        "DirtyNoWorkersAvailableError",
        "DirtyProtocolError",
        "DirtyQueueFullError",
        "DirtyTimeoutError",
        "DirtyUntransferableError",
        "DirtyWorkerError",
    ),
    "location": ("get_dirty_socket_path", "set_dirty_socket_path"),
    "stash": (
        "StashClient",
        "StashConflictError",
        "StashError",
        "StashFullError",
        "StashKeyNotFoundError",
        "StashTable",
        "StashTableNotFoundError",
    ),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "DirtyApp",
    "DirtyAppError",
    "DirtyAppNotFoundError",
    "DirtyCancelledError",
    "DirtyClient",
    "DirtyConnectionError",
    "DirtyError",
    "DirtyNoWorkersAvailableError",
    "DirtyProtocolError",
    "DirtyQueueFullError",
    "DirtyTimeoutError",
    "DirtyUntransferableError",
    "DirtyWorkerError",
    "StashClient",
    "StashConflictError",
    "StashError",
    "StashFullError",
    "StashKeyNotFoundError",
    "StashTable",
    "StashTableNotFoundError",
    "close_dirty_client",
    "close_dirty_client_async",
    "get_dirty_client",
    "get_dirty_client_async",
    "get_dirty_socket_path",
    "keep_alive",
    "remaining",
    "set_dirty_socket_path",
    "stash",
]


def __getattr__(name: str) -> Any:
    if name == "stash":
        return importlib.import_module("supervisord_lite.dirty.stash")
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(importlib.import_module(f"supervisord_lite.dirty.{home}"), name)
    globals()[name] = found  # the next use is an ordinary one
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
