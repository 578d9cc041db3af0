"""The stash through the socket of a pool."""

import asyncio
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from supervisord_lite.dirty import stash
from supervisord_lite.dirty.stash import StashClient, StashError
from supervisord_lite.dirty.stash.remote import MAX_IDLE, RemoteStash
from supervisord_lite.dirty.stash.store import Store
from supervisord_lite.wire import header
from supervisord_lite.wire.splitter import frame
from tests.fakes.forked import in_a_fork
from tests.unit.dirty.stash.behaviours import BEHAVIOURS, Behaviour

from .arbiter import Arbiter

New = Callable[..., Arbiter]


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.__name__)
def test_it_does_what_any_stash_does(behaviour: Behaviour, new_arbiter: New, store: Store) -> None:
    """Each operation as a request and its answer."""
    remote = RemoteStash(new_arbiter(store).path)
    behaviour(remote)
    remote.close()


def test_the_whole_stash(new_arbiter: New, store: Store) -> None:
    """What there is to know of it comes from where it is."""
    remote = RemoteStash(new_arbiter(store).path)
    remote.put("t", "k", 1)
    assert remote.info() == store.info()
    remote.close()


def test_an_arbiter_that_is_restarted(new_arbiter: New, store: Store) -> None:
    """The next operation finds the new one, without a new client."""
    first = new_arbiter(store)
    remote = RemoteStash(first.path)
    remote.put("t", "k", 1)
    first.close()
    with pytest.raises(
        StashError, match=r"cannot be reached at .*: No such file or directory; see that the pool runs"
    ):
        remote.get("t", "k")
    new_arbiter(store)
    assert remote.get("t", "k") == 1
    remote.close()


def hang_up_on_the_first(
    count: list[int], answer: Callable[[socket.socket], None]
) -> Callable[[socket.socket], None]:
    """Read a request of the first connection, then close it; answer on the others."""

    def converse(connection: socket.socket) -> None:
        count.append(1)
        if len(count) == 1:
            connection.recv(65536)
            connection.close()
        else:
            answer(connection)

    return converse


def test_an_arbiter_that_dies_during_a_read(new_arbiter: New, store: Store) -> None:
    """A read is asked again, of the next one."""
    arbiter = new_arbiter(store)
    arbiter.conversation = hang_up_on_the_first([], arbiter.answer)
    remote = RemoteStash(arbiter.path)
    assert remote.get("t", "k", 5) == 5
    remote.close()


def test_an_arbiter_that_dies_during_a_write(new_arbiter: New, store: Store) -> None:
    """A write is not, since it may have been done; the error says so."""
    arbiter = new_arbiter(store)
    arbiter.conversation = hang_up_on_the_first([], arbiter.answer)
    remote = RemoteStash(arbiter.path)
    with pytest.raises(
        StashError, match="closed the connection during the stash operation incr, which may have been done"
    ):
        remote.incr("t", "n")
    assert remote.incr("t", "n") == 1
    remote.close()


def test_an_arbiter_that_does_not_answer(new_arbiter: New) -> None:
    """The timeout bounds the wait, and says what is not known then."""
    remote = RemoteStash(new_arbiter(None, lambda connection: None).path, timeout=0.05)
    with pytest.raises(StashError, match=r"did not answer the stash operation find in 0.05 s; try again"):
        remote.get("t", "k")
    with pytest.raises(StashError, match=r"operation put in 0.05 s; it may have been done all the same"):
        remote.put("t", "k", 1)
    assert remote._idle == []


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "is no dirty pool of version 2: not a message"),
        (frame(header.V2, header.RESPONSE, 1, b"\xc1"), "is damaged|cannot be read"),
        (frame(header.V2, header.RESPONSE | header.BY_FD, 1, b""), "answered a stash operation with type 2"),
        (frame(header.V2, header.END, 1, b""), "answered a stash operation with type 5"),
        (frame(header.V2, header.ERROR, 1, b"\xff"), "sent an error that cannot be read"),
        (frame(header.V2, header.ERROR, 0, b"\x82\xaaerror_type\xa1X\xa7message\xa4full"), "^full$"),
    ],
)
def test_what_is_no_answer(new_arbiter: New, sent: bytes, said: str) -> None:
    """It is refused, and the connection not used again."""
    remote = RemoteStash(new_arbiter(None, lambda connection: connection.sendall(sent)).path)
    with pytest.raises(StashError, match=said):
        remote.put("t", "k", 1)
    remote.close()


