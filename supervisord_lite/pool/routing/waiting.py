"""The calls that wait for a worker with their app: higher priorities first, then the oldest.

A lower priority waits as long as calls of a higher one keep coming: there is no ageing. Its caller's deadline
bounds the wait.
"""

from collections import OrderedDict
from collections.abc import Iterator

from supervisord_lite.pool.routing.calls import Call


class WaitingLine:
    """Of one app. What it does takes the same time however many wait, and a dropped call leaves nothing."""

    __slots__ = ("_by_priority", "count")

    def __init__(self) -> None:
        self.count = 0
        self._by_priority: dict[int, OrderedDict[int, Call]] = {}

    def __iter__(self) -> Iterator[Call]:
        for priority in sorted(self._by_priority, reverse=True):
            yield from self._by_priority[priority].values()

    def add(self, call: Call) -> None:
        """At the end of its priority."""
        line = self._by_priority.get(call.priority)
        if line is None:
            line = self._by_priority[call.priority] = OrderedDict()
        line[call.id] = call
        self.count += 1

    def put_back(self, call: Call) -> None:
        """To the front of its priority: it was taken, and did not reach a worker."""
        self.add(call)
        self._by_priority[call.priority].move_to_end(call.id, last=False)

    def head(self) -> Call | None:
        """The call that is next."""
        if not self.count:
            return None
        line = self._by_priority[max(self._by_priority)]
        return next(iter(line.values()))

    def drop(self, call: Call) -> None:
        """It is taken, or its caller has left."""
        line = self._by_priority[call.priority]
        del line[call.id]
        if not line:
            del self._by_priority[call.priority]
        self.count -= 1
