"""What 20 programs of one application weigh together: forked by ours, on their own, at the least possible."""

import contextlib
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench import environment, process
from bench.figures import OURS, Figure
from bench.moments import Moments
from bench.ours import signal_program
from bench.replacement import PROGRAMS, plan_of
from bench.subject import Subject, running, sleeps

COUNT = 20
ALLOWANCE = 1.1
"""How much heavier than the floor ours may be."""

FLOOR = f"import gc; gc.disable(); import application; gc.enable(); application.floor({COUNT})"


class Sharing:
    """Figures of Django and numpy, in MiB of PSS: the programs and what they were forked from."""

    def __init__(self) -> None:
        what = f"{COUNT} programs of Django and numpy"
        self.fresh = Figure(f"{what}: PSS of all", "MiB")
        self.collected = Figure(f"{what}: PSS after a full collection in each", "MiB")
        self.fork = Figure("the floor: one os.fork of Django and numpy", "ms")
        self.growth = Figure("growth of the daemon's RSS by a preload of Django and numpy", "MiB", 0.5)
        self._floor: dict[str, list[float]] = {"fresh": [], "collected": []}

    def figures(self) -> Iterator[Figure]:
        """All of them."""
        yield from (self.fresh, self.collected, self.fork, self.growth)

    def measure(self, ours: Subject, separate: Subject | None, directory: Path, rounds: int) -> None:
        """So many rounds of floor and ours, and one of the programs on their own."""
        for number in range(rounds):
            with place(directory / f"floor{number}") as moments:
                self._measure_floor(moments)
            with place(directory / f"ours{number}") as moments:
                self._measure_ours(ours, moments, directory / f"ours{number}")
        if separate is not None:
            with place(directory / "separate") as moments:
                self._measure_separate(separate, moments, directory / "separate")
        for figure, key in ((self.fresh, "fresh"), (self.collected, "collected")):
            floor = statistics.median(self._floor[key])
            figure.target = round(floor * ALLOWANCE, 1)
            figure.note = f"the floor is {floor:.1f}"
        self._measure_growth(ours, directory)

    def _measure_floor(self, moments: Moments) -> None:
        with _floor(moments.env) as parent:
            assert parent.stdout is not None
            for word in parent.stdout.readline().split():
                self.fork.add("floor", float(word))
            moments.take(COUNT)
            family = [parent.pid, *process.children(parent.pid)]
            self._floor["fresh"].append(process.total_memory(family))
            for pid in family[1:]:
                os.kill(pid, signal.SIGUSR1)
            moments.take(COUNT)
            self._floor["collected"].append(process.total_memory(family))
        self.fork.note = f"{statistics.median(self.fork.samples['floor']):.1f} ms"

    def _measure_ours(self, ours: Subject, moments: Moments, directory: Path) -> None:
        with running(ours, directory, plan_of("application", COUNT, moments.env)) as daemon:
            moments.take(COUNT)
            time.sleep(0.2)
            spawner = ours.own_processes(daemon.pid, directory)[1]
            family = [pid for pid in process.children(daemon.pid) if pid != spawner]
            assert len(family) == COUNT + 1, family  # and the zygote
            self.fresh.add(OURS, process.total_memory(family))
            signal_program(directory, "all", signal.SIGUSR1)
            moments.take(COUNT)
            self.collected.add(OURS, process.total_memory(family))

    def _measure_separate(self, separate: Subject, moments: Moments, directory: Path) -> None:
        with running(separate, directory, plan_of("application", COUNT, moments.env)) as daemon:
            moments.take(COUNT)
            family = process.children(daemon.pid)
            self.fresh.add(separate.name, process.total_memory(family))
            for pid in family:
                os.kill(pid, signal.SIGUSR1)
            moments.take(COUNT)
            self.collected.add(separate.name, process.total_memory(family))

    def _measure_growth(self, ours: Subject, directory: Path) -> None:
        with running(ours, directory / "small", sleeps(1)) as daemon:
            daemon.wait_for(1)
            time.sleep(0.2)
            small = process.memory(daemon.pid, "Rss")
        with place(directory / "large") as moments:
            plan = plan_of("application", 1, moments.env)
            with running(ours, directory / "large", plan) as daemon:
                moments.next()
                time.sleep(0.2)
                self.growth.add(OURS, process.memory(daemon.pid, "Rss") - small)
        self.growth.note = f"of {small:.1f}"


@contextlib.contextmanager
def place(directory: Path) -> Iterator[Moments]:
    """A directory with a pipe for moments in it."""
    directory.mkdir(parents=True)
    with Moments(directory / "moments") as moments:
        yield moments


@contextlib.contextmanager
def _floor(env: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The bare parent with its children; they are gone afterwards."""
    path = f"{PROGRAMS}:{environment.site_packages()}"
    with subprocess.Popen(
        [environment.PYTHON, "-c", FLOOR],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **env, "PYTHONPATH": path},
    ) as parent:
        try:
            yield parent
        finally:
            assert parent.stdin is not None
            parent.stdin.close()
