"""Listening unix sockets: bound with their mode, group and owner, or inherited."""

import contextlib
import errno
import os
import socket
import stat
from pathlib import Path

from msgspec import Struct

from .identity import UnknownAccount, group_id

BACKLOG = 4096
"""Connections that wait while nobody accepts: a successor is on its way (the kernel may allow fewer)."""


class CannotListen(Exception):
    """A socket cannot be had; the message says why and what to do."""


class Access(Struct, frozen=True):
    """Who may connect: permissions, the group by name or number, and the uid and gid of the owner.

    None is what the process that binds it would give.
    """

    mode: int
    group: str | None = None
    owner: tuple[int, int] | None = None


class Listener:
    """A socket and its path. One that was bound here is removed when it is closed; systemd's stay."""

    def __init__(self, sock: socket.socket, path: Path, *, is_ours: bool) -> None:
        self.sock = sock
        self.path = path
        self.is_ours = is_ours

    def __repr__(self) -> str:
        return f"<Listener {self.path}>"

    def open_to(self, access: Access) -> None:
        """Let others connect from now on. Raises `CannotListen`."""
        if self.is_ours:
            _give(self.path, access)

    def close(self) -> None:
        """Listen no more."""
        self.sock.close()
        if self.is_ours:
            with contextlib.suppress(OSError):  # its directory may have become read-only
                self.path.unlink()


def inherit(sock: socket.socket, name: str) -> Listener:
    """Take the socket of this name that systemd passed. Raises `CannotListen`."""
    if sock.family != socket.AF_UNIX or not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        raise CannotListen(
            f'the socket "{name}" that systemd passed is no listening unix stream socket; its unit '
            "needs ListenStream= with a path"
        )
    return Listener(sock, Path(os.fsdecode(sock.getsockname())), is_ours=False)


def bind(path: Path, access: Access) -> Listener:
    """Bind the path, in place of a socket there that nobody listens on any more.

    Nobody can connect before it has its group and mode, and has been told to listen. Raises `OSError`, or
    `CannotListen`.
    """
    with contextlib.suppress(FileNotFoundError):
        if not path.is_socket() and path.lstat():
            raise CannotListen(f"cannot listen on {path}: it is there and no socket; use another path")
        path.unlink()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        sock.bind(str(path))
    except OSError:
        sock.close()
        raise
    finally:
        os.umask(before)
    try:
        _give(path, access)
    except CannotListen:
        sock.close()
        path.unlink()
        raise
    sock.setblocking(False)
    return Listener(sock, path, is_ours=True)


def is_served(path: Path) -> bool:
    """Whether somebody listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as sock:
        return sock.connect_ex(str(path)) in (0, errno.EAGAIN)


def _whom(access: Access) -> str:
    if access.group is not None:
        return f"the group {access.group}"
    return f"user {access.owner[0]}" if access.owner is not None else "its owner"


def _give(path: Path, access: Access) -> None:
    """Through a descriptor: who may write to its directory could put a link in its place meanwhile."""
    try:
        fd = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            found = os.fstat(fd)
            if not stat.S_ISSOCK(found.st_mode):
                raise CannotListen(f"cannot listen on {path}: something else was put in its place")
            _change(f"/proc/self/fd/{fd}", found.st_uid, access)
        finally:
            os.close(fd)
    except (OSError, UnknownAccount) as error:
        raise CannotListen(
            f"cannot give {path} to {_whom(access)}: {error}; the daemon has to be root, or in that group"
        ) from error


def _change(path: str, uid: int, access: Access) -> None:
    if uid != os.geteuid():
        os.chown(path, os.geteuid(), -1)
    os.chmod(path, access.mode)  # while it is our own: the daemon does without CAP_FOWNER
    if access.owner is not None and access.owner[0] != os.geteuid():
        os.chown(path, *access.owner)
    if access.group is not None:
        os.chown(path, -1, group_id(access.group))
