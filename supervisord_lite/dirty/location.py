"""Where the pools of this process are: said by the application, or by the daemon in the environment."""

import os

from supervisord_lite.dirty.errors import DirtyError

DEFAULT_POOL = ("SUPERVISOR_DIRTY_SOCKET", "GUNICORN_DIRTY_SOCKET")
"""Variables with the path of the default pool's socket; the first that is set wins."""

POOLS = "SUPERVISOR_POOLS"
"""Variable with the paths of all pools by name, as JSON."""

_chosen: str | None = None


def set_dirty_socket_path(path: str | os.PathLike[str] | None) -> None:
    """Use this socket for the default pool, whatever the environment says; None: as the environment says."""
    global _chosen
    _chosen = None if path is None else os.fspath(path)


def get_dirty_socket_path(pool: str | None = None) -> str:
    """The path of a pool's socket; None: the default pool. Raises `DirtyError` where it is not known."""
    if pool is not None:
        return _named(pool)
    for path in (_chosen, *map(os.environ.get, DEFAULT_POOL)):
        if path:
            return path
    raise DirtyError(
        f"No dirty pool is known to this process: {DEFAULT_POOL[0]} is not set; let supervisord-lite run it, "
        "set the variable, or call set_dirty_socket_path()."
    )


def _named(pool: str) -> str:
    import json  # here, as only few name a pool

    try:
        pools = json.loads(os.environ.get(POOLS) or "{}")
        path = pools.get(pool)
    except (ValueError, AttributeError) as error:
        raise DirtyError(f"{POOLS} is not a JSON object of paths by pool: {error}.") from error
    if not isinstance(path, str):
        known = f"it has {', '.join(sorted(pools))}" if pools else "it is empty"
        raise DirtyError(
            f"No pool {pool!r} in {POOLS} ({known}); name one of them, or use DirtyClient(path)."
        )
    return path
