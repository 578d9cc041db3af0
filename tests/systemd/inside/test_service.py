"""app-supervisor.service under systemd: start, status, reload, stop, watchdog, identity."""

import os
import select
import signal
import stat
import subprocess
from pathlib import Path
from typing import Any

Service = Any

SLOW_TO_BE_READY = """
import socket, os, time
time.sleep(1.5)
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
    notify.connect(os.environ["NOTIFY_SOCKET"])
    notify.send(b"READY=1")
"""
SLOW_TO_STOP = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
signal.sigwait({signal.SIGTERM})
time.sleep(4)
print("stopped in good order")
"""
SLEEPERS = """
[companions.one]
command = ["sleep", "1001"]
startsecs = 0
[companions.two]
command = ["sleep", "1002"]
startsecs = 0
"""


def test_start_returns_when_programs_are_ready(service: Service, tmp_path: Path) -> None:
    """systemctl start returns only when a program that takes its time has said that it is ready."""
    program = tmp_path / "slow.py"
    program.write_text(SLOW_TO_BE_READY + SLOW_TO_STOP.replace("4", "0"))
    tmp_path.chmod(0o755)
    service.configure(
        f'[companions.slow]\ncommand = ["python3", "{program}"]\nnotify = true\nuser = "root"\n'
    )
    service.start()
    assert service.programs()["slow"]["state"] == "RUNNING"


def test_start_succeeds_with_a_program_that_fails(service: Service) -> None:
    """One bad program does not keep the service from starting, and the status line names it."""
    service.configure(SLEEPERS + '[companions.bad]\ncommand = ["false"]\n')
    service.start()
    assert service.shown("ActiveState") == "active"
    assert "bad" in service.shown("StatusText")
    assert service.programs()["one"]["state"] == "RUNNING"


def test_start_fails_with_a_bad_file(service: Service) -> None:
    """With a configuration that is refused systemctl start fails, and the journal names file and key."""
    service.configure("[companions.one]\ncomand = ['sleep']\n")
    assert service.systemctl("start").returncode != 0
    assert "companions.one.comand" in service.journal()


def test_programs_run_as_the_system_user_in_their_own_cgroups(service: Service) -> None:
    """Programs run as app-supervisor, each in a control group of its own below the unit's."""
    service.configure(SLEEPERS)
    service.start()
    found = set()
    for pid in service.pids().values():
        found.add(Path(f"/proc/{pid}/cgroup").read_text())
        assert Path(f"/proc/{pid}").owner() == "app-supervisor"
    assert len(found) == 2
    assert all("app-supervisor.service/" in line for line in found)


def test_systemds_variables_stay_with_the_daemon(service: Service) -> None:
    """NOTIFY_SOCKET, WATCHDOG_* and LISTEN_* do not reach a program; STATE_DIRECTORY does."""
    service.configure(SLEEPERS)
    service.start()
    environ = Path(f"/proc/{service.pids()['one']}/environ").read_text().split("\0")
    names = {entry.partition("=")[0] for entry in environ}
    assert not [name for name in names if name.startswith(("NOTIFY_", "WATCHDOG_", "LISTEN_"))]
    assert "STATE_DIRECTORY=/var/lib/app-supervisor" in environ


def test_programs_can_write_state_and_logs(service: Service) -> None:
    """A program of the system user can write to the state and the log directory."""
    service.configure(
        '[companions.writer]\nrestart = "never"\n'
        'command = ["sh", "-c", "echo x >$STATE_DIRECTORY/file && echo x >$LOGS_DIRECTORY/file"]\n'
    )
    service.start()
    assert service.supctl("wait", "writer", "--for", "exited", "--timeout", "10s").returncode == 0
    for directory in ("/var/lib/app-supervisor", "/var/log/app-supervisor"):
        assert Path(directory, "file").owner() == "app-supervisor"


def test_reload_touches_only_what_changed(service: Service) -> None:
    """systemctl reload with one changed companion leaves the pid of every other."""
    service.configure(SLEEPERS)
    service.start()
    before = service.pids()
    service.configure(SLEEPERS.replace("1002", "1003"))
    assert service.systemctl("reload").returncode == 0
    after = service.pids()
    assert after["one"] == before["one"]
    assert after["two"] != before["two"]
    assert service.shown("ActiveState") == "active"


def test_refused_reload_changes_nothing(service: Service) -> None:
    """systemctl reload with a broken file fails, leaves every pid, and the journal says what is wrong."""
    service.configure(SLEEPERS)
    service.start()
    before = service.pids()
    service.configure(SLEEPERS.replace("startsecs", "startseconds"))
    assert service.systemctl("reload").returncode != 0
    assert service.pids() == before
    assert "startseconds" in service.journal()
    assert service.shown("ActiveState") == "active"


