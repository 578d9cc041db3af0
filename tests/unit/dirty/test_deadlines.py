"""How long a client waits: for a call as a whole, and for a stream from chunk to chunk."""

import threading
from collections.abc import Callable

import pytest

from supervisord_lite.dirty import DirtyClient, DirtyError, DirtyTimeoutError
from supervisord_lite.dirty.exchange import ask
from supervisord_lite.wire import header

from .callers import APP, Caller, drain
from .peer import PATIENCE, Asked, Peer, Script, Talk, answering

Pool = Callable[[Script], Peer]

SHORT = 0.05
"""Seconds that a test waits for nothing."""

AMPLE = 20.0
"""Seconds that no test waits."""


class Silence:
    """A pool that says nothing, and notes who hangs up."""

    def __init__(self, *firsts: Callable[[Talk], None]) -> None:
        self.gone = threading.Event()
        self._firsts = firsts

    def __call__(self, talk: Talk) -> None:
        talk.asked()
        for first in self._firsts:
            first(talk)
        talk.wait_for_hang_up()
        self.gone.set()


def dripping(kind: int) -> Script:
    """A pool that never rests, and never says anything of use."""

    def script(talk: Talk) -> None:
        talk.asked()
        stop = threading.Event()
        try:
            while not stop.wait(SHORT / 8):
                talk.say(kind, b"", number=2**50)
        except OSError:
            pass

    return script


def test_a_call_that_is_not_answered(pool: Pool, caller: Caller) -> None:
    """The client is told after its own time, with what and how long, and hangs up."""
    silence = Silence()
    client = DirtyClient(pool(silence).path, timeout=SHORT)
    with pytest.raises(DirtyTimeoutError) as caught:
        caller.execute(client, "predict")
    assert f"{APP} predict" in str(caught.value)
    assert "0.05 s" in str(caught.value)
    assert caught.value.timeout == SHORT
    assert silence.gone.wait(PATIENCE)


def test_messages_of_no_use_do_not_extend_it(pool: Pool, caller: Caller) -> None:
    """The time of a call is for all of it, not from one message to the next."""
    client = DirtyClient(pool(dripping(header.RESPONSE)).path, timeout=SHORT)
    with pytest.raises(DirtyTimeoutError):
        caller.execute(client, "predict")


def test_an_answer_that_is_too_late_reaches_nobody(pool: Pool, caller: Caller) -> None:
    """After a timeout the next call has a connection of its own, and its own answer."""
    is_late = threading.Event()
    turns = iter(range(9))

    def script(talk: Talk) -> None:
        turn = next(turns)
        talk.asked()
        if turn == 0:
            is_late.wait(PATIENCE)
            try:
                talk.result("late")
            except BrokenPipeError:
                pass
        else:
            is_late.set()
            talk.result("in time")

    peer = pool(script)
    client = DirtyClient(peer.path, timeout=AMPLE)
    with pytest.raises(DirtyTimeoutError):
        caller.execute(client.options(timeout=SHORT), "predict")
    assert caller.execute(client, "predict") == "in time"
    assert peer.connections == 2
    caller.close(client)


def test_each_call_has_its_own_time(pool: Pool, caller: Caller) -> None:
    """On one connection a long time may follow a short one, and a short one a long one."""

    def answer(talk: Talk, asked: Asked) -> None:
        if asked.action_is("slow"):
            threading.Event().wait(SHORT * 2)
        if not asked.action_is("never"):
            talk.result(asked.number)

    peer = pool(answering(answer))
    client = DirtyClient(peer.path, timeout=AMPLE)
    caller.execute(client.options(timeout=SHORT * 4), "quick")
    caller.execute(client, "slow")
    caller.execute(client.options(timeout=None), "slow")
    assert peer.connections == 1
    with pytest.raises(DirtyTimeoutError):
        caller.execute(client.options(timeout=SHORT), "never")


