"""The protocol without a socket: whatever comes, it is an answer or an error, and no descriptor is left."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.dirty.errors import DirtyError
from supervisord_lite.dirty.exchange import MAX_DESCRIPTORS, Exchange, request
from supervisord_lite.linux import sealed
from supervisord_lite.wire import envelope, header, layout, values
from supervisord_lite.wire.errors import WireError
from supervisord_lite.wire.splitter import frame

KINDS = st.sampled_from([*range(1, 6), 0x10, 0x11, 0x20, 0x82, 0x84, 0xFF])
BODIES = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda value: values.pack(value).document, st.lists(st.integers() | st.text(), max_size=4)),
    st.builds(envelope.encode, st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=3)),
)
MESSAGES = st.builds(frame, st.sampled_from([1, 2]), KINDS, st.integers(0, 8), BODIES)


def memfd(value: object) -> int:
    """A body in a memfd."""
    return sealed.write(layout.join(values.pack(value)))


@given(st.lists(MESSAGES, max_size=5), st.data())
def test_any_messages_in_any_pieces(messages: list[bytes], data: st.DataObject) -> None:
    """What comes is answers to the question that was asked, or it is refused; however it is cut."""
    exchange = Exchange()
    exchange.expect(7)
    rest = b"".join(messages)
    try:
        while rest:
            cut = data.draw(st.integers(1, len(rest)))
            piece, rest = rest[:cut], rest[cut:]
            for kind, value in exchange.feed(piece, ()):
                assert kind in (header.RESPONSE, header.CHUNK, header.END, header.ERROR)
                assert kind != header.ERROR or isinstance(value, DirtyError)
                assert kind != header.CHUNK or isinstance(value, list)
    except WireError:
        pass


@given(st.binary(max_size=100))
def test_any_bytes(data: bytes) -> None:
    """Garbage is refused as such."""
    exchange = Exchange()
    try:
        assert exchange.feed(data, ()) == []
    except WireError:
        pass


def test_descriptors_are_claimed_in_order() -> None:
    """Descriptors may come before their messages; those of messages for nobody are closed with them."""
    exchange = Exchange()
    exchange.expect(2)
    by_fd = header.RESPONSE | header.BY_FD
    fds = [memfd("late"), memfd("mine"), memfd("over")]
    assert exchange.feed(frame(2, by_fd, 1)[:5], fds) == []
    answer = exchange.feed(frame(2, by_fd, 1)[5:] + frame(2, by_fd, 2), ())
    assert answer == [(header.RESPONSE, "mine")]
    exchange.close()
    for fd in fds:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


def test_too_many_descriptors() -> None:
    """A peer cannot fill this process's table with descriptors that belong to nothing."""
    exchange = Exchange()
    fds = [os.dup(0) for _ in range(MAX_DESCRIPTORS + 1)]
    with pytest.raises(WireError, match="more than 64 descriptors"):
        exchange.feed(b"G", fds)
    exchange.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fds[0])


def test_a_question() -> None:
    """A call is one message, numbered anew each time, with everything that routing needs."""
    number, data, parts = request("shop:App", "predict", (1,), {"x": 2}, 5.0, 3, True, 60.0)
    magic, version, kind, length, sent = header.HEADER.unpack_from(data)
    assert (magic, version, kind, length) == (b"GD", 2, header.REQUEST, len(data) - 16)
    assert sent == number != request("shop:App", "predict", (), {})[0]
    assert not parts
    asked = envelope.decode_request(data[16:])
    assert asked.body is not None
    assert values.unpack(asked.body) == [[1], {"x": 2}]
    assert (asked.app, asked.action, asked.timeout, asked.priority) == ("shop:App", "predict", 5.0, 3)
    assert (asked.is_stream, asked.total, asked.serializer) == (True, 60.0, envelope.MSGPACK)
