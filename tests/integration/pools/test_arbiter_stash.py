"""The stash of an arbiter while another program holds its lock."""

import datetime
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from supervisord_lite.dirty.stash import operations
from supervisord_lite.dirty.stash.store import Store
from supervisord_lite.wire import header, tlv, values
from supervisord_lite.wire.header import HEADER, V1, V2
from tests.integration.pools.arbiter import Client, Pool, pool

__all__ = ["pool"]

PUT, GET = 1, 2


@pytest.fixture
def stash(pool: Pool, directory: Path) -> Iterator[Store]:
    """The same one that the arbiter has."""
    path = str(directory / "stash")
    (directory / "stash").mkdir(mode=0o700)
    pool.serve(stash=path, stash_size=2**20, stash_mode=0o600, max_memory=2**40)
    first = pool.client()
    assert ask(first, PUT, "k", 1) is True
    store = Store(path, size=2**20, persist=False)
    yield store
    store.close()


def frame(operation: int, key: str, value: Any = None) -> bytes:
    """An operation as gunicorn's client sends it."""
    payload = tlv.encode({"op": operation, "table": "t", "key": key, "value": value})
    return HEADER.pack(b"GD", V1, header.STASH, len(payload), 5) + payload


def ask(client: Client, operation: int, key: str, value: Any = None) -> Any:
    """Its result."""
    client.sock.sendall(frame(operation, key, value))
    told = client.receive().value()
    assert "result" in told, told
    return told["result"]


def test_a_write_that_waits_keeps_no_read_waiting(pool: Pool, stash: Store) -> None:
    """Neither what reads the stash, nor the status of the pool, which is measured beside it."""
    writer, reader = pool.client(), pool.client()
    with stash.transaction() as transaction:
        transaction.put("t", "held", 0)
        writer.sock.sendall(frame(PUT, "k", 2))
        for _ in range(3):
            assert ask(reader, GET, "k") == 1
        reader.send(V2, header.STASH, 6, operations.request("tables", []))
        assert values.unpack(reader.receive().payload) == ["t"]
        reader.send(V2, header.STATUS, 7)
        told = reader.receive().value()
        assert told["clients"] == 3
        assert not {"type", "number"} & set(told)
    assert writer.receive().value() == {"result": True}
    assert ask(reader, GET, "k") == 2


@pytest.mark.parametrize("rest", [b"G", b"GD" + bytes(14), frame(GET, "k")[:-1], frame(GET, "k") + b"GD"])
def test_what_follows_an_answer_is_judged(pool: Pool, stash: Store, rest: bytes) -> None:
    """Be it the beginning of a message, or none at all, of a client that will send nothing more."""
    client, other = pool.client(), pool.client()
    with stash.transaction() as transaction:
        transaction.put("t", "held", 0)
        client.sock.sendall(frame(PUT, "k", 1) + rest)
        client.sock.shutdown(socket.SHUT_WR)
        assert ask(other, GET, "k") == 1  # the arbiter has seen the half-close by now
        assert ask(other, GET, "k") == 1
    assert client.receive().value() == {"result": True}
    while client.read() is not None:
        pass


def test_a_value_that_cannot_travel_in_version_1_is_refused(pool: Pool, stash: Store) -> None:
    """It says so; the connection goes on."""
    stash.put("t", "when", datetime.datetime(2026, 1, 1))  # noqa: DTZ001 - any value of another type
    client = pool.client()
    client.sock.sendall(frame(GET, "when"))
    assert "cannot travel" in client.receive().failure().message
    assert ask(client, GET, "k") == 1
