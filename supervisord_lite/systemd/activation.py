"""Sockets inherited from systemd: sd_listen_fds(3), by the names that FileDescriptorName= gives."""

import os
import socket
from collections.abc import MutableMapping

FIRST = 3


def inherited(environ: MutableMapping[str, str]) -> dict[str, list[socket.socket]]:
    """The sockets passed to this process, by name; takes the three variables out of the environment."""
    pid = environ.pop("LISTEN_PID", "")
    count = environ.pop("LISTEN_FDS", "")
    names = environ.pop("LISTEN_FDNAMES", "").split(":")
    if pid != str(os.getpid()) or not count.isdecimal():
        return {}
    found: dict[str, list[socket.socket]] = {}
    for index in range(int(count)):
        name = names[index] if index < len(names) and names[index] else "unknown"
        sock = socket.socket(fileno=FIRST + index)
        sock.set_inheritable(False)
        found.setdefault(name, []).append(sock)
    return found
