"""Situations between the wish that a program runs and the moment it does."""

from math import inf

from supervisord_lite.model.events import (
    Again,
    Due,
    Extend,
    Launch,
    Launched,
    Leaving,
    Ready,
    Start,
    Terminate,
)
from supervisord_lite.model.policy import Policy, Restart
from supervisord_lite.model.states import State, Wanted

from .history import History, could_not_start, exited, killed_by

S = State
NOTIFY = Policy(notify=True, ready_timeout=30)

STARTING = {
    "serves_after_startsecs": History(
        [
            (0.0, Start(), [Launch()], S.STARTING),
            (0.1, Launched(), [], S.STARTING),
            (1.0, Due(), [], S.STARTING),
            (1.1, Due(), [], S.RUNNING),
        ],
        then={"ready_at": 1.1, "launched_at": 0.1, "deadline": None, "is_ready": True},
    ),
    "serves_when_it_says_so": History(
        [
            (0.0, Start(), [Launch()], S.STARTING),
            (0.1, Launched(), [], S.STARTING),
            (9.0, Ready(), [], S.RUNNING),
            (9.1, Ready(), [], S.RUNNING),
        ],
        NOTIFY,
        then={"ready_at": 9.0, "deadline": None},
    ),
    "ready_before_it_was_launched_means_nothing": History(
        [(0.0, Start(), [Launch()], S.STARTING), (0.1, Ready(), [], S.STARTING)], NOTIFY
    ),
    "launched_twice_means_nothing": History(
        [
            (0.0, Start(), [Launch()], S.STARTING),
            (0.1, Launched(), [], S.STARTING),
            (0.9, Launched(), [], S.STARTING),
        ],
        then={"launched_at": 0.1, "deadline": 1.1},
    ),
    "ready_timeout_counts_as_failure": History(
        [
            (0.0, Start(), [Launch()], S.STARTING),
            (0.0, Launched(), [], S.STARTING),
            (30.0, Due(), [Terminate(15)], S.STOPPING),
            (31.0, exited(0), [], S.BACKOFF),
        ],
        NOTIFY,
        then={"failures": 1, "deadline": 36.0, "cause": None},
    ),
    "extend_timeout": History(
        [
            (0.0, Start(), [Launch()], S.STARTING),
            (0.0, Launched(), [], S.STARTING),
            (20.0, Extend(60.0), [], S.STARTING),
            (30.0, Due(), [], S.STARTING),
            (40.0, Extend(1.0), [], S.STARTING),
            (80.0, Due(), [Terminate(15)], S.STOPPING),
        ],
        NOTIFY,
    ),
    "extension_without_a_process_means_nothing": History(
        [(0.0, Start(), [Launch()], S.STARTING), (0.0, Extend(9.0), [], S.STARTING)], then={"deadline": None}
    ),
    "could_not_be_launched": History(
        [(0.0, Start(), [Launch()], S.STARTING), (0.5, could_not_start(), [], S.BACKOFF)],
        then={"failures": 1, "deadline": 5.5},
    ),
    "could_not_be_launched_and_is_never_restarted": History(
        [(0.0, Start(), [Launch()], S.STARTING), (0.5, could_not_start(), [], S.EXITED)],
        Policy(restart=Restart.NEVER),
        then={"succeeded": False, "is_ready": False, "wanted": Wanted.UP},
    ),
    "first_failure_gives_up_where_no_restart_is_allowed": History(
        [(0.0, Start(), [Launch()], S.STARTING), (0.5, could_not_start(), [], S.FATAL)],
        Policy(max_restarts=0),
    ),
    "start_of_what_starts_changes_nothing": History(
        [(0.0, Start(), [Launch()], S.STARTING), (0.5, Start(), [], S.STARTING)], then={"since": 0.0}
    ),
    "start_of_what_runs_changes_nothing": History(
        [
            (0.0, Start(), [Launch()], S.STARTING),
            (0.0, Launched(), [], S.STARTING),
            (1.0, Due(), [], S.RUNNING),
            (5.0, Start(), [], S.RUNNING),
        ],
        then={"since": 1.0},
    ),
    "restart_of_what_starts": History(
        [
            (0.0, Start(), [Launch()], S.STARTING),
            (0.0, Launched(), [], S.STARTING),
            (0.5, Again(), [Terminate(15)], S.STOPPING),
            (0.6, killed_by(15), [Launch()], S.STARTING),
        ],
        then={"failures": 0, "cause": None, "launched_at": None},
    ),
    "restart_of_what_is_stopped_starts_it": History(
        [(0.0, Again(), [Launch()], S.STARTING)], then={"wanted": Wanted.UP, "cause": None}
    ),
    "finishes_before_startsecs": History(
        [
            (0.0, Start(), [Launch()], S.STARTING),
            (0.0, Launched(), [], S.STARTING),
            (0.2, exited(0), [], S.EXITED),
        ],
        Policy(restart=Restart.ON_FAILURE),
        then={"succeeded": True, "is_ready": True},
    ),
    "announced_stopping_while_starting": History(
        [
            (0.0, Start(), [Launch()], S.STARTING),
            (0.0, Launched(), [], S.STARTING),
            (0.2, Leaving(), [], S.STOPPING),
            (0.3, exited(0), [], S.BACKOFF),
        ],
        NOTIFY,
    ),
    "never_counts_as_ready_with_infinite_startsecs": History(
        [
            (0.0, Start(), [Launch()], S.STARTING),
            (0.0, Launched(), [], S.STARTING),
            (1e9, Due(), [], S.STARTING),
        ],
        Policy(startsecs=inf),
    ),
    "serves_at_once_without_startsecs": History(
        [
            (0.0, Start(), [Launch()], S.STARTING),
            (0.0, Launched(), [], S.STARTING),
            (0.0, Due(), [], S.RUNNING),
        ],
        Policy(startsecs=0.0),
    ),
}
