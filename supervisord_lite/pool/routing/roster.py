"""Whether an app has, or will soon have, a worker: by the daemon's roster and by who is connected."""

from collections.abc import Iterable

from supervisord_lite.model.states import State
from supervisord_lite.pool.routing.calls import Worker
from supervisord_lite.pool.routing.router import Router
from supervisord_lite.wire.backstage import Roster, RosterEntry

COMING = frozenset({State.STARTING, State.RUNNING, State.STOPPING})
"""Whoever is in one of these serves, will serve, or is about to be followed by one who does."""


def update(router: Router, roster: Roster, now: float) -> None:
    """Follow the daemon's roster."""
    router.roster = roster.workers
    for entry in roster.workers:
        worker = router.workers.get((entry.name, entry.pid)) if entry.pid is not None else None
        if worker is not None and entry.is_leaving:
            router.close(worker)
    judge(router, now)


def judge(router: Router, now: float) -> None:
    """Note for each app since when, and why, nobody can run it. To be called when workers come or go."""
    for service in router.services.values():
        why = _hopeless(service.app, router.workers.values(), router.roster, router.is_stopping)
        if why is not None and service.hopeless_because is None:
            service.hopeless_since = now
        service.hopeless_because = why


def _hopeless(
    app: str, workers: Iterable[Worker], roster: tuple[RosterEntry, ...] | None, is_stopping: bool
) -> str | None:
    if any(app in worker.apps and not worker.is_closed for worker in workers):
        return None
    if is_stopping:
        return "the pool is being stopped"
    if roster is None:
        return None
    entries = [entry for entry in roster if app in entry.apps]
    if any(entry.state in COMING for entry in entries):
        return None
    told = [f"{entry.name}: {entry.state}{': ' if entry.reason else ''}{entry.reason}" for entry in entries]
    return "; ".join(told) or "no worker has it"
