"""The control examples of the companion manager's manual, through socat exactly as written there."""

import json
import subprocess
from typing import Any

import pytest

from tests.integration.daemon import QUICK, SUPERVISOR, Daemon

COMPANIONS = (
    SUPERVISOR
    + QUICK
    + '[companions.scheduler]\ntarget = "runs:main"\n'
    + '[companions.rq-default]\ntarget = "runs:main"\nenv = { QUEUE = "default" }\n'
)


def socat(daemon: Daemon, request: str) -> dict[str, Any]:
    """The reply to what a shell's echo pipes through socat."""
    line = f"echo '{request}' | socat -t 30 - UNIX-CONNECT:{daemon.socket}"
    reply: dict[str, Any] = json.loads(subprocess.check_output(["sh", "-c", line], text=True, timeout=40))
    return reply


@pytest.fixture
def running(daemon: Daemon) -> Daemon:
    """A daemon that runs the companions of the manual's quick start."""
    return daemon.start(COMPANIONS)


def test_status_shows_every_companion(running: Daemon) -> None:
    """{"cmd": "status"} answers name, state, pid and description of each companion, and the daemon."""
    reply = socat(running, '{"cmd": "status"}')
    assert reply["ok"] is True
    assert [(p["name"], p["state"]) for p in reply["companions"]] == [
        ("scheduler", "RUNNING"),
        ("rq-default", "RUNNING"),
    ]
    assert all(f"pid {p['pid']}, uptime " in p["description"] for p in reply["companions"])
    assert reply["daemon"]["pid"] == running.pid


def test_stop_and_start_act_on_one(running: Daemon) -> None:
    """stop and start with a name answer when that companion is down or up, and touch no other."""
    before = running.pids()
    stopped = socat(running, '{"cmd": "stop", "name": "rq-default"}')
    assert (stopped["ok"], stopped["message"]) == (True, "stopped")
    assert running.states() == {"scheduler": "RUNNING", "rq-default": "STOPPED"}
    started = socat(running, '{"cmd": "start", "name": "rq-default"}')
    assert (started["ok"], started["message"]) == (True, "started")
    after = running.pids()
    assert after["scheduler"] == before["scheduler"]
    assert after["rq-default"] not in (None, before["rq-default"])


def test_restart_gives_a_new_process(running: Daemon) -> None:
    """restart answers when the companion runs in a new process."""
    before = running.pids()
    assert socat(running, '{"cmd": "restart", "name": "scheduler"}')["ok"] is True
    assert running.pids()["scheduler"] != before["scheduler"]
    assert running.pids()["rq-default"] == before["rq-default"]


def test_start_of_what_runs_is_success(running: Daemon) -> None:
    """start of a running companion is ok, says "already running", and does nothing."""
    before = running.pids()
    reply = socat(running, '{"cmd": "start", "name": "scheduler"}')
    assert (reply["ok"], reply["message"]) == (True, "already running")
    assert running.pids() == before


def test_stop_of_what_is_stopped_is_success(running: Daemon) -> None:
    """stop of a stopped companion is ok and says "already stopped"."""
    running.do("stop", name="scheduler")
    reply = socat(running, '{"cmd": "stop", "name": "scheduler"}')
    assert (reply["ok"], reply["message"]) == (True, "already stopped")


def test_unknown_name_is_refused_in_a_sentence(running: Daemon) -> None:
    """A name that nothing has is refused, and the nearest one is suggested."""
    reply = socat(running, '{"cmd": "stop", "name": "schedular"}')
    assert reply["ok"] is False
    assert reply["code"] == "unknown_program"
    assert "schedular" in reply["error"]
    assert '"scheduler"' in reply["error"]


def test_reread_applies_only_what_changed(running: Daemon) -> None:
    """reread starts what is new, stops what is gone, restarts what changed, and leaves the rest alone."""
    before = running.pids()
    running.configure(
        COMPANIONS.replace('"default"', '"high"') + '[companions.mailer]\ntarget = "runs:main"\n'
    )
    reply = socat(running, '{"cmd": "reread"}')
    assert reply["ok"] is True
    assert (reply["added"], reply["removed"]) == (["mailer"], [])
    assert (reply["restarted"], reply["updated"]) == (["rq-default"], [])
    assert reply["unchanged"] == ["scheduler"]
    running.wait(["mailer", "rq-default"], "running")
    after = running.pids()
    assert after["scheduler"] == before["scheduler"]
    assert after["rq-default"] != before["rq-default"]


def test_reread_of_an_invalid_file_changes_nothing(running: Daemon) -> None:
    """reread of a broken file answers ok false, error and kept_old_config, and all keep running."""
    before = running.pids()
    running.configure(COMPANIONS + "[companions.broken]\ntargt = 1\n")
    reply = socat(running, '{"cmd": "reread"}')
    assert reply["ok"] is False
    assert reply["kept_old_config"] is True
    assert "targt" in reply["error"]
    assert running.pids() == before


def test_a_crashed_companion_is_restarted_and_a_stopped_one_is_not(running: Daemon) -> None:
    """What exits on its own goes through BACKOFF to a new process; what was stopped by hand stays STOPPED."""
    running.do("stop", name="rq-default")
    with running.events() as events:
        running.do("signal", name="scheduler", signal="KILL")
        assert "SIGKILL" in events.until("scheduler", "BACKOFF")["description"]
        events.until("scheduler", "RUNNING")
    assert running.states()["rq-default"] == "STOPPED"


def test_the_older_variable_names_the_socket(running: Daemon) -> None:
    """supctl takes the socket from GUNICORN_COMPANION_SOCKET, and from -s before it."""
    env = {"SUPCTL_SOCKET": "", "GUNICORN_COMPANION_SOCKET": str(running.socket)}
    assert "scheduler" in running.supctl("status", env=env).stdout
    wrong = {"SUPCTL_SOCKET": "", "GUNICORN_COMPANION_SOCKET": "/nowhere"}
    assert "scheduler" in running.supctl("-s", str(running.socket), "status", env=wrong).stdout
