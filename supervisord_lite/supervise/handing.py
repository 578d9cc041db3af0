"""The descriptors that a process is given, by their names: 0, 1, 2 and what comes behind them."""

from collections.abc import Sequence
from typing import NamedTuple

STREAMS = ("stdin", "stdout", "stderr")

LINK = "daemon"
"""The name of descriptor 3 of the daemon's own programs: their socket to it."""


class Handed(NamedTuple):
    """One descriptor, and what it is for. It stays whose it was."""

    name: str
    fd: int


def streams(fds: Sequence[int]) -> list[Handed]:
    """The standard streams by their names."""
    return [Handed(name, fd) for name, fd in zip(STREAMS, fds, strict=True)]


def listening(sockets: Sequence[Handed]) -> dict[str, str]:
    """What tells a process which listening sockets it has from descriptor 3 on (sd_listen_fds(3)).

    Without LISTEN_PID, because only the process itself will know its number.
    """
    if not sockets:
        return {}
    return {"LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": ":".join(sock.name for sock in sockets)}
