"""Payloads of version 1 as they arrive (`wire.tlv`). Nothing of them is trusted."""

from struct import Struct
from struct import error as StructError
from typing import Any

from supervisord_lite.wire.errors import WireError
from supervisord_lite.wire.tlv_types import (
    BOOL,
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

_INT64 = Struct(">q").unpack_from
_FLOAT64 = Struct(">d").unpack_from
_SIZE = Struct(">I").unpack_from

_FIXED = {NONE: 1, BOOL: 2, INT: 9, FLOAT: 9}
"""Bytes of a value that is always as long."""

_ROUTED = 10_000
"""Values in a value that `requested` passes over at most."""
_KEYS = 16
"""Keys of a request that it looks at; there are four."""


def decode(data: bytes | memoryview) -> Any:
    """The value that the whole of a payload is. Raises `WireError`."""
    data = bytes(data)
    try:
        value, end = _read(data, 0, len(data), MAX_DEPTH)
    except (IndexError, StructError):
        raise WireError(f"a payload of {len(data)} bytes ends in the middle of a value") from None
    except UnicodeDecodeError as error:
        raise WireError(f"a string is no UTF-8: {error.reason}") from None
    if end != len(data):
        raise WireError(f"{len(data) - end} bytes are left behind the value of a payload")
    return value


def _read(data: bytes, at: int, end: int, depth: int) -> tuple[Any, int]:
    """The value that begins here, and where it ends. Reading beyond the end raises what `decode` catches."""
    code = data[at]
    if code == STRING:
        start, stop = _span(data, at, end)
        return data[start:stop].decode(), stop
    if code == INT:
        return _INT64(data, at + 1)[0], at + 9
    if code == FLOAT:
        return _FLOAT64(data, at + 1)[0], at + 9
    if code == NONE:
        return None, at + 1
    if code == DICT:
        return _read_dict(data, at, end, depth)
    if code == LIST:
        return _read_list(data, at, end, depth)
    if code == BOOL:
        return data[at + 1] != 0, at + 2
    if code == BYTES:
        start, stop = _span(data, at, end)
        return data[start:stop], stop
    raise _unknown(code)


def _unknown(code: int) -> WireError:
    return WireError(f"type code 0x{code:02x} is not known in version 1")


def _span(data: bytes | memoryview, at: int, end: int) -> tuple[int, int]:
    """Where the content of a string or of bytes is."""
    start = at + 5
    length: int = _SIZE(data, at + 1)[0]
    stop = start + length
    if stop > end or length > MAX_STRING:
        raise _impossible(length, end - start)
    return start, stop


def _impossible(length: int, left: int) -> WireError:
    if length > MAX_STRING:
        return WireError(f"a string of {length} bytes is over the limit of {MAX_STRING}")
    return WireError(f"a string claims {length} bytes, and {left} are left")


def _count(data: bytes | memoryview, at: int, end: int, depth: int, least: int) -> int:
    """How many items a list or dict has, each of them of at least so many bytes."""
    count: int = _SIZE(data, at + 1)[0]
    if count > MAX_ITEMS:
        raise WireError(f"a container of {count} items is over the limit of {MAX_ITEMS}")
    if count * least > end - at - 5:
        raise WireError(f"a container claims {count} items, and {end - at - 5} bytes are left")
    if not depth:
        raise WireError(f"values are nested more than {MAX_DEPTH} deep")
    return count


def _read_list(data: bytes, at: int, end: int, depth: int) -> tuple[list[Any], int]:
    count = _count(data, at, end, depth, 1)
    at += 5
    items = []
    for _ in range(count):
        if data[at] == INT:  # written out here, as strings are below: most items are one of these
            items.append(_INT64(data, at + 1)[0])
            at += 9
        else:
            item, at = _read(data, at, end, depth - 1)
            items.append(item)
    return items, at


def _read_dict(data: bytes, at: int, end: int, depth: int) -> tuple[dict[str, Any], int]:
    count = _count(data, at, end, depth, 6)
    at += 5
    entries = {}
    for _ in range(count):
        if data[at] != STRING:
            raise WireError("a key of a dict is not a string")
        start = at + 5
        at = start + _SIZE(data, at + 1)[0]
        if at > end or at - start > MAX_STRING:
            raise _impossible(at - start, end - start)
        key = data[start:at].decode()
        if data[at] == STRING:
            start = at + 5
            at = start + _SIZE(data, at + 1)[0]
            if at > end or at - start > MAX_STRING:
                raise _impossible(at - start, end - start)
            entries[key] = data[start:at].decode()
        else:
            entries[key], at = _read(data, at, end, depth - 1)
    return entries, at


def requested(payload: bytes | memoryview) -> tuple[str, str]:
    """App path and action of a request, without decoding what it carries. Raises `WireError`.

    What comes behind them is not looked at; gunicorn's client sends them first.
    """
    try:
        return _requested(payload)
    except (IndexError, StructError):
        raise WireError(f"a payload of {len(payload)} bytes ends in the middle of a value") from None
    except UnicodeDecodeError as error:
        raise WireError(f"a string is no UTF-8: {error.reason}") from None


def _requested(payload: bytes | memoryview) -> tuple[str, str]:
    end = len(payload)
    if payload[0] != DICT:
        raise WireError("a request's payload is not a dict")
    at = 5
    found: dict[str, str] = {}
    for _ in range(min(_count(payload, 0, end, 1, 6), _KEYS)):
        key, at = _text(payload, at, end, "a key of a dict")
        if key in ("app_path", "action"):
            found[key], at = _text(payload, at, end, f"the {key} of a request")
            if len(found) == 2:
                return found["app_path"], found["action"]
        else:
            at = _passed(payload, at, end)
    raise WireError(f"a request names no app_path or no action in its first {_KEYS} keys")


def _text(data: bytes | memoryview, at: int, end: int, what: str) -> tuple[str, int]:
    if data[at] != STRING:
        raise WireError(f"{what} is not a string")
    start, stop = _span(data, at, end)
    return str(data[start:stop], "utf-8"), stop


def _passed(data: bytes | memoryview, at: int, end: int) -> int:
    """Where the value ends that begins here."""
    missing = 1
    for _ in range(_ROUTED):
        code = data[at]
        if code in (STRING, BYTES):
            at = _span(data, at, end)[1]
        elif code == LIST:
            missing += _count(data, at, end, 1, 1)
            at += 5
        elif code == DICT:
            missing += 2 * _count(data, at, end, 1, 6)
            at += 5
        elif code in _FIXED:
            at += _FIXED[code]
        else:
            raise _unknown(code)
        missing -= 1
        if not missing:
            return at
    raise WireError("a request's app_path and action are too far back: send them before args and kwargs")
