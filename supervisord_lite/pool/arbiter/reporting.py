"""How the pool is, from what the router knows."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from supervisord_lite.pool.routing.calls import Call, Worker
from supervisord_lite.pool.routing.router import Router
from supervisord_lite.pool.routing.service import Service
from supervisord_lite.wire.backstage import AppReport, CallReport, Report, WorkerReport

QUEUED = 1000
"""Queued calls that a report shows, the oldest; how many there are it always says."""


def report(router: Router, number: int, clients: int, memory: Mapping[int, int | None], now: float) -> Report:
    """The whole of it; `memory` is the private memory by pid."""
    return Report(
        number=number,
        clients=clients,
        queued=router.queued,
        refused=router.refused,
        timed_out=router.timed_out,
        calls=tuple(_call(call, now) for call in _shown(router.calls.values())),
        workers=tuple(_worker(worker, memory.get(worker.pid), now) for worker in by_age(router)),
        apps=tuple(_app(service, now) for service in router.services.values()),
    )


def v2_status(report: Report) -> dict[str, Any]:
    """What a client is told: the same but for what the daemon finds it by."""
    told: dict[str, Any] = msgspec.to_builtins(report)
    del told["type"], told["number"]
    return told


def v1_status(router: Router, pid: int, now: float) -> dict[str, Any]:
    """What gunicorn's arbiter answers to a status message. An idle worker is well: its heartbeat is now."""
    workers = [
        {
            "pid": worker.pid,
            "age": age_of(worker.name),
            "apps": list(worker.apps),
            "booted": bool(worker.lanes),
            "last_heartbeat": round(max((now - call.active_at for call in worker.running), default=0.0), 2),
        }
        for worker in by_age(router)
    ]
    return {
        "arbiter_pid": pid,
        "workers": workers,
        "worker_count": len(workers),
        "apps": list(router.services),
    }


def by_age(router: Router) -> list[Worker]:
    """The workers, the oldest first."""
    return sorted(router.workers.values(), key=lambda worker: (age_of(worker.name), worker.name))


def age_of(name: str) -> int:
    """The number in a worker's name, "dirty:3"; 0 where there is none."""
    number = name.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0


def _shown(calls: Iterable[Call]) -> Iterator[Call]:
    """All that run, and the oldest that wait. They come in the order of their ids."""
    queued = 0
    for call in calls:
        if call.lane is not None:
            yield call
        elif queued < QUEUED:
            queued += 1
            yield call


def _call(call: Call, now: float) -> CallReport:
    since = call.started_at if call.lane else call.queued_at
    worker = call.lane.worker.name if call.lane else None
    pid = call.client.pid if call.client is not None else 0
    return CallReport(call.id, call.app, call.action, now - since, worker, pid, call.is_stream)


def _worker(worker: Worker, memory: int | None, now: float) -> WorkerReport:
    return WorkerReport(
        name=worker.name,
        pid=worker.pid,
        apps=worker.apps,
        state=_state(worker),
        initialising=worker.initialising,
        calls=worker.calls,
        errors=worker.errors,
        memory=memory,
        age=now - worker.joined_at,
    )


def _state(worker: Worker) -> str:
    if worker.is_leaving:
        return "leaving"
    if worker.busy:
        return "busy"
    return "idle" if worker.lanes else "initialising"


def _app(service: Service, now: float) -> AppReport:
    waited_p50, waited_p99 = service.waited.percentiles()
    ran_p50, ran_p99 = service.ran.percentiles()
    head = min((call.queued_at for call in service.line), default=now)
    return AppReport(
        app=service.app,
        queued=service.line.count,
        oldest=now - head,
        calls=service.calls,
        errors=service.errors,
        waited_p50=waited_p50,
        waited_p99=waited_p99,
        ran_p50=ran_p50,
        ran_p99=ran_p99,
    )
