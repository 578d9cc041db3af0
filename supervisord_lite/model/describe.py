"""The `description` of a program: what supervisorctl's users read in the third column."""

from .durations import clock, spell
from .exits import Exit
from .life import Life
from .policy import Policy
from .states import Cause, State


def describe(
    life: Life, policy: Policy, now: float, *, pid: int | None, last: Exit | None, waiting_for: str | None
) -> str:
    """One line that is true now: "pid 123, uptime 0:03:12", "exited with status 1, restart in 2s"."""
    match life.state:
        case State.STARTING:
            return _starting(life, policy, now, pid, waiting_for)
        case State.RUNNING:
            return f"pid {pid}, uptime {clock(now - (life.launched_at or now))}"
        case State.STOPPING:
            return _stopping(life, now, pid, waiting_for)
        case State.STOPPED:
            return _stopped(life.cause)
    ended = last.sentence() if last is not None else "ended"
    match life.state:
        case State.BACKOFF:
            return f"{ended}, restart in {spell(max(0.0, (life.deadline or now) - now))}"
        case State.FATAL:
            return f"{ended}, given up after {len(life.restarts)} restarts in a row"
    return f"{ended}, not to be restarted"


def _starting(life: Life, policy: Policy, now: float, pid: int | None, waiting_for: str | None) -> str:
    if waiting_for is not None:
        return f"waiting for {waiting_for}"
    if life.launched_at is None or life.deadline is None:
        return "being launched"
    what = "READY=1" if policy.notify else "startsecs"
    return f"pid {pid}, waiting for {what} (up to {spell(max(0.0, life.deadline - now))})"


def _stopped(cause: Cause | None) -> str:
    match cause:
        case None:
            return "not started"
        case Cause.STOP:
            return "stopped by hand"
    return f"stopped: {cause}"


def _stopping(life: Life, now: float, pid: int | None, waiting_for: str | None) -> str:
    if waiting_for is not None:
        return f"pid {pid}, to be stopped after {waiting_for}"
    if life.killed:
        return f"pid {pid}, killed, waiting for the kernel to let it go"
    if life.deadline is None:
        return f"pid {pid}, {life.cause}"
    return f"pid {pid}, {life.cause}, killed in {spell(max(0.0, life.deadline - now))}"
