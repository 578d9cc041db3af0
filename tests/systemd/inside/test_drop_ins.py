"""The drop-ins and the example of docs/install.md, word for word."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

Service = Any
ROOT = Path(__file__).parents[3]
EXAMPLE = Path("/opt/app-supervisor/share/app-supervisor/example.toml")
SOCKET_UNIT = Path("/etc/systemd/system/app-supervisor-control.socket")
SLEEPER = '[companions.one]\ncommand = ["sleep", "1001"]\nstartsecs = 0\n'


def shown_under(heading: str) -> list[str]:
    """Return the blocks of unit settings that docs/install.md shows under a heading."""
    section = (ROOT / "docs/install.md").read_text().partition(f"### {heading}\n")[2].partition("\n### ")[0]
    return re.findall(r"```ini\n(.*?)```", section, re.DOTALL)


@pytest.fixture
def control_socket_unit(service: Service) -> Iterator[None]:
    """The socket unit and the drop-in of the docs."""
    socket_unit, drop_in = shown_under("The control socket from systemd")
    SOCKET_UNIT.write_text(socket_unit)
    service.drop_in(drop_in)
    yield
    subprocess.run(["systemctl", "stop", "app-supervisor.service", SOCKET_UNIT.name], check=True)
    SOCKET_UNIT.unlink()


def test_everything_unprivileged(service: Service) -> None:
    """With the drop-in of the docs daemon and programs run as app-supervisor, and have no capability."""
    service.drop_in(shown_under("Everything unprivileged")[0])
    service.configure(
        SLEEPER + '[companions.writes]\nrestart = "never"\n'
        'command = ["sh", "-c", "echo x >$STATE_DIRECTORY/mine && setsid sleep 1002 & sleep 0.1"]\n'
    )
    service.start()
    assert service.supctl("wait", "writes", "--for", "exited", "--timeout", "10s").returncode == 0
    assert Path("/var/lib/app-supervisor/mine").owner() == "app-supervisor"
    for pid in (service.main_pid(), service.pids()["one"]):
        status = Path(f"/proc/{pid}/status").read_text()
        assert Path(f"/proc/{pid}").owner() == "app-supervisor"
        assert "CapEff:\t0000000000000000" in status
        assert "CapBnd:\t0000000000000000" in status
    cgroup = service.cgroup()
    assert service.systemctl("stop").returncode == 0
    assert not cgroup.exists()


@pytest.mark.usefixtures("control_socket_unit")
def test_control_socket_from_systemd(service: Service) -> None:
    """A socket unit with FileDescriptorName=control starts the daemon, which answers on it."""
    service.configure(SLEEPER)
    assert subprocess.run(["systemctl", "start", SOCKET_UNIT.name], check=False).returncode == 0
    assert service.shown("ActiveState") == "inactive"
    assert service.supctl("wait", "one", "--timeout", "20s").returncode == 0
    service.start()  # returns when what the connection began is done
    inode = os.stat("/run/app-supervisor/control.sock").st_ino
    assert service.systemctl("restart").returncode == 0
    assert os.stat("/run/app-supervisor/control.sock").st_ino == inode
    assert service.supctl("status", "one").returncode == 0


def test_example_works_installed(service: Service) -> None:
    """The example, copied as the docs say, runs as the system user and works off its jobs."""
    wheels = ["--no-index", "--find-links", str(ROOT / "dist/wheels")]
    subprocess.run(["/opt/app-supervisor/bin/pip", "install", "-q", *wheels, "huey"], check=True)
    shutil.copy(EXAMPLE, "/etc/app-supervisor/app-supervisor.toml")
    service.start()
    states = {name: program["state"] for name, program in service.programs().items()}
    pool = ["dirty:arbiter", "dirty:1", "dirty:2"]
    assert states == dict.fromkeys(["scheduler", "worker:1", "worker:2", "disk", *pool], "RUNNING")
    follow = ["journalctl", "-u", "app-supervisor", "-f", "-o", "cat", "-n", "all"]
    with subprocess.Popen(follow, stdout=subprocess.PIPE, text=True) as journal:
        assert journal.stdout is not None
        assert any("receipt for order 1 sent" in line for line in journal.stdout)
        journal.terminate()
    assert Path("/var/lib/app-supervisor/shop.db").owner() == "app-supervisor"
