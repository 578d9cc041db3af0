"""Histories as data: what happened when, what had to be done about it, and where the program was then."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from supervisord_lite.model.events import Effect, Ended, Event
from supervisord_lite.model.exits import Exit
from supervisord_lite.model.life import Life, Step, step
from supervisord_lite.model.policy import Policy
from supervisord_lite.model.states import State

Line = tuple[float, Event, list[Effect], State]
"""Seconds, what happens then, what is to be done, the state afterwards."""


class History(NamedTuple):
    """A situation from a program's life. `then` are attributes of the life at the end."""

    lines: list[Line]
    policy: Policy = Policy()
    then: Mapping[str, Any] = MappingProxyType({})


def play(lines: Iterable[Line], policy: Policy) -> Iterable[tuple[Line, State, Step]]:
    """Live through it: each line with the state before it and the step that was taken."""
    life = Life()
    for line in lines:
        at, event, *_ = line
        before, taken = life, step(life, event, policy, at)
        life = taken.life
        yield line, before.state, taken


def exited(code: int) -> Ended:
    """It ended by itself."""
    return Ended(Exit(code=code))


def killed_by(signal: int) -> Ended:
    """A signal ended it."""
    return Ended(Exit(signal=signal))


def could_not_start() -> Ended:
    """There was no process."""
    return Ended(Exit(error="cannot execute /nowhere: No such file or directory"))
