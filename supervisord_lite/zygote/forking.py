"""The fork server's own side: import, freeze, then fork whenever told to.

Every child becomes the daemon's own. A zygote forks twice, and the process in between ends at once, so that
its child is handed to the daemon (a child subreaper) with a C library that knows of the fork. The spawner's
children do nothing but execute a command, and are cloned as the daemon's children in one step.
"""

import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable

from supervisord_lite.linux import clone, descriptors, prctl
from supervisord_lite.wire.orders import FORK

from . import child, telling

Fork = Callable[[int | None], int]
"""A way to fork, into a control group where a descriptor of its directory is given.

Returns the pid of a child of the daemon, and 0 in that child. Raises `OSError`.
"""

SOCKET = 3
"""The descriptor the daemon put the socket on."""


def main(arguments: list[str]) -> None:
    """Serve until the daemon closes the socket; in a forked child, be the child and never return."""
    prctl.die_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to answer
    server = socket.socket(fileno=SOCKET)
    server.set_inheritable(False)
    if arguments == ["--commands"]:
        fork = _clone
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
    orders = b""
    queue: list[int] = []
    while True:
        try:
            data, fds = descriptors.receive(server, 1024)
        except descriptors.DescriptorsLost as error:
            # Which fork it was is lost too: end, and the daemon asks a successor.
            sys.exit(f"fork server: {error}")
        if not data:
            return None
        orders += data
        queue += fds
        while len(orders) >= FORK.size:
            number, has_cgroup = FORK.unpack(orders[: FORK.size])
            orders = orders[FORK.size :]
            channel = queue.pop(0)
            cgroup = queue.pop(0) if has_cgroup else None
            if _answer(server, number, channel, cgroup, fork):
                _close(*queue)
                return socket.socket(fileno=channel)


def _answer(server: socket.socket, number: int, channel: int, cgroup: int | None, fork: Fork) -> bool:
    """Fork the child of this number and report it. Returns True in the child, False in the server."""
    try:
        pid = fork(cgroup)
    except OSError as error:
        report = telling.fork_refused(number, error.errno or 0)
    else:
        if pid == 0:
            return True
        report = telling.forked(number, pid)
    _close(channel, *([cgroup] if cgroup is not None else []))
    telling.tell(server, report)
    return False


def _clone(cgroup: int | None) -> int:
    try:
        pid = clone.fork_for_parent(cgroup)
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.EPERM):
            raise
        return _fork_twice(cgroup)  # a filter of a container does not know the call
    if pid == 0 and cgroup is not None:
        os.close(cgroup)
    return pid


def _fork_twice(cgroup: int | None) -> int:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # a preload may have put anything there
            stream.flush()
    report, told = os.pipe()
    try:
        middle = os.fork()
    except OSError:
        _close(report, told)
        raise
    if middle == 0:
        _in_the_middle(told, cgroup)
        _close(report, told)
        return 0
    os.close(told)
    with contextlib.suppress(ChildProcessError):  # a preload may ignore SIGCHLD
        os.waitpid(middle, 0)
    answer = int(os.read(report, 32) or b"-1")
    os.close(report)
    if answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return answer


def _in_the_middle(told: int, cgroup: int | None) -> None:
    """Fork once more and end; only the grandchild returns."""
    try:
        if cgroup is not None:
            _join(cgroup)
        pid = os.fork()
    except OSError as error:
        os.write(told, str(-(error.errno or 1)).encode())
        os._exit(1)
    if pid:
        os.write(told, str(pid).encode())
        os._exit(0)


def _join(cgroup: int) -> None:
    procs = os.open("cgroup.procs", os.O_WRONLY, dir_fd=cgroup)
    os.write(procs, b"0")
    _close(procs, cgroup)


def _close(*fds: int) -> None:
    for fd in fds:
        os.close(fd)
