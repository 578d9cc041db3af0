"""A pool of the installed service, and what tests ask of it."""

import json
import re
import select
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from supervisord_lite.dirty import DirtyClient

Service = Any

UNIT = "app-supervisor.service"
RUNTIME = Path("/run/app-supervisor")
SOCKET = RUNTIME / "dirty.sock"
PYTHON = "/opt/app-supervisor/bin/python"
APP = "application:App"
PATIENCE = 30.0  # seconds; what takes longer hangs

APPLICATION = '''
import os, threading, time
from supervisord_lite.dirty import DirtyApp, stash

class App(DirtyApp):
    """Does what tests ask for. What it prints is an event that they wait for."""
    def echo(self, value):
        return value
    def who(self):
        return {"pid": os.getpid(), "uid": os.getuid(), "gid": os.getgid(), "word": os.environ.get("WORD")}
    def hang(self, word):
        print(word, flush=True)
        threading.Event().wait()
    def linger(self, word, seconds):
        print(word, flush=True)
        time.sleep(seconds)
        return word
    def put(self, key, value):
        stash.put("kept", key, value)
    def get(self, key):
        return stash.get("kept", key, None)

class Limited(App):
    """To be loaded in some workers only."""

class Waits(App):
    """Is initialised when somebody opens the pipe."""
    def init(self):
        print("init waits", flush=True)
        open(os.environ["PIPE"]).close()

class Fails(App):
    def init(self):
        raise RuntimeError("no model")

def puts():
    stash.put("kept", "from a companion", {"by": os.getuid()})
    print("companion has put", flush=True)
    threading.Event().wait()
'''


class Journal:
    """What the journal has of the unit since this was made."""

    def __init__(self) -> None:
        # Not --after-cursor: with a match it leaves the first line out (systemd 252).
        self._since = f"--since=@{time.time():.6f}"

    def _options(self, identifier: str | None, options: Sequence[str]) -> list[str]:
        of = ["-t", identifier] if identifier else []
        return ["-u", UNIT, *of, "-o", "cat", self._since, *options]

    def lines(self, identifier: str | None = None, *options: str) -> list[str]:
        """The messages so far, of one identifier if given."""
        journalctl("--sync")
        return journalctl(*self._options(identifier, options)).splitlines()

    def wait(self, pattern: str, identifier: str | None = None) -> re.Match[str]:
        """Wait for a line in which the pattern is found."""
        follow = ["journalctl", "--no-pager", *self._options(identifier, ["-f", "-n", "all"])]
        seen: list[str] = []
        until = time.monotonic() + PATIENCE
        with subprocess.Popen(follow, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as journal:
            assert journal.stdout is not None
            poll = select.poll()
            poll.register(journal.stdout, select.POLLIN)
            data = b""
            try:
                while left := max(0.0, until - time.monotonic()):
                    if not poll.poll(left * 1000):
                        break
                    *lines, data = (data + journal.stdout.read1()).split(b"\n")  # type: ignore[attr-defined]
                    for line in lines:
                        seen.append(line.decode(errors="replace"))
                        if found := re.search(pattern, seen[-1]):
                            return found
            finally:
                journal.terminate()
        raise AssertionError(f"no line with {pattern!r} of {identifier or UNIT} among:\n" + "\n".join(seen))


class Pool:
    """The pool "dirty" of the service, and its callers."""

    def __init__(self, service: Service, directory: Path) -> None:
        for level in (directory, directory.parent, directory.parent.parent):
            level.chmod(0o755)  # for programs of every user
        (directory / "application.py").write_text(APPLICATION)
        self.directory = directory
        self.service = service
        self.journal = Journal()
        self._clients: list[DirtyClient] = []
        self._threads = ThreadPoolExecutor(16)

    def configuration(
        self, keys: str = "", *, apps: Sequence[str] = (APP,), graceful: str = "1s", more: str = ""
    ) -> str:
        """A file with the pool, given further keys of it and further tables."""
        return (
            f'[supervisor]\npython_path = ["{self.directory}"]\n[companion_defaults]\nstartsecs = 0\n'
            f'[pools.dirty]\napps = {json.dumps(apps)}\nrestart_delay = "100ms"\n'
            f'graceful_timeout = "{graceful}"\n{keys}\n{more}'
        )

    def configure(self, keys: str = "", **parts: Any) -> None:
        """Write the file."""
        self.service.configure(self.configuration(keys, **parts))

    def start(self, keys: str = "", **parts: Any) -> None:
        """Write the file and start the service, which must succeed."""
        self.configure(keys, **parts)
        self.service.start()

    def client(self, **options: Any) -> DirtyClient:
        """A new client, of root."""
        self._clients.append(DirtyClient(str(SOCKET), **{"timeout": PATIENCE, **options}))
        return self._clients[-1]

    def call(self, action: str, *arguments: Any) -> Any:
        """The result of a call."""
        return self.client().execute(APP, action, *arguments)

    def calling(self, action: str, *arguments: Any) -> "Future[Any]":
        """A call that goes on in a thread of its own."""
        return self._threads.submit(self.client().execute, APP, action, *arguments)

    def doing(self, work: Callable[[], Any]) -> "Future[Any]":
        """Anything in a thread of its own."""
        return self._threads.submit(work)

    def report(self) -> dict[str, Any]:
        """What the daemon says of the pool now, asked of its arbiter."""
        reply: dict[str, Any] = json.loads(self.service.supctl("--json", "status", "dirty").stdout)
        pool: dict[str, Any] = reply["pools"][0]
        return pool

    def workers(self) -> dict[str, int]:
        """The pids of the workers that run, by name."""
        return {
            name: program["pid"]
            for name, program in self.service.programs().items()
            if re.fullmatch(r"dirty:\d+", name) and program["state"] == "RUNNING"
        }

    def wait_for_workers(self, number: int) -> dict[str, int]:
        """Ask until so many run and no other is there: each question is a round trip to the daemon."""
        until = time.monotonic() + PATIENCE
        while True:
            programs = [name for name in self.service.programs() if re.fullmatch(r"dirty:\d+", name)]
            workers = self.workers()
            if len(programs) == len(workers) == number:
                return workers
            assert time.monotonic() < until, self.service.supctl("status").stdout

    def arbiter(self) -> int:
        """The pid of the arbiter, found by its name."""
        return int(output("pgrep", "-x", "dirty-arbiter"))

    def close(self) -> None:
        """Stop the service, and with it whoever still waits for an answer."""
        self.service.systemctl("stop")
        self._threads.shutdown()
        for client in self._clients:
            client.close()


def journalctl(*options: str) -> str:
    """What journalctl prints."""
    return subprocess.run(
        ["journalctl", "--no-pager", "-q", *options], capture_output=True, text=True, check=False
    ).stdout


def output(*command: str) -> str:
    """What a command prints, which must succeed."""
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout


def call_as(user: str, *groups: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code with `client` of the pool as another user, in these groups beside his own."""
    others = ["--groups", ",".join(groups)] if groups else ["--clear-groups"]
    opened = f"from supervisord_lite.dirty import *\nclient = DirtyClient({str(SOCKET)!r}, timeout=20)\n"
    group = output("id", "-gn", user).strip()
    return subprocess.run(
        ["setpriv", "--reuid", user, "--regid", group, *others, PYTHON, "-c", opened + code],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        cwd="/",
    )


def gone(pidfd: int) -> bool:
    """Whether the process of a pidfd ends."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(PATIENCE * 1000))
