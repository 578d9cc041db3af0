"""When things go wrong in a pool: each row of the table in docs/pools.md, one test or more."""

import contextlib
import os
import signal
import socket
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest

from supervisord_lite.dirty import (
    DirtyAppError,
    DirtyAppNotFoundError,
    DirtyConnectionError,
    DirtyError,
    DirtyNoWorkersAvailableError,
    DirtyQueueFullError,
    DirtyTimeoutError,
    DirtyWorkerError,
)
from tests.integration.daemon import Daemon
from tests.integration.dirty.conftest import Start
from tests.integration.dirty.pool import OBEYS, Pool, configuration
from tests.integration.orders import Orders
from tests.integration.process import DEADLINE, wait_until_gone

HEADER = struct.Struct(">2sBBIQ")


def test_a_deadline_in_the_queue_drops_the_call(start: Start, orders: Orders) -> None:
    """A call whose deadline passes while it waits never runs, and its caller is told."""
    pool = start()
    first = pool.calling("work", "first")
    running = orders.next("first")
    with pytest.raises(DirtyTimeoutError):
        pool.calling("work", "late", timeout=0.2).result(DEADLINE)
    pool.wait(lambda report: report["queued"] == 0)
    running.do("return done")
    assert first.result(DEADLINE) == "done"
    assert pool.calling("echo", 1).result(DEADLINE) == 1
    assert orders.nobody_came()


def test_a_deadline_of_a_running_call_lets_it_finish(start: Start, orders: Orders) -> None:
    """By default a call whose caller gave up goes on; its answer reaches nobody, its worker serves on."""
    pool = start()
    before = pool.calling("pid").result(DEADLINE)
    call = pool.calling("work", "slow", timeout=0.3)
    slow = orders.next("slow")
    with pytest.raises(DirtyTimeoutError):
        call.result(DEADLINE)
    after = pool.calling("pid")
    pool.wait(lambda report: report["queued"] == 1)
    slow.do("return too late")
    assert after.result(DEADLINE) == before


@pytest.mark.parametrize("action", ["work", "awork", "stream"])
def test_a_deadline_of_a_running_call_cancels_it_where_asked(
    start: Start, orders: Orders, action: str
) -> None:
    """With on_disconnect = "cancel" a call ends with its caller's patience, in the same worker."""
    pool = start('on_disconnect = "cancel"\n')
    before = pool.calling("pid").result(DEADLINE)
    client = pool.client(timeout=0.3)
    run = client.execute if action != "stream" else lambda *words: list(client.stream(*words))
    call = pool.doing(lambda: run(OBEYS, action, "slow"))
    slow = orders.next("slow")
    with pytest.raises(DirtyTimeoutError):
        call.result(DEADLINE)
    if action != "awork":  # a thread that a task waits for cannot be ended with it
        assert slow.hear() == ""
    assert pool.calling("pid").result(DEADLINE) == before
    client.close()


def test_a_call_past_the_pools_timeout_costs_its_worker_alone(start: Start, orders: Orders) -> None:
    """The caller is told, the worker's stacks are in the log, it is replaced, and the other goes on."""
    pool = start("timeout = 0.5\nworkers = 2\n")
    other = pool.calling("work", "other")
    busy = orders.next("other")
    stuck = pool.calling("work", "stuck")
    victim = orders.next("stuck")
    for _ in range(3):
        busy.do("keep_alive")
    while not stuck.done():
        busy.do("keep_alive")
    with pytest.raises(DirtyTimeoutError, match=r"0\.5"):
        stuck.result(DEADLINE)
    pool.daemon.log.expect("obeying_app.py.* in work")
    wait_until_gone(victim.pid)
    busy.do("return fine")
    assert other.result(DEADLINE) == "fine"
    pool.wait(lambda report: len(report["workers"]) == 2)
    assert busy.pid in [worker["pid"] for worker in pool.report()["workers"]]
    assert victim.pid not in [worker["pid"] for worker in pool.report()["workers"]]


