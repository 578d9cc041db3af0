"""The fork server's own side: import, freeze, then fork whenever told to.

Every child becomes the daemon's own. A zygote forks twice, and the process in between ends at once, so that
its child is handed to the daemon (a child subreaper) with a C library that knows of the fork. The spawner's
children do nothing but execute a command, and are cloned as the daemon's children in one step.
"""

import os
import signal
import socket
import sys
from collections.abc import Callable

from supervisord_lite.linux import clone, descriptors, prctl
from supervisord_lite.wire.orders import FORK

from . import child, telling

Fork = Callable[[], int]
"""A way to fork: returns the pid of a child of the daemon, and 0 in that child. Raises `OSError`."""

SOCKET = 3
"""The descriptor the daemon put the socket on."""


def main(arguments: list[str]) -> None:
    """Serve until the daemon closes the socket; in a forked child, be the child and never return."""
    prctl.die_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to answer
    server = socket.socket(fileno=SOCKET)
    server.set_inheritable(False)
    if arguments == ["--commands"]:
        fork = _fork_for_daemon
        telling.tell(server, telling.prepared())
    else:
        fork = _fork_twice
        _prepare(server, arguments)
    changed = child.changed_signals()
    channel = _serve(server, fork)
    if channel is not None:
        server.close()
        child.live(channel, changed)


def _prepare(server: socket.socket, arguments: list[str]) -> None:
    """Import what is to be shared, and say so."""
    from . import preload  # not in the spawner

    try:
        telling.tell(server, preload.prepare(arguments))
    except preload.PreloadError as error:
        telling.tell(server, telling.preload_failed(str(error)))
        sys.exit(1)


def _serve(server: socket.socket, fork: Fork) -> socket.socket | None:
    """Answer orders. Returns None at end of file, and in each forked child the child's channel."""
    numbers = b""
    channels: list[int] = []
    while True:
        try:
            data, fds = descriptors.receive(server, 1024)
        except descriptors.DescriptorsLost as error:
            # Which fork it was is lost too: end, and the daemon asks a successor.
            sys.exit(f"fork server: {error}")
        if not data:
            return None
        numbers += data
        channels += fds
        while len(numbers) >= FORK.size:
            (number,) = FORK.unpack(numbers[: FORK.size])
            numbers = numbers[FORK.size :]
            channel = _answer(server, number, channels.pop(0), fork)
            if channel is not None:
                _close(*channels)
                return channel


def _answer(server: socket.socket, number: int, fd: int, fork: Fork) -> socket.socket | None:
    """Fork the child of this number and report it. Returns its channel in the child, else None."""
    try:
        pid = fork()
    except OSError as error:
        report = telling.fork_refused(number, error.errno or 0)
    else:
        if pid == 0:
            return socket.socket(fileno=fd)
        report = telling.forked(number, pid)
    os.close(fd)
    telling.tell(server, report)
    return None


def _fork_for_daemon() -> int:
    try:
        return clone.fork_for_parent()
    except PermissionError:
        return _fork_twice()
    except OSError as error:
        if error.errno != 38:  # ENOSYS
            raise
        return _fork_twice()


def _fork_twice() -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    report, told = os.pipe()
    try:
        middle = os.fork()
    except OSError:
        _close(report, told)
        raise
    if middle == 0:
        _in_the_middle(told)
        _close(report, told)
        return 0
    os.close(told)
    os.waitpid(middle, 0)
    answer = int(os.read(report, 32) or b"-1")
    os.close(report)
    if answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return answer


def _in_the_middle(told: int) -> None:
    """Fork once more and end; only the grandchild returns."""
    try:
        pid = os.fork()
    except OSError as error:
        os.write(told, str(-(error.errno or 1)).encode())
        os._exit(1)
    if pid:
        os.write(told, str(pid).encode())
        os._exit(0)


def _close(*fds: int) -> None:
    for fd in fds:
        os.close(fd)
