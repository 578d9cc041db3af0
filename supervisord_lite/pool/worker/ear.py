"""The control connection: a thread that hears what the arbiter and signals say while the lanes are at work.

It alone writes to the connection. Others leave a word in a queue and wake it through a pipe, which is one
call in C: an action that is cancelled in the middle of `keep_alive()` leaves no lock locked and no message
half sent. Signals arrive through the same pipe (`signal.set_wakeup_fd`), whatever the main thread is in.
"""

import os
import select
import socket
import threading
import time
from collections import deque
from typing import Protocol

from supervisord_lite.wire import backstage
from supervisord_lite.wire.backstage import CONTROL, Hello, Initialising, KeepAlive, Leave
from supervisord_lite.wire.header import HELLO, V2, WORD
from supervisord_lite.wire.splitter import Splitter, WireError, frame
from supervisord_lite.wire.worker_orders import WorkerOrders

from . import diary, signals
from .route import Delay, connect

MAX_WORD = 1 << 20
_UNSENT = 1 << 16
"""Bytes that may wait for an arbiter that does not read; keep-alives beyond are left out."""

PATIENCE_WITH_ARBITER = 2.0
"""Seconds in which it half-closes the idle lanes of a worker that leaves; then the worker does so itself."""


class Listener(Protocol):
    """Whom the ear tells; called in its thread."""

    def cancel(self, epoch: int, number: int) -> float | None:
        """End the call of this number; returns when to call `chase`, monotonic."""

    def chase(self, now: float) -> float | None:
        """Interrupt what was to be ended by now; returns when to call it again."""

    def leave(self) -> None:
        """A signal asks the worker to end."""

    def hang_up(self) -> None:
        """No lane gets another call."""


