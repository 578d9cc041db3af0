"""Payloads of version 1, against gunicorn's own."""

import enum
import tracemalloc
from collections import OrderedDict
from typing import Any

import pytest
from gunicorn.dirty.errors import DirtyProtocolError
from gunicorn.dirty.protocol import BinaryProtocol
from gunicorn.dirty.tlv import TLVEncoder
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.wire import tlv
from supervisord_lite.wire.errors import Untransferable, WireError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LEAVES = (st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False)) | (
    st.binary(max_size=20) | TEXT
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)
REQUEST = {
    "app_path": "shop.ml:Model",
    "action": "predict",
    "args": [1, "a", None],
    "kwargs": {"k": [2.5, b"x"]},
}


@given(VALUES)
def test_it_is_gunicorns_encoding(value: Any) -> None:
    """Byte by byte what gunicorn sends, and read back the same."""
    payload = tlv.encode(value)
    assert payload == TLVEncoder.encode(value)
    assert tlv.decode(payload) == value
    assert tlv.decode(memoryview(payload)) == value


@given(st.binary(max_size=100) | st.binary(max_size=30).map(lambda rest: b"\x20\0\0\0\3" + rest))
def test_garbage_is_read_as_gunicorn_reads_it_or_refused(data: bytes) -> None:
    """What one of the two decoders takes, the other takes for the same value."""
    try:
        expected = TLVEncoder.decode_full(data)
    except DirtyProtocolError:
        with pytest.raises(WireError):
            tlv.decode(data)
    else:
        assert repr(tlv.decode(data)) == repr(expected)


@given(VALUES, st.data())
def test_a_damaged_payload_is_a_value_or_an_error(value: Any, data: st.DataObject) -> None:
    """Nothing else is raised, by reading it all or by reading where it goes."""
    payload = bytearray(tlv.encode(value))
    payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(payload[: data.draw(st.integers(0, len(payload)))])
    for read in (tlv.decode, tlv.requested):
        try:
            read(cut)
        except WireError:
            pass


class Colour(enum.IntEnum):
    """A number with a name."""

    RED = 7


@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        ((1, (2,)), [1, [2]]),
        ({1: 2, None: 3, (1,): 4}, {"1": 2, "None": 3, "(1,)": 4}),
        (OrderedDict(a=1), {"a": 1}),
        (Colour.RED, 7),
        (bytearray(b"x"), b"x"),
        (memoryview(b"abcd")[::2], b"ac"),
    ],
    ids=["tuples", "keys", "ordered_dict", "int_enum", "bytearray", "memoryview"],
)
def test_what_version_1_has_no_type_for(value: object, arrives: object) -> None:
    """It travels as its nearest relative."""
    assert tlv.decode(tlv.encode(value)) == arrives


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (
            {"args": [{"model": object()}]},
            r'^args\[0\]\["model"\]: an object cannot travel; version 1 has None, ',
        ),
        ({"result": 2**63}, r"^result: an int cannot travel; version 1 has integers of 64 bits only"),
        ({"result": {"a": ["\ud800"]}}, r'^result\["a"\]\[0\]: a str cannot travel; it has a lone surrogate'),
        ({"result": {"\ud800": 1}}, r"^result: key .* cannot travel; it has a lone surrogate"),
        ([{1}], r"^value\[0\]: a set cannot travel"),
        (
            {"result": b"x" * (tlv.MAX_STRING + 1)},
            r"^result: a bytes cannot travel; it is longer than the limit",
        ),
        ({"result": [None] * (tlv.MAX_ITEMS + 1)}, r"^result: a list cannot travel; it has 1048577 items"),
    ],
    ids=["object", "big_int", "surrogate", "key", "set", "long_bytes", "long_list"],
)
def test_what_cannot_travel_is_named(value: object, error: str) -> None:
    """The path of the first culprit, its type, and what to do."""
    with pytest.raises(Untransferable, match=error):
        tlv.encode(value)


class Unprintable:
    """A key that raises when it is made a string."""

    def __repr__(self) -> str:
        """Raise."""
        raise RuntimeError("no name")


