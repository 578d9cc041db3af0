"""Every command but status and logs: what it asks, what it prints, how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest

Daemon = Any  # the fakes and fixtures of conftest.py
Make = Any
Run = Any

STARTED = {"ok": True, "message": "started", "results": [{"name": "web:1", "ok": True, "message": "started"}]}


@pytest.mark.parametrize("verb", ["start", "stop", "restart"])
def test_a_verb_waits_for_its_verdict(daemon: Daemon, supctl: Run, verb: str) -> None:
    """start, stop and restart ask for a verdict and print one line for each program."""
    daemon.answer(verb, STARTED)
    outcome = supctl(verb, "web:1")
    assert (outcome.status, outcome.out, outcome.err) == (0, "web:1: started\n", "")
    assert daemon.asked(verb) == {"cmd": verb, "name": "web:1", "wait": True, "timeout": None, "id": 1}


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("30s", 30.0), ("1min 30s", 90.0), ("2.5", 2.5), ("500ms", 0.5), ("infinity", None)],
)
def test_timeouts_are_written_as_for_systemd(
    daemon: Daemon, supctl: Run, written: str, seconds: float | None
) -> None:
    """--timeout takes systemd.time(7) durations and sends seconds."""
    daemon.answer("stop", STARTED)
    assert supctl("stop", "all", "--no-wait", "--timeout", written).status == 0
    assert daemon.asked("stop") == {"cmd": "stop", "name": "all", "wait": False, "timeout": seconds, "id": 1}


def test_a_failed_start_is_status_1_with_each_result(daemon: Daemon, supctl: Run) -> None:
    """The sentence first, then the verdict on each program, on stderr."""
    results = [
        {"name": "a", "ok": True, "state": "RUNNING", "message": "started"},
        {"name": "b", "ok": False, "state": "FATAL", "message": "exited with status 1"},
    ]
    daemon.answer("start", {"ok": False, "error": "1 of 2 failed", "code": "failed", "results": results})
    outcome = supctl("start", "a", "b")
    assert outcome.status == 1
    assert outcome.err == "supctl: 1 of 2 failed\n  a: started\n  b: exited with status 1\n"
    assert supctl("start", "a", "b", "--json").json["results"] == results


def test_a_verdict_that_is_late_is_status_5(daemon: Daemon, supctl: Run) -> None:
    """The daemon's code "timeout" has its own exit status."""
    daemon.answer("stop", {"ok": False, "error": "web still runs after 1s", "code": "timeout"})
    assert supctl("stop", "web", "--timeout", "1s").status == 5


def test_nobody_there_is_status_4(folder: Path, supctl: Run) -> None:
    """One sentence, and one document with --json."""
    outcome = supctl("-s", str(folder / "control.sock"), "start", "all", "--json")
    assert outcome.status == 4
    assert outcome.json["code"] == "unreachable"
    assert outcome.err.startswith(
        f"supctl: cannot reach the daemon at {folder}/control.sock: no such socket;"
    )


@pytest.mark.parametrize(
    "args",
    [
        ["start"],
        ["frobnicate"],
        ["status", "--nope"],
        ["stop", "web", "--timeout", "3 fortnights"],
        ["scale", "web", "many"],
        ["scale", "web"],
        ["signal", "SIGNOPE", "web"],
        ["wait", "web", "--for", "happiness"],
        [],
    ],
)
def test_wrong_usage_is_status_2(supctl: Run, args: list[str]) -> None:
    """Nothing is asked of the daemon, nothing is on stdout, and stderr says what was wrong."""
    outcome = supctl(*args)
    assert (outcome.status, outcome.out) == (2, "")
    assert "supctl" in outcome.err


def test_a_mistyped_command_names_the_nearest(supctl: Run) -> None:
    """A slip of the finger is answered with the command that was meant."""
    assert "did you mean 'restart'?" in supctl("restrat", "web").err


@pytest.mark.parametrize(
    ("args", "count"),
    [
        (["-1"], "-1"),
        (["+1"], "+1"),
        (["4"], 4),
        (["--json", "-12"], "-12"),
        (["-1", "--timeout", "3"], "-1"),
    ],
)
def test_scale_takes_a_bare_minus_one(daemon: Daemon, supctl: Run, args: list[str], count: Any) -> None:
    """A negative number is an argument without `--`, options around it or not."""
    daemon.answer("scale", {"ok": True, "name": "w", "instances": 1, "added": [], "removed": ["w:2"]})
    outcome = supctl("scale", "w", *args)
    assert outcome.status == 0
    assert daemon.asked("scale")["count"] == count
    assert "--json" in args or outcome.out == "w:2: removed\nw: 1 instance\n"


