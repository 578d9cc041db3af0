"""Bodies that do not go through the stream: what leaves the document, and how it is laid out."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.wire import pickling
from supervisord_lite.wire.errors import Untransferable, WireError
from supervisord_lite.wire.layout import join, parse
from supervisord_lite.wire.packed import BY_FD_OVER, Packed
from supervisord_lite.wire.values import pack, unpack
from supervisord_lite.wire.writer import LARGE

BIG = bytes(range(256)) * (BY_FD_OVER // 256 + 1)


def laid(packed: Packed) -> memoryview:
    """The body as one piece of memory."""
    return memoryview(bytearray(b"".join(join(packed))))


@pytest.mark.parametrize(
    "value",
    [BIG, [[BIG, 1], {}], [[], {"image": BIG}], ((BIG, BIG),), {"a": [BIG]}, [[[BIG]]]],
    ids=["bare", "argument", "keyword", "twice", "in_a_result", "deeper"],
)
def test_large_bytes_near_the_top_are_not_copied_into_the_document(value: Any) -> None:
    """The buffers are views of the very bytes; they arrive as bytes, in their place."""
    packed = pack(value)
    assert len(packed.document) < 100
    assert all(buffer.obj is BIG for buffer in packed.buffers)
    assert packed.is_large
    assert unpack(*parse(laid(packed))) == value
    assert type(value) is type(unpack(*parse(laid(packed))))


@pytest.mark.parametrize(
    "value",
    [[[[[BIG]]]], [1] * 64 + [BIG], {(1, BIG): 1}],
    ids=["far_down", "among_many", "in_a_key"],
)
def test_large_bytes_elsewhere_stay_in_the_document(value: Any) -> None:
    """Looking for them would cost more than copying them."""
    packed = pack(value)
    assert (packed.buffers, packed.is_large) == ([], True)
    assert unpack(*parse(laid(packed))) == value


def test_what_fits_into_the_stream_has_no_buffers() -> None:
    """Where all is within the limit, the document is the whole body."""
    value = [[b"x" * LARGE], {}]
    packed = pack(value)
    assert (packed.buffers, packed.is_large) == ([], False)
    assert unpack(packed.document) == value


def test_a_body_may_be_asked_for_in_one_piece() -> None:
    """Whatever its size."""
    assert pack([BIG], inline=True).buffers == []
    assert unpack(pack([BIG], inline=True).document) == [BIG]


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_other_large_bytes_arrive_as_bytes(kind: type) -> None:
    """As small ones do."""
    packed = pack([kind(BIG)])
    assert len(packed.buffers) == 1
    assert unpack(packed.document, packed.buffers) == [BIG]


def test_a_surrogate_beside_large_bytes_costs_a_second_try() -> None:
    """And the result is the same."""
    packed = pack(["\ud800", BIG])
    assert unpack(packed.document, packed.buffers) == ["\ud800", BIG]


def test_a_buffer_is_given_out_once() -> None:
    """A document cannot multiply what came with it."""
    packed = pack([BIG])
    reference = packed.document[1:]
    with pytest.raises(WireError, match="refers to buffer 0, which did not come with it or is used already"):
        unpack(b"\x92" + reference * 2, packed.buffers)
    with pytest.raises(WireError, match="refers to buffer 0"):
        unpack(packed.document)


@given(st.binary(max_size=100), st.lists(st.binary(max_size=200), max_size=4))
def test_a_layout_is_read_as_it_was_written(document: bytes, buffers: list[bytes]) -> None:
    """Every part whole, and aligned."""
    view = laid(Packed(document, [memoryview(buffer) for buffer in buffers]))
    read, others = parse(view)
    assert (bytes(read), [bytes(other) for other in others]) == (document, buffers)
    parts = join(Packed(document, [memoryview(buffer) for buffer in buffers]))
    assert bytes(view) == b"".join(parts)
    assert bytes(view).find(document, 64) == 64 or not document


def head(count: int, *lengths: int, zero: int = 0) -> bytes:
    """A table of lengths."""
    return struct.pack(f">II{len(lengths)}Q", count, zero, *lengths)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "of 0 bytes in a memfd has no table"),
        (head(0), "table of 0 lengths"),
        (head(2**32 - 1), "table of 4294967295 lengths"),
        (head(1, 0, zero=1), "table of 1 lengths"),
        (head(1, 2**64 - 1), "a part of 18446744073709551615 bytes does not fit"),
        (head(2, 1, 1).ljust(65, b"x"), "a part of 1 bytes does not fit"),
        (head(1, 1).ljust(66, b"x"), "1 bytes are left behind"),
    ],
    ids=["empty", "no_document", "count", "reserved", "length", "cut", "rest"],
)
def test_a_layout_that_lies_is_refused(data: bytes, error: str) -> None:
    """No length is believed."""
    with pytest.raises(WireError, match=error):
        parse(memoryview(data))


@given(st.binary(max_size=150))
def test_any_bytes_are_a_layout_or_an_error(data: bytes) -> None:
    """Nothing else is raised."""
    try:
        parse(memoryview(data))
    except WireError:
        pass


def test_pickles_have_buffers_too() -> None:
    """What gives its memory away is not copied into the pickle."""
    import numpy as np

    array = np.arange(BY_FD_OVER)
    packed = pickling.dumps([[array], {}])
    assert len(packed.document) < 1000
    [[arrived], _] = pickling.loads(*parse(laid(packed)))
    assert (arrived == array).all()
    assert pickling.dumps(array, inline=True).buffers == []
    small = pickling.dumps(array[: LARGE // 8])
    assert (small.buffers, small.is_large) == ([], False)


def test_what_cannot_be_pickled_is_named() -> None:
    """As far as pickle tells."""
    with pytest.raises(Untransferable, match=r"^kwargs: a dict cannot travel; pickling it failed: .*lambda"):
        pickling.dumps([[], {"a": lambda: 1}], name=("args", "kwargs"))
    with pytest.raises(Untransferable, match=r"^result: a function cannot travel"):
        pickling.dumps(lambda: 1, name="result")


def test_a_damaged_pickle_is_an_error() -> None:
    """One of the wire."""
    with pytest.raises(WireError, match="a pickle is not to be read"):
        pickling.loads(b"\x80\x05garbage")
