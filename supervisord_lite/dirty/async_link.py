"""One connection to a pool, for tasks of one event loop.

It reads by `add_reader`, as the transports of asyncio and uvloop drop descriptors that come with the bytes.
The reader stays registered between calls, so that a call registers nothing, and an idle connection that dies
is noticed; it is taken out only while more has come than the caller of a stream has taken (`HIGH_WATER`).
There is one timer per connection, which moves on by itself when it finds that the deadline has.
"""

import asyncio
import socket
import weakref
from typing import Protocol

from supervisord_lite.dirty.exchange import Event, Exchange
from supervisord_lite.dirty.failures import unreachable
from supervisord_lite.dirty.link import receive, rights

HIGH_WATER = 262144
"""Bytes of chunks that are read ahead of the caller of a stream."""

_BACKLOG_FULL = 0.002  # seconds; nothing tells when a unix socket's backlog has room again


class Owner(Protocol):
    """Whose connection it is."""

    def lost(self, link: "AsyncLink") -> None:
        """The connection has died."""


class AsyncLink:
    """An open connection. Deadlines are in the loop's seconds, None for ever; late is a `TimeoutError`.

    Its owner's `lost` is called with it when it dies while nobody waits on it. The loop, which holds on to
    what it reads, does not hold on to the owner.
    """

    __slots__ = (
        "_deadline", "_events", "_failure", "_fd", "_held", "_is_reading", "_owner", "_timer", "_timer_at",
        "_waiter", "epoch", "exchange", "loop", "sock",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, epoch: int, owner: "Owner") -> None:
        self.sock = sock
        self.loop = asyncio.get_running_loop()
        self.epoch = epoch
        self.exchange = Exchange()
        self._owner = weakref.ref(owner)
        self._fd = sock.fileno()
        self._events: list[Event] = []
        self._held = 0
        self._failure: BaseException | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self.loop.add_reader(self._fd, self._read)
        self._is_reading = True

    @property
    def is_fresh(self) -> bool:
        """Whether it is alive and silent, as an idle connection has to be."""
        return self._failure is None and not self._events

    def send(self, data: bytes, fd: int) -> int:
        """Send what the kernel takes at once, with a descriptor unless that is -1; how many bytes that was.

        A `ConnectionError` means that the peer has hung up.
        """
        try:
            if fd < 0:
                return self.sock.send(data, socket.MSG_NOSIGNAL)
            return self.sock.sendmsg([data], rights(fd), socket.MSG_NOSIGNAL)
        except BlockingIOError:
            return 0

    async def send_rest(self, data: bytes, sent: int, fd: int, deadline: float | None) -> None:
        """Send what `send` has left; the descriptor goes with the first byte."""
        while sent < len(data):
            await self._writable(deadline)
            sent += self.send(data[sent:], -1 if sent else fd)

    async def _writable(self, deadline: float | None) -> None:
        writable = self.loop.create_future()
        self.loop.add_writer(self._fd, _wake, writable)
        try:
            async with asyncio.timeout_at(deadline):
                await writable
        finally:
            if self.sock.fileno() >= 0:
                self.loop.remove_writer(self._fd)

    async def receive(self, deadline: float | None) -> list[Event]:
        """What has come, at least one. Raises `EOFError`, `WireError` and what sockets raise."""
        while not self._events:
            if self._failure is not None:
                raise self._failure
            if not self._is_reading:
                self.loop.add_reader(self._fd, self._read)
                self._is_reading = True
            if deadline != self._deadline:
                self._expect_by(deadline)
            self._waiter = self.loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        events, self._events, self._held = self._events, [], 0
        return events

    def _read(self) -> None:
        """Something came, or the peer has hung up."""
        try:
            data, fds = receive(self.sock)
            self._events += self.exchange.feed(data, fds)
        except (BlockingIOError, InterruptedError):
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the caller's
            self._fail(error)
            return
        waiter = self._waiter
        if waiter is not None:
            if self._events:
                _wake(waiter)
            return
        self._held += len(data)
        if self._held > HIGH_WATER or fds:
            self._pause()

    def _fail(self, error: BaseException) -> None:
        """The connection is of no more use: to who waits, or to the next one."""
        self._failure = error
        self._pause()
        if self._waiter is not None:
            _wake(self._waiter)
        else:
            owner = self._owner()
            if owner is not None:
                owner.lost(self)

    def _pause(self) -> None:
        if self._is_reading:
            self.loop.remove_reader(self._fd)
            self._is_reading = False

    def _expect_by(self, deadline: float | None) -> None:
        self._deadline = deadline
        if deadline is None or (self._timer is not None and self._timer_at <= deadline):
            return  # a timer that is early looks at the deadline again
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(deadline, self._tick)
        self._timer_at = deadline

    def _tick(self) -> None:
        self._timer = None
        deadline, self._deadline = self._deadline, None
        waiter = self._waiter
        if waiter is None or waiter.done() or deadline is None:
            return
        if deadline > self._timer_at:
            self._expect_by(deadline)
        else:
            waiter.set_exception(TimeoutError())

    def close(self) -> None:
        """Hang up: that is how the pool learns that nobody waits for the answer."""
        if not self.loop.is_closed():
            self._pause()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.abandon()

    def close_from_anywhere(self) -> None:
        """Hang up, possibly from another thread: the garbage collector runs where it likes."""
        if asyncio._get_running_loop() is self.loop or self.loop.is_closed():
            self.close()
            return
        try:
            self.loop.call_soon_threadsafe(self.close)
        except RuntimeError:  # it was closed meanwhile
            self.close()

    def abandon(self) -> None:
        """Close the socket and leave the loop alone: in a child after a fork it is the parent's."""
        self.sock.close()
        self.exchange.close()

    def __del__(self) -> None:
        self.sock.close()


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


async def connected(path: str, deadline: float | None) -> socket.socket:
    """A socket that is connected to a path. Raises `DirtyConnectionError` and `TimeoutError`."""
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        while True:
            try:
                sock.connect(path)
                return sock
            except BlockingIOError:
                if deadline is not None and loop.time() >= deadline:
                    raise TimeoutError from None
                await asyncio.sleep(_BACKLOG_FULL)
    except OSError as error:
        sock.close()
        if isinstance(error, TimeoutError):
            raise
        raise unreachable(path, error) from error
    except BaseException:
        sock.close()
        raise
