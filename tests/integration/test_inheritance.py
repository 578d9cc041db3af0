"""What programs find of the daemon: nothing that was not handed over."""

import json
import signal
from typing import Any

import pytest

from tests.integration.daemon import QUICK, SUPERVISOR, Daemon, command

KINDS = pytest.mark.parametrize(
    "kind", ['target = "reports:main"\n', command("reports")], ids=["target", "command"]
)


def report(daemon: Daemon, table: str) -> dict[str, Any]:
    """What a program finds out about itself, beside others of every kind."""
    daemon.start(
        f"{SUPERVISOR}{QUICK}[companions.notifies]\nnotify = true\nready_timeout = 0.1\nrestart_delay = 60\n"
        f"command = 'sleep 1000'\n[companions.logs]\nstdout = 'out'\ncommand = 'sleep 1000'\n"
        f"[companions.it]\nautostart = false\n{table}"
    )
    with daemon.events(), daemon.connect():
        daemon.do("start", name="it")
        found: dict[str, Any] = json.loads(daemon.output.expect(r"^report (.*)")[1])
    return found


@KINDS
def test_descriptors(daemon: Daemon, kind: str) -> None:
    """A program has descriptors 0, 1 and 2, of which 0 is /dev/null, and no other."""
    fds = {fd: link for fd, link in report(daemon, kind)["fds"].items() if not link.endswith(f"/fd/{fd}")}
    assert set(fds) == {"0", "1", "2"}
    assert fds["0"] == "/dev/null"


@KINDS
def test_descriptors_that_the_daemon_was_started_with(daemon: Daemon, kind: str) -> None:
    """What whoever started the daemon left open is not passed on to programs."""
    daemon.prefix = ["sh", "-c", 'exec "$@" 7</dev/null 9</dev/zero', "sh"]
    fds = {fd: link for fd, link in report(daemon, kind)["fds"].items() if not link.endswith(f"/fd/{fd}")}
    assert set(fds) == {"0", "1", "2"}


@KINDS
def test_systemds_variables(daemon: Daemon, kind: str) -> None:
    """NOTIFY_SOCKET, WATCHDOG_*, LISTEN_* and what else is between systemd and the daemon stays with it."""
    daemon.env |= {
        "WATCHDOG_USEC": "60000000",
        "LISTEN_FDS": "0",
        "LISTEN_PID": "1",
        "LISTEN_FDNAMES": "x",
        "SYSTEMD_EXEC_PID": "1",
        "INVOCATION_ID": "0123456789abcdef0123456789abcdef",
        "STATE_DIRECTORY": "/var/lib/app-supervisor",
    }
    env = report(daemon, kind)["env"]
    private = ("NOTIFY_", "WATCHDOG_", "LISTEN_", "SYSTEMD_EXEC_PID", "JOURNAL_STREAM")
    assert not [name for name in env if name.startswith(private)]
    assert env["STATE_DIRECTORY"] == "/var/lib/app-supervisor"


@KINDS
def test_it_is_the_daemons_child_in_a_session_of_its_own(daemon: Daemon, kind: str) -> None:
    """Every program is a direct child of the daemon, leads its own session, and has no signal blocked."""
    about = report(daemon, kind)
    assert about["ppid"] == daemon.pid
    with open(f"/proc/{about['pid']}/stat") as file:
        group, session = map(int, file.read().rpartition(")")[2].split()[2:4])
    assert (group, session) == (about["pid"], about["pid"])
    with open(f"/proc/{about['pid']}/status") as file:
        masks = dict(line.split() for line in file if line.startswith(("SigBlk", "SigIgn")))
    assert int(masks["SigBlk:"], 16) == 0
    usual = {signal.SIGPIPE, signal.SIGXFSZ}  # as every Python ignores
    ignored = {n for n in signal.valid_signals() if int(masks["SigIgn:"], 16) >> (n - 1) & 1}
    assert ignored <= usual


def test_a_target_sees_itself_as_a_fresh_interpreter(daemon: Daemon) -> None:
    """What a target changes in its interpreter is no other's: two of one preload do not see each other."""
    daemon.start(
        f"{SUPERVISOR}{QUICK}[companions.a]\ntarget = 'reports:main'\nenv = {{ MINE = 'a' }}\n"
        "[companions.b]\ntarget = 'reports:main'\n"
    )
    reports = [json.loads(daemon.output.expect(r"^report (.*)", count)[1])["env"] for count in (1, 2)]
    seen = {env["SUPERVISOR_PROCESS_NAME"]: env.get("MINE") for env in reports}
    assert seen == {"a": "a", "b": None}
