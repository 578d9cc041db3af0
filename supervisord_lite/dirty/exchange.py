"""The protocol as a client speaks it, without a socket: what to send, and what the bytes that come mean.

One call at a time on a connection. A *question* is made before a connection is chosen, so that a value that
cannot travel costs none, and can be sent again on another one. `Exchange` is one connection's reading side.
"""

from collections.abc import Iterable, Sequence
from itertools import count
from os import close
from typing import Any

import msgspec

from supervisord_lite.dirty.errors import DirtyError, DirtyUntransferableError
from supervisord_lite.wire import envelope, header, layout, values
from supervisord_lite.wire.errors import Untransferable, WireError
from supervisord_lite.wire.header import HEADER, MAGIC, V2
from supervisord_lite.wire.splitter import Splitter

MAX_MESSAGE = 2**32 - 1
"""Bytes. What a pool sends is bounded by its own `max_message`, which its clients do not know."""

MAX_DESCRIPTORS = 64
"""So many may have come before their messages; more is not the protocol."""

Question = tuple[int, bytes, Sequence[bytes | memoryview]]
"""A message to send: its request id, its bytes, and what goes with them in a memfd, if anything (`seal`)."""

Event = tuple[int, Any]
"""What was answered: RESPONSE with a value, CHUNK with a list of them, ERROR with an exception, or END."""

_NAMES = ("args", "kwargs")
_ASKED = header.REQUEST
_ASKED_BY_FD = header.REQUEST | header.BY_FD
_RESPONSE = header.RESPONSE
_CHUNK = header.CHUNK
_numbers = count(1)
_pack, _unpack = values.codec(envelope.MSGPACK)


def request(
    app: str,
    action: str,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    timeout: float | None = None,
    priority: int = 0,
    is_stream: bool = False,
    total: float | None = None,
    serializer: int = envelope.MSGPACK,
) -> Question:
    """A call, as `envelope.Request` has it. Raises `DirtyUntransferableError`."""
    try:
        body, parts = _body(args, kwargs, serializer)
    except Untransferable as error:
        message = f"{app} {action} was not called: {error}"
        raise DirtyUntransferableError(message, error.path, error.type_name) from error
    payload = envelope.encode(
        envelope.Request(app, action, body, timeout, priority, is_stream, total, serializer)
    )
    number = next(_numbers)
    head = HEADER.pack(MAGIC, V2, _ASKED_BY_FD if parts else _ASKED, len(payload), number)
    return number, head + payload, parts


def ask(kind: int, payload: bytes = b"") -> Question:
    """What is not a call: a STASH, STATUS or MANAGE message."""
    number = next(_numbers)
    return number, HEADER.pack(MAGIC, V2, kind, len(payload), number) + payload, ()


def seal(parts: Sequence[bytes | memoryview]) -> int:
    """A memfd for one sending; -1 where nothing is to go in one. Raises `OSError`.

    Close it as soon as it is sent: what the worker has read is then free, to be written again by its answer.
    """
    if not parts:
        return -1
    from supervisord_lite.linux import sealed  # with ctypes, which not everybody needs

    return sealed.write(parts)


def _body(
    args: Sequence[Any], kwargs: dict[str, Any], serializer: int
) -> tuple[Any, Sequence[bytes | memoryview]]:
    """The body of a request, or None and the parts of a memfd, whichever is cheaper to move."""
    pack = _pack if serializer == envelope.MSGPACK else values.codec(serializer)[0]
    packed = pack([[*args], kwargs], name=_NAMES)
    if packed.is_large:
        return None, layout.join(packed)
    return packed.document, ()


class Exchange:
    """What comes on one connection in answer to one question after the other."""

    __slots__ = ("_descriptors", "_number", "_split", "_unpack")

    def __init__(self) -> None:
        self._split = Splitter(MAX_MESSAGE).feed
        self._descriptors: list[int] = []
        self.expect(0)

    def expect(self, number: int, serializer: int = envelope.MSGPACK) -> None:
        """The question of this number was asked: messages for any other are of no interest."""
        self._number = number
        self._unpack = _unpack if serializer == envelope.MSGPACK else values.codec(serializer)[1]

    def feed(self, data: bytes, fds: Iterable[int]) -> list[Event]:
        """What was answered by these bytes, and the descriptors that came with them, which it takes.

        Raises `WireError`: then the connection is of no further use.
        """
        if fds:
            self._take(fds)
        events: list[Event] = []
        for version, kind, number, payload, by_fd in self._split(data):
            document, buffers = self._claim() if by_fd else (payload, ())
            if version != V2:
                raise WireError("it speaks version 1 of the protocol, which gunicorn's client is for")
            if number == self._number or (kind == header.ERROR and not number):
                events.append((kind, self._answer(kind, document, buffers)))
        return events

    def _answer(self, kind: int, document: bytes | memoryview, buffers: Sequence[memoryview]) -> Any:
        if kind == _RESPONSE:
            return self._unpack(document, buffers)
        if kind == _CHUNK:
            chunks = self._unpack(document, buffers)
            if not isinstance(chunks, list):
                raise WireError(f"a {type(chunks).__name__} came where a list of chunks was due")
            return chunks
        if kind == header.END:
            return None
        if kind == header.ERROR:
            return _error(document)
        raise WireError(f"a message of type 0x{kind:02x} is no answer")

    def _take(self, fds: Iterable[int]) -> None:
        self._descriptors += fds
        if len(self._descriptors) > MAX_DESCRIPTORS:
            raise WireError(f"more than {MAX_DESCRIPTORS} descriptors came before their messages")

    def _claim(self) -> tuple[bytes | memoryview, Sequence[memoryview]]:
        """The body in the memfd that is next in order."""
        if not self._descriptors:
            raise WireError("a memfd was announced and did not come")
        from supervisord_lite.linux import sealed

        try:
            return layout.parse(sealed.read(self._descriptors.pop(0), MAX_MESSAGE))
        except OSError as error:
            raise WireError(f"a memfd that came cannot be used: {error}") from error

    def close(self) -> None:
        """Close descriptors that nobody claimed."""
        while self._descriptors:
            close(self._descriptors.pop())


def _error(payload: bytes | memoryview) -> DirtyError:
    """The error that these bytes, a `Failure`, are about."""
    try:
        failure = envelope.decode_failure(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(f"an error came that cannot be read: {error}") from error
    return DirtyError.from_dict(msgspec.structs.asdict(failure))
