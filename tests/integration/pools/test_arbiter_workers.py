"""Workers that come, end, die and hang, as an arbiter sees it."""

import os
import select
import signal

from supervisord_lite.wire import header
from supervisord_lite.wire.backstage import (
    Abort,
    Cancel,
    CancelCall,
    Cancelled,
    Initialising,
    KeepAlive,
    Leave,
    Replace,
    Roster,
)
from supervisord_lite.wire.header import HEADER, V2
from tests.integration.pools.arbiter import APP, OTHER, Pool, ended, pool, up, who_is_called

__all__ = ["pool"]


def test_the_client_learns_how_its_worker_died(pool: Pool) -> None:
    """As the daemon tells it, a moment after the connections ended; other workers go on."""
    daemon = pool.serve()
    worker = pool.worker("dirty:2")
    client = pool.client()
    client.ask("work")
    worker.lane.take()
    worker.die()
    daemon.say(ended("dirty:2", "was killed by SIGKILL"))
    failure = client.receive().failure()
    assert failure.error_type == "DirtyWorkerError"
    assert (
        failure.message == f"worker dirty:2 (pid {os.getpid()}) was killed by SIGKILL while it ran {APP}:work"
    )
    other = pool.worker("dirty:3")
    client.ask("again")
    other.lane.answer(other.lane.take(), "done")
    assert client.receive().value() == "done"


def test_a_death_that_nobody_explains_is_told_all_the_same(pool: Pool) -> None:
    """After a moment."""
    pool.serve()
    worker = pool.worker()
    client = pool.client()
    client.ask_v1("work")
    worker.lane.take()
    worker.die()
    assert "closed its connection while it ran" in client.receive().failure().message


def test_the_answer_of_a_worker_that_died_after_it_is_delivered(pool: Pool) -> None:
    """What was sent counts, whatever came after."""
    daemon = pool.serve()
    worker = pool.worker()
    client = pool.client()
    client.ask("work")
    worker.lane.answer(worker.lane.take(), "last words")
    worker.die()
    daemon.say(ended("dirty:1", "was killed by SIGKILL"))
    assert client.receive().value() == "last words"


def test_a_worker_that_died_idle_gets_no_calls(pool: Pool) -> None:
    """Its calls go to another one, and none fails."""
    pool.serve()
    first = pool.worker("dirty:1")
    client = pool.client()
    client.ask("work")
    first.lane.answer(first.lane.take(), 1)
    client.receive()
    second = pool.worker("dirty:2")
    client.ask("work", number=2)
    was_second = who_is_called([first.lane, second.lane]) is second.lane
    busy, idle = (second, first) if was_second else (first, second)
    idle.die()
    waiting = pool.client()
    waiting.ask("waiting")
    busy.lane.answer(busy.lane.take(), 2)
    busy.lane.answer(busy.lane.take(), 3)
    assert waiting.receive().value() == 3


def test_a_call_that_runs_too_long_costs_its_worker_only(pool: Pool) -> None:
    """The client is told at once, the daemon aborts the worker; what it says later reaches nobody."""
    daemon = pool.serve(timeout=0.3)
    slow = pool.worker()
    client = pool.client()
    client.ask("slow")
    call = slow.lane.take()
    failure = client.receive().failure()
    assert (failure.error_type, failure.details["timeout"]) == ("DirtyTimeoutError", 0.3)
    abort = daemon.heard()
    assert isinstance(abort, Abort)
    assert (abort.name, abort.pid) == ("dirty:1", os.getpid())
    assert "ran past the pool's timeout of 0.3 s" in abort.reason
    slow.lane.answer(call, "late")
    quick = pool.worker("dirty:2")
    client.ask("quick", number=2)
    quick.lane.answer(quick.lane.take(), "quick")
    assert client.receive().value() == "quick"


def test_signs_of_life_start_the_time_anew(pool: Pool) -> None:
    """A call that says it is at work, and a stream that sends chunks, do not run too long."""
    pool.serve(timeout=0.4)
    worker = pool.worker()
    client, clock = pool.client(), pool.client()
    client.ask("long")
    call = worker.lane.take()
    for _ in range(6):
        clock.ask(app=OTHER, timeout=0.15)
        worker.say(KeepAlive(call.id))
        assert clock.receive().failure().error_type == "DirtyTimeoutError"
    for _ in range(6):
        clock.ask(app=OTHER, timeout=0.15)
        worker.lane.chunk(call, 1)
        assert clock.receive().failure().error_type == "DirtyTimeoutError"
        assert client.receive().kind == header.CHUNK
    worker.lane.end(call)
    assert client.receive().kind == header.END


