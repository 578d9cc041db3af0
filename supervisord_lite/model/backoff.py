"""When a program that failed is restarted, and when it is given up."""

from collections.abc import Sequence

from .policy import Policy


def delay(failures: int, policy: Policy, jitter: float) -> float:
    """Seconds to wait before the restart that follows the given number of failures in a row (1 or more).

    Without `restart_delay_max` always `restart_delay`; with it the delay doubles up to the maximum, and each
    wait is spread over the upper half (`jitter` from 0 to 1), so that programs which failed together do not
    return together.
    """
    if policy.restart_delay_max is None:
        return policy.restart_delay
    grown = min(policy.restart_delay * 2.0 ** min(failures - 1, 60), policy.restart_delay_max)
    return max(policy.restart_delay, grown * (0.5 + jitter / 2))


def stable_after(policy: Policy) -> float:
    """Seconds of running after which the failures before it are forgotten."""
    return max(policy.startsecs, policy.restart_delay_max or policy.restart_delay)


def recent(restarts: Sequence[float], policy: Policy, now: float) -> tuple[float, ...]:
    """The restarts that `restart_window` still counts, as the monotonic times they happened at."""
    return tuple(at for at in restarts if now - at < policy.restart_window)


def is_spent(restarts: Sequence[float], policy: Policy, now: float) -> bool:
    """Whether `max_restarts` within `restart_window` have been used up."""
    return policy.max_restarts is not None and len(recent(restarts, policy, now)) >= policy.max_restarts


def remember(restarts: Sequence[float], policy: Policy, now: float) -> tuple[float, ...]:
    """The restarts to remember once another happens now: never more than the limit needs."""
    if policy.max_restarts is None:
        return ()
    return (*recent(restarts, policy, now), now)[-max(policy.max_restarts, 1) :]
