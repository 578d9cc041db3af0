"""The daemon's own programs killed: spawner, zygote, log writer. The companions do not notice."""

import os
import signal

import pytest

from tests.integration.daemon import QUICK, SUPERVISOR, Daemon


@pytest.fixture
def running(daemon: Daemon) -> Daemon:
    """A daemon with two targets, a command, and a program that writes a file."""
    return daemon.start(
        f'{SUPERVISOR}{QUICK}[companions.target]\ntarget = "runs:main"\ninstances = 2\n'
        '[companions.command]\ncommand = "sleep 1000"\n'
        f'[companions.logs]\nstdout = "{daemon.directory}/log"\n'
        'command = ["sh", "-c", "trap \'echo $((n += 1))\' USR1; echo up >&2; while :; do sleep 0.1; done"]\n'
    )


def kill(daemon: Daemon, name: str) -> None:
    """SIGKILL to one of the daemon's own programs, and wait until there is another."""
    before = daemon.program(name)["pid"]
    with daemon.events() as events:
        os.kill(before, signal.SIGKILL)
        events.until(name, "RUNNING")
    assert daemon.program(name)["pid"] != before


@pytest.mark.parametrize("name", ["spawner", "zygote", "logwriter"])
def test_a_killed_one_comes_back_unnoticed(running: Daemon, name: str) -> None:
    """A fork server or log writer that is killed comes back, and no program notices; then all can restart."""
    before = running.pids()
    kill(running, name)
    after = running.programs()
    assert {name: program["pid"] for name, program in after.items()} == before
    assert all(program["exit_count"] == 0 for program in after.values())
    running.do("restart", name="all")
    assert set(running.states().values()) == {"RUNNING"}
    assert not set(running.pids().values()) & set(before.values())


@pytest.mark.parametrize("name", ["spawner", "zygote"])
def test_what_is_asked_for_meanwhile_is_done(running: Daemon, name: str) -> None:
    """A restart that is asked for while the fork server is dead is done by its successor."""
    pid = running.program(name)["pid"]
    os.kill(pid, signal.SIGSTOP)
    with running.connect() as client:
        client.send({"cmd": "restart", "name": "all"})
        with running.events() as events:
            os.kill(pid, signal.SIGKILL)
            events.until(name, "RUNNING")
        reply = client.receive()
    assert reply["ok"], reply
    assert set(running.states().values()) == {"RUNNING"}


def test_a_killed_zygote_has_a_new_generation(running: Daemon) -> None:
    """The successor of a zygote is the next generation, and those forked before keep theirs."""
    kill(running, "zygote")
    assert running.program("zygote")["generation"] == 2
    assert running.program("target:1")["generation"] == 1
    running.do("restart", name="target:1")
    assert running.program("target:1")["generation"] == 2


def test_no_line_is_lost_while_there_is_no_log_writer(running: Daemon) -> None:
    """Lines written while the log writer is dead reach the file."""
    running.log.expect("^up$")
    with running.events() as events:
        os.kill(running.program("logwriter")["pid"], signal.SIGKILL)
        running.do("signal", name="logs", signal="USR1")
        events.until("logwriter", "RUNNING")
    running.do("signal", name="logs", signal="USR1")
    assert running.supctl_lines("logs", "-f", "logs", count=2) == ["1", "2"]


def test_own_programs_stay_out_of_globs(running: Daemon) -> None:
    """Globs and "all" mean what the file configures; the daemon's own are meant by full name only."""
    own = {name: running.program(name)["pid"] for name in ("spawner", "zygote", "logwriter")}
    running.do("restart", name=["*", "all"])
    assert {name: running.program(name)["pid"] for name in own} == own
    assert all(program["kind"] in ("target", "command") for program in running.programs().values())
    running.do("restart", name="zygote")
    assert running.program("zygote")["pid"] != own["zygote"]
