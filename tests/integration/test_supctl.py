"""supctl against a real daemon: every command, its exit status, and what it prints."""

import json
import os
import subprocess

import pytest

from tests.integration.daemon import BIN, QUICK, SUPERVISOR, Daemon, command
from tests.integration.orders import Orders

BASE = (
    f"{SUPERVISOR}{QUICK}[companions.web]\ncommand = 'sleep 1000'\ninstances = 2\n"
    '[companions.scheduler]\ntarget = "runs:main"\n'
)


@pytest.fixture
def running(daemon: Daemon) -> Daemon:
    """A daemon that runs two instances of a command, and a target."""
    return daemon.start(BASE)


def test_status_table(running: Daemon) -> None:
    """status prints name, state and description of each program, without colour into a pipe."""
    shown = running.supctl("status")
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = [line.split(maxsplit=2) for line in shown.stdout.splitlines()]
    assert [line[:2] for line in lines] == [[n, "RUNNING"] for n in ("web:1", "web:2", "scheduler")]
    assert all(line[2].startswith("pid ") for line in lines)
    assert "\x1b" not in shown.stdout
    assert {line.split()[0] for line in running.supctl("status", "-a").stdout.splitlines()} > {
        "spawner",
        "zygote",
    }


def test_status_of_something_that_does_not_run(running: Daemon) -> None:
    """status exits with 3 when something named is not running, and with 0 without names."""
    running.do("stop", name="web:2")
    assert running.supctl("status", "web").returncode == 3
    assert running.supctl("status", "web:1").returncode == 0
    assert running.supctl("status").returncode == 0


def test_status_json(running: Daemon) -> None:
    """--json prints the daemon's reply as it is."""
    reply = json.loads(running.supctl("status", "--json").stdout)
    assert [program["name"] for program in reply["companions"]] == ["web:1", "web:2", "scheduler"]
    assert reply["daemon"]["pid"] == running.pid


def test_start_stop_restart(running: Daemon) -> None:
    """start, stop and restart print a verdict for each program and exit with 0; unchanged is success."""
    assert running.supctl("stop", "web").stdout == "web:1: stopped\nweb:2: stopped\n"
    assert running.supctl("stop", "web:1").stdout == "web:1: already stopped\n"
    assert running.supctl("start", "web:*").stdout == "web:1: started\nweb:2: started\n"
    assert running.supctl("start", "web:2").stdout == "web:2: already running\n"
    assert running.supctl("restart", "all").returncode == 0


def test_a_failed_start_exits_with_1(running: Daemon) -> None:
    """A start that fails exits with 1, and says why on standard error."""
    running.configure(BASE + "[companions.bad]\ncommand = 'false'\nstartsecs = 5\nautostart = false\n")
    running.do("reread")
    done = running.supctl("start", "bad")
    assert (done.returncode, done.stdout) == (1, "")
    assert "exited with status 1" in done.stderr


def test_wrong_usage_exits_with_2(running: Daemon) -> None:
    """Wrong usage exits with 2."""
    for words in (["stop"], ["nonsense"], ["status", "--nonsense"], ["scale", "web", "many"], []):
        assert running.supctl(*words).returncode == 2, words


def test_an_unknown_name_exits_with_1(running: Daemon) -> None:
    """An unknown program exits with 1 and suggests the nearest name."""
    done = running.supctl("stop", "schedular")
    assert done.returncode == 1
    assert "scheduler" in done.stderr


def test_no_daemon_exits_with_4(running: Daemon) -> None:
    """Without a daemon every command exits with 4 and says where it looked."""
    done = running.supctl("-s", "/nowhere/control.sock", "status")
    assert done.returncode == 4
    assert "/nowhere/control.sock" in done.stderr


def test_a_timeout_exits_with_5(daemon: Daemon, orders: Orders) -> None:
    """A wait that is longer than --timeout exits with 5, with --no-wait there is none."""
    daemon.start(f"{QUICK}[companions.it]\n{command('obeys')}notify = true\nautostart = false\n")
    assert daemon.supctl("start", "it", "--timeout", "0.1").returncode == 5
    assert daemon.supctl("wait", "it", "--timeout", "0.1").returncode == 5
    assert daemon.supctl("restart", "--no-wait", "it").returncode == 0
    orders.next("it")
    orders.next("it").do("notify READY=1")
    assert daemon.supctl("wait", "it", "--for", "running", "--timeout", "10s").returncode == 0


def test_wait_for_states(running: Daemon) -> None:
    """wait returns at once for what is so, and when it comes about."""
    assert running.supctl("wait", "web", "scheduler").returncode == 0
    running.do("stop", name="web")
    assert running.supctl("wait", "web", "--for", "stopped").returncode == 0


def test_scale(running: Daemon) -> None:
    """scale takes +1, a bare -1 and a number."""
    assert "web:3: added" in running.supctl("scale", "web", "+1").stdout
    assert "web:3: removed" in running.supctl("scale", "web", "-1").stdout
    assert "web: 3 instances" in running.supctl("scale", "web", "3").stdout