def test_reread_lists_what_it_did(daemon: Daemon, supctl: Run) -> None:
    """Each program that was touched has a line; update is the same command."""
    reply = {
        "ok": True,
        "added": ["a"],
        "removed": ["b"],
        "restarted": [],
        "updated": ["c"],
        "unchanged": ["d"],
    }
    daemon.answer("reread", {**reply, "warnings": ["zygote: a thread was left behind"]})
    expected = "a: added\nb: removed\nc: updated\nwarning: zygote: a thread was left behind\n"
    assert supctl("reread").out == expected
    assert supctl("update").out == expected


def test_reread_without_changes_says_so(daemon: Daemon, supctl: Run) -> None:
    """Nothing changed is a result too."""
    daemon.answer("reread", {"ok": True, "unchanged": ["a", "b"]})
    assert supctl("reread").out == "nothing changed (2 programs left alone)\n"


def test_a_refused_reread_lists_every_problem(daemon: Daemon, supctl: Run) -> None:
    """Status 1; file, key and message of each problem; with --json the daemon's reply."""
    reply = {
        "ok": False,
        "error": "the configuration has 2 problems; the old one is kept",
        "code": "config",
        "kept_old_config": True,
        "problems": [
            {
                "file": "/etc/x.toml",
                "key": "companions.web.targt",
                "message": "unknown key; did you mean target?",
            },
            {"file": "/etc/x.toml", "key": "", "message": "line 3: not TOML"},
        ],
    }
    for cmd, args in (
        ("reread", ["reread"]),
        ("reload", ["reload"]),
        ("plan", ["plan"]),
        ("check", ["check"]),
    ):
        daemon.answer(cmd, reply)
        outcome = supctl(*args)
        assert outcome.status == 1
        assert outcome.err.splitlines() == [
            "supctl: the configuration has 2 problems; the old one is kept",
            "  /etc/x.toml: companions.web.targt: unknown key; did you mean target?",
            "  /etc/x.toml: line 3: not TOML",
        ]
        assert supctl(*args, "--json").json == reply


def test_a_reload_that_is_not_waited_for_says_what_the_daemon_says(daemon: Daemon, supctl: Run) -> None:
    """With --no-wait there are no changes to list yet."""
    daemon.answer("reload", {"ok": True, "message": "rereading"})
    assert supctl("reload", "--no-wait").out == "rereading\n"


def test_a_slow_reread_is_given_up_on(daemon: Daemon, supctl: Run) -> None:
    """reread has no timeout of the daemon's: supctl stops waiting by itself."""
    daemon.answer("reread", None)
    assert supctl("reread", "--timeout", "20ms").status == 5


def test_reload_with_names_prints_verdicts(daemon: Daemon, supctl: Run) -> None:
    """reload NAME is about programs, reload alone about the configuration."""
    daemon.answer("reload", lambda request: STARTED if "name" in request else {"ok": True, "added": ["n"]})
    assert supctl("reload", "web:1").out == "web:1: started\n"
    assert supctl("reload").out == "n: added\n"


def test_plan_says_what_and_why(daemon: Daemon, supctl: Run) -> None:
    """Unchanged programs are left out unless asked for."""
    changes = [
        {"name": "web", "action": "restarted", "why": ["command changed", "env.A changed"]},
        {"name": "worker", "action": "unchanged", "why": []},
    ]
    daemon.answer("plan", {"ok": True, "changes": changes, "warnings": []})
    assert supctl("plan").out == "web: restarted (command changed; env.A changed)\n"
    assert supctl("plan", "--all").out.endswith("worker: unchanged\n")
    daemon.answer("plan", {"ok": True, "changes": changes[1:]})
    assert supctl("plan").out == "nothing would change\n"


@pytest.mark.parametrize("written", ["HUP", "SIGHUP", "1", "hup"])
def test_signals_are_written_as_people_do(daemon: Daemon, supctl: Run, written: str) -> None:
    """Name with or without SIG, or number."""
    daemon.answer("signal", {"ok": True, "results": [{"name": "web", "ok": True, "message": "sent SIGHUP"}]})
    assert supctl("signal", written, "web").out == "web: sent SIGHUP\n"
    assert daemon.asked("signal")["signal"] == 1


def test_pid_of_the_daemon_and_of_programs(
    daemon: Daemon, supctl: Run, program: Make, status_of: Make
) -> None:
    """Numbers alone, for scripts."""
    daemon.answer("version", {"ok": True, "pid": 77, "version": "0.1.0"})
    assert supctl("pid").out == "77\n"
    daemon.answer("status", status_of(program("a", pid=5), program("b", pid=6)))
    assert supctl("pid", "all").out == "5\n6\n"


def test_pid_of_what_has_none_fails(daemon: Daemon, supctl: Run, program: Make, status_of: Make) -> None:
    """The others' pids are printed, and the command fails; with --json it is one document still."""
    daemon.answer("status", status_of(program("a", pid=5), program("b", pid=None, state="STOPPED")))
    outcome = supctl("pid", "all")
    assert (outcome.status, outcome.out) == (1, "5\n")
    assert outcome.err == "supctl: no process: b (STOPPED); see supctl status\n"
    assert supctl("pid", "all", "--json").json["ok"] is False