def test_other_calls_of_a_worker_past_its_timeout_may_finish(start: Start, orders: Orders) -> None:
    """A worker with threads is replaced at once, and its other calls have graceful_timeout to end."""
    pool = start("timeout = 0.6\nthreads = 2\n")
    stuck = pool.calling("work", "stuck")
    orders.next("stuck")
    other = pool.calling("work", "other")
    busy = orders.next("other")
    while not stuck.done():
        busy.do("keep_alive")
    with pytest.raises(DirtyTimeoutError):
        stuck.result(DEADLINE)
    fresh = pool.calling("pid").result(DEADLINE)
    assert fresh != busy.pid
    busy.do("return fine")
    assert other.result(DEADLINE) == "fine"
    wait_until_gone(busy.pid)


def test_keep_alive_starts_the_running_time_anew(start: Start, orders: Orders) -> None:
    """A call may run far past the pool's timeout while it says that it is at work."""
    pool = start("timeout = 0.4\n")
    call = pool.calling("work", "long")
    long = orders.next("long")
    while pool.report()["calls"][0]["seconds"] < 1.2:
        long.do("keep_alive")
    long.do("return done")
    assert call.result(DEADLINE) == "done"


def test_an_init_that_never_returns(daemon: Daemon, orders: Orders) -> None:
    """After init_timeout the stack is in the log, the worker backs off, and the status names the app."""
    daemon.env["HOLD_INIT"] = "1"
    daemon.start(configuration("init_timeout = 0.4\n").replace("restart_delay = 0.05", "restart_delay = 5"))
    orders.next("init")
    daemon.log.expect("obeying_app.py.* in init")
    daemon.wait("dirty:1", "BACKOFF")
    assert "init_timeout" in daemon.program("dirty:1")["description"]
    with pytest.raises(DirtyNoWorkersAvailableError, match=OBEYS):
        Pool(daemon).calling("pid").result(DEADLINE)


def test_quick_calls_do_not_wait_behind_a_slow_one(start: Start, orders: Orders) -> None:
    """While one of two workers is busy, the other takes every call."""
    pool = start("workers = 2\n")
    slow = pool.calling("work", "slow")
    held = orders.next("slow")
    quick = [pool.calling("pid").result(DEADLINE) for _ in range(4)]
    assert held.pid not in quick
    assert not slow.done()
    held.do("return done")
    assert slow.result(DEADLINE) == "done"


def test_calls_wait_for_a_slow_init(daemon: Daemon, orders: Orders) -> None:
    """A call made while the app is being initialised waits within its deadline; the status says which app."""
    daemon.env["HOLD_INIT"] = "1"
    daemon.configure(configuration())
    daemon.launch()
    init = orders.next("init")
    pool = Pool(daemon)
    call = pool.calling("echo", "patience")
    report = pool.wait(lambda report: report["queued"] == 1)
    assert [worker["initialising"] for worker in report["workers"]] == [OBEYS]
    assert "READY=1" not in daemon.told
    init.do("return")
    assert call.result(DEADLINE) == "patience"
    daemon.wait_told("READY=1")
    pool.close()


def test_an_init_that_raises(daemon: Daemon, orders: Orders) -> None:
    """It backs off with the reason in the status; the daemon is ready all the same, and names the app."""
    daemon.env["HOLD_INIT"] = "1"
    daemon.configure(configuration().replace("restart_delay = 0.05", "restart_delay = 50"))
    daemon.launch()
    orders.next("init").do("raise no weights")
    daemon.wait_told("READY=1")
    assert "no weights" in daemon.program("dirty:1")["description"]
    assert any("dirty:1" in entry for entry in daemon.told if entry.startswith("STATUS="))
    pool = Pool(daemon)
    with pytest.raises(DirtyNoWorkersAvailableError, match="no weights"):
        pool.calling("pid").result(DEADLINE)
    daemon.do("start", name="dirty:1", wait=False)
    orders.next("init").do("return")
    assert pool.calling("echo", "better").result(DEADLINE) == "better"
    pool.close()


