"""The control socket as the daemon's own: bound once, or inherited from systemd by the name "control"."""

import contextlib
import errno
import fcntl
import logging
import os
import socket
from collections.abc import Mapping
from pathlib import Path

from supervisord_lite.config.locate import PROJECT_DIRECTORY
from supervisord_lite.config.program import Supervisor
from supervisord_lite.linux.identity import UnknownAccount, group_id

log = logging.getLogger(__name__)

INHERITED = "control"
"""FileDescriptorName= of the socket unit."""


class CannotListen(Exception):
    """The control socket cannot be had; the message says why and what to do."""


class ControlSocket:
    """The listening socket, and the lock that keeps a second daemon off it."""

    def __init__(self, sock: socket.socket, path: Path, lock: int | None) -> None:
        self.sock = sock
        self.path = path
        self._lock = lock

    @property
    def notices(self) -> Path:
        """The directory for the NOTIFY_SOCKETs of programs: no other daemon's, as the socket is not."""
        return self.path.with_name(self.path.name + ".notify")

    def close(self) -> None:
        """Stop listening; a socket that was bound here goes, one of systemd's stays."""
        self.sock.close()
        with contextlib.suppress(OSError):
            self.notices.rmdir()
        if self._lock is not None:
            self.path.unlink(missing_ok=True)
            os.close(self._lock)  # the file stays: removing it would let two daemons lock two files


def listen(supervisor: Supervisor, inherited: Mapping[str, list[socket.socket]]) -> ControlSocket:
    """Take the inherited socket, or bind the configured path. Raises `CannotListen`."""
    for name in inherited.keys() - {INHERITED}:
        log.warning("supervisord-lite: the socket %s that systemd passed is not used", name)
    if given := inherited.get(INHERITED):
        if given[0].family != socket.AF_UNIX or not given[0].getsockopt(
            socket.SOL_SOCKET, socket.SO_ACCEPTCONN
        ):
            raise CannotListen(
                f'the socket "{INHERITED}" that systemd passed is no listening unix stream socket; its unit '
                "needs ListenStream= with a path"
            )
        return ControlSocket(given[0], Path(os.fsdecode(given[0].getsockname())), None)
    path = Path(supervisor.control_socket)
    try:
        if path.parent.name == PROJECT_DIRECTORY:  # the default place; any other has to be there
            path.parent.mkdir(mode=0o755, exist_ok=True)
        lock = _lock(path)
        return ControlSocket(_bind(path, supervisor), path, lock)
    except OSError as error:
        raise CannotListen(
            f"cannot listen on {path}: {error.strerror or error}; set [supervisor] control_socket to a "
            "path in a directory that this user may write to"
        ) from error


def _bind(path: Path, supervisor: Supervisor) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        if not path.is_socket() and path.lstat():
            raise CannotListen(f"cannot listen on {path}: it is there and no socket; use another path")
        path.unlink()  # the lock is ours: whoever bound it is gone
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        sock.bind(str(path))
    finally:
        os.umask(before)
    try:
        if supervisor.control_socket_group is not None:
            os.chown(path, -1, group_id(supervisor.control_socket_group))
        os.chmod(path, supervisor.control_socket_mode)
    except (OSError, UnknownAccount) as error:
        sock.close()
        path.unlink()
        raise CannotListen(
            f"cannot give {path} to the group {supervisor.control_socket_group}: {error}; the daemon has to "
            "be root or a member of [supervisor] control_socket_group"
        ) from error
    sock.setblocking(False)
    return sock


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
