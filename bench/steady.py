"""While 100 commands sleep under each supervisor, all at the same time: idling, status, replacement."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import process
from bench.figures import Figure
from bench.subject import PATIENCE, Running, Subject, TooSlow, running, sleeps

COUNT = 100
SETTLE = 3.0
POLL = 0.0002
"""Seconds between two looks for a replacement: less would take the processor from who makes it."""


class Steady:
    """The figures of supervisors with nothing to do."""

    def __init__(self) -> None:
        self.wakeups = Figure(f"idle with {COUNT} commands: wakeups a second", "1/s", 0.0)
        self.cpu = Figure(f"idle with {COUNT} commands: CPU a second", "ms/s")
        self.status = Figure(f"{COUNT} commands: status on the command line", "ms", 70.0)
        self.replacement = Figure("command: from kill -9 until its replacement executes", "ms", 5.0)

    def figures(self) -> Iterator[Figure]:
        """All of them."""
        yield from (self.wakeups, self.cpu, self.status, self.replacement)

    def measure(
        self, subjects: Sequence[Subject], directory: Path, rounds: int, idle: float, peers: int
    ) -> None:
        """Idle for so many seconds, then so many rounds; `peers` of them of the others' replacement."""
        with contextlib.ExitStack() as stack:
            daemons = [
                stack.enter_context(running(subject, directory / subject.name, sleeps(COUNT)))
                for subject in subjects
            ]
            for daemon in daemons:
                daemon.wait_for(COUNT)
            time.sleep(SETTLE)
            self._idle(daemons, idle)
            for _ in range(rounds):
                for daemon in daemons:
                    self._show(daemon)
            for number in range(rounds):
                for daemon in daemons[: None if number < peers else 1]:
                    self._replace(daemon, number)

    def _idle(self, daemons: Sequence[Running], seconds: float) -> None:
        own = [daemon.subject.own_processes(daemon.pid, daemon.directory) for daemon in daemons]
        time.sleep(0.5)  # whoever was asked for its processes is quiet again
        began = time.perf_counter()
        before = [process.usage(pids) for pids in own]
        time.sleep(seconds)
        after = [process.usage(pids) for pids in own]
        took = time.perf_counter() - began
        for daemon, first, last in zip(daemons, before, after, strict=True):
            self.wakeups.add(daemon.subject.name, (last.wakeups - first.wakeups) / took)
            self.cpu.add(daemon.subject.name, (last.cpu - first.cpu) * 1e3 / took)

    def _show(self, daemon: Running) -> None:
        command = daemon.subject.status_command(daemon.directory)
        began = time.perf_counter()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        self.status.add(daemon.subject.name, (time.perf_counter() - began) * 1e3)
        assert len(done.stdout.splitlines()) >= COUNT, done

    def _replace(self, daemon: Running, number: int) -> None:
        """Kill another one each time: the ones before may count as not started yet."""
        known = daemon.named("sleep")
        victim = known[number * 7]
        began = time.perf_counter()
        os.kill(victim, signal.SIGKILL)
        while not daemon.named("sleep", known):
            if time.perf_counter() - began > PATIENCE:
                raise TooSlow(f"{daemon.subject.name} does not replace what was killed")
            time.sleep(POLL)
        self.replacement.add(daemon.subject.name, (time.perf_counter() - began) * 1e3)
        time.sleep(0.1)
