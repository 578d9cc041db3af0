"""How the daemon ends: in order, at once, or killed; nothing outlives it."""

import os
import signal
import subprocess

import pytest

from tests.integration.daemon import BIN, QUICK, SUPERVISOR, Daemon, command
from tests.integration.orders import Orders
from tests.integration.process import is_alive, wait_until_gone

EVERYTHING = (
    f"{SUPERVISOR}{QUICK}"
    f'[companions.a]\ntarget = "runs:main"\n[companions.b]\n{command("runs")}'
    f'[companions.c]\ntarget = "ignores_term:main"\n[companions.d]\n{command("ignores_term")}'
)


def test_killed_daemon_leaves_no_program(daemon: Daemon) -> None:
    """When the daemon is killed with SIGKILL, no program outlives it."""
    daemon.start(EVERYTHING)
    daemon.output.expect("^running", count=4)
    pids = [*daemon.pids().values(), *(p["pid"] for p in daemon.do("status")["daemon"]["programs"])]
    daemon.kill()
    for pid in pids:
        wait_until_gone(pid)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: changes users")
def test_killed_daemon_leaves_no_program_of_another_user(daemon: Daemon) -> None:
    """Programs of other users, and those whose zygote has been replaced, end with a killed daemon too."""
    daemon.start(EVERYTHING.replace("[companions.", 'user = "nobody"\n[companions.', 1))
    daemon.output.expect("^running", count=4)
    with daemon.events() as events:
        os.kill(daemon.program("zygote@nobody")["pid"], signal.SIGKILL)
        events.until("zygote@nobody", "RUNNING")
    pids = daemon.pids()
    assert all(os.stat(f"/proc/{pid}").st_uid == 65534 for pid in pids.values())
    daemon.kill()
    for pid in pids.values():
        wait_until_gone(pid)


def test_a_killed_daemon_has_a_successor(daemon: Daemon) -> None:
    """A new daemon takes the place and the socket of a killed one."""
    daemon.start(EVERYTHING)
    daemon.kill()
    assert daemon.socket.exists()
    daemon.restart()
    assert set(daemon.states().values()) == {"RUNNING"}
    daemon.do("shutdown")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_orderly_stop(daemon: Daemon, orders: Orders, number: int) -> None:
    """SIGTERM and SIGINT stop everything in order, tell systemd STOPPING=1, and the daemon exits with 0."""
    daemon.configure(f"{QUICK}[companions.it]\n{command('obeys')}")
    daemon.launch()
    program = orders.next("it").do("trap SIGTERM")
    daemon.wait_told("READY=1")
    daemon.signal(number)
    assert program.hear() == "trapped"
    daemon.wait_told("STOPPING=1")
    daemon.wait_told("EXTEND_TIMEOUT_USEC=")
    assert daemon.do("status")["daemon"]["state"] == "stopping"
    assert daemon.ctl("start", name="it")["code"] == "shutting_down"
    program.do("exit 0")
    assert daemon.wait_end() == 0
    assert not daemon.socket.exists()


def test_a_second_sigterm_ends_at_once(daemon: Daemon) -> None:
    """A second SIGTERM kills what is left, and the daemon exits with 0."""
    daemon.start(EVERYTHING.replace("stop_timeout = 10", "stop_timeout = 600"))
    daemon.output.expect("^running", count=4)
    daemon.signal(signal.SIGTERM)
    daemon.output.expect("^ignored SIGTERM", count=2)
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_end() == 0


def test_shutdown_timeout_bounds_the_stop(daemon: Daemon) -> None:
    """shutdown_timeout ends what has not stopped by then, whatever its stop_timeout."""
    daemon.start(
        EVERYTHING.replace("[supervisor]\n", "[supervisor]\nshutdown_timeout = 0.5\n").replace(
            "stop_timeout = 10", "stop_timeout = 600"
        )
    )
    daemon.output.expect("^running", count=4)
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_end() == 0
    daemon.log.expect("for an orderly stop have passed")


def test_shutdown_by_command(daemon: Daemon) -> None:
    """shutdown is answered, and the connection closes when the daemon is gone."""
    daemon.start(EVERYTHING.replace("stop_timeout = 10", "stop_timeout = 0.2"))
    with daemon.connect() as client:
        assert client.ask({"cmd": "shutdown"}) == {"ok": True, "message": "shutting down"}
        with pytest.raises(EOFError):
            client.receive()
        assert not daemon.socket.exists()
    assert daemon.wait_end() == 0


