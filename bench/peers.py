"""The supervisors that ours is measured beside: supervisord and circus, as their defaults have them."""

import contextlib
import os
import shlex
import socket
import subprocess
import time
import xmlrpc.client
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import environment
from bench.subject import Plan, Subject, Task

BIN = environment.DIRECTORY / "bin"


def _command(task: Task) -> list[str]:
    """How a supervisor without a zygote runs it: a target by an interpreter of its own."""
    if not task.target:
        return list(task.command)
    module, _, function = task.target.partition(":")
    return [str(BIN / "python"), "-c", f"import {module}; {module}.{function}()"]


class Supervisord(Subject):
    """supervisord. No log files for programs, and descriptors enough for 500 of them: else all defaults."""

    name = "supervisord"

    def configure(self, directory: Path, plan: Plan) -> list[str]:
        lines = [
            f"[unix_http_server]\nfile={_socket(directory)}",
            f"[supervisord]\nnodaemon=true\nlogfile={directory}/log\npidfile={directory}/pid\nminfds=10000",
            *(["user=root"] if os.geteuid() == 0 else []),
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
            f"[supervisorctl]\nserverurl=unix://{_socket(directory)}",
            *(
                f"[program:{task.name}]\ncommand={shlex.join(_command(task))}\n"
                "stdout_logfile=NONE\nstderr_logfile=NONE"
                for task in plan.tasks
            ),
        ]
        (directory / "supervisord.conf").write_text("\n".join(lines) + "\n")
        return [str(BIN / "supervisord"), "-c", str(directory / "supervisord.conf")]

    def status_command(self, directory: Path) -> list[str]:
        return [str(BIN / "supervisorctl"), "-c", str(directory / "supervisord.conf"), "status"]

    @contextlib.contextmanager
    def connect(self, directory: Path) -> Iterator[Callable[[], float]]:
        """XML-RPC `getAllProcessInfo`, from connecting to the last byte of the reply."""
        call = xmlrpc.client.dumps((), "supervisor.getAllProcessInfo").encode()
        head = b"POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n"

        def ask() -> float:
            began = time.perf_counter()
            with socket.socket(socket.AF_UNIX) as sock:
                sock.connect(str(_socket(directory)))
                sock.sendall(head % len(call) + call)
                reply = bytearray()
                while data := sock.recv(1 << 20):
                    reply += data
            took = (time.perf_counter() - began) * 1e3
            assert b" 200 " in reply[:20], reply[:200]
            return took

        yield ask


class Circus(Subject):
    """circus, one watcher a program, all defaults."""

    name = "circus"

    def configure(self, directory: Path, plan: Plan) -> list[str]:
        lines = [
            f"[circus]\nendpoint = {_endpoint(directory)}\npubsub_endpoint = ipc://{directory}/events.sock",
            *(
                f"[watcher:{task.name}]\ncmd = {shlex.join(_command(task))}\ncopy_env = True"
                for task in plan.tasks
            ),
        ]
        (directory / "circus.ini").write_text("\n".join(lines) + "\n")
        return [str(BIN / "circusd"), str(directory / "circus.ini")]

    def status_command(self, directory: Path) -> list[str]:
        return [str(BIN / "circusctl"), "--endpoint", _endpoint(directory), "status"]

    @contextlib.contextmanager
    def connect(self, directory: Path) -> Iterator[Callable[[], float]]:
        """The `status` command of its own client, over ZeroMQ."""
        client = Path(__file__).parent / "programs" / "circus_client.py"
        with subprocess.Popen(
            [BIN / "python", client, _endpoint(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            asked, answers = process.stdin, process.stdout

            def ask() -> float:
                print(file=asked, flush=True)
                return float(answers.readline())

            yield ask
            asked.close()


def _socket(directory: Path) -> Path:
    return directory / "control.sock"


def _endpoint(directory: Path) -> str:
    return f"ipc://{_socket(directory)}"
