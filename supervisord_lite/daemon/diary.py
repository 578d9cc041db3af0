"""Writes the news into the log: one line a transition, at the level it deserves."""

import logging

from supervisord_lite.model.states import State, Trigger
from supervisord_lite.supervise.news import Transition

log = logging.getLogger("supervisord_lite")


def write(transition: Transition) -> None:
    """One line that names the program, its state, and how its process ended if one did."""
    log.log(_level(transition), "%s", _line(transition))


def _line(transition: Transition) -> str:
    text = f"{transition.name}: {transition.after}"
    if transition.exit is None or transition.exit.error is not None:
        return f"{text}, {transition.description}"
    return f"{text}, {_ended(transition)}; {transition.exit.cost()}"


def _ended(transition: Transition) -> str:
    assert transition.exit is not None
    sentence = transition.exit.sentence()
    return transition.description if sentence in transition.description else sentence


def _level(transition: Transition) -> int:
    match transition.after:
        case State.FATAL:
            return logging.ERROR
        case State.BACKOFF:
            return logging.WARNING
        case State.EXITED if transition.exit is not None and transition.exit.code != 0:
            return logging.WARNING
        case State.STARTING if transition.trigger == Trigger.REPLACE:
            return logging.WARNING
        case State.STARTING | State.STOPPING:
            return logging.DEBUG if transition.exit is None else logging.INFO
    return logging.INFO
