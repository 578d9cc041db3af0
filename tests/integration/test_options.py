"""Every option of a companion, seen from inside the program that got it."""

import json
import os
import pwd
from pathlib import Path
from typing import Any

import pytest

from tests.integration.daemon import PROGRAMS, QUICK, SUPERVISOR, Daemon, command

TARGET = 'target = "reports:main"\n'
COMMAND = command("reports")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: changes users")


def report(daemon: Daemon, number: int = 1) -> dict[str, Any]:
    """What a program has found out about itself, as soon as it says so."""
    found: dict[str, Any] = json.loads(daemon.output.expect(r"^report (.*)", number)[1])
    return found


def start(daemon: Daemon, table: str, supervisor: str = "") -> dict[str, Any]:
    """Start a daemon with one companion, and return that one's report."""
    daemon.start(f"{SUPERVISOR}{supervisor}{QUICK}[companions.it]\n{table}")
    return report(daemon)


@pytest.mark.parametrize("kind", [TARGET, COMMAND], ids=["target", "command"])
def test_cwd(daemon: Daemon, kind: str) -> None:
    """A program runs in its cwd."""
    assert start(daemon, f'{kind}cwd = "{PROGRAMS}"\n')["cwd"] == str(PROGRAMS)


@pytest.mark.parametrize("kind", [TARGET, COMMAND], ids=["target", "command"])
def test_env_is_merged_on_the_inherited(daemon: Daemon, kind: str) -> None:
    """env of a program wins over that of [supervisor], that over the daemon's; the rest is inherited."""
    daemon.env |= {"FROM_DAEMON": "daemon", "BOTH": "daemon", "ALL": "daemon"}
    table = f'{kind}env = {{ ALL = "program", NUMBER = "%(instance)s", DEEP = "${{ALL}}" }}\n'
    env = start(daemon, table, 'env = { BOTH = "supervisor", ALL = "supervisor" }\n')["env"]
    assert (env["FROM_DAEMON"], env["BOTH"], env["ALL"], env["NUMBER"]) == (
        "daemon",
        "supervisor",
        "program",
        "1",
    )
    assert env["DEEP"] == "program"


@pytest.mark.parametrize("kind", [TARGET, COMMAND], ids=["target", "command"])
def test_env_file_and_defaults(daemon: Daemon, kind: str) -> None:
    """Variables come from env_file too, and from [companion_defaults]; env wins over both."""
    (daemon.directory / "vars").write_text("A=file\nB='from file'\nC=file\n")
    env = start(daemon, f'{kind}env_file = "vars"\nenv = {{ A = "own" }}\n')["env"]
    assert (env["A"], env["B"], env["C"]) == ("own", "from file", "file")


@pytest.mark.parametrize("kind", [TARGET, COMMAND], ids=["target", "command"])
def test_umask_nice_and_rlimits(daemon: Daemon, kind: str) -> None:
    """umask, nice and rlimits are the program's own when its code begins."""
    about = start(daemon, f'{kind}umask = "0027"\nnice = 5\nrlimits = {{ nofile = "100:200" }}\n')
    assert (about["umask"], about["nice"], about["nofile"]) == (0o027, 5 + os.nice(0), [100, 200])


def test_each_instance_knows_its_number(daemon: Daemon) -> None:
    """Instances are named NAME:1, NAME:2 and so on, and know their number and name by environment."""
    daemon.start(f"{SUPERVISOR}{QUICK}[companions.it]\n{TARGET}instances = 3\n")
    assert list(daemon.programs()) == ["it:1", "it:2", "it:3"]
    reports = [report(daemon, number)["env"] for number in (1, 2, 3)]
    told = {(env["SUPERVISOR_PROCESS_NAME"], env["SUPERVISOR_INSTANCE"]) for env in reports}
    assert told == {("it:1", "1"), ("it:2", "2"), ("it:3", "3")}
    assert {env["SUPERVISOR_GROUP_NAME"] for env in reports} == {"it"}


def test_one_instance_has_the_plain_name(daemon: Daemon) -> None:
    """A companion of one instance has its plain name and number 1, and SUPCTL_SOCKET leads to its daemon."""
    env = start(daemon, TARGET)["env"]
    assert (env["SUPERVISOR_PROCESS_NAME"], env["SUPERVISOR_INSTANCE"]) == ("it", "1")
    assert env["SUPCTL_SOCKET"] == str(daemon.socket)


def test_command_as_a_shell_splits_words(daemon: Daemon) -> None:
    """A command given as a string is split as a shell splits words, and no shell is started."""
    daemon.start(f"{QUICK}[companions.it]\nrestart = 'never'\ncommand = \"echo 'two words' '$HOME' '*'\"\n")
    daemon.output.expect(r"^two words \$HOME \*$")


