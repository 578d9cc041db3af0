"""Streams into the journal: the protocol of sd_journal_stream_fd(3), with the unit's name in the header.

The library call leaves the unit out, and the journal then loses it for a process that ends at once.
"""

import os
import socket

SOCKET = "/run/systemd/journal/stdout"
INFO = 6


class JournalUnreachable(OSError):
    """Nobody takes streams now: the journal is stopped, or frozen with a full backlog."""


def open_stream(identifier: str, unit: str, priority: int = INFO, path: str = SOCKET) -> socket.socket:
    """A stream whose lines carry this identifier and unit; a <n> prefix on a line overrides `priority`.

    Never waits. The unit is believed from root only. Raises `JournalUnreachable`.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        sock.connect(path)
        header = f"{identifier}\n{unit}\n{priority}\n1\n0\n0\n0\n".encode()
        sock.sendall(header)
        sock.shutdown(socket.SHUT_RD)
    except OSError as error:
        sock.close()
        raise JournalUnreachable(error.errno, f"the journal takes no streams: {error.strerror}") from error
    sock.setblocking(True)
    return sock


def is_stream(fd: int, journal_stream: str | None) -> bool:
    """Whether this descriptor is the journal, as JOURNAL_STREAM ("device:inode") says (systemd.exec(5))."""
    if not journal_stream:
        return False
    try:
        found = os.fstat(fd)
    except OSError:
        return False
    return journal_stream == name_of(found)


def name_of(found: os.stat_result) -> str:
    """The value of JOURNAL_STREAM for this descriptor."""
    return f"{found.st_dev}:{found.st_ino}"


def own_unit() -> str | None:
    """The system service this process belongs to, by its control group; None outside of one."""
    try:
        with open("/proc/self/cgroup") as file:
            paths = [line.rstrip("\n").split(":", 2)[2] for line in file if line.startswith("0::")]
    except OSError:
        return None
    parts = [part for path in paths for part in path.split("/") if part.endswith(".service")]
    return parts[-1] if parts else None
