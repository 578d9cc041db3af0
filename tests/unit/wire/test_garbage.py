"""Bodies that nobody packed: they are values or a `WireError`, and cost no more than they weigh."""

import itertools
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.wire import claims
from supervisord_lite.wire import extensions as ext
from supervisord_lite.wire.errors import WireError
from supervisord_lite.wire.values import pack, unpack

CODES = st.integers(0, 30) | st.integers(0, 127)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text("a:<>ifM8|[]", max_size=5)
) | (
    st.binary(max_size=30)
    | st.builds(msgpack.ExtType, CODES, st.binary(max_size=20))
    | st.builds(msgpack.ExtType, st.integers(0, 7), st.just(b""))
)
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(LEAVES.filter(lambda key: key == key), inner, max_size=3)
    ),
    max_leaves=15,
).map(msgpack.packb)


@contextmanager
def no_more_than(size: int) -> Iterator[None]:
    """Fail where more bytes are allocated at a time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


def read(document: bytes, buffers: tuple[memoryview, ...] = ()) -> Any:
    """The value, or None where there is none."""
    try:
        return unpack(document, buffers)
    except WireError:
        return None


@given(st.binary(max_size=100))
def test_any_bytes_are_a_value_or_an_error(data: bytes) -> None:
    """Nothing else is raised."""
    read(data)


@given(DOCUMENTS, st.binary(max_size=20))
def test_any_document_is_a_value_or_an_error(document: bytes, buffer: bytes) -> None:
    """Extensions may be anywhere and hold anything; a value that is read can be packed again."""
    value = read(document, (memoryview(buffer),))
    assert unpack(pack(value).document) is not NotImplemented


@given(DOCUMENTS, st.data())
def test_a_damaged_document_is_a_value_or_an_error(document: bytes, data: st.DataObject) -> None:
    """One byte that is wrong, or an end that is missing, is an error or another value."""
    damaged = bytearray(document)
    damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))


@pytest.mark.parametrize("size", [0, 1, 4, 12, 16, 25, 40])
def test_every_extension_reads_what_is_in_it_with_care(size: int) -> None:
    """Whatever its code, its length and its bytes."""
    for code, byte in itertools.product(range(128), (0x00, 0x01, 0x04, 0x7F, 0xFF)):
        read(msgpack.packb(msgpack.ExtType(code, bytes([byte]) * size)))


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (b"", "not to be read"),
        (b"\xc1", "not to be read"),
        (b"\x92\x01", "incomplete"),
        (b"\x01\x02", "extra data"),
        (b"\xa1\xff", "invalid start byte"),
        (b"\x91" * 100_000 + b"\xc0", "not to be read: StackError"),
        (b"\x81\xa1x" * 100_000 + b"\xc0", "not to be read"),
        (b"\x81\x90\x01", "unhashable"),
        (b"\xd4\x7f\0", "extension of type 127 and 1 bytes"),
        (b"\xd4\x01\0", "extension of type 1 and 1 bytes"),
        (b"\xc7\0\x01", "the mark of a container where no container begins"),
        (b"\x92\x01\xc7\0\x02", "the mark of a container where no container begins"),
        (b"\x92\xc7\0\x01\xc7\0\x01", "the mark of a container where no container begins"),
        (b"\x81\xc7\0\x01\x01", "the mark of a container where no container begins"),
        (b"\x92\xc7\0\x02\x90", "unhashable"),
        (b"\x91\xc7\0\x04", "not to be read"),
        (b"\x93\xc7\0\x04\x01\x80", "a dataclass in a body is not a name and fields"),
        (b"\x93\xc7\0\x04\xa1a\x81\x01\x01", "a dataclass in a body is not a name and fields"),
        (b"\xc7\x0c\x16" + b"not a number", "not to be read"),
        (b"\xd8\xff" + b"\xff" * 16, "not to be read"),
        (b"\xc7\x0c\xff" + b"\xff" * 12, "not to be read"),
    ],
    ids=[
        *("empty", "reserved", "cut", "rest", "utf8", "deep_lists", "deep_dicts", "list_as_key", "unknown"),
        *("mark_with_bytes", "bare_mark", "late_mark", "two_marks", "mark_as_key", "list_in_a_set"),
        *("no_parts", "no_name", "no_field_names", "decimal", "long_timestamp", "late_timestamp"),
    ],
)
def test_what_is_no_value_is_refused(document: bytes, error: str) -> None:
    """A sentence says what is wrong."""
    with pytest.raises(WireError, match=error):
        unpack(document)


def moment(*parts: int, zone: bytes = b"") -> bytes:
    """A document that is a datetime."""
    return bytes(msgpack.packb(msgpack.ExtType(ext.DATETIME, struct.pack(">HBBBBBIB", *parts) + zone)))


@pytest.mark.parametrize(
    "document",
    [
        moment(2024, 13, 1, 0, 0, 0, 0, 0),
        moment(2024, 1, 1, 0, 0, 0, 10**6, 0),
        moment(2024, 1, 1, 0, 0, 0, 0, 2),
        moment(2024, 1, 1, 0, 0, 0, 0, 0, zone=b"\x09"),
        moment(2024, 1, 1, 0, 0, 0, 0, 0, zone=b"\x02" + struct.pack(">iII", 2, 0, 0)),
        moment(2024, 1, 1, 0, 0, 0, 0, 0, zone=b"\x05/etc/passwd"),
        moment(2024, 1, 1, 0, 0, 0, 0, 0, zone=b"\x05../../../etc/passwd"),
        moment(2024, 1, 1, 0, 0, 0, 0, 0, zone=b"\x05" + b"x" * 5000),
        moment(2024, 1, 1, 0, 0, 0, 0, 0, zone=b"\x05a\0b"),
        moment(2024, 1, 1, 0, 0, 0, 0, 0, zone=b"\x05"),
        moment(2024, 1, 1, 0, 0, 0, 0, 0, zone=b"\x05America"),
    ],
    ids=["month", "micro", "fold", "kind", "offset", "file", "path", "long", "nul", "no_key", "directory"],
)
def test_a_moment_that_never_was_is_refused(document: bytes) -> None:
    """And no file is read but a time zone."""
    with pytest.raises(WireError):
        unpack(document)


def wide(count: int) -> bytes:
    """The head of a list of so many items."""
    return b"\xdd" + struct.pack(">I", count)


@pytest.mark.parametrize(
    "document",
    [
        wide(2**32 - 1),
        wide(900_000) * 1000 + bytes(2**20),
        b"\xdc\xff\xff" * 1000 + bytes(2**20),
        b"\xdf\xff\xff\xff\xff" * 1000,
        b"\xdf\0\x01\0\0" * 1000 + bytes(2**20),
        b"\xc6\xff\xff\xff\xff" * 1000,
        b"\xc9\xff\xff\xff\xff\x01" * 1000,
        b"\x92" + wide(600_000) + bytes(600_000) + wide(600_000) + bytes(10),
    ],
    ids=["alone", "wide_lists", "lists", "false_dicts", "dicts", "bytes", "extension", "in_turn"],
)
def test_what_is_claimed_is_not_allocated(document: bytes) -> None:
    """Lists in lists that each claim the rest of the document are refused before there is any."""
    with no_more_than(48 * 2**20), pytest.raises(WireError):
        unpack(document)


@pytest.mark.parametrize(
    "value",
    [
        list(range(100_000)),
        [[*range(5000)], [*range(70_000)]],
        [*map(str, range(10_000))],
        [number * 1.1 for number in range(50_000)],
        [{"a": [None, True, 2**70, "x" * 40, b"x" * 300, "y" * 300], "b": (1, {2})}] * 5000
        + ["z" * 70_000, bytes(70_000)],
        [b"\xdd\xdc" * 60_000, [*range(5000)]],
    ],
    ids=["integers", "two", "strings", "floats", "mixed", "bytes_like_heads"],
)
def test_long_lists_are_read(value: object) -> None:
    """An honest document of any size is."""
    document = pack(value, inline=True).document
    assert unpack(document) == value
    assert unpack(memoryview(document)) == value


@given(DOCUMENTS)
def test_an_honest_document_claims_what_it_has(document: bytes) -> None:
    """Wherever a list is in it, and whatever else, the count goes from value to value."""
    like_heads = msgpack.packb(wide(2**30) * 9)
    claims.check(b"\x92" + document + like_heads, harmless=0)
    with pytest.raises(WireError, match="claim more items"):
        claims.check(b"\x92" + document + wide(2**30) * 9, harmless=0)


@pytest.mark.parametrize("end", [b"\xdd\0", b"\xdc\0", b"\xda\0", b"\xcb\0\0", b"\xcd\0"])
def test_a_document_that_ends_too_early_is_refused(end: bytes) -> None:
    """As it is counted already."""
    with pytest.raises(WireError, match="ends in the middle"):
        claims.check(wide(0) * 9 + end, harmless=0)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_bytes_of_a_buffer_are_given_out_once(count: int) -> None:
    """One reference is good; a document cannot multiply a buffer."""
    document = pack([memoryview(bytes(200_000))])
    many = bytes([0x90 + count]) + document.document[1:] * count
    assert (read(many, tuple(document.buffers)) is not None) == (count == 1)
