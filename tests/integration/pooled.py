"""Daemons with a dirty pool, as the tests of pools want them."""

import os
import socket
import subprocess
from pathlib import Path
from typing import Any

from supervisord_lite.dirty.client import DirtyClient
from tests.integration.client import Reply
from tests.integration.daemon import PYTHON, SUPERVISOR, Daemon
from tests.integration.process import DEADLINE

ECHO = "pooled:Echo"
PAIR = "pooled:Pair"

QUICK = {"restart_delay": "100ms", "restart_delay_max": "off", "graceful_timeout": 5}


def a_pool(name: str = "dirty", *, apps: str = ECHO, env: dict[str, str] | None = None, **keys: Any) -> str:
    """The table of a pool that fails and ends quickly."""
    lines = "".join(f"{key} = {_toml(value)}\n" for key, value in {**QUICK, **keys}.items())
    variables = ", ".join(f'{key} = "{value}"' for key, value in (env or {}).items())
    return f'[pools.{name}]\napps = ["{apps}"]\n{lines}env = {{{variables}}}\n'


def configured(*tables: str) -> str:
    """A whole file."""
    return SUPERVISOR + "".join(tables)


def client(daemon: Daemon, pool: str = "dirty") -> DirtyClient:
    """A client of the pool."""
    return DirtyClient(str(daemon.directory / f"{pool}.sock"), timeout=DEADLINE)


def workers(daemon: Daemon, pool: str = "dirty") -> dict[str, int]:
    """The pids of its workers that run."""
    programs = daemon.programs().values()
    mine = [p for p in programs if p["companion"] == pool and p["kind"] == "worker"]
    return {p["name"]: p["pid"] for p in mine if p["state"] == "RUNNING"}


def report(daemon: Daemon, pool: str = "dirty") -> Reply:
    """What its arbiter says."""
    found: Reply = daemon.do("pool", name=pool)["pool"]
    return found


def start_call(daemon: Daemon, action: str, *arguments: object) -> "subprocess.Popen[str]":
    """A call from a process of its own; its outcome is a line of its output."""
    code = (
        "import sys\nfrom supervisord_lite.dirty.client import DirtyClient\n"
        f"client = DirtyClient({str(daemon.directory / 'dirty.sock')!r}, timeout={2 * DEADLINE})\n"
        f"try: print(client.execute({ECHO!r}, {action!r}, *{arguments!r}))\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    return subprocess.Popen([PYTHON, "-P", "-c", code], stdout=subprocess.PIPE, text=True)


def listening(path: Path) -> socket.socket:
    """A socket as systemd would hand it over."""
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    sock.listen()
    os.set_inheritable(sock.fileno(), True)
    return sock


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else f'"{value}"'
