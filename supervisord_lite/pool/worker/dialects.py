"""What a worker says on its lanes, in each version of the protocol and with each serializer."""

import os
import socket
from array import array
from collections.abc import Iterable, Sequence
from types import NoneType
from typing import NamedTuple, Protocol

from supervisord_lite.dirty.errors import DirtyAppError, DirtyError, DirtyWorkerError
from supervisord_lite.linux import sealed
from supervisord_lite.wire import envelope, layout, tlv, values
from supervisord_lite.wire.envelope import Failure
from supervisord_lite.wire.header import BY_FD, CHUNK, END, ERROR, RESPONSE, V1, V2
from supervisord_lite.wire.splitter import frame

_ALONE = 1 << 30
"""The size of a chunk in a memfd: no other waits with it."""


class Sealed(NamedTuple):
    """A message whose body is in a memfd, which goes with it."""

    data: bytes
    fd: int


Message = bytes | Sealed


class Frozen(NamedTuple):
    """A chunk in the form in which it leaves, `size` bytes long."""

    message: Message
    size: int


def send(sock: socket.socket, message: Message) -> None:
    """Send all of it; blocks. Raises `OSError`."""
    if type(message) is bytes:
        sock.sendall(message)
        return
    assert isinstance(message, Sealed)
    try:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [message.fd]))]
        sent = sock.sendmsg([message.data], rights)
        sock.sendall(message.data[sent:])
    finally:
        os.close(message.fd)


def discard(items: Iterable[object]) -> None:
    """Close what frozen chunks hold that will not be sent."""
    for item in items:
        if isinstance(item, Frozen) and isinstance(item.message, Sealed):
            os.close(item.message.fd)


class Dialect(Protocol):
    """Makes messages. Raises `Untransferable`, or whatever else a codec does with a value it cannot take."""

    immutable: frozenset[type]
    """Types of chunks that may be queued as they are."""

    def response(self, number: int, value: object) -> Message:
        """The result of a call."""

    def freeze(self, number: int, chunk: object) -> Frozen:
        """A chunk as it is now."""

    def chunks(self, number: int, items: Sequence[object]) -> list[Message]:
        """What was queued, frozen or not, in as few messages as may be."""

    def error(self, number: int, error: DirtyError) -> bytes:
        """The end of a call that failed."""

    def end(self, number: int) -> bytes:
        """The end of a stream."""


class Gunicorns:
    """Version 1: every chunk is a message, everything goes through the stream."""

    immutable: frozenset[type] = frozenset()

    def __init__(self, max_message: int) -> None:
        self._max_message = max_message

    def response(self, number: int, value: object) -> bytes:
        """{"result": value}"""
        return self._checked(RESPONSE, number, tlv.encode({"result": value}))

    def freeze(self, number: int, chunk: object) -> Frozen:
        """{"data": chunk}"""
        message = self._checked(CHUNK, number, tlv.encode({"data": chunk}))
        return Frozen(message, len(message))

    def chunks(self, number: int, items: Sequence[object]) -> list[Message]:
        """All are frozen, and leave together."""
        return _joined(item.message for item in items if isinstance(item, Frozen))

    def error(self, number: int, error: DirtyError) -> bytes:
        """{"error": …}"""
        return frame(V1, ERROR, number, tlv.encode({"error": error.to_dict()}))

    def end(self, number: int) -> bytes:
        """Nothing in it."""
        return frame(V1, END, number)

    def _checked(self, kind: int, number: int, payload: bytes) -> bytes:
        _check(len(payload), self._max_message)
        return frame(V1, kind, number, payload)


class Ours:
    """Version 2: several chunks in a message, and what is large in a memfd."""

    immutable: frozenset[type] = frozenset((int, float, bool, NoneType, str, bytes))

    def __init__(self, pack: values.Pack, max_message: int) -> None:
        self._pack = pack
        self._max_message = max_message

    def response(self, number: int, value: object) -> Message:
        """The value as a body."""
        packed = self._pack(value, name="result")
        if packed.is_large:
            return self._sealed(RESPONSE, number, packed)
        _check(len(packed.document), self._max_message)
        return frame(V2, RESPONSE, number, packed.document)

    def freeze(self, number: int, chunk: object) -> Frozen:
        """A list of one chunk."""
        packed = self._pack([chunk], name=("chunk",))
        if packed.is_large:
            return Frozen(self._sealed(CHUNK, number, packed), _ALONE)
        _check(len(packed.document), self._max_message)
        return Frozen(frame(V2, CHUNK, number, packed.document), len(packed.document))

    def chunks(self, number: int, items: Sequence[object]) -> list[Message]:
        """Neighbours that are not frozen are one list."""
        if not any(type(item) is Frozen for item in items):
            return [frame(V2, CHUNK, number, self._pack(items).document)]
        messages: list[Message] = []
        waiting: list[object] = []
        for item in (*items, _NOTHING):
            if not isinstance(item, Frozen):
                waiting.append(item)
                continue
            if waiting:
                messages.append(frame(V2, CHUNK, number, self._pack(waiting).document))
                waiting = []
            messages.append(item.message)
        return _joined(messages)

    def error(self, number: int, error: DirtyError) -> bytes:
        """A `Failure`."""
        failure = Failure(type(error).__name__, error.message, error.details)
        return frame(V2, ERROR, number, envelope.encode(failure))

    def end(self, number: int) -> bytes:
        """Nothing in it."""
        return frame(V2, END, number)

    def _sealed(self, kind: int, number: int, packed: values.Packed) -> Sealed:
        parts = layout.join(packed)
        _check(sum(memoryview(part).nbytes for part in parts), self._max_message)
        try:
            fd = sealed.write(parts)
        except OSError as error:
            raise DirtyWorkerError(f"the memory for a large value cannot be had: {error.strerror}") from error
        return Sealed(frame(V2, kind | BY_FD, number), fd)


_NOTHING = Frozen(b"", 0)


def _joined(messages: Iterable[Message]) -> list[Message]:
    """Those that follow each other without a descriptor as one."""
    joined: list[Message] = []
    run: list[bytes] = []
    for message in messages:
        if isinstance(message, bytes):
            run.append(message)
            continue
        if run:
            joined.append(b"".join(run))
            run = []
        joined.append(message)
    if run:
        joined.append(b"".join(run))
    return joined


def _check(size: int, limit: int) -> None:
    if size > limit:
        raise DirtyAppError(
            f"the value takes {size} bytes on its way, over the pool's max_message of {limit}; "
            "return less, or stream it in parts"
        )