def test_expansion_can_be_escaped(daemon: Daemon) -> None:
    """${VAR} and %(instance)s are expanded, $${VAR} and %%(instance)s stand for themselves."""
    daemon.env["COLOUR"] = "red"
    text = "${COLOUR} ${NONE:-none} %(program)s $${COLOUR} %%(instance)s"
    daemon.start(f'{QUICK}[companions.it]\nrestart = "never"\ncommand = ["echo", "{text}"]\n')
    daemon.output.expect(r"^red none it \$\{COLOUR\} %\(instance\)s$")


def test_defaults_hold_unless_overridden(daemon: Daemon) -> None:
    """Any option in [companion_defaults] holds for companions that do not give it themselves."""
    daemon.start(
        '[companion_defaults]\nstop_timeout = "7s"\nstartsecs = 0\nrestart_delay = "3s"\n'
        '[companions.a]\ncommand = "sleep 1000"\n'
        '[companions.b]\ncommand = "sleep 1000"\nstop_timeout = "1min 30s"\n'
    )
    programs = daemon.programs()
    assert [programs[name]["stop_timeout"] for name in "ab"] == [7, 90]
    assert [programs[name]["restart_delay"] for name in "ab"] == [3, 3]


def test_autostart_false_waits_for_a_start(daemon: Daemon) -> None:
    """A program with autostart = false is STOPPED when the daemon is ready, and starts when asked."""
    daemon.start(f"{QUICK}[companions.it]\n{COMMAND}autostart = false\n")
    assert daemon.states() == {"it": "STOPPED"}
    assert daemon.program("it")["description"] == "not started"
    daemon.do("start", name="it")
    assert daemon.states() == {"it": "RUNNING"}


def test_startsecs_makes_it_wait(daemon: Daemon) -> None:
    """A program is STARTING until it has stayed up for startsecs."""
    daemon.configure('[companions.it]\ncommand = "sleep 1000"\nstartsecs = 0.4\n')
    daemon.launch()
    daemon.wait_told("READY=1")
    with daemon.events(past=50) as events:
        starting, running = events.until("it", "STARTING"), events.until("it", "RUNNING")
    assert running["time"] - starting["time"] >= 0.4


def test_stop_signal(daemon: Daemon) -> None:
    """A program is asked to stop with its stop_signal."""
    daemon.start(f'{QUICK}[companions.it]\ncommand = "sleep 1000"\nstop_signal = "SIGUSR2"\n')
    daemon.do("stop", name="it")
    assert daemon.program("it")["last_exit_signal"] == 12


def test_reload_signal(daemon: Daemon) -> None:
    """reload with a name sends the reload_signal, and restarts a program that has none."""
    daemon.start(
        f'{QUICK}[companions.it]\nreload_signal = "HUP"\n'
        'command = ["sh", "-c", "trap \'echo reloaded\' HUP; echo up; while :; do sleep 0.05; done"]\n'
        '[companions.other]\ncommand = "sleep 1000"\n'
    )
    before = daemon.pids()
    daemon.output.expect("^up$")
    daemon.do("reload", name=["it", "other"])
    daemon.output.expect("^reloaded$")
    assert daemon.pids()["it"] == before["it"]
    assert daemon.pids()["other"] != before["other"]


@as_root
@pytest.mark.parametrize("kind", [TARGET, COMMAND], ids=["target", "command"])
def test_user_and_group(daemon: Daemon, kind: str) -> None:
    """A program runs as its user with that user's groups and login variables, or as the given group."""
    nobody = pwd.getpwnam("nobody")
    about = start(daemon, f'{kind}user = "nobody"\n')
    assert (about["uid"], about["gid"], about["groups"]) == (nobody.pw_uid, nobody.pw_gid, [nobody.pw_gid])
    login = ("nobody", "nobody", nobody.pw_dir)
    assert tuple(about["env"][name] for name in ("USER", "LOGNAME", "HOME")) == login


@as_root
@pytest.mark.parametrize("kind", [TARGET, COMMAND], ids=["target", "command"])
def test_identity_of_the_supervisor_table(daemon: Daemon, kind: str) -> None:
    """user and group of [supervisor] hold for every program, a nice value that only root may set included."""
    table = f'{kind}nice = -5\nrlimits = {{ nofile = "100:1000" }}\n'
    about = start(daemon, table, 'user = "nobody"\ngroup = "games"\n')
    assert (about["uid"], about["gid"]) == (pwd.getpwnam("nobody").pw_uid, 60)
    assert (about["nice"], about["nofile"]) == (-5, [100, 1000])


@as_root
def test_the_daemon_runs_without_root(daemon: Daemon) -> None:
    """An ordinary user's daemon runs targets and commands as that user."""
    os.chown(daemon.directory, 65534, 65534)
    daemon.prefix = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    daemon.start(f"{SUPERVISOR}{QUICK}[companions.a]\n{TARGET}[companions.b]\n{COMMAND}")
    assert [report(daemon, number)["uid"] for number in (1, 2)] == [65534, 65534]
    assert Path(daemon.socket).stat().st_uid == 65534
