"""Length-prefixed msgpack frames: what the daemon and the processes it forks say to each other.

A frame is an unsigned 32-bit big-endian length and that many bytes of msgpack.
"""

import struct
from typing import Generic, TypeVar

import msgspec

HEADER = struct.Struct(">I")
MAX_FRAME = 16 * 2**20
"""Bytes; more than the kernel takes as arguments and environment of a process (execve(2), 2 MiB)."""

M = TypeVar("M")

_encoder = msgspec.msgpack.Encoder()


class FrameError(Exception):
    """What arrived is no frame of this protocol."""


def encode(message: msgspec.Struct) -> bytes:
    """One frame that holds the message."""
    payload = _encoder.encode(message)
    return HEADER.pack(len(payload)) + payload


class Reader(Generic[M]):
    """Turns the bytes of a stream into messages: feed it, then take what is complete."""

    def __init__(self, union: type[M]) -> None:
        self._decoder = msgspec.msgpack.Decoder(union)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[M]:
        """The messages completed by these bytes, in order. Raises `FrameError`."""
        self._buffer += data
        messages: list[M] = []
        while len(self._buffer) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._buffer)
            if length > MAX_FRAME:
                raise FrameError(f"a frame of {length} bytes is over the limit of {MAX_FRAME}")
            end = HEADER.size + length
            if len(self._buffer) < end:
                break
            payload = bytes(memoryview(self._buffer)[HEADER.size : end])
            del self._buffer[:end]
            try:
                messages.append(self._decoder.decode(payload))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise FrameError(f"not a message: {error}") from error
        return messages
