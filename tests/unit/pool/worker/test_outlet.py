"""Chunks wait together where they come fast, and leave in order."""

import threading

import pytest

from supervisord_lite.dirty.errors import DirtyAppError
from supervisord_lite.pool.worker.call import Call
from supervisord_lite.pool.worker.dialects import Dialect, Frozen, Gunicorns, Message, Ours
from supervisord_lite.pool.worker.outlet import Outlet
from supervisord_lite.wire import values
from supervisord_lite.wire.splitter import Splitter


class Arbiter:
    """Takes what is sent; raises `failure` instead where there is one."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.failure: OSError | None = None

    def send(self, message: Message) -> None:
        if self.failure is not None:
            raise self.failure
        self.messages.append(message)

    def chunks(self) -> list[object]:
        splitter = Splitter(1 << 30)
        assert all(isinstance(message, bytes) for message in self.messages)
        frames = splitter.feed(b"".join(self.messages))  # type: ignore[arg-type]
        return [chunk for frame in frames for chunk in values.unpack(frame.payload)]


@pytest.fixture
def arbiter() -> Arbiter:
    return Arbiter()


@pytest.fixture
def outlet(arbiter: Arbiter) -> Outlet:
    return Outlet(Call(7, "m:A", "act", lambda call: None), Ours(values.pack, 1 << 20), arbiter.send)


def test_chunks_that_wait_leave_in_one_message(arbiter: Arbiter, outlet: Outlet) -> None:
    """Those that cannot change as they are, others as they were."""
    row = [1]
    for chunk in (1, "two", row, row, 3.0):
        outlet.put(chunk)
        row[0] += 1
    outlet.flush()
    assert len(arbiter.messages) == 1
    assert arbiter.chunks() == [1, "two", [3], [4], 3.0]


def test_large_chunk_fills_it(outlet: Outlet) -> None:
    """What is put says how much room it takes."""
    assert outlet.put(1) < 100
    assert 10_000 < outlet.put("x" * 10_000) < 10_100
    assert outlet.put(b"x" * 30_000) > 30_000


def test_final_message_is_behind_the_chunks(arbiter: Arbiter, outlet: Outlet) -> None:
    """Whatever still waits goes first."""
    outlet.put(1)
    outlet.finish(b"end")
    assert arbiter.messages[-1] == b"end"
    assert len(arbiter.messages) == 2


def test_failure_on_behalf_of_the_call_is_the_calls(arbiter: Arbiter, outlet: Outlet) -> None:
    """It is raised where the call's own thread sends next."""
    arbiter.failure = BrokenPipeError()
    outlet.put(1)
    outlet.flush_for()
    with pytest.raises(BrokenPipeError):
        outlet.flush()


def test_dropped_chunks_leave_nothing_open(outlet: Outlet) -> None:
    """Nor is anything sent afterwards."""
    import os

    outlet.put(b"x" * 500_000)
    frozen = outlet.queue[0]
    assert isinstance(frozen, Frozen)
    fd = frozen.message.fd  # type: ignore[union-attr]
    os.fstat(fd)
    outlet.drop(OSError())
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(fd)
    assert not outlet.queue


def test_chunks_put_while_another_thread_flushes_keep_their_order(arbiter: Arbiter, outlet: Outlet) -> None:
    """None is lost, none is doubled."""
    is_done = threading.Event()

    def flush() -> None:
        while not is_done.is_set():
            outlet.flush_for()

    thread = threading.Thread(target=flush)
    thread.start()
    for number in range(20_000):
        outlet.put(number)
    is_done.set()
    thread.join()
    outlet.flush()
    assert arbiter.chunks() == list(range(20_000))


@pytest.mark.parametrize("dialect", [Ours(values.pack, 1000), Gunicorns(1000)])
def test_message_that_is_too_long_is_refused(dialect: Dialect) -> None:
    """By whoever makes it: an arbiter would cut the connection."""
    with pytest.raises(DirtyAppError, match="max_message"):
        dialect.response(1, "x" * 1001)
    with pytest.raises(DirtyAppError, match="max_message"):
        dialect.freeze(1, "x" * 1001)