def test_wait_asks_for_a_state(daemon: Daemon, supctl: Run) -> None:
    """running unless another state is named."""
    daemon.answer("wait", {"ok": True, "results": [{"name": "web", "ok": True, "message": "RUNNING"}]})
    assert supctl("wait", "web").out == "web: RUNNING\n"
    assert supctl("wait", "web", "--for", "READY", "--timeout", "1min").status == 0
    assert [(r["for"], r["timeout"]) for r in daemon.requests] == [("running", None), ("ready", 60.0)]


def test_events_are_a_line_each(daemon: Daemon, supctl: Run, hang_up: str) -> None:
    """For people, and as NDJSON; the end of the daemon is the end of the stream, status 4."""
    moved = {
        "event": "transition", "seq": 1, "time": 1_700_000_000.25, "name": "web:1", "from": "STARTING",
        "to": "RUNNING", "trigger": "ready", "pid": 5, "description": "pid 5, uptime 0:00:01",
    }  # fmt: skip
    daemon.answer("events", lambda _: [{"ok": True}, moved, {"event": "dropped", "count": 3}, hang_up])
    outcome = supctl("events", "web:1", "--past", "5")
    assert outcome.status == 4
    first, second = outcome.out.splitlines()
    assert first.partition(".")[2] == "250 web:1: STARTING -> RUNNING (ready; pid 5, uptime 0:00:01)"
    assert second == "(3 events left out: this reader is too slow)"
    assert daemon.asked("events")["past"] == 5
    assert [json.loads(line) for line in supctl("events", "--json").out.splitlines()[:2]] == [
        moved,
        {"event": "dropped", "count": 3},
    ]


def test_shutdown_waits_until_the_daemon_is_gone(daemon: Daemon, supctl: Run, hang_up: str) -> None:
    """The end of the connection is the verdict."""
    daemon.answer("shutdown", lambda _: [{"ok": True, "message": "shutting down"}, hang_up])
    assert supctl("shutdown").out == "stopped\n"


def test_shutdown_gives_up_waiting(daemon: Daemon, supctl: Run) -> None:
    """A daemon that takes longer than --timeout is status 5; with --no-wait nobody waits."""
    daemon.answer("shutdown", {"ok": True, "message": "shutting down"})
    outcome = supctl("shutdown", "--timeout", "20ms")
    assert outcome.status == 5
    assert "still runs after 0.02 s" in outcome.err
    assert supctl("shutdown", "--no-wait").out == "shutting down\n"


def test_version_tells_both(daemon: Daemon, supctl: Run) -> None:
    """The daemon's and supctl's own; --version needs no daemon."""
    daemon.answer("version", {"ok": True, "version": "9.9", "protocol": 1, "pid": 7, "python": "3.11.2"})
    first, second = supctl("version").out.splitlines()
    assert first == "daemon 9.9 (pid 7, Python 3.11.2)"
    assert supctl("--version").out == second + "\n"
    assert supctl("version", "--json").json["supctl"] == second.split()[1]


def test_a_good_configuration_is_good(daemon: Daemon, supctl: Run) -> None:
    """check without a file asks the daemon."""
    daemon.answer("check", {"ok": True})
    assert supctl("check").out == "no problems found\n"


def test_the_socket_is_found_in_this_order(
    daemon: Daemon, supctl: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """-s before SUPCTL_SOCKET before GUNICORN_COMPANION_SOCKET before the default places."""
    daemon.answer("check", {"ok": True})
    here, nowhere = str(daemon.path), str(folder / "nowhere.sock")
    for args, ours, gunicorns, expected in (
        (["-s", here, "check"], nowhere, nowhere, 0),
        (["check", "-s", here], nowhere, nowhere, 0),
        (["check", "-s", nowhere], here, here, 4),
        (["check"], here, nowhere, 0),
        (["check"], nowhere, here, 4),
        (["check"], "", here, 0),
    ):
        monkeypatch.setenv("SUPCTL_SOCKET", ours)
        monkeypatch.setenv("GUNICORN_COMPANION_SOCKET", gunicorns)
        assert supctl(*args).status == expected
    monkeypatch.setenv("SUPCTL_SOCKET", "")
    monkeypatch.setenv("GUNICORN_COMPANION_SOCKET", "")
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(folder))
    assert supctl("check").status == 0


def test_no_socket_anywhere_names_the_places(
    supctl: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sentence lists where was looked."""
    for variable in ("SUPCTL_SOCKET", "GUNICORN_COMPANION_SOCKET"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(folder / "nothing"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    outcome = supctl("status")
    if Path("/run/app-supervisor/control.sock").exists():
        pytest.skip("a daemon is installed on this machine")
    assert outcome.status == 4
    assert f"{folder}/nothing/control.sock or {folder}/app-supervisor/control.sock" in outcome.err
