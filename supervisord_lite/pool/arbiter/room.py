"""How much memory unfinished and waiting messages of clients may take, and who has to wait for room."""

from collections import OrderedDict
from typing import Protocol


class Holder(Protocol):
    """Whoever sends something long."""

    reserved: int

    def read_on(self, is_reading: bool) -> None:
        """Whether it is read."""


SMALL = 64 * 1024
"""A message up to this needs no room set aside."""

MESSAGES = 4
"""Messages of the greatest length for which there is room."""


class Room:
    """Room for the whole of a long message is set aside before it is read: whatever is begun can end."""

    def __init__(self, max_message: int) -> None:
        self._free = max_message * MESSAGES
        self._waiting: OrderedDict[Holder, int] = OrderedDict()

    def take(self, holder: Holder, length: int) -> bool:
        """Set room aside for a message of this length. False: not now; it is read on when there is."""
        if length <= SMALL or holder.reserved:
            return True
        if self._waiting or length > self._free:
            self._waiting[holder] = length
            return False
        self._free -= length
        holder.reserved = length
        return True

    def give_back(self, holder: Holder) -> None:
        """Its message has been passed on, or is given up: whoever waits longest is next."""
        self._waiting.pop(holder, None)
        self._free += holder.reserved
        holder.reserved = 0
        while self._waiting:
            following, length = next(iter(self._waiting.items()))
            if length > self._free:
                return
            del self._waiting[following]
            self._free -= length
            following.reserved = length
            following.read_on(True)

    def resize(self, before: int, after: int) -> None:
        """`max_message` has changed."""
        self._free += (after - before) * MESSAGES
