"""Frames: a length, and that many bytes of msgpack."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from supervisord_lite.wire import frames
from supervisord_lite.wire.frames import FrameError, Reader


class Word(Struct, tag="word", frozen=True):
    """A message of this test."""

    text: str


class Count(Struct, tag="count", frozen=True):
    """Another one."""

    number: int


Message = Word | Count
MESSAGES = [Word(""), Count(7), Word("naïve" * 40)]
STREAM = b"".join(map(frames.encode, MESSAGES))


def a_reader() -> Reader[Message]:
    """A reader of both kinds."""
    return Reader[Message](Message)  # type: ignore[arg-type]


def test_a_stream_may_be_split_anywhere() -> None:
    """Whatever the pieces, the messages come out whole and in order."""
    for cut in range(len(STREAM) + 1):
        reader = a_reader()
        assert reader.feed(STREAM[:cut]) + reader.feed(STREAM[cut:]) == MESSAGES, f"split at {cut}"


def test_a_stream_may_come_byte_by_byte() -> None:
    """A message comes out with its last byte."""
    reader = a_reader()
    assert [message for byte in STREAM for message in reader.feed(bytes([byte]))] == MESSAGES


@given(st.lists(st.builds(Word, st.text()) | st.builds(Count, st.integers(-(2**63), 2**64 - 1)), max_size=5))
def test_what_is_encoded_is_read(messages: list[Message]) -> None:
    """Any message survives the way."""
    assert a_reader().feed(b"".join(map(frames.encode, messages))) == messages


def test_a_frame_of_the_greatest_length_is_waited_for() -> None:
    """The limit itself is allowed."""
    assert a_reader().feed(frames.HEADER.pack(frames.MAX_FRAME)) == []


def test_a_longer_frame_is_refused_by_its_header() -> None:
    """Nothing is kept for what is too long."""
    with pytest.raises(FrameError, match=r"^a frame of 16777217 bytes is over the limit of 16777216$"):
        a_reader().feed(frames.HEADER.pack(frames.MAX_FRAME + 1))


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xc1",
        b"\x81",
        b"\xa4word",
        b"\x82\xa4type\xa4word",
        frames.encode(Word("x"))[4:] + b"\0",
        b"\x82\xa4type\xa5count\xa6number\xa1x",
        b"\x81\xa4type\xa4evil",
        b"\x82\xa4type\xa4word\xa4text\xa1\xff",
        b"\x91" * 100_000 + b"\xc0",
        b"\x81\xa1x" + b"\x91" * 100_000 + b"\xc0",
    ],
    ids=[
        *("empty", "reserved_byte", "cut_short", "no_map", "no_value", "rest_behind", "wrong_type"),
        *("unknown_tag", "no_utf8", "too_deep", "too_deep_in_an_unknown_field"),
    ],
)
def test_garbage_is_no_message(payload: bytes) -> None:
    """Whatever a peer sends, it is a message or a `FrameError`."""
    with pytest.raises(FrameError, match=r"^not a message: "):
        a_reader().feed(frames.HEADER.pack(len(payload)) + payload)


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_an_error(data: bytes) -> None:
    """Nothing else is raised."""
    try:
        a_reader().feed(data)
    except FrameError:
        pass
