"""The LMDB environment of a stash in this process: opened at its first use, never shared with a fork.

There is one per directory and process, since two would take each other's locks away (fcntl(2)). Before a
fork it is closed, and opened again by whoever needs it first: an inherited one, closed by the child, would
free the parent's slot in the table of readers. Where a fork went unnoticed, the process id tells.

Reads take no lock of any kind and keep their slot. A write takes LMDB's lock, which the kernel hands on when
its owner dies, but not when it is stopped; so only programs of the stash's own user open it.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import lmdb

from supervisord_lite.model.stash import map_size

from . import opening
from .errors import StashError, StashFullError
from .view import Clock, TreeView

ATTEMPTS = 4
"""So often something is tried that the next fork, a growing stash or dead readers got in the way of."""

SWEEPS = 8
"""One in so many writes of a process removes what has expired."""

SIZE = b"size"
"""The fact that says how many bytes of records are allowed: programs may be older than the configuration."""

T = TypeVar("T")


class Environment:
    """One stash, opened. Methods raise `StashError`."""

    def __init__(self, directory: str, size: int, *, persist: bool, mode: int, clock: Clock) -> None:
        self.directory = directory
        self.size = size
        self.persist = persist
        self.mode = mode
        self.clock = clock
        self.lock = threading.RLock()
        """Held during a write, and by a fork."""
        self.pid = 0
        self.begin: Callable[..., Any] = _not_open
        """`lmdb.Environment.begin` of the open one, which belongs to process `pid`."""
        self.is_in_transaction = False
        self._is_lost = False
        self._opened: Any = None
        self._writes = 0

    # Reading and writing.

    def read(self, work: Callable[..., T], *args: Any) -> T:
        """What `work` finds, called with a view of one moment and these arguments."""
        for attempt in range(ATTEMPTS):
            try:
                if self.pid != os.getpid():
                    self.open()
                txn = self.begin()
                try:
                    return work(TreeView(txn, self.clock), *args)
                finally:
                    # An exception keeps its frames, and with them the view, for as long as it pleases.
                    txn.abort()
            except lmdb.Error as error:
                self.recover(error, attempt)
        raise AssertionError("recover raises at the last attempt")

    def write(self, work: Callable[..., T], *args: Any) -> T:
        """What `work` returns, called with a view that it changes, all or nothing, and these arguments."""
        for attempt in range(ATTEMPTS):
            try:
                with self.lock:
                    if self.pid != os.getpid():
                        self.open()
                    with self.begin(write=True) as txn:
                        view = TreeView(txn, self.clock)
                        result = work(view, *args)
                        self.make_room(view)
                    return result
            except lmdb.Error as error:
                self.recover(error, attempt)
        raise AssertionError("recover raises at the last attempt")

    def begin_writing(self) -> TreeView:
        """A view that stays: the caller, who holds `lock`, commits it or aborts it."""
        for attempt in range(ATTEMPTS):
            try:
                if self.pid != os.getpid():
                    self.open()
                return TreeView(self.begin(write=True), self.clock)
            except lmdb.Error as error:
                self.recover(error, attempt)
        raise AssertionError("recover raises at the last attempt")

    def make_room(self, view: TreeView) -> None:
        """Before a commit: no more than the size allows is kept. Raises `StashFullError`, `lmdb.Error`."""
        if self._writes % SWEEPS == 0:
            view.sweep()
        self._writes += 1
        if not view.grew or view.used() <= self.size:
            return
        while view.sweep(1000):
            pass
        used = view.used()
        if used <= self.size:
            return
        fact = view.fact(SIZE)
        if fact is not None and int(fact) != self.size:
            self.size = int(fact)  # another one since this program was started
            if used <= self.size:
                raise lmdb.MapResizedError("the stash was enlarged")
        raise StashFullError(
            f"The stash is full: {used} bytes, where {self.size} are allowed; delete something, give keys a "
            "ttl, or raise size in [stash]."
        )

    # What gets in the way.

    def recover(self, error: lmdb.Error, attempt: int) -> None:
        """Make another attempt possible. Raises `StashError` where there is nothing that would help."""
        if attempt < ATTEMPTS - 1:
            if isinstance(error, lmdb.MapResizedError):
                return self._remap()
            if isinstance(error, lmdb.MapFullError) and attempt == 0:
                return self._free()
            if isinstance(error, lmdb.ReadersFullError):
                self._opened.reader_check()
                return None
            if isinstance(error, lmdb.BadRslotError):
                return self.close()
            if opening.is_in_passing(error):
                return None
        raise self.translated(error) from error

    def translated(self, error: lmdb.Error) -> StashError:
        """The error for whoever uses the stash."""
        return opening.translated(error, self.directory, self.size)

    def _free(self) -> None:
        """Free what the dead hold on to, and what has expired."""
        self._remap()
        try:
            self._opened.reader_check()
            with self.lock, self.begin(write=True) as txn:
                TreeView(txn, self.clock).sweep(1000)
        except lmdb.Error:
            return  # what is being done says so itself

    def _remap(self) -> None:
        """Take over the size that another program has given it, or give it the size that is allowed now."""
        with self.lock:
            if self._opened is None or self.pid != os.getpid():
                return
            try:
                needed = map_size(self.size)
                self._opened.set_mapsize(0)  # what other programs have made it
                if self._opened.info()["map_size"] < needed:
                    self._opened.set_mapsize(needed)
            except lmdb.Error:
                self.close()

    # Opening and closing.

    def open(self) -> None:
        """Open it for this process, if it is not."""
        with self.lock:
            if self.pid == os.getpid():
                return
            if self._is_lost:
                raise StashError(
                    "This process was forked in the middle of a write to the stash, and cannot use it; fork "
                    "outside of transactions, or exec after the fork."
                )
            self.close()
            self._opened = opening.opened(self.directory, self.size, persist=self.persist, mode=self.mode)
            self.begin = self._opened.begin
            self.pid = os.getpid()

    def close(self) -> None:
        """Close it; it is opened again when it is needed."""
        with self.lock:
            opened, self._opened = self._opened, None
            self.begin, self.pid = _not_open, 0
            if opened is not None:
                opened.close()

    def lose(self) -> None:
        """This is the child of a fork: other threads are gone, and with them what they held."""
        self.lock = threading.RLock()
        self.is_in_transaction = False
        if self.pid:
            # Closing it would wait for the parent's write, and so would freeing it at the interpreter's end.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._opened))
            self.pid, self._is_lost = 0, True

    def reader_check(self) -> int:
        """Free what readers that died hold on to; how many there were."""
        self.read(lambda view: None)
        return int(self._opened.reader_check())

    def readers(self) -> int:
        """How many readers there are, in all programs."""
        self.read(lambda view: None)
        return max(0, len(self._opened.readers().splitlines()) - 1)


def _not_open(*args: Any, **kwargs: Any) -> Any:
    raise lmdb.Error("it was closed for a fork")
