"""Values on their way into a document: what they are where msgpack has no type for them."""

import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from struct import Struct
from typing import Any

from msgpack import ExtType, Packer

from supervisord_lite.wire import arrays, moments, paths, records
from supervisord_lite.wire import extensions as ext
from supervisord_lite.wire.errors import Refused

LARGE = 64 * 1024
"""Bytes from which on bytes and arrays leave the document."""

COMPLEX_PARTS = Struct(">dd")

_OTHERS = "send plain values, a dataclass or a numpy array instead"


class Writer:
    """Makes one document: what msgpack does not know comes to `encode`. Collects the large buffers."""

    __slots__ = ("buffers", "inline")

    def __init__(self, inline: bool) -> None:
        self.inline = inline
        self.buffers: list[memoryview] = []

    def encode(self, value: Any) -> object:
        """What to pack for it. Raises `Refused`."""
        kind = type(value)
        if kind is tuple:
            return [_TUPLE_MARK, *value]
        encoder = _ENCODERS.get(kind)
        return encoder(value) if encoder is not None else _encode_other(self, value)

    def take(self, view: memoryview) -> int:
        """The number under which this buffer is sent."""
        self.buffers.append(view)
        return len(self.buffers) - 1


def _encode_int(value: int) -> ExtType:
    return ExtType(ext.INT, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


_TUPLE_MARK, _SET_MARK, _FROZENSET_MARK, _RECORD_MARK, _ARRAY_MARK, _SCALAR_MARK = (
    ExtType(code, b"") for code in (ext.TUPLE, ext.SET, ext.FROZENSET, ext.RECORD, ext.ARRAY, ext.SCALAR)
)

_ENCODERS: dict[type, Callable[[Any], object]] = {
    set: lambda value: [_SET_MARK, *value],
    frozenset: lambda value: [_FROZENSET_MARK, *value],
    int: _encode_int,
    datetime: lambda value: ExtType(ext.DATETIME, moments.pack_datetime(value)),
    date: lambda value: ExtType(ext.DATE, moments.pack_date(value)),
    time: lambda value: ExtType(ext.TIME, moments.pack_time(value)),
    timedelta: lambda value: ExtType(ext.DURATION, moments.pack_duration(value)),
    complex: lambda value: ExtType(ext.COMPLEX, COMPLEX_PARTS.pack(value.real, value.imag)),
}


def _encode_other(writer: Writer, value: Any) -> object:
    """Whose module may not be imported here, and what is derived from what can travel."""
    if arrays.is_of_numpy(value):
        return _encode_numpy(writer, value)
    if records.is_record(value):
        return [_RECORD_MARK, *records.taken_apart(value)]
    if _is(value, "decimal", "Decimal"):
        return ExtType(ext.DECIMAL, str(value).encode())
    if _is(value, "uuid", "UUID"):
        return ExtType(ext.UUID, value.bytes)
    return _encode_relative(value)


def _is(value: object, module: str, name: str) -> bool:
    """Whether it is an instance of that class, which may not be imported."""
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(value, kind)


def _encode_numpy(writer: Writer, value: Any) -> list[object]:
    if not arrays.is_array(value):
        return [_SCALAR_MARK, *arrays.scalar_parts(value)]
    described, shape, order, data = arrays.array_parts(value)
    is_apart = data.nbytes >= LARGE and not writer.inline
    return [_ARRAY_MARK, described, shape, order, writer.take(data) if is_apart else data]


def _encode_relative(value: Any) -> object:
    """Subclasses travel as what they are derived from. Raises `Refused`."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        plain = int.__int__(value)
        return plain if -(2**63) <= plain < 2**64 else _encode_int(plain)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, bytes | bytearray):
        return memoryview(value)
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, list):
        return list(value)
    if isinstance(value, tuple):
        return [_TUPLE_MARK, *value]
    for kind, encoder in _ENCODERS.items():
        if isinstance(value, kind):
            return encoder(value)
    raise Refused("send its value or its name instead" if _is(value, "enum", "Enum") else _OTHERS)


def parts(value: object) -> Iterator[tuple[str, object]] | None:
    """Step and value of each part of a container; None where it has none."""
    if isinstance(value, records.Fields | dict):
        return _entries(value)
    if isinstance(value, list | tuple):
        return ((f"[{index}]", item) for index, item in enumerate(value))
    if isinstance(value, set | frozenset):
        return ((f"{{{paths.shown(item)}}}", item) for item in value)
    if records.is_record(value):
        try:
            return ((f".{name}", part) for name, part in records.taken_apart(value)[1].items())
        except Refused:
            return None
    return None


def _entries(value: dict[Any, object]) -> Iterator[tuple[str, object]]:
    for key, item in value.items():
        if type(key) is not str:
            yield f": key {paths.shown(key)}", key
        yield f"[{paths.shown(key)}]", item


def refusal(value: object) -> str | None:
    """Why a value without parts cannot travel; None: it can."""
    try:
        Packer(default=Writer(inline=True).encode, strict_types=True, unicode_errors="surrogatepass").pack(
            value
        )
    except Refused as refused:
        return str(refused)
    except Exception as error:  # noqa: BLE001 - whatever a foreign object's methods raise
        return f"packing it failed: {str(error) or type(error).__name__}"
    return None
