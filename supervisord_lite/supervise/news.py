"""Every transition is one piece of news: the log, `supctl events`, readiness and tests read one stream."""

from collections import deque
from collections.abc import Callable

from msgspec import Struct

from supervisord_lite.model.exits import Exit
from supervisord_lite.model.states import State

REMEMBERED = 256
"""Transitions kept for those who ask for the past."""


class Transition(Struct, frozen=True, kw_only=True):
    """One step of one program's life. `time` is seconds since the epoch, `exit` how a process ended."""

    seq: int
    time: float
    name: str
    before: State
    after: State
    trigger: str
    pid: int | None
    description: str
    exit: Exit | None = None


Listener = Callable[[Transition], None]


class News:
    """The stream of transitions. Listeners are called at once, in the order they came, and must not block."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._past: deque[Transition] = deque(maxlen=REMEMBERED)
        self._seq = 0

    def next_number(self) -> int:
        """The number of the next transition; numbers have no gaps."""
        self._seq += 1
        return self._seq

    def publish(self, transition: Transition) -> None:
        """Tell every listener."""
        self._past.append(transition)
        for listener in tuple(self._listeners):
            listener(transition)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener from now on; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def past(self, count: int) -> list[Transition]:
        """The latest transitions, oldest first."""
        return list(self._past)[-count:] if count > 0 else []
