"""Clients that leave, that wait too long, that break the rules: nobody else notices."""

import os
import random
import resource
import select
import socket

import pytest

from supervisord_lite.linux import sealed
from supervisord_lite.wire import envelope, header, tlv, values
from supervisord_lite.wire.backstage import Cancel
from supervisord_lite.wire.header import BY_FD, HEADER, V1, V2
from tests.integration.pools.arbiter import APP, Lane, Pool, pool

__all__ = ["pool"]


def served(pool: Pool) -> bool:
    """Whether another client's call goes through."""
    worker, client = pool.worker("dirty:99"), pool.client()
    client.ask("check")
    call = worker.lane.take()
    worker.lane.answer(call, "fine")
    result: bool = client.receive().value() == "fine"
    worker.die()
    client.close()
    return result


def test_a_queued_call_whose_deadline_passes_never_runs(pool: Pool) -> None:
    """The caller is told where its call was, and the worker gets the next one."""
    pool.serve()
    lane = pool.worker().lane
    first, late, third = pool.client(), pool.client(), pool.client()
    first.ask("first")
    running = lane.take()
    late.ask("late", timeout=0.15)
    failure = late.receive().failure()
    assert failure.error_type == "DirtyTimeoutError"
    assert "was waiting for a free worker" in failure.message
    third.ask("third")
    lane.answer(running)
    assert b"third" in lane.take().payload


def test_a_running_call_whose_deadline_passes_goes_on(pool: Pool) -> None:
    """With on_disconnect = "finish" its answer is thrown away, and reaches no other call."""
    pool.serve()
    lane = pool.worker().lane
    client = pool.client()
    client.ask("slow", number=1, timeout=0.15)
    call = lane.take()
    assert client.receive().failure().error_type == "DirtyTimeoutError"
    client.ask("next", number=2)
    lane.answer(call, "late")
    lane.answer(lane.take(), "in time")
    answer = client.receive()
    assert (answer.id, answer.value()) == (2, "in time")


def test_a_running_call_whose_deadline_passes_is_cancelled(pool: Pool) -> None:
    """With on_disconnect = "cancel" its worker is asked to end it."""
    pool.serve(cancel_on_disconnect=True)
    worker = pool.worker()
    client = pool.client()
    client.ask("slow", timeout=0.15)
    call = worker.lane.take()
    assert client.receive().failure().error_type == "DirtyTimeoutError"
    assert worker.heard() == Cancel(call.id)


def test_the_first_chunk_ends_the_deadline_of_a_stream(pool: Pool) -> None:
    """After it, only a total that was asked for bounds the stream."""
    pool.serve()
    worker = pool.worker()
    client = pool.client()
    client.ask("stream", is_stream=True, timeout=0.15, total=0.6)
    call = worker.lane.take()
    worker.lane.chunk(call, 1)
    assert client.receive().value() == [1]
    assert client.receive().failure().error_type == "DirtyTimeoutError"
    assert worker.heard() == Cancel(call.id)


def test_the_queued_call_of_a_client_that_left_is_dropped(pool: Pool) -> None:
    """It never reaches a worker."""
    daemon = pool.serve()
    lane = pool.worker().lane
    busy, gone = pool.client(), pool.client()
    busy.ask("first")
    running = lane.take()
    gone.ask("gone")
    while daemon.ask().queued != 1:
        pass
    gone.close()
    while daemon.ask().queued:
        pass
    lane.answer(running)
    busy.receive()
    busy.ask("next")
    assert b"next" in lane.take().payload


@pytest.mark.parametrize("version", [V1, V2])
def test_the_stream_of_a_client_that_left_is_closed(pool: Pool, version: int) -> None:
    """Its worker is told at once, and serves the next call after its final message."""
    pool.serve()
    worker = pool.worker()
    client, other = pool.client(), pool.client()
    (client.ask if version == V2 else client.ask_v1)("stream")
    call = worker.lane.take()
    worker.lane.chunk(call, 1)
    client.receive()
    client.close()
    assert worker.heard() == Cancel(call.id)
    worker.lane.chunk(call, 2)
    worker.lane.end(call)
    other.ask("next")
    worker.lane.answer(worker.lane.take(), "next")
    assert other.receive().value() == "next"


def test_a_half_closed_client_gets_its_answer(pool: Pool) -> None:
    """No more requests is not "gone"."""
    pool.serve()
    lane = pool.worker().lane
    client = pool.client()
    client.ask("work")
    client.sock.shutdown(socket.SHUT_WR)
    lane.answer(lane.take(), 1)
    assert client.receive().value() == 1
    assert client.is_at_end()


