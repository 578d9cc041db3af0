"""Clients that have sent a part of a message: they may not leave it at that."""

from typing import Protocol

PATIENCE = 30.0
"""Seconds in which some more of a message has to come."""


class Sender(Protocol):
    """Whoever sends a message in pieces."""

    @property
    def is_mid_message(self) -> bool:
        """Whether a part of a message has come."""

    @property
    def is_heard(self) -> bool:
        """Whether it is read at present: else it is not its fault."""

    def rest_missing(self) -> None:
        """It is cut off."""


class Partials:
    """When each of them was last heard."""

    def __init__(self) -> None:
        self._since: dict[Sender, float] = {}

    def __len__(self) -> int:
        return len(self._since)

    def note(self, sender: Sender, now: float) -> None:
        """Something of it came."""
        if sender.is_mid_message:
            self._since[sender] = now
        else:
            self._since.pop(sender, None)

    def forget(self, sender: Sender) -> None:
        """It has gone."""
        self._since.pop(sender, None)

    def overdue(self, now: float) -> list[Sender]:
        """Those who left it at a part."""
        late: list[Sender] = []
        for sender, since in self._since.items():
            if not sender.is_heard:
                self._since[sender] = now
            elif now - since >= PATIENCE:
                late.append(sender)
        return late
