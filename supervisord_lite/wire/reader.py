"""Values on their way out of a document. Nothing of it is trusted."""

from collections.abc import Callable, Sequence
from typing import Any

from supervisord_lite.wire import arrays, moments, records
from supervisord_lite.wire import extensions as ext
from supervisord_lite.wire.errors import WireError
from supervisord_lite.wire.lifting import NUMBER
from supervisord_lite.wire.writer import COMPLEX_PARTS


class Reader:
    """The extensions of one document. Each buffer is given out once: a document cannot multiply them.

    `open` counts the marks that were read and did not begin a container; at the end there must be none.
    """

    __slots__ = ("_buffers", "open")

    def __init__(self, buffers: Sequence[memoryview]) -> None:
        self._buffers: list[memoryview | None] = [*buffers]
        self.open = 0

    def extension(self, code: int, data: bytes) -> object:
        """The leaf or mark that an extension is."""
        mark = _MARKS.get(code)
        if mark is not None and not data:
            self.open += 1
            return mark
        leaf = _LEAVES.get(code)
        if leaf is not None:
            return leaf(data)
        if code == ext.BUFFER and len(data) == NUMBER.size:
            return bytes(self.take(NUMBER.unpack(data)[0]))
        raise WireError(
            f"a body has an extension of type {code} and {len(data)} bytes, which is not known here"
        )

    def sequence(self, items: list[Any]) -> object:
        """The container that a msgpack array is."""
        if items and type(items[0]) is _Mark:
            self.open -= 1
            return items[0].build(self, items)
        return items

    def take(self, number: int) -> memoryview:
        """The buffer of this number."""
        buffer = self._buffers[number] if number < len(self._buffers) else None
        if buffer is None:
            raise WireError(
                f"a body refers to buffer {number}, which did not come with it or is used already"
            )
        self._buffers[number] = None
        return buffer


class _Mark:
    """What the first item of a container stands for."""

    __slots__ = ("build",)

    def __init__(self, build: Callable[[Reader, list[Any]], object]) -> None:
        self.build = build


def _tuple(_reader: Reader, items: list[Any]) -> object:
    del items[0]
    return tuple(items)


def _set(_reader: Reader, items: list[Any]) -> object:
    return set(items[1:])


def _frozenset(_reader: Reader, items: list[Any]) -> object:
    return frozenset(items[1:])


def _record(_reader: Reader, items: list[Any]) -> object:
    _, type_name, fields = items
    if (
        type(type_name) is not str
        or type(fields) is not dict
        or not all(type(name) is str for name in fields)
    ):
        raise WireError("a dataclass in a body is not a name and fields")
    return records.put_together(type_name, fields)


def _array(reader: Reader, items: list[Any]) -> object:
    _, described, shape, order, data = items
    if type(data) is int and data >= 0:
        data = reader.take(data)
    elif type(data) is bytes:
        data = bytearray(data)  # an array is writable, whichever way it came
    return arrays.array(described, shape, order, data)


def _scalar(_reader: Reader, items: list[Any]) -> object:
    _, described, data = items
    return arrays.scalar(described, data)


def _decimal(data: bytes) -> object:
    from decimal import Decimal

    return Decimal(str(data, "ascii"))


def _uuid(data: bytes) -> object:
    from uuid import UUID

    return UUID(bytes=data)


_MARKS = {
    ext.TUPLE: _Mark(_tuple),
    ext.SET: _Mark(_set),
    ext.FROZENSET: _Mark(_frozenset),
    ext.RECORD: _Mark(_record),
    ext.ARRAY: _Mark(_array),
    ext.SCALAR: _Mark(_scalar),
}

_LEAVES: dict[int, Callable[[bytes], object]] = {
    ext.INT: lambda data: int.from_bytes(data, "big", signed=True),
    ext.DATETIME: moments.unpack_datetime,
    ext.DATE: moments.unpack_date,
    ext.TIME: moments.unpack_time,
    ext.DURATION: moments.unpack_duration,
    ext.UUID: _uuid,
    ext.DECIMAL: _decimal,
    ext.COMPLEX: lambda data: complex(*COMPLEX_PARTS.unpack(data)),
}
