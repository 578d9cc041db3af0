"""What the unit's sandbox and its delegated control group let the daemon do with programs."""

import os
import re
import select
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

Service = Any
UNIT = "app-supervisor.service"

APPLICATION = """
import os, signal
def hides():
    reader, writer = os.pipe()  # which exec closes
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.execve("/bin/sleep", ["innocent", "1006"], {})
    os.close(writer)
    os.read(reader, 1)
    print("hidden", flush=True)
    while True:
        signal.pause()
def fails():
    print("<4>mind this")
    raise RuntimeError("it broke")
"""


@pytest.fixture
def application(tmp_path: Path) -> str:
    """A file that makes an application importable for programs of every user."""
    for directory in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        directory.chmod(0o755)
    (tmp_path / "application.py").write_text(APPLICATION)
    return f'[supervisor]\npython_path = ["{tmp_path}"]\n[companion_defaults]\nstartsecs = 0\n'


def members(program: dict[str, Any]) -> list[int]:
    """The processes in a program's control group."""
    return [int(pid) for pid in Path(program["cgroup"], "cgroup.procs").read_text().split()]


def started(service: Service, name: str) -> list[int]:
    """The processes of a program, once the one that hides is among them."""
    service.start()
    wait_for_line(["journalctl", "-u", UNIT, "-t", name, "-f", "-o", "cat", "-n", "all"], "hidden")
    return members(service.programs()[name])


def wait_for_line(command: list[str | Path], text: str) -> None:
    """Wait until a command that goes on printing prints a line with this text."""
    words = ["timeout", "10", *command]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as follower:
        assert follower.stdout is not None
        assert any(text in line for line in follower.stdout)
        follower.terminate()


def gone(pid: int) -> bool:
    """Whether the process ends within some seconds."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    found = bool(poll.poll(10_000))
    os.close(pidfd)
    return found


@pytest.mark.parametrize("how", ["stop", "crash"])
def test_nothing_escapes_its_control_group(service: Service, application: str, how: str) -> None:
    """A process in its own session, without title and environment of its program, is ended with it."""
    name = f"escapes-{how}"
    table = f'[companions.{name}]\ntarget = "application:hides"\nrestart_delay = 600\n'
    service.configure(application + table)
    pids = started(service, name)
    assert len(pids) == 2
    group = Path(service.programs()[name]["cgroup"])
    if how == "stop":
        assert service.supctl("stop", name).returncode == 0
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    else:
        os.kill(service.pids()[name], signal.SIGKILL)
        assert service.supctl("wait", name, "--for", "backoff", "--timeout", "10s").returncode == 0
        assert all(gone(pid) for pid in pids)
    assert not group.exists()


def test_a_killed_zygote_leaves_its_companions(service: Service, application: str) -> None:
    """A zygote that is killed comes back, and no companion notices."""
    service.configure(application + '[companions.stays]\ntarget = "application:hides"\n')
    before = started(service, "stays")
    zygote = int(service.supctl("pid", "zygote").stdout)
    os.kill(zygote, signal.SIGKILL)
    assert gone(zygote)
    assert service.supctl("wait", "zygote", "--for", "running", "--timeout", "20s").returncode == 0
    assert members(service.programs()["stays"]) == before


@pytest.mark.parametrize(
    "user", ["", 'user = "nobody"\n', 'user = "root"\n'], ids=["default", "nobody", "root"]
)
@pytest.mark.parametrize("what", ["target", "command"])
def test_the_sandbox_lets_it_supervise(service: Service, application: str, user: str, what: str) -> None:
    """Under the packaged unit programs get their user, a better nice value and higher limits."""
    how = 'target = "application:hides"' if what == "target" else 'command = "sleep 1000"'
    limits = 'nice = -3\nrlimits = { nofile = "4000:5000", core = "infinity" }\n'
    service.configure(f"{application}[companions.it]\n{how}\n{user}{limits}")
    service.start()
    pid = service.pids()["it"]
    name = re.findall('"(.*)"', user)[0] if user else "app-supervisor"
    assert Path(f"/proc/{pid}").owner() == name
    assert os.getpriority(os.PRIO_PROCESS, pid) == -3
    assert re.search(r"Max open files\s+4000\s+5000", Path(f"/proc/{pid}/limits").read_text())
    assert re.search(r"Max core file size\s+unlimited\s+unlimited", Path(f"/proc/{pid}/limits").read_text())


def test_a_traceback_is_an_error_of_its_program(service: Service, application: str) -> None:
    """Each line of an uncaught traceback is an error of its program, a printed line what it says."""
    service.configure(application + '[companions.it]\ntarget = "application:fails"\nrestart = "never"\n')
    service.start()
    assert service.supctl("wait", "it", "--for", "exited", "--timeout", "10s").returncode == 0
    errors = service.journal("-t", "it", "-p", "err").splitlines()
    assert errors[0].startswith("Traceback")
    assert errors[-1] == "RuntimeError: it broke"
    assert service.journal("-t", "it", "-p", "warning").splitlines()[0] == "mind this"


def test_sighup_rereads_and_systemd_knows(service: Service, application: str) -> None:
    """A SIGHUP by hand rereads, and the unit is active again afterwards."""
    service.configure(application + '[companions.it]\ncommand = "sleep 1000"\n')
    service.start()
    service.configure(application + '[companions.other]\ncommand = "sleep 1000"\n')
    os.kill(service.main_pid(), signal.SIGHUP)
    wait_for_line(
        ["journalctl", "-u", UNIT, "-f", "-o", "cat", "-n", "all"], "reread, added other; removed it"
    )
    assert service.supctl("wait", "other", "--timeout", "10s").returncode == 0
    assert service.shown("ActiveState") == "active"


def test_the_status_line_is_true(service: Service, application: str) -> None:
    """StatusText says how many programs run, and changes with them."""
    service.configure(application + '[companions.it]\ncommand = "sleep 1000"\ninstances = 3\n')
    service.start()
    assert service.shown("StatusText") == "3 of 3 programs running"
    assert service.supctl("stop", "it:2").returncode == 0
    end = time.monotonic() + 10
    while service.shown("StatusText") != "2 of 3 programs running, 1 stopped":
        assert time.monotonic() < end


def test_log_files_rotate_with_a_signal(service: Service, application: str) -> None:
    """A log file below the logs directory is written by the program's user, and reopened at SIGUSR1."""
    log = Path("/var/log/app-supervisor/rotated.log")
    script = "trap 'echo again' USR1; echo once; echo up >&2; while sleep 0.1; do :; done"
    service.configure(
        f'{application}[companions.rotated]\nstdout = "{log}"\nstderr = "journal"\n'
        f'command = ["sh", "-c", "{script}"]\n'
    )
    service.start()
    wait_for_line(["tail", "-n", "+1", "-F", log], "once")
    assert log.owner() == "app-supervisor"
    log.rename(log.with_suffix(".1"))
    os.kill(service.main_pid(), signal.SIGUSR1)
    wait_for_line(["journalctl", "-u", UNIT, "-f", "-o", "cat", "-n", "all"], "reopening log files")
    assert service.supctl("signal", "USR1", "rotated").returncode == 0
    wait_for_line(["tail", "-n", "+1", "-F", log], "again")
    assert "again" not in log.with_suffix(".1").read_text()
    assert service.journal("-t", "rotated") == "up\n"
