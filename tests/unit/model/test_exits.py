"""How a process ended, in a sentence."""

import pytest

from supervisord_lite.model.exits import Exit, signal_name
from supervisord_lite.model.policy import Policy
from supervisord_lite.model.states import Cause


@pytest.mark.parametrize(
    ("exit", "sentence"),
    [
        (Exit(code=1, uptime=3.2), "exited with status 1 after 3.2s"),
        (Exit(code=0, uptime=200), "exited with status 0 after 3min 20s"),
        (Exit(signal=9, uptime=1), "killed by SIGKILL after 1s"),
        (Exit(signal=11, core=True), "killed by SIGSEGV, core dumped after 0s"),
        (Exit(error="no such file"), "could not start: no such file"),
        (Exit(signal=15, cause=Cause.STOP), "killed by SIGTERM (asked to end: stop) after 0s"),
        (Exit(code=0, cause=Cause.REREAD), "exited with status 0 (asked to end: reread) after 0s"),
        (
            Exit(signal=9, cause=Cause.STOP, killed=True, uptime=70),
            "killed by SIGKILL (asked to end: stop, killed when stop_timeout had passed) after 1min 10s",
        ),
        (
            Exit(signal=9, cause=Cause.RESTART, killed=True),
            "killed by SIGKILL (asked to end: restart, killed when reload_timeout had passed) after 0s",
        ),
        (
            Exit(signal=15, cause=Cause.READY_TIMEOUT),
            "killed by SIGTERM (was not ready within ready_timeout) after 0s",
        ),
        (
            Exit(signal=6, cause=Cause.READY_TIMEOUT, ready_key="init_timeout", why="initialising m:A"),
            "killed by SIGABRT (was not ready within init_timeout; initialising m:A) after 0s",
        ),
        (
            Exit(signal=6, cause=Cause.WATCHDOG),
            "killed by SIGABRT (sent no WATCHDOG=1 within watchdog_sec) after 0s",
        ),
        (
            Exit(code=0, cause=Cause.LEAVING),
            "exited with status 0 (announced STOPPING=1 itself) after 0s",
        ),
        (
            Exit(code=0, cause=Cause.REMOVED),
            "exited with status 0 (asked to end: removal from the configuration) after 0s",
        ),
    ],
)
def test_the_sentence_says_how_and_why(exit: Exit, sentence: str) -> None:
    """Status or signal, who asked and why, whether it had to be killed, how long it ran."""
    assert exit.sentence() == sentence


def test_every_cause_has_words() -> None:
    """No reason to end a process is left without an explanation."""
    for cause in Cause:
        assert "None" not in Exit(code=0, cause=cause, killed=True).sentence()


@pytest.mark.parametrize(
    ("exit", "cost"),
    [
        (Exit(user_cpu=0.123, system_cpu=2.0), "cpu 0.12s user 2.00s system"),
        (Exit(peak_memory=31 * 2**20), "cpu 0.00s user 0.00s system, peak memory 31.0M"),
    ],
)
def test_the_cost_is_what_is_known(exit: Exit, cost: str) -> None:
    """Memory that is not known is not mentioned."""
    assert exit.cost() == cost


@pytest.mark.parametrize(
    ("exit", "succeeded"),
    [
        (Exit(code=0), True),
        (Exit(code=3), True),
        (Exit(code=1), False),
        (Exit(signal=15), False),
        (Exit(error="no such file"), False),
    ],
)
def test_success_is_one_of_the_configured_codes(exit: Exit, succeeded: bool) -> None:
    """A signal is never a success, and no start at all neither."""
    assert exit.succeeded(Policy(success_exit_codes=(0, 3))) is succeeded


@pytest.mark.parametrize(
    ("number", "name"),
    [(15, "SIGTERM"), (34, "SIGRTMIN"), (35, "SIGRTMIN+1"), (64, "SIGRTMAX"), (99, "signal 99")],
)
def test_signals_have_names(number: int, name: str) -> None:
    """Real-time signals are named as kill(1) names them."""
    assert signal_name(number) == name
