"""What the tests inside the box share: the project installed and its service handled as administrators do."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.systemd.inside.pool import Pool

ROOT = Path(__file__).parents[3]
COMMAND = Path("/opt/app-supervisor/bin/supctl")
CONFIGURATION = Path("/etc/app-supervisor/app-supervisor.toml")
DROP_INS = Path("/etc/systemd/system/app-supervisor.service.d")
UNIT = "app-supervisor.service"


PATIENCE = 40  # seconds; what takes longer hangs


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command and return its status and output; one that hangs fails the test."""
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)


class Make(Protocol):
    """Runs make with the given words and returns what it printed."""

    def __call__(self, *words: str) -> str:
        """Fail the test unless make succeeds."""


@pytest.fixture
def make() -> Make:
    """Make, in the project's directory, as root and without a network."""

    def make_words(*words: str) -> str:
        done = run("make", "-C", str(ROOT), *words)
        assert done.returncode == 0, f"make {' '.join(words)}:\n{done.stdout}{done.stderr}"
        return done.stdout

    return make_words


@pytest.fixture
def installed(make: Make) -> None:
    """`make install` was run, and nothing is started."""
    if not COMMAND.exists():
        make("install")


class Service:
    """The installed service."""

    def configure(self, text: str) -> None:
        """Write the configuration."""
        CONFIGURATION.write_text(text)

    def drop_in(self, text: str) -> None:
        """Write a drop-in for the unit."""
        DROP_INS.mkdir(parents=True, exist_ok=True)
        (DROP_INS / "test.conf").write_text(text)
        assert run("systemctl", "daemon-reload").returncode == 0

    def systemctl(self, verb: str) -> subprocess.CompletedProcess[str]:
        """Run a systemctl verb on the unit."""
        return run("systemctl", verb, UNIT)

    def start(self) -> None:
        """Start the unit, which must succeed."""
        done = self.systemctl("start")
        assert done.returncode == 0, f"{done.stderr}{self.journal()}"

    def shown(self, name: str) -> str:
        """Return a property of the unit."""
        return run("systemctl", "show", "-P", name, UNIT).stdout.strip()

    def main_pid(self) -> int:
        """Return the pid of the daemon."""
        return int(self.shown("MainPID"))

    def supctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run supctl as root."""
        return run("supctl", *words)

    def programs(self) -> dict[str, dict[str, Any]]:
        """Return what status says of every companion, by name."""
        reply = json.loads(self.supctl("--json", "status").stdout)
        return {program["name"]: program for program in reply["companions"]}

    def pids(self) -> dict[str, int | None]:
        """Return the pid of every companion, by name."""
        return {name: program["pid"] for name, program in self.programs().items()}

    def journal(self, *options: str) -> str:
        """Return the messages that the journal has for the unit."""
        run("journalctl", "--sync")
        return run("journalctl", "-u", UNIT, "-o", "cat", "--no-pager", *options).stdout

    def cgroup(self) -> Path:
        """Return the directory of the unit's control group."""
        return Path("/sys/fs/cgroup" + self.shown("ControlGroup"))

    def clean(self) -> None:
        """Stop it and take everything of a test away."""
        run("systemctl", "stop", UNIT)
        run("systemctl", "reset-failed", UNIT)
        shutil.rmtree(DROP_INS, ignore_errors=True)
        run("systemctl", "daemon-reload")
        shutil.copy("/opt/app-supervisor/share/app-supervisor/app-supervisor.toml", CONFIGURATION)


@pytest.fixture
def service(installed: None) -> Iterator[Service]:
    """The service, installed and stopped."""
    service = Service()
    yield service
    service.clean()


@pytest.fixture
def pool(service: Service, tmp_path: Path) -> Iterator[Pool]:
    """The pool "dirty" of the service, which is not started yet."""
    pool = Pool(service, tmp_path)
    yield pool
    pool.close()
