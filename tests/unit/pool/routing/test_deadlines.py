"""What time brings."""

from math import inf

from supervisord_lite.pool.routing.deadlines import sweep
from supervisord_lite.pool.routing.effects import AskAbort, AskReplace, Dismiss, Drop, Fail, Interrupt
from supervisord_lite.pool.routing.recycling import Limits
from supervisord_lite.pool.routing.roster import update
from supervisord_lite.wire.backstage import Roster, RosterEntry
from tests.unit.pool.routing.stage import A, Stage


def failures(stage: Stage) -> list[tuple[int, str]]:
    """Who is told what kind of failure; other effects are passed over."""
    told = [effect for effect in stage.effects() if isinstance(effect, Fail)]
    return [(fail.call.id, fail.failure.error_type) for fail in told]


def test_a_queued_call_is_dropped_at_its_deadline() -> None:
    """Not before."""
    stage = Stage()
    call = stage.call(now=5.0, deadline=7.0)
    sweep(stage.router, 6.9)
    assert stage.effects() == []
    sweep(stage.router, 7.0)
    fail, drop = stage.effects()
    assert isinstance(fail, Fail)
    assert (
        fail.failure.message
        == "call 1 shop:A:work was not answered within 2 s: it was waiting for a free worker"
    )
    assert drop == Drop(call)
    assert (stage.router.calls, stage.router.timed_out) == ({}, 1)


def test_a_caller_is_told_the_time_that_it_gave() -> None:
    """Not the time that it waited; a millisecond is one."""
    for given, spelt in ((0.001, "0.001 s"), (2.5, "2.5 s"), (300.0, "300 s")):
        stage = Stage()
        stage.call(now=12345.6789, deadline=12345.6789 + given, total=12345.6789 + 2 * given)
        sweep(stage.router, 99999.0)
        fail = stage.effects()[0]
        assert isinstance(fail, Fail)
        assert f"within {spelt}:" in fail.failure.message
        assert fail.failure.details == {"timeout": given}


def test_a_running_call_goes_on_after_its_deadline() -> None:
    """Its caller is told once; it occupies its worker until its final message."""
    stage = Stage()
    stage.worker()
    call = stage.call(deadline=2.0)
    for now in (2.0, 3.0):
        sweep(stage.router, now)
    assert failures(stage) == [(1, "DirtyTimeoutError")]
    assert (call.client, call.deadline) == (None, inf)
    assert stage.finish(call) is None


def test_a_stream_is_closed_at_its_total() -> None:
    """Its worker is asked to."""
    stage = Stage()
    worker = stage.worker()
    call = stage.call(total=2.0, is_stream=True)
    sweep(stage.router, 2.0)
    fail, interrupt = stage.effects()
    assert isinstance(fail, Fail)
    assert interrupt == Interrupt(worker, call)


def test_a_call_that_runs_too_long_costs_its_worker() -> None:
    """It is aborted at once, and gets no more calls."""
    stage = Stage()
    worker = stage.worker(now=0.0)
    call = stage.call()
    sweep(stage.router, 9.9)
    assert stage.effects() == []
    sweep(stage.router, 10.0)
    fail, abort = stage.effects()
    assert isinstance(fail, Fail)
    assert fail.failure.details == {"timeout": 10.0}
    assert abort == AskAbort(worker, "call 1 shop:A:work ran past the pool's timeout of 10 s")
    sweep(stage.router, 20.0)
    assert stage.effects() == []
    stage.finish(call)
    assert stage.call().lane is None


def test_its_other_calls_get_time() -> None:
    """A replacement is asked for at once; the end, when they are done."""
    stage = Stage()
    worker = stage.worker(threads=2)
    stage.call()
    other = stage.call(now=8.0)
    sweep(stage.router, 10.0)
    assert [type(effect) for effect in stage.effects()] == [Fail, AskReplace]
    sweep(stage.router, 11.0)
    assert stage.effects() == []
    stage.finish(other)
    sweep(stage.router, 12.0)
    (effect,) = stage.effects()
    assert isinstance(effect, AskAbort)
    assert effect.worker is worker


def test_its_other_calls_get_no_more_than_graceful_timeout() -> None:
    """Then they are lost with it."""
    stage = Stage()
    stage.worker(threads=2)
    stage.call()
    stage.call(now=8.0)
    sweep(stage.router, 10.0)
    stage.effects()
    sweep(stage.router, 15.0)
    assert [type(effect) for effect in stage.effects()] == [AskAbort]


def test_an_overdue_call_that_ends_after_all_saves_its_worker() -> None:
    """It is replaced, without being aborted."""
    stage = Stage()
    stage.worker(threads=2)
    overdue = stage.call()
    stage.call(now=8.0)
    sweep(stage.router, 10.0)
    stage.effects()
    stage.finish(overdue)
    sweep(stage.router, 15.5)
    assert stage.effects() == []


def test_without_a_timeout_calls_run_for_ever() -> None:
    """0 is off."""
    stage = Stage(timeout=0.0)
    stage.worker()
    stage.call()
    sweep(stage.router, 1e9)
    assert stage.effects() == []


def test_a_paused_call_is_its_clients_fault() -> None:
    """Not its worker but the client that does not read is given up."""
    stage = Stage()
    worker = stage.worker()
    call = stage.call(is_stream=True)
    client = call.client
    call.is_paused = True
    sweep(stage.router, 10.0)
    assert stage.effects() == [Dismiss(call, client), Interrupt(worker, call)]
    sweep(stage.router, 20.0)
    assert stage.effects() == []


def test_a_cancelled_call_has_to_end() -> None:
    """Else its worker is beyond help."""
    stage = Stage()
    worker = stage.worker()
    call = stage.call()
    stage.router.cancel(call, 1.0)
    stage.effects()
    sweep(stage.router, 5.9)
    assert stage.effects() == []
    sweep(stage.router, 6.0)
    fail, abort = stage.effects()
    assert isinstance(fail, Fail)
    assert fail.failure.error_type == "DirtyCancelledError"
    assert abort == AskAbort(worker, "call 1 shop:A:work was cancelled and did not end within 5 s")


def test_workers_grow_old() -> None:
    """A replacement is asked for once."""
    stage = Stage()
    worker = stage.worker(now=1.0)
    worker.limits = Limits(age=4.0)
    for now in (4.9, 5.0, 6.0):
        sweep(stage.router, now)
    assert stage.effects() == [AskReplace(worker, "it is 4 s old (max_age)")]


def test_calls_without_hope_are_told_after_a_moment() -> None:
    """A replacement may be announced within it."""
    stage = Stage()
    entry = RosterEntry("dirty:1", None, (A,), "BACKOFF", "init failed")
    update(stage.router, Roster((entry,)), 1.0)
    stage.call(now=1.0)
    sweep(stage.router, 1.2)
    assert stage.effects() == []
    sweep(stage.router, 1.3)
    assert failures(stage) == [(1, "DirtyNoWorkersAvailableError")]
    assert "dirty:1: BACKOFF: init failed" in stage.refusal(now=1.4).message


def test_when_the_pool_stops_calls_without_a_worker_are_told() -> None:
    """At once."""
    stage = Stage()
    stage.call()
    stage.router.is_stopping = True
    update(stage.router, Roster(()), 1.0)
    sweep(stage.router, 1.0)
    assert failures(stage) == [(1, "DirtyNoWorkersAvailableError")]
