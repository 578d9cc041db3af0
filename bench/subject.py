"""A supervisor under measurement: what it is configured with, started, asked and ended by."""

import contextlib
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import process

PATIENCE = 30.0
"""Seconds after which what does not happen counts as not happening."""


class TooSlow(Exception):
    """Something did not happen in time; the message says what."""


class Task(NamedTuple):
    """A program to be supervised: a command, or a target that ours forks and the others run as a command."""

    name: str
    command: tuple[str, ...] = ("/bin/sleep", "100000")
    target: str = ""


class Plan(NamedTuple):
    """What a supervisor is to run. The modules of `preload` are found in the directories of `path`."""

    tasks: Sequence[Task]
    env: Mapping[str, str] = {}
    preload: tuple[str, ...] = ()
    path: tuple[str, ...] = ()


def sleeps(count: int) -> Plan:
    """So many commands that do nothing."""
    return Plan([Task(f"p{number}") for number in range(count)])


class Subject(ABC):
    """One of the supervisors."""

    name: str

    @abstractmethod
    def configure(self, directory: Path, plan: Plan) -> list[str]:
        """Write its files into the directory; returns the command that runs it in the foreground."""

    @abstractmethod
    def status_command(self, directory: Path) -> list[str]:
        """The command line with which its operator sees the state of every program."""

    def own_processes(self, pid: int, directory: Path) -> list[int]:
        """Its own processes, of which `pid` is the main one: not the programs, but what runs them."""
        return [pid]

    @abstractmethod
    def connect(self, directory: Path) -> contextlib.AbstractContextManager[Callable[[], float]]:
        """A client: each call asks for the state of every program and returns the milliseconds it took."""


class Running:
    """A supervisor that runs."""

    def __init__(
        self, subject: Subject, directory: Path, child: subprocess.Popen[bytes], began: float
    ) -> None:
        self.subject = subject
        self.directory = directory
        self.began = began
        """When it was launched, in seconds of `time.perf_counter`."""
        self.pid = child.pid
        self.child = child

    def named(self, name: str, known: Sequence[int] = ()) -> list[int]:
        """Its children that run an executable of this name, other than the known ones."""
        seen = set(known)
        return [pid for pid in process.children(self.pid) if pid not in seen and process.name_of(pid) == name]

    def wait_for(self, count: int, name: str = "sleep") -> list[int]:
        """Wait until so many of its children execute this; returns their pids. Raises `TooSlow`."""
        found: list[int] = []
        while len(found) < count:
            found += self.named(name, found)
            if time.perf_counter() - self.began > PATIENCE or self.child.poll() is not None:
                raise TooSlow(f"{self.subject.name} has {len(found)} of {count} programs ({self.directory})")
            time.sleep(0.003)  # to look costs the processor time that is measured
        return found

    def end(self) -> None:
        """End it and everything below it, by force where asking does not help."""
        below = descendants(self.pid)
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(PATIENCE)
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait_gone(below, PATIENCE)


def descendants(pid: int) -> list[int]:
    """Everything below the process."""
    found = process.children(pid)
    for child in found:
        found += process.children(child)  # the list grows while it is walked
    return found


@contextlib.contextmanager
def running(subject: Subject, directory: Path, plan: Plan) -> Iterator[Running]:
    """The supervisor, launched on this plan; it and all its programs are gone afterwards."""
    directory.mkdir(parents=True, exist_ok=True)
    command = subject.configure(directory, plan)
    with (directory / "output").open("wb") as output:
        began = time.perf_counter()
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=directory,
            env=os.environ | plan.env,
        )
    found = Running(subject, directory, child, began)
    try:
        yield found
    finally:
        found.end()
