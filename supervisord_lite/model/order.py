"""Start and stop order: who waits for whom.

`after` orders only what is on its way: a start waits for the programs named there that are wanted up and not
yet ready; a stop waits for the programs that named this one and are themselves being stopped.
"""

from collections.abc import Callable, Iterable, Mapping

from .life import Life
from .states import State, Wanted

LifeOf = Callable[[str], Life | None]
"""The life of the program of this name, None where there is none."""


def start_blockers(after: Iterable[str], life_of: LifeOf) -> tuple[str, ...]:
    """The programs that one which comes `after` these still has to wait for before it starts."""
    return tuple(
        name
        for name in after
        if (life := life_of(name)) is not None and life.wanted is Wanted.UP and not life.is_ready
    )


def stop_blockers(followers: Iterable[str], life_of: LifeOf) -> tuple[str, ...]:
    """The programs, of those that come after one, that have to be gone before it is asked to stop."""
    return tuple(
        name for name in followers if (life := life_of(name)) is not None and life.state is State.STOPPING
    )


def followers(after: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """For each program the programs that come directly after it."""
    found: dict[str, list[str]] = {}
    for name, others in after.items():
        for other in others:
            found.setdefault(other, []).append(name)
    return {name: tuple(names) for name, names in found.items()}
