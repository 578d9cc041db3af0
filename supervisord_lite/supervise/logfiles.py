"""Log files: the daemon opens them, the log writer fills them, and neither is in a program's way.

A program writes into a pipe. The daemon keeps both ends of it, so that a log writer which ends loses nothing
and takes nobody down: its successor goes on reading.
"""

import logging
import os
import socket
import stat
from collections.abc import Collection

from supervisord_lite.linux import descriptors
from supervisord_lite.wire import frames
from supervisord_lite.wire.logwriting import Attach, Reopen

log = logging.getLogger(__name__)

MODE = 0o640
"""Permissions of a log file that is made."""


class _Pipe:
    """The two ends of the pipe in front of one file, and who is to own the file."""

    def __init__(self, owner: tuple[int, int] | None) -> None:
        self.owner = owner
        self.read_end, self.write_end = os.pipe()

    def close(self) -> None:
        os.close(self.read_end)
        os.close(self.write_end)


class LogFiles:
    """Every log file that programs write to, by its path."""

    def __init__(self) -> None:
        self._pipes: dict[str, _Pipe] = {}
        self._writer: socket.socket | None = None

    def writer(self, path: str, owner: tuple[int, int] | None) -> int:
        """The descriptor whose bytes end up in the file; stays this object's. Raises `OSError`."""
        if path not in self._pipes:
            file = _open(path, owner)
            try:
                self._pipes[path] = _Pipe(owner)
                self._send(Attach(path), [self._pipes[path].read_end, file])
            finally:
                os.close(file)
        return self._pipes[path].write_end

    def connect(self, sock: socket.socket) -> None:
        """A log writer is there, the first or a successor: hand it every file."""
        self.disconnect()
        self._writer = sock
        for path, pipe in self._pipes.items():
            self._open_and_send(Attach(path), pipe, [pipe.read_end])

    def disconnect(self) -> None:
        """The log writer is gone; the pipes keep what is written meanwhile."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def reopen(self) -> None:
        """Open every file anew, after they were moved away (logrotate(8))."""
        for path, pipe in self._pipes.items():
            self._open_and_send(Reopen(path), pipe, [])

    def retain(self, paths: Collection[str]) -> None:
        """Let go of files that no program is to write to; what still does keeps its end."""
        for path in [path for path in self._pipes if path not in paths]:
            self._pipes.pop(path).close()

    def close(self) -> None:
        """Let go of everything."""
        self.retain(())
        self.disconnect()

    def _open_and_send(self, message: Attach | Reopen, pipe: _Pipe, fds: list[int]) -> None:
        try:
            file = _open(message.path, pipe.owner)
        except OSError as error:
            log.error("%s: cannot open the log file: %s", message.path, error.strerror)
            return
        self._send(message, [*fds, file])
        os.close(file)

    def _send(self, message: Attach | Reopen, fds: list[int]) -> None:
        if self._writer is None:
            return
        try:
            descriptors.send(self._writer, frames.encode(message), fds)
        except OSError as error:
            log.error("%s: the log writer cannot be told: %s", message.path, error)


def _open(path: str, owner: tuple[int, int] | None) -> int:
    """Open for append; a file that is made belongs to the program's user."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        fd = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, MODE)
    if owner is not None and os.geteuid() == 0 and stat.S_ISREG(os.fstat(fd).st_mode):
        os.fchown(fd, *owner)
    return fd
