"""How much memory unfinished and waiting messages of clients may take, and who has to wait for room."""

from collections import OrderedDict
from typing import Protocol


class Holder(Protocol):
    """Whoever sends something that does not come in one piece."""

    reserved: int

    def read_on(self, is_reading: bool) -> None:
        """Whether it is read."""


TINY = 4 * 1024
"""A message up to this needs no room set aside."""

SMALL = 64 * 1024
"""Messages up to this have room of their own, until they are complete."""

SMALL_ROOM = 16 * 1024 * 1024

MESSAGES = 4
"""Messages of the greatest length for which there is room."""


class Share:
    """Of the room: so many bytes, and who waits for some of them, in turn."""

    def __init__(self, size: int) -> None:
        self.free = size
        self.waiting: OrderedDict[Holder, int] = OrderedDict()

    def take(self, holder: Holder, length: int) -> bool:
        """Set it aside. False: not now; it is read on when there is."""
        if self.waiting or length > self.free:
            self.waiting[holder] = length
            return False
        self.free -= length
        holder.reserved = length
        return True

    def give_back(self, length: int) -> None:
        """Whoever waits longest is next."""
        self.free += length
        while self.waiting:
            following, wanted = next(iter(self.waiting.items()))
            if wanted > self.free:
                return
            del self.waiting[following]
            self.free -= wanted
            following.reserved = wanted
            following.read_on(True)


class Room:
    """Room for the whole of a message is set aside before it is read: whatever is begun can end."""

    def __init__(self, max_message: int) -> None:
        self._small = Share(SMALL_ROOM)
        self._long = Share(max_message * MESSAGES)
        self.is_short = False
        """Somebody waits: of a message that begins, no more than `TINY` is to be read before it has room."""

    def take(self, holder: Holder, length: int) -> bool:
        """Set room aside for a message of this length. False: not now; it is read on when there is."""
        if length <= TINY or holder.reserved:
            return True
        has_room = self._share(length).take(holder, length)
        self.is_short |= not has_room
        return has_room

    def is_awaited(self, holder: Holder) -> bool:
        """Whether others wait for what it holds."""
        return bool(holder.reserved and self._share(holder.reserved).waiting)

    def is_waiting(self, holder: Holder) -> bool:
        """Whether it waits for room."""
        return holder in self._long.waiting or holder in self._small.waiting

    def completed(self, holder: Holder) -> None:
        """Its message is complete: small ones are bounded by the queues from here on."""
        if 0 < holder.reserved <= SMALL:
            self.give_back(holder)

    def give_back(self, holder: Holder) -> None:
        """Its message has been passed on, or is given up: whoever waits longest is next."""
        for share in (self._small, self._long):
            if share.waiting.pop(holder, None) is not None:
                share.give_back(0)  # the next may need less
        reserved, holder.reserved = holder.reserved, 0
        if reserved:
            self._share(reserved).give_back(reserved)
        self._look()

    def resize(self, before: int, after: int) -> None:
        """`max_message` has changed."""
        self._long.free += (after - before) * MESSAGES
        self._long.give_back(0)
        self._look()

    def _look(self) -> None:
        self.is_short = bool(self._small.waiting or self._long.waiting)

    def _share(self, length: int) -> Share:
        return self._small if length <= SMALL else self._long