def test_a_value_whose_methods_raise_cannot_travel() -> None:
    """Its own exception is kept as the cause."""
    with pytest.raises(Untransferable, match="no name") as caught:
        tlv.encode({"result": {Unprintable(): 1}})
    assert isinstance(caught.value.__cause__, RuntimeError)


def nested(depth: int) -> list[Any]:
    """Lists in lists."""
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def test_values_nest_a_hundred_deep() -> None:
    """And no deeper, on both sides."""
    assert tlv.decode(tlv.encode(nested(tlv.MAX_DEPTH))) == nested(tlv.MAX_DEPTH)
    with pytest.raises(Untransferable, match="nested more than 100 deep, or contains itself"):
        tlv.encode(nested(tlv.MAX_DEPTH + 1))
    with pytest.raises(WireError, match="nested more than 100 deep"):
        tlv.decode(b"\x20\0\0\0\1" * 100_000 + b"\0")


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"\x11\xff\xff\xff\xff", "4294967295 bytes is over the limit of 67108864"),
        (b"\x10\x01\0\0\0abc", "a string claims 16777216 bytes, and 3 are left"),
        (b"\x20\xff\xff\xff\xff", "4294967295 items is over the limit of 1048576"),
        (b"\x20\0\x01\0\0", "claims 65536 items, and 0 bytes are left"),
        (b"\x21\0\0\0\x02" + b"\0" * 11, "claims 2 items, and 11 bytes are left"),
        (b"\0\0", "1 bytes are left behind"),
        (b"", "ends in the middle"),
        (b"\x07", "0x07 is not known"),
        (b"\x11\0\0\0\1\xff", "no UTF-8"),
        (b"\x21\0\0\0\1\x05" + bytes(9), "key of a dict is not a string"),
    ],
    ids=["string", "bytes", "list", "list_claim", "dict_claim", "rest", "empty", "type", "utf8", "key"],
)
def test_what_is_no_value_is_refused(payload: bytes, error: str) -> None:
    """A sentence says what is wrong."""
    with pytest.raises(WireError, match=error):
        tlv.decode(payload)


def test_a_claimed_size_allocates_nothing() -> None:
    """Lists in lists that claim all that a list may have take no memory."""
    payload = b"\x20\0\0\xff\xff" * 90 + bytes(2**16)
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            tlv.decode(payload)
        assert tracemalloc.get_traced_memory()[1] < 2**21
    finally:
        tracemalloc.stop()


def test_a_request_says_where_it_goes() -> None:
    """What gunicorn's client sends is routed without being decoded."""
    payload = BinaryProtocol.encode_request(1, "shop.ml:Model", "predict", (1,), {"k": 2})[16:]
    assert tlv.requested(payload) == ("shop.ml:Model", "predict")
    assert tlv.requested(memoryview(payload)) == ("shop.ml:Model", "predict")


def test_where_a_request_goes_may_come_last() -> None:
    """The order of the keys is the sender's business."""
    payload = tlv.encode(dict(reversed([*REQUEST.items()])))
    assert tlv.requested(payload) == ("shop.ml:Model", "predict")


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", "ends in the middle"),
        (tlv.encode([1]), "not a dict"),
        (tlv.encode({"app_path": "x"}), "names no app_path or no action"),
        (tlv.encode({"app_path": 1, "action": "x"}), "app_path of a request is not a string"),
        (tlv.encode({"args": [None] * 20_000, "app_path": "x", "action": "y"}), "too far back"),
        (tlv.encode({str(i): i for i in range(16)} | REQUEST), "in its first 16 keys"),
        (tlv.encode({"args": [1]} | REQUEST)[:30], "ends in the middle|are left"),
    ],
    ids=["empty", "no_dict", "no_action", "no_string", "too_far", "many_keys", "cut"],
)
def test_a_request_that_says_it_nowhere_is_refused(payload: bytes, error: str) -> None:
    """Routing reads a bounded number of values."""
    with pytest.raises(WireError, match=error):
        tlv.requested(payload)
