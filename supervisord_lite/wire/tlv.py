"""Payloads of version 1: gunicorn's TLV, with its types and its limits.

Tuples arrive as lists and keys as strings, as gunicorn's users know it. Unlike gunicorn's own decoder, this
one bounds how deep values nest, and sees early that a length cannot be true.
"""

from collections.abc import Iterator
from struct import Struct
from struct import error as StructError
from typing import Any

from supervisord_lite.wire import paths
from supervisord_lite.wire.errors import Untransferable as Untransferable
from supervisord_lite.wire.errors import WireError as WireError
from supervisord_lite.wire.tlv_reading import decode as decode
from supervisord_lite.wire.tlv_reading import requested as requested
from supervisord_lite.wire.tlv_types import (
    BYTES,
    DICT,
    FLOAT,
    INT,
    LIST,
    MAX_DEPTH,
    MAX_ITEMS,
    MAX_STRING,
    NONE,
    STRING,
)

_INT_ITEM = Struct(">Bq").pack
_FLOAT_ITEM = Struct(">Bd").pack
_SIZED = Struct(">BI").pack


class _Unencodable(Exception):
    """Something in the value cannot travel; where, is found out afterwards."""


def encode(value: object) -> bytes:
    """The value as a payload. Raises `Untransferable`.

    Version 1 payloads are dicts with a key for each part of the message, so that a path begins with the key:
    `args[0]["model"]`.
    """
    out = bytearray()
    try:
        _write(value, out, MAX_DEPTH)
    except Exception as error:
        raise _culprit(value, error) from error
    return bytes(out)


def _write(value: Any, out: bytearray, depth: int) -> None:
    kind = type(value)
    if kind is str:
        encoded = value.encode()
        if len(encoded) > MAX_STRING:
            raise _Unencodable
        out += _SIZED(STRING, len(encoded)) + encoded
    elif kind is int:
        out += _INT_ITEM(INT, value)
    elif value is None:
        out.append(NONE)
    elif kind is bool:
        out += b"\x01\x01" if value else b"\x01\x00"
    elif kind is float:
        out += _FLOAT_ITEM(FLOAT, value)
    elif kind is dict:
        _write_dict(value, out, depth)
    elif kind is list or kind is tuple:
        _write_list(value, out, depth)
    else:
        _write_other(value, out, depth)


def _write_list(value: list[object] | tuple[object, ...], out: bytearray, depth: int) -> None:
    if len(value) > MAX_ITEMS or not depth:
        raise _Unencodable
    out += _SIZED(LIST, len(value))
    for item in value:
        _write(item, out, depth - 1)


def _write_dict(value: dict[object, object], out: bytearray, depth: int) -> None:
    if len(value) > MAX_ITEMS or not depth:
        raise _Unencodable
    out += _SIZED(DICT, len(value))
    for key, item in value.items():
        _write(str.__str__(key) if isinstance(key, str) else str(key), out, depth)
        _write(item, out, depth - 1)


def _write_other(value: Any, out: bytearray, depth: int) -> None:
    """Bytes; and subclasses, which travel as what they are derived from."""
    if isinstance(value, bytes | bytearray | memoryview):
        size = memoryview(value).nbytes
        if size > MAX_STRING:
            raise _Unencodable
        out += _SIZED(BYTES, size)
        out += value if isinstance(value, bytes | bytearray) else value.tobytes()
    elif isinstance(value, str):
        _write(str.__str__(value), out, depth)
    elif isinstance(value, int):
        out += _INT_ITEM(INT, value)
    elif isinstance(value, float):
        out += _FLOAT_ITEM(FLOAT, value)
    elif isinstance(value, list | tuple):
        _write_list(value, out, depth)
    elif isinstance(value, dict):
        _write_dict(value, out, depth)
    else:
        raise _Unencodable


def _culprit(value: object, error: Exception) -> Untransferable:
    """What in it cannot travel, and why."""
    if isinstance(value, dict) and value and all(isinstance(key, str) for key in value):
        found = paths.culprit([*value.values()], tuple(value), _parts, _refusal, MAX_DEPTH - 1)
    else:
        found = paths.culprit(value, "value", _parts, _refusal, MAX_DEPTH)
    return found or Untransferable("value", paths.type_name(value), f"encoding it failed: {error!r}")


def _parts(value: object) -> Iterator[tuple[str, object]] | None:
    if isinstance(value, list | tuple) and len(value) <= MAX_ITEMS:
        return ((f"[{index}]", item) for index, item in enumerate(value))
    if isinstance(value, dict) and len(value) <= MAX_ITEMS:
        return _entries(value)
    return None


def _entries(value: dict[Any, object]) -> Iterator[tuple[str, object]]:
    for key, item in value.items():
        text = str(key)
        if _refusal(text):
            yield f": key {paths.shown(key)}", text
        yield f"[{paths.shown(text)}]", item


def _refusal(value: object) -> str | None:
    if isinstance(value, list | tuple | dict):
        return f"it has {len(value)} items, and the limit of version 1 is {MAX_ITEMS}"
    out = bytearray()
    try:
        _write(value, out, 1)
    except StructError:
        return "version 1 has integers of 64 bits only: send it as a string"
    except UnicodeEncodeError:
        return "it has a lone surrogate and so is no UTF-8: send bytes"
    except _Unencodable:
        if isinstance(value, str | bytes | bytearray | memoryview):
            return f"it is longer than the limit of version 1, {MAX_STRING} bytes"
        return "version 1 has None, bool, int, float, str, bytes, list and dict only: send these"
    return None
