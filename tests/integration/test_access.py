"""Who may command the daemon, and where its control socket is."""

import os
import socket
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.daemon import BIN, QUICK, Daemon, command
from tests.integration.orders import Orders
from tests.integration.process import environment

SLEEPS = f'{QUICK}[companions.it]\ncommand = "sleep 1000"\n'
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: changes users")


def status_as(daemon: Daemon, *identity: str) -> subprocess.CompletedProcess[str]:
    """`supctl status` as somebody else."""
    return subprocess.run(
        ["setpriv", *identity, BIN / "supctl", "-s", daemon.socket, "status"],
        capture_output=True,
        text=True,
        check=False,
    )


NOBODY = ("--reuid=65534", "--regid=65534", "--clear-groups")
MEMBER = ("--reuid=65534", "--regid=65534", "--groups=60")


def test_the_socket_is_the_owners_alone(daemon: Daemon) -> None:
    """The control socket has mode 0600 from its first moment."""
    daemon.start(SLEEPS)
    assert stat.S_IMODE(daemon.socket.stat().st_mode) == 0o600


@as_root
def test_another_user_is_refused(daemon: Daemon) -> None:
    """Another user is refused by the kernel, and with an open mode by his credentials, in a sentence."""
    daemon.start(SLEEPS)
    refused = status_as(daemon, *NOBODY)
    assert refused.returncode == 4
    assert "permission denied" in refused.stderr.lower()
    daemon.socket.chmod(0o666)
    refused = status_as(daemon, *NOBODY)
    assert refused.returncode == 1
    assert "user 65534" in refused.stderr
    assert "control_socket_group" in refused.stderr
    assert "it" not in refused.stdout


@as_root
def test_a_member_of_the_group_is_admitted(daemon: Daemon) -> None:
    """A member of control_socket_group may command, also by a supplementary group; another user may not."""
    daemon.start(f'[supervisor]\ncontrol_socket_mode = "0660"\ncontrol_socket_group = "games"\n{SLEEPS}')
    status = daemon.socket.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_gid) == (0o660, 60)
    assert status_as(daemon, *MEMBER).returncode == 0
    assert status_as(daemon, *NOBODY).returncode == 4


@as_root
def test_root_commands_another_users_daemon(daemon: Daemon) -> None:
    """root and the daemon's own user are admitted, and nobody else."""
    os.chown(daemon.directory, 65534, 65534)
    daemon.prefix = ["setpriv", *NOBODY]
    daemon.start(SLEEPS)
    assert daemon.do("status")["ok"]
    assert status_as(daemon, *NOBODY).returncode == 0
    daemon.socket.chmod(0o666)
    assert status_as(daemon, "--reuid=1", "--regid=1", "--clear-groups").returncode == 1


def test_two_daemons_on_one_socket(daemon: Daemon, new_daemon: Callable[[], Daemon]) -> None:
    """A second daemon on the same socket does not start, says why, and the first is not disturbed."""
    daemon.start(SLEEPS)
    second = new_daemon()
    second.configure(f'[supervisor]\ncontrol_socket = "{daemon.socket}"\n{SLEEPS}')
    second.launch()
    assert second.wait_end() == 1
    second.log.expect(f"another daemon is listening on {daemon.socket}")
    assert daemon.states() == {"it": "RUNNING"}


def test_two_daemons_in_one_directory(
    daemon: Daemon, new_daemon: Callable[[], Daemon], orders: Orders
) -> None:
    """Two daemons with sockets in one directory share nothing else there, whatever is called "notify"."""
    notifies = f"{QUICK}[companions.it]\nnotify = true\n{command('obeys')}"
    (daemon.directory / "notify").write_text("somebody's file")
    daemon.configure(notifies)
    daemon.launch()
    first = orders.next("it")
    other = new_daemon()
    other.env |= daemon.env
    other.socket = daemon.directory / "other.sock"
    other.configure(f'[supervisor]\ncontrol_socket = "{other.socket}"\n{notifies}')
    other.launch()
    second = orders.next("it")
    assert environment(first.pid)["NOTIFY_SOCKET"] != environment(second.pid)["NOTIFY_SOCKET"]
    second.do("notify READY=1")
    other.wait_told("READY=1")
    assert daemon.states() == {"it": "STARTING"}
    first.do("notify READY=1")
    daemon.wait_told("READY=1")


def test_a_stale_socket_is_replaced_and_a_file_is_not(daemon: Daemon) -> None:
    """A socket that nobody listens on is replaced; a file of that name is left alone and named."""
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(daemon.socket))
    daemon.start(SLEEPS)
    daemon.stop_now()
    daemon.socket.write_text("precious")
    daemon.configure(SLEEPS)
    daemon.restart(ready=False)
    assert daemon.wait_end() == 1
    assert daemon.socket.read_text() == "precious"
    daemon.log.expect(f"{daemon.socket}")
    daemon.socket.unlink()


def test_the_socket_of_a_login_session(daemon: Daemon) -> None:
    """Without RUNTIME_DIRECTORY daemon and supctl meet in XDG_RUNTIME_DIR; the directory is made."""
    daemon.env |= {"RUNTIME_DIRECTORY": "", "XDG_RUNTIME_DIR": str(daemon.directory)}
    daemon.start(SLEEPS)
    daemon.socket = daemon.directory / "app-supervisor" / "control.sock"
    assert daemon.states() == {"it": "RUNNING"}
    if os.geteuid() != 0:
        env = {"SUPCTL_SOCKET": "", "XDG_RUNTIME_DIR": str(daemon.directory)}
        assert "it" in daemon.supctl("status", env=env).stdout


def test_an_inherited_socket_is_taken_by_name(daemon: Daemon) -> None:
    """A socket that systemd passes under the name "control" is used, and left when the daemon ends."""
    path = daemon.directory / "given.sock"
    daemon.configure(SLEEPS)
    activate = (
        "import os, socket, sys\n"
        f"s = socket.socket(socket.AF_UNIX); s.bind('{path}'); s.listen(); os.dup2(os.dup(s.fileno()), 3)\n"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='control')\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    daemon.prefix = ["python3", "-c", activate]
    daemon.start()
    daemon.socket = path
    program = daemon.program("it")
    environ = Path(f"/proc/{program['pid']}/environ").read_text()
    assert "LISTEN_" not in environ
    daemon.stop_now()
    assert path.exists()
    path.unlink()
