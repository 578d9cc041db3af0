"""Targets that fail in every way, and what a target finds when it is called."""

import pytest

from tests.integration.daemon import QUICK, SUPERVISOR, Daemon, command


def configured(target: str, more: str = "") -> str:
    """A file with one target."""
    return f'{SUPERVISOR}{QUICK}[companions.it]\nrestart_delay = 60\ntarget = "{target}"\n{more}'


def test_a_target_that_does_not_import(daemon: Daemon) -> None:
    """The daemon starts all the same, and says which import failed, in status and with a traceback."""
    daemon.start(configured("does_not_import:main") + '[companions.other]\ncommand = "sleep 1000"\n')
    daemon.wait("it", "backoff")
    description = daemon.program("it")["description"]
    assert "could not start: cannot import does_not_import:main" in description
    assert "No module named 'a_module_that_nobody_has'" in description
    daemon.log.expect("^ModuleNotFoundError: No module named 'a_module_that_nobody_has'")
    assert "it BACKOFF: could not start: cannot import" in daemon.do("status")["daemon"]["status"]
    assert daemon.states()["other"] == "RUNNING"


@pytest.mark.parametrize("target", ["no_such_module:main", "runs:no_such_name", "runs:os"])
def test_a_target_that_is_not_there(daemon: Daemon, target: str) -> None:
    """A module, a name or a callable that does not exist is said by name."""
    daemon.start(configured(target))
    daemon.wait("it", "backoff")
    assert f"cannot import {target}" in daemon.program("it")["description"]


def test_a_target_that_raises(daemon: Daemon) -> None:
    """A target that raises ends with status 1, its traceback in its error output, after what it printed."""
    daemon.start(configured("raises:main"))
    daemon.wait("it", "backoff")
    assert daemon.program("it")["last_exit_code"] == 1
    daemon.log.expect("^RuntimeError: allowed traceback")
    daemon.output.expect("^about to fail$")
    assert not daemon.log.found("supervisord_lite/zygote"), "the traceback begins in the program"


def test_a_command_that_raises(daemon: Daemon) -> None:
    """A Python command that raises leaves its traceback and ends with status 1."""
    daemon.start(f"{QUICK}[companions.it]\nrestart_delay = 60\n{command('raises')}")
    daemon.wait("it", "backoff")
    daemon.log.expect("^RuntimeError: allowed traceback")


@pytest.mark.parametrize(
    "how", ['target = "finishes:main"\n', command("finishes")], ids=["target", "command"]
)
def test_the_last_print_arrives(daemon: Daemon, how: str) -> None:
    """What a program printed without a line end just before it returned is not lost, and it exits with 0."""
    daemon.start(f'{SUPERVISOR}{QUICK}[companions.it]\nrestart = "never"\n{how}')
    daemon.wait("it", "exited")
    assert daemon.program("it")["last_exit_code"] == 0
    daemon.stop_now()
    daemon.output.expect("last words")


def test_a_target_that_returns_is_restarted(daemon: Daemon) -> None:
    """A target that returns has exited with status 0, and is restarted as one that exits."""
    daemon.start(configured("finishes:main").replace("restart_delay = 60", "restart_delay = 0"))
    daemon.wait_told("READY=1")
    with daemon.events(past=20) as events:
        assert "exited with status 0" in events.until("it", "BACKOFF")["description"]
        events.until("it", "RUNNING")


def test_a_command_that_is_not_there(daemon: Daemon) -> None:
    """A command that vanished after the check could not start, and the sentence names it."""
    program = daemon.directory / "program"
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)
    daemon.start(f'{QUICK}[companions.it]\nrestart_delay = 60\ncommand = ["{program}"]\n')
    daemon.do("stop", name="it")
    program.unlink()
    reply = daemon.ctl("start", name="it")
    assert reply["ok"] is False
    assert f"cannot execute {program}: No such file or directory" in reply["error"]


def test_a_preload_that_fails(daemon: Daemon) -> None:
    """With a preload that does not import, targets wait and say why, commands run, the daemon is ready."""
    text = configured("runs:main", '[companions.other]\ncommand = "sleep 1000"\n')
    daemon.start(text.replace("[supervisor]\n", '[supervisor]\npreload = "does_not_import"\n'))
    assert daemon.states() == {"it": "STARTING", "other": "RUNNING"}
    assert "preload of does_not_import failed" in daemon.program("it")["description"]
    assert "a_module_that_nobody_has" in daemon.log.expect("zygote: BACKOFF.*").string
    daemon.configure(text)
    daemon.do("reread")
    daemon.wait("it", "running")


def test_a_preload_that_leaves_a_thread(daemon: Daemon) -> None:
    """Threads and sockets that a preload leaves behind are a warning that names the module."""
    text = configured("runs:main").replace("[supervisor]\n", '[supervisor]\npreload = "leaves_thread"\n')
    daemon.start(text)
    assert daemon.states() == {"it": "RUNNING"}
    daemon.log.expect(r"WARNING zygote: preload of leaves_thread leaves behind 1 thread\(s\)")
    daemon.log.expect(r"WARNING zygote: preload of leaves_thread leaves behind 1 open socket\(s\)")


def test_targets_share_the_memory_of_the_preload(daemon: Daemon) -> None:
    """Targets forked from a preload share its memory, also after a full collection."""
    daemon.start(
        '[supervisor]\npreload = "holds_memory"\n'
        + configured("holds_memory:main", "instances = 4\n").removeprefix("[supervisor]\n")
    )
    daemon.output.expect("^running", count=4)
    own = [private_memory(pid) for pid in daemon.pids().values()]
    assert max(own) < 16 * 2**20, own


def private_memory(pid: int) -> int:
    """Bytes that are this process's alone (proc_pid_smaps(5))."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return sum(int(line.split()[1]) * 1024 for line in file if line.startswith("Private_"))
