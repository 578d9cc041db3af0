"""When a worker has served long enough. Chance is an argument: one number in [0, 1) for each limit."""

import sys
from math import inf

from msgspec import Struct

from supervisord_lite.wire.backstage import Settings


class Limits(Struct, frozen=True):
    """What one worker may reach: calls, seconds since it joined, bytes of private memory."""

    calls: int = sys.maxsize
    age: float = inf
    memory: int = sys.maxsize


UNLIMITED = Limits()


def draw(settings: Settings, calls: float, age: float, memory: float) -> Limits:
    """The limits of one worker: the configured ones and a share of their jitter: not all go at once."""
    return Limits(
        calls=_with(settings.max_calls, settings.max_calls_jitter, calls),
        age=inf if settings.max_age is None else settings.max_age + settings.max_age_jitter * age,
        memory=_with(settings.max_memory, settings.max_memory_jitter, memory),
    )


def _with(limit: int | None, jitter: int, chance: float) -> int:
    return sys.maxsize if limit is None else limit + int((jitter + 1) * chance)


def reason(limits: Limits, calls: int, age: float, memory: int | None) -> str | None:
    """Why a worker is to be replaced, or None."""
    if calls >= limits.calls:
        return f"it served {calls} calls (max_calls)"
    if age >= limits.age:
        return f"it is {age:.0f} s old (max_age)"
    if memory is not None and memory >= limits.memory:
        return f"it has {memory / 2**20:.0f} MiB of private memory (max_memory)"
    return None
