"""Situations after a program has ended that nobody asked to end."""

from math import inf

from supervisord_lite.model.events import Again, Due, Launch, Launched, Ready, Start, Stop
from supervisord_lite.model.policy import Policy, Restart
from supervisord_lite.model.states import State

from .histories_of_stopping import RUNS
from .history import History, Line, exited, killed_by

S = State
ON_FAILURE = Policy(restart=Restart.ON_FAILURE)


def crashes(start: float, after: float, state: State = S.BACKOFF) -> list[Line]:
    """It is launched when its restart is due, and crashes a while later."""
    return [
        (start, Due(), [Launch()], S.STARTING),
        (start, Launched(), [], S.STARTING),
        (start + after, exited(1), [], state),
    ]


FIRST_CRASH: list[Line] = [*RUNS[:2], (0.5, exited(1), [], S.BACKOFF)]

ENDING = {
    "crash_restarts_after_the_delay": History(
        [
            *RUNS,
            (10.0, exited(1), [], S.BACKOFF),
            (14.9, Due(), [], S.BACKOFF),
            (15.0, Due(), [Launch()], S.STARTING),
        ],
        then={"deadline": None, "failures": 1},
    ),
    "killed_by_a_stranger_restarts": History([*RUNS, (10.0, killed_by(9), [], S.BACKOFF)]),
    "success_restarts_too": History([*RUNS, (10.0, exited(0), [], S.BACKOFF)]),
    "restarts_without_delay": History(
        [*RUNS, (10.0, exited(1), [], S.BACKOFF), (10.0, Due(), [Launch()], S.STARTING)],
        Policy(restart_delay=0.0),
    ),
    "crash_loop_gives_up": History(
        [*FIRST_CRASH, *crashes(1.5, 0.5), *crashes(3.0, 0.5, S.FATAL), (9.0, Due(), [], S.FATAL)],
        Policy(restart_delay=1.0, max_restarts=2),
        then={"deadline": None},
    ),
    "crashes_far_apart_do_not_give_up": History(
        [*FIRST_CRASH, *crashes(1.5, 11.0), *crashes(13.5, 11.0), *crashes(25.5, 11.0)],
        Policy(restart_delay=1.0, max_restarts=1, restart_window=10.0),
    ),
    "given_up_until_started_by_hand": History(
        [*RUNS, (2.0, exited(1), [], S.FATAL), (9.0, Start(), [Launch()], S.STARTING)],
        Policy(max_restarts=0),
        then={"failures": 0, "restarts": ()},
    ),
    "given_up_until_restarted_by_hand": History(
        [*RUNS, (2.0, exited(1), [], S.FATAL), (9.0, Again(), [Launch()], S.STARTING)],
        Policy(max_restarts=0),
    ),
    "manual_start_clears_the_restarts": History(
        [
            *FIRST_CRASH,
            *crashes(1.5, 0.5),
            (2.5, Start(), [Launch()], S.STARTING),
            (2.5, exited(1), [], S.BACKOFF),
            *crashes(3.5, 0.5),
        ],
        Policy(restart_delay=1.0, max_restarts=2),
    ),
    "start_in_backoff_starts_at_once": History([*FIRST_CRASH, (1.0, Start(), [Launch()], S.STARTING)]),
    "restart_in_backoff_starts_at_once": History(
        [*FIRST_CRASH, (1.0, Again(), [Launch()], S.STARTING)], then={"failures": 0}
    ),
    "waits_for_ever_with_infinite_delay": History(
        [*FIRST_CRASH, (1e12, Due(), [], S.BACKOFF), (1e12, Start(), [Launch()], S.STARTING)],
        Policy(restart_delay=inf),
    ),
    "on_failure_success_finishes": History(
        [*RUNS, (10.0, exited(0), [], S.EXITED), (99.0, Due(), [], S.EXITED)],
        ON_FAILURE,
        then={"is_ready": True, "succeeded": True, "deadline": None},
    ),
    "on_failure_failure_restarts": History([*RUNS, (10.0, exited(1), [], S.BACKOFF)], ON_FAILURE),
    "on_failure_signal_restarts": History([*RUNS, (10.0, killed_by(11), [], S.BACKOFF)], ON_FAILURE),
    "on_failure_other_success_code_finishes": History(
        [*RUNS, (10.0, exited(3), [], S.EXITED)],
        Policy(restart=Restart.ON_FAILURE, success_exit_codes=(0, 3)),
        then={"is_ready": True},
    ),
    "never_restarted_after_a_failure": History(
        [*RUNS, (10.0, exited(1), [], S.EXITED)], Policy(restart=Restart.NEVER), then={"is_ready": False}
    ),
    "permanent_exit_code": History(
        [*RUNS, (10.0, exited(78), [], S.EXITED)],
        Policy(permanent_exit_codes=(78,)),
        then={"is_ready": False, "succeeded": False},
    ),
    "permanent_exit_code_while_starting": History(
        [*RUNS[:2], (0.1, exited(78), [], S.EXITED)], Policy(permanent_exit_codes=(78,))
    ),
    "finished_starts_again_by_hand": History(
        [*RUNS, (10.0, exited(0), [], S.EXITED), (11.0, Start(), [Launch()], S.STARTING)],
        ON_FAILURE,
        then={"succeeded": False},
    ),
    "finished_restarts_by_hand": History(
        [*RUNS, (10.0, exited(0), [], S.EXITED), (11.0, Again(), [Launch()], S.STARTING)], ON_FAILURE
    ),
    "delay_doubles_up_to_its_maximum": History(
        [*FIRST_CRASH, *crashes(1.5, 0.5), *crashes(4.0, 1.0), *crashes(9.0, 1.0), *crashes(18.0, 1.0)],
        Policy(restart_delay=1.0, restart_delay_max=8.0),
        then={"failures": 5, "deadline": 27.0},
    ),
    "stable_run_forgets_the_failures": History(
        [
            *FIRST_CRASH,
            *crashes(1.5, 0.5),
            (4.0, Due(), [Launch()], S.STARTING),
            (4.0, Launched(), [], S.STARTING),
            (5.0, Ready(), [], S.RUNNING),
            (13.0, exited(1), [], S.BACKOFF),
        ],
        Policy(restart_delay=1.0, restart_delay_max=8.0),
        then={"failures": 1, "deadline": 14.0},
    ),
    "short_run_does_not_forget_them": History(
        [
            *FIRST_CRASH,
            *crashes(1.5, 0.5),
            (4.0, Due(), [Launch()], S.STARTING),
            (4.0, Launched(), [], S.STARTING),
            (5.0, Ready(), [], S.RUNNING),
            (12.9, exited(1), [], S.BACKOFF),
        ],
        Policy(restart_delay=1.0, restart_delay_max=8.0),
        then={"failures": 3},
    ),
    "end_of_what_has_ended_means_nothing": History(
        [*FIRST_CRASH, (0.6, exited(1), [], S.BACKOFF)], then={"failures": 1}
    ),
    "stop_clears_the_failures": History(
        [*FIRST_CRASH, *crashes(5.5, 0.5), (7.0, Stop(), [], S.STOPPED)], then={"failures": 0}
    ),
}
