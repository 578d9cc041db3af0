"""One client for many: threads, tasks, loops, and both sides of a fork."""

import asyncio
import os
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from supervisord_lite.dirty import DirtyClient

from .callers import APP, Caller
from .peer import PATIENCE, Peer, Script, Talk, answering, echo

Pool = Callable[[Script], Peer]

BIG = bytes(2**20)
"""By memfd."""


def descriptors() -> int:
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd"))


def test_streams_and_calls_at_the_same_time(pool: Pool, caller: Caller) -> None:
    """While a stream is read, calls have connections of their own."""

    go_on = threading.Event()

    def script(talk: Talk) -> None:
        while True:
            asked = talk.asked()
            if asked.action_is("tokens"):
                talk.chunks(0)
                go_on.wait(PATIENCE)
                talk.chunks(1, 2)
                talk.end()
            else:
                echo(talk, asked)

    peer = pool(script)
    client = DirtyClient(peer.path)
    first = caller.stream(client, "tokens")
    second = caller.stream(client, "tokens")
    assert [first.take(), second.take(), caller.execute(client, "turn", "x")] == [0, 0, "x"]
    assert peer.connections == 3
    go_on.set()
    assert [first.take(), second.take(), second.take(), first.take()] == [1, 1, 2, 2]
    for stream in (first, second):
        with pytest.raises(StopIteration):
            stream.take()
    assert caller.execute(client, "turn", "y") == "y"
    assert peer.connections == 3
    caller.close(client)


def test_many_threads(pool: Pool) -> None:
    """Threads share a client; each gets its own answers, over no more connections than there are threads."""
    peer = pool(answering(echo))
    client = DirtyClient(peer.path)
    with ThreadPoolExecutor(16) as threads:
        answers = [*threads.map(lambda number: client.execute(APP, "turn", number), range(1600))]
    assert answers == [*range(1600)]
    assert peer.connections <= 16
    client.close()


def test_many_tasks(pool: Pool) -> None:
    """So do tasks, and connections are used again."""
    peer = pool(answering(echo))
    client = DirtyClient(peer.path)

    async def work(number: int) -> list[int]:
        return [await client.execute_async(APP, "turn", number + turn) for turn in range(20)]

    async def all_of_them() -> list[list[int]]:
        async with client:
            return await asyncio.gather(*map(work, range(50)))

    assert asyncio.run(all_of_them()) == [[*range(number, number + 20)] for number in range(50)]
    assert peer.connections <= 51


def test_threads_and_tasks_of_several_loops(pool: Pool) -> None:
    """One client serves threads that block and loops in other threads, all at once."""
    client = DirtyClient(pool(answering(echo)).path)

    async def awaited(number: int) -> int:
        async with client:
            return sum([await client.execute_async(APP, "turn", number) for _ in range(30)])

    def work(number: int) -> int:
        if number % 2:
            return asyncio.run(awaited(number))
        return sum(client.execute(APP, "turn", number) for _ in range(30))

    with ThreadPoolExecutor(6) as threads:
        assert [*threads.map(work, range(12))] == [30 * number for number in range(12)]
    client.close()


def test_loops_that_end_without_closing(pool: Pool) -> None:
    """A program that runs one loop after the other leaves no connections behind."""
    peer = pool(answering(echo))
    client = DirtyClient(peer.path)
    asyncio.run(client.execute_async(APP, "turn", 0))
    before = descriptors()
    for turn in range(20):
        assert asyncio.run(client.execute_async(APP, "turn", turn)) == turn
    assert len(client._connections._by_loop) == 1
    assert descriptors() <= before + 2 * 2  # the pool sees that they end a moment later
    peer.stop()


def test_a_client_that_is_dropped_leaves_nothing(pool: Pool, caller: Caller) -> None:
    """Connections go with the client, without a warning about sockets."""
    peer = pool(answering(echo))
    other = DirtyClient(peer.path)
    caller.execute(other, "turn", 0)
    before = descriptors()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(20):
            client = DirtyClient(peer.path)
            assert caller.execute(client, "turn", 1) == 1
            del client
            caller.execute(other, "turn", 0)
    assert descriptors() <= before + 10  # of 40, as the pool closes its own a moment later
    caller.close(other)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_after_a_fork(pool: Pool, caller: Caller) -> None:
    """The child makes connections of its own, and does not keep the parent's open."""
    talks: list[Talk] = []
    gone = threading.Event()

    def script(talk: Talk) -> None:
        talks.append(talk)
        while True:
            try:
                echo(talk, talk.asked())
            except EOFError:
                if talk is talks[0]:
                    gone.set()
                raise

    peer = pool(script)
    client = DirtyClient(peer.path)
    assert caller.execute(client, "turn", "parent") == "parent"
    begin, proceed = os.pipe()
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.read(begin, 1)
            os.write(tell, client.execute(APP, "turn", "child").encode())
        finally:
            os._exit(0)
    caller.close(client)
    assert gone.wait(PATIENCE)
    os.write(proceed, b"!")
    assert os.read(told, 100) == b"child"
    os.waitpid(pid, 0)
    for fd in (begin, proceed, told, tell):
        os.close(fd)
    assert peer.connections == 2


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_fork_does_not_disturb_the_parent(pool: Pool, caller: Caller) -> None:
    """The parent's connections, and the loop that reads them, go on after a child has come and gone."""
    peer = pool(answering(echo))
    client = DirtyClient(peer.path)
    assert caller.execute(client, "turn", 1) == 1
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    assert caller.execute(client, "turn", 2) == 2
    assert peer.connections == 1
    caller.close(client)
