"""What a record holds: a flag byte, when it expires, its key if that is too long for a name, and the value.

flags           1 byte: 1 it expires, 2 it has its key
expires         8 bytes, big-endian: microseconds since 1970; where flag 1 is set
length, key     4 bytes, big-endian, and so many: the encoded key; where flag 2 is set
document        the rest: the value, packed (wire.values)
"""

import hashlib
import struct
from typing import NamedTuple

EXPIRES = 1
LONG_KEY = 2

_MOMENT = struct.Struct(">Q")
_LENGTH = struct.Struct(">I")

FOR_EVER = 2**63
"""No record expires later: what would, never does."""


class Record(NamedTuple):
    """A value as it is stored. `expires` is in microseconds since 1970; None: never."""

    document: bytes
    expires: int | None = None


def encode(document: bytes, expires: int | None = None, key: bytes = b"") -> bytes:
    """The bytes of a record."""
    if expires is None and not key:
        return b"\0" + document
    flags = (expires is not None) * EXPIRES | bool(key) * LONG_KEY
    return b"".join(
        (
            bytes([flags]),
            b"" if expires is None else _MOMENT.pack(expires),
            _LENGTH.pack(len(key)) + key if key else b"",
            document,
        )
    )


def decode(raw: bytes) -> tuple[Record, bytes]:
    """A record, and its encoded key where it has one."""
    flags = raw[0]
    at = 1
    expires = None
    key = b""
    if flags & EXPIRES:
        expires = _MOMENT.unpack_from(raw, at)[0]
        at += _MOMENT.size
    if flags & LONG_KEY:
        end = at + _LENGTH.size + _LENGTH.unpack_from(raw, at)[0]
        key = raw[at + _LENGTH.size : end]
        at = end
    return Record(raw[at:], expires), key


def expires(raw: bytes) -> int | None:
    """When the record expires."""
    return _MOMENT.unpack_from(raw, 1)[0] if raw[0] & EXPIRES else None


def digest(record: Record | None) -> bytes:
    """By what it is seen whether a record is still the same; of none, nothing."""
    if record is None:
        return b""
    moment = b"" if record.expires is None else _MOMENT.pack(record.expires)
    return hashlib.blake2b(record.document, digest_size=16, key=moment).digest()


def moment(now: float, ttl: float | None) -> int | None:
    """When something expires that has so many seconds to live. None: never."""
    if ttl is None:
        return None
    at = (now + ttl) * 1e6
    return max(0, int(at)) if at < FOR_EVER else None
