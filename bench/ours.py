"""supervisord_lite under measurement."""

import contextlib
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench.figures import OURS
from bench.subject import Plan, Subject, Task

BIN = Path(sys.executable).parent


class Ours(Subject):
    """The daemon of this checkout, with nothing set but `restart_delay = 0`."""

    name = OURS

    def configure(self, directory: Path, plan: Plan) -> list[str]:
        lines = [
            "[supervisor]",
            f'control_socket = "{_socket(directory)}"',
            f"preload = {json.dumps(plan.preload)}",
            f"python_path = {json.dumps(plan.path)}",
            *(['user = "root"'] if os.geteuid() == 0 else []),
            "[companion_defaults]",
            "restart_delay = 0",
            *(line for task in plan.tasks for line in _companion(task)),
        ]
        file = directory / "app.toml"
        file.write_text("\n".join(lines) + "\n")
        return [str(BIN / "supervisord-lite"), "-c", str(file)]

    def status_command(self, directory: Path) -> list[str]:
        return [str(BIN / "supctl"), "-s", str(_socket(directory)), "status"]

    def own_processes(self, pid: int, directory: Path) -> list[int]:
        with _client(directory) as sock:
            programs = json.loads(_ask(sock, "status"))["daemon"]["programs"]
        return [pid, *(program["pid"] for program in programs if program["pid"] is not None)]

    @contextlib.contextmanager
    def connect(self, directory: Path) -> Iterator[Callable[[], float]]:
        """From the request to the last byte of the reply."""
        with _client(directory) as sock:

            def ask() -> float:
                began = time.perf_counter()
                reply = _ask(sock, "status")
                took = (time.perf_counter() - began) * 1e3
                assert json.loads(reply)["ok"]
                return took

            yield ask


def signal_program(directory: Path, name: str, number: int) -> None:
    """Send every program that the pattern names this signal. Raises `RuntimeError` where it is refused."""
    with _client(directory) as sock:
        reply = json.loads(_ask(sock, "signal", name=name, signal=number))
    if not reply["ok"]:
        raise RuntimeError(reply["error"])


def pids(directory: Path) -> dict[str, int]:
    """The pid of every program, by name."""
    with _client(directory) as sock:
        reply = json.loads(_ask(sock, "status"))
    return {program["name"]: program["pid"] for program in reply["companions"]}


def _companion(task: Task) -> list[str]:
    work = f'target = "{task.target}"' if task.target else f"command = {json.dumps(task.command)}"
    return [f"[companions.{task.name}]", work]


def _socket(directory: Path) -> Path:
    return directory / "control.sock"


@contextlib.contextmanager
def _client(directory: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        sock.connect(str(_socket(directory)))
        yield sock


def _ask(sock: socket.socket, command: str, **fields: Any) -> bytes:
    sock.sendall(json.dumps({"cmd": command, **fields}).encode() + b"\n")
    reply = bytearray()
    while not reply.endswith(b"\n"):
        data = sock.recv(1 << 20)
        if not data:
            raise ConnectionError("the daemon hung up in the middle of a reply")
        reply += data
    return bytes(reply)
