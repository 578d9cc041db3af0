"""Situations of a pool's workers: replaced at once after serving, aborted when a call does not end."""

from supervisord_lite.model.events import (
    Abort,
    Asked,
    Due,
    Kill,
    Launch,
    Launched,
    Ready,
    Start,
    Stop,
    Terminate,
)
from supervisord_lite.model.policy import Policy
from supervisord_lite.model.states import Cause, State

from .history import History, Line, exited, killed_by

S = State
WORKER = Policy(
    notify=True,
    startsecs=1.0,
    ready_timeout=300.0,
    stop_timeout=35.0,
    restart_delay=5.0,
    restart_at_once=True,
    late_signal=6,
)
LATE = "shop:Model:train ran past the timeout of 300s"

SERVES: list[Line] = [
    (0.0, Start(), [Launch()], S.STARTING),
    (0.5, Launched(), [], S.STARTING),
    (1.0, Ready(), [], S.RUNNING),
]
DRAINS: list[Line] = [
    *SERVES,
    (10.0, Stop(Cause.SCALE), [Terminate(15)], S.STOPPING),
    (10.0, Asked(), [], S.STOPPING),
]

WORKERS = {
    "killed_after_serving_is_replaced_at_once": History(
        [*SERVES, (9.0, killed_by(9), [Launch()], S.STARTING)], WORKER, then={"failures": 0, "ready_at": None}
    ),
    "killed_soon_after_it_was_ready_backs_off": History(
        [*SERVES, (1.9, killed_by(9), [], S.BACKOFF)], WORKER, then={"failures": 1}
    ),
    "failed_in_init_backs_off": History([*SERVES[:2], (9.0, exited(3), [], S.BACKOFF)], WORKER),
    "replaced_too_often": History(
        [*SERVES, (9.0, killed_by(9), [], S.FATAL)], Policy(restart_at_once=True, max_restarts=0)
    ),
    "companions_are_not_replaced_at_once": History([*SERVES, (9.0, killed_by(9), [], S.BACKOFF)]),
    "init_that_never_returns_leaves_its_stack": History(
        [*SERVES[:2], (300.5, Due(), [Terminate(6)], S.STOPPING), (300.6, killed_by(6), [], S.BACKOFF)],
        WORKER,
        then={"failures": 1},
    ),
    "aborted_and_replaced_at_once": History(
        [
            *SERVES,
            (400.0, Abort(LATE), [Terminate(6)], S.STOPPING),
            (400.0, Asked(), [], S.STOPPING),
            (400.1, killed_by(6), [Launch()], S.STARTING),
        ],
        WORKER,
        then={"cause": None, "why": ""},
    ),
    "aborted_and_deaf": History(
        [
            *SERVES,
            (400.0, Abort(LATE), [Terminate(6)], S.STOPPING),
            (400.0, Asked(), [], S.STOPPING),
            (403.0, Due(), [Kill()], S.STOPPING),
        ],
        WORKER,
        then={"cause": Cause.ABORTED, "why": LATE},
    ),
    "aborted_while_it_starts": History([*SERVES[:2], (0.6, Abort(LATE), [Terminate(6)], S.STOPPING)], WORKER),
    "aborted_while_it_drains": History(
        [
            *DRAINS,
            (20.0, Abort(LATE), [Terminate(6)], S.STOPPING),
            (20.0, Asked(), [], S.STOPPING),
            (23.0, Due(), [Kill()], S.STOPPING),
            (23.0, killed_by(9), [], S.STOPPED),
        ],
        WORKER,
        then={"cause": Cause.SCALE},
    ),
    "aborted_without_a_process_means_nothing": History(
        [SERVES[0], (0.1, Abort(LATE), [], S.STARTING)], WORKER
    ),
}
