"""Restart policies: after which ends a program is started again, when, and when it is given up."""

import pytest

from tests.integration.daemon import QUICK, Daemon, command
from tests.integration.orders import Orders

OBEYS = f"{QUICK}[companions.it]\n{command('obeys')}"


@pytest.mark.parametrize(
    ("policy", "code", "state"),
    [
        pytest.param("", 0, "BACKOFF", id="always_after_success"),
        pytest.param("", 1, "BACKOFF", id="always_after_failure"),
        pytest.param('restart = "on-failure"', 0, "EXITED", id="on_failure_after_success"),
        pytest.param('restart = "on-failure"', 1, "BACKOFF", id="on_failure_after_failure"),
        pytest.param(
            'restart = "on-failure"\nsuccess_exit_codes = [0, 3]', 3, "EXITED", id="another_code_of_success"
        ),
        pytest.param('restart = "never"', 0, "EXITED", id="never_after_success"),
        pytest.param('restart = "never"', 1, "EXITED", id="never_after_failure"),
        pytest.param("permanent_exit_codes = [78]", 78, "EXITED", id="a_code_that_is_permanent"),
        pytest.param("permanent_exit_codes = [78]", 1, "BACKOFF", id="a_code_that_is_not"),
    ],
)
def test_what_follows_an_exit(daemon: Daemon, orders: Orders, policy: str, code: int, state: str) -> None:
    """The exit code and the policy decide whether a program is started again."""
    daemon.configure(f"{OBEYS}restart_delay = 60\n{policy}\n")
    daemon.launch()
    program = orders.next("it")
    daemon.wait("it", "running")
    with daemon.events() as events:
        program.do(f"exit {code}")
        assert f"exited with status {code}" in events.until("it", state)["description"]
    assert daemon.program("it")["last_exit_code"] == code
    daemon.do("start", name="it")
    orders.next("it")


def test_a_signal_is_a_failure(daemon: Daemon, orders: Orders) -> None:
    """A program that a signal ended is started again under restart = "on-failure"."""
    daemon.configure(OBEYS + 'restart = "on-failure"\n')
    daemon.launch()
    orders.next("it")
    daemon.wait("it", "running")
    daemon.do("signal", name="it", signal=9)
    orders.next("it")


def test_giving_up_and_starting_again(daemon: Daemon) -> None:
    """After max_restarts within restart_window a program is FATAL; a start clears the count."""
    daemon.configure(f'{QUICK}[companions.it]\ncommand = "false"\nmax_restarts = 2\n')
    daemon.launch()
    daemon.wait_told("READY=1")
    daemon.wait("it", "fatal")
    program = daemon.program("it")
    assert program["exit_count"] == 3
    assert "given up after 2 restarts" in program["description"]
    reply = daemon.ctl("start", name="it")
    assert not reply["ok"] or reply["results"][0]["state"] == "RUNNING"
    daemon.wait("it", "fatal")
    assert daemon.program("it")["exit_count"] == 6
    daemon.do("stop", name="it")
    assert daemon.states() == {"it": "STOPPED"}


def test_backoff_grows(daemon: Daemon) -> None:
    """With restart_delay_max the wait grows with each failure in a row, as next_retry_at shows."""
    daemon.configure(
        f'{QUICK}[companions.it]\ncommand = "false"\nrestart_delay = 0.02\nrestart_delay_max = 60\n'
    )
    daemon.launch()
    daemon.wait_told("READY=1")
    waits = []
    with daemon.events(past=30) as events:
        while not waits or waits[-1] < 0.5:
            ended = events.until("it", "BACKOFF")["time"]
            waits.append(events.until("it", "STARTING")["time"] - ended)
        event = events.until("it", "BACKOFF")
        program = daemon.program("it")
    assert all(0.45 * 0.02 * 2**n <= waits[n] <= 0.02 * 2**n + 0.2 for n in range(len(waits)))
    assert program["state"] == "BACKOFF"
    assert 0.5 < program["next_retry_at"] - event["time"] < 4


def test_a_plain_delay_stays(daemon: Daemon) -> None:
    """Without restart_delay_max every wait is restart_delay long."""
    daemon.configure(f'{QUICK}[companions.it]\ncommand = "false"\nrestart_delay = 0.1\n')
    daemon.launch()
    with_events = []
    daemon.wait_told("READY=1")
    with daemon.events(past=30) as events:
        for _ in range(5):
            ended = events.until("it", "BACKOFF")["time"]
            with_events.append(events.until("it", "STARTING")["time"] - ended)
    assert all(0.09 <= wait < 0.5 for wait in with_events)


def test_start_in_backoff_does_not_wait(daemon: Daemon, orders: Orders) -> None:
    """A start by hand does not wait for the restart_delay."""
    daemon.configure(OBEYS + 'restart_delay = "1h"\n')
    daemon.launch()
    orders.next("it").do("exit 1")
    daemon.wait("it", "backoff")
    assert "restart in 1h" in daemon.program("it")["description"]
    daemon.do("start", name="it")
    orders.next("it")


def test_stop_in_backoff(daemon: Daemon, orders: Orders) -> None:
    """A program in BACKOFF can be stopped, and then is not started again."""
    daemon.configure(OBEYS + "restart_delay = 0.3\n")
    daemon.launch()
    orders.next("it").do("exit 1")
    daemon.wait("it", "backoff")
    daemon.do("stop", name="it")
    assert daemon.ctl("wait", name="it", for_="running", timeout=0.6)["code"] == "timeout"
    assert orders.nobody_came()


def test_a_commanded_stop_is_no_failure(daemon: Daemon, orders: Orders) -> None:
    """Stops and restarts by hand do not use up max_restarts."""
    daemon.configure(OBEYS + "max_restarts = 1\n")
    daemon.launch()
    for _ in range(4):
        orders.next("it")
        daemon.do("restart", name="it")
    orders.next("it").do("exit 1")
    orders.next("it")
    daemon.wait("it", "running")


def test_an_exit_is_explained(daemon: Daemon, orders: Orders) -> None:
    """An exit tells its code, CPU time, memory and uptime: in the log, in status, in supctl status NAME."""
    daemon.configure(OBEYS + "restart_delay = 60\n")
    daemon.launch()
    orders.next("it").do("exit 7")
    daemon.wait("it", "backoff")
    last = daemon.program("it")["last_exit"]
    assert (last["code"], last["signal"], last["cause"], last["core"]) == (7, None, None, False)
    assert last["peak_memory"] > 2**20
    assert last["user_cpu"] + last["system_cpu"] > 0
    assert last["uptime"] > 0
    sentence = daemon.log.expect(r"it: BACKOFF, exited with status 7 after .*; cpu .*, peak memory .*M$")
    assert "restart in 1min" in sentence.string
    shown = daemon.supctl("status", "it").stdout
    assert "last exit: exited with status 7 after" in shown
    assert "next start:" in shown
