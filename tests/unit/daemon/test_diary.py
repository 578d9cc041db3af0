"""The news in the log: one line a transition, at the level it deserves."""

import logging

import pytest

from supervisord_lite.daemon import diary
from supervisord_lite.model.exits import Exit
from supervisord_lite.model.states import State
from supervisord_lite.supervise.news import Transition

S = State
CRASH = Exit(code=1, uptime=2, user_cpu=0.5)
COST = "cpu 0.50s user 0.00s system"


@pytest.mark.parametrize(
    ("after", "description", "exit", "level", "line"),
    [
        (S.STARTING, "being launched", None, logging.DEBUG, "web: STARTING, being launched"),
        (S.RUNNING, "pid 7, uptime 0:00:01", None, logging.INFO, "web: RUNNING, pid 7, uptime 0:00:01"),
        (S.STOPPED, "not started", None, logging.INFO, "web: STOPPED, not started"),
        (
            S.BACKOFF,
            "exited with status 1 after 2s, restart in 5s",
            CRASH,
            logging.WARNING,
            f"web: BACKOFF, exited with status 1 after 2s, restart in 5s; {COST}",
        ),
        (
            S.FATAL,
            "exited with status 1 after 2s, given up: 3 restarts within 1min",
            CRASH,
            logging.ERROR,
            f"web: FATAL, exited with status 1 after 2s, given up: 3 restarts within 1min; {COST}",
        ),
        (
            S.EXITED,
            "exited with status 1 after 2s, not to be restarted",
            CRASH,
            logging.WARNING,
            f"web: EXITED, exited with status 1 after 2s, not to be restarted; {COST}",
        ),
        (
            S.STARTING,
            "being launched",
            CRASH,
            logging.INFO,
            f"web: STARTING, exited with status 1 after 2s; {COST}",
        ),
        (
            S.BACKOFF,
            "could not start: no such file, restart in 5s",
            Exit(error="no such file"),
            logging.WARNING,
            "web: BACKOFF, could not start: no such file, restart in 5s",
        ),
    ],
)
def test_a_transition_is_a_line(
    caplog: pytest.LogCaptureFixture,
    after: State,
    description: str,
    exit: Exit | None,
    level: int,
    line: str,
) -> None:
    """That names the program, its state, and how a process ended if one did."""
    caplog.set_level(logging.DEBUG)
    diary.write(
        Transition(
            seq=1,
            time=0.0,
            name="web",
            before=S.STOPPED,
            after=after,
            trigger="start",
            pid=None,
            description=description,
            exit=exit,
        )
    )
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [(level, line)]