def test_requests_in_a_row_are_served_one_by_one(pool: Pool) -> None:
    """Those sent ahead wait, and are answered in order."""
    pool.serve()
    lane = pool.worker().lane
    client = pool.client()
    for number in range(50):
        (client.ask if number % 2 else client.ask_v1)("work", number=number)
    for number in range(50):
        lane.answer(lane.take(), number)
        assert client.receive().id == number


def test_a_request_may_come_byte_by_byte(pool: Pool) -> None:
    """It is passed on with its last byte."""
    pool.serve()
    lane = pool.worker().lane
    client = pool.client()
    body = envelope.encode(envelope.Request(APP, "slowly", memoryview(values.pack([[], {}]).document)))
    for byte in HEADER.pack(b"GD", V2, header.REQUEST, len(body), 3) + body:
        client.sock.sendall(bytes([byte]))
    lane.answer(lane.take(), "whole")
    assert client.receive().value() == "whole"


def test_a_full_queue_refuses_at_once(pool: Pool) -> None:
    """The call after the last that may wait is told so; those that wait are served."""
    pool.serve(max_queue=2)
    lane = pool.worker().lane
    clients = [pool.client() for _ in range(3)]
    for client in clients:
        client.ask("work")
    running = lane.take()
    refused = pool.client()
    refused.ask("work")
    failure = refused.receive().failure()
    assert (failure.error_type, failure.details["limit"]) == ("DirtyQueueFullError", 2)
    refused.ask_v1("work")
    assert refused.receive().failure().error_type == "DirtyQueueFullError"
    lane.answer(running)
    for _ in range(2):
        lane.answer(lane.take())
    for client in clients:
        client.receive()


def test_an_unknown_app_is_refused_at_once(pool: Pool) -> None:
    """The error names the apps there are."""
    pool.serve()
    client = pool.client()
    client.ask(app="shop:None")
    failure = client.receive().failure()
    assert (failure.error_type, failure.details["app_path"]) == ("DirtyAppNotFoundError", "shop:None")
    client.ask_v1(app="shop:None")
    assert APP in client.receive().failure().message


def test_pickled_values_are_refused_by_default(pool: Pool) -> None:
    """They reach no worker."""
    pool.serve()
    client = pool.client()
    client.ask(serializer=envelope.PICKLE)
    assert "pickled" in client.receive().failure().message


@pytest.mark.parametrize("version", [V1, V2])
def test_a_message_that_is_too_long_is_refused(pool: Pool, version: int) -> None:
    """By what its header claims; its sender may finish to send it, and reads the refusal then."""
    pool.serve(max_message=2**20)
    client = pool.client()
    client.sock.sendall(HEADER.pack(b"GD", version, header.REQUEST, 2**21, 9) + b"x" * 2**21)
    answer = client.receive()
    assert (answer.version, answer.id) == (version, 9)
    assert "2097152 bytes is longer than the pool's limit of 1048576" in answer.failure().message
    assert client.is_at_end()
    assert served(pool)


def test_a_memfd_that_is_too_long_is_refused(pool: Pool) -> None:
    """Without looking into it."""
    pool.serve(max_message=2**20)
    client = pool.client()
    client.ask_by_fd(b"x" * 2**21)
    assert "is longer than the pool's limit" in client.receive().failure().message
    assert served(pool)


GARBAGE = {
    "not_the_protocol": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not a message of this protocol"),
    "another_version": (HEADER.pack(b"GD", 3, header.REQUEST, 0, 5), "version 3"),
    "an_unknown_type": (HEADER.pack(b"GD", 2, 0x7F, 0, 5), "0x7f"),
    "an_answer": (HEADER.pack(b"GD", 2, header.RESPONSE, 0, 5), "0x02"),
    "a_memfd_without_one": (HEADER.pack(b"GD", 2, header.REQUEST | BY_FD, 0, 5), "none came"),
    "no_request_in_version_1": (HEADER.pack(b"GD", 1, header.REQUEST, 3, 5) + b"\x21\0\0", ""),
    "no_request_in_version_2": (HEADER.pack(b"GD", 2, header.REQUEST, 3, 5) + b"abc", "not a request"),
    "no_stash_message": (HEADER.pack(b"GD", 1, header.STASH, 1, 5) + b"\0", "not a stash message"),
    "no_manage_message": (HEADER.pack(b"GD", 2, header.MANAGE, 1, 5) + b"\xc0", "not a manage message"),
}