def test_a_worker_killed_in_a_call(start: Start, orders: Orders) -> None:
    """Its caller learns at once how it died; the call in the other worker goes on."""
    pool = start("workers = 2\n")
    first, second = pool.calling("work", "first"), pool.calling("work", "second")
    victim, other = orders.next("first"), orders.next("second")
    os.kill(victim.pid, signal.SIGKILL)
    with pytest.raises(DirtyWorkerError, match="SIGKILL") as caught:
        first.result(DEADLINE)
    assert caught.value.worker_id is not None
    other.do("return fine")
    assert second.result(DEADLINE) == "fine"
    pool.daemon.log.expect(f"dirty.*{OBEYS}.*work.*SIGKILL|SIGKILL.*{OBEYS}.*work")


def test_a_worker_killed_while_its_helper_lives(start: Start, orders: Orders) -> None:
    """A process that the worker forked holds its sockets: the death is known all the same."""
    pool = start()
    pool.calling("fork").result(DEADLINE)
    call = pool.calling("work", "helped")
    os.kill(orders.next("helped").pid, signal.SIGKILL)
    with pytest.raises(DirtyWorkerError):
        call.result(DEADLINE)
    assert pool.calling("echo", 1).result(DEADLINE) == 1


def test_the_arbiter_killed(start: Start, orders: Orders) -> None:
    """Calls in flight fail; workers keep their process and state; the same client's next call works."""
    pool = start("workers = 2\n")
    client = pool.client()
    before = {client.execute(OBEYS, "pid") for _ in range(10)}
    call = pool.calling("work", "flying")
    orders.next("flying")
    arbiter = pool.report()["arbiter_pid"]
    os.kill(arbiter, signal.SIGKILL)
    with pytest.raises(DirtyConnectionError):
        call.result(DEADLINE)
    assert client.execute(OBEYS, "pid") in before | {w["pid"] for w in pool.report()["workers"]}
    pool.wait(lambda report: {w["pid"] for w in report["workers"]} >= before)
    assert pool.report()["arbiter_pid"] != arbiter


def test_a_client_that_leaves_the_queue(start: Start, orders: Orders) -> None:
    """The queued call of a client that was killed never runs."""
    pool = start()
    held = pool.calling("work", "held")
    running = orders.next("held")
    client = pool.client(timeout=0.2)
    with pytest.raises(DirtyTimeoutError):
        client.execute(OBEYS, "work", "queued")
    running.do("return done")
    held.result(DEADLINE)
    assert pool.calling("echo", 2).result(DEADLINE) == 2
    assert orders.nobody_came()


def test_a_client_that_leaves_its_stream(start: Start, orders: Orders) -> None:
    """Closing a stream closes its generator at once, wherever it waits, and the worker serves on."""
    pool = start()
    client = pool.client()
    stream = client.stream(OBEYS, "stream", "chunks")
    taking = pool.doing(lambda: next(stream))
    source = orders.next("chunks")
    source.do("yield one")
    assert taking.result(DEADLINE) == "one"
    stream.close()
    assert source.hear() == ""
    assert pool.calling("echo", 3).result(DEADLINE) == 3


def test_a_slow_reader_slows_the_generator(start: Start) -> None:
    """An endless stream that nobody reads stays within bounds in arbiter and worker; others are served."""
    pool = start("workers = 2\n")
    client = pool.client()
    stream = iter(client.stream(OBEYS, "endless", 10_000))
    next(stream)
    assert [pool.calling("echo", n).result(DEADLINE) for n in range(50)] == list(range(50))
    arbiter, workers = pool.report()["arbiter_pid"], pool.report()["workers"]
    for pid in (arbiter, *(worker["pid"] for worker in workers)):
        assert _resident(pid) < 120 << 20
    for _ in range(1000):
        assert len(next(stream)) == 10_000
    stream.close()