def test_the_first_chunk_of_a_stream(pool: Pool, caller: Caller) -> None:
    """A stream that does not begin is given up after the client's time, and hung up on."""
    silence = Silence()
    client = DirtyClient(pool(silence).path, timeout=SHORT)
    stream = caller.stream(client, "tokens")
    with pytest.raises(DirtyTimeoutError, match="No chunk from"):
        stream.take()
    assert silence.gone.wait(PATIENCE)
    assert list(drain(stream)) == []


def test_a_gap_in_a_stream(pool: Pool, caller: Caller) -> None:
    """A stream that stops is given up after the client's time, with the chunks before it delivered."""
    silence = Silence(lambda talk: talk.chunks(1, 2))
    client = DirtyClient(pool(silence).path, timeout=SHORT)
    stream = caller.stream(client, "tokens")
    assert [stream.take(), stream.take()] == [1, 2]
    with pytest.raises(DirtyTimeoutError, match="No chunk from"):
        stream.take()
    assert silence.gone.wait(PATIENCE)


def test_a_stream_may_take_longer_than_the_time_for_a_chunk(pool: Pool, caller: Caller) -> None:
    """The time of a stream is from chunk to chunk."""

    def script(talk: Talk) -> None:
        talk.asked()
        for chunk in range(6):
            threading.Event().wait(SHORT)
            talk.chunks(chunk)
        talk.end()

    client = DirtyClient(pool(script).path, timeout=SHORT * 4)
    assert list(drain(caller.stream(client, "tokens"))) == list(range(6))
    caller.close(client)


def test_the_total_of_a_stream(pool: Pool, caller: Caller) -> None:
    """Where it is asked for, a total ends a stream that would go on, and says that it did."""

    def script(talk: Talk) -> None:
        talk.asked()
        try:
            while not threading.Event().wait(SHORT / 8):
                talk.chunks(0)
        except OSError:
            pass

    client = DirtyClient(pool(script).path, timeout=AMPLE).options(total=SHORT * 2)
    stream = caller.stream(client, "tokens")
    with pytest.raises(DirtyTimeoutError, match=r"total of 0\.1 s") as caught:
        list(drain(stream))
    assert caught.value.timeout == SHORT * 2


def test_the_total_of_a_silent_stream(pool: Pool, caller: Caller) -> None:
    """A total shorter than the time for a chunk counts there, too."""
    client = DirtyClient(pool(Silence()).path, timeout=AMPLE).options(total=SHORT)
    with pytest.raises(DirtyTimeoutError, match="total of"):
        caller.stream(client, "tokens").take()


def test_a_pool_that_does_not_read(pool: Pool, caller: Caller) -> None:
    """Sending is within the time of the call as well."""
    gone = threading.Event()

    def script(talk: Talk) -> None:
        gone.wait(PATIENCE)

    client = DirtyClient(pool(script).path, timeout=SHORT)
    with pytest.raises(DirtyTimeoutError):
        caller.put_through(client, ask(header.STASH, bytes(2**22)))
    gone.set()


def test_a_pool_that_reads_slowly(pool: Pool, caller: Caller) -> None:
    """A message that does not fit into the socket arrives whole."""

    def script(talk: Talk) -> None:
        asked = talk.asked()
        talk.result(len(asked.payload))
        talk.wait_for_hang_up()

    client = DirtyClient(pool(script).path, timeout=AMPLE)
    assert caller.put_through(client, ask(header.STASH, bytes(2**22))) == 2**22
    caller.close(client)


def test_a_pool_that_refuses_a_message_halfway(pool: Pool, caller: Caller) -> None:
    """What it says before it hangs up on a message that is not all there is what the caller hears."""

    def script(talk: Talk) -> None:
        talk.sock.recv(100)
        talk.error(DirtyError("a message of 4194304 bytes is too long"), number=0)

    client = DirtyClient(pool(script).path, timeout=AMPLE)
    with pytest.raises(DirtyError, match="too long"):
        caller.put_through(client, ask(header.STASH, bytes(2**22)))
