"""Clients that have sent a part of a message: the rest has to come, and not by the byte."""

from math import inf
from typing import Protocol

PATIENCE = 30.0
"""Seconds in which the next `STEP` of a message, or the rest of it, has to come."""

HURRY = 2.0
"""The same, while others wait for the room that is set aside for it."""

STEP = 64 * 1024


class Sender(Protocol):
    """Whoever sends a message in pieces."""

    @property
    def is_mid_message(self) -> bool:
        """Whether a part of a message has come."""

    @property
    def is_heard(self) -> bool:
        """Whether it is read at present: else it is not its fault."""

    @property
    def is_in_the_way(self) -> bool:
        """Whether others wait for what is set aside for it."""

    def rest_missing(self) -> None:
        """It is cut off."""


class _Progress:
    """`since`: the latest step, or the beginning. `came`: bytes since then. Times are monotonic seconds."""

    __slots__ = ("came", "in_the_way_since", "since")

    def __init__(self, now: float) -> None:
        self.since = now
        self.came = 0
        self.in_the_way_since = inf

    def add(self, size: int, now: float) -> None:
        """So many bytes came."""
        self.came += size
        if self.came >= STEP:
            self.since = now
            self.came = 0

    def is_late(self, is_in_the_way: bool, now: float) -> bool:
        """Whether it has taken too long; to be asked again and again."""
        self.in_the_way_since = min(self.in_the_way_since, now) if is_in_the_way else inf
        return now - self.since >= PATIENCE or now - max(self.since, self.in_the_way_since) >= HURRY


class Partials:
    """How far each of them is."""

    def __init__(self) -> None:
        self._senders: dict[Sender, _Progress] = {}

    def __len__(self) -> int:
        return len(self._senders)

    def note(self, sender: Sender, size: int, now: float) -> None:
        """So many bytes of it came, which may have ended its message."""
        if not sender.is_mid_message:
            self._senders.pop(sender, None)
            return
        progress = self._senders.get(sender)
        if progress is None:
            progress = self._senders[sender] = _Progress(now)
        progress.add(size, now)

    def forget(self, sender: Sender) -> None:
        """It has gone."""
        self._senders.pop(sender, None)

    def overdue(self, now: float) -> list[Sender]:
        """Those who left it at a part, or are too slow."""
        late: list[Sender] = []
        for sender, progress in self._senders.items():
            if not sender.is_heard:
                progress.since = now
            elif progress.is_late(sender.is_in_the_way, now):
                late.append(sender)
        return late
