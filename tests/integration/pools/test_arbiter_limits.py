"""An arbiter that runs short of descriptors or of room, and what the slow may not do to others."""

import os
import resource
import socket
import threading
from contextlib import suppress
from typing import Any

from supervisord_lite.pool.arbiter.connections.admission import RESERVE
from supervisord_lite.wire import header, tlv
from supervisord_lite.wire.header import HEADER, V1, V2
from tests.integration.pools.arbiter import APP, Client, Peer, Pool, pool

__all__ = ["pool"]

LONG = 2**20


def few(files: int) -> dict[str, Any]:
    """For a process that may open so many files."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))}


def descriptors(pool: Pool) -> int:
    """How many the arbiter has open."""
    return len(os.listdir(f"/proc/{pool.process.pid}/fd"))


def test_clients_beyond_the_limit_do_not_creep_in(pool: Pool) -> None:
    """However often deadlines are looked at, descriptors for workers are left."""
    pool.start(**few(RESERVE + 100))
    daemon = pool.daemon()
    caller = pool.client()
    for _ in range(200):
        pool.client()
    caller.ask("work", timeout=1.0)  # a second of sweeps
    assert caller.receive().failure().error_type == "DirtyTimeoutError"
    assert daemon.ask().clients <= 100
    caller.ask("again")
    lane = pool.worker().lane
    lane.answer(lane.take(), 1)
    assert caller.receive().value() == 1


def test_whoever_found_no_descriptor_comes_in_later(pool: Pool) -> None:
    """Workers and the daemon too; what came by descriptor meanwhile is refused with the reason."""
    pool.start(**few(64))
    pool.daemon()
    client = pool.client()
    client.ask("work")
    lane = pool.worker().lane
    lane.answer(lane.take())
    client.receive()
    idle = [Peer(pool.backstage) for _ in range(64)]
    while descriptors(pool) < 64:
        pass
    client.ask_by_fd(number=77)
    answer = client.receive()
    assert (answer.version, answer.id) == (V2, 77)
    assert "LimitNOFILE" in answer.failure().message
    assert client.is_at_end()
    for peer in idle:
        peer.close()
    late = pool.worker("dirty:2").lane
    assert late is not None


def resident(pool: Pool) -> int:
    """Bytes of the arbiter that are in memory (proc_pid_statm(5))."""
    with open(f"/proc/{pool.process.pid}/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def begin(client: Client, version: int, length: int, size: int) -> None:
    """Send the beginning of a message of this length."""
    client.sock.sendall(HEADER.pack(b"GD", version, header.REQUEST, length, 1) + bytes(size))


def test_slow_senders_of_long_messages_stop_nobody(pool: Pool) -> None:
    """They are cut off when others wait for the room that they hold, whatever little they go on to send."""
    pool.serve(max_message=LONG)
    lane = pool.worker().lane
    slow = [pool.client() for _ in range(4)]
    for client in slow:
        begin(client, V1, LONG, 100)
    other = pool.client()
    sending = threading.Thread(target=lambda: other.ask_v1("work", "y" * 600_000))
    sending.start()
    done = threading.Event()

    def drip() -> None:
        while not done.wait(0.3):
            for client in slow:
                with suppress(OSError):
                    client.sock.send(b"x")

    dripping = threading.Thread(target=drip)
    dripping.start()
    lane.answer(lane.take(), 1)
    done.set()
    dripping.join()
    sending.join()
    assert other.receive().value() == {"result": 1}
    assert "while others waited for its room" in slow[0].receive().failure().message


def test_many_unfinished_small_messages_stop_nobody(pool: Pool) -> None:
    """They share one room: those that come later wait for it, and the slow make way."""
    pool.serve()
    lane = pool.worker().lane
    before = resident(pool)
    for _ in range(800):
        begin(pool.client(), V2, 65_000, 60_000)
    whole, late = pool.client(), pool.client()
    whole.ask("whole")
    lane.answer(lane.take(), 1)
    assert whole.receive().value() == 1
    assert resident(pool) - before < 2**25
    body = tlv.encode({"app_path": APP, "action": "late", "args": ["x" * 20_000], "kwargs": {}})
    message = HEADER.pack(b"GD", V1, header.REQUEST, len(body), 1) + body
    late.sock.sendall(message[:10_000])
    late.sock.sendall(message[10_000:])
    lane.answer(lane.take(), 2)
    assert late.receive().value() == {"result": 2}


def test_a_half_closed_client_in_the_middle_of_a_long_message_is_let_go(pool: Pool) -> None:
    """Its room is free at once."""
    daemon = pool.serve(max_message=LONG)
    for _ in range(8):
        client = pool.client()
        begin(client, V1, LONG, 100)
        client.sock.shutdown(socket.SHUT_WR)
        assert client.is_at_end()
    assert daemon.ask().clients == 0
