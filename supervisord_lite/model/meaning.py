"""What an event means for a program in the state that it is in: a named trigger, or nothing."""

from typing import TYPE_CHECKING

from . import backoff
from .events import (
    Abort,
    Again,
    Asked,
    Due,
    Ended,
    Event,
    Extend,
    Launched,
    Leaving,
    Ping,
    Ready,
    Start,
    Stop,
    Trip,
)
from .exits import Exit
from .policy import Policy, Restart
from .states import FAULTS, Cause, State, Trigger, Wanted

if TYPE_CHECKING:
    from .life import Life

S, T = State, Trigger

WITH_PROCESS = (S.STARTING, S.RUNNING, S.STOPPING)


def classify(life: "Life", event: Event, policy: Policy, now: float) -> Trigger | None:
    """What the event means for a program in this state; None: nothing."""
    has_process = life.launched_at is not None
    match event:
        case Start():
            return None if life.state in (S.STARTING, S.RUNNING) else T.START
        case Stop():
            return None if life.state is S.STOPPED else T.STOP
        case Again():
            return T.RESTART
        case Ended(exit=exit):
            return _meaning_of_end(life, exit, policy, now)
        case Due():
            return _meaning_of_deadline(life, policy, now)
        case Launched():
            return T.LAUNCHED if life.state is S.STARTING and not has_process else None
        case Ready():
            return T.READY if life.state is S.STARTING and has_process else None
        case Ping():
            return T.PING if life.state is S.RUNNING else None
        case Trip():
            return T.SILENT if life.state is S.RUNNING else None
        case Abort():
            return T.ABORT if has_process and life.state in WITH_PROCESS and not life.killed else None
        case Leaving():
            return T.LEAVING if life.state in (S.STARTING, S.RUNNING) and has_process else None
        case Asked():
            return T.ASKED if life.state is S.STOPPING else None
        case Extend():
            return T.EXTEND if has_process and life.deadline is not None and not life.killed else None


def _meaning_of_deadline(life: "Life", policy: Policy, now: float) -> Trigger | None:
    if life.deadline is None or now < life.deadline:
        return None
    match life.state:
        case S.STARTING:
            return T.LATE if policy.notify else T.READY
        case S.RUNNING:
            return T.SILENT
        case S.STOPPING:
            return T.ESCALATE
        case S.BACKOFF:
            return T.RETRY
    return None


def _meaning_of_end(life: "Life", exit: Exit, policy: Policy, now: float) -> Trigger | None:
    if life.state not in WITH_PROCESS:
        return None
    if life.state is S.STOPPING:
        if life.wanted is Wanted.DOWN:
            return T.ENDED
        if life.cause not in FAULTS and life.cause is not Cause.LEAVING:
            return T.AGAIN
    failed = life.cause in FAULTS or not exit.succeeded(policy)
    permanent = exit.code is not None and exit.code in policy.permanent_exit_codes
    if permanent or policy.restart is Restart.NEVER or (policy.restart is Restart.ON_FAILURE and not failed):
        return T.FINISH
    if backoff.is_spent(life.restarts, policy, now):
        return T.GIVE_UP
    return T.REPLACE if policy.restart_at_once and _has_served(life, policy, now) else T.BACK_OFF


def _has_served(life: "Life", policy: Policy, now: float) -> bool:
    if life.state is S.STARTING or life.ready_at is None:
        return False
    return now - life.ready_at >= policy.startsecs
