"""The stash behind the socket of a dirty pool: operations go as messages, one at a time on a connection."""

import math
import os
import socket
import threading
import time
from contextlib import AbstractContextManager
from itertools import count
from typing import Any

from supervisord_lite.dirty.errors import DirtyError
from supervisord_lite.wire import envelope, header
from supervisord_lite.wire.errors import WireError
from supervisord_lite.wire.splitter import Frame, Splitter, frame

from . import operations
from .api import Stash
from .errors import StashError
from .operations import OPERATIONS
from .transactions import RemoteTransaction

MAX_IDLE = 8
"""So many connections are kept open when nobody uses them."""

MAX_MESSAGE = 2**32 - 1
"""What comes from the arbiter is as long as it is."""

LONGEST = 1e6
"""Seconds that a socket can be told to wait at most; longer timeouts are as long as that."""

_CHUNK = 2**18


class _Gone(Exception):
    """The connection ended. `is_safe`: before anything of the answer had come."""


class Connection:
    """One connection to a pool. Errors of the system are raised as they are."""

    def __init__(self, path: str, deadline: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._splitter = Splitter(MAX_MESSAGE)
        self._numbers = count(1)
        try:
            self._until(deadline)
            self._socket.connect(path)
        except BaseException:
            self._socket.close()
            raise

    def is_usable(self) -> bool:
        """Whether the arbiter is still there, and has said nothing unasked."""
        try:
            self._socket.setblocking(False)
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def ask(self, payload: bytes, deadline: float) -> Frame:
        """Send a request; the answer to it. Raises `TimeoutError`, `_Gone`, `WireError`."""
        number = next(self._numbers)
        self._until(deadline)
        try:
            self._socket.sendall(frame(header.V2, header.STASH, number, payload))
        except (BrokenPipeError, ConnectionResetError):
            pass  # what it said before it closed may still be there to be read
        while True:
            self._until(deadline)
            try:
                data = self._socket.recv(_CHUNK)
            except ConnectionResetError:
                data = b""
            if not data:
                raise _Gone
            for answer in self._splitter.feed(data):
                if answer.request_id == number or answer.kind == header.ERROR:
                    return answer

    def _until(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(min(left, LONGEST))

    def close(self) -> None:
        """End it."""
        self._socket.close()


class RemoteStash(Stash):
    """The stash of the daemon whose pool listens at `path`. `timeout`: seconds for an operation.

    Threads may share it: each uses a connection of its own for as long as its operation lasts. After a fork
    the child opens its own. Waiting, it blocks its thread: in a coroutine, call it by `asyncio.to_thread`.
    """

    def __init__(self, path: str, timeout: float | None = 30.0) -> None:
        self.path = path
        self.timeout = math.inf if timeout is None else timeout
        self._pid = os.getpid()
        self._idle: list[Connection] = []
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<RemoteStash {self.path}>"

    def run(self, operation: str, *args: Any) -> Any:
        """The result of an operation."""
        payload = operations.request(operation, args)
        changes = operation in OPERATIONS and OPERATIONS[operation].writes
        deadline = time.monotonic() + self.timeout
        try:
            answer = self._ask(payload, deadline, is_repeatable=not changes)
        except TimeoutError as error:
            what = "it may have been done all the same" if changes else "try again, or with a longer timeout"
            raise StashError(
                f"The pool at {self.path} did not answer the stash operation {operation} in "
                f"{self.timeout:g} s; {what}."
            ) from error
        except _Gone as error:
            raise StashError(
                f"The pool at {self.path} closed the connection during the stash operation {operation}, "
                "which may have been done all the same."
            ) from error
        except WireError as error:
            raise StashError(
                f"What listens at {self.path} is no dirty pool of version 2: {error}."
            ) from error
        except OSError as error:
            raise StashError(
                f"The stash cannot be reached at {self.path}: {error.strerror or error}; see that the pool "
                "runs (supctl status), and that this user may connect (socket_mode)."
            ) from error
        return self._result(answer, operation)

    def _ask(self, payload: bytes, deadline: float, *, is_repeatable: bool) -> Frame:
        """The answer, by an idle connection or a new one."""
        for is_last in (not is_repeatable, True):
            connection = self._take() or Connection(self.path, deadline)
            try:
                answer = connection.ask(payload, deadline)
            except _Gone:
                connection.close()
                if is_last:
                    raise
                continue
            except BaseException:
                connection.close()  # a late answer must not meet the next question
                raise
            self._give_back(connection)
            return answer
        raise AssertionError("the last one returns or raises")

    def _take(self) -> Connection | None:
        """An idle connection that is usable."""
        if self._pid != os.getpid():
            self._lock = threading.Lock()
            inherited, self._idle, self._pid = self._idle, [], os.getpid()
            for connection in inherited:
                connection.close()
        while True:
            with self._lock:
                if not self._idle:
                    return None
                connection = self._idle.pop()
            if connection.is_usable():
                return connection
            connection.close()

    def _give_back(self, connection: Connection) -> None:
        with self._lock:
            if len(self._idle) < MAX_IDLE:
                self._idle.append(connection)
                return
        connection.close()

    def _result(self, answer: Frame, operation: str) -> Any:
        if answer.kind == header.RESPONSE and not answer.by_fd:
            return operations.unpack(bytes(answer.payload), "answer", operation)
        if answer.kind != header.ERROR:
            raise StashError(f"The pool at {self.path} answered a stash operation with type {answer.kind}.")
        try:
            failure = envelope.decode_failure(answer.payload)
        except (ValueError, UnicodeDecodeError) as error:
            raise StashError(
                f"The pool at {self.path} sent an error that cannot be read: {error}."
            ) from error
        refusal = DirtyError.from_dict({
            "error_type": failure.error_type, "message": failure.message, "details": failure.details,
        })  # fmt: skip
        if isinstance(refusal, StashError):
            raise refusal
        raise StashError(refusal.message, refusal.details) from refusal

    def transaction(self) -> AbstractContextManager[Stash]:
        """Several operations as one; it locks nothing, and may end with `StashConflictError`."""
        return RemoteTransaction(self, time.time())

    def close(self) -> None:
        """Close idle connections. It can still be used."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
