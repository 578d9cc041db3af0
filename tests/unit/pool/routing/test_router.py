"""Which call goes to which worker."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.pool.routing.calls import Lane, Worker
from supervisord_lite.pool.routing.effects import AskReplace, Begin, Dismiss, Drop, Fail, HalfClose, Interrupt
from tests.unit.pool.routing.stage import A, B, Stage, settings, where


def test_a_call_goes_to_an_idle_worker() -> None:
    """At once, and the next one waits until it is done."""
    stage = Stage()
    worker = stage.worker()
    first, second = stage.call(), stage.call(now=1.0)
    assert (where(first), where(second)) == (worker.name, None)
    assert stage.finish(first, 3.0) is second
    assert (second.queued_at, second.started_at) == (1.0, 3.0)
    assert stage.finish(second, 4.0) is None
    assert where(stage.call()) == worker.name


def test_calls_wait_in_order_of_priority_and_then_of_age() -> None:
    """Over all apps of the worker that falls free."""
    stage = Stage(max_queue=10)
    stage.worker(A, B)
    running = stage.call()
    late = [
        stage.call(priority=priority, app=app) for priority, app in [(0, B), (0, A), (5, A), (-1, B), (5, B)]
    ]
    order = []
    while (following := stage.finish(running)) is not None:
        order.append(following)
        running = following
    assert order == [late[2], late[4], late[0], late[1], late[3]]


def test_workers_with_fewer_apps_are_called_first() -> None:
    """The only worker of some app is kept free for it while others can take the call."""
    stage = Stage()
    both, one = stage.worker(A, B), stage.worker(A)
    assert where(stage.call(A)) == one.name
    assert where(stage.call(B)) == both.name


def test_the_worker_that_was_busy_latest_is_called_first() -> None:
    """Its caches are warm."""
    stage = Stage()
    stage.worker(), stage.worker()
    first, second = stage.call(), stage.call()
    worker = where(first)
    stage.finish(second)
    stage.finish(first)
    assert where(stage.call()) == worker


def test_calls_are_spread_over_the_threads_of_all_workers() -> None:
    """A worker with a call gets another one only when no other is idle."""
    stage = Stage()
    stage.worker(threads=2), stage.worker(threads=2)
    assert {where(stage.call()), where(stage.call())} == {"dirty:1", "dirty:2"}
    assert {where(stage.call()), where(stage.call())} == {"dirty:1", "dirty:2"}
    assert where(stage.call()) is None


def test_a_full_queue_refuses() -> None:
    """As many wait as may, of each app."""
    stage = Stage()
    for _ in range(3):
        stage.call(A)
    assert stage.refusal(A).error_type == "DirtyQueueFullError"
    assert where(stage.call(B)) is None
    assert (stage.router.queued, stage.router.refused) == (4, 1)


def test_an_unknown_app_is_refused() -> None:
    """With the names of those there are."""
    failure = Stage().refusal("shop:None")
    assert failure.error_type == "DirtyAppNotFoundError"
    assert failure.message == "Dirty app not found: shop:None; the apps of this pool are: shop:A, shop:B"


def test_a_queued_call_whose_client_leaves_is_dropped() -> None:
    """It leaves its place in the queue."""
    stage = Stage()
    call = stage.call()
    stage.router.leave(call, 1.0)
    assert stage.effects() == [Drop(call)]
    assert stage.router.queued == 0
    stage.worker()
    assert stage.router.calls == {}


@pytest.mark.parametrize(("cancels", "is_stream"), [(True, False), (True, True), (False, True)])
def test_a_running_call_whose_client_leaves_is_interrupted(cancels: bool, is_stream: bool) -> None:
    """Where the pool says so; a stream always. Once, whatever else ends it."""
    stage = Stage(cancel_on_disconnect=cancels)
    worker = stage.worker()
    call = stage.call(is_stream=is_stream)
    stage.router.leave(call, 1.0)
    assert stage.effects() == [Interrupt(worker, call)]
    assert call.cancel_by == (6.0 if cancels else float("inf"))
    stage.router.leave(call, 2.0)
    stage.router.cancel(call, 2.0)
    assert stage.effects() == []
    assert stage.finish(call) is None


def test_a_running_call_whose_client_leaves_finishes() -> None:
    """With on_disconnect = "finish"; nobody hears of it."""
    stage = Stage()
    stage.worker()
    call = stage.call()
    stage.router.leave(call, 1.0)
    assert (stage.effects(), call.client) == ([], None)
    stage.finish(call)
    stage.router.leave(call, 2.0)
    assert stage.effects() == []


def test_an_operator_cancels_a_call() -> None:
    """A queued one is told and dropped, a running one interrupted, any other is unknown."""
    stage = Stage()
    worker = stage.worker()
    running, queued = stage.call(), stage.call()
    assert stage.router.cancel_by_operator(queued.id, 1.0) is None
    fail, drop = stage.effects()
    assert isinstance(fail, Fail)
    assert (fail.failure.error_type, drop) == ("DirtyCancelledError", Drop(queued))
    assert stage.router.cancel_by_operator(running.id, 1.0) is None
    assert stage.effects() == [Interrupt(worker, running)]
    assert stage.router.cancel_by_operator(9, 1.0) == "no call 9 is queued or running"


def test_a_worker_that_leaves_is_half_closed_lane_by_lane() -> None:
    """Idle ones at once, the others when their call is done; it gets no new calls."""
    stage = Stage()
    worker = stage.worker(threads=2)
    call = stage.call()
    busy = call.lane
    stage.router.depart(worker)
    stage.router.depart(worker)
    (idle,) = worker.lanes - {busy}
    assert stage.effects() == [HalfClose(idle)]
    waiting = stage.call()
    assert where(waiting) is None
    assert stage.finish(call) is None
    assert busy is not None
    assert stage.effects() == [HalfClose(busy)]


def test_a_call_that_did_not_reach_its_worker_is_next() -> None:
    """Before all that wait, on whichever lane is idle."""
    stage = Stage()
    first, second = stage.worker(), stage.worker()
    busy, call = stage.call(), stage.call()
    stage.call()
    lane = call.lane
    assert lane is not None
    stage.router.put_back(lane)
    assert where(call) is None
    assert stage.finish(busy) is call
    assert {first.busy, second.busy} == {0, 1}


def test_a_call_put_back_after_its_app_went_is_told() -> None:
    """There is no queue for it any more."""
    stage = Stage()
    stage.worker()
    call = stage.call()
    lane = call.lane
    assert lane is not None
    stage.router.configure(settings(apps=(B,)), 1.0)
    stage.router.put_back(lane)
    assert stage.told() == [(call.id, "DirtyAppNotFoundError")]
    assert stage.router.calls == {}


def test_a_change_of_apps_is_followed() -> None:
    """Calls for an app that went are told, a new one is served by idle workers that have it."""
    stage = Stage(apps=(A,))
    stage.router.configure(settings(apps=(A, B)), 0.0)
    queued = stage.call(B)
    worker = stage.worker(B)
    assert where(queued) == worker.name
    stage.effects()
    gone = stage.call(A)
    stage.router.configure(settings(apps=(B,)), 1.0)
    fail, drop = stage.effects()
    assert isinstance(fail, Fail)
    assert (fail.call, drop) == (gone, Drop(gone))
    assert stage.finish(queued) is None
    assert where(stage.call(B)) == worker.name


def test_a_client_that_does_not_read_is_dismissed() -> None:
    """Its stream is closed."""
    stage = Stage()
    worker = stage.worker()
    call = stage.call(is_stream=True)
    client = call.client
    stage.router.dismiss(call, 1.0)
    assert stage.effects() == [Dismiss(call, client), Interrupt(worker, call)]


def test_a_worker_is_replaced_once_for_its_calls() -> None:
    """It serves on until it leaves."""
    from supervisord_lite.pool.routing.recycling import Limits

    stage = Stage()
    worker = stage.worker()
    worker.limits = Limits(calls=2)
    for number in range(4):
        stage.finish(stage.call(), is_error=number == 0)
    (effect,) = stage.effects()
    assert effect == AskReplace(worker, "it served 2 calls (max_calls)")
    assert (worker.calls, worker.errors) == (4, 1)


def test_begin_is_left_to_the_performer_where_nothing_asked_for_a_lane() -> None:
    """A dispatch tells which lane begins what."""
    stage = Stage()
    worker = Worker("dirty:1", 1, (A,), 1, 0.0)
    stage.router.join(worker)
    call = stage.call()
    lane = Lane(worker)
    worker.lanes.add(lane)
    worker.group.idle.append(lane)
    stage.router.dispatch(1.0)
    assert stage.effects() == [Begin(lane, call)]


STEPS = st.lists(
    st.tuples(st.sampled_from(["call", "finish", "leave", "worker", "depart"]), st.integers(0, 9)),
    max_size=60,
)


@given(STEPS)
def test_no_call_waits_while_a_worker_could_run_it(steps: list[tuple[str, int]]) -> None:
    """Whatever happens: queues and idle lanes of an app are never both filled, and counts are right."""
    stage = Stage(max_queue=1000)
    for step, which in steps:
        running = [call for call in stage.router.calls.values() if call.lane]
        calls = list(stage.router.calls.values())
        workers = list(stage.router.workers.values())
        match step:
            case "call":
                stage.call((A, B)[which % 2], priority=which % 3)
            case "finish" if running:
                stage.finish(running[which % len(running)])
            case "leave" if calls:
                stage.router.leave(calls[which % len(calls)], 0.0)
            case "worker" if len(workers) < 4:
                stage.worker(*((A,), (B,), (A, B))[which % 3], threads=1 + which % 2)
            case "depart" if workers:
                stage.router.depart(workers[which % len(workers)])
        _check(stage)


def _check(stage: Stage) -> None:
    for service in stage.router.services.values():
        assert service.line.count == len(list(service.line))
        assert not service.line.count or not any(group.idle for group in service.groups)
    for worker in stage.router.workers.values():
        assert worker.busy == len(worker.running)
        idle = [lane for lane in worker.group.idle if lane.worker is worker]
        assert len(idle) == (0 if worker.is_closed else len(worker.lanes) - worker.busy)
    assert stage.router.queued == sum(call.lane is None for call in stage.router.calls.values())
