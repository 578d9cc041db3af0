"""The pools: ours under its daemon, gunicorn's under its arbiter, with the same app and as many workers."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.subject import PATIENCE, TooSlow, descendants

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "bench" / "programs"
BIN = Path(sys.executable).parent
APP = "dirty_app:Bench"
WORKERS = 4


class Pool(NamedTuple):
    """A pool that serves. `package` is where its own client is imported from."""

    name: str
    package: str
    path: str
    pid: int
    directory: Path


OUR_PACKAGE = "supervisord_lite.dirty"
THEIR_PACKAGE = "gunicorn.dirty"


@contextlib.contextmanager
def ours(directory: Path, workers: int = WORKERS) -> Iterator[Pool]:
    """A daemon with nothing but the pool."""
    directory.mkdir(parents=True, exist_ok=True)
    lines = [
        "[supervisor]",
        f'control_socket = "{directory}/control.sock"',
        f'python_path = ["{PROGRAMS}"]',
        *(['user = "root"'] if os.geteuid() == 0 else []),
        "[pools.dirty]",
        f'apps = ["{APP}"]',
        f"workers = {workers}",
        "max_queue = 10000",
    ]
    (directory / "app.toml").write_text("\n".join(lines) + "\n")
    command = [str(BIN / "supervisord-lite"), "-c", str(directory / "app.toml")]
    with _running(command, directory) as pid:
        path = str(directory / "dirty.sock")
        _wait(path, OUR_PACKAGE, workers)
        yield Pool("ours", OUR_PACKAGE, path, pid, directory)


@contextlib.contextmanager
def gunicorns(directory: Path, workers: int = WORKERS) -> Iterator[Pool]:
    """gunicorn's dirty arbiter with its workers."""
    directory.mkdir(parents=True, exist_ok=True)
    path = str(directory / "arbiter.sock")
    command = [sys.executable, str(PROGRAMS / "gunicorn_arbiter.py"), path, str(workers), APP]
    with _running(command, directory) as pid:
        _wait(path, THEIR_PACKAGE, workers)
        yield Pool("gunicorn", THEIR_PACKAGE, path, pid, directory)


@contextlib.contextmanager
def _running(command: list[str], directory: Path) -> Iterator[int]:
    with (directory / "output").open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=directory,
            env={**os.environ, "PYTHONPATH": str(PROGRAMS)},
        )
    try:
        yield process.pid
    finally:
        below = descendants(process.pid)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        process.kill()
        process.wait()
        for pid in below:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _wait(path: str, package: str, workers: int) -> None:
    """Wait until every worker has answered: only then all of them are there."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)
            break
        time.sleep(0.05)
    code = (
        "import sys, time\n"
        f"from {package} import DirtyClient\n"
        "pids, end = set(), time.monotonic() + 20\n"
        "client = DirtyClient(sys.argv[1])\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        f"clients = [DirtyClient(sys.argv[1]) for _ in range({4 * workers})]\n"
        "with ThreadPoolExecutor(len(clients)) as pool:\n"
        f"    while len(pids) < {workers} and time.monotonic() < end:\n"
        f"        list(pool.map(lambda c: c.execute('{APP}', 'sleep', 0.05), clients))\n"
        f"        pids |= set(pool.map(lambda c: c.execute('{APP}', 'pid'), clients))\n"
        f"sys.exit(len(pids) < {workers})\n"
    )
    if subprocess.run([sys.executable, "-c", code, path], check=False).returncode:
        raise TooSlow(f"the pool at {path} does not have {workers} workers that answer")
