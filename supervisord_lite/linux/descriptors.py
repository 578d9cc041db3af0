"""Descriptors handed over unix sockets: unix(7), SCM_RIGHTS."""

import array
import errno
import os
import socket
from collections.abc import Sequence

MAX_FDS = 16


class DescriptorsLost(OSError):
    """The data arrived and the descriptors did not: this process's table is full (EMFILE)."""


def keep_descriptors() -> None:
    """Whatever this process was started with beyond 0, 1 and 2 is not passed on to what it starts."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            try:
                os.set_inheritable(int(name), False)
            except OSError:
                pass  # the one by which the directory was read


def send(sock: socket.socket, data: bytes, fds: Sequence[int]) -> None:
    """Send bytes and descriptors as one message. Raises `BlockingIOError` where the socket is full."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sent = sock.sendmsg([data], rights)
    if sent != len(data):
        raise BlockingIOError(f"only {sent} of {len(data)} bytes were taken")


def receive(sock: socket.socket, size: int) -> tuple[bytes, list[int]]:
    """Receive up to `size` bytes and the descriptors that came with them, each close-on-exec.

    Raises `DescriptorsLost`, and keeps none of them, where some did not fit into this process's table.
    """
    room = socket.CMSG_SPACE(MAX_FDS * array.array("i").itemsize)
    data, control, flags, _ = sock.recvmsg(size, room, socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for level, kind, payload in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
    if flags & socket.MSG_CTRUNC:
        for fd in fds:
            socket.close(fd)
        raise DescriptorsLost(errno.EMFILE, "descriptors were lost on the way: too many open files")
    return data, list(fds)
