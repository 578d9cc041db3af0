"""Stop: signal, wait, kill the whole tree; in every state a program can be in."""

import os
import signal

import pytest

from tests.integration.daemon import QUICK, SUPERVISOR, Daemon, command
from tests.integration.orders import Orders
from tests.integration.process import is_alive, wait_until_gone


def companion(kind: str, program: str) -> str:
    """The table of a companion that is a test program, as a target or as a command."""
    how = f'target = "{program}:main"\n' if kind == "target" else command(program)
    return f"{SUPERVISOR}{QUICK}[companions.it]\n{how}"


both = pytest.mark.parametrize("kind", ["target", "command"])


@both
def test_a_program_that_ignores_sigterm_is_killed(daemon: Daemon, kind: str) -> None:
    """A program that ignores its stop signal is killed when stop_timeout has passed, and that is told."""
    daemon.start(companion(kind, "ignores_term") + "stop_timeout = 0.3\n")
    daemon.output.expect("^running")
    assert daemon.do("stop", name="it")["message"] == "stopped"
    daemon.output.expect("^ignored SIGTERM")
    last = daemon.program("it")["last_exit"]
    assert (last["signal"], last["cause"], last["killed"]) == (9, "stop", True)
    assert "killed when stop_timeout had passed" in last["sentence"]


@both
def test_reload_timeout_bounds_a_restart(daemon: Daemon, kind: str) -> None:
    """A restart waits reload_timeout for the old process, not stop_timeout."""
    daemon.start(companion(kind, "ignores_term") + "stop_timeout = 600\nreload_timeout = 0.3\n")
    before = daemon.output.expect(r"^running it (\d+)")[1]
    daemon.do("restart", name="it")
    assert "killed when reload_timeout had passed" in daemon.program("it")["last_exit"]["sentence"]
    assert daemon.output.expect(r"^running it (\d+)", count=2)[1] != before
    daemon.signal(signal.SIGTERM)
    daemon.log.expect("stopping")
    daemon.signal(signal.SIGTERM)


@both
def test_a_grandchild_in_its_own_session_is_gone_after_stop(daemon: Daemon, kind: str) -> None:
    """When stop answers nothing of the tree is left, whatever changed its session included."""
    daemon.start(companion(kind, "forks_grandchild"))
    grandchild = int(daemon.output.expect(r"^grandchild (\d+)")[1])
    daemon.do("stop", name="it")
    assert not is_alive(grandchild)


@both
def test_a_grandchild_is_gone_after_a_crash(daemon: Daemon, kind: str) -> None:
    """When the main process crashes, what it started is ended before the next one starts."""
    daemon.start(companion(kind, "forks_grandchild"))
    grandchild = int(daemon.output.expect(r"^grandchild (\d+)")[1])
    with daemon.events() as events:
        os.kill(daemon.pids()["it"], signal.SIGKILL)
        events.until("it", "BACKOFF")
        assert not is_alive(grandchild)
        events.until("it", "RUNNING")
    assert int(daemon.output.expect(r"^grandchild (\d+)", count=2)[1]) != grandchild


@both
def test_a_killed_grandchild_changes_nothing(daemon: Daemon, kind: str) -> None:
    """The death of something that a program started is that program's affair."""
    daemon.start(companion(kind, "forks_grandchild"))
    grandchild = int(daemon.output.expect(r"^grandchild (\d+)")[1])
    before = daemon.program("it")
    os.kill(grandchild, signal.SIGKILL)
    wait_until_gone(grandchild)
    after = daemon.program("it")
    assert (after["pid"], after["state"], after["exit_count"]) == (before["pid"], "RUNNING", 0)


@both
def test_what_forks_and_exits_leaves_nothing(daemon: Daemon, kind: str) -> None:
    """A program that goes into the background, as a classic daemon does, has ended, and its tree with it."""
    daemon.start(companion(kind, "forks_and_exits") + 'restart = "never"\n')
    left = int(daemon.output.expect(r"^left behind (\d+)")[1])
    daemon.wait("it", "exited")
    assert not is_alive(left)