@pytest.mark.parametrize(("data", "why"), GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_refused_and_its_client_cut_off(pool: Pool, data: bytes, why: str) -> None:
    """It is told why, with its id where that is known; nobody else notices."""
    pool.serve()
    client = pool.client()
    client.sock.sendall(data)
    answer = client.receive()
    assert answer.failure().error_type == "DirtyProtocolError"
    assert why in answer.failure().message
    assert answer.id == (5 if data[:2] == b"GD" else 0)
    assert client.is_at_end()
    assert served(pool)


def test_descriptors_that_nobody_claims_are_refused(pool: Pool) -> None:
    """They are closed, and so is the connection."""
    pool.serve()
    client = pool.client()
    fd = sealed.write([b"x"])
    body = envelope.encode(envelope.Request(APP, "work", memoryview(b"\xc0")))
    client.send(V2, header.REQUEST, 1, body, fd)
    assert "no message claims" in client.receive().failure().message
    assert client.is_at_end()
    before = descriptors(pool)
    client = pool.client()
    for _ in range(20):
        try:
            socket.send_fds(client.sock, [b"G"], [fd] * 3)
        except OSError:
            break
    assert "descriptor" in client.receive().failure().message
    os.close(fd)
    assert served(pool)
    while descriptors(pool) > before:
        pass


def descriptors(pool: Pool) -> int:
    """How many the arbiter has open."""
    return len(os.listdir(f"/proc/{pool.process.pid}/fd"))


@pytest.mark.parametrize("by_fd", [False, True])
def test_a_client_that_does_not_read_slows_its_stream(pool: Pool, by_fd: bool) -> None:
    """Its worker cannot send any more, another client's calls go on, and all arrives once it reads."""
    pool.serve()
    lane = pool.worker("dirty:1").lane
    client = pool.client()
    client.ask("stream")
    call = lane.take()
    blob = [b"z" * 2**20]
    sent = 0
    while writable(lane):
        if by_fd:
            lane.answer_by_fd(call, blob, header.CHUNK)
        else:
            lane.send(V2, header.CHUNK, call.id, bytes(1000))
        sent += 1
    assert sent < 2000
    assert served(pool)
    for _ in range(sent):
        message = client.receive()
        if by_fd:
            os.close(message.fd)


def writable(lane: Lane) -> bool:
    """Whether the arbiter takes more within a moment."""
    return bool(select.select([], [lane.sock], [], 0.3)[1])


def test_a_client_that_never_reads_is_cut_off(pool: Pool) -> None:
    """After the pool's timeout; its worker, whose time stood still, ends the stream and is free."""
    pool.serve(timeout=0.4)
    worker = pool.worker()
    client = pool.client()
    client.ask("stream")
    call = worker.lane.take()
    while writable(worker.lane):
        worker.lane.send(V2, header.CHUNK, call.id, bytes(1000))
    assert worker.heard() == Cancel(call.id)
    pool.errors.expect("its client does not read the answer")


def test_ten_times_as_many_clients_as_fit_wait_in_the_backlog(pool: Pool) -> None:
    """With few descriptors some clients wait to be accepted; each is served when others have left."""
    pool.start(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
    pool.daemon()
    lane = pool.worker().lane
    clients = [pool.client() for _ in range(100)]
    for client in clients:
        client.ask("work")
    for client in clients:
        lane.answer(lane.take(), 1)
        assert client.receive().value() == 1
        client.close()


@pytest.mark.parametrize("seed", range(4))
def test_mutilated_messages_harm_nobody(pool: Pool, seed: int) -> None:
    """Whatever bytes and descriptors come: others are served, and nothing is left of it."""
    pool.serve()
    chance = random.Random(seed)
    before = descriptors(pool)
    fd = sealed.write([b"x"])
    for _ in range(400):
        client = pool.client()
        try:
            for _ in range(chance.randrange(1, 5)):
                data = mutilated(chance)
                if chance.random() < 0.2:
                    socket.send_fds(client.sock, [data], [fd] * chance.randrange(1, 6))
                else:
                    client.sock.sendall(data)
        except OSError:
            pass  # it was cut off
        client.close()
    os.close(fd)
    assert served(pool)
    while descriptors(pool) > before:
        pass


def mutilated(chance: random.Random) -> bytes:
    """A message, some of it changed, and some of it missing."""
    kind = chance.choice([1, 1, 1, 2, 3, 0x10, 0x11, 0x12, 0x81, 0x90, 0x20])
    request = envelope.encode(envelope.Request(APP, "work", memoryview(values.pack([[], {}]).document)))
    payload = chance.choice([request, tlv.encode({"op": 1, "count": 1, "app_path": APP}), b""])
    data = bytearray(HEADER.pack(b"GD", chance.choice([V1, V2]), kind, len(payload), 1) + payload)
    for _ in range(chance.choice([0, 0, 1, 3])):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data[: chance.choice([len(data), len(data), chance.randrange(1, len(data) + 1)])])
