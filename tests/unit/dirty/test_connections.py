"""Connections: kept, shared, found dead, lost, inherited and closed."""

import asyncio
import os
import select
import socket
import threading
import warnings
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from supervisord_lite.dirty import DirtyClient, DirtyConnectionError
from supervisord_lite.dirty.async_link import HIGH_WATER

from .callers import APP, Caller, drain
from .peer import PATIENCE, Asked, Peer, Script, Talk, answering

Pool = Callable[[Script], Peer]

BIG = bytes(2**20)
"""By memfd."""


def echo(talk: Talk, asked: Asked) -> None:
    """The first argument back."""
    talk.result(asked.args[0])


def endless(gone: threading.Event) -> Script:
    """A stream without end, which notes that its reader has gone."""

    def script(talk: Talk) -> None:
        talk.asked()
        try:
            while True:
                talk.chunks(*range(100))
        except (BrokenPipeError, ConnectionResetError):
            gone.set()

    return script


def descriptors() -> int:
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd"))


def test_no_socket(tmp_path: Path, caller: Caller) -> None:
    """Where there is no socket, the path is named, and what to look at."""
    path = str(tmp_path / "none.sock")
    with pytest.raises(DirtyConnectionError, match=r"no such socket; see by `supctl status`") as caught:
        caller.execute(DirtyClient(path), "predict")
    assert path in str(caught.value)
    assert caught.value.socket_path == path
    assert isinstance(caught.value, ConnectionError)


def test_nobody_listens(tmp_path: Path, caller: Caller) -> None:
    """A socket that its daemon left behind is told from none."""
    path = str(tmp_path / "left.sock")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
    with pytest.raises(DirtyConnectionError, match="nobody listens there"):
        caller.connect(DirtyClient(path))


def test_a_path_that_is_too_long(tmp_path: Path, caller: Caller) -> None:
    """What the kernel cannot take as a path is an error of the connection as well."""
    with pytest.raises(DirtyConnectionError, match="too long"):
        caller.execute(DirtyClient(str(tmp_path / ("x" * 200))), "predict")


def test_connecting_beforehand(pool: Pool, caller: Caller) -> None:
    """`connect` makes the connection that the first call then uses; a second one does nothing."""
    peer = pool(answering(echo))
    client = DirtyClient(peer.path)
    caller.connect(client)
    caller.connect(client)
    assert caller.execute(client, "turn", 1) == 1
    assert peer.connections == 1
    caller.close(client)


def test_a_context_manager(pool: Pool, caller: Caller) -> None:
    """A `with` block connects at its beginning and closes at its end."""
    peer = pool(answering(echo))
    client = DirtyClient(peer.path)
    assert caller.within(client, "turn", 5) == 5
    before = descriptors()
    for turn in range(10):
        assert caller.within(client, "turn", turn) == turn
    assert peer.connections == 11
    assert descriptors() <= before + 5  # the pool's own, which it closes a moment later


def test_a_context_manager_of_a_pool_that_is_not_there(tmp_path: Path, caller: Caller) -> None:
    """A `with` block does not begin where nobody listens."""
    with pytest.raises(DirtyConnectionError):
        caller.within(DirtyClient(str(tmp_path / "none.sock")), "turn", 5)


def test_a_closed_client_can_be_used_again(pool: Pool, caller: Caller) -> None:
    """After `close` the next call makes a connection."""
    peer = pool(answering(echo))
    client = DirtyClient(peer.path)
    for turn in range(3):
        assert caller.execute(client, "turn", turn) == turn
        caller.close(client)
    assert peer.connections == 3


def test_options_share_the_connections(pool: Pool, caller: Caller) -> None:
    """A view of a client is no second client."""
    peer = pool(answering(echo))
    client = DirtyClient(peer.path)
    for turn in range(5):
        assert caller.execute(client.options(timeout=turn + 1, priority=turn), "turn", turn) == turn
    assert peer.connections == 1
    caller.close(client)


def test_an_idle_connection_that_died(pool: Pool, caller: Caller) -> None:
    """A pool that hung up between two calls costs the second one a new connection, and no error."""

    def script(talk: Talk) -> None:
        echo(talk, talk.asked())

    peer = pool(script)
    client = DirtyClient(peer.path)
    for turn in range(20):
        assert caller.execute(client, "turn", turn) == turn
    assert peer.connections >= 20
    caller.close(client)


def test_a_restarted_arbiter(tmp_path: Path, caller: Caller) -> None:
    """All idle connections die at once; the next call finds the pool that is there now."""
    path = str(tmp_path / "dirty.sock")
    client = DirtyClient(path)
    for turn in range(3):
        with Peer(path, answering(echo)):
            assert caller.execute(client, "turn", turn) == turn
    with pytest.raises(DirtyConnectionError, match="no such socket"):
        caller.execute(client, "turn", 1)
    caller.close(client)


def test_a_call_that_was_sent_is_not_repeated(pool: Pool, caller: Caller) -> None:
    """A pool that dies with a call may have run it: the caller decides."""
    asked: list[Asked] = []

    def script(talk: Talk) -> None:
        asked.append(talk.asked())

    client = DirtyClient(pool(script).path)
    with pytest.raises(DirtyConnectionError, match="may have run and is not repeated"):
        caller.execute(client, "pay")
    assert len(asked) == 1


def unread(talk: Talk) -> None:
    """Close when something has come, without reading it: as an arbiter that is killed."""
    select.select([talk.sock], [], [], PATIENCE)