@both
def test_a_program_stopped_by_sigstop_is_stopped(daemon: Daemon, kind: str) -> None:
    """A program that SIGSTOP has frozen hears its stop signal all the same."""
    daemon.start(companion(kind, "runs") + "stop_timeout = 600\n")
    os.kill(daemon.pids()["it"], signal.SIGSTOP)
    daemon.do("stop", name="it")
    assert daemon.program("it")["last_exit_signal"] == signal.SIGTERM


def test_stop_while_starting(daemon: Daemon, orders: Orders) -> None:
    """A program that is still starting can be stopped, and its start is then answered as failed."""
    daemon.configure(f"{QUICK}[companions.it]\n{command('obeys')}startsecs = 600\nautostart = false\n")
    daemon.start()
    with daemon.connect() as waiting:
        waiting.send({"cmd": "start", "name": "it"})
        program = orders.next("it")
        assert daemon.do("stop", name="it")["message"] == "stopped"
        assert not is_alive(program.pid)
        assert waiting.receive()["ok"] is False


def test_start_while_stopping(daemon: Daemon, orders: Orders) -> None:
    """A start while a program is stopping gives it a new process when the old one has gone."""
    daemon.configure(f"{QUICK}[companions.it]\n{command('obeys')}")
    daemon.launch()
    program = orders.next("it").do("trap SIGTERM")
    daemon.wait_told("READY=1")
    daemon.do("stop", name="it", wait=False)
    assert program.hear() == "trapped"
    with daemon.connect() as waiting:
        waiting.send({"cmd": "start", "name": "it"})
        assert daemon.states() == {"it": "STOPPING"}
        program.do("exit 0")
        assert orders.next("it").pid != program.pid
        assert waiting.receive()["ok"] is True
    assert daemon.states() == {"it": "RUNNING"}


def test_stop_while_stopping(daemon: Daemon, orders: Orders) -> None:
    """Two stops of the same program are both answered when it is down."""
    daemon.configure(f"{QUICK}[companions.it]\n{command('obeys')}")
    daemon.launch()
    program = orders.next("it").do("trap SIGTERM")
    daemon.wait_told("READY=1")
    with daemon.connect() as first, daemon.connect() as second:
        first.send({"cmd": "stop", "name": "it"})
        assert program.hear() == "trapped"
        second.send({"cmd": "stop", "name": "it"})
        program.do("exit 0")
        assert first.receive()["ok"]
        assert second.receive()["ok"]


def test_restart_of_a_stopped_program_starts_it(daemon: Daemon) -> None:
    """restart starts what is stopped."""
    daemon.start(f'{QUICK}autostart = false\n[companions.it]\ncommand = "sleep 1000"\n')
    daemon.do("restart", name="it")
    assert daemon.states() == {"it": "RUNNING"}


def test_a_stop_of_one_leaves_a_slow_stop_of_another(daemon: Daemon, orders: Orders) -> None:
    """Commands for one program do not wait for those for another."""
    daemon.configure(
        f"{QUICK}[companions.slow]\n{command('obeys')}[companions.quick]\ncommand = 'sleep 1000'\n"
    )
    daemon.launch()
    slow = orders.next("slow").do("trap SIGTERM")
    daemon.wait_told("READY=1")
    daemon.do("stop", name="slow", wait=False)
    assert slow.hear() == "trapped"
    daemon.do("restart", name="quick")
    daemon.do("stop", name="quick")
    assert daemon.states()["slow"] == "STOPPING"
    slow.do("exit 0")
    daemon.wait("slow", "stopped")


def test_adopted_orphans_are_reaped(daemon: Daemon) -> None:
    """Processes that lose their parent become the daemon's, and no zombie of them stays."""
    daemon.start(
        f"{QUICK}[companions.it]\n"
        'command = ["sh", "-c", "sh -c \'sh -c \\"exec sleep 0.2\\" & echo orphan $!\'; sleep 1000"]\n'
    )
    orphan = int(daemon.output.expect(r"^orphan (\d+)")[1])
    wait_until_gone(orphan)
    daemon.do("status")
    assert not os.path.exists(f"/proc/{orphan}")
    assert daemon.states() == {"it": "RUNNING"}
