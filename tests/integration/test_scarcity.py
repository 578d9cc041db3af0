"""Too many programs, too few descriptors: what the user asks for is still answered."""

import time

from tests.integration.daemon import PYTHON, QUICK, SUPERVISOR, Daemon
from tests.integration.process import DEADLINE


def test_200_programs_in_a_crash_loop(daemon: Daemon) -> None:
    """While 200 programs crash and are restarted ten times a second, status and commands are answered."""
    daemon.start(
        "[companion_defaults]\nrestart_delay = 0.1\nstartsecs = 0\n"
        '[companions.crash]\ncommand = "false"\ninstances = 200\n[companions.good]\ncommand = "sleep 1000"\n'
    )
    good = daemon.pids()["good"]
    end = time.monotonic() + 30
    while time.monotonic() < end:
        shown = daemon.supctl("status")
        assert shown.returncode == 0
        assert len(shown.stdout.splitlines()) == 201
    for _ in range(5):  # launches that end before they are set up must not keep others waiting
        daemon.do("restart", name="good", timeout=DEADLINE)
    assert daemon.program("good")["pid"] != good
    counts = [program["exit_count"] for name, program in daemon.programs().items() if name != "good"]
    assert min(counts) >= 5, "every program gets its turn"
    daemon.do("stop", name="crash", timeout=DEADLINE)
    assert daemon.do("status")["daemon"]["state"] == "running"


def test_few_descriptors(daemon: Daemon) -> None:
    """With RLIMIT_NOFILE 64 programs of every kind run, clients are served, and nothing is lost."""
    daemon.prefix = ["prlimit", "--nofile=64:64"]
    daemon.start(
        f"{SUPERVISOR}{QUICK}[companions.a]\ninstances = 40\ncommand = 'sleep 1000'\n"
        '[companions.b]\ninstances = 20\ntarget = "runs:main"\n'
        "[companions.c]\nstdout = 'out'\ncommand = 'sleep 1000'\n"
    )
    daemon.wait("all", "running")
    clients = [daemon.connect() for _ in range(40)]
    assert daemon.supctl("status").returncode == 0
    daemon.do("restart", name="all")
    assert set(daemon.states().values()) == {"RUNNING"}
    for client in clients:
        client.sock.close()
    assert "Traceback" not in daemon.log.text()
    assert all(p["exit_count"] == 1 for p in daemon.programs().values())


def test_programs_get_the_descriptor_limit_that_the_daemon_was_given(daemon: Daemon) -> None:
    """Whatever the daemon does to its own limit, programs get the soft limit it was started with."""
    daemon.prefix = ["prlimit", "--nofile=200:300"]
    code = "import resource; print('limit', resource.getrlimit(resource.RLIMIT_NOFILE))"
    daemon.start(f"{QUICK}[companions.it]\nrestart = 'never'\ncommand = ['{PYTHON}', '-c', \"{code}\"]\n")
    daemon.output.expect(r"^limit \(200, 300\)$")


def test_more_notifying_programs_than_descriptors(daemon: Daemon) -> None:
    """A program for which there are no descriptors left fails with a reason, and the others run."""
    daemon.prefix = ["prlimit", "--nofile=64:64"]
    say = (
        "import os, socket, time; s = socket.socket(1, 2); s.sendto(b'READY=1', os.environ['NOTIFY_SOCKET'])"
    )
    daemon.configure(
        f"{QUICK}[companions.it]\ninstances = 70\nnotify = true\nrestart_delay = 60\n"
        f"command = ['{PYTHON}', '-c', \"{say}; time.sleep(1000)\"]\n"
    )
    daemon.launch()
    daemon.wait_told("READY=1")
    programs = daemon.programs().values()
    running = [program for program in programs if program["state"] == "RUNNING"]
    failed = [program for program in programs if program["state"] == "BACKOFF"]
    assert len(running) > 10
    assert len(running) + len(failed) == 70
    assert all("Too many open files" in program["description"] for program in failed)
    assert daemon.supctl("status").returncode == 0