def test_a_full_queue_refuses_at_once(start: Start, orders: Orders) -> None:
    """What does not fit into max_queue is refused with an error of its own; what waits is served."""
    pool = start("max_queue = 2\n")
    held = pool.calling("work", "held")
    running = orders.next("held")
    waiting = [pool.calling("echo", number) for number in range(2)]
    pool.wait(lambda report: report["queued"] == 2)
    with pytest.raises(DirtyQueueFullError, match="max_queue"):
        pool.calling("echo", "one too many").result(DEADLINE)
    running.do("return done")
    held.result(DEADLINE)
    assert [call.result(DEADLINE) for call in waiting] == [0, 1]


def test_a_message_too_big(start: Start) -> None:
    """A call over max_message is refused with the limit, in the stream or by descriptor; others go on."""
    pool = start('max_message = "1M"\n')
    for size in (900_000, 1_200_000, 50_000_000):
        call = pool.calling("echo", bytes(size))
        if size < 1 << 20:
            assert len(call.result(DEADLINE)) == size
        else:
            with pytest.raises(DirtyError, match="max_message"):
                call.result(DEADLINE)
    assert pool.calling("echo", 1).result(DEADLINE) == 1


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\0" * 64,
        HEADER.pack(b"GD", 9, 1, 0, 1),
        HEADER.pack(b"GD", 1, 0x77, 0, 1),
        HEADER.pack(b"GD", 1, 1, 2**32 - 1, 1),
        HEADER.pack(b"GD", 2, 1, 4, 1) + b"\xff" * 4,
        HEADER.pack(b"GD", 1, 1, 4, 1) + b"\xff" * 4,
        HEADER.pack(b"GD", 2, 0x81, 0, 1),
        HEADER.pack(b"GD", 2, 0x21, 3, 1) + b"abc",
    ],
    ids=["http", "zeros", "version", "type", "length", "msgpack", "tlv", "no-descriptor", "backstage"],
)
def test_garbage(start: Start, garbage: bytes) -> None:
    """Whoever sends what is no message is told so or cut off; everybody else is served."""
    pool = start()
    good = pool.client()
    assert good.execute(OBEYS, "echo", 1) == 1
    with socket.socket(socket.AF_UNIX) as bad:
        bad.settimeout(DEADLINE)
        bad.connect(pool.path)
        bad.sendall(garbage)
        with contextlib.suppress(ConnectionResetError):
            assert bad.recv(65536)[3:4] in (b"\3", b"")  # an error, or the end
    assert good.execute(OBEYS, "echo", 2) == 2


def test_half_a_header_disturbs_nobody(start: Start) -> None:
    """Clients that begin a message and stop are left waiting, and cost the others nothing."""
    pool = start()
    halves = []
    for _ in range(50):
        half = socket.socket(socket.AF_UNIX)
        half.connect(pool.path)
        half.sendall(b"GD\x02")
        halves.append(half)
    assert pool.calling("echo", 1).result(DEADLINE) == 1
    for half in halves:
        half.close()


def test_what_cannot_be_called(start: Start) -> None:
    """Unknown app, unknown action, private action, an answer that cannot travel: each says so."""
    pool = start()
    with pytest.raises(DirtyAppNotFoundError, match="nowhere:App"):
        pool.calling("pid", app="nowhere:App").result(DEADLINE)
    for action in ("nonsense", "_secret", "init", "close", "__class__"):
        with pytest.raises(DirtyAppError, match=action):
            pool.calling(action).result(DEADLINE)
    with pytest.raises(DirtyAppError, match=r"\[.rows.\]\[1\].*object"):
        pool.calling("untransferable").result(DEADLINE)
    with pytest.raises(Exception, match=r"args\[0\].*object"):
        pool.calling("echo", object()).result(DEADLINE)


def test_many_clients_at_once(start: Start) -> None:
    """Forty threads share one client; every answer is the one to its own question."""
    pool = start("workers = 3\n")
    client = pool.client()
    with ThreadPoolExecutor(40) as threads:
        answers = list(threads.map(lambda n: client.execute(OBEYS, "echo", n), range(2000)))
    assert answers == list(range(2000))


def _resident(pid: int) -> int:
    """Bytes of memory that the process has resident."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
