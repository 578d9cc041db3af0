"""From launch to end: until all programs live, what the supervisor weighs then, until all are gone."""

import signal
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import process
from bench.figures import Figure
from bench.subject import Running, Subject, running, sleeps

SETTLE = 1.5
"""Seconds after which programs that live count as started, everywhere."""

GIVEN_UP = 20.0
"""Seconds after which those that are left are ended by force; the sample says that much."""


class Lifecycle:
    """The figures of so many commands that sleep."""

    def __init__(self, count: int, alive: float, gone: float) -> None:
        """`alive` and `gone` are the targets, in milliseconds."""
        self.count = count
        self.alive = Figure(f"{count} commands: from launch until all live", "ms", alive)
        self.gone = Figure(f"{count} commands: from SIGTERM until all are gone", "ms", gone)
        self.ended = Figure(f"{count} commands: from SIGTERM until the supervisor has ended", "ms")
        self.pss = Figure(f"{count} commands: PSS of the daemon", "MiB", 24.0)
        self.rss = Figure(f"{count} commands: RSS of the daemon", "MiB")
        self.sum = Figure(f"{count} commands: PSS of daemon and spawner", "MiB")
        self.status = Figure(f"{count} commands: status over the socket", "ms", 5.0 if count == 500 else None)

    def figures(self) -> Iterator[Figure]:
        """All of them, in the order of a life."""
        yield from (self.alive, self.gone, self.ended, self.pss, self.rss, self.sum, self.status)

    def measure(self, subjects: Sequence[Subject], directory: Path) -> None:
        """One life under each of the supervisors."""
        for subject in subjects:
            with running(subject, directory / subject.name, sleeps(self.count)) as daemon:
                programs = daemon.wait_for(self.count)
                self.alive.add(subject.name, (time.perf_counter() - daemon.began) * 1e3)
                time.sleep(SETTLE)
                self._weigh(daemon)
                self._ask(daemon)
                self._end(daemon, programs)

    def _weigh(self, daemon: Running) -> None:
        name = daemon.subject.name
        own = daemon.subject.own_processes(daemon.pid, daemon.directory)
        self.pss.add(name, process.memory(daemon.pid))
        self.rss.add(name, process.memory(daemon.pid, "Rss"))
        self.sum.add(name, process.total_memory(own))

    def _ask(self, daemon: Running) -> None:
        with daemon.subject.connect(daemon.directory) as ask:
            for _ in range(5):
                self.status.add(daemon.subject.name, ask())

    def _end(self, daemon: Running, programs: Sequence[int]) -> None:
        began = time.perf_counter()
        daemon.child.send_signal(signal.SIGTERM)
        is_gone = process.wait_gone(programs, GIVEN_UP)
        self.gone.add(daemon.subject.name, (time.perf_counter() - began) * 1e3)
        if not is_gone:
            self.gone.note = f"{daemon.subject.name} was ended by force after {GIVEN_UP:.0f} s"
            daemon.child.kill()
            return
        daemon.child.wait(GIVEN_UP)
        self.ended.add(daemon.subject.name, (time.perf_counter() - began) * 1e3)
