"""Signals of a worker: SIGTERM, SIGQUIT and SIGINT ask it to end once its calls are done.

They are handled without the main thread, which may be in an action that does not return to Python for long:
the interpreter writes their numbers into a pipe (the `Bell`) that the ear waits at.
"""

import os
import select
import signal
import threading
from collections.abc import Callable

from .interruption import KICK

ENDING = (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT)


class Bell:
    """A pipe that wakes the ear: for a signal, or because somebody left it a word."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def fileno(self) -> int:
        """What to poll."""
        return self._reader

    def ring(self, number: int = 0) -> None:
        """Wake it; `number` is that of a signal."""
        try:
            os.write(self._writer, bytes((number,)))
        except OSError:
            pass  # full: it is being woken

    def answer(self) -> bool:
        """Empty it. Returns whether a signal asks the worker to end."""
        try:
            return any(number in ENDING for number in os.read(self._reader, 4096))
        except OSError:
            return False

    def wait(self, seconds: float) -> bool:
        """Wait for a signal that asks the worker to end; words left in the meantime are no reason."""
        poll = select.poll()
        poll.register(self._reader, select.POLLIN)
        return bool(poll.poll(seconds * 1000)) and self.answer()

    def install(self) -> None:
        """Have the signals ring it. In the main thread."""
        for number in ENDING:
            # Both ways: an action that runs an event loop of its own may take the wake-up descriptor away.
            signal.signal(number, lambda number, frame: self.ring(number))
        signal.signal(KICK, lambda number, frame: None)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)

    def close(self) -> None:
        """In a forked copy of the worker, which is to end by a signal as any process does."""
        signal.set_wakeup_fd(-1)
        for number in (*ENDING, KICK):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        os.close(self._reader)
        os.close(self._writer)


class Forks:
    """Has a process that an action forks begin with `forget`, before a signal can reach it.

    Else a signal for the copy would ring the bell, which is the worker's until it is closed.
    """

    def __init__(self, forget: Callable[[], None]) -> None:
        self._forget = forget
        self._masks = threading.local()
        os.register_at_fork(before=self._block, after_in_parent=self._unblock, after_in_child=self._begin)

    def _block(self) -> None:
        self._masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, (*ENDING, KICK))

    def _unblock(self) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._masks.before)

    def _begin(self) -> None:
        self._forget()
        self._unblock()