def test_the_other_calls_of_a_hanging_worker_get_time_to_finish(pool: Pool) -> None:
    """A replacement is asked for at once, the end when the last of them is done."""
    daemon = pool.serve(timeout=0.5, graceful_timeout=20.0, threads=2)
    worker = pool.worker(threads=2)
    slow, quick = pool.client(), pool.client()
    slow.ask("slow")
    first = who_is_called(worker.lanes)
    hanging = first.take()
    quick.ask("quick")
    (other,) = [lane for lane in worker.lanes if lane is not first]
    call = other.take()
    worker.say(KeepAlive(call.id))
    clock = pool.client()
    while True:
        clock.ask(app=OTHER, timeout=0.1)
        clock.receive()
        worker.say(KeepAlive(call.id))
        if select.select([slow.sock], [], [], 0)[0]:
            break
    assert slow.receive().failure().error_type == "DirtyTimeoutError"
    assert isinstance(daemon.heard(), Replace)
    other.answer(call, "finished")
    assert quick.receive().value() == "finished"
    assert isinstance(daemon.heard(), Abort)
    assert hanging.id != call.id


def test_calls_wait_for_a_worker_that_is_being_initialised(pool: Pool) -> None:
    """They run when its lanes are open, and the report says what it is at until then."""
    daemon = pool.serve(up("dirty:1", state="STARTING"))
    worker = pool.initialising()
    worker.say(Initialising(APP))
    client = pool.client()
    client.ask("work")
    while (report := daemon.ask()).queued != 1 or report.workers[0].initialising is None:
        pass
    assert (report.workers[0].state, report.workers[0].initialising) == ("initialising", APP)
    worker.say(Initialising(None))
    worker.open_lanes()
    worker.lanes[0].answer(worker.lanes[0].take(), "ready")
    assert client.receive().value() == "ready"


def test_calls_for_workers_that_do_not_come_up_fail(pool: Pool) -> None:
    """With the reason, those that wait as those that come; other apps are not touched."""
    daemon = pool.serve(up("dirty:1", APP, state="STARTING"), up("dirty:2", OTHER))
    fine = pool.worker("dirty:2", OTHER)
    client = pool.client()
    client.ask("work")
    reason = "init of shop:App failed: no model"
    daemon.say(Roster((up("dirty:1", APP, state="BACKOFF", reason=reason), up("dirty:2", OTHER))))
    for number in (2, 3):
        failure = client.receive().failure()
        assert (failure.error_type, failure.details) == ("DirtyNoWorkersAvailableError", {"app_path": APP})
        assert "dirty:1: BACKOFF: init of shop:App failed: no model" in failure.message
        client.ask("work", number=number)
    client.receive()
    client.ask(app=OTHER)
    fine.lane.answer(fine.lane.take(), 1)
    assert client.receive().value() == 1


def test_a_worker_that_leaves_finishes_its_call(pool: Pool) -> None:
    """It gets no more, and each lane is half-closed when it is idle."""
    pool.serve()
    worker = pool.worker(threads=2)
    client = pool.client()
    client.ask("work")
    busy = who_is_called(worker.lanes)
    (idle,) = [lane for lane in worker.lanes if lane is not busy]
    call = busy.take()
    worker.say(Leave())
    assert idle.is_at_end()
    waiting = pool.client()
    waiting.ask("waiting")
    busy.answer(call, 1)
    assert client.receive().value() == 1
    assert busy.is_at_end()
    following = pool.worker("dirty:2")
    following.lane.answer(following.lane.take(), 2)
    assert waiting.receive().value() == 2


def test_a_worker_is_replaced_after_so_many_calls(pool: Pool) -> None:
    """The daemon is asked once; the worker serves on until it leaves."""
    daemon = pool.serve(max_calls=2)
    worker = pool.worker()
    client = pool.client()
    for number in range(4):
        client.ask("work", number=number)
        worker.lane.answer(worker.lane.take())
        client.receive()
    replace = daemon.heard()
    assert isinstance(replace, Replace)
    assert replace.reason == "it served 2 calls (max_calls)"
    assert daemon.ask().workers[0].calls == 4


