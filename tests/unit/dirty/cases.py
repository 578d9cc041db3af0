"""What a pool may say to a call or a stream, and what its caller then gets."""

import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from supervisord_lite.dirty import (
    DirtyAppError,
    DirtyAppNotFoundError,
    DirtyConnectionError,
    DirtyError,
    DirtyProtocolError,
    DirtyQueueFullError,
)
from supervisord_lite.wire import envelope, header, values
from supervisord_lite.wire.splitter import frame

from .callers import APP
from .peer import Asked, Talk

Say = Callable[[Talk, Asked], None]

BIG = bytes(range(256)) * 4096  # 1 MiB: by memfd
RAISED = DirtyAppError("no such model", APP, "predict", "Traceback: line 7", "KeyError")
FULL = DirtyQueueFullError(APP, 3)


def says(*acts: Callable[[Talk], Any]) -> Say:
    """Several things in answer to one message."""

    def say(talk: Talk, _: Asked) -> None:
        for act in acts:
            act(talk)

    return say


def result(value: Any) -> Callable[[Talk], None]:
    """A result."""
    return lambda talk: talk.result(value)


def chunks(*values_: Any) -> Callable[[Talk], None]:
    """Chunks in one message."""
    return lambda talk: talk.chunks(*values_)


def error(what: DirtyError, number: int | None = None) -> Callable[[Talk], None]:
    """A failure."""
    return lambda talk: talk.error(what, number)


def raw(data: bytes) -> Callable[[Talk], None]:
    """These bytes."""
    return lambda talk: talk.raw(data)


def whole(kind: int, payload: bytes, number: int = 0) -> Callable[[Talk], None]:
    """A message; of the latest question, where no number is given."""
    return lambda talk: talk.say(kind, payload, number or None)


end = Talk.end


def late(talk: Talk) -> None:
    """An answer to a call of which nobody knows any more."""
    talk.say(header.RESPONSE, values.pack("late").document, number=talk.number + 2**40)


def in_bytes(talk: Talk) -> None:
    """A result that comes in many pieces."""
    for byte in frame(header.V2, header.RESPONSE, talk.number, values.pack("piecemeal").document):
        talk.raw(bytes([byte]))


def together(talk: Talk) -> None:
    """A whole stream in one piece."""
    talk.raw(
        frame(header.V2, header.CHUNK, talk.number, values.pack([1, 2]).document)
        + frame(header.V2, header.CHUNK, talk.number, values.pack([3]).document)
        + frame(header.V2, header.END, talk.number)
    )


def unsealed(talk: Talk) -> None:
    """A memfd that its sender could still change."""
    fd = os.memfd_create("body")
    os.write(fd, b"1234567890123456")
    talk.raw(frame(header.V2, header.RESPONSE | header.BY_FD, talk.number), [fd])
    os.close(fd)


def hang_up(talk: Talk) -> None:
    """The end of the connection."""
    talk.sock.shutdown(socket.SHUT_RDWR)


@dataclass
class Case:
    """What the pool says to a call, and what the caller gets: a value, or an error with these words in it."""

    say: Say
    value: Any = None
    error: type[Exception] | None = None
    words: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)


EXECUTED = {
    "nothing": Case(says(result(None))),
    "a_value": Case(says(result({"a": [1, 2.5, (3,)], 4: {5}})), {"a": [1, 2.5, (3,)], 4: {5}}),
    "a_large_value": Case(says(result(BIG)), BIG),
    "in_many_pieces": Case(says(in_bytes), "piecemeal"),
    "after_a_late_reply": Case(says(late, result("mine")), "mine"),
    "an_error": Case(
        says(error(RAISED)), None, DirtyAppError, ("no such model",),
        {"app_path": APP, "action": "predict", "traceback": "Traceback: line 7", "exception": "KeyError"},
    ),
    "not_found": Case(says(error(DirtyAppNotFoundError(APP))), None, DirtyAppNotFoundError, (APP,)),
    "queue_full": Case(says(error(FULL)), None, DirtyQueueFullError, (APP,), {"limit": 3}),
    "an_error_of_a_class_unknown_here": Case(
        says(whole(header.ERROR, envelope.encode({"error_type": "Novel", "message": "new"}))),
        None, DirtyError, ("new",),
    ),
    "an_error_about_the_connection": Case(
        says(error(DirtyProtocolError("half a header"), 0)), None, DirtyProtocolError, ("half a header",)
    ),
    "a_stream": Case(says(chunks(1)), None, DirtyProtocolError, ("stream()",)),
    "hangs_up": Case(says(hang_up), None, DirtyConnectionError, ("may have run", "dirty.sock", APP)),
    "hangs_up_within_the_answer": Case(
        says(raw(frame(2, header.RESPONSE, 1, b"12345678")[:20]), hang_up), None, DirtyConnectionError
    ),
    "wrong_magic": Case(
        says(raw(b"HTTP/1.1 200 OK\r\n\r\n")), None, DirtyProtocolError, ("HT", "dirty.sock")
    ),
    "wrong_version": Case(
        says(raw(struct.pack(">2sBBIQ", b"GD", 9, 2, 0, 1))), None, DirtyProtocolError, ("version 9",)
    ),
    "version_1": Case(
        says(raw(frame(header.V1, header.RESPONSE, 1, b"\0"))), None, DirtyProtocolError, ("gunicorn",)
    ),
    "no_answer_by_kind": Case(says(whole(header.STASH, b"")), None, DirtyProtocolError, ("0x10",)),
    "a_body_of_garbage": Case(says(whole(header.RESPONSE, b"\xc1")), None, DirtyProtocolError),
    "an_error_of_garbage": Case(says(whole(header.ERROR, b"\xc1")), None, DirtyProtocolError),
    "no_list_of_chunks": Case(
        says(whole(header.CHUNK, values.pack(7).document)), None, DirtyProtocolError, ("int",)
    ),
    "no_memfd": Case(says(whole(header.RESPONSE | header.BY_FD, b"")), None, DirtyProtocolError, ("memfd",)),
    "an_unsealed_memfd": Case(says(unsealed), None, DirtyProtocolError, ("not sealed",)),
}  # fmt: skip

STREAMED = {
    "nothing": Case(says(end), []),
    "chunks": Case(says(chunks("a"), chunks("b"), end), ["a", "b"]),
    "a_batch": Case(says(chunks(1, 2, 3), chunks(4), end), [1, 2, 3, 4]),
    "all_in_one_piece": Case(says(together), [1, 2, 3]),
    "large_chunks": Case(says(chunks("a"), chunks(BIG), chunks(BIG[1:]), end), ["a", BIG, BIG[1:]]),
    "after_late_chunks": Case(says(late, chunks(1), late, end), [1]),
    "a_plain_result": Case(says(result("all")), ["all"]),
    "an_error_at_once": Case(says(error(RAISED)), [], DirtyAppError, ("no such model",)),
    "an_error_in_between": Case(says(chunks(1, 2), error(RAISED)), [1, 2], DirtyAppError, ("no such",)),
    "hangs_up_in_between": Case(says(chunks(1), hang_up), [1], DirtyConnectionError, ("may have run",)),
    "garbage": Case(says(raw(b"x" * 40)), [], DirtyProtocolError, ("dirty.sock",)),
}
