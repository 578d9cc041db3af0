"""What a client makes of what a pool says: the same for a thread and for a task."""

import datetime
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from supervisord_lite.dirty import (
    DirtyAppError,
    DirtyClient,
    DirtyError,
    DirtyProtocolError,
    DirtyTimeoutError,
    DirtyUntransferableError,
)
from supervisord_lite.wire import envelope, header, values

from .callers import APP, Caller, drain
from .cases import BIG, EXECUTED, RAISED, STREAMED, Case, error, result, says
from .peer import Asked, Peer, Script, Talk, answering

Pool = Callable[[Script], Peer]


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
    """Refused are a time of zero or less, a priority that cannot travel, and an unknown serializer."""
    with pytest.raises(ValueError, match="priority is"):
        DirtyClient(str(tmp_path)).options(priority=2**70)
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
