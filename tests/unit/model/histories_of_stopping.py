"""Situations between the wish that a program ends and the moment nothing of it is left."""

from math import inf

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
from supervisord_lite.model.policy import Policy
from supervisord_lite.model.states import Cause, State, Wanted

from .history import History, Line, could_not_start, exited, killed_by

S = State

RUNS: list[Line] = [
    (0.0, Start(), [Launch()], S.STARTING),
    (0.0, Launched(), [], S.STARTING),
    (1.0, Due(), [], S.RUNNING),
]
ASKED_TO_STOP: list[Line] = [
    *RUNS,
    (10.0, Stop(), [Terminate(15)], S.STOPPING),
    (10.0, Asked(), [], S.STOPPING),
]
ASKED_TO_RESTART: list[Line] = [
    *RUNS,
    (10.0, Again(), [Terminate(15)], S.STOPPING),
    (10.0, Asked(), [], S.STOPPING),
]

STOPPING = {
    "stopped_by_hand": History(
        [*ASKED_TO_STOP, (11.0, killed_by(15), [], S.STOPPED)],
        then={
            "failures": 0,
            "wanted": Wanted.DOWN,
            "deadline": None,
            "launched_at": None,
            "cause": Cause.STOP,
        },
    ),
    "stop_signal_as_configured": History(
        [*RUNS, (10.0, Stop(), [Terminate(2)], S.STOPPING)], Policy(stop_signal=2)
    ),
    "stop_of_what_is_stopped_changes_nothing": History([(0.0, Stop(), [], S.STOPPED)], then={"since": 0.0}),
    "stop_while_starting_without_a_process": History(
        [
            (0.0, Start(), [Launch()], S.STARTING),
            (0.1, Stop(), [Terminate(15)], S.STOPPING),
            (0.1, could_not_start(), [], S.STOPPED),
        ],
        then={"failures": 0},
    ),
    "stop_while_starting": History(
        [
            *RUNS[:2],
            (0.1, Stop(), [Terminate(15)], S.STOPPING),
            (0.1, Asked(), [], S.STOPPING),
            (0.2, killed_by(15), [], S.STOPPED),
        ]
    ),
    "stop_in_backoff": History([*RUNS, (2.0, exited(1), [], S.BACKOFF), (3.0, Stop(), [], S.STOPPED)]),
    "stop_after_it_gave_up": History(
        [*RUNS, (2.0, exited(1), [], S.FATAL), (3.0, Stop(), [], S.STOPPED)], Policy(max_restarts=0)
    ),
    "stop_after_it_finished": History(
        [*RUNS, (2.0, exited(9), [], S.EXITED), (3.0, Stop(), [], S.STOPPED)],
        Policy(permanent_exit_codes=(9,)),
    ),
    "killed_when_stop_timeout_has_passed": History(
        [
            *ASKED_TO_STOP,
            (69.9, Due(), [], S.STOPPING),
            (70.0, Due(), [Kill()], S.STOPPING),
            (70.1, killed_by(9), [], S.STOPPED),
        ],
        then={"killed": False},
    ),
    "killed_again_when_the_kernel_does_not_let_go": History(
        [
            *ASKED_TO_STOP,
            (70.0, Due(), [Kill()], S.STOPPING),
            (75.0, Due(), [Kill()], S.STOPPING),
            (80.0, Due(), [Kill()], S.STOPPING),
        ],
        then={"killed": True, "deadline": 85.0},
    ),
    "time_to_obey_begins_when_it_is_asked": History(
        [
            *RUNS,
            (10.0, Stop(), [Terminate(15)], S.STOPPING),
            (500.0, Due(), [], S.STOPPING),
            (500.0, Asked(), [], S.STOPPING),
            (559.0, Due(), [], S.STOPPING),
            (560.0, Due(), [Kill()], S.STOPPING),
        ]
    ),
    "start_during_stop_starts_again": History(
        [
            *ASKED_TO_STOP,
            (11.0, Start(), [], S.STOPPING),
            (12.0, killed_by(15), [Launch()], S.STARTING),
        ],
        then={"wanted": Wanted.UP, "failures": 0},
    ),
    "stop_during_restart_stays_down": History(
        [
            *ASKED_TO_RESTART,
            (11.0, Stop(), [], S.STOPPING),
            (12.0, killed_by(15), [], S.STOPPED),
        ]
    ),
    "restart_during_stop_starts_again": History(
        [
            *ASKED_TO_STOP,
            (11.0, Again(), [], S.STOPPING),
            (12.0, killed_by(15), [Launch()], S.STARTING),
        ]
    ),
    "reload_timeout_bounds_a_restart": History(
        [
            *ASKED_TO_RESTART,
            (15.0, Due(), [Kill()], S.STOPPING),
            (15.1, killed_by(9), [Launch()], S.STARTING),
        ],
        Policy(reload_timeout=5.0),
    ),
    "reload_timeout_bounds_a_replacement_by_reread": History(
        [
            *RUNS,
            (10.0, Again(Cause.REREAD), [Terminate(15)], S.STOPPING),
            (10.0, Asked(), [], S.STOPPING),
            (15.0, Due(), [Kill()], S.STOPPING),
        ],
        Policy(reload_timeout=5.0),
    ),
    "stop_shortens_the_wait_of_a_restart": History(
        [*ASKED_TO_RESTART, (20.0, Stop(), [], S.STOPPING), (25.0, Due(), [Kill()], S.STOPPING)],
        Policy(reload_timeout=100.0, stop_timeout=5.0),
    ),
    "restart_does_not_lengthen_the_wait_of_a_stop": History(
        [*ASKED_TO_STOP, (11.0, Again(), [], S.STOPPING), (15.0, Due(), [Kill()], S.STOPPING)],
        Policy(reload_timeout=100.0, stop_timeout=5.0),
    ),
    "stop_again_after_the_kill_changes_no_deadline": History(
        [*ASKED_TO_STOP, (70.0, Due(), [Kill()], S.STOPPING), (71.0, Stop(), [], S.STOPPING)],
        then={"deadline": 75.0, "killed": True},
    ),
    "more_time_to_stop": History(
        [
            *ASKED_TO_STOP,
            (20.0, Extend(100.0), [], S.STOPPING),
            (70.0, Due(), [], S.STOPPING),
            (120.0, Due(), [Kill()], S.STOPPING),
            (121.0, Extend(100.0), [], S.STOPPING),
            (125.0, Due(), [Kill()], S.STOPPING),
        ]
    ),
    "more_time_before_it_was_asked_means_nothing": History(
        [*RUNS, (10.0, Stop(), [Terminate(15)], S.STOPPING), (11.0, Extend(5.0), [], S.STOPPING)],
        then={"deadline": None},
    ),
    "never_killed_with_infinite_stop_timeout": History(
        [*ASKED_TO_STOP, (1e12, Due(), [], S.STOPPING), (1e12, exited(0), [], S.STOPPED)],
        Policy(stop_timeout=inf),
    ),
    "what_it_says_while_stopping_means_nothing": History(
        [
            *ASKED_TO_STOP,
            (11.0, Ready(), [], S.STOPPING),
            (11.0, Ping(), [], S.STOPPING),
            (11.0, Trip(), [], S.STOPPING),
            (11.0, Leaving(), [], S.STOPPING),
            (11.0, Launched(), [], S.STOPPING),
        ],
        then={"deadline": 70.0, "cause": Cause.STOP},
    ),
    "stop_during_a_fault_is_a_stop": History(
        [
            *RUNS,
            (10.0, Trip(), [Terminate(6)], S.STOPPING),
            (10.0, Asked(), [], S.STOPPING),
            (11.0, Stop(), [], S.STOPPING),
            (12.0, killed_by(6), [], S.STOPPED),
        ],
        then={"failures": 0},
    ),
    "start_during_a_fault_is_no_failure": History(
        [
            *RUNS,
            (10.0, Trip(), [Terminate(6)], S.STOPPING),
            (11.0, Start(), [], S.STOPPING),
            (12.0, killed_by(6), [Launch()], S.STARTING),
        ],
        then={"failures": 0},
    ),
}
