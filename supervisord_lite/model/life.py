"""The life of a program: classify what happened, look the trigger up in the table, say what is to be done.

A life holds one deadline; what happens when it passes depends on the state alone. An event that means
nothing in a state (a late READY=1 while stopping) changes nothing. What the operator wants is kept apart
from what is: a life that should be up and is not has a next step, always.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from . import backoff
from .events import (
    Abort,
    Again,
    Effect,
    Ended,
    Event,
    Extend,
    Kill,
    Launch,
    Stop,
    Terminate,
)
from .meaning import classify
from .policy import Policy
from .states import FAULTS, Cause, State, Trigger, Wanted
from .transitions import follow

S, T = State, Trigger

KILL_AGAIN = 5.0
"""Seconds after which a tree that survived SIGKILL (a process in an uninterruptible wait) is killed again."""

SIGABRT = 6
"""What a program gets that missed its watchdog: it can leave a stack or a core (systemd.service(5))."""

ABORT_PATIENCE = 3.0
"""Seconds that one beyond help has to leave its stacks, before it is killed."""


class Life(Struct, frozen=True, kw_only=True):
    """Everything that decides what a program does next. Times are monotonic seconds."""

    state: State = State.STOPPED
    wanted: Wanted = Wanted.DOWN
    cause: Cause | None = None
    why: str = ""
    """What is to be told of the cause, where there is more to it."""
    since: float = 0.0
    deadline: float | None = None
    launched_at: float | None = None
    ready_at: float | None = None
    killed: bool = False
    failures: int = 0
    restarts: tuple[float, ...] = ()
    succeeded: bool = False
    watchdog: float | None = None
    """The interval its process was launched with, whatever the policy says by now."""

    @property
    def is_ready(self) -> bool:
        """Whether what comes `after` it may start: it runs, or it has finished its work successfully."""
        return self.state is State.RUNNING or (self.state is State.EXITED and self.succeeded)


class Step(Struct, frozen=True):
    """Outcome of one event: the trigger it meant (None: nothing), the life after it, what is to be done."""

    trigger: Trigger | None
    life: Life
    effects: tuple[Effect, ...] = ()


def step(life: Life, event: Event, policy: Policy, now: float, jitter: float = 1.0) -> Step:
    """Decide what `event` does to `life`; `jitter`, a number from 0 to 1, spreads restarts.

    Raises `ImpossibleTransition` where the table has no row, and then nothing has changed.
    """
    trigger = classify(life, event, policy, now)
    if trigger is None:
        return Step(None, life)
    state = follow(life.state, trigger)
    moved = replace(life, state=state, since=now if state is not life.state else life.since)
    after = _CONSEQUENCES[trigger](moved, _Moment(life, event, policy, now, jitter))
    return Step(trigger, after, _effects(life, after, trigger, policy))


def _effects(before: Life, after: Life, trigger: Trigger, policy: Policy) -> tuple[Effect, ...]:
    if trigger is T.ESCALATE:
        return (Kill(),)
    if after.state is S.STARTING and before.state is not S.STARTING:
        return (Launch(),)
    if trigger is T.ABORT or (
        after.state is S.STOPPING and before.state is not S.STOPPING and trigger is not T.LEAVING
    ):
        return (Terminate(_ending(trigger, policy)),)
    return ()


def _ending(trigger: Trigger, policy: Policy) -> int:
    """The signal that asks it to end."""
    if trigger in (T.SILENT, T.ABORT):
        return SIGABRT
    return policy.late_signal or policy.stop_signal if trigger is T.LATE else policy.stop_signal


class _Moment(Struct, frozen=True):
    """What a consequence may look at besides the life that has just moved."""

    before: Life
    event: Event
    policy: Policy
    now: float
    jitter: float


def _start(life: Life, moment: _Moment) -> Life:
    fresh = replace(life, wanted=Wanted.UP, failures=0, restarts=())
    # On its way down and wanted again: it is started anew when it has gone.
    return replace(fresh, cause=Cause.RESTART) if life.state is S.STOPPING else _begin(fresh, moment)


def _stop(life: Life, moment: _Moment) -> Life:
    assert isinstance(moment.event, Stop)
    down = replace(life, wanted=Wanted.DOWN, cause=moment.event.cause, failures=0, restarts=())
    return _leave(down, moment) if life.state is S.STOPPING else _end(down, moment)


def _restart(life: Life, moment: _Moment) -> Life:
    assert isinstance(moment.event, Again)
    up = replace(life, wanted=Wanted.UP, cause=moment.event.cause, failures=0, restarts=())
    return _leave(up, moment) if life.state is S.STOPPING else _begin(up, moment)


def _leave(life: Life, moment: _Moment) -> Life:
    """A new reason to stop: the wait starts when it is asked to, and a later reason can only shorten it."""
    if moment.before.state is not S.STOPPING:
        return replace(life, deadline=None)
    if life.killed or life.deadline is None:
        return life
    return replace(life, deadline=min(life.deadline, moment.now + _patience(life.cause, moment.policy)))


def _patience(cause: Cause | None, policy: Policy) -> float:
    if cause is Cause.ABORTED:
        return min(ABORT_PATIENCE, policy.stop_timeout)
    return policy.reload_timeout if cause in (Cause.RESTART, Cause.REREAD) else policy.stop_timeout


def _late(life: Life, moment: _Moment) -> Life:
    return replace(life, cause=Cause.READY_TIMEOUT, deadline=None)


def _silent(life: Life, moment: _Moment) -> Life:
    return replace(life, cause=Cause.WATCHDOG, deadline=None)


def _abort(life: Life, moment: _Moment) -> Life:
    """One that is asked to end already has less time for it, and what it was asked for stays the cause."""
    assert isinstance(moment.event, Abort)
    if moment.before.state is not S.STOPPING:
        return replace(life, cause=Cause.ABORTED, why=moment.event.why, deadline=None)
    left = moment.now + _patience(Cause.ABORTED, moment.policy)
    return replace(life, why=moment.event.why, deadline=min(life.deadline or left, left))


def _leaving(life: Life, moment: _Moment) -> Life:
    return replace(life, cause=Cause.LEAVING, deadline=moment.now + moment.policy.stop_timeout)


def _asked(life: Life, moment: _Moment) -> Life:
    patience = moment.now + _patience(life.cause, moment.policy)
    return replace(life, deadline=patience if life.deadline is None else min(life.deadline, patience))


def _escalate(life: Life, moment: _Moment) -> Life:
    return replace(life, killed=True, deadline=moment.now + KILL_AGAIN)


def _begin(life: Life, moment: _Moment) -> Life:
    return replace(_rest(life, moment), succeeded=False)


def _retry(life: Life, moment: _Moment) -> Life:
    restarts = backoff.remember(life.restarts, moment.policy, moment.now)
    return replace(_begin(life, moment), restarts=restarts)


def _replace(life: Life, moment: _Moment) -> Life:
    return replace(_retry(life, moment), failures=0)


def _launched(life: Life, moment: _Moment) -> Life:
    wait = moment.policy.ready_timeout if moment.policy.notify else moment.policy.startsecs
    every = moment.policy.watchdog_sec
    return replace(life, launched_at=moment.now, deadline=moment.now + wait, watchdog=every)


def _ready(life: Life, moment: _Moment) -> Life:
    return replace(_ping(life, moment), ready_at=moment.now)


def _ping(life: Life, moment: _Moment) -> Life:
    return replace(life, deadline=None if life.watchdog is None else moment.now + life.watchdog)


def _extend(life: Life, moment: _Moment) -> Life:
    assert isinstance(moment.event, Extend)
    assert life.deadline is not None
    return replace(life, deadline=max(life.deadline, moment.now + moment.event.seconds))


def _back_off(life: Life, moment: _Moment) -> Life:
    stable = backoff.stable_after(moment.policy)
    ran_well = life.ready_at is not None and moment.now - life.ready_at >= stable
    failures = 1 if ran_well else life.failures + 1
    wait = backoff.delay(failures, moment.policy, moment.jitter)
    return replace(_rest(life, moment), failures=failures, deadline=moment.now + wait)


def _finish(life: Life, moment: _Moment) -> Life:
    assert isinstance(moment.event, Ended)
    well = moment.event.exit.succeeded(moment.policy) and life.cause not in FAULTS
    return replace(_rest(life, moment), succeeded=well)


def _end(life: Life, moment: _Moment) -> Life:
    """It is down, and it stays known why."""
    return replace(_rest(life, moment), cause=life.cause)


def _rest(life: Life, moment: _Moment) -> Life:
    """Nothing of it runs."""
    return replace(life, cause=None, why="", deadline=None, launched_at=None, ready_at=None, killed=False)


_CONSEQUENCES: dict[Trigger, Callable[[Life, _Moment], Life]] = {
    T.START: _start,
    T.STOP: _stop,
    T.RESTART: _restart,
    T.LATE: _late,
    T.SILENT: _silent,
    T.LEAVING: _leaving,
    T.ABORT: _abort,
    T.ASKED: _asked,
    T.ESCALATE: _escalate,
    T.RETRY: _retry,
    T.LAUNCHED: _launched,
    T.READY: _ready,
    T.PING: _ping,
    T.EXTEND: _extend,
    T.BACK_OFF: _back_off,
    T.REPLACE: _replace,
    T.FINISH: _finish,
    T.GIVE_UP: _rest,
    T.ENDED: _end,
    T.AGAIN: _begin,
}
