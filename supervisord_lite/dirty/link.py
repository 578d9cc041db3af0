"""One connection to a pool, for callers that block.

Deadlines cost no system call of their own: the socket blocks, for as long as it was last told (SO_RCVTIMEO
and SO_SNDTIMEO of socket(7)), and is told anew only where that changes. Where sockets were replaced by
cooperative ones (gevent), those are told by `settimeout`.
"""

import array
import errno
import math
import socket
import struct
from collections.abc import Sequence
from time import monotonic

from supervisord_lite.dirty.exchange import Event, Exchange
from supervisord_lite.dirty.failures import unreachable
from supervisord_lite.linux.descriptors import MAX_FDS, DescriptorsLost

SIZE = 120 * 1024
"""Bytes asked for in one read: nearly all that comes in the stream, where most messages come in one read.

Not as many as the C library maps anew for each read, by mmap(2), which is from 128 KiB on.
"""

_ROOM = socket.CMSG_SPACE(MAX_FDS * array.array("i").itemsize)
_TIMEVAL = struct.Struct("@ll")
_NATIVE = "socket"  # the module of sockets that nobody replaced


def left(deadline: float | None) -> float | None:
    """Seconds until a moment in monotonic seconds. Raises `TimeoutError` where it is past."""
    if deadline is None:
        return None
    seconds = deadline - monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def rights(fd: int) -> list[tuple[int, int, "array.array[int]"]]:
    """Ancillary data that hands over a descriptor."""
    return [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]


def receive(sock: socket.socket) -> tuple[bytes, Sequence[int]]:
    """The bytes of one read and the descriptors that came with them, close-on-exec.

    As `linux.descriptors.receive`, with a short way for bytes alone. Raises `EOFError`, `DescriptorsLost`.
    """
    data, control, flags, _ = sock.recvmsg(SIZE, _ROOM, socket.MSG_CMSG_CLOEXEC)
    if not data:
        raise EOFError
    if not control and not flags:
        return data, ()
    fds = array.array("i")
    for level, kind, payload in control:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
    if flags & socket.MSG_CTRUNC:
        for fd in fds:
            socket.close(fd)
        raise DescriptorsLost(errno.EMFILE, "too many open files to take a memfd; raise this process's limit")
    return data, fds


class Link:
    """An open connection. Timeouts are in seconds, None for ever; late: `TimeoutError`, `BlockingIOError`."""

    __slots__ = ("_is_native", "_receives", "_sends", "epoch", "exchange", "sock")

    def __init__(self, path: str, timeout: float | None, epoch: int) -> None:
        self.epoch = epoch
        self.exchange = Exchange()
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._is_native = type(self.sock).__module__ == _NATIVE
        self._sends: float | None = None
        self._receives: float | None = None
        try:
            self._limit_sends(timeout)
            self.sock.connect(path)
        except (BlockingIOError, TimeoutError):  # the backlog was full all the time
            self.sock.close()
            raise
        except OSError as error:
            self.sock.close()
            raise unreachable(path, error) from error

    def send(self, data: bytes, fd: int, timeout: float | None, deadline: float | None) -> None:
        """Send a message within a time that ends at `deadline`, with a descriptor unless that is -1.

        A `ConnectionError` means that the peer has hung up and did not get the whole of it.
        """
        if timeout != self._sends:
            self._limit_sends(timeout)
        if fd < 0:
            sent = self.sock.send(data, socket.MSG_NOSIGNAL)
        else:
            sent = self.sock.sendmsg([data], rights(fd), socket.MSG_NOSIGNAL)
        while sent < len(data):
            self._limit_sends(left(deadline))
            sent += self.sock.send(memoryview(data)[sent:], socket.MSG_NOSIGNAL)

    def receive(self, timeout: float | None) -> list[Event]:
        """What one read brings. Raises `EOFError` and `WireError`, and what sockets raise."""
        if timeout != self._receives:
            self._limit_receives(timeout)
        return self.exchange.feed(*receive(self.sock))

    def close(self) -> None:
        """Hang up: that is how the pool learns that nobody waits for the answer."""
        self.sock.close()
        self.exchange.close()

    def _limit_sends(self, timeout: float | None) -> None:
        self._limit(socket.SO_SNDTIMEO, timeout)
        self._sends = timeout

    def _limit_receives(self, timeout: float | None) -> None:
        self._limit(socket.SO_RCVTIMEO, timeout)
        self._receives = timeout

    def _limit(self, option: int, timeout: float | None) -> None:
        if not self._is_native:
            self.sock.settimeout(timeout)
            self._sends = self._receives = math.nan  # one limit for both: unequal to any
            return
        whole = 0 if timeout is None else max(math.ceil(timeout * 1e6), 1)  # 0 would be for ever
        self.sock.setsockopt(socket.SOL_SOCKET, option, _TIMEVAL.pack(*divmod(whole, 1_000_000)))
