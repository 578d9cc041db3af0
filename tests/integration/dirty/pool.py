"""A pool under a real daemon, and what tests ask of it."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from supervisord_lite.dirty import DirtyClient
from tests.integration.daemon import SUPERVISOR, Daemon
from tests.integration.process import DEADLINE

OBEYS = "obeying_app:Obeys"

POOL = "restart_delay = 0.05\ngraceful_timeout = 5\n"
"""Keys with which a test need not wait."""


def configuration(keys: str = "", *, apps: tuple[str, ...] = (OBEYS,), more: str = "") -> str:
    """A daemon's file with the pool "dirty" and, after it, whatever else."""
    root = 'user = "root"\n' if os.geteuid() == 0 else ""
    return f"{SUPERVISOR}{root}[pools.dirty]\napps = {json.dumps(apps)}\n{POOL}{keys}{more}"


class Pool:
    """The pool "dirty" of a daemon that runs."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.path = str(daemon.directory / "dirty.sock")
        self._threads = ThreadPoolExecutor(64)

    def client(self, **options: Any) -> DirtyClient:
        """A new client with the test's patience."""
        return DirtyClient(self.path, **{"timeout": DEADLINE, **options})

    def calling(self, action: str, *arguments: Any, app: str = OBEYS, **options: Any) -> "Future[Any]":
        """A call that goes on in a thread of its own."""
        client = self.client(**options)

        def call() -> Any:
            with client:
                return client.execute(app, action, *arguments)

        return self._threads.submit(call)

    def doing(self, work: Callable[[], Any]) -> "Future[Any]":
        """Anything in a thread of its own."""
        return self._threads.submit(work)

    def report(self) -> dict[str, Any]:
        """What the daemon says of the pool now, asked of its arbiter."""
        pool: dict[str, Any] = self.daemon.do("pool", name="dirty")["pool"]
        return pool

    def wait(self, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask until the report is so: each question is a round trip through daemon and arbiter."""
        patience = threading.Event()
        timer = threading.Timer(DEADLINE, patience.set)
        timer.start()
        try:
            while not is_so(report := self.report()):
                assert not patience.is_set(), report
            return report
        finally:
            timer.cancel()

    def close(self) -> None:
        """Wait for every thread."""
        self._threads.shutdown()


def run_script(code: str, *arguments: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> str:
    """Run Python code in a process of its own; returns what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, **(env or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=6 * DEADLINE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
