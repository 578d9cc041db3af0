"""Large bytes near the top of a value: they leave the document as buffers, and are not copied into it."""

from struct import Struct
from typing import Any

from msgpack import ExtType

from supervisord_lite.wire import extensions as ext
from supervisord_lite.wire.writer import LARGE, Writer

FEW = 64
"""Containers of more items are not searched for large bytes."""

NUMBER = Struct(">I")

_SEARCHED = {bytes, bytearray, memoryview, list, tuple, dict}


def has_large(value: Any, depth: int) -> bool:
    """Whether there are large bytes so few levels below."""
    kind = type(value)
    if kind is list or kind is tuple or kind is dict:
        if not depth or len(value) > FEW:
            return False
        for part in value.values() if kind is dict else value:
            if type(part) in _SEARCHED and has_large(part, depth - 1):
                return True
        return False
    if kind is bytes or kind is bytearray:
        return len(value) >= LARGE
    return bool(kind is memoryview and value.nbytes >= LARGE and value.c_contiguous)


def lifted(writer: Writer, value: Any, depth: int) -> object:
    """The value with references in place of its large bytes."""
    if not has_large(value, depth):
        return value
    if isinstance(value, dict):
        return {key: lifted(writer, part, depth - 1) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([lifted(writer, part, depth - 1) for part in value])
    return ExtType(ext.BUFFER, NUMBER.pack(writer.take(memoryview(value).cast("B"))))
