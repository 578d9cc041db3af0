"""What a client makes of what a pool says: the same for a thread and for a task."""

import datetime
import os
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supervisord_lite.dirty import (
    DirtyAppError,
    DirtyAppNotFoundError,
    DirtyClient,
    DirtyConnectionError,
    DirtyError,
    DirtyProtocolError,
    DirtyQueueFullError,
    DirtyTimeoutError,
    DirtyUntransferableError,
)
from supervisord_lite.wire import envelope, header, values
from supervisord_lite.wire.splitter import frame

from .callers import APP, Caller, drain
from .peer import Asked, Peer, Script, Talk, answering

Pool = Callable[[Script], Peer]
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


def examine(case: Case, raised: Exception) -> None:
    """An error is of its class, has its words and its fields, and is a sentence."""
    assert type(raised) is case.error
    assert isinstance(raised, DirtyError)
    for words in case.words:
        assert words in str(raised)
    for name, value in case.fields.items():
        assert getattr(raised, name) == value


@pytest.mark.parametrize("case", EXECUTED.values(), ids=EXECUTED)
def test_executing(case: Case, pool: Pool, caller: Caller) -> None:
    """A call gives the value that came, or raises the error that came or that was met."""
    peer = pool(answering(case.say))
    client = DirtyClient(peer.path)
    if case.error is None:
        assert caller.execute(client, "predict") == case.value
    else:
        with pytest.raises(case.error) as caught:
            caller.execute(client, "predict")
        examine(case, caught.value)
    caller.close(client)


@pytest.mark.parametrize("case", STREAMED.values(), ids=STREAMED)
def test_streaming(case: Case, pool: Pool, caller: Caller) -> None:
    """A stream gives its chunks one by one, then ends or raises; and stays ended."""
    peer = pool(answering(case.say))
    client = DirtyClient(peer.path)
    stream = caller.stream(client, "predict")
    taken = []
    try:
        for chunk in drain(stream):
            taken.append(chunk)
        assert case.error is None
    except DirtyError as raised:
        examine(case, raised)
    assert taken == case.value
    assert list(drain(stream)) == []
    caller.close(client)


@pytest.mark.parametrize("say", ["a_value", "an_error", "an_error_at_once"])
def test_connections_are_kept(say: str, pool: Pool, caller: Caller) -> None:
    """Calls that follow each other, answered by results or errors, share one connection."""
    case = EXECUTED.get(say) or STREAMED[say]
    peer = pool(answering(case.say, says(result("next"))))
    client = DirtyClient(peer.path)
    try:
        caller.execute(client, "predict")
    except DirtyError:
        pass
    assert caller.execute(client, "predict") == "next"
    assert caller.execute(client, "predict") == "next"
    assert peer.connections == 1
    caller.close(client)


def test_a_traceback_from_the_worker_is_shown(pool: Pool, caller: Caller) -> None:
    """An error of an app carries the worker's traceback, below the caller's own."""
    peer = pool(answering(says(error(RAISED))))
    with pytest.raises(DirtyAppError) as caught:
        caller.execute(DirtyClient(peer.path), "predict")
    assert caught.value.__notes__ == ["In the worker:\nTraceback: line 7"]


def test_what_a_request_says(pool: Pool, caller: Caller) -> None:
    """Arguments, the caller's time, priority and kind of call travel with a call; options change them."""
    seen: list[Asked] = []

    def note(talk: Talk, asked: Asked) -> None:
        seen.append(asked)
        talk.result(None)

    client = DirtyClient(pool(answering(note)).path, timeout=5, priority=2)
    today = datetime.date(2024, 5, 17)
    caller.execute(client, "predict", 1, (2, {3}), day=today)
    view = client.options(timeout=7.5, priority=-1, total=60)
    list(drain(caller.stream(view, "tokens", "x")))
    caller.execute(client.options(timeout=None), "rest")
    first, second, third = seen
    assert (first.args, first.kwargs) == ([1, (2, {3})], {"day": today})
    assert first.request.app == APP
    assert first.request.action == "predict"
    assert (first.request.timeout, first.request.priority, first.request.is_stream) == (5, 2, False)
    assert (second.args, second.request.timeout, second.request.priority) == (["x"], 7.5, -1)
    assert (second.request.is_stream, second.request.total) == (True, 60)
    assert (third.request.timeout, third.request.priority, third.request.total) == (None, 2, None)
    assert len({first.number, second.number, third.number}) == 3
    caller.close(client)


