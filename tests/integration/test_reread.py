"""reread, plan and SIGHUP: from one configuration to the next, and only what changed is touched."""

import os
import signal

import pytest

from tests.integration.daemon import PROGRAMS, QUICK, SUPERVISOR, Daemon

SLEEPS = 'command = "sleep 1000"\n'
RUNS = 'target = "runs:main"\n'
BASE = f"{SUPERVISOR}{QUICK}[companions.a]\n{SLEEPS}[companions.b]\n{RUNS}"


@pytest.fixture
def running(daemon: Daemon) -> Daemon:
    """A daemon that runs a command and a target."""
    return daemon.start(BASE)


def changed(reply: dict[str, list[str]]) -> dict[str, list[str]]:
    """The lists of a reply that are not empty."""
    lists = ("added", "removed", "restarted", "updated", "unchanged", "warnings")
    return {key: reply[key] for key in lists if reply[key]}


def test_nothing_changed(running: Daemon) -> None:
    """Without a change nothing is touched."""
    before = running.pids()
    assert changed(running.do("reread")) == {"unchanged": ["a", "b"]}
    assert running.pids() == before


def test_a_changed_launch_restarts(running: Daemon) -> None:
    """A change of what is run restarts that program alone."""
    before = running.pids()
    running.configure(BASE.replace("sleep 1000", "sleep 1001"))
    assert changed(running.do("reread")) == {"restarted": ["a"], "unchanged": ["b"]}
    running.wait("a", "running")
    after = running.pids()
    assert after["a"] != before["a"]
    assert after["b"] == before["b"]
    assert running.program("a")["last_exit"]["cause"] == "reread"


def test_a_changed_policy_updates_in_place(running: Daemon) -> None:
    """A change of policy alone holds for the running process."""
    before = running.pids()
    running.configure(BASE.replace("stop_timeout = 10", "stop_timeout = 11"))
    assert changed(running.do("reread")) == {"updated": ["a", "b"]}
    assert running.pids() == before
    assert running.program("a")["stop_timeout"] == 11


def test_removed_programs_stop_and_are_forgotten(running: Daemon) -> None:
    """What is no longer in the file is stopped and gone from status."""
    running.configure(BASE.replace(f"[companions.a]\n{SLEEPS}", ""))
    with running.events() as events:
        assert changed(running.do("reread"))["removed"] == ["a"]
        events.until("a", "STOPPED")
    assert list(running.programs()) == ["b"]


def test_a_wait_ends_with_its_program(running: Daemon) -> None:
    """Whoever waits for a program that is removed meanwhile is told so."""
    with running.connect() as client:
        client.send({"cmd": "wait", "name": ["a", "b"], "for": "exited"})
        running.configure(
            BASE.replace(f"[companions.a]\n{SLEEPS}", "").replace(f"[companions.b]\n{RUNS}", "")
        )
        running.do("reread")
        assert client.receive()["ok"] is False


def test_a_removed_program_can_come_back(running: Daemon) -> None:
    """What was removed and is added again runs again, also while the old process is still ending."""
    ignores = f'[companions.c]\nstop_timeout = 0.5\ncommand = ["python3", "{PROGRAMS}/ignores_term.py"]\n'
    running.configure(BASE + ignores)
    running.do("reread")
    running.output.expect("^running c")
    running.configure(BASE)
    running.do("reread")
    running.configure(BASE + ignores)
    assert changed(running.do("reread"))["added"] == ["c"]
    running.wait("c", "running")
    running.output.expect("^running c", count=2)


@pytest.mark.parametrize(
    "broken",
    ["[companions.x]\n", "not toml at all", '[companions.x]\ntarget = "does_not_import:main"\n'],
    ids=["neither_target_nor_command", "no_toml", "a_target_that_does_not_import"],
)
def test_a_broken_file_changes_nothing(running: Daemon, broken: str) -> None:
    """A file that is wrong anywhere is refused as a whole, with all that is wrong."""
    before = running.pids()
    running.configure(BASE.replace("sleep 1000", "sleep 1001") + broken)
    for command in ("plan", "reread"):
        reply = running.ctl(command)
        assert (reply["ok"], reply["code"]) == (False, "config")
        assert reply["problems"][0]["file"] == str(running.file)
    assert reply["kept_old_config"] is True
    assert running.pids() == before
    assert running.do("status", name="a")["companions"][0]["command"] == ["sleep", "1000"]


