"""Paths of unix sockets: what Linux can bind, and no path for two sockets."""

import os
from collections.abc import Iterable

SOCKET_PATH_LIMIT = 107  # bytes of sun_path in unix(7), less the closing NUL


def why_not_socket(path: str) -> str | None:
    """Return why there can be no socket at an absolute path."""
    length = len(os.fsencode(path))
    if length > SOCKET_PATH_LIMIT:
        return f'is too long for a socket: "{path}" has {length} bytes, and {SOCKET_PATH_LIMIT} is the most'
    if os.path.isdir(path):
        return f'must be the path of a socket, but "{path}" is a directory'
    return None


class Places:
    """Which path is whose, for one configuration."""

    def __init__(self, taken: Iterable[tuple[str, str]]) -> None:
        self._owners = {os.path.realpath(path): owner for path, owner in taken}

    def claim(self, path: str, owner: str) -> str | None:
        """Note whose path this is; return whose it is already, in words."""
        other = self._owners.setdefault(os.path.realpath(path), owner)
        return None if other == owner else other