def test_large_arguments_go_by_memfd(pool: Pool, caller: Caller) -> None:
    """Large bytes and arrays leave and come without passing through the stream, and arrays can be written."""
    seen: list[bool] = []

    def echo(talk: Talk, asked: Asked) -> None:
        seen.append(asked.by_fd)
        talk.result([asked.args[0], asked.kwargs["image"]])

    client = DirtyClient(pool(answering(echo)).path)
    image = np.arange(200_000, dtype="<u4").reshape(400, 500)
    counts = []
    for _ in range(5):
        data, array = caller.execute(client, "turn", BIG, image=image)
        assert data == BIG
        assert (array == image).all()
        array[0, 0] = 7
        counts.append(len(os.listdir("/proc/self/fd")))
    assert all(seen)
    assert max(counts) <= min(counts) + 2  # what the pool has not closed yet
    caller.close(client)


def test_middling_arguments_go_through_the_stream(pool: Pool, caller: Caller) -> None:
    """What is below the threshold needs no descriptor, however it is made up."""

    def echo(talk: Talk, asked: Asked) -> None:
        assert not asked.by_fd
        talk.result(asked.args[0])

    client = DirtyClient(pool(answering(echo)).path)
    data = BIG[: values.BY_FD_OVER - 1000]
    assert caller.execute(client, "turn", data) == data
    caller.close(client)


def test_what_cannot_travel_is_refused_here(pool: Pool, caller: Caller) -> None:
    """The path of the value is named, nothing is sent, and no connection is made for it."""
    peer = pool(answering(says(result(None))))
    client = DirtyClient(peer.path)
    with pytest.raises(DirtyUntransferableError) as caught:
        caller.execute(client, "predict", {"model": [1, object()]})
    assert 'args[0]["model"][1]' in str(caught.value)
    assert APP in str(caught.value)
    assert (caught.value.path, caught.value.type_name) == ('args[0]["model"][1]', "object")
    assert isinstance(caught.value, TypeError | DirtyProtocolError)
    with pytest.raises(DirtyUntransferableError, match=r"kwargs\[\"on\"\]|kwargs\.on|kwargs"):
        caller.stream(client, "predict", on=print).take()
    assert peer.connections == 0


def test_pickle_where_it_was_asked_for(pool: Pool, caller: Caller) -> None:
    """A client with that serializer sends and understands what only pickle can carry."""

    def echo(talk: Talk, asked: Asked) -> None:
        assert asked.request.serializer == envelope.PICKLE
        talk.result(asked.args[0], envelope.PICKLE)

    client = DirtyClient(pool(answering(echo)).path, serializer="pickle")
    assert caller.execute(client, "turn", Path("/srv")) == Path("/srv")
    caller.close(client)


def test_the_status_of_a_pool(pool: Pool, caller: Caller) -> None:
    """It is a message of its own, answered by a map."""

    def report(talk: Talk, asked: Asked) -> None:
        assert asked.kind == header.STATUS
        talk.result({"queued": 3, "workers": []})

    client = DirtyClient(pool(answering(report)).path)
    assert caller.status(client) == {"queued": 3, "workers": []}
    caller.close(client)


def test_more_and_fewer_workers(pool: Pool) -> None:
    """Adding and removing workers are manage messages with gunicorn's keys."""
    seen: list[Any] = []

    def manage(talk: Talk, asked: Asked) -> None:
        seen.append((asked.kind, envelope.msgspec.msgpack.decode(asked.payload)))
        talk.result({"success": True})

    client = DirtyClient(pool(answering(manage)).path)
    assert client.add_workers(2) == {"success": True}
    assert client.remove_workers() == {"success": True}
    client.close()
    assert seen == [(header.MANAGE, {"op": 1, "count": 2}), (header.MANAGE, {"op": 2, "count": 1})]


def test_a_timeout_that_cannot_be(tmp_path: Path) -> None:
    """A client refuses a time of zero or less, and a serializer that it does not know."""
    with pytest.raises(ValueError, match="timeout is 0"):
        DirtyClient(tmp_path / "x", timeout=0)
    with pytest.raises(ValueError, match="total is -1"):
        DirtyClient(tmp_path / "x").options(total=-1)
    with pytest.raises(ValueError, match="serializer is 'json'"):
        DirtyClient(tmp_path / "x", serializer="json")


def test_timeouts_are_told_as_such(pool: Pool, caller: Caller) -> None:
    """An error that came from the pool about its own time is the same class as the client's."""
    peer = pool(answering(says(error(DirtyTimeoutError("ran for 300 s", 300)))))
    client = DirtyClient(peer.path)
    with pytest.raises(TimeoutError, match="ran for 300 s") as caught:
        caller.execute(client, "predict")
    assert isinstance(caught.value, DirtyTimeoutError)
    assert caught.value.timeout == 300
    caller.close(client)