def test_a_stop_while_programs_start(daemon: Daemon, orders: Orders) -> None:
    """SIGTERM while a program is not ready yet stops that too."""
    daemon.configure(f"{QUICK}[companions.it]\n{command('obeys')}notify = true\nready_timeout = 600\n")
    daemon.launch()
    program = orders.next("it")
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_end() == 0
    assert not is_alive(program.pid)


def test_a_stop_in_backoff(daemon: Daemon) -> None:
    """SIGTERM does not wait for what is in BACKOFF."""
    daemon.start(f'{QUICK}[companions.it]\ncommand = "false"\nrestart_delay = 600\n')
    daemon.signal(signal.SIGTERM)
    assert daemon.wait_end() == 0


def test_ctrl_c_on_the_terminal_is_the_daemons_to_answer(daemon: Daemon) -> None:
    """A SIGINT to the daemon's process group ends no program behind its back."""
    daemon.prefix = ["setsid"]
    daemon.start(f'{SUPERVISOR}{QUICK}[companions.a]\ntarget = "ignores_term:main"\nstop_timeout = 0.2\n')
    daemon.output.expect("^running")
    os.killpg(daemon.pid, signal.SIGINT)
    daemon.output.expect("^ignored SIGTERM")
    assert daemon.wait_end() == 0
    daemon.log.expect("killed by SIGKILL .asked to end: shutdown, killed when stop_timeout had passed")


def test_a_bad_file_is_refused_at_the_start(daemon: Daemon) -> None:
    """The daemon does not start on a bad file, says all that is wrong, and exits with 78 (EX_CONFIG)."""
    daemon.configure("[companions.a]\ncomand = 'x'\n[companions.b]\ncommand = 'sleep 1'\nnice = 'very'\n")
    daemon.launch()
    assert daemon.wait_end() == 78
    daemon.log.expect(r"app\.toml: companions\.a\.comand: .*command")
    daemon.log.expect(r"app\.toml: companions\.b\.nice: ")


def test_a_missing_file_is_refused_at_the_start(daemon: Daemon) -> None:
    """Without the file the daemon says so in one line, and exits with 78."""
    daemon.launch()
    assert daemon.wait_end() == 78
    assert len(daemon.log.text().splitlines()) == 1


def test_check_says_all_that_is_wrong(daemon: Daemon) -> None:
    """--check and supctl check name every problem, targets that do not import included, and start nothing."""
    daemon.configure(
        f'{SUPERVISOR}[companions.a]\ntarget = "does_not_import:main"\n'
        '[companions.b]\ntarget = "runs:nothing"\n[companions.c]\ntarget = "runs:main"\n'
    )
    for words in (
        [BIN / "supervisord-lite", "-c", daemon.file, "--check"],
        [BIN / "supctl", "check", daemon.file],
    ):
        done = subprocess.run(words, capture_output=True, text=True, env=daemon.environ(), check=False)
        assert done.returncode == 1
        told = done.stdout + done.stderr
        assert "companions.a.target" in told
        assert "companions.b.target" in told
        assert "companions.c" not in told
    daemon.configure(f'{SUPERVISOR}[companions.c]\ntarget = "runs:main"\n')
    good = [BIN / "supervisord-lite", "-c", daemon.file, "--check"]
    assert subprocess.run(good, env=daemon.environ(), capture_output=True, check=False).returncode == 0


def test_watchdog_of_the_daemon(daemon: Daemon) -> None:
    """With WATCHDOG_USEC the daemon tells its service manager WATCHDOG=1."""
    daemon.env["WATCHDOG_USEC"] = "200000"
    daemon.start(f'{QUICK}[companions.it]\ncommand = "sleep 1000"\n')
    daemon.told.clear()
    daemon.wait_told("WATCHDOG=1")


def test_status_line_for_systemd(daemon: Daemon) -> None:
    """STATUS= is one sentence that says how many programs run and names one in trouble."""
    daemon.start(
        f'{QUICK}[companions.bad]\ncommand = "false"\nrestart_delay = 60\n'
        '[companions.good]\ncommand = "sleep 1000"\n'
    )
    daemon.wait_told("STATUS=1 of 2 programs running, 1 backoff; bad BACKOFF: exited with status 1")
