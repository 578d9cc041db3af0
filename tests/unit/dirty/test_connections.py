"""Connections: made, kept, found dead, lost and closed."""

import os
import select
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisord_lite.dirty import DirtyClient, DirtyConnectionError

from .callers import Caller, drain
from .peer import PATIENCE, Asked, Peer, Script, Talk, answering, echo

Pool = Callable[[Script], Peer]

BIG = bytes(2**20)
"""By memfd."""


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
