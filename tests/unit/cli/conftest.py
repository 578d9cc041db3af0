"""A daemon that says what a test tells it to: a real unix socket server that speaks the control protocol."""

import json
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from supervisord_lite.control.requests import RequestRefused, parse

Message = dict[str, Any]
Line = Message | str | None
Answer = Line | Callable[[Message], Line | Iterable[Line]]

HANG_UP = "hang up"


class FakeDaemon:
    """Answers each command as scripted, one thread a connection; a command nobody scripted is refused.

    What the real server would not take for a request is refused as it does.

    An answer is a reply; a function of the request that returns a reply or several lines; a `str`,
    sent as it is; or None: no answer at all. After HANG_UP the connection is closed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers: dict[str, Answer] = {}
        self.requests: list[Message] = []
        self._closing = threading.Event()
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._acceptor = threading.Thread(target=self._accept)
        self._acceptor.start()

    def answer(self, cmd: str, answer: Answer) -> None:
        """Script the answer to `cmd`."""
        self.answers[cmd] = answer

    def asked(self, cmd: str) -> Message:
        """The only request of this command so far."""
        (found,) = [request for request in self.requests if request["cmd"] == cmd]
        return found

    def close(self) -> None:
        """Hang up on everybody and end."""
        self._closing.set()
        for end in (self._listener, *self._connections):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # already gone
            end.close()
        for thread in (self._acceptor, *self._threads):
            thread.join()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as lines:
                for line in lines:
                    for answer in self._answers_to(line):
                        if answer == HANG_UP:
                            connection.shutdown(socket.SHUT_RDWR)
                        elif answer is not None:
                            connection.sendall(answer.encode() + b"\n")
        except OSError:
            return  # the client or the test has left

    def _answers_to(self, line: bytes) -> Iterator[str | None]:
        request = json.loads(line)
        try:
            parse(line)
        except RequestRefused as refused:
            yield json.dumps({"ok": False, "error": str(refused), "code": refused.code, "id": request["id"]})
            return
        self.requests.append(request)
        cmd = request["cmd"]
        refusal = {"ok": False, "error": f"unknown command {cmd}", "code": "unknown_command"}
        scripted = self.answers.get(cmd, refusal)
        answer = scripted(request) if callable(scripted) else scripted
        for each in [answer] if answer is None or isinstance(answer, str | dict) else answer:
            if isinstance(each, dict):
                each = json.dumps({**each, "id": request["id"]} if "ok" in each else each)
            yield each


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a unix socket's may have 107 bytes."""
    path = Path(tempfile.mkdtemp(prefix="supctl-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def daemon(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDaemon]:
    """A running fake daemon that `supctl` finds by $SUPCTL_SOCKET."""
    fake = FakeDaemon(folder / "control.sock")
    monkeypatch.setenv("SUPCTL_SOCKET", str(fake.path))
    yield fake
    fake.close()


class Outcome:
    """What one run of `supctl` in this process left behind."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.out = out
        self.err = err

    def __repr__(self) -> str:
        return f"exit {self.status}\n--- stdout\n{self.out}--- stderr\n{self.err}"

    @property
    def json(self) -> Any:
        """Stdout, which must be one JSON document."""
        return json.loads(self.out)


@pytest.fixture
def supctl(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run one command line here and return what it printed."""
    from supervisord_lite.cli.root import run

    def call(*args: str) -> Outcome:
        status = run(args)
        return Outcome(status, *capsys.readouterr())

    return call


def example_program(name: str = "scheduler", **changes: Any) -> Message:
    """A program as the protocol has it, running unless told otherwise."""
    return {
        "name": name,
        "companion": name.partition(":")[0],
        "instance": int(name.partition(":")[2] or 1) if name[-1].isdigit() else 1,
        "state": "RUNNING",
        "wanted": "up",
        "pid": 4242,
        "description": "pid 4242, uptime 0:03:12",
        "kind": "target",
        "uptime": 192.0,
        "since": 1_700_000_000.0,
        "started_at": 1_700_000_000.0,
        "restarts": 0,
        "exit_count": 0,
        "next_retry_at": None,
        "restart_delay": 5.0,
        "last_exit_code": None,
        "last_exit_signal": None,
        "last_exited_at": None,
        "last_exit": None,
        "status_text": None,
        "stop_timeout": 60.0,
        "stdout": "journal",
        "stderr": "journal",
        "identifier": name,
        "user": "app-supervisor",
        "target": "myapp.tasks:run_scheduler",
        "command": None,
        "after": [],
        "generation": 1,
        "cgroup": None,
        **changes,
    }


def example_status(*programs: Message, **daemon: Any) -> Message:
    """A status reply."""
    return {
        "ok": True,
        "companions": list(programs),
        "daemon": {
            "pid": 100,
            "version": "0.1.0",
            "uptime": 200.0,
            "state": "running",
            "status": "all 1 companions run",
            "config": "/etc/app-supervisor/app-supervisor.toml",
            "control_socket": "/run/app-supervisor/control.sock",
            "unit": "app-supervisor.service",
            "systemd": True,
            "cgroups": True,
            "generation": 1,
            "programs": [],
            "log_dropped": 0,
            **daemon,
        },
    }


@pytest.fixture
def program() -> Callable[..., Message]:
    """Make a program of a status reply."""
    return example_program


@pytest.fixture
def status_of() -> Callable[..., Message]:
    """Make a status reply."""
    return example_status


@pytest.fixture
def hang_up() -> str:
    """What a scripted answer yields to close the connection."""
    return HANG_UP
