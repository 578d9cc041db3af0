"""One socket of the reactor: bytes and descriptors out in order, and what both kinds of its users share.

Everything is read into one buffer of the process, since nothing is read while something else is handled. A
message that came whole is passed on from there, with its request id replaced in place.

Descriptors are received always: a plain recv(2) would drop them silently. They are claimed in order by
messages that say so (`header.BY_FD`).
"""

import array
import fcntl
import os
import socket
import struct
import termios
from collections import deque

import msgspec

from supervisord_lite.pool.arbiter.loop import EDGE, IN, OUT, Loop
from supervisord_lite.wire import header
from supervisord_lite.wire.splitter import Splitter

READ = 192 * 1024
"""Bytes taken at a time: about what a unix socket holds."""

BUFFER = bytearray(READ)
VIEW = memoryview(BUFFER)
INTO = [VIEW]
BEGINNING = [VIEW[:4096]]

MAX_FDS = 4
"""Descriptors kept that no message has claimed yet; a proper peer sends one with each message."""

ROOM = socket.CMSG_SPACE(MAX_FDS * 4)
CLOEXEC = int(socket.MSG_CMSG_CLOEXEC)
CTRUNC = int(socket.MSG_CTRUNC)

HEAD = header.HEADER
HEAD_SIZE = HEAD.size
ID = struct.Struct(">Q")
ID_AT = 8

HIGH = 256 * 1024
"""Bytes, those in memfds included, that wait for a client before its worker has to."""

LOW = 64 * 1024
"""When the worker goes on."""

IN_FLIGHT = 8 * 1024 * 1024
"""Bytes in memfds that may lie in a client's socket, unread: the socket's own limit does not count them."""

