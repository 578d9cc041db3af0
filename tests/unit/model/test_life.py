"""The life of a program: every situation as a history, and every row of the table in one of them."""

import pytest

from supervisord_lite.model.events import (
    Abort,
    Asked,
    Due,
    Extend,
    Launched,
    Leaving,
    Ping,
    Ready,
    Start,
    Stop,
    Trip,
)
from supervisord_lite.model.life import Life, step
from supervisord_lite.model.policy import Policy
from supervisord_lite.model.states import State, Trigger
from supervisord_lite.model.transitions import TRANSITIONS, ImpossibleTransition, diagram, follow

from .histories_of_ending import ENDING
from .histories_of_notices import NOTICES
from .histories_of_starting import STARTING
from .histories_of_stopping import STOPPING
from .histories_of_workers import WORKERS
from .history import History, exited, play

SITUATIONS = {**STARTING, **STOPPING, **ENDING, **NOTICES, **WORKERS}


@pytest.mark.parametrize("history", SITUATIONS.values(), ids=SITUATIONS.keys())
def test_history(history: History) -> None:
    """Every event has the effects and leads to the state that the situation says."""
    life = Life()
    for (at, event, effects, state), _, taken in play(history.lines, history.policy):
        assert (list(taken.effects), taken.life.state) == (effects, state), f"at {at}: {event}"
        life = taken.life
    assert {name: getattr(life, name) for name in history.then} == history.then


def test_no_situation_has_the_name_of_another() -> None:
    """Every situation is told once."""
    assert len(SITUATIONS) == sum(map(len, (STARTING, STOPPING, ENDING, NOTICES, WORKERS)))


def test_every_row_of_the_table_is_lived_through() -> None:
    """No transition is there that no situation needs."""
    seen = {
        (before, taken.trigger)
        for history in SITUATIONS.values()
        for _, before, taken in play(history.lines, history.policy)
    }
    assert {row for row in TRANSITIONS if row not in seen} == set()


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("trigger", Trigger)
def test_what_is_not_in_the_table_is_impossible(state: State, trigger: Trigger) -> None:
    """A state and a trigger lead where the table says, or nowhere at all."""
    if (state, trigger) in TRANSITIONS:
        assert follow(state, trigger) is TRANSITIONS[state, trigger]
    else:
        with pytest.raises(ImpossibleTransition, match=f"^{state} has no transition for"):
            follow(state, trigger)


@pytest.mark.parametrize(
    "event",
    [
        Launched(),
        Ready(),
        Ping(),
        Trip(),
        Abort(""),
        Leaving(),
        Asked(),
        Extend(5.0),
        Due(),
        Stop(),
        exited(1),
    ],
)
def test_what_means_nothing_changes_nothing(event: object) -> None:
    """A stopped program that is told what only a process can cause is the same afterwards."""
    life = Life(since=7.0)
    taken = step(life, event, Policy(), 8.0)  # type: ignore[arg-type]
    assert taken.trigger is None
    assert taken.life is life
    assert taken.effects == ()


def test_a_step_leaves_the_life_before_it_as_it_was() -> None:
    """Lives are values: a step makes a new one."""
    life = Life()
    assert step(life, Start(), Policy(), 5.0).life.state is State.STARTING
    assert life == Life()


def test_every_state_can_be_left_and_reached() -> None:
    """No state is a trap, and none is there for nothing."""
    assert {state for state, _ in TRANSITIONS} == set(State)
    assert set(TRANSITIONS.values()) == set(State)


def test_the_diagram_shows_every_change_of_state() -> None:
    """Each pair of states with a transition between them has one arrow."""
    arrows = {(a, b) for (a, _), b in TRANSITIONS.items() if a is not b}
    lines = diagram().splitlines()
    assert lines[:2] == ["stateDiagram-v2", "    [*] --> STOPPED"]
    assert len(lines) == 2 + len(arrows)
    assert "    BACKOFF --> STARTING: retry / start / restart" in lines
