"""What a whole file comes to."""

import math
import os
import resource
from pathlib import Path

import msgspec
import pytest

from supervisord_lite.config.companion import policy_of
from supervisord_lite.config.program import Launch, Rlimit
from supervisord_lite.config.tables import CompanionTable
from supervisord_lite.model.policy import Policy, Restart

from .conftest import Site

FULL = """
[supervisor]
control_socket = "run/control.sock"
control_socket_mode = "0660"
control_socket_group = "root"
preload = ["json", "myapp.setup:prepare"]
python_path = "lib"
cwd = "."
env = { A = "1", PORT = 8000 }
log_level = "DEBUG"
user = "root"
group = 0
shutdown_timeout = "5min"
shutdown_buffer = 3

[companions.scheduler]
target = "myapp.tasks:run"
cwd = "lib"
env = { B = "2" }
user = 33
umask = "0027"
nice = 5
rlimits = { nofile = 4096, RLIMIT_CORE = "1G:infinity" }
autostart = false
instances = 1
after = ["queue"]
startsecs = "2s"
notify = true
ready_timeout = "infinity"
watchdog_sec = "30s"
stop_signal = "INT"
stop_timeout = "2min"
reload_timeout = 7
reload_signal = "HUP"
restart = "on-failure"
success_exit_codes = [0, 75]
permanent_exit_codes = 78
restart_delay = 1
restart_delay_max = "1min"
max_restarts = 5
restart_window = "10min"
stdout = "out.log"
stderr = "stdout"

[companions.queue]
command = "sleep 1"
"""


def test_every_key_arrives(site: Site) -> None:
    """Every key of the file is found in what it comes to, absolute and in seconds."""
    lib = site.directory / "lib"
    lib.mkdir()
    configuration = site.load(FULL)
    here = str(site.directory)
    supervisor = configuration.supervisor
    assert supervisor.control_socket == f"{here}/run/control.sock"
    assert (supervisor.control_socket_mode, supervisor.control_socket_group) == (0o660, "root")
    assert supervisor.preload == ("json", "myapp.setup:prepare")
    assert (supervisor.python_path, supervisor.cwd) == ((str(lib),), here)
    assert supervisor.env == {"A": "1", "PORT": "8000"}
    assert (supervisor.log_level, supervisor.user, supervisor.group) == ("debug", "root", "0")
    assert (supervisor.shutdown_timeout, supervisor.shutdown_buffer) == (300.0, 3.0)
    scheduler = configuration.programs["scheduler"]
    assert scheduler.launch == Launch(
        target="myapp.tasks:run",
        cwd=str(lib),
        env={"A": "1", "PORT": "8000", "B": "2"},
        user="33",
        group=None,
        umask=0o027,
        nice=5,
        rlimits={"nofile": Rlimit(4096, 4096), "core": Rlimit(2**30, resource.RLIM_INFINITY)},
        stdout=f"{here}/out.log",
        stderr="stdout",
        notify=True,
    )
    assert scheduler.policy == Policy(
        startsecs=2.0,
        notify=True,
        ready_timeout=math.inf,
        watchdog_sec=30.0,
        stop_signal=2,
        stop_timeout=120.0,
        reload_timeout=7.0,
        reload_signal=1,
        restart=Restart.ON_FAILURE,
        success_exit_codes=(0, 75),
        permanent_exit_codes=(78,),
        restart_delay=1.0,
        restart_delay_max=60.0,
        max_restarts=5,
        restart_window=600.0,
    )
    assert (scheduler.autostart, scheduler.after) == (False, ("queue",))


def test_a_small_file_has_all_defaults(site: Site) -> None:
    """What a companion does not say is what the policy says without being told."""
    configuration = site.load('[companions.queue]\ncommand = ["sleep", "1"]\n')
    program = configuration.programs["queue"]
    assert program.policy == Policy()
    assert program.launch == Launch(command=("sleep", "1"), env={}, rlimits={})
    assert program.autostart
    assert configuration.supervisor.control_socket == "/run/test/control.sock"
    assert configuration.supervisor.control_socket_mode == 0o600
    assert configuration.supervisor.shutdown_timeout is None
    assert configuration.supervisor.shutdown_buffer == 10.0


def test_the_documented_defaults_are_those_of_the_policy() -> None:
    """The defaults in the file's tables and in the model cannot drift apart."""
    assert policy_of(CompanionTable()) == Policy()


def test_nothing_of_the_file_is_left_in_the_values(site: Site) -> None:
    """Values are plain Python: they can be encoded, compared and kept without the kinds that read them."""
    (site.directory / "lib").mkdir()
    configuration = site.load(FULL)
    assert (
        msgspec.msgpack.decode(msgspec.msgpack.encode(configuration), type=type(configuration))
        == configuration
    )
    assert type(configuration.programs["scheduler"].policy.stop_timeout) is float
    assert type(configuration.programs["scheduler"].launch.env["B"]) is str


