"""Requests as they come down a lane, in either version: whom to call, with what, and how to answer."""

import os
from collections.abc import Callable
from typing import Any

from supervisord_lite.dirty.errors import DirtyError, DirtyProtocolError, DirtyWorkerError
from supervisord_lite.linux import sealed
from supervisord_lite.wire import envelope, layout, tlv, values
from supervisord_lite.wire.envelope import MSGPACK, PICKLE
from supervisord_lite.wire.header import REQUEST, V1
from supervisord_lite.wire.splitter import Frame, WireError

from .call import Call
from .dialects import Dialect, Gunicorns, Ours

Understood = tuple[Call, Dialect, Any, Any]
"""A request whose arguments are there: call, dialect, args, kwargs."""


class Refused(Exception):
    """A request that cannot be run; it is answered with this error."""

    def __init__(self, error: DirtyError, dialect: Dialect, what: str) -> None:
        super().__init__(error.message)
        self.error = error
        self.dialect = dialect
        self.what = what


class Reader:
    """Understands requests. `keep_alive` is what a call does to stay alive."""

    def __init__(self, max_message: int, *, takes_pickle: bool, keep_alive: Callable[[Call], None]) -> None:
        self._max_message = max_message
        self._keep_alive = keep_alive
        self._first = Gunicorns(max_message)
        self._second = Ours(values.pack, max_message)
        self._pickled = _pickled(max_message) if takes_pickle else None

    def read(self, message: Frame, fds: list[int]) -> Understood:
        """Understand a request; the descriptors that came with it are taken. Raises `Refused`."""
        version, kind, number, payload, by_fd = message
        if kind != REQUEST:
            error = DirtyProtocolError(f"a worker takes requests, not messages of type {kind}")
            raise Refused(error, self._first if version == V1 else self._second, "")
        if version == V1:
            return self._read_first(number, payload)
        try:
            request = envelope.decode_request(payload)
        except ValueError as error:
            raise Refused(DirtyProtocolError(f"not a request: {error}"), self._second, "") from error
        call = Call(number, request.app, request.action, self._keep_alive)
        call.expect(request.timeout, request.is_stream, request.total)
        dialect = self._second
        unpack: values.Unpack = values.unpack
        if request.serializer != MSGPACK:
            if request.serializer != PICKLE or self._pickled is None:
                raise Refused(_no_pickle(), dialect, str(call))
            dialect, unpack = self._pickled
        try:
            if by_fd:
                args, kwargs = unpack(*layout.parse(self._open(fds)))
            elif request.body is None:
                args, kwargs = (), {}
            else:
                args, kwargs = unpack(request.body, ())
        except Exception as error:  # of pickle comes whatever the classes in it raise
            raise Refused(_unreadable(error), dialect, str(call)) from error
        return call, dialect, args, kwargs

    def _read_first(self, number: int, payload: bytes | memoryview) -> Understood:
        try:
            request = tlv.decode(payload)
            call = Call(number, str(request["app_path"]), str(request["action"]), self._keep_alive)
            return call, self._first, request.get("args") or (), request.get("kwargs") or {}
        except (WireError, KeyError, TypeError, AttributeError) as error:
            what = f"not a request: {type(error).__name__}: {error}"
            raise Refused(DirtyProtocolError(what), self._first, "") from error

    def _open(self, fds: list[int]) -> memoryview:
        if len(fds) != 1:
            for fd in fds:
                os.close(fd)
            count, fds[:] = len(fds), []
            raise WireError(f"{count} descriptors came with a request whose arguments are in one")
        return sealed.read(fds.pop(), self._max_message)


def _pickled(max_message: int) -> tuple[Ours, values.Unpack]:
    pack, unpack = values.codec(PICKLE)
    return Ours(pack, max_message), unpack


def _no_pickle() -> DirtyError:
    return DirtyProtocolError(
        'this pool takes no pickled calls: use the default serializer, or set serializer = "pickle" for the '
        "pool if everybody who can reach its socket may run code in it"
    )


def _unreadable(error: Exception) -> DirtyError:
    if isinstance(error, WireError):
        return DirtyProtocolError(f"the arguments cannot be read: {error}")
    return DirtyWorkerError(f"the arguments cannot be read: {type(error).__name__}: {error}")
