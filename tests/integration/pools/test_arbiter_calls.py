"""Calls on their way through a real arbiter."""

from supervisord_lite.wire import header
from supervisord_lite.wire.header import BY_FD, V1, V2
from tests.integration.pools.arbiter import APP, OTHER, Pool, pool, who_is_called

__all__ = ["pool"]


def test_a_call_is_answered(pool: Pool) -> None:
    """A request reaches an idle worker, and its answer comes back with the client's own request id."""
    pool.serve()
    lane = pool.worker().lane
    client = pool.client()
    for number in (2**64 - 1, 7):
        client.ask("work", 5, number=number)
        call = lane.take()
        lane.answer(call, {"five": 5})
        answer = client.receive()
        assert (answer.version, answer.kind, answer.id) == (V2, header.RESPONSE, number)
        assert answer.value() == {"five": 5}


def test_a_call_of_version_1_is_answered_in_version_1(pool: Pool) -> None:
    """What gunicorn's client sends is passed on as it is, and so is the answer."""
    pool.serve()
    lane = pool.worker().lane
    client = pool.client()
    client.ask_v1("work", 5, number=2**63)
    call = lane.take()
    assert (call.version, call.value()["args"]) == (V1, [5])
    lane.answer(call, "done")
    answer = client.receive()
    assert (answer.version, answer.id, answer.value()) == (V1, 2**63, {"result": "done"})


def test_a_stream_is_passed_on_in_order(pool: Pool) -> None:
    """Chunks and the end arrive as they were sent, in both versions."""
    pool.serve()
    lane = pool.worker().lane
    client = pool.client()
    for ask in (client.ask, client.ask_v1):
        ask()
        call = lane.take()
        lane.chunk(call, *range(500))
        lane.end(call)
        chunks = []
        while (message := client.receive()).kind == header.CHUNK:
            chunks += message.value() if message.version == V2 else [message.value()["data"]]
        assert (message.kind, chunks) == (header.END, list(range(500)))


def test_large_bodies_are_handed_over_in_memfds(pool: Pool) -> None:
    """The arbiter passes the descriptor on, both ways, and keeps none."""
    pool.serve()
    lane = pool.worker().lane
    client = pool.client()
    blob = b"x" * 2**20
    for _ in range(3):
        client.ask_by_fd(blob)
        call = lane.take()
        assert call.value() == [[blob], {}]
        lane.chunk(call, 1)
        lane.answer_by_fd(call, [blob], header.CHUNK)
        lane.answer_by_fd(call, blob)
        assert client.receive().value() == [1]
        assert client.receive().value() == [blob]
        answer = client.receive()
        assert (answer.kind, answer.value()) == (header.RESPONSE | BY_FD, blob)


def test_a_long_message_in_the_stream_is_passed_on(pool: Pool) -> None:
    """A request and an answer of many reads come out whole."""
    pool.serve()
    lane = pool.worker().lane
    client = pool.client()
    blob = b"y" * 3_000_000
    for _ in range(3):
        client.ask_v1("work", blob)
        call = lane.take()
        assert call.value()["args"] == [blob]
        lane.answer(call, blob)
        assert client.receive().value() == {"result": blob}


def test_a_quick_call_does_not_wait_for_a_slow_one(pool: Pool) -> None:
    """While one worker is busy, all other calls go to the other."""
    pool.serve()
    workers = [pool.worker("dirty:1"), pool.worker("dirty:2")]
    slow = pool.client()
    slow.ask("slow")
    quick = pool.client()
    busy = who_is_called(worker.lane for worker in workers)
    busy.take()
    (free,) = [worker.lane for worker in workers if worker.lane is not busy]
    for number in range(4):
        quick.ask("quick", number=number)
        free.answer(free.take(), number)
        assert quick.receive().value() == number


def test_an_app_is_called_where_it_is_loaded(pool: Pool) -> None:
    """A call goes to a worker that has its app, and to one with few other apps before one with more."""
    pool.serve()
    both, one = pool.worker("dirty:1", APP, OTHER), pool.worker("dirty:2", APP)
    client = pool.client()
    client.ask(app=APP)
    one.lane.answer(one.lane.take())
    client.receive()
    client.ask(app=OTHER)
    both.lane.answer(both.lane.take())
    client.receive()