def test_stop_leaves_no_process(service: Service) -> None:
    """systemctl stop leaves nothing in the unit's control group, grandchildren in other sessions included."""
    service.configure(
        SLEEPERS + '[companions.forks]\ncommand = ["sh", "-c", "setsid sleep 1004 & sleep 1005"]\n'
    )
    service.start()
    cgroup = service.cgroup()
    assert cgroup.is_dir()
    assert service.systemctl("stop").returncode == 0
    assert not cgroup.exists()
    assert service.shown("Result") == "success"


def test_stop_goes_backwards_through_after(service: Service) -> None:
    """At systemctl stop a program is asked to stop only when those that come after it are gone."""
    says = "trap '{} echo leaving; exit' TERM; while :; do sleep 0.05; done"
    base, top = says.format(""), says.format("sleep 0.5;")
    service.configure(
        f'[companions.base]\ncommand = ["sh", "-c", "{base}"]\n'
        f'[companions.top]\nafter = "base"\ncommand = ["sh", "-c", "{top}"]\n'
    )
    service.start()
    assert service.systemctl("stop").returncode == 0
    told = service.journal("-t", "base", "-t", "top", "-o", "short").splitlines()
    assert ["top" if " top[" in line else "base" for line in told] == ["top", "base"]


def test_slow_start_and_stop_get_more_time(service: Service, tmp_path: Path) -> None:
    """A start and a stop that take longer than the unit's timeouts are not cut short."""
    service.drop_in("[Service]\nTimeoutStartSec=2s\nTimeoutStopSec=2s\n")
    program = tmp_path / "slow.py"
    program.write_text(SLOW_TO_BE_READY.replace("1.5", "4") + SLOW_TO_STOP)
    tmp_path.chmod(0o755)
    service.configure(
        f'[companions.unhurried]\ncommand = "python3 -u {program}"\nnotify = true\nuser = "root"\n'
    )
    service.start()
    assert service.systemctl("stop").returncode == 0
    assert service.shown("Result") == "success"
    assert service.journal("-t", "unhurried") == "stopped in good order\n"


def test_watchdog_replaces_a_stopped_daemon(service: Service) -> None:
    """A daemon that was stopped with SIGSTOP is replaced by the watchdog, and programs run again."""
    service.drop_in("[Service]\nWatchdogSec=1s\nTimeoutAbortSec=1s\nRestartSec=0\n")
    service.configure(SLEEPERS)
    service.start()
    before, pids = service.main_pid(), service.pids()
    pidfd = os.pidfd_open(before)
    os.kill(before, signal.SIGSTOP)
    wait_for_end(pidfd)
    service.start()
    assert service.main_pid() not in (0, before)
    assert service.programs()["one"]["state"] == "RUNNING"
    assert not set(pids.values()) & set(service.pids().values())
    assert service.shown("NRestarts") == "1"


def test_killed_daemon_is_replaced_with_its_programs(service: Service) -> None:
    """After SIGKILL of the daemon systemd starts it again, and no program of the old one is left."""
    service.drop_in("[Service]\nRestartSec=0\n")
    service.configure(SLEEPERS)
    service.start()
    before, pids = service.main_pid(), service.pids()
    pidfd = os.pidfd_open(before)
    os.kill(before, signal.SIGKILL)
    wait_for_end(pidfd)
    service.start()
    assert service.main_pid() not in (0, before)
    assert not any(alive(pid) for pid in pids.values())


def test_another_user_is_refused(service: Service) -> None:
    """A user who is neither root nor in the socket's group gets no answer, whatever the mode says."""
    service.configure('[supervisor]\ncontrol_socket_mode = "0666"\n' + SLEEPERS)
    service.start()
    socket = Path("/run/app-supervisor/control.sock")
    assert stat.S_IMODE(socket.stat().st_mode) == 0o666
    stranger = subprocess.run(
        ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "supctl", "status"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert stranger.returncode not in (0, 3)
    assert "one" not in stranger.stdout
    assert service.supctl("status").returncode == 0


def test_members_of_the_socket_group_are_admitted(service: Service) -> None:
    """A member of control_socket_group may use supctl, also where it is not his primary group."""
    service.configure(
        '[supervisor]\ncontrol_socket_mode = "0660"\ncontrol_socket_group = "games"\n' + SLEEPERS
    )
    service.start()
    member = subprocess.run(
        ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--groups", "games", "supctl", "status"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert member.returncode == 0, member.stderr


def alive(pid: int) -> bool:
    """Return whether a process of this pid exists."""
    return Path(f"/proc/{pid}").exists()


def wait_for_end(pidfd: int) -> None:
    """Wait until the process of a pidfd has ended, at most 30 seconds."""
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    assert poller.poll(30_000)
    os.close(pidfd)
