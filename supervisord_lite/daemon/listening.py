"""The control socket as the daemon's own: bound once, or inherited from systemd by the name "control"."""

import contextlib
import errno
import fcntl
import os
import socket
from collections.abc import MutableMapping
from pathlib import Path

from supervisord_lite.config.locate import PROJECT_DIRECTORY
from supervisord_lite.config.program import Supervisor
from supervisord_lite.linux.listening import Access, CannotListen, Listener, bind, inherit

INHERITED = "control"
"""FileDescriptorName= of the socket unit."""


class ControlSocket:
    """The listening socket, and the lock that keeps a second daemon off it."""

    def __init__(self, listener: Listener, lock: int | None) -> None:
        self._listener = listener
        self._lock = lock

    @property
    def sock(self) -> socket.socket:
        return self._listener.sock

    @property
    def path(self) -> Path:
        return self._listener.path

    @property
    def notices(self) -> Path:
        """The directory for the NOTIFY_SOCKETs of programs: no other daemon's, as the socket is not."""
        return self.path.with_name(self.path.name + ".notify")

    def close(self) -> None:
        """Stop listening; a socket that was bound here goes, one of systemd's stays."""
        with contextlib.suppress(OSError):
            self.notices.rmdir()
        self._listener.close()
        if self._lock is not None:
            os.close(self._lock)  # the file stays: removing it would let two daemons lock two files


def listen(supervisor: Supervisor, inherited: MutableMapping[str, list[socket.socket]]) -> ControlSocket:
    """Take the inherited socket out of those, or bind the configured path. Raises `CannotListen`."""
    if given := inherited.pop(INHERITED, None):
        return ControlSocket(inherit(given[0], INHERITED), None)
    path = Path(supervisor.control_socket)
    access = Access(supervisor.control_socket_mode, supervisor.control_socket_group)
    try:
        if path.parent.name == PROJECT_DIRECTORY:  # the default place; any other has to be there
            path.parent.mkdir(mode=0o755, exist_ok=True)
        lock = _lock(path)  # from here on whoever bound it before is gone
        return ControlSocket(bind(path, access), lock)
    except OSError as error:
        raise CannotListen(
            f"cannot listen on {path}: {error.strerror or error}; set [supervisor] control_socket to a "
            "path in a directory that this user may write to"
        ) from error


def _lock(path: Path) -> int:
    fd = os.open(_lock_path(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        if error.errno != errno.EWOULDBLOCK:
            raise
        raise CannotListen(
            f"another daemon is listening on {path}; stop it first, or use another path"
        ) from error
    return fd


def _lock_path(path: Path) -> Path:
    return path.with_name(path.name + ".lock")