def test_an_empty_file_is_a_configuration(site: Site) -> None:
    """Nothing to run is no mistake."""
    assert site.load("").programs == {}


def test_programs_keep_the_order_of_the_file(site: Site) -> None:
    """The order of the tables is the order of the programs."""
    names = ["zebra", "ape", "mole"]
    configuration = site.load("".join(f'[companions.{name}]\ncommand = "sleep 1"\n' for name in names))
    assert list(configuration.programs) == names


def test_a_relative_path_of_the_file_is_made_absolute(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configuration knows its file by a path that holds from any directory."""
    site.write("")
    monkeypatch.chdir(site.directory)
    site.main = Path("main.toml")
    assert site.load().file == f"{os.getcwd()}/main.toml"


def test_equal_parts_are_shared(site: Site) -> None:
    """Five hundred programs of one kind hold one policy, one environment and one set of limits."""
    configuration = site.load(
        '[companion_defaults]\nenv = { A = "1" }\nrlimits = { core = 0 }\n'
        '[companions.a]\ncommand = "sleep 1"\ninstances = 3\n[companions.b]\ncommand = "sleep 2"\n'
    )
    a1, a2, a3, b = configuration.programs.values()
    assert a1.launch is a2.launch is a3.launch
    assert b.launch.env is a1.launch.env
    assert b.launch.rlimits is a1.launch.rlimits
    assert b.policy is a1.policy


def test_reading_twice_comes_to_the_same(site: Site) -> None:
    """An unchanged file yields an equal value, which is what a reread compares."""
    (site.directory / "lib").mkdir()
    assert site.load(FULL) == site.load()


def test_defaults_are_replaced_key_by_key(site: Site) -> None:
    """A companion's key goes before the default; env alone is merged."""
    configuration = site.load(
        '[companion_defaults]\nstop_timeout = 5\nreload_signal = "HUP"\nmax_restarts = 3\n'
        'rlimits = { core = 0 }\nenv = { A = "1", B = "1" }\nafter = "b"\n'
        '[companions.a]\ncommand = "sleep 1"\nstop_timeout = 6\nreload_signal = "off"\n'
        'max_restarts = "unlimited"\nrlimits = { nofile = 9 }\nenv = { B = "2" }\n'
        '[companions.b]\ncommand = "sleep 1"\nafter = []\n'
    )
    a, b = configuration.programs.values()
    assert (a.policy.stop_timeout, a.policy.reload_signal, a.policy.max_restarts) == (6.0, None, None)
    assert (b.policy.stop_timeout, b.policy.reload_signal, b.policy.max_restarts) == (5.0, 1, 3)
    assert a.launch.rlimits == {"nofile": Rlimit(9, 9)}
    assert a.launch.env == {"A": "1", "B": "2"}
    assert (a.after, b.after) == (("b",), ())


def test_what_to_run_replaces_either_default(site: Site) -> None:
    """A companion's command goes before a default target."""
    configuration = site.load(
        '[companion_defaults]\ntarget = "myapp:run"\n[companions.a]\n[companions.b]\ncommand = "sleep 1"\n'
    )
    a, b = configuration.programs.values()
    assert (a.launch.target, a.launch.command) == ("myapp:run", None)
    assert (b.launch.target, b.launch.command) == (None, ("sleep", "1"))


def test_a_default_watchdog_is_for_those_who_notify(site: Site) -> None:
    """A default watchdog_sec does not concern companions without notify."""
    configuration = site.load(
        '[companion_defaults]\ncommand = "sleep 1"\nwatchdog_sec = 9\n'
        "[companions.a]\n[companions.b]\nnotify = true\n"
    )
    a, b = configuration.programs.values()
    assert (a.policy.watchdog_sec, b.policy.watchdog_sec) == (None, 9.0)


def test_a_user_brings_its_own_group(site: Site) -> None:
    """The group of [supervisor] goes with its user, not with another one."""
    configuration = site.load(
        '[supervisor]\nuser = "root"\ngroup = "root"\n[companion_defaults]\ncommand = "sleep 1"\n'
        "[companions.a]\n[companions.b]\nuser = 12345\n[companions.c]\ngroup = 12345\n"
    )
    identities = [(program.launch.user, program.launch.group) for program in configuration.programs.values()]
    assert identities == [("root", "root"), ("12345", None), ("root", "12345")]


def test_relative_commands_begin_at_the_working_directory(site: Site) -> None:
    """A program with a slash is taken from the companion's cwd, else from the file's directory."""
    for name in ("tool", "sub/tool"):
        site.write("#!/bin/sh\n", name).chmod(0o755)
    configuration = site.load(
        '[companions.a]\ncommand = "./tool x"\n[companions.b]\ncommand = "./tool"\ncwd = "sub"\n'
    )
    a, b = configuration.programs.values()
    assert a.launch.command == (f"{site.directory}/tool", "x")
    assert b.launch.command == (f"{site.directory}/sub/./tool",)
