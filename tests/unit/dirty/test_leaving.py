"""Streams that are left early, or read slowly, and calls that are cancelled."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from supervisord_lite.dirty import DirtyClient, DirtyConnectionError
from supervisord_lite.dirty.async_link import HIGH_WATER

from .callers import APP, Caller
from .peer import PATIENCE, Peer, Script, Talk, answering, echo

Pool = Callable[[Script], Peer]

BIG = bytes(2**20)
"""By memfd."""


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
