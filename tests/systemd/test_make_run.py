"""`make run` as a newcomer meets it: real readiness, a real example, an orderly end. It needs no systemd."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = [sys.executable, str(ROOT / "scripts" / "run_example.py")]
PATIENCE = 60  # seconds until a line must have come
COMPANIONS = ["scheduler", "worker:1", "worker:2", "disk"]
POOL = ["dirty:arbiter", "dirty:1", "dirty:2", "dirty:3"]  # the third is what the run scales it to
RUNNING = dict.fromkeys([*COMPANIONS, *POOL], "RUNNING")


class Started:
    """A command and what it prints, read until a line is there."""

    def __init__(self, pid: int, output: int) -> None:
        """`output` is a descriptor of a pipe or of a terminal's near side."""
        self.pid = pid
        self.output = output
        self.text = ""
        self.status: int | None = None

    def read_until(self, pattern: str) -> None:
        """Read until `pattern` is in the text; fail at the end or after PATIENCE."""
        while not re.search(pattern, self.text):
            assert self._read(), f"ended without {pattern!r}:\n{self.text}"

    def read_to_the_end(self) -> int:
        """Return the exit status after the last line."""
        while self.status is None:
            if not self._read():
                self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def _read(self) -> bytes:
        readable, _, _ = select.select([self.output], [], [], PATIENCE)
        assert readable, f"nothing more came within {PATIENCE} s:\n{self.text}"
        try:
            chunk = os.read(self.output, 65536)
        except OSError:  # a terminal whose far side is closed
            return b""
        self.text += chunk.decode(errors="replace")
        return chunk


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private directory of one's own, so that a `make run` in this checkout is not in the way."""
    monkeypatch.setenv("RUN_DIRECTORY", str(tmp_path / "run"))
    return tmp_path / "run"


@pytest.fixture
def start(directory: Path) -> Iterator[Callable[..., Started]]:
    """Start a command on a terminal of its own."""
    commands: list[Started] = []

    def on_terminal(*command: str) -> Started:
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(ROOT)
            os.execvp(command[0], command)
        commands.append(Started(pid, terminal))
        return commands[-1]

    yield on_terminal
    for command in commands:
        if command.status is None:
            os.kill(command.pid, signal.SIGTERM)
            command.read_to_the_end()
        os.close(command.output)


def status(directory: Path) -> list[dict[str, object]]:
    """Return what the daemon says of each companion."""
    supctl = [f"{ROOT}/.venv/bin/supctl", "-s", f"{directory}/control.sock", "--json", "status"]
    reply = json.loads(subprocess.run(supctl, capture_output=True, check=True).stdout)
    companions: list[dict[str, object]] = reply["companions"]
    return companions


def test_example_is_ready_when_it_says_so(start: Callable[..., Started], directory: Path) -> None:
    """At "Ready" every companion runs, jobs are worked off, and SIGTERM ends all of it with status 0."""
    example = start(*SCRIPT)
    example.read_until(r"\nReady\.")
    companions = status(directory)
    assert {one["name"]: one["state"] for one in companions} == RUNNING
    example.read_until("receipt for order 1 sent")
    os.kill(example.pid, signal.SIGTERM)
    assert example.read_to_the_end() == 0, example.text
    assert not [one for one in companions if Path(f"/proc/{one['pid']}").exists()]


def test_example_shows_a_pool(start: Callable[..., Started]) -> None:
    """The run calls the pool, streams from it and scales it, before it says that it is ready."""
    example = start(*SCRIPT)
    example.read_until(r"\nReady\.")
    shown = example.text
    for pattern in (
        r"lamps next week: \[\d",
        r"month 12: +\d+ chairs",
        r"asked so far: \{.*'lamps'",
        r"dirty: 3 workers",
    ):
        assert re.search(pattern, shown), shown


def test_ctrl_c_on_a_terminal_is_no_error(start: Callable[..., Started], directory: Path) -> None:
    """Ctrl-C under make on a terminal stops everything in order, and make ends with status 0."""
    example = start("make", "run")
    example.read_until("Ctrl-C here stops everything")
    companions = status(directory)
    os.write(example.output, b"\x03")
    assert example.read_to_the_end() == 0, example.text
    assert "Interrupt" not in example.text
    assert not [one for one in companions if Path(f"/proc/{one['pid']}").exists()]


def test_daemon_that_cannot_start_is_explained(start: Callable[..., Started], directory: Path) -> None:
    """When the daemon cannot start the run ends with an error, after the daemon's own words."""
    (directory / "control.sock" / "in-the-way").mkdir(parents=True)
    example = start(*SCRIPT)
    assert example.read_to_the_end() == 1
    assert "control.sock" in example.text.partition("The daemon ended before it was ready")[0]


def test_second_run_is_refused(start: Callable[..., Started], directory: Path) -> None:
    """A second run in the same directory says so and leaves the first alone."""
    first = start(*SCRIPT)
    first.read_until(r"\nReady\.")
    second = start(*SCRIPT)
    assert second.read_to_the_end() == 1
    assert "running here already" in second.text
    assert {one["name"]: one["state"] for one in status(directory)} == RUNNING