NONSENSE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are not msgpack, or not the message that was expected."""

Data = bytes | bytearray | memoryview


class BrokenPeer(Exception):
    """The other end broke the protocol; the message says how."""


class NoDescriptor(BrokenPeer):
    """A descriptor was lost for want of room in this process's table: not the other end's fault."""


class Port:
    """A connection. Subclasses handle what comes (`ready`), and `lost`."""

    __slots__ = (
        "_events",
        "_fds",
        "_in_flight",
        "_out",
        "_partial",
        "_recv",
        "_send",
        "_wanted",
        "fd",
        "is_closed",
        "loop",
        "out_size",
        "sock",
    )

    def __init__(self, loop: Loop, sock: socket.socket) -> None:
        self.loop = loop
        self.sock = sock
        self.fd = sock.fileno()
        self.is_closed = False
        self.out_size = 0
        self._recv = sock.recvmsg_into
        self._send = sock.send
        self._events = IN
        self._fds: deque[int] | None = None
        self._out: deque[tuple[Data, int, int]] | None = None
        self._in_flight = 0
        self._partial: bytearray | None = None
        """The beginning of a message that has not come as a whole."""
        self._wanted = 0
        """How many bytes it has; those of its header, while that is not complete."""
        loop.add(self.fd, IN, self.ready)

    def ready(self, events: int) -> None:
        """Something can be read or written, or the other end has gone."""
        raise NotImplementedError

    def lost(self) -> None:
        """The other end cannot be written to any more."""
        raise NotImplementedError

    def relieved(self) -> None:
        """So little waits to be written that more may come."""

    # In.

    def claim(self, control: list[tuple[int, int, bytes]], flags: int) -> None:
        """Queue the descriptors that came. Raises `BrokenPeer` where some were lost, or too many came."""
        fds = self._fds if self._fds is not None else deque()
        self._fds = fds
        before = len(fds)
        for level, kind, payload in control:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                fds.extend(array.array("i", payload[: len(payload) - len(payload) % 4]))
        if flags & CTRUNC:
            if len(fds) - before < MAX_FDS:
                raise NoDescriptor("the arbiter has no file descriptor left for a memfd (LimitNOFILE)")
            raise BrokenPeer(f"descriptors were lost on the way: more than {MAX_FDS} came at once")
        if len(fds) > MAX_FDS:
            raise BrokenPeer(f"more than {MAX_FDS} descriptors came that no message claimed")

    def take_fd(self) -> int:
        """The descriptor that belongs to this message. Raises `BrokenPeer`."""
        self.first_fd()
        assert self._fds is not None
        return self._fds.popleft()

    def first_fd(self) -> int:
        """The same, left where it is."""
        if not self._fds:
            raise BrokenPeer("a message says that its body is in a memfd, and none came with it")
        return self._fds[0]

    def take_only_fd(self, is_claimed: bool) -> int:
        """The one descriptor that has come. Raises `BrokenPeer` where no message claims it."""
        if not is_claimed or len(self._fds or ()) != 1:
            raise BrokenPeer("a descriptor came that no message claims")
        return self.take_fd()

    def keep(self, view: memoryview) -> None:
        """A message begins with this, and ends in a later read. Raises `WireError`."""
        self._partial = bytearray(view)
        self._wanted = HEAD_SIZE
        if len(view) >= HEAD_SIZE:
            self._wanted += HEAD.unpack_from(view)[3]

    def space(self) -> list[memoryview]:
        """Where to read to: no further than the message that has begun goes; if none has, its beginning."""
        if self._partial is None:
            return BEGINNING
        return [VIEW[: min(READ, self._wanted - len(self._partial))]]

    def complete(self, size: int, limit: int) -> memoryview | None:
        """The message, where it is complete with what was read. Raises `WireError`."""
        partial = self._partial
        assert partial is not None
        partial += VIEW[:size]
        if len(partial) < self._wanted:
            return None
        if self._wanted == HEAD_SIZE:
            check(partial, limit)
            self._wanted += HEAD.unpack_from(partial)[3]
            if len(partial) < self._wanted:
                return None
        self._partial = None
        return memoryview(partial)

    # Out.

    def send(self, data: Data, fd: int = -1, size: int = 0) -> None:
        """Send, now or later. The descriptor is closed when it is sent; `size` is what is behind it."""
        if self.is_closed:
            _close(fd)
            return
        if self._out is None:
            if size and self._in_flight + size > IN_FLIGHT and self._is_unread():
                self._wait([(own(data), fd, size)], OUT | EDGE)
                return
            sent = self._try(data, fd, size)
            if sent == len(data):
                return
            if sent:
                fd, size = -1, 0
            self._wait([(own(data, sent), fd, size)], OUT)
        else:
            self._out.append((own(data), fd, size))
            self.out_size += len(data) + size

    def _wait(self, parts: list[tuple[Data, int, int]], events: int) -> None:
        if self.is_closed:
            for _, fd, _ in parts:
                _close(fd)
            return
        self._out = deque(parts)
        self.out_size = sum(len(data) + size for data, _, size in parts)
        self.watch(self._events | events)

    def _try(self, data: Data, fd: int, size: int) -> int:
        """How many bytes were taken; with the first of them, the descriptor."""
        try:
            if fd < 0:
                return self._send(data)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))]
            sent = self.sock.sendmsg([data], rights)
        except BlockingIOError:
            return 0
        except OSError:
            _close(fd)
            self.lost()
            return len(data)
        self._in_flight += size
        os.close(fd)
        return sent

    def flush(self) -> None:
        """Send what waits, as far as it goes."""
        out = self._out
        while out and not self.is_closed:
            data, fd, size = out[0]
            if size and self._in_flight + size > IN_FLIGHT and self._is_unread():
                self.watch(self._events | OUT | EDGE)
                break
            sent = self._try(data, fd, size)
            if self.is_closed:
                return
            if sent:
                self.out_size -= sent + size
                if sent < len(data):
                    out[0] = (memoryview(data)[sent:], -1, 0)
                else:
                    out.popleft()
            if sent < len(data):
                break
        if not out and not self.is_closed:
            self._out = None
            self.watch(self._events & ~(OUT | EDGE))
        if self.out_size <= LOW and not self.is_closed:
            self.relieved()

    def _is_unread(self) -> bool:
        """Whether anything sent lies in the socket still (SIOCOUTQ of unix(7))."""
        left = struct.unpack("i", fcntl.ioctl(self.fd, termios.TIOCOUTQ, b"\0\0\0\0"))[0]
        if not left:
            self._in_flight = 0
        return bool(left)

    # Both.

    def watch(self, events: int) -> None:
        """Wait for these events from now on."""
        if events != self._events and not self.is_closed:
            self._events = events
            self.loop.modify(self.fd, events)

    def read_on(self, is_reading: bool) -> None:
        """Whether to take what comes."""
        self.watch(self._events | IN if is_reading else self._events & ~IN)

    def hang_up(self) -> None:
        """Close it, and every descriptor that waits in it."""
        if self.is_closed:
            return
        self.is_closed = True
        for fd in self._fds or ():
            _close(fd)
        for _, fd, _ in self._out or ():
            _close(fd)
        self._fds = self._out = self._partial = None
        self.out_size = 0
        self.loop.close(self.sock)


def own(data: Data, start: int = 0) -> Data:
    """The rest of it, to be kept: a copy where it is in the buffer that the next read fills."""
    view = memoryview(data)[start:]
    return bytes(view) if view.obj is BUFFER else view


def check(head: Data, limit: int) -> None:
    """Raises `WireError` where a message may not begin with these 16 bytes."""
    Splitter(limit).feed(bytes(memoryview(head)[:HEAD_SIZE]))


def _close(fd: int) -> None:
    if fd >= 0:
        os.close(fd)
