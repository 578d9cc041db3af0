"""What reaches the journal, and what a journal in trouble does to supervision: nothing."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

Service = Any

SPEAKER = """
[companions.{name}]
command = ["sh", "-c", "echo '<3>{name} failed'; echo '{name} informs'; sleep 1001"]
"""
SLEEPER = '[companions.one]\ncommand = ["sleep", "1001"]\nstartsecs = 0\n'


@pytest.fixture
def journald() -> Iterator[int]:
    """The pid of journald, which is well again afterwards."""
    journald = ("systemctl", "show", "-P", "MainPID", "systemd-journald")
    yield int(subprocess.run(journald, capture_output=True, text=True, check=True).stdout)
    subprocess.run(["systemctl", "kill", "-s", "CONT", "systemd-journald"], check=True)
    subprocess.run(["systemctl", "restart", "systemd-journald"], check=True)


def test_a_companion_has_its_own_lines_and_levels(service: Service) -> None:
    """journalctl -t NAME -p err shows the errors of one companion, told by its own <n> prefixes."""
    service.configure(SPEAKER.format(name="alice") + SPEAKER.format(name="bob"))
    service.start()
    assert service.journal("-t", "alice", "-p", "err") == "alice failed\n"
    assert service.journal("-t", "bob").splitlines() == ["bob failed", "bob informs"]


def test_the_last_line_of_a_program_that_dies_at_once(service: Service) -> None:
    """The last words of programs that end at once are stored under the unit and the program's name."""
    service.configure(
        '[companions.brief]\ninstances = 30\nrestart = "never"\n'
        'command = ["echo", "last words %(instance)s"]\n'
    )
    service.start()
    names = [f"brief:{number}" for number in range(1, 31)]
    assert service.supctl("wait", "brief", "--for", "exited", "--timeout", "20s").returncode == 0
    options = [option for name in names for option in ("-t", name)]
    lines = service.journal("-t", "brief", *options).splitlines()
    assert sorted(lines) == sorted(f"last words {number}" for number in range(1, 31))


def test_a_noisy_program_costs_a_quiet_one_nothing(service: Service) -> None:
    """While one program floods the journal, each line of another is stored."""
    service.configure(
        '[companions.noisy]\ncommand = ["sh", "-c", "seq 1 100000; sleep 1001"]\n'
        '[companions.quiet]\nafter = "noisy"\ncommand = ["sh", "-c", "seq 1 100; sleep 1002"]\n'
    )
    service.start()
    assert service.journal("-t", "quiet").split() == [str(number) for number in range(1, 101)]


def test_an_exit_is_one_entry_with_its_cause(service: Service) -> None:
    """The end of a program is one entry of the daemon, which says the exit code and what comes next."""
    service.configure('[companions.dies]\ncommand = ["sh", "-c", "exit 7"]\nrestart_delay = "1h"\n')
    service.start()
    lines = service.journal("-t", "supervisord-lite").splitlines()
    entries = [line for line in lines if line.startswith("dies: ")]
    assert len(entries) == 1
    assert re.match(
        r"dies: BACKOFF, exited with status 7 after .*, restart in 1h; cpu .*, peak memory", entries[0]
    )


def test_supctl_logs_reads_the_journal(service: Service) -> None:
    """supctl logs shows what a program has written to the journal."""
    service.configure(SPEAKER.format(name="carol"))
    service.start()
    service.journal()
    assert "carol informs" in service.supctl("logs", "carol").stdout


def test_a_frozen_journald_stops_no_supervision(service: Service, journald: int) -> None:
    """With journald stopped by SIGSTOP programs are still restarted, started and stopped."""
    service.configure(SLEEPER)
    service.start()
    os.kill(journald, signal.SIGSTOP)
    for _ in range(100):  # more than a stream of the journal holds
        assert service.supctl("restart", "one").returncode == 0
    assert service.supctl("status", "one").returncode == 0


def test_a_stopped_journald_stops_no_supervision(service: Service, journald: int) -> None:
    """With journald gone programs are still restarted, and the daemon's words arrive when it is back."""
    service.configure(SLEEPER)
    service.start()
    os.kill(journald, signal.SIGKILL)
    for _ in range(20):
        assert service.supctl("restart", "one").returncode == 0
    subprocess.run(["systemctl", "restart", "systemd-journald"], check=True)
    assert service.supctl("restart", "one").returncode == 0
    assert "one" in service.journal("-t", "supervisord-lite")
