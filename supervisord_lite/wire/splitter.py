"""A stream of bytes as the messages that it is made of; both versions (`wire.header`).

What a header claims allocates nothing: memory is taken by the bytes that arrive, up to the limit. A message
that comes in one read, as nearly all do, is not copied into a buffer.
"""

from typing import NamedTuple

from supervisord_lite.wire import header
from supervisord_lite.wire.errors import WireError as WireError
from supervisord_lite.wire.header import BY_FD, HEADER, MAGIC, V1, V2

HEADER_SIZE = HEADER.size

_SLICED = 16384
"""Payloads up to so many bytes are sliced off; longer ones are views of what was read."""

_ANSWERS = {header.REQUEST, header.RESPONSE, header.ERROR, header.CHUNK, header.END}
_QUESTIONS = {header.STASH, header.STATUS, header.MANAGE}
_V1_KINDS = _ANSWERS | _QUESTIONS
_V2_KINDS = _V1_KINDS | {header.HELLO, header.WORD}
_KNOWN = {(V1, kind): (kind, False) for kind in _V1_KINDS}
_KNOWN |= {(V2, kind): (kind, False) for kind in _V2_KINDS}
_KNOWN |= {(V2, kind | BY_FD): (kind, True) for kind in _V1_KINDS}
"""Version and type byte of every message there is: its kind, and whether its body is in a memfd."""


class Frame(NamedTuple):
    """One message. `kind` is a type of `wire.header` without `BY_FD`, which `by_fd` stands for."""

    version: int
    kind: int
    request_id: int
    payload: bytes | memoryview
    by_fd: bool


_new = tuple.__new__


def frame(version: int, kind: int, request_id: int, payload: bytes | memoryview = b"") -> bytes:
    """A whole message; `kind` may have `header.BY_FD` set."""
    return HEADER.pack(MAGIC, version, kind, len(payload), request_id) + payload


class Splitter:
    """Turns what is read from one connection into messages: feed it, and take what is complete."""

    __slots__ = ("_held", "_max_message", "_needed")

    def __init__(self, max_message: int) -> None:
        self._max_message = max_message
        self._held = bytearray()
        self._needed = HEADER_SIZE

    @property
    def waiting(self) -> int:
        """How many bytes of a message that is not complete yet are held."""
        return len(self._held)

    def feed(self, data: bytes) -> list[Frame]:
        """The messages completed by these bytes, in order. Raises `WireError`: then close the connection."""
        if self._held:
            self._held += data
            if len(self._held) < self._needed:
                return []
            held, self._held = self._held, bytearray()
            return self._split(held)
        if len(data) >= HEADER_SIZE:
            magic, version, type_, length, request_id = HEADER.unpack_from(data)
            if length == len(data) - HEADER_SIZE and magic == MAGIC and length <= self._max_message:
                known = _KNOWN.get((version, type_))
                if known is not None:
                    payload = data[HEADER_SIZE:] if length <= _SLICED else memoryview(data)[HEADER_SIZE:]
                    return [_new(Frame, (version, known[0], request_id, payload, known[1]))]
        return self._split(data)

    def _split(self, data: bytes | bytearray) -> list[Frame]:
        """Take whole messages off the front and hold the rest."""
        frames: list[Frame] = []
        view = memoryview(data)
        size = len(data)
        start = 0
        self._needed = HEADER_SIZE
        while size - start >= HEADER_SIZE:
            magic, version, type_, length, request_id = HEADER.unpack_from(view, start)
            known = _KNOWN.get((version, type_))
            if magic != MAGIC or known is None or length > self._max_message:
                raise self._refusal(magic, version, type_, length, request_id)
            end = start + HEADER_SIZE + length
            if end > size:
                self._needed = HEADER_SIZE + length
                break
            payload = view[start + HEADER_SIZE : end]
            if length <= _SLICED:
                frames.append(_new(Frame, (version, known[0], request_id, bytes(payload), known[1])))
            else:
                frames.append(_new(Frame, (version, known[0], request_id, payload, known[1])))
            start = end
        if start < size:
            self._held += view[start:]
        return frames

    def _refusal(self, magic: bytes, version: int, type_: int, length: int, request_id: int) -> WireError:
        """Why this header is refused."""
        if magic != MAGIC:
            return WireError(f"not a message of this protocol: it begins with {magic!r} instead of {MAGIC!r}")
        if version not in (V1, V2):
            return WireError(f"version {version} of the protocol is not known here, only {V1} and {V2}")
        if (version, type_) not in _KNOWN:
            why = f"message type 0x{type_:02x} is not known in version {version}"
        else:
            why = f"a message of {length} bytes is over the limit of {self._max_message}"
        return WireError(why, version=version, request_id=request_id)
