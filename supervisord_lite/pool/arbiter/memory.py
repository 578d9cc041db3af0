"""Private memory of workers: what ending one would give back, without what it shares with its zygote."""

import ctypes
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from supervisord_lite.pool.arbiter.backroom import Backroom
from supervisord_lite.pool.arbiter.loop import Loop
from supervisord_lite.pool.routing import replacement

if TYPE_CHECKING:
    from supervisord_lite.pool.arbiter.arbiter import Arbiter

EVERY = 10.0
"""Seconds between looks, while there are calls."""

TRIM_AFTER = 8 * 1024 * 1024
"""Bytes that came in pieces, after which free memory is given back."""

TRIM_IN = 10.0
"""Seconds."""

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


class Heap:
    """Gives free memory back: pieces of messages leave holes in the heap, which would stay for ever."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # malloc_trim(3), of glibc
        self._pieces = 0

    def note(self, size: int) -> None:
        """So many bytes came in a piece. The holes are given back a while after there were many."""
        before, self._pieces = self._pieces, self._pieces + size
        if before < TRIM_AFTER <= self._pieces and self._trim is not None:
            self._loop.at(self._loop.now + TRIM_IN, self._give_back)

    def _give_back(self) -> None:
        assert self._trim is not None
        self._trim(0)
        late = self._pieces >= 2 * TRIM_AFTER
        self._pieces = 0
        if late:  # they may be held still
            self.note(TRIM_AFTER)


Tell = Callable[[Mapping[int, int | None]], None]


class Scales:
    """Weighs the workers in a backroom, and has those replaced that are too heavy."""

    def __init__(self, hub: "Arbiter", backroom: Backroom) -> None:
        self._hub = hub
        self._backroom = backroom
        self._looked_at = 0.0
        self._waiting: list[Tell] = []

    def measure(self, tell: Tell) -> None:
        """Tell the private memory of every worker, by pid. Whoever asks meanwhile is told the same."""
        self._waiting.append(tell)
        if len(self._waiting) > 1:
            return
        pids = [worker.pid for worker in self._hub.router.workers.values()]

        def look() -> dict[int, int | None]:
            return {pid: private(pid) for pid in pids}

        self._backroom.ask(look, lambda found, _: self._tell(found or {}))

    def _tell(self, found: Mapping[int, int | None]) -> None:
        waiting, self._waiting = self._waiting, []
        for tell in waiting:
            tell(found)

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
