"""A world around one life: it performs effects as the supervisor does, and holds the life to its rules."""

from typing import Any

from hypothesis import strategies as st

from supervisord_lite.model import backoff
from supervisord_lite.model.events import (
    Again,
    Asked,
    Due,
    Effect,
    Ended,
    Event,
    Kill,
    Launch,
    Launched,
    Start,
    Stop,
    Terminate,
)
from supervisord_lite.model.exits import Exit
from supervisord_lite.model.life import Life, Step, step
from supervisord_lite.model.policy import Policy, Restart
from supervisord_lite.model.states import FAULTS, Cause, State, Trigger, Wanted
from supervisord_lite.model.transitions import TRANSITIONS

INFINITY = float("inf")
durations = st.sampled_from((0.0, 0.5, 1.0, 5.0, 60.0, INFINITY))
finite_durations = st.sampled_from((0.0, 0.5, 1.0, 5.0, 60.0))
codes = st.lists(st.sampled_from((0, 1, 2)), max_size=2).map(tuple)
COMMANDED = tuple(cause for cause in Cause if cause not in FAULTS and cause is not Cause.LEAVING)


def policies(seconds: st.SearchStrategy[float]) -> st.SearchStrategy[Policy]:
    """Any policy whose durations are of these."""
    return st.builds(
        Policy,
        startsecs=seconds,
        notify=st.booleans(),
        ready_timeout=seconds,
        watchdog_sec=st.none() | seconds,
        stop_timeout=seconds,
        reload_timeout=seconds,
        restart=st.sampled_from(Restart),
        success_exit_codes=codes,
        permanent_exit_codes=codes,
        restart_delay=seconds,
        restart_delay_max=st.none() | seconds,
        max_restarts=st.none() | st.integers(0, 3),
        restart_window=seconds,
        restart_at_once=st.booleans(),
        late_signal=st.none() | st.just(6),
    )


class World:
    """Time, at most one process, and the effect that waits for its turn."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.now = 100.0
        self.life = Life()
        self.held: Effect | None = None
        self.has_process = False
        self.is_set_up = False
        self.is_killed = False

    def feed(self, event: Event, jitter: float = 1.0) -> None:
        """Let it happen, check what came of it, do what is to be done."""
        before = self.life
        taken = step(before, event, self.policy, self.now, jitter)
        self.life = taken.life
        check_step(before, event, taken, self.policy, self.now)
        for effect in taken.effects:
            self._perform(effect)
        self.check()

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Launch():
                assert not self.has_process
                self.held = effect
            case Terminate():
                assert self.life.state is State.STOPPING
                if self.has_process:
                    self.held = effect
                else:
                    self._end_with(Exit(error="it was stopped before it was started", cause=self.life.cause))
            case Kill():
                assert self.has_process
                self.is_killed = True

    # What may happen in it.

    def fork(self) -> None:
        """The launch that was held is under way: there is a process, which is not set up."""
        if isinstance(self.held, Launch):
            self.held = None
            self.has_process = True

    def set_up(self) -> None:
        """The process works."""
        if self.has_process and not self.is_set_up:
            self.is_set_up = True
            self.feed(Launched())

    def fail_to_fork(self) -> None:
        """The launch comes to nothing."""
        if isinstance(self.held, Launch):
            self._end_with(Exit(error="out of memory"))

    def ask(self) -> None:
        """Those it waited for have gone, and it gets its signal."""
        if isinstance(self.held, Terminate):
            self.held = None
            self.feed(Asked())

    def end(self, **how: Any) -> None:
        """Its process ends, by itself or because it was killed."""
        if self.has_process:
            self._end_with(Exit(**({"signal": 9} if self.is_killed else how), cause=self.life.cause))

    def pass_time(self, seconds: float) -> None:
        """Time goes by, and the deadline with it if it is near."""
        self.now += seconds
        self.feed(Due())

    def reach_deadline(self) -> None:
        """Time goes by until the deadline."""
        if self.life.deadline is not None and self.life.deadline != INFINITY:
            self.pass_time(max(0.0, self.life.deadline - self.now))

    def _end_with(self, exit: Exit) -> None:
        self.held = None
        self.has_process = self.is_set_up = self.is_killed = False
        self.feed(Ended(exit))

    def check(self) -> None:
        """No impossible state, and never without a next step."""
        life = self.life
        if life.wanted is Wanted.DOWN:
            assert life.state in (State.STOPPING, State.STOPPED)
            assert (life.failures, life.restarts) == (0, ())
        else:
            assert life.state is not State.STOPPED
        if life.state is State.BACKOFF:
            assert life.deadline is not None
        if life.state in (State.STARTING, State.STOPPING):
            is_being_set_up = self.has_process and not self.is_set_up
            assert life.deadline is not None or self.held is not None or is_being_set_up
        if life.state in (State.RUNNING, State.STOPPING):
            assert self.has_process
        if life.state in (State.STOPPED, State.BACKOFF, State.FATAL, State.EXITED):
            assert not self.has_process
            assert (life.launched_at, life.ready_at, life.killed) == (None, None, False)
        if life.state in (State.STOPPED, State.FATAL, State.EXITED):
            assert life.deadline is None
        assert len(life.restarts) <= (self.policy.max_restarts or 0)


def check_step(before: Life, event: Event, taken: Step, policy: Policy, now: float) -> None:
    """Whatever happens in whatever state, these hold."""
    after = taken.life
    assert len(taken.effects) <= 1
    if taken.trigger is None:
        assert (after, taken.effects) == (before, ())
        return
    assert TRANSITIONS[before.state, taken.trigger] is after.state
    assert after.since == (now if after.state is not before.state else before.since)
    if taken.trigger is Trigger.ESCALATE:
        assert after.killed
        assert after.deadline is not None
        assert after.deadline > now
    if taken.trigger is Trigger.GIVE_UP:
        assert policy.max_restarts is not None
    if isinstance(event, Start | Again | Stop):
        assert (after.failures, after.restarts) == (0, ())
    if isinstance(event, Ended):
        check_end(before, taken, policy, now)


def check_end(before: Life, taken: Step, policy: Policy, now: float) -> None:
    """A commanded stop is never a failure; a stable run forgets those before it."""
    if before.state is State.STOPPING and before.cause in COMMANDED:
        assert taken.trigger in (Trigger.ENDED, Trigger.AGAIN)
        assert taken.life.failures == 0
    if taken.life.state is State.BACKOFF:
        stable = before.ready_at is not None and now - before.ready_at >= backoff.stable_after(policy)
        assert taken.life.failures == (1 if stable else before.failures + 1)
