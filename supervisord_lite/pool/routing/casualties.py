"""What becomes of calls whose worker is lost. Decides; `router.effects` says what is to be done.

A connection ends a moment before the daemon can tell how its process did: the calls are held back until
`Gone` comes, or `GONE_WITHIN` has passed.
"""

from supervisord_lite.pool.routing import failures
from supervisord_lite.pool.routing.calls import Call, Lane, Worker
from supervisord_lite.pool.routing.effects import Hang
from supervisord_lite.pool.routing.router import Router

GONE_WITHIN = 0.3
UNEXPLAINED = "closed its connection"


def lose_lane(lane: Lane, now: float) -> None:
    """The connection of one thread has ended, for whatever reason."""
    worker = lane.worker
    worker.lanes.discard(lane)
    if lane in worker.group.idle:
        worker.group.idle.remove(lane)
    if lane.call is not None:
        lane.call.lost_at = min(lane.call.lost_at, now)


def lose_worker(router: Router, worker: Worker, now: float) -> None:
    """The process, or its control connection, has ended."""
    if worker.is_lost:
        return
    worker.is_lost = True
    router.close(worker)
    calls = calls_of(router, worker)
    for call in calls:
        call.lost_at = min(call.lost_at, now)
    if not calls:
        _forget(router, worker)


def gone(router: Router, worker: Worker, how: str) -> None:
    """The daemon says how it ended: tell the callers."""
    worker.is_lost = True
    router.close(worker)
    for call in calls_of(router, worker):
        _bury(router, call, worker, how)
    _forget(router, worker)


def give_up(router: Router, now: float) -> None:
    """Nobody said how these workers ended: tell their callers all the same."""
    lost = [call for call in router.calls.values() if call.lost_at + GONE_WITHIN <= now]
    for call in lost:
        assert call.lane is not None
        worker = call.lane.worker
        _bury(router, call, worker, UNEXPLAINED)
        if worker.is_lost and not calls_of(router, worker):
            _forget(router, worker)


def calls_of(router: Router, worker: Worker) -> list[Call]:
    """Its calls, those on lanes that are closed already among them."""
    return [call for call in router.calls.values() if call.lane is not None and call.lane.worker is worker]


def _bury(router: Router, call: Call, worker: Worker, how: str) -> None:
    router.fail(call, failures.worker_ended(call, worker, how))
    assert call.lane is not None
    call.lane.call = None
    call.lane = None
    del router.calls[call.id]
    worker.busy -= 1
    worker.errors += 1
    service = router.services.get(call.app)
    if service is not None:
        service.calls += 1
        service.errors += 1


def _forget(router: Router, worker: Worker) -> None:
    if router.workers.get(worker.key) is worker:
        del router.workers[worker.key]
        router.effects.append(Hang(worker))
