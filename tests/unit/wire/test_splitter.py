"""The stream of a dirty pool, cut into messages."""

import itertools
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.wire import header
from supervisord_lite.wire.errors import WireError
from supervisord_lite.wire.header import BY_FD, HEADER, MAGIC, V1, V2
from supervisord_lite.wire.splitter import Frame, Splitter, frame

LIMIT = 100_000
FRAMES = [
    Frame(V1, header.REQUEST, 1, b"abc", False),
    Frame(V2, header.RESPONSE, 2**64 - 1, b"", False),
    Frame(V2, header.CHUNK, 3, b"x" * 40_000, False),
    Frame(V2, header.REQUEST, 4, b"by fd", True),
    Frame(V2, header.WORD, 0, b"word", False),
]


def encoded(message: Frame) -> bytes:
    """The message as bytes."""
    kind = message.kind | (BY_FD if message.by_fd else 0)
    return frame(message.version, kind, message.request_id, message.payload)


STREAM = b"".join(map(encoded, FRAMES))


@pytest.mark.parametrize("message", FRAMES, ids=lambda message: f"{message.kind}_{len(message.payload)}")
def test_a_message_in_one_read_comes_out_at_once(message: Frame) -> None:
    """The common case: a read is a message."""
    splitter = Splitter(LIMIT)
    assert splitter.feed(encoded(message)) == [message]
    assert splitter.waiting == 0


def test_a_long_payload_is_not_copied() -> None:
    """What was read in one go is handed on as it is."""
    data = encoded(FRAMES[2])
    [message] = Splitter(LIMIT).feed(data)
    assert isinstance(message.payload, memoryview)
    assert message.payload.obj is data


def test_a_stream_may_come_byte_by_byte() -> None:
    """A message comes out with its last byte, and not before."""
    splitter = Splitter(LIMIT)
    assert [message for byte in STREAM for message in splitter.feed(bytes([byte]))] == FRAMES
    assert splitter.waiting == 0


@given(st.lists(st.integers(0, len(STREAM)), max_size=6))
def test_a_stream_may_be_cut_anywhere(cuts: list[int]) -> None:
    """Whatever the reads, the messages come out whole and in order."""
    splitter = Splitter(LIMIT)
    edges = [0, *sorted(cuts), len(STREAM)]
    reads = [STREAM[start:end] for start, end in itertools.pairwise(edges)]
    assert [message for read in reads for message in splitter.feed(read)] == FRAMES


def test_payloads_are_their_receivers_to_keep() -> None:
    """What comes later does not change a payload."""
    splitter = Splitter(LIMIT)
    first = splitter.feed(STREAM[:50]) + splitter.feed(STREAM[50:])
    splitter.feed(encoded(Frame(V2, header.CHUNK, 9, b"y" * 40_000, False))[:30_000])
    assert first == FRAMES


def test_half_a_message_is_waited_for() -> None:
    """How much of it is there can be asked."""
    splitter = Splitter(LIMIT)
    assert splitter.feed(STREAM[:10]) == []
    assert splitter.waiting == 10


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (HEADER.pack(b"GE", V1, 1, 0, 5), r"begins with b'GE' instead of b'GD'"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", r"begins with b'GE'"),
        (HEADER.pack(MAGIC, 3, 1, 0, 5), r"version 3 of the protocol is not known here, only 1 and 2"),
        (HEADER.pack(MAGIC, V1, 0x06, 0, 5), r"message type 0x06 is not known in version 1"),
        (HEADER.pack(MAGIC, V1, header.HELLO, 0, 5), r"message type 0x20 is not known in version 1"),
        (
            HEADER.pack(MAGIC, V1, header.REQUEST | BY_FD, 0, 5),
            r"message type 0x81 is not known in version 1",
        ),
        (HEADER.pack(MAGIC, V2, header.WORD | BY_FD, 0, 5), r"message type 0xa1 is not known in version 2"),
        (HEADER.pack(MAGIC, V2, 1, LIMIT + 1, 5), r"message of 100001 bytes is over the limit of 100000"),
    ],
    ids=["magic", "http", "version", "type", "backstage_type", "v1_by_fd", "word_by_fd", "too_long"],
)
@pytest.mark.parametrize("before", [b"", STREAM, STREAM[:10]], ids=["first", "after_others", "completed"])
def test_what_is_no_message_is_refused_by_its_header(data: bytes, error: str, before: bytes) -> None:
    """A sentence says what is wrong."""
    splitter = Splitter(LIMIT)
    if before == STREAM[:10]:
        splitter.feed(data[:10])
        data = data[10:]
    else:
        splitter.feed(before)
    with pytest.raises(WireError, match=error):
        splitter.feed(data)


def test_a_refused_message_names_its_request_where_it_has_one() -> None:
    """The refusal can be sent to whoever asked."""
    with pytest.raises(WireError) as caught:
        Splitter(10).feed(frame(V1, header.REQUEST, 77, b"x" * 11))
    assert (caught.value.version, caught.value.request_id) == (V1, 77)


def test_the_limit_itself_is_allowed() -> None:
    """A payload may be as long as the limit says."""
    assert len(Splitter(10).feed(frame(V1, header.REQUEST, 1, b"x" * 10))) == 1


def test_a_claimed_length_allocates_nothing() -> None:
    """Memory is taken by the bytes that arrive."""
    splitter = Splitter(2**32)
    tracemalloc.start()
    try:
        splitter.feed(HEADER.pack(MAGIC, V2, 1, 2**32 - 1, 1) + b"x" * 100)
        assert tracemalloc.get_traced_memory()[1] < 10_000
    finally:
        tracemalloc.stop()


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_are_messages_or_an_error(reads: list[bytes]) -> None:
    """Nothing else is raised."""
    splitter = Splitter(LIMIT)
    try:
        for read in reads:
            splitter.feed(read)
    except WireError:
        pass


@given(st.data())
def test_a_damaged_stream_is_messages_or_an_error(data: st.DataObject) -> None:
    """One byte that is wrong is an error or another message."""
    at = data.draw(st.integers(0, 200))
    damaged = bytearray(STREAM)
    damaged[at] = data.draw(st.integers(0, 255))
    try:
        Splitter(LIMIT).feed(bytes(damaged))
    except WireError:
        pass
