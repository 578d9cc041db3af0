"""An exception for the code of an app, from another thread, that never strikes anything else.

CPython lets one thread raise an exception in another (`PyThreadState_SetAsyncExc`), at whatever bytecode that
one is then. The code of an app runs behind a `Gate` that its thread opens before and shuts after it. Whoever
strikes has to take the gate's one token first, and so does the thread that shuts it: only one of them gets
it. Where the striker was first, `shut` returns only when the exception has been raised or taken back. All of
this is done with single operations on a list, no locks: an exception that strikes inside `with lock` may
leave it locked.
"""

import ctypes
import signal
import threading
import time

_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
_raise_in.argtypes = (ctypes.c_ulong, ctypes.py_object)
_take_back = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)(
    ("PyThreadState_SetAsyncExc", ctypes.pythonapi)
)

KICK = signal.SIGURG
"""Sent to a struck main thread, so that a system call it sleeps in ends; ignored wherever nobody handles it.

The exception is raised in the handler, and so the call is not taken up again (PEP 475).
"""

_POLL = 0.0005


class Cancelled(BaseException):
    """Raised in an action that has been cancelled."""


class Gate:
    """What a strike at one call has to pass. `open` and `shut` belong to the thread that runs the call."""

    __slots__ = ("_is_sent", "_token", "thread")

    def __init__(self, thread: int) -> None:
        self.thread = thread
        self._token: list[bool] = []
        self._is_sent = False

    def open(self) -> None:
        """From here on a strike raises `Cancelled`."""
        self._token.append(True)

    def shut(self) -> None:
        """From the end of this on nothing is raised.

        May itself raise `Cancelled`: catch it and shut again; a gate is struck once only.
        """
        try:
            self._token.pop()
        except IndexError:
            while not self._is_sent:
                time.sleep(_POLL)
            _take_back(self.thread, None)

    def strike(self) -> bool:
        """Raise `Cancelled` in the thread, if the gate is open. From any other thread."""
        try:
            self._token.pop()
        except IndexError:
            return False
        _raise_in(self.thread, Cancelled)
        self._is_sent = True
        if self.thread == threading.main_thread().ident:
            signal.pthread_kill(self.thread, KICK)
        return True
