"""The clients that an application needs not make itself: one for each pool and timeout in a process."""

from supervisord_lite.dirty.client import DirtyClient
from supervisord_lite.dirty.location import get_dirty_socket_path

_by_path: dict[str, DirtyClient] = {}
_by_use: dict[tuple[str, float | None], DirtyClient] = {}


def get_dirty_client(timeout: float | None = 30.0, pool: str | None = None) -> DirtyClient:
    """The client of the default pool, or of the one named; `timeout` as `DirtyClient` has it.

    All threads and tasks of a process get the same one, and clients that differ in their timeout share their
    connections. Raises `DirtyError` where no pool is known.
    """
    path = get_dirty_socket_path(pool)
    found = _by_use.get((path, timeout))
    if found is None:
        client = _by_path.setdefault(path, DirtyClient(path))
        found = _by_use.setdefault((path, timeout), client.options(timeout=timeout))
    return found


async def get_dirty_client_async(timeout: float | None = 30.0, pool: str | None = None) -> DirtyClient:
    """The same client as `get_dirty_client` has, which serves tasks as well."""
    return get_dirty_client(timeout, pool)


def close_dirty_client() -> None:
    """Close the connections that callers who block have made through `get_dirty_client`."""
    for client in list(_by_path.values()):
        client.close()


async def close_dirty_client_async() -> None:
    """Close the connections that tasks of the running loop have made through `get_dirty_client_async`."""
    for client in list(_by_path.values()):
        await client.close_async()
