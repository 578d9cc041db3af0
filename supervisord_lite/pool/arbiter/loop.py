"""Waiting: an epoll(7) reactor with callbacks by descriptor, timers, signals. Idle, it does not wake up."""

import select
import signal
import socket
import time
from collections.abc import Callable
from heapq import heappop, heappush

IN = select.EPOLLIN
OUT = select.EPOLLOUT
GONE = select.EPOLLHUP | select.EPOLLERR
EDGE = select.EPOLLET

BATCH = 256
"""Events taken at a time."""

Callback = Callable[[int], None]


class Timer:
    """A callback at a time."""

    __slots__ = ("callback", "when")

    def __init__(self, when: float, callback: Callable[[], None]) -> None:
        self.when = when
        self.callback = callback

    def __lt__(self, other: "Timer") -> bool:
        return self.when < other.when


class Loop:
    """The reactor. `now` is the monotonic time at which the current callbacks were woken."""

    def __init__(self) -> None:
        self.now = time.monotonic()
        self._epoll = select.epoll()
        self._callbacks: dict[int, Callback] = {}
        self._timers: list[Timer] = []
        self._closing: list[socket.socket] = []
        self._is_running = False
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self.on_signal: Callable[[int], None] = lambda _: None
        self.on_wakeup: Callable[[], None] = lambda: None
        self.on_fault: Callable[[int | None], None] = lambda _: None
        """Called in the handler of an exception that a callback let through, with its descriptor or None."""
        self.add(self._reader.fileno(), IN, self._woken)

    def catch(self, *signals: signal.Signals) -> None:
        """Deliver these to `on_signal`, between callbacks."""
        signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        for number in signals:
            signal.signal(number, lambda *_: None)

    def wake(self) -> None:
        """From another thread: call `on_wakeup` soon."""
        try:
            self._writer.send(b"\0")
        except BlockingIOError:
            pass  # it is awake

    def add(self, fd: int, events: int, callback: Callback) -> None:
        """Call back at these events, and when the other end has gone."""
        self._callbacks[fd] = callback
        self._epoll.register(fd, events)

    def modify(self, fd: int, events: int) -> None:
        """Other events from now on."""
        self._epoll.modify(fd, events)

    def remove(self, fd: int) -> None:
        """No more."""
        del self._callbacks[fd]
        self._epoll.unregister(fd)

    def close(self, sock: socket.socket) -> None:
        """Unregister it; close it when no event of it can be under way to whoever gets its number next."""
        self.remove(sock.fileno())
        self._closing.append(sock)

    def at(self, when: float, callback: Callable[[], None]) -> None:
        """Call once, at this time."""
        heappush(self._timers, Timer(when, callback))

    def stop(self) -> None:
        """Return from `run` after the current callbacks."""
        self._is_running = False

    def run(self) -> None:
        """Wait and call, until stopped. The fault of one callback takes none of the others with it."""
        self._is_running = True
        poll = self._epoll.poll
        callbacks = self._callbacks
        monotonic = time.monotonic
        while self._is_running:
            ready = poll(self._patience(), BATCH)
            self.now = monotonic()
            for fd, events in ready:
                if fd in callbacks:
                    try:
                        callbacks[fd](events)
                    except Exception:  # noqa: BLE001  # one connection's fault must not take the others with it
                        self.on_fault(fd)
            if self._timers and self._timers[0].when <= self.now:
                self._ring()
            while self._closing:
                self._closing.pop().close()

    def _patience(self) -> float | None:
        if not self._timers:
            return None
        return max(0.0, self._timers[0].when - time.monotonic())

    def _ring(self) -> None:
        while self._timers and self._timers[0].when <= self.now:
            self._guard(heappop(self._timers).callback)

    def _guard(self, callback: Callable[..., None], *args: int) -> None:
        try:
            callback(*args)
        except Exception:  # noqa: BLE001  # no connection is to blame for it, and no other callback suffers
            self.on_fault(None)

    def _woken(self, _: int) -> None:
        try:
            numbers = self._reader.recv(4096)
        except BlockingIOError:
            return
        if 0 in numbers:
            self._guard(self.on_wakeup)
        for number in numbers:
            if number:
                self._guard(self.on_signal, number)

    def finish(self) -> None:
        """Let go of everything, for tests and at the end."""
        signal.set_wakeup_fd(-1)
        self._epoll.close()
        self._reader.close()
        self._writer.close()