@pytest.mark.parametrize("is_stream", [False, True], ids=["call", "stream"])
def test_a_call_that_was_not_read_is_sent_again(pool: Pool, caller: Caller, is_stream: bool) -> None:
    """A pool that dies before it has read a call cannot have run it: the next one is asked."""
    turns = iter(range(9))

    def script(talk: Talk) -> None:
        if next(turns) == 0:
            echo(talk, talk.asked())
            unread(talk)
        else:
            answering(echo)(talk)

    peer = pool(script)
    client = DirtyClient(peer.path)
    assert caller.execute(client, "turn", 1) == 1
    if is_stream:
        assert [*drain(caller.stream(client, "turn", BIG))] == [BIG]
    else:
        assert caller.execute(client, "turn", BIG) == BIG
    assert peer.connections == 2
    caller.close(client)


def test_a_pool_that_reads_nothing_is_not_asked_for_ever(pool: Pool, caller: Caller) -> None:
    """A new connection that is closed at once is an error, which says that the call did not run."""
    peer = pool(unread)
    with pytest.raises(DirtyConnectionError, match="did not run"):
        caller.execute(DirtyClient(peer.path), "turn", 1)
    assert peer.connections == 1


def test_leaving_a_stream_hangs_up(pool: Pool, caller: Caller) -> None:
    """Closing a stream before its end is known to the pool at once, and the client goes on."""
    gone = threading.Event()
    client = DirtyClient(pool(endless(gone)).path)
    stream = caller.stream(client, "tokens")
    assert [stream.take() for _ in range(150)] == [*range(100), *range(50)]
    stream.close()
    assert gone.wait(PATIENCE)
    with pytest.raises(StopIteration):
        stream.take()
    stream.close()


def test_a_stream_that_was_never_begun_sends_nothing(pool: Pool, caller: Caller) -> None:
    """A stream is asked for with its first chunk."""
    peer = pool(answering(echo))
    client = DirtyClient(peer.path)
    caller.stream(client, "tokens", 1).close()
    del client
    assert peer.connections == 0


def test_breaking_out_of_a_stream(pool: Pool) -> None:
    """A loop that is left early, or a stream in a `with` block, hangs up without more ado."""
    gone = threading.Event()
    client = DirtyClient(pool(endless(gone)).path)
    for chunk in client.stream(APP, "tokens"):
        if chunk == 7:
            break
    assert gone.wait(PATIENCE)
    gone.clear()
    with client.stream(APP, "tokens") as chunks:
        next(chunks)
    assert gone.wait(PATIENCE)


def test_breaking_out_of_a_stream_in_a_task(pool: Pool) -> None:
    """The same in a task, whose loop runs on."""
    gone = threading.Event()
    client = DirtyClient(pool(endless(gone)).path)

    async def work() -> None:
        async for chunk in client.stream_async(APP, "tokens"):
            if chunk == 7:
                break
        assert await asyncio.to_thread(gone.wait, PATIENCE)
        gone.clear()
        async with client.stream_async(APP, "tokens") as chunks:
            await anext(chunks)
        assert await asyncio.to_thread(gone.wait, PATIENCE)

    asyncio.run(work())


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


def test_a_task_that_is_cancelled_hangs_up(pool: Pool) -> None:
    """Cancelling a task that waits is known to the pool at once; the client goes on."""
    asked, gone = threading.Event(), threading.Event()

    def script(talk: Talk) -> None:
        if talk.asked().action_is("turn"):
            talk.result("next")
            talk.wait_for_hang_up()
            return
        asked.set()
        talk.wait_for_hang_up()
        gone.set()

    client = DirtyClient(pool(script).path)

    async def work() -> None:
        for call in (client.execute_async(APP, "slow"), anext(client.stream_async(APP, "slow"))):
            task = asyncio.ensure_future(call)
            assert await asyncio.to_thread(asked.wait, PATIENCE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await asyncio.to_thread(gone.wait, PATIENCE)
            asked.clear()
            gone.clear()
        assert await client.execute_async(APP, "turn") == "next"
        await client.close_async()

    asyncio.run(work())


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


def test_a_slow_task_is_not_read_ahead_for(pool: Pool) -> None:
    """What a task does not take stays with the pool: memory is bounded."""
    sent = 0
    stuck, go_on = threading.Event(), threading.Event()
    chunk = b"x" * 1000

    def script(talk: Talk) -> None:
        nonlocal sent
        talk.asked()
        talk.sock.settimeout(0.1)
        try:
            while sent < 100 * HIGH_WATER:
                talk.chunks(chunk)
                sent += len(chunk)
        except TimeoutError:
            stuck.set()
        go_on.wait(PATIENCE)

    client = DirtyClient(pool(script).path)

    async def work() -> int:
        async with client.stream_async(APP, "tokens") as chunks:
            await anext(chunks)
            assert await asyncio.to_thread(stuck.wait, PATIENCE)
            before = sent
            go_on.set()
            taken = 0
            try:
                async for _ in chunks:
                    taken += 1
            except DirtyConnectionError:
                pass
            assert taken >= before // len(chunk) - 1
            return before

    assert asyncio.run(work()) < 4 * HIGH_WATER


def test_two_tasks_on_one_stream(pool: Pool) -> None:
    """A stream is for one task; a second one is told so, and the first goes on."""
    go_on = threading.Event()

    def script(talk: Talk) -> None:
        talk.asked()
        talk.chunks(1)
        go_on.wait(PATIENCE)
        talk.chunks(2)
        talk.end()

    client = DirtyClient(pool(script).path)

    async def work() -> None:
        chunks: AsyncIterator[Any] = client.stream_async(APP, "tokens")
        assert await anext(chunks) == 1
        waiting = asyncio.ensure_future(anext(chunks))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="another task"):
            await anext(chunks)
        go_on.set()
        assert await waiting == 2
        assert [chunk async for chunk in chunks] == []
        await client.close_async()

    asyncio.run(work())


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