def test_a_target_that_does_not_import_says_why(running: Daemon) -> None:
    """The refusal names the companion's key and the import that failed."""
    running.configure(BASE + '[companions.x]\ntarget = "does_not_import:main"\n')
    problem = running.ctl("reread")["problems"][0]
    assert problem["key"] == "companions.x.target"
    assert "a_module_that_nobody_has" in problem["message"]


def test_a_file_that_is_gone_changes_nothing(running: Daemon) -> None:
    """Without the file reread is refused, and everything keeps running."""
    before = running.pids()
    running.file.unlink()
    assert running.ctl("reread")["kept_old_config"] is True
    assert running.pids() == before


def test_stopped_by_hand_stays_stopped(running: Daemon) -> None:
    """A program that was stopped by hand stays so through reread, and starts with its new definition."""
    running.do("stop", name="a")
    running.configure(BASE.replace("sleep 1000", "sleep 1001"))
    assert changed(running.do("reread")) == {"updated": ["a"], "unchanged": ["b"]}
    assert running.states()["a"] == "STOPPED"
    running.do("start", name="a")
    assert running.program("a")["command"] == ["sleep", "1001"]


def test_plan_says_the_same_and_does_nothing(running: Daemon) -> None:
    """plan names each change with its reason, and leaves everything as it is."""
    before = running.pids()
    text = BASE.replace("sleep 1000", "sleep 1001").replace(RUNS, f'{RUNS}env = {{ QUEUE = "high" }}\n')
    running.configure(text + f"[companions.c]\n{SLEEPS}")
    changes = {change["name"]: change for change in running.do("plan")["changes"]}
    assert {name: changes[name]["action"] for name in "abc"} == {
        "a": "restarted",
        "b": "restarted",
        "c": "added",
    }
    assert changes["a"]["why"] == ["command"]
    assert changes["b"]["why"] == ["env.QUEUE"]
    assert running.pids() == before
    assert changed(running.do("reread")) == {"added": ["c"], "restarted": ["a", "b"]}


def test_sighup_is_a_reread(running: Daemon) -> None:
    """SIGHUP rereads, tells systemd so, and logs what came of it."""
    running.configure(BASE + f"[companions.c]\n{SLEEPS}")
    running.signal(signal.SIGHUP)
    running.log.expect("reread, added c")
    running.wait_told("RELOADING=1")
    running.wait("c", "running")
    running.configure("[")
    running.signal(signal.SIGHUP)
    running.log.expect(r"reread refused, the old configuration stays: .*app\.toml")


def test_a_new_preload_replaces_the_zygote_alone(running: Daemon) -> None:
    """With another preload the zygote is replaced, and no running companion is; the next one has it."""
    before, zygote = running.pids(), running.do("status", name="zygote")["companions"][0]
    running.configure(BASE.replace("[supervisor]\n", '[supervisor]\npreload = ["holds_memory"]\n'))
    with running.events(past=0) as events:
        assert "zygote" in running.do("reread")["restarted"]
        events.until("zygote", "RUNNING")
    assert running.pids() == before
    fresh = running.do("status", name="zygote")["companions"][0]
    assert fresh["pid"] != zygote["pid"]
    assert fresh["generation"] == zygote["generation"] + 1
    running.do("restart", name="b")
    assert running.program("b")["generation"] == fresh["generation"]


def test_included_files_are_read(running: Daemon) -> None:
    """Companions in included files are applied as those of the file itself."""
    directory = running.directory / "conf.d"
    directory.mkdir()
    (directory / "x.toml").write_text(f"[companions.x]\n{SLEEPS}")
    running.configure(BASE.replace("[supervisor]\n", '[supervisor]\ninclude = "conf.d/*.toml"\n'))
    assert changed(running.do("reread"))["added"] == ["x"]
    os.rename(directory / "x.toml", directory / "x.off")
    assert changed(running.do("reread"))["removed"] == ["x"]


def test_what_needs_a_new_daemon_is_a_warning(running: Daemon) -> None:
    """A change that a running daemon cannot take on is said, and the rest is applied."""
    running.configure(BASE.replace("[supervisor]\n", '[supervisor]\ncontrol_socket_mode = "0660"\n'))
    (warning,) = running.do("reread")["warnings"]
    assert "control_socket_mode" in warning
    assert "restart" in warning
