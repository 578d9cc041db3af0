"""When the daemon is asked for another worker in place of one: it served long enough, or is beyond help."""

from typing import TYPE_CHECKING

from supervisord_lite.pool.routing import recycling
from supervisord_lite.pool.routing.calls import Worker
from supervisord_lite.pool.routing.effects import AskAbort, AskReplace

if TYPE_CHECKING:
    from supervisord_lite.pool.routing.router import Router


def recycle(router: "Router", worker: Worker, now: float) -> None:
    """Ask for a replacement where a limit of the worker is reached; it serves until it leaves."""
    why = recycling.reason(worker.limits, worker.calls, now - worker.joined_at, worker.memory)
    if why is not None:
        replace(router, worker, why)


def replace(router: "Router", worker: Worker, why: str) -> None:
    """Ask for a replacement, once."""
    if not worker.is_replaced and not worker.is_leaving and not worker.is_lost:
        worker.is_replaced = True
        router.effects.append(AskReplace(worker, why))


def condemn(router: "Router", worker: Worker, why: str, now: float) -> None:
    """A call of it cannot be ended otherwise: abort it, after `graceful_timeout` for its others."""
    if worker.condemned is not None or worker.is_lost:
        return
    router.close(worker)
    worker.condemned = why
    if any(not call.is_overdue for call in worker.running):
        worker.abort_by = now + router.settings.graceful_timeout
        replace(router, worker, why)
    else:
        abort(router, worker)


def carry_out(router: "Router", worker: Worker, now: float) -> None:
    """Abort a condemned worker when nothing but overdue calls is left of it, or its others had their time."""
    if worker.condemned is None or worker.is_aborted:
        return
    running = worker.running
    overdue = [call for call in running if call.is_overdue]
    if overdue and (len(overdue) == len(running) or now >= worker.abort_by):
        abort(router, worker)


def abort(router: "Router", worker: Worker) -> None:
    """Ask for its end, once."""
    if not worker.is_aborted:
        worker.is_aborted = True
        router.effects.append(AskAbort(worker, worker.condemned or "it is beyond help"))
