"""Streams out of a worker: every chunk, in order, as soon as need be, and no faster than they are read."""

import os
import time
from collections.abc import Callable
from itertools import chain

import pytest

from supervisord_lite.wire import header
from tests.integration.pools.worker import APPS, Connection, WorkerProcess, new_worker

__all__ = ["new_worker"]

New = Callable[..., WorkerProcess]


@pytest.fixture
def worker(new_worker: New) -> WorkerProcess:
    """A worker with one lane."""
    return new_worker("Plain", "Streams", "Async").start()


@pytest.fixture
def lane(worker: WorkerProcess) -> Connection:
    """Its lane."""
    return worker.serve()[1][0]


@pytest.mark.parametrize("app", ["Streams", "Async"])
@pytest.mark.parametrize("count", [0, 1, 2, 50_000])
def test_all_chunks_arrive_in_order(lane: Connection, app: str, count: int) -> None:
    """Many in a message where they come fast; the first alone."""
    lane.request(5, app, "count", count, is_stream=True)
    messages = lane.chunks(5)
    assert list(chain.from_iterable(messages)) == list(range(count))
    assert not messages or messages[0] == [0]
    assert len(messages) < 5000


def test_chunk_is_sent_before_the_next_is_made(worker: WorkerProcess, lane: Connection) -> None:
    """The first chunk does not wait for anything."""
    lane.request(5, "Streams", "one_then_waits", is_stream=True)
    assert lane.answer() == (header.CHUNK, 5, ["first"])


def test_chunk_that_followed_fast_is_sent_all_the_same(lane: Connection) -> None:
    """A generator that falls asleep does not keep back what it has yielded."""
    lane.request(5, "Streams", "two_then_waits", is_stream=True)
    assert lane.answer() == (header.CHUNK, 5, [1])
    assert lane.answer() == (header.CHUNK, 5, [2])


def test_chunk_is_as_it_was_when_yielded(lane: Connection) -> None:
    """What the generator does to it afterwards is not seen."""
    lane.request(5, "Streams", "same_list", is_stream=True)
    assert list(chain.from_iterable(lane.chunks(5))) == [[n] for n in range(5)]


@pytest.mark.parametrize("version", [1, 2])
def test_chunks_of_all_types_keep_their_order(lane: Connection, version: int) -> None:
    """Whether they may wait as they are or not."""
    wanted = [1, "two", [3], b"4", {"five": 5}, 6.0, None]
    if version == 2:
        lane.request(5, "Streams", "mixed", is_stream=True)
        assert list(chain.from_iterable(lane.chunks(5))) == wanted
    else:
        lane.request_v1(5, "Streams", "mixed")
        assert lane.chunks(5) == wanted


def test_large_chunk_goes_alone(lane: Connection) -> None:
    """In a memfd, between the others."""
    lane.request(5, "Streams", "large", 1_000_000, is_stream=True)
    assert lane.chunks(5) == [[1], [bytes(1_000_000)], [2]]


def test_iterator_is_a_stream(lane: Connection) -> None:
    """As the streamers of libraries are."""
    lane.request(5, "Streams", "iterator", is_stream=True)
    assert list(chain.from_iterable(lane.chunks(5))) == [1, 2, 3]


def test_generator_of_an_async_action_is_a_stream(lane: Connection) -> None:
    """What it returns once awaited counts."""
    lane.request(5, "Async", "gives_generator", is_stream=True)
    assert list(chain.from_iterable(lane.chunks(5))) == [0, 1, 2]


@pytest.mark.parametrize("app", ["Streams", "Async"])
def test_exception_ends_the_stream(worker: WorkerProcess, lane: Connection, app: str) -> None:
    """After the chunks that came before it."""
    lane.request(5, app, "fails", is_stream=True)
    assert lane.answer() == (header.CHUNK, 5, [1])
    failure = lane.error(5)
    assert failure.message == "half way"
    assert "worker_apps.py" in failure.details["traceback"]
    worker.errors.expect(f"call 5 {APPS}:{app}:fails failed: ValueError: half way")
    assert lane.call("Plain", "noop") is None


def test_chunk_that_cannot_travel_ends_the_stream(lane: Connection) -> None:
    """With an error that says which."""
    lane.request(5, "Streams", "cannot_travel", is_stream=True)
    assert lane.answer() == (header.CHUNK, 5, [1])
    assert "chunk: a _thread.lock cannot travel" in lane.error(5).message


@pytest.mark.parametrize("app", ["Streams", "Async"])
def test_slow_reader_slows_the_generator(worker: WorkerProcess, lane: Connection, app: str) -> None:
    """What is not read is not made: the worker's memory stays where it is."""
    lane.request(5, app, "endless", is_stream=True)
    assert lane.answer()[2] == ["x" * 10000]
    assert worker.process is not None
    stat = f"/proc/{worker.process.pid}/stat"
    deadline = time.monotonic() + 10
    before = -1
    while (now := _ticks(stat)) != before:  # it makes no more once nothing has been read for a while
        assert time.monotonic() < deadline
        before = now
        time.sleep(0.2)  # of its processor time, which nobody announces
    lane.close()
    worker.backstage.connections.remove(lane)
    assert worker.told() == "ended"


def _ticks(stat: str) -> int:
    with open(stat) as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_descriptors_are_all_closed(worker: WorkerProcess, lane: Connection) -> None:
    """Memfds both ways leave nothing open."""
    assert worker.process is not None
    large = b"x" * 500_000
    lane.call("Plain", "same", large)
    lane.call("Plain", "noop")  # its own is closed behind an answer
    before = len(os.listdir(f"/proc/{worker.process.pid}/fd"))
    for _ in range(20):
        lane.call("Plain", "same", large)
    lane.call("Plain", "noop")
    assert len(os.listdir(f"/proc/{worker.process.pid}/fd")) == before