def test_a_worker_is_replaced_when_it_is_old(pool: Pool) -> None:
    """Also where the pool is idle."""
    daemon = pool.serve(max_age=0.3)
    pool.worker()
    replace = daemon.heard()
    assert isinstance(replace, Replace)
    assert "max_age" in replace.reason


def test_a_worker_is_replaced_when_it_is_large(pool: Pool) -> None:
    """By its private memory."""
    daemon = pool.serve(max_memory=4096)
    worker = pool.worker()
    client = pool.client()
    client.ask("work")
    worker.lane.answer(worker.lane.take())
    replace = daemon.heard()
    assert isinstance(replace, Replace)
    assert "max_memory" in replace.reason


def test_an_operator_ends_a_queued_call(pool: Pool) -> None:
    """Its caller is told."""
    daemon = pool.serve()
    worker = pool.worker()
    busy, client = pool.client(), pool.client()
    busy.ask("first")
    worker.lane.take()
    client.ask("second")
    while not (queued := [call for call in daemon.ask().calls if call.worker is None]):
        pass
    assert (queued[0].action, queued[0].client) == ("second", os.getpid())
    daemon.say(CancelCall(5, queued[0].id))
    assert daemon.heard() == Cancelled(5)
    assert client.receive().failure().error_type == "DirtyCancelledError"
    daemon.say(CancelCall(6, 4711))
    assert daemon.heard() == Cancelled(6, "no call 4711 is queued or running")


def test_an_operator_ends_a_running_call(pool: Pool) -> None:
    """Its worker is asked to; where that does not help within graceful_timeout, it is aborted."""
    daemon = pool.serve(graceful_timeout=0.3)
    worker = pool.worker()
    client = pool.client()
    client.ask("stubborn")
    call = worker.lane.take()
    daemon.say(CancelCall(5, call.id))
    assert daemon.heard() == Cancelled(5)
    assert worker.heard() == Cancel(call.id)
    assert client.receive().failure().error_type == "DirtyCancelledError"
    abort = daemon.heard()
    assert isinstance(abort, Abort)
    assert "was cancelled and did not end within 0.3 s" in abort.reason


def test_a_worker_that_talks_nonsense_loses_its_lane(pool: Pool) -> None:
    """Its client is told; nothing of it reaches anybody."""
    pool.serve()
    worker = pool.worker()
    client = pool.client()
    client.ask("work")
    call = worker.lane.take()
    worker.lane.sock.sendall(HEADER.pack(b"GD", V2, header.RESPONSE, 1, call.id + 1) + b"\xc0")
    failure = client.receive().failure()
    assert failure.error_type == "DirtyWorkerError"
    assert "broke the protocol" in failure.message
    assert worker.lane.is_at_end()


def test_workers_and_clients_come_back_to_a_new_arbiter(pool: Pool) -> None:
    """Those in flight get an end of file; new connections wait in the backlog until it serves."""
    pool.serve()
    worker = pool.worker()
    client = pool.client()
    client.ask("work")
    call = worker.lane.take()
    pool.kill()
    assert client.is_at_end()
    assert worker.lane.is_at_end()
    waiting = pool.client()
    waiting.ask("work")
    again = pool.initialising("dirty:1").open_lanes()
    pool.start()
    pool.daemon()
    again.lane.answer(again.lane.take(), "served")
    assert waiting.receive().value() == "served"
    assert call.payload


def test_at_sigterm_what_runs_is_finished(pool: Pool) -> None:
    """Idle clients are let go, calls without a worker fail, running ones are answered; then it ends."""
    pool.serve()
    worker = pool.worker()
    idle, busy, lost = pool.client(), pool.client(), pool.client()
    busy.ask("work")
    call = worker.lane.take()
    lost.ask(app=OTHER)
    pool.process.send_signal(signal.SIGTERM)
    assert idle.is_at_end()
    assert "is being stopped" in lost.receive().failure().message
    worker.lane.answer(call, "done")
    assert busy.receive().value() == "done"
    assert busy.is_at_end()
    assert pool.process.wait(10) == 0
