"""When a program that failed is restarted, and when it is given up."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisord_lite.model import backoff
from supervisord_lite.model.policy import Policy

GROWING = Policy(restart_delay=1.0, restart_delay_max=10.0)


@pytest.mark.parametrize("failures", [1, 2, 50])
def test_without_a_maximum_the_delay_stays(failures: int) -> None:
    """It neither grows nor jitters."""
    assert backoff.delay(failures, Policy(restart_delay=3.0), 0.0) == 3.0


@pytest.mark.parametrize(
    ("failures", "jitter", "seconds"),
    [
        (1, 1.0, 1.0),
        (2, 1.0, 2.0),
        (3, 1.0, 4.0),
        (4, 1.0, 8.0),
        (5, 1.0, 10.0),
        (2000, 1.0, 10.0),
        (1, 0.0, 1.0),
        (3, 0.0, 2.0),
        (3, 0.5, 3.0),
        (9, 0.0, 5.0),
    ],
)
def test_with_a_maximum_it_doubles(failures: int, jitter: float, seconds: float) -> None:
    """Each failure doubles it up to the maximum; jitter spreads it over the upper half."""
    assert backoff.delay(failures, GROWING, jitter) == seconds


@given(
    st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 1e6), st.none() | st.floats(0, 1e6) | st.just(inf)
)
def test_any_delay_is_within_its_bounds(failures: int, jitter: float, low: float, high: float | None) -> None:
    """Never less than restart_delay, never more than the greater of both."""
    seconds = backoff.delay(failures, Policy(restart_delay=low, restart_delay_max=high), jitter)
    assert low <= seconds <= max(low, high or low)


@pytest.mark.parametrize(
    ("policy", "seconds"),
    [
        (Policy(startsecs=1.0, restart_delay=5.0), 5.0),
        (Policy(startsecs=9.0, restart_delay=5.0), 9.0),
        (Policy(startsecs=1.0, restart_delay=5.0, restart_delay_max=60.0), 60.0),
        (Policy(startsecs=0.0, restart_delay=0.0), 0.0),
    ],
)
def test_a_run_is_stable_after_the_longest_delay(policy: Policy, seconds: float) -> None:
    """Shorter runs do not make failures forgotten."""
    assert backoff.stable_after(policy) == seconds


def test_restarts_are_counted_within_the_window() -> None:
    """One that happened a window ago counts no more."""
    policy = Policy(max_restarts=2, restart_window=60.0)
    assert backoff.recent((0.0, 30.0), policy, 60.0) == (30.0,)
    assert backoff.is_spent((0.0, 30.0), policy, 59.0)
    assert not backoff.is_spent((0.0, 30.0), policy, 60.0)


@given(st.integers(0, 5), st.lists(st.floats(0, 10), max_size=50))
def test_no_more_restarts_are_remembered_than_the_limit_needs(limit: int, pauses: list[float]) -> None:
    """However often it restarts, the memory is bounded, and the latest restart is in it."""
    policy = Policy(max_restarts=limit)
    now, restarts = 0.0, ()
    for pause in pauses:
        now += pause
        restarts = backoff.remember(restarts, policy, now)
        assert len(restarts) <= max(limit, 1)
        assert restarts[-1] == now


def test_without_a_limit_nothing_is_remembered_and_nothing_spent() -> None:
    """Unlimited restarts cost no memory."""
    assert backoff.remember((1.0,), Policy(), 2.0) == ()
    assert not backoff.is_spent((1.0,) * 1000, Policy(), 2.0)
