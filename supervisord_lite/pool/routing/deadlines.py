"""What time brings: callers that waited long enough, calls that ran too long, workers to be given up."""

from math import inf

from supervisord_lite.pool.routing import casualties, failures, replacement
from supervisord_lite.pool.routing.calls import Call
from supervisord_lite.pool.routing.router import HOPE, Router


def sweep(router: Router, now: float) -> None:
    """Decide everything that is due."""
    for call in list(router.calls.values()):
        if now >= call.deadline or now >= call.total:
            _stop_waiting(router, call, now)
        if call.lane is not None:
            _watch(router, call, now)
    casualties.give_up(router, now)
    _watch_workers(router, now)
    _end_hope(router, now)


def _stop_waiting(router: Router, call: Call, now: float) -> None:
    until = min(call.deadline, call.total)
    call.deadline = call.total = inf
    if call.client is None:
        return
    router.timed_out += 1
    router.fail(call, failures.not_answered_in_time(call, until))
    if call.lane is not None:
        router.leave(call, now)


def _watch(router: Router, call: Call, now: float) -> None:
    """A running call: has it run too long, should it have ended, does its client read?"""
    assert call.lane is not None
    timeout = router.settings.timeout
    worker = call.lane.worker
    if now >= call.cancel_by and not call.is_overdue:
        call.is_overdue = True
        router.fail(call, failures.cancelled(call))
        grace = router.settings.graceful_timeout
        replacement.condemn(
            router, worker, f"{call.label} was cancelled and did not end within {grace:g} s", now
        )
    if not timeout or now - call.active_at < timeout or call.is_overdue:
        return
    if call.is_paused:
        if call.client is not None:
            router.dismiss(call, now)
        return
    call.is_overdue = True
    router.timed_out += 1
    router.fail(call, failures.ran_too_long(call, worker, timeout))
    replacement.condemn(router, worker, f"{call.label} ran past the pool's timeout of {timeout:g} s", now)


def _watch_workers(router: Router, now: float) -> None:
    for worker in list(router.workers.values()):
        replacement.carry_out(router, worker, now)
        replacement.recycle(router, worker, now)


def _end_hope(router: Router, now: float) -> None:
    """Calls that wait for an app that nobody runs, or will run soon, are told so."""
    for service in router.services.values():
        if service.line.count and service.hopeless_because is not None:
            if router.is_stopping:
                for call in list(service.line):
                    router.fail(call, failures.stopping(service.app))
            elif now - service.hopeless_since >= HOPE:
                for call in list(service.line):
                    router.fail(call, failures.no_workers(service.app, service.hopeless_because))
