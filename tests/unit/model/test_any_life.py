"""The life of a program over random histories and policies: no impossible state, always a next step."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from supervisord_lite.model.events import (
    Abort,
    Again,
    Asked,
    Due,
    Ended,
    Extend,
    Launched,
    Leaving,
    Ping,
    Ready,
    Start,
    Stop,
    Trip,
)
from supervisord_lite.model.exits import Exit
from supervisord_lite.model.life import Life, step
from supervisord_lite.model.policy import Policy, Restart
from supervisord_lite.model.states import Cause, State, Wanted

from .world import COMMANDED, World, durations, finite_durations, policies

Happening = Callable[[World], object]


def fed(*events: Any) -> st.SearchStrategy[Happening]:
    """One of these is told to the life, at whatever time it comes."""
    return st.sampled_from([lambda world, event=event: world.feed(event) for event in events])


orders = fed(Start(), *(Stop(cause) for cause in COMMANDED), *(Again(cause) for cause in COMMANDED))
notices = fed(
    Ready(), Ping(), Trip(), Abort("stuck"), Leaving(), Extend(0.0), Extend(30.0), Extend(1e12), Due()
)
deeds: st.SearchStrategy[Happening] = st.sampled_from(
    [World.fork, World.fork, World.set_up, World.set_up, World.fail_to_fork, World.ask, World.reach_deadline]
)
ends: st.SearchStrategy[Happening] = st.sampled_from(
    [
        lambda world, how=how: world.end(**how)
        for how in ({"code": 0}, {"code": 1}, {"code": 2}, {"signal": 11})
    ]
)
moments: st.SearchStrategy[Happening] = finite_durations.map(
    lambda seconds: lambda world: world.pass_time(seconds)
)
histories = st.lists(st.one_of(orders, notices, deeds, deeds, ends, moments), max_size=40)


@settings(max_examples=300, deadline=None)
@given(policies(durations), histories)
def test_no_history_leads_to_an_impossible_state(policy: Policy, history: list[Happening]) -> None:
    """After every step the life keeps its rules, and has a next step where it is on its way."""
    world = World(policy)
    for happening in history:
        happening(world)


@settings(max_examples=100, deadline=None)
@given(policies(finite_durations), histories)
def test_what_is_to_be_down_comes_down(policy: Policy, history: list[Happening]) -> None:
    """However it got there, a stop ends in STOPPED within its deadlines, even if the process is deaf."""
    world = World(policy)
    for happening in history:
        happening(world)
    world.feed(Stop())
    for _ in range(6):
        world.ask()
        world.reach_deadline()
        if world.is_killed:
            world.end()
    assert world.life.state is State.STOPPED


@settings(max_examples=100, deadline=None)
@given(policies(finite_durations), histories)
def test_what_is_to_be_up_comes_up(policy: Policy, history: list[Happening]) -> None:
    """However it got there, a restart leads to RUNNING where its processes can be ended and serve."""
    world = World(policy)
    for happening in history:
        happening(world)
    world.feed(Again())
    for _ in range(6):
        world.ask()
        if world.life.state is State.STOPPING:
            world.end(code=0)
        world.fork()
        world.set_up()
        world.feed(Ready())
        if world.life.state is not State.RUNNING:
            world.reach_deadline()
    assert world.life.state is State.RUNNING or policy.watchdog_sec == 0.0


@settings(max_examples=50, deadline=None)
@given(policies(finite_durations), st.integers(1, 12))
def test_a_crash_loop_ends_only_where_the_policy_says_so(policy: Policy, crashes: int) -> None:
    """Crashing again and again leads to a retry each time, or to FATAL or EXITED by policy."""
    world = World(policy)
    world.feed(Start())
    for _ in range(crashes):
        world.fork()
        world.set_up()
        world.end(code=1)
        if world.life.state is not State.BACKOFF:
            break
        world.reach_deadline()
        assert world.life.state is State.STARTING
    if world.life.state is State.FATAL:
        assert policy.max_restarts is not None
    elif world.life.state is State.EXITED:
        assert policy.restart is not Restart.ALWAYS or 1 in policy.permanent_exit_codes


WITH_PROCESS = (State.STARTING, State.RUNNING, State.STOPPING)

lives = st.builds(
    Life,
    state=st.sampled_from(State),
    wanted=st.sampled_from(Wanted),
    cause=st.none() | st.sampled_from(Cause),
    deadline=st.none() | finite_durations,
    launched_at=st.none() | finite_durations,
    ready_at=st.none() | finite_durations,
    killed=st.booleans(),
).filter(lambda life: life.launched_at is None or life.state in WITH_PROCESS)
events = st.sampled_from(
    [
        *(
            Start(),
            Stop(),
            Again(),
            Launched(),
            Ready(),
            Ping(),
            Trip(),
            Abort("stuck"),
            Leaving(),
            Extend(1.0),
            Asked(),
            Due(),
        ),
        *(Ended(Exit(code=0)), Ended(Exit(code=1)), Ended(Exit(signal=9)), Ended(Exit(error="none"))),
    ]
)


@settings(max_examples=300, deadline=None)
@given(lives, events, policies(durations))
def test_no_event_is_impossible_in_any_state(life: Life, event: Any, policy: Policy) -> None:
    """Whatever happens has a meaning or none, also in lives that no history leads to."""
    taken = step(life, event, policy, 60.0)
    assert taken.trigger is not None or taken.life is life
