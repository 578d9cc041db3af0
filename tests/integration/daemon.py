"""A real daemon on a file of its own, with what a test asks of it; afterwards nothing of it may be left."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.integration.client import Client, Events, Reply
from tests.integration.process import DEADLINE, Lines, children, command_line, is_alive, wait_until_gone

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "tests" / "programs"
BIN = Path(sys.executable).parent
PYTHON = sys.executable

SUPERVISOR = f'[supervisor]\npython_path = ["{PROGRAMS}"]\n'
"""The table with which targets are found among the test programs."""

QUICK = "[companion_defaults]\nstartsecs = 0\nrestart_delay = 0.05\nstop_timeout = 10\n"
"""Defaults with which a test need not wait."""


def command(program: str) -> str:
    """The line of a companion's table that runs a test program as a command."""
    return f'command = ["{PYTHON}", "{PROGRAMS / program}.py"]\n'


class Daemon:
    """One daemon, its configuration, its control socket, and what it tells its service manager."""

    def __init__(self, directory: Path) -> None:
        """`directory` has a short path: there are sockets in it."""
        self.directory = directory
        self.socket = directory / "control.sock"
        self.file = directory / "app.toml"
        self.env: dict[str, str] = {}
        self.prefix: Sequence[str] = ()
        """What the daemon is started with: a command that becomes it, such as prlimit(1)."""
        self.log = Lines()
        self.output = Lines()
        """The daemon's standard output, and so that of programs which inherit it."""
        self.process: subprocess.Popen[bytes] | None = None
        self._strangers = children()
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(str(directory / "manager"))
        os.chmod(directory / "manager", 0o666)
        self._manager.settimeout(DEADLINE)
        self.told: list[str] = []
        """What it has told its service manager, one assignment an entry."""

    def __repr__(self) -> str:
        return f"<Daemon in {self.directory}>"

    def configure(self, text: str) -> None:
        """Write the configuration file."""
        self.file.write_text(text)

    def environ(self) -> dict[str, str]:
        """The environment that the daemon is started with."""
        of_the_test = ("PYTEST", "PYTHON", "XDG", "JOURNAL")
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(of_the_test)}
        ours = {"RUNTIME_DIRECTORY": str(self.directory), "NOTIFY_SOCKET": str(self.directory / "manager")}
        return {**inherited, **ours, **self.env}

    def launch(self) -> None:
        """Start it without waiting for anything."""
        self.process = subprocess.Popen(
            [*self.prefix, BIN / "supervisord-lite", "-c", self.file],
            stdin=subprocess.DEVNULL,
            stdout=self.output.fd,
            stderr=self.log.fd,
            env=self.environ(),
            cwd="/",
        )
        self.output.hand_over()
        self.log.hand_over()

    def start(self, text: str | None = None) -> "Daemon":
        """Start it on this configuration and wait until it says READY=1."""
        if text is not None:
            self.configure(text)
        self.launch()
        self.wait_told("READY=1")
        return self

    def wait_told(self, assignment: str) -> None:
        """Wait until it has told its service manager this."""
        while not any(entry.startswith(assignment) for entry in self.told):
            try:
                self.told += self._manager.recv(65536).decode().splitlines()
            except TimeoutError:
                raise AssertionError(f"no {assignment}: {self.told}\n{self.log.text()}") from None

    @property
    def pid(self) -> int:
        """The daemon's process."""
        assert self.process is not None
        return self.process.pid

    def connect(self) -> Client:
        """A new connection."""
        return Client(self.socket)

    def events(self, **request: Any) -> Events:
        """A new stream of transitions."""
        return Events(self.socket, **request)

    def ctl(self, cmd: str, **fields: Any) -> Reply:
        """Send one request and return the reply; "for_" is sent as "for"."""
        with self.connect() as client:
            return client.ask({"cmd": cmd, **{key.rstrip("_"): value for key, value in fields.items()}})

    def do(self, cmd: str, **fields: Any) -> Reply:
        """As `ctl`, for what has to succeed."""
        reply = self.ctl(cmd, **fields)
        assert reply["ok"], reply
        return reply

    def wait(self, name: str | list[str], state: str) -> None:
        """Wait until the programs are in this state."""
        reply = self.ctl("wait", name=name, for_=state, timeout=DEADLINE)
        assert reply["ok"], f"{reply['error']}\n{self.log.text()}"

    def supctl(self, *words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run the real command against this daemon."""
        return subprocess.run(
            [BIN / "supctl", *words],
            env={**os.environ, "SUPCTL_SOCKET": str(self.socket), **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * DEADLINE,
        )

    def supctl_lines(self, *words: str, count: int) -> list[str]:
        """The first lines that a command prints which goes on printing."""
        with subprocess.Popen(
            [BIN / "supctl", *words],
            env={**os.environ, "SUPCTL_SOCKET": str(self.socket)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        ) as command:
            timer = threading.Timer(DEADLINE, command.kill)
            timer.start()
            assert command.stdout is not None
            lines = [command.stdout.readline().rstrip("\n") for _ in range(count)]
            timer.cancel()
            command.terminate()
        return lines

    def programs(self) -> dict[str, Reply]:
        """What status says of every companion, by name."""
        return {program["name"]: program for program in self.do("status")["companions"]}

    def program(self, name: str) -> Reply:
        """What status says of one companion, or of one of the daemon's own."""
        reply = self.do("status", name=name)
        return next(p for p in reply["companions"] if p["name"] == name)

    def pids(self) -> dict[str, int]:
        """The pid of every companion, by name."""
        return {name: program["pid"] for name, program in self.programs().items()}

    def states(self) -> dict[str, str]:
        """The state of every companion, by name."""
        return {name: program["state"] for name, program in self.programs().items()}

    def descriptors(self) -> list[str]:
        """What the daemon's open descriptors lead to."""
        found = []
        for fd in Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                found.append(os.readlink(fd))
            except FileNotFoundError:
                continue
        return sorted(found)

    def wait_descriptors(self, most: int) -> None:
        """Wait until it has no more descriptors open than these; each look is a request that it answers."""
        end = time.monotonic() + DEADLINE
        with self.connect() as client:
            while client.ask({"cmd": "version"}) and len(found := self.descriptors()) > most + 1:
                assert time.monotonic() < end, found

    def signal(self, number: int) -> None:
        """Send the daemon a signal."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL to the daemon; whatever it had started has to end by itself."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        for pid in self.survivors():
            wait_until_gone(pid)

    def wait_end(self) -> int:
        """Wait until it has ended; returns its exit status."""
        assert self.process is not None
        return self.process.wait(2 * DEADLINE)

    def stop_now(self) -> None:
        """Stop it in order, so that all that was written can be read."""
        self.signal(signal.SIGTERM)
        assert self.wait_end() == 0

    def restart(self, ready: bool = True) -> None:
        """Start it again after it has ended, with pipes of its own."""
        self.output.join()
        self.log.join()
        self.output, self.log = Lines(), Lines()
        self.told.clear()
        self.launch()
        if ready:
            self.wait_told("READY=1")

    def stop(self) -> None:
        """Ask it to stop, unless it has ended, and see that it took everything with it."""
        self._manager.close()
        if self.process is None:
            self.output.hand_over()
            self.log.hand_over()
        else:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            self._see_it_end()
        print(f"--- log of {self}\n{self.log.text()}\n--- its output\n{self.output.text()}")

    def _see_it_end(self) -> None:
        assert self.process is not None
        status = f"still there: {self}"
        try:
            status = str(self.wait_end())
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        left = self.survivors()
        told = [command_line(pid) for pid in left]
        for pid in left:
            os.kill(pid, signal.SIGKILL)
            wait_until_gone(pid)
            os.waitpid(pid, 0)
        assert not left, f"survived the daemon: {told}"
        self.output.join()
        self.log.join()
        log = self.log.text()[:4000]
        assert not self.log.found("ERROR asyncio|never retrieved|failed inside the daemon"), log
        assert status in ("0", "1", "78", "-9"), f"the daemon ended with {status}\n{log}"

    def survivors(self) -> list[int]:
        """Processes that the daemon has left behind and that live; those that have ended are reaped."""
        alive = []
        for pid in children() - self._strangers - {self.pid}:
            if is_alive(pid):
                alive.append(pid)
            else:
                os.waitpid(pid, 0)
        return alive
