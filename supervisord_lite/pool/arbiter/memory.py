"""Private memory of workers: what ending one would give back, without what it shares with its zygote."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from supervisord_lite.pool.arbiter import replacement

if TYPE_CHECKING:
    from supervisord_lite.pool.arbiter.arbiter import Arbiter

EVERY = 10.0
"""Seconds between looks, while there are calls."""

PRIVATE = ("Private_Clean:", "Private_Dirty:", "Private_Hugetlb:")


def private(pid: int) -> int | None:
    """Bytes, by proc_pid_smaps(5); None where it cannot be read. Takes milliseconds for a large process."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return parse(file.read())
    except OSError:
        return None


def parse(text: str) -> int:
    """The sum of the private lines, which are in KiB."""
    fields = (line.split() for line in text.splitlines() if line.startswith(PRIVATE))
    return sum(int(words[1]) for words in fields) * 1024


class Scales:
    """Weighs the workers in the backroom, and has those replaced that are too heavy."""

    def __init__(self, hub: "Arbiter") -> None:
        self._hub = hub
        self._looked_at = 0.0

    def measure(self, tell: Callable[[Mapping[int, int | None]], None]) -> None:
        """Tell the private memory of every worker, by pid."""
        pids = [worker.pid for worker in self._hub.router.workers.values()]

        def look() -> dict[int, int | None]:
            return {pid: private(pid) for pid in pids}

        self._hub.backroom.ask(look, lambda found, _: tell(found or {}))

    def look(self, now: float) -> None:
        """Measure where there is a limit, and it is time."""
        if self._hub.router.settings.max_memory is not None and now - self._looked_at >= EVERY:
            self._looked_at = now
            self.measure(self._measured)

    def _measured(self, found: Mapping[int, int | None]) -> None:
        router = self._hub.router
        for worker in router.workers.values():
            worker.memory = found.get(worker.pid)
            replacement.recycle(router, worker, self._hub.loop.now)
        self._hub.perform()
