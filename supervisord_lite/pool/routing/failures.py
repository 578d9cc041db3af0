"""What callers are told when an arbiter fails their call, by the names of `dirty.errors`."""

from collections.abc import Iterable

from supervisord_lite.pool.routing.calls import Call, Worker
from supervisord_lite.pool.routing.partials import HURRY, PATIENCE, STEP
from supervisord_lite.wire.envelope import Failure


class Refused(Exception):
    """A call that is not taken; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def unknown_app(app: str, apps: Iterable[str]) -> Failure:
    """The pool has no such app."""
    known = ", ".join(apps) or "none"
    message = f"Dirty app not found: {app}; the apps of this pool are: {known}"
    return Failure("DirtyAppNotFoundError", message, {"app_path": app})


def queue_full(app: str, limit: int) -> Failure:
    """As many calls wait as may."""
    message = f"the queue of {app} is full: {limit} calls wait (max_queue); call again later"
    return Failure("DirtyQueueFullError", message, {"app_path": app, "limit": limit})


def no_workers(app: str, reason: str) -> Failure:
    """No worker with this app is up, or about to be."""
    message = f"No workers available for app: {app} ({reason})"
    return Failure("DirtyNoWorkersAvailableError", message, {"app_path": app})


def pickle_refused() -> Failure:
    """The caller pickles, the pool does not."""
    message = 'this pool takes no pickled values; its configuration may allow them: serializer = "pickle"'
    return Failure("DirtyProtocolError", message)


def not_answered_in_time(call: Call, until: float) -> Failure:
    """The caller's own deadline has passed: `until` is when it was."""
    seconds = round(until - call.queued_at, 6)  # as it was asked for: the clock's fractions cost a few digits
    where = f"it runs on {call.lane.worker.name}" if call.lane else "it was waiting for a free worker"
    message = f"{call.label} was not answered within {seconds:g} s: {where}"
    return Failure("DirtyTimeoutError", message, {"timeout": seconds})


def ran_too_long(call: Call, worker: Worker, timeout: float) -> Failure:
    """The pool's `timeout` has passed."""
    message = f"{call.label} ran past the pool's timeout of {timeout:g} s; {worker.label} is replaced"
    return Failure("DirtyTimeoutError", message, {"timeout": timeout})


def worker_ended(call: Call, worker: Worker, how: str) -> Failure:
    """The worker has gone while it ran the call."""
    message = f"{worker.label} {how} while it ran {call.app}:{call.action}"
    return Failure("DirtyWorkerError", message, {"worker_id": worker.name})


def worker_talks_nonsense(call: Call, worker: Worker, what: str) -> Failure:
    """The worker broke the protocol."""
    message = f"{worker.label} broke the protocol while it ran {call.app}:{call.action}: {what}"
    return Failure("DirtyWorkerError", message, {"worker_id": worker.name})


def cancelled(call: Call) -> Failure:
    """An operator ended it."""
    message = f"{call.label} was cancelled by an operator"
    return Failure("DirtyCancelledError", message, {"app_path": call.app, "action": call.action})


def too_long(length: int, limit: int) -> Failure:
    """A message, or the memfd with its body."""
    message = f"a message of {length} bytes is longer than the pool's limit of {limit} (max_message)"
    return Failure("DirtyProtocolError", message)


def broken(what: str) -> Failure:
    """The client broke the protocol."""
    return Failure("DirtyProtocolError", what)


def no_descriptor() -> Failure:
    """The memfd of a message was lost: whoever sent it did nothing wrong."""
    message = (
        "the arbiter has no file descriptor left for the memfd of a message; call again later, or raise "
        "LimitNOFILE of the daemon's service"
    )
    return Failure("DirtyError", message)


def rest_missing() -> Failure:
    """The client left it at a part of a message, or sends it by the byte."""
    message = (
        f"the rest of a message, or {STEP // 1024} KiB more of it, did not come within {PATIENCE:g} s, or "
        f"within {HURRY:g} s while others waited for its room"
    )
    return Failure("DirtyProtocolError", message)


def stopping(app: str) -> Failure:
    """The pool ends, and no worker is left for the calls that wait."""
    return no_workers(app, "the pool is being stopped")


def not_passed_on(call: Call, error: OSError) -> Failure:
    """The kernel refused to pass the request on to an idle worker."""
    return Failure("DirtyError", f"{call.label} could not be passed on to a worker: {error.strerror}")
