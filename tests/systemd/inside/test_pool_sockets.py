"""Who may call a pool, and pools whose socket systemd holds."""

import os
import shutil
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.systemd.inside.pool import APP, RUNTIME, SOCKET, UNIT, Pool, call_as, gone, output

Service = Any
ROOT = Path(__file__).parents[3]
EXAMPLES = Path("/opt/app-supervisor/share/app-supervisor/systemd")
UNITS = Path("/etc/systemd/system")
SOCKET_UNIT = "app-supervisor-dirty.socket"
CALL = f'print(client.execute("{APP}", "echo", "an answer"))'


def test_the_pools_user_and_root_may_call(pool: Pool) -> None:
    """By default the workers' own user may call, and root; a web server's user may not, and is told why."""
    pool.start()
    assert pool.call("echo", 1) == 1
    assert call_as("app-supervisor", code=CALL).stdout == "an answer\n"
    refused = call_as("www-data", code=CALL)
    assert refused.returncode != 0
    assert f"{SOCKET}" in refused.stderr
    assert "DirtyConnectionError" in refused.stderr
    assert "Permission denied" in refused.stderr


def test_a_web_server_in_the_sockets_group_may_call(pool: Pool) -> None:
    """With socket_group its members may call, by primary group or not; others may not."""
    pool.start('socket_mode = "0660"\nsocket_group = "www-data"\n')
    assert SOCKET.group() == "www-data"
    assert SOCKET.owner() == "app-supervisor"
    assert stat.S_IMODE(SOCKET.stat().st_mode) == 0o660
    assert call_as("www-data", code=CALL).stdout == "an answer\n"
    assert call_as("nobody", "www-data", code=CALL).stdout == "an answer\n"
    assert "Permission denied" in call_as("nobody", "games", code=CALL).stderr
    assert pool.call("echo", 1) == 1


def test_reload_opens_the_socket_to_others(service: Service, pool: Pool) -> None:
    """A changed socket_mode holds after systemctl reload, though the socket is not root's any more."""
    pool.start()
    assert "Permission denied" in call_as("www-data", code=CALL).stderr
    before = pool.workers()
    pool.configure('socket_mode = "0660"\nsocket_group = "www-data"\n')
    assert service.systemctl("reload").returncode == 0
    assert call_as("www-data", code=CALL).stdout == "an answer\n"
    assert pool.workers() == before


def test_nobody_else_comes_backstage(pool: Pool) -> None:
    """The socket where workers connect stays closed to those who may call."""
    pool.start('socket_mode = "0666"\n')
    backstage = RUNTIME / "dirty.backstage.sock"
    knock = f"import socket; socket.socket(socket.AF_UNIX).connect({str(backstage)!r})"
    assert "Permission denied" in call_as("nobody", code=knock).stderr
    assert call_as("nobody", code=CALL).stdout == "an answer\n"


@pytest.fixture
def held_by_systemd(pool: Pool) -> Iterator[Pool]:
    """The example's two files, put where docs/install.md says; the socket is listening."""
    shutil.copytree(EXAMPLES, UNITS, dirs_exist_ok=True)
    output("systemctl", "daemon-reload")
    output("systemctl", "enable", "--now", SOCKET_UNIT)
    yield pool
    output("systemctl", "disable", "--now", SOCKET_UNIT)
    output("systemctl", "stop", UNIT)
    for file in EXAMPLES.rglob("*.*"):
        if file.is_file():
            (UNITS / file.relative_to(EXAMPLES)).unlink()
    output("systemctl", "daemon-reload")
    output("systemctl", "clean", "--what=runtime", UNIT)


def test_the_examples_units_verify_silently(held_by_systemd: Pool) -> None:
    """systemd-analyze verify has nothing to say about socket unit and drop-in."""
    assert output("systemd-analyze", "verify", SOCKET_UNIT, UNIT) == ""
    assert output("systemctl", "is-enabled", SOCKET_UNIT) == "enabled\n"


def test_docs_show_the_examples_settings(held_by_systemd: Pool) -> None:
    """docs/install.md shows the example's settings."""
    docs = (ROOT / "docs/install.md").read_text()
    for file in EXAMPLES.rglob("*.*"):
        if file.is_file():
            settings = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
            assert all(line in docs for line in settings if not line.startswith(("[", "Doc"))), file


def test_a_client_starts_the_service(service: Service, held_by_systemd: Pool) -> None:
    """A call to the socket of a pool that does not run starts the daemon, and is answered."""
    pool = held_by_systemd
    pool.configure()
    assert service.shown("ActiveState") == "inactive"
    assert call_as("www-data", code=CALL).stdout == "an answer\n"
    assert service.shown("ActiveState") in ("active", "activating")
    service.start()  # returns when what the call began is done
    assert pool.call("echo", 1) == 1
    assert SOCKET.group() == "www-data"


def test_clients_wait_while_the_service_is_restarted(service: Service, held_by_systemd: Pool) -> None:
    """Over a restart the socket stays: who calls meanwhile waits, and is answered by the new workers."""
    pool = held_by_systemd
    pool.start()
    inode, before = os.stat(SOCKET).st_ino, pool.call("who")["pid"]
    assert service.systemctl("stop").returncode == 0
    assert SOCKET.is_socket()
    call = pool.calling("who")
    service.start()
    assert call.result(30)["pid"] != before
    assert os.stat(SOCKET).st_ino == inode


def test_who_waits_does_not_notice_a_killed_daemon(service: Service, held_by_systemd: Pool) -> None:
    """When the daemon is killed, systemd starts it again, and a call that came meanwhile is answered."""
    pool = held_by_systemd
    service.drop_in("[Service]\nRestartSec=0\n")
    pool.start()
    before, worker = service.main_pid(), pool.call("who")["pid"]
    pidfd = os.pidfd_open(worker)
    os.kill(before, signal.SIGKILL)
    assert gone(pidfd)
    os.close(pidfd)
    assert pool.call("who")["pid"] != worker
    assert service.main_pid() not in (0, before)