class Ear:
    """`epoch` counts the arbiters there have been: a call's number means something within its epoch only."""

    def __init__(
        self, orders: WorkerOrders, journal: diary.Diary, bell: signals.Bell, listener: Listener
    ) -> None:
        self._orders = orders
        self._diary = journal
        self._bell = bell
        self._listener = listener
        self._hello = frame(V2, HELLO, 0, backstage.encode(hello(orders, CONTROL)))
        self._stages: list[Initialising] = []
        self._told = 0
        self._words: deque[tuple[int | None, object]] = deque()
        self._unsent = bytearray()
        self._sock: socket.socket | None = None
        self._chase_at: float | None = None
        self._hang_up_at: float | None = None
        self._news = threading.Condition()
        self.epoch = 0
        self.is_leaving = False

    def start(self) -> None:
        """Connect and listen, in a thread that lives as long as the process."""
        threading.Thread(target=self._run, name="dirty-ear", daemon=True).start()

    # From other threads.

    def initialising(self, app: str | None) -> None:
        """Tell this and any later arbiter which app is in its `init()`."""
        self._stages.append(Initialising(app))
        self._bell.ring()

    def keep_alive(self, epoch: int, number: int) -> None:
        """Tell the arbiter of this epoch that a call is at work."""
        self._words.append((epoch, KeepAlive(number)))
        self._bell.ring()

    def wait_for_arbiter(self, beyond: int, seconds: float) -> bool:
        """Wait until there is an arbiter of a later epoch; False: the worker leaves, or it took too long."""
        with self._news:
            self._news.wait_for(lambda: self.epoch > beyond or self.is_leaving, seconds)
            return self.epoch > beyond and not self.is_leaving

    def close(self) -> None:
        """In a forked copy: this connection is not its own."""
        if self._sock is not None:
            self._sock.close()

    # In its own thread.

    def _run(self) -> None:
        delay = Delay()
        while True:
            began = time.monotonic()
            try:
                self._sock = self._connect(delay)
                if self._sock is not None:
                    self._converse(self._sock)
            except (OSError, WireError) as error:
                self._diary.say(diary.WARNING, f"the connection to the arbiter is lost: {diary.spell(error)}")
            if self._sock is not None:
                self._sock.close()
            self._unsent.clear()
            if self.is_leaving:
                self._listener.hang_up()
                return
            if self._wait(delay.after(began)):
                self._leave()

    def _connect(self, delay: Delay) -> socket.socket | None:
        """A connection with what has to be said first; None where the worker is asked to leave meanwhile."""
        is_told = False
        while not self.is_leaving:
            try:
                sock = connect(self._orders.backstage)
            except OSError as error:
                if not is_told:
                    where = f"no arbiter at {self._orders.backstage} ({error.strerror}); waiting for one"
                    self._diary.say(diary.WARNING, where)
                    is_told = True
                if self._wait(delay.next()):
                    self._leave()
                continue
            self._unsent += self._hello
            if self.epoch:
                self._told = max(0, len(self._stages) - 1)  # a later arbiter is told where it is now
            with self._news:
                self.epoch += 1
                self._news.notify_all()
            return sock
        return None

    def _wait(self, seconds: float) -> bool:
        """Wait for a signal that asks to end."""
        return self._bell.wait(seconds)

    def _converse(self, sock: socket.socket) -> None:
        """Until the arbiter is gone."""
        splitter = Splitter(MAX_WORD)
        poll = select.poll()
        poll.register(self._bell.fileno(), select.POLLIN)
        while True:
            self._pour(sock)
            poll.register(sock, select.POLLIN | (select.POLLOUT if self._unsent else 0))
            found = dict(poll.poll(self._poll_for()))
            if self._bell.fileno() in found and self._bell.answer() and not self.is_leaving:
                self._leave()
            if found.get(sock.fileno(), 0) & ~select.POLLOUT:
                data = sock.recv(65536)
                if not data:
                    return
                for message in splitter.feed(data):
                    self._hear(message.payload)
            self._keep_time()

    def _poll_for(self) -> float | None:
        dues = [due for due in (self._chase_at, self._hang_up_at) if due is not None]
        return max(0.0, (min(dues) - time.monotonic()) * 1000 + 1) if dues else None

    def _keep_time(self) -> None:
        now = time.monotonic()
        if self._chase_at is not None and now >= self._chase_at:
            self._chase_at = self._listener.chase(now)
        if self._hang_up_at is not None and now >= self._hang_up_at:
            self._hang_up_at = None
            self._listener.hang_up()

    def _hear(self, payload: bytes | memoryview) -> None:
        try:
            word = backstage.decode_to_worker(payload)
        except ValueError as error:
            self._diary.say(diary.WARNING, f"the arbiter said what a worker does not know: {error}")
            return
        due = self._listener.cancel(self.epoch, word.call)
        if due is not None:
            self._chase_at = due if self._chase_at is None else min(due, self._chase_at)

    def _leave(self) -> None:
        self._listener.leave()
        with self._news:
            self.is_leaving = True
            self._news.notify_all()
        self._words.append((None, Leave()))
        self._hang_up_at = time.monotonic() + PATIENCE_WITH_ARBITER

    def _pour(self, sock: socket.socket) -> None:
        """Send what others left here, as much as the arbiter takes now."""
        while self._told < len(self._stages):
            self._unsent += _word(self._stages[self._told])
            self._told += 1
        for _ in range(len(self._words)):
            epoch, word = self._words.popleft()
            if epoch is None or (epoch == self.epoch and len(self._unsent) < _UNSENT):
                self._unsent += _word(word)
        if self._unsent:
            try:
                del self._unsent[: sock.send(self._unsent)]
            except BlockingIOError:
                pass


def hello(orders: WorkerOrders, role: str) -> Hello:
    """How this process introduces a connection of its own."""
    return Hello(role, orders.name, os.getpid(), orders.apps, orders.threads)


def _word(word: object) -> bytes:
    return frame(V2, WORD, 0, backstage.encode(word))
