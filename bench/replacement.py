"""From kill -9 of a large forked program until its successor is at the first line of its target."""

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from bench import environment, process
from bench.figures import OURS, Figure
from bench.moments import Moments
from bench.ours import pids
from bench.subject import Plan, Running, Subject, Task, running

PROGRAMS = Path(__file__).parent / "programs"
SETTLE = 1.3
"""Seconds after which a program counts as started everywhere, so that no back-off is measured."""


class Replacement:
    """One target of one module; ours forks it from its preload, the others start an interpreter for it."""

    def __init__(self, module: str, what: str, target: float | None) -> None:
        self.module = module
        self.figure = Figure(f"{what}: from kill -9 until its target is called", "ms", target)

    def measure(self, subjects: Sequence[Subject], directory: Path, rounds: int, peers: int) -> None:
        """So many rounds of ours, and of the others, which take seconds."""
        with contextlib.ExitStack() as stack:
            daemons: list[tuple[Running, Moments]] = []
            for subject in subjects:
                place = directory / subject.name
                place.mkdir(parents=True)
                moments = stack.enter_context(Moments(place / "moments"))
                plan = plan_of(self.module, 1, moments.env)
                daemons.append((stack.enter_context(running(subject, place, plan)), moments))
            for _, moments in daemons:
                moments.next()
            for number in range(rounds):
                time.sleep(SETTLE if number < peers else 0.2)
                for daemon, moments in daemons[: None if number < peers else 1]:
                    self._replace(daemon, moments)

    def _replace(self, daemon: Running, moments: Moments) -> None:
        if daemon.subject.name == OURS:
            victim = pids(daemon.directory)["p0"]
        else:
            (victim,) = process.children(daemon.pid)
        began = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        self.figure.add(daemon.subject.name, (moments.next() - began) * 1e3)


def plan_of(module: str, count: int, env: dict[str, str]) -> Plan:
    """So many programs of this module, preloaded where there is a preload."""
    path = (str(PROGRAMS), str(environment.site_packages()))
    tasks = [Task(f"p{number}", target=f"{module}:main") for number in range(count)]
    return Plan(tasks, {**env, "PYTHONPATH": str(PROGRAMS)}, (module,), path)