def test_reread_plan_and_check(running: Daemon) -> None:
    """plan says what reread then does; check and both of them exit with 1 for a broken file."""
    running.configure(
        BASE.replace("instances = 2", "instances = 1") + "[companions.new]\ncommand = 'sleep 1'\n"
    )
    plan = running.supctl("plan").stdout
    assert "new: added (newly configured)" in plan
    assert running.supctl("check").returncode == 0
    assert "new: added" in running.supctl("reread").stdout
    assert "nothing changed" in running.supctl("reload").stdout
    running.configure("[companions.x]\nfoo = 1\n[companions.y]\nbar = 2\n")
    for word in ("plan", "reread", "reload", "check"):
        done = running.supctl(word)
        assert done.returncode == 1, word
        assert "companions.x.foo" in done.stderr
        assert "companions.y.bar" in done.stderr


def test_signal_and_pid(running: Daemon) -> None:
    """signal sends a signal by name or number, pid prints the daemon's pid or a program's."""
    pid = running.pids()["scheduler"]
    assert running.supctl("pid").stdout.strip() == str(running.pid)
    assert running.supctl("pid", "scheduler").stdout.strip() == str(pid)
    with running.events() as events:
        assert running.supctl("signal", "KILL", "scheduler").returncode == 0
        events.until("scheduler", "BACKOFF")


def test_events(running: Daemon) -> None:
    """events prints transitions as they happen, one a line, as JSON where asked."""
    lines = running.supctl_lines("events", "scheduler", "--past", "100", count=2)
    assert "scheduler: STOPPED -> STARTING" in lines[0]
    assert "scheduler: STARTING -> RUNNING" in lines[1]
    (line,) = running.supctl_lines("events", "--json", "--past", "100", count=1)
    assert json.loads(line)["event"] == "transition"


def test_logs_of_files(daemon: Daemon) -> None:
    """logs shows the end of a program's files, and -f what comes."""
    daemon.start(
        f"{QUICK}[companions.it]\nstdout = 'out'\nstderr = 'stdout'\n"
        'command = ["sh", "-c", "trap \'echo more\' USR1; seq 1 20; while :; do sleep 0.02; done"]\n'
    )
    assert daemon.supctl_lines("logs", "-f", "-n", "30", "it", count=20)[-1] == "20"
    assert daemon.supctl("logs", "-n", "2", "it").stdout == "19\n20\n"
    daemon.do("signal", name="it", signal="USR1")
    assert daemon.supctl_lines("logs", "-f", "-n", "30", "it", count=21)[-1] == "more"


def test_logs_of_inherited_output(running: Daemon) -> None:
    """logs of a program whose output goes where the daemon's goes says so."""
    done = running.supctl("logs", "scheduler")
    assert done.stdout == ""
    assert "inherit" in done.stderr


def test_version_and_shutdown(running: Daemon) -> None:
    """version names the daemon's version; shutdown returns when the daemon is gone."""
    assert running.supctl("version").returncode == 0
    assert running.supctl("shutdown").returncode == 0
    assert not running.socket.exists()
    assert running.wait_end() == 0
    assert running.supctl("status").returncode == 4


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["stop", ""], {"web", "web:*", "web:1", "web:2", "scheduler", "all"}),
        (["stop", "sc"], {"scheduler"}),
        (["logs", "web:"], {"web:*", "web:1", "web:2"}),
    ],
)
def test_completion_of_names(running: Daemon, words: list[str], expected: set[str]) -> None:
    """Completion knows the names that the daemon knows."""
    done = running.supctl(*words, env={"_SUPCTL_COMPLETE": "1"})
    assert {line.split("\t")[1] for line in done.stdout.splitlines()} == expected


def test_bash_completes_names(running: Daemon) -> None:
    """The completion script for bash completes the names of programs."""
    script = (
        f"PATH={BIN}:$PATH; source <({BIN}/supctl completion bash); COMP_LINE='supctl restart sch';"
        "COMP_POINT=${#COMP_LINE}; _supctl; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    env = {**os.environ, "SUPCTL_SOCKET": str(running.socket)}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=env, check=False)
    assert done.stdout.split() == ["scheduler"]


def test_a_terminal_gets_colour_unless_it_is_not_wanted(running: Daemon) -> None:
    """On a terminal states are coloured, with NO_COLOR they are not."""
    for variable, coloured in ((("NOTHING", "1"), True), (("NO_COLOR", "1"), False)):
        env = {**os.environ, "SUPCTL_SOCKET": str(running.socket), "TERM": "xterm", variable[0]: variable[1]}
        env.pop("NO_COLOR", None) if coloured else None
        done = subprocess.run(
            ["script", "-qec", f"{BIN}/supctl status", "/dev/null"],
            capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert ("\x1b[" in done.stdout) is coloured