def test_many_threads(new_arbiter: New, store: Store) -> None:
    """Each has a connection while it needs one; not all are kept."""
    arbiter = new_arbiter(store)
    remote = RemoteStash(arbiter.path)
    together = threading.Barrier(MAX_IDLE * 2)

    def work() -> None:
        together.wait()
        for _ in range(20):
            remote.incr("t", "n")

    threads = [threading.Thread(target=work) for _ in range(MAX_IDLE * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("t", "n") == MAX_IDLE * 2 * 20
    assert 1 <= len(remote._idle) <= MAX_IDLE
    remote.close()


def test_many_remote_transactions(new_arbiter: New, store: Store) -> None:
    """None is lost, though nobody is locked out."""
    remote = RemoteStash(new_arbiter(store).path)
    threads = [
        threading.Thread(target=lambda: [
            remote.transact(lambda t: t.put("t", "n", t.get("t", "n", 0) + 1)) for _ in range(20)
        ])
        for _ in range(4)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("t", "n") == 80
    remote.close()


def test_after_a_fork(new_arbiter: New, store: Store) -> None:
    """The child has connections of its own, and leaves the parent's alone."""
    arbiter = new_arbiter(store)
    remote = RemoteStash(arbiter.path)
    remote.put("t", "k", 1)
    assert (
        in_a_fork(lambda: [remote.get("t", "k"), remote.incr("t", "k"), remote.get("t", "k")]) == "[1, 2, 2]"
    )
    assert remote.get("t", "k") == 2
    assert len(arbiter.connections) == 2
    remote.close()


def test_from_a_coroutine(new_arbiter: New, store: Store) -> None:
    """By a thread, as documented."""
    remote = RemoteStash(new_arbiter(store).path)

    async def main() -> list[int]:
        return await asyncio.gather(*(asyncio.to_thread(remote.incr, "t", "n") for _ in range(10)))

    assert sorted(asyncio.run(main())) == list(range(1, 11))
    remote.close()


def test_a_client_takes_the_shortest_way(new_arbiter: New, store: Store) -> None:
    """The stash of its own user is opened; with `direct=False` it is not."""
    arbiter = new_arbiter(store)
    store.put("t", "k", 1)
    with StashClient(arbiter.path) as client:
        assert client.get("t", "k") == 1
        assert isinstance(client.stash, Store)
        assert client.table("t")["k"] == 1
    with StashClient(arbiter.path, 5.0, direct=False) as client:
        client.put("t", "k", 2)
        assert isinstance(client.stash, RemoteStash)
    assert store.get("t", "k") == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
def test_another_user(new_arbiter: New, store: Store, monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    """It does not open the stash, whatever the environment says, and goes through the pool."""
    arbiter = new_arbiter(store)
    os.chmod(arbiter.path, 0o666)
    store.put("t", "k", 1)
    monkeypatch.setenv("SUPERVISOR_STASH", str(place))
    monkeypatch.setenv("SUPERVISOR_DIRTY_SOCKET", arbiter.path)

    def be_somebody_else() -> object:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        stash.put("t", "other", 2)
        assert "RemoteStash" in repr(StashClient(arbiter.path).stash)
        with pytest.raises(StashError, match=r"belongs to user 0, and process \d+ is user 65534; reach it"):
            Store(str(place), size=2**20, persist=False).get("t", "k")
        return stash.get("t", "k")

    assert in_a_fork(be_somebody_else) == "1"
    assert store.get("t", "other") == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming somebody else takes root")
def test_a_member_of_its_group(store: Store, place: Path) -> None:
    """Whom `mode` and `group` of [stash] let write the files opens them itself."""
    store.put("t", "k", 1)
    for path, mode in ((place, 0o770), *((file, 0o660) for file in place.glob("*.mdb"))):
        os.chown(path, -1, 65534)
        os.chmod(path, mode)

    def be_a_member() -> object:
        os.setgroups([65534])
        os.setgid(65533)
        os.setuid(65533)
        member = Store(str(place), size=store.where()["size"], persist=False, mode=0o660)
        member.put("t", "other", 2)
        return member.get("t", "k")

    assert in_a_fork(be_a_member) == "1"
    assert store.get("t", "other") == 2
