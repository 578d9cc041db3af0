"""The fork server's own side: import, freeze, then fork whenever told to.

The child is forked twice, and the process in between ends at once: so the child becomes the daemon's (the
daemon is a child subreaper), and one reaper serves all. The server reports the child only when that has
happened.
"""

import os
import signal
import socket
import sys
import time

from setproctitle import setproctitle

from supervisord_lite.linux import descriptors, prctl
from supervisord_lite.wire import frames
from supervisord_lite.wire.launching import (
    Fork,
    Forked,
    ForkRefused,
    FromServer,
    PreloadFailed,
    Prepared,
)

from . import child, preload

SOCKET = 3
"""The descriptor the daemon put the socket on."""


def main(arguments: list[str]) -> None:
    """Serve until the daemon closes the socket; in a forked child, be the child and never return."""
    prctl.die_with_parent(signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's to answer
    server = socket.socket(fileno=SOCKET)
    server.set_inheritable(False)
    _prepare(server, arguments)
    channel = _serve(server)
    if channel is not None:
        server.close()
        child.live(channel)


def _prepare(server: socket.socket, arguments: list[str]) -> None:
    """Import what is to be shared, and say so."""
    entries, directories = _parse(arguments)
    setproctitle("app-supervisor: zygote " + " ".join(entries) if entries else "app-supervisor: spawner")
    preload.front_of_path(directories)
    began = time.monotonic()
    try:
        warnings = preload.preload(entries)
    except preload.PreloadError as error:
        _print_cause(error)
        server.sendall(frames.encode(PreloadFailed(str(error))))
        sys.exit(1)
    prepared = Prepared(pid=os.getpid(), seconds=time.monotonic() - began, warnings=tuple(warnings))
    server.sendall(frames.encode(prepared))


def _parse(arguments: list[str]) -> tuple[list[str], list[str]]:
    entries, directories = [], []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--path":
            directories.append(next(rest))
        else:
            entries.append(argument)
    return entries, directories


def _serve(server: socket.socket) -> socket.socket | None:
    """Answer commands. Returns None at end of file, and in each forked child the child's channel."""
    reader = frames.Reader(Fork)
    queue: list[int] = []
    while True:
        try:
            data, fds = descriptors.receive(server, 65536)
        except descriptors.DescriptorsLost as error:
            # Which fork it was is lost too: end, and the daemon asks a successor.
            sys.exit(f"fork server: {error}")
        if not data:
            return None
        queue += fds
        for message in reader.feed(data):
            channel = _fork(server, message.id, queue.pop(0))
            if channel is not None:
                _close(*queue)
                return channel


def _print_cause(error: preload.PreloadError) -> None:
    import traceback  # only where it is needed: every page imported here is one that each fork copies

    traceback.print_exception(error.__cause__)


def _fork(server: socket.socket, number: int, fd: int) -> socket.socket | None:
    """Fork the child of this number and report it. Returns its channel in the child, else None."""
    sys.stdout.flush()
    sys.stderr.flush()
    report, told = os.pipe()
    try:
        middle = os.fork()
    except OSError as error:
        _close(report, told, fd)
        _send(server, ForkRefused(number, error.errno or 0))
        return None
    if middle == 0:
        _in_the_middle(told)
        _close(report, told)
        return socket.socket(fileno=fd)
    _close(told, fd)
    os.waitpid(middle, 0)
    answer = os.read(report, 32).decode()
    os.close(report)
    pid = int(answer or "-1")
    _send(server, Forked(number, pid) if pid > 0 else ForkRefused(number, -pid))
    return None


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


def _send(server: socket.socket, message: FromServer) -> None:
    server.sendall(frames.encode(message))
