"""notify = true: what a program says to its NOTIFY_SOCKET, in plain datagrams."""

import socket
from pathlib import Path

from tests.integration.daemon import QUICK, Daemon, command
from tests.integration.orders import Orders
from tests.integration.process import environment

NOTIFIES = f"{QUICK}[companions.it]\n{command('obeys')}notify = true\n"


def test_ready(daemon: Daemon, orders: Orders) -> None:
    """A program that notifies is STARTING until it says READY=1, and the daemon is not ready before."""
    daemon.configure(NOTIFIES)
    daemon.launch()
    program = orders.next("it")
    with daemon.events(past=9) as events:
        events.until("it", "STARTING")
        assert "waiting for READY=1" in daemon.program("it")["description"]
        assert "READY=1" not in daemon.told
        assert daemon.do("status")["daemon"]["state"] == "starting"
        program.do("notify READY=1")
        events.until("it", "RUNNING")
    daemon.wait_told("READY=1")


def test_ready_timeout(daemon: Daemon, orders: Orders) -> None:
    """A program that is not ready within ready_timeout is ended as a failure, and tried again."""
    daemon.configure(NOTIFIES + "ready_timeout = 0.3\n")
    daemon.launch()
    orders.next("it")
    daemon.wait_told("READY=1")
    with daemon.events(past=9) as events:
        assert "not ready within ready_timeout" in events.until("it", "BACKOFF")["description"]
    orders.next("it")


def test_status(daemon: Daemon, orders: Orders) -> None:
    """STATUS= of a program is its status_text, and part of supctl status NAME."""
    daemon.configure(NOTIFIES)
    daemon.launch()
    orders.next("it").do("notify STATUS=42 jobs, 3 waiting", "notify READY=1")
    daemon.wait_told("READY=1")
    assert daemon.program("it")["status_text"] == "42 jobs, 3 waiting"
    assert "says: 42 jobs, 3 waiting" in daemon.supctl("status", "it").stdout


def test_watchdog_missed(daemon: Daemon, orders: Orders) -> None:
    """A program that misses watchdog_sec is ended with SIGABRT as a failure, and started again."""
    daemon.configure(NOTIFIES + "watchdog_sec = 0.5\n")
    daemon.launch()
    program = orders.next("it").do("notify READY=1")
    assert environment(program.pid)["WATCHDOG_USEC"] == "500000"
    with daemon.events(past=9) as events:
        for _ in range(3):
            program.do("notify WATCHDOG=1")
        ended = events.until("it", "BACKOFF")
    assert "WATCHDOG=1 within watchdog_sec" in ended["description"]
    assert daemon.program("it")["last_exit_signal"] == 6
    orders.next("it")


def test_watchdog_trigger(daemon: Daemon, orders: Orders) -> None:
    """WATCHDOG=trigger ends a program at once as a missed watchdog does."""
    daemon.configure(NOTIFIES + "watchdog_sec = 60\n")
    daemon.launch()
    program = orders.next("it").do("notify READY=1")
    daemon.wait("it", "running")
    with daemon.events(past=9) as events:
        program.do("notify WATCHDOG=trigger")
        events.until("it", "BACKOFF")


def test_stopping(daemon: Daemon, orders: Orders) -> None:
    """A program that says STOPPING=1 is STOPPING without being asked, and restarted as configured."""
    daemon.configure(NOTIFIES)
    daemon.launch()
    program = orders.next("it").do("notify READY=1")
    daemon.wait("it", "running")
    with daemon.events(past=9) as events:
        program.do("notify STOPPING=1")
        events.until("it", "STOPPING")
        program.do("exit 0")
        assert "announced STOPPING=1 itself" in events.until("it", "BACKOFF")["description"]
    orders.next("it")


def test_more_time_to_start(daemon: Daemon, orders: Orders) -> None:
    """EXTEND_TIMEOUT_USEC gives a program more time to get ready than ready_timeout."""
    daemon.configure(NOTIFIES + "ready_timeout = 1\n")
    daemon.launch()
    program = orders.next("it").do("notify EXTEND_TIMEOUT_USEC=60000000")
    with daemon.events(past=9) as events:
        events.until("it", "STARTING")
        assert daemon.ctl("wait", name="it", for_="backoff", timeout=1.2)["code"] == "timeout"
        program.do("notify READY=1")
        events.until("it", "RUNNING")


def test_more_time_to_stop(daemon: Daemon, orders: Orders) -> None:
    """EXTEND_TIMEOUT_USEC gives a program more time to stop than stop_timeout."""
    daemon.configure(NOTIFIES + "stop_timeout = 0.5\n")
    daemon.launch()
    program = orders.next("it").do("trap SIGTERM", "notify READY=1")
    daemon.wait_told("READY=1")
    daemon.do("stop", name="it", wait=False)
    assert program.hear() == "trapped"
    program.do("notify EXTEND_TIMEOUT_USEC=60000000")
    assert daemon.ctl("wait", name="it", for_="stopped", timeout=1)["code"] == "timeout"
    program.do("exit 0")
    daemon.wait("it", "stopped")
    assert daemon.program("it")["last_exit_code"] == 0


def test_the_last_word_counts(daemon: Daemon, orders: Orders) -> None:
    """What a program says just before it ends is heard."""
    daemon.configure(NOTIFIES + 'restart = "never"\n')
    daemon.launch()
    program = orders.next("it").do("notify READY=1")
    daemon.wait("it", "running")
    program.do("notify STATUS=out of work", "exit 0")
    daemon.wait("it", "exited")
    assert daemon.program("it")["status_text"] == "out of work"


def test_each_process_has_a_socket_of_its_own(daemon: Daemon, orders: Orders) -> None:
    """A program's socket is not the daemon's own, goes with the program, and garbage on it does no harm."""
    daemon.configure(NOTIFIES)
    daemon.launch()
    program = orders.next("it").do("notify READY=1")
    daemon.wait_told("READY=1")
    path = environment(program.pid)["NOTIFY_SOCKET"]
    assert path != str(daemon.directory / "manager")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        stranger.connect(path)
        for datagram in (b"", b"\xff\xfe=\x00", b"READY", b"=" * 5000, b"EXTEND_TIMEOUT_USEC=x\nMAINPID=1"):
            stranger.send(datagram)
    assert daemon.states() == {"it": "RUNNING"}
    daemon.do("stop", name="it")
    assert not Path(path).exists()


def test_no_companion_sees_another_socket(daemon: Daemon, orders: Orders) -> None:
    """A program that does not notify gets no NOTIFY_SOCKET at all."""
    daemon.configure(f"{QUICK}[companions.it]\n{command('obeys')}")
    daemon.launch()
    assert "NOTIFY_SOCKET" not in environment(orders.next("it").pid)
    daemon.wait_told("READY=1")
