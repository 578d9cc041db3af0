"""Log files: the daemon opens them, the log writer fills them, and neither is in a program's way.

A program writes into a pipe. The daemon keeps both ends of it, so that a log writer which ends loses nothing
and takes nobody down: its successor goes on reading.
"""

import asyncio
import errno
import logging
import os
import socket
import stat
from collections import deque
from collections.abc import Collection

from supervisord_lite.linux import descriptors
from supervisord_lite.wire import frames
from supervisord_lite.wire.logwriting import Attach, Reopen

log = logging.getLogger(__name__)

RETRY = 5.0
"""Seconds until a log file that cannot be opened is tried again."""

MODE = 0o640
"""Permissions of a log file that is made."""


class _Pipe:
    """The two ends of the pipe in front of one file, and who is to own the file."""

    def __init__(self, owner: tuple[int, int] | None) -> None:
        self.owner = owner
        self.is_attached = False
        """Whether the log writer that is there has been handed its other end."""
        self.read_end, self.write_end = os.pipe()

    def close(self) -> None:
        os.close(self.read_end)
        os.close(self.write_end)


class _Letter:
    """A message on its way to the log writer, with descriptors of its own."""

    def __init__(self, message: Attach | Reopen, fds: list[int]) -> None:
        self.message = message
        self.fds = fds

    def close(self) -> None:
        for fd in self.fds:
            os.close(fd)


class LogFiles:
    """Every log file that programs write to, by its path."""

    def __init__(self) -> None:
        self._pipes: dict[str, _Pipe] = {}
        self._writer: socket.socket | None = None
        self._outbox: deque[_Letter] = deque()
        self._retry: asyncio.TimerHandle | None = None

    def writer(self, path: str, owner: tuple[int, int] | None) -> int:
        """The descriptor whose bytes end up in the file; stays this object's. Raises `OSError`."""
        if path not in self._pipes:
            pipe = _Pipe(owner)
            try:
                self._hand_over(path, pipe)
            except OSError:
                pipe.close()
                raise
            self._pipes[path] = pipe
        return self._pipes[path].write_end

    def connect(self, sock: socket.socket) -> None:
        """A log writer is there, the first or a successor: hand it every file."""
        self.disconnect()
        sock.setblocking(False)  # one that hangs must not hang the daemon
        self._writer = sock
        for pipe in self._pipes.values():
            pipe.is_attached = False
        self.reopen()

    def disconnect(self) -> None:
        """The log writer is gone; the pipes keep what is written meanwhile."""
        if self._writer is not None:
            asyncio.get_running_loop().remove_writer(self._writer)
            self._writer.close()
            self._writer = None
        while self._outbox:
            self._outbox.popleft().close()

    def reopen(self) -> None:
        """Open every file anew, after they were moved away (logrotate(8)), or could not be opened before."""
        for path, pipe in self._pipes.items():
            try:
                self._hand_over(path, pipe)
            except OSError as error:
                log.error("%s: cannot open the log file: %s", path, error.strerror)
                if not pipe.is_attached:
                    self._try_again()

    def _try_again(self) -> None:
        """A pipe that nobody reads would stop its program."""
        if self._retry is None:
            self._retry = asyncio.get_running_loop().call_later(RETRY, self._attach_the_rest)

    def _attach_the_rest(self) -> None:
        self._retry = None
        for path, pipe in self._pipes.items():
            if self._writer is not None and not pipe.is_attached:
                try:
                    self._hand_over(path, pipe)
                except OSError:
                    self._try_again()

    def retain(self, paths: Collection[str]) -> None:
        """Let go of files that no program is to write to; what still does keeps its end."""
        for path in [path for path in self._pipes if path not in paths]:
            self._pipes.pop(path).close()

    def close(self) -> None:
        """Let go of everything."""
        if self._retry is not None:
            self._retry.cancel()
        self.retain(())
        self.disconnect()

    def _hand_over(self, path: str, pipe: _Pipe) -> None:
        """Have the log writer copy the pipe into the file, which is opened now. Raises `OSError`."""
        file = _open(path, pipe.owner)
        if self._writer is None:
            os.close(file)  # a log writer that connects is handed everything
        elif pipe.is_attached:
            self._outbox.append(_Letter(Reopen(path), [file]))
            self._deliver()
        else:
            try:
                self._outbox.append(_Letter(Attach(path), [os.dup(pipe.read_end), file]))
            except OSError:
                os.close(file)
                raise
            pipe.is_attached = True
            self._deliver()

    def _deliver(self) -> None:
        """Send what the log writer takes now; the rest when it has read some."""
        assert self._writer is not None
        loop = asyncio.get_running_loop()
        while self._outbox:
            letter = self._outbox[0]
            try:
                descriptors.send(self._writer, frames.encode(letter.message), letter.fds)
            except BlockingIOError:
                loop.add_writer(self._writer, self._deliver)
                return
            except OSError as error:
                log.error("%s: the log writer cannot be told: %s", letter.message.path, error)
            self._outbox.popleft().close()
        loop.remove_writer(self._writer)


def _open(path: str, owner: tuple[int, int] | None) -> int:
    """Open for append; a file that is made belongs to the program's user. Raises `OSError`.

    The directory may be a program's to write: a privileged daemon follows no link there, and appends to no
    file that is somebody else's or has a second name.
    """
    flags = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK | os.O_NOFOLLOW
    try:
        fd = os.open(path, flags | os.O_CREAT | os.O_EXCL, MODE)
    except FileExistsError:
        return _open_existing(path, flags, owner)
    if owner is not None and os.geteuid() == 0:
        os.fchown(fd, *owner)
    return fd


def _open_existing(path: str, flags: int, owner: tuple[int, int] | None) -> int:
    if os.path.islink(path):
        raise OSError(errno.ELOOP, "is a symbolic link, and a log file has to be a file", path)
    fd = os.open(path, flags)
    found = os.fstat(fd)
    owners = {0, os.geteuid(), owner[0] if owner is not None else 0}
    if (
        os.geteuid() == 0
        and stat.S_ISREG(found.st_mode)
        and (found.st_uid not in owners or found.st_nlink != 1)
    ):
        os.close(fd)
        raise OSError(errno.EPERM, "is another user's file, or has a second name; it is not written to", path)
    return fd
