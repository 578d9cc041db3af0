"""Situations of a program that speaks: its watchdog, and the ends it announces itself."""

from supervisord_lite.model.events import (
    Again,
    Asked,
    Due,
    Extend,
    Kill,
    Launch,
    Launched,
    Leaving,
    Ping,
    Ready,
    Start,
    Stop,
    Terminate,
    Trip,
)
from supervisord_lite.model.policy import Policy, Restart
from supervisord_lite.model.states import Cause, State

from .history import History, Line, exited, killed_by

S = State

WATCHED = Policy(notify=True, watchdog_sec=10.0)
SERVES: list[Line] = [
    (0.0, Start(), [Launch()], S.STARTING),
    (0.0, Launched(), [], S.STARTING),
    (1.0, Ready(), [], S.RUNNING),
]
SILENT: list[Line] = [*SERVES, (11.0, Due(), [Terminate(6)], S.STOPPING), (11.0, Asked(), [], S.STOPPING)]
LEFT: list[Line] = [*SERVES, (10.0, Leaving(), [], S.STOPPING)]

NOTICES = {
    "watchdog_missed": History(
        [*SILENT, (11.5, killed_by(6), [], S.BACKOFF)], WATCHED, then={"failures": 1, "cause": None}
    ),
    "watchdog_missed_counts_as_failure_whatever_it_exits_with": History(
        [*SILENT, (11.5, exited(0), [], S.BACKOFF)],
        Policy(notify=True, watchdog_sec=10.0, restart=Restart.ON_FAILURE),
    ),
    "watchdog_missed_and_deaf": History(
        [*SILENT, (71.0, Due(), [Kill()], S.STOPPING), (71.0, killed_by(9), [], S.BACKOFF)], WATCHED
    ),
    "watchdog_missed_and_never_restarted": History(
        [*SILENT, (11.5, exited(0), [], S.EXITED)],
        Policy(notify=True, watchdog_sec=10.0, restart=Restart.NEVER),
        then={"succeeded": False, "is_ready": False},
    ),
    "watchdog_missed_too_often": History(
        [*SILENT, (11.5, killed_by(6), [], S.FATAL)], Policy(notify=True, watchdog_sec=10.0, max_restarts=0)
    ),
    "pings_keep_it_alive": History(
        [
            *SERVES,
            (9.0, Ping(), [], S.RUNNING),
            (11.0, Due(), [], S.RUNNING),
            (18.0, Ping(), [], S.RUNNING),
            (28.0, Due(), [Terminate(6)], S.STOPPING),
        ],
        WATCHED,
    ),
    "pings_without_a_watchdog_start_none": History(
        [*SERVES, (9.0, Ping(), [], S.RUNNING)], Policy(notify=True), then={"deadline": None}
    ),
    "ping_while_starting_means_nothing": History(
        [*SERVES[:2], (0.5, Ping(), [], S.STARTING)], WATCHED, then={"deadline": 60.0}
    ),
    "watchdog_triggered_by_itself": History(
        [*SERVES, (3.0, Trip(), [Terminate(6)], S.STOPPING)], WATCHED, then={"cause": Cause.WATCHDOG}
    ),
    "more_time_for_the_watchdog": History(
        [
            *SERVES,
            (2.0, Extend(30.0), [], S.RUNNING),
            (11.0, Due(), [], S.RUNNING),
            (32.0, Due(), [Terminate(6)], S.STOPPING),
        ],
        WATCHED,
    ),
    "announced_stopping": History(
        [*LEFT, (12.0, exited(0), [], S.BACKOFF)], WATCHED, then={"failures": 1, "cause": None}
    ),
    "announced_stopping_and_finished": History(
        [*LEFT, (12.0, exited(0), [], S.EXITED)],
        Policy(notify=True, restart=Restart.ON_FAILURE),
        then={"is_ready": True},
    ),
    "announced_stopping_and_failed": History(
        [*LEFT, (12.0, exited(1), [], S.BACKOFF)], Policy(notify=True, restart=Restart.ON_FAILURE)
    ),
    "announced_stopping_and_stayed": History(
        [*LEFT, (70.0, Due(), [Kill()], S.STOPPING), (70.0, killed_by(9), [], S.BACKOFF)], WATCHED
    ),
    "announced_stopping_and_stopped": History(
        [*LEFT, (11.0, Stop(), [], S.STOPPING), (12.0, exited(0), [], S.STOPPED)], WATCHED
    ),
    "announced_stopping_and_restarted": History(
        [*LEFT, (11.0, Again(), [], S.STOPPING), (12.0, exited(0), [Launch()], S.STARTING)],
        WATCHED,
        then={"failures": 0},
    ),
}
