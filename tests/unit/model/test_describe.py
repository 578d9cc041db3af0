"""The third column of status, and durations as people read them."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.model.describe import describe
from supervisord_lite.model.durations import clock, spell
from supervisord_lite.model.exits import Exit
from supervisord_lite.model.life import Life
from supervisord_lite.model.policy import Policy
from supervisord_lite.model.states import Cause, State

S = State
NOW = 1000.0
CRASH = Exit(code=1, uptime=2)
LAST_STOP = Exit(signal=15, cause=Cause.STOP, uptime=2)

SITUATIONS = {
    "never_started": (Life(), "not started"),
    "held_back": (Life(state=S.STARTING), "being launched"),
    "launched": (
        Life(state=S.STARTING, launched_at=999.0, deadline=1000.4),
        "pid 7, waiting for startsecs (up to 0.4s)",
    ),
    "overdue": (
        Life(state=S.STARTING, launched_at=999.0, deadline=999.9),
        "pid 7, waiting for startsecs (up to 0s)",
    ),
    "patient": (
        Life(state=S.STARTING, launched_at=999.0, deadline=inf),
        "pid 7, waiting for startsecs (up to infinity)",
    ),
    "running": (Life(state=S.RUNNING, launched_at=808.0), "pid 7, uptime 0:03:12"),
    "in_backoff": (
        Life(state=S.BACKOFF, deadline=1002.0),
        "exited with status 1 after 2s, restart in 2s",
    ),
    "asked_to_stop": (
        Life(state=S.STOPPING, cause=Cause.STOP, deadline=1060.0),
        "pid 7, stop, killed in 1min",
    ),
    "about_to_be_asked": (Life(state=S.STOPPING, cause=Cause.STOP), "pid 7, stop"),
    "killed": (
        Life(state=S.STOPPING, cause=Cause.STOP, deadline=1005.0, killed=True),
        "pid 7, killed, waiting for the kernel to let it go",
    ),
    "given_up": (
        Life(state=S.FATAL, restarts=(1.0, 2.0, 3.0)),
        "exited with status 1 after 2s, given up after 3 restarts in a row",
    ),
    "finished": (Life(state=S.EXITED), "exited with status 1 after 2s, not to be restarted"),
    "stopped_by_hand": (Life(state=S.STOPPED, cause=Cause.STOP), "stopped by hand"),
    "removed": (Life(state=S.STOPPED, cause=Cause.REMOVED), "stopped: removal from the configuration"),
}


@pytest.mark.parametrize(("life", "text"), SITUATIONS.values(), ids=SITUATIONS.keys())
def test_description(life: Life, text: str) -> None:
    """One line that is true now."""
    policy = Policy(max_restarts=3)
    assert describe(life, policy, NOW, pid=7, last=CRASH, waiting_for=None) == text


@pytest.mark.parametrize(
    ("life", "text"),
    [
        (Life(state=S.STARTING), "waiting for db (STARTING)"),
        (Life(state=S.STOPPING, cause=Cause.STOP), "pid 7, to be stopped after db (STARTING)"),
    ],
)
def test_what_waits_for_others_says_so(life: Life, text: str) -> None:
    """An effect that is held by order names what it waits for."""
    assert describe(life, Policy(), NOW, pid=7, last=None, waiting_for="db (STARTING)") == text


def test_readiness_by_notice_is_named() -> None:
    """With `notify` it is READY=1 that is waited for."""
    life = Life(state=S.STARTING, launched_at=999.0, deadline=1050.0)
    text = describe(life, Policy(notify=True), NOW, pid=7, last=None, waiting_for=None)
    assert text == "pid 7, waiting for READY=1 (up to 50s)"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.04, "0s"),
        (0.4, "0.4s"),
        (2.0, "2s"),
        (9.94, "9.9s"),
        (12.4, "12s"),
        (59.4, "59s"),
        (60, "1min"),
        (200, "3min 20s"),
        (3600, "1h"),
        (7500, "2h 5min"),
        (86400, "1d"),
        (350000, "4d 1h"),
        (inf, "infinity"),
    ],
)
def test_durations_are_spelled(seconds: float, text: str) -> None:
    """One unit or two, as systemd spells them."""
    assert spell(seconds) == text


@given(st.floats(0, 1e9))
def test_no_duration_is_spelled_with_sixty_of_a_unit(seconds: float) -> None:
    """Rounding never leaves 60 seconds or minutes, nor ten seconds with a tenth."""
    text = spell(seconds)
    assert "60" not in text.split()[-1] or text.endswith("d")
    assert not text.startswith("10.")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00:00"),
        (192.9, "0:03:12"),
        (86399, "23:59:59"),
        (86400, "1 day, 0:00:00"),
        (184364, "2 days, 3:12:44"),
    ],
)
def test_uptimes_read_as_a_clock(seconds: float, text: str) -> None:
    """As supervisorctl prints them."""
    assert clock(seconds) == text
