"""The names of things in the stash's one tree, which are bytes, and sorted.

    00 NAME                       a fact about the stash itself
    01 table                      a table: how many records it has
    02 length table KEY           a record; `length` is the table's, in one byte
    03 expires rest               the record named 02 rest expires then (microseconds, 8 bytes)

KEY is `s` and the UTF-8 of a str, which sort as strings do, so that a pattern's beginning is a range; or `v`
and any other key packed as a value; or `h` and the BLAKE2b of either, when it is longer than LMDB allows.
Then the record has the key itself.
"""

import fnmatch
import hashlib
import re
import struct
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from supervisord_lite.wire import values

from .errors import StashError

FACT = b"\x00"
TABLE = b"\x01"
RECORD = b"\x02"
EXPIRY = b"\x03"

TEXT = b"s"
VALUE = b"v"
HASH = b"h"

MAX_NAME = 500
"""Bytes of a record's name: LMDB takes 511, and the expiry of a record has eight more."""

MAX_TABLE = 200
"""Bytes of a table's name."""

_SCALARS = frozenset(
    {type(None), bool, int, float, str, bytes, UUID, Decimal, date, datetime, time, timedelta}
)
_MOMENT = struct.Struct(">Q")
_MAGIC = re.compile("[*?[]")
_prefixes: dict[str, bytes] = {}


def prefix(table: str) -> bytes:
    """With what the names of all records of a table begin. Raises `StashError`."""
    found = _prefixes.get(table)
    if found is None:
        name = encode_table(table)
        found = RECORD + bytes([len(name)]) + name
        if len(_prefixes) >= 1000:
            _prefixes.clear()
        _prefixes[table] = found
    return found


def encode_table(table: str) -> bytes:
    """The bytes of a table's name. Raises `StashError`."""
    if not isinstance(table, str):
        raise StashError(f"The name of a stash table is a str, not {table!r}.")
    name = table.encode("utf-8", "surrogatepass")
    if len(name) > MAX_TABLE:
        raise StashError(
            f"A stash table has a name of {len(name)} bytes ({table[:40]!r}…); {MAX_TABLE} are allowed."
        )
    return name


def encode(key: Any) -> bytes:
    """The bytes of a key, of whatever length. Raises `StashError` for what can be no key."""
    if isinstance(key, str):
        return TEXT + key.encode("utf-8", "surrogatepass")
    check(key)
    return VALUE + values.pack(key, inline=True).document


def decode(encoded: bytes) -> Any:
    """The key that these bytes are."""
    if encoded[:1] == TEXT:
        return encoded[1:].decode("utf-8", "surrogatepass")
    return values.unpack(encoded[1:])


def check(key: Any) -> None:
    """Refuse what can be changed, or has no fixed order of bytes: a list, a set. Raises `StashError`."""
    if type(key) is tuple:
        for part in key:
            check(part)
    elif type(key) not in _SCALARS:
        raise StashError(
            f"A {type(key).__name__} cannot be a key of the stash; str, bytes, numbers, None, dates, UUID, "
            "Decimal and tuples of them can."
        )


def name(table: str, key: Any) -> tuple[bytes, bytes]:
    """The name of a record; and the encoded key, where the name has only its hash, else nothing."""
    start = _prefixes.get(table) or prefix(table)
    encoded = encode(key)
    whole = start + encoded
    if len(whole) <= MAX_NAME:
        return whole, b""
    return start + HASH + hashlib.blake2b(encoded, digest_size=32).digest(), encoded


def expiry(moment: int, record: bytes) -> bytes:
    """The name under which it is noted when a record expires."""
    return EXPIRY + _MOMENT.pack(moment) + record[1:]


def expired(entry: bytes) -> tuple[int, bytes]:
    """Moment and record's name of an entry made by `expiry`."""
    return _MOMENT.unpack_from(entry, 1)[0], RECORD + entry[9:]


def ranges(start: bytes, pattern: str | None) -> list[bytes]:
    """With what the names begin that may fit a pattern, in a table where all begin with `start`."""
    if not pattern:
        return [start]
    magic = _MAGIC.search(pattern)
    literal = pattern[: magic.start()] if magic else pattern
    return [start + HASH, start + TEXT + literal.encode("utf-8", "surrogatepass"), start + VALUE]


def fits(pattern: str | None) -> Callable[[Any], bool]:
    """Whether a key fits a glob pattern, which is compared with `str(key)`; everything fits None."""
    if not pattern:
        return lambda key: True
    match = re.compile(fnmatch.translate(pattern)).match
    return lambda key: match(str(key)) is not None
