"""numpy's arrays and scalars on the wire."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra import numpy as st_np

from supervisord_lite.wire.errors import Untransferable, WireError
from supervisord_lite.wire.extensions import ARRAY, SCALAR
from supervisord_lite.wire.layout import join, parse
from supervisord_lite.wire.packed import BY_FD_OVER
from supervisord_lite.wire.values import pack, unpack

PLAIN = (
    st_np.boolean_dtypes()
    | st_np.integer_dtypes()
    | st_np.unsigned_integer_dtypes()
    | st_np.floating_dtypes()
)
DTYPES = (
    PLAIN
    | st_np.complex_number_dtypes()
    | st_np.datetime64_dtypes()
    | st_np.timedelta64_dtypes()
    | st_np.byte_string_dtypes(min_len=1)
    | st_np.unicode_string_dtypes(min_len=1)
    | st_np.array_dtypes(PLAIN)
)
BLOCK = np.arange(2 * 3 * 4, dtype=">i4").reshape(2, 3, 4)
LARGE = np.arange(BY_FD_OVER, dtype="i8").reshape(2, -1)
RECORDS = np.zeros(3, [("name", "U5"), ("at", "M8[ms]"), ("inner", [("x", "f8", (2, 2)), ("y", "?")])])
PADDED = np.zeros(
    2, np.dtype({"names": ["a", "b"], "formats": ["i1", "f8"], "offsets": [0, 8], "itemsize": 24})
)


def sent(value: Any, inline: bool = False) -> Any:
    """The value as it arrives, by way of private memory."""
    return unpack(*parse(memoryview(bytearray(b"".join(join(pack(value, inline=inline)))))))


def same(one: Any, other: Any) -> bool:
    """Whether both are the same array, not-a-numbers included."""
    assert type(one) is np.ndarray
    return bool(one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes())


@given(st_np.arrays(DTYPES, st_np.array_shapes(min_dims=0, min_side=0, max_side=4)))
def test_an_array_arrives_as_it_was(array: Any) -> None:
    """Its dtype, shape and every bit."""
    assert same(sent(array), array)


@pytest.mark.parametrize("inline", [False, True], ids=["apart", "inline"])
@pytest.mark.parametrize(
    "array",
    [
        *(BLOCK, BLOCK.T, BLOCK[::-1, ::2], BLOCK[1:1], np.asfortranarray(BLOCK), np.broadcast_to(5, (2, 3))),
        *(
            np.array(7.5),
            np.zeros((0, 5)),
            RECORDS,
            PADDED,
            RECORDS["inner"],
            np.array(["2024-01-01"], "M8[D]"),
        ),
        *(np.array([b"a", b""]), np.array(["ä", "b\0c"]), np.zeros(2, "V3"), np.array([1 + 2j], "c8")),
        *(LARGE, LARGE.T, LARGE[:, ::3], np.asfortranarray(LARGE)),
    ],
    ids=lambda array: (
        f"{array.dtype.kind}{array.shape}{array.flags.num}" if hasattr(array, "dtype") else None
    ),
)
def test_an_array_arrives_whatever_its_memory_is_like(array: Any, inline: bool) -> None:
    """Views, broadcasts and structures; the order of the axes survives, and what arrives is writable."""
    arrived = sent([{"deep": [(array,)]}], inline)[0]["deep"][0][0]
    assert same(arrived, array)
    assert arrived.flags.writeable
    assert arrived.flags.aligned
    if array.flags.forc:
        assert arrived.flags.f_contiguous == array.flags.f_contiguous
        assert arrived.flags.c_contiguous == array.flags.c_contiguous


def test_a_large_array_is_not_copied() -> None:
    """It leaves as a view of itself, and arrives as a view of its buffer."""
    packed = pack({"model": [LARGE]})
    [buffer] = packed.buffers
    assert np.shares_memory(np.frombuffer(buffer, "u1"), LARGE)
    arrived = unpack(packed.document, packed.buffers)["model"][0]
    assert np.shares_memory(arrived, LARGE)


def test_a_read_only_array_travels() -> None:
    """And can be written to where it arrives."""
    array = BLOCK.copy()
    array.flags.writeable = False
    arrived = sent(array)
    arrived[0] = 9
    assert array[0, 0, 1] == 1


def test_a_mapped_array_arrives_as_an_array(tmp_path: Path) -> None:
    """The file stays where it is."""
    mapped = np.memmap(tmp_path / "model", "f4", "w+", shape=(3, 4))
    mapped[:] = 2
    assert same(sent(mapped), np.full((3, 4), 2, "f4"))


@pytest.mark.parametrize(
    "scalar",
    [
        *(
            np.float64(0.1),
            np.float32(-0.0),
            np.int8(-1),
            np.uint64(2**64 - 1),
            np.bool_(True),
            np.complex64(1j),
        ),
        *(np.longdouble(1) / 3, np.str_("ä\0"), np.str_(""), np.bytes_(b"x\0"), np.bytes_(b"")),
        *(np.datetime64("2024-01-01T00:00:00.000000001"), np.datetime64("NaT"), np.timedelta64(5, "25s")),
        *(RECORDS[0], np.void(b"abc")),
    ],
    ids=lambda scalar: type(scalar).__name__,
)
def test_a_scalar_stays_a_scalar(scalar: Any) -> None:
    """Of the same type and unit."""
    arrived = sent([scalar])[0]
    assert type(arrived) is type(scalar)
    assert (arrived.dtype, arrived.tobytes()) == (scalar.dtype, scalar.tobytes())


@pytest.mark.parametrize(
    ("array", "error"),
    [
        (np.array([object()]), "an? numpy.ndarray cannot travel; it holds Python objects"),
        (np.zeros(1, [("a", "O")]), "it holds Python objects"),
        (np.ma.masked_array([1, 2], [True, False]), "it is more than an array: send numpy.asarray of it"),
        (np.zeros(1, [("a", "i4")]).view(np.recarray), "it is more than an array"),
        (np.zeros(2, "V0"), "cannot be described"),
    ],
    ids=["objects", "object_in_a_structure", "masked", "record_array", "of_no_size"],
)
def test_what_is_no_plain_array_is_refused(array: Any, error: str) -> None:
    """By the sender, with its path."""
    with pytest.raises(Untransferable, match=error) as caught:
        pack({"x": [array]}, name="result")
    assert caught.value.path == 'result["x"][0]'


def mark(code: int, *parts: object) -> bytes:
    """A document that is a container of this kind."""
    packed = [pack(part).document for part in parts]
    return bytes([0x91 + len(parts)]) + b"\xc7\0" + bytes([code]) + b"".join(packed)


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        (("|O8", [1], "C", bytes(8)), "is not the dtype"),
        (("object", [1], "C", bytes(8)), "is not the dtype"),
        (("|T16", [1], "C", bytes(16)), "is not the dtype"),
        (("<i4,<i4", [1], "C", bytes(8)), "is not the dtype"),
        (("<V0", [10**9], "C", b""), "of no size"),
        (("<i3", [1], "C", bytes(3)), "not to be read"),
        (([("a", "|O8")], [1], "C", bytes(8)), "is not the dtype"),
        (([("a", [("b", "|O")])], [1], "C", bytes(8)), "is not the dtype"),
        ((["<i4"], [1], "C", bytes(4)), "a field in the dtype"),
        (({}, [1], "C", bytes(4)), "neither a string nor a list"),
        (([("a", "<i4", (2**31,))], [1], "C", bytes(4)), "not to be read"),
        (("<i4", [10**12], "C", bytes(4)), "its shape and dtype contradict"),
        (("<i4", [-1], "C", bytes(4)), "not a list of lengths"),
        (("<i4", 1, "C", bytes(4)), "not a list of lengths"),
        (("<i4", [1.0], "C", bytes(4)), "not a list of lengths"),
        (("<i4", [1] * 100, "C", bytes(4)), "not to be read"),
        (("<i4", [0, 2**62, 2**62], "C", b""), "not to be read"),
        (("<i4", [1], "A", bytes(4)), "neither C nor F"),
        (("<i4", [1], "C", "text"), "has no bytes"),
        (("<i4", [1], "C", 0), "refers to buffer 0"),
        (("<i4", [1], "C"), "not to be read"),
    ],
    ids=[
        *(
            "objects",
            "by_name",
            "strings",
            "comma",
            "no_size",
            "no_such",
            "in_structure",
            "deeper",
            "no_tuple",
        ),
        *("no_description", "huge_subarray", "huge_shape", "negative", "no_list", "floats", "dimensions"),
        *("overflow", "order", "text", "no_buffer", "too_few"),
    ],
)
def test_an_array_that_lies_is_refused(parts: tuple[object, ...], error: str) -> None:
    """Nothing is allocated by what it claims, and no Python object is read from bytes."""
    with pytest.raises(WireError, match=error):
        unpack(mark(ARRAY, *parts))


@pytest.mark.parametrize("parts", [("<i4", bytes(3)), ("|O8", bytes(8)), ("U", b"x"), ("<i4", "x"), ("<i4",)])
def test_a_scalar_that_lies_is_refused(parts: tuple[object, ...]) -> None:
    """As an array is."""
    with pytest.raises(WireError):
        unpack(mark(SCALAR, *parts))
