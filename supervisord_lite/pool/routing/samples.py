"""The latest durations, for percentiles."""

from collections import deque

SIZE = 1024


class Samples(deque[float]):
    """The latest `SIZE` durations in seconds; append one."""

    def __init__(self) -> None:
        super().__init__(maxlen=SIZE)

    def percentiles(self) -> tuple[float | None, float | None]:
        """The 50th and the 99th; None before the first."""
        if not self:
            return None, None
        values = sorted(self)
        return values[len(values) // 2], values[min(len(values) - 1, len(values) * 99 // 100)]
