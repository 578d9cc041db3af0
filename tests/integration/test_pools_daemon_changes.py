"""A pool that changes while it serves: its size, its definition, its hooks."""

import os
import signal

import pytest

from tests.integration.daemon import Daemon
from tests.integration.pooled import ECHO, PAIR, a_pool, client, configured, start_call, workers
from tests.integration.process import DEADLINE

REFUSAL = "Cannot decrease below 2 workers (required by app specs)"


@pytest.fixture
def running(daemon: Daemon) -> Daemon:
    """A daemon whose pool has two workers."""
    return daemon.start(configured(a_pool(workers=2)))


def test_up_down_and_to_a_number(running: Daemon) -> None:
    """The newest go first; who stays is not touched."""
    before = workers(running)
    with running.events() as events:
        reply = running.do("scale", name="dirty", count="+2")
        assert (reply["workers"], reply["added"]) == (4, ["dirty:3", "dirty:4"])
        events.until("dirty:4", "RUNNING")
        reply = running.do("scale", name="dirty", count="-1")
        assert (reply["workers"], reply["removed"]) == (3, ["dirty:4"])
        events.until("dirty:4", "STOPPED")
        assert running.do("scale", name="dirty", count=1)["removed"] == ["dirty:3", "dirty:2"]
        events.until("dirty:2", "STOPPED")
    assert {name: pid for name, pid in before.items() if name in workers(running)} == workers(running)


def test_never_below_what_the_apps_need(daemon: Daemon) -> None:
    """Refused in gunicorn's words, by supctl, to the daemon's own signal, and to the arbiter's."""
    daemon.start(configured(a_pool(apps=PAIR, workers=2)))
    reply = daemon.ctl("scale", name="dirty", count="-1")
    assert (reply["ok"], reply["error"]) == (False, REFUSAL)
    daemon.signal(signal.SIGTTOU)
    daemon.log.expect(rf"WARNING: SIGTTOU: {REFUSAL[:20]}")
    os.kill(daemon.programs()["dirty:arbiter"]["pid"], signal.SIGTTOU)
    daemon.log.expect(rf"WARNING: SIGTTOU: {REFUSAL[:20]}", count=2)
    assert (
        daemon.ctl("scale", name="dirty", count="+1")["error"] == "All apps have reached their worker limits"
    )


@pytest.mark.parametrize("whom", ["daemon", "arbiter"])
def test_signals_scale_the_default_pool(running: Daemon, whom: str) -> None:
    """SIGTTIN is one more, SIGTTOU one less."""
    pid = running.pid if whom == "daemon" else running.programs()["dirty:arbiter"]["pid"]
    with running.events() as events:
        os.kill(pid, signal.SIGTTIN)
        events.until("dirty:3", "RUNNING")
        os.kill(pid, signal.SIGTTOU)
        events.until("dirty:3", "STOPPED")


def test_clients_scale_too(running: Daemon) -> None:
    """By manage messages; the results have gunicorn's keys."""
    with client(running) as dirty:
        added = dirty.add_workers(1)
        assert (added["operation"], added["spawned"], added["target_workers"]) == ("add", 1, 3)
        removed = dirty.remove_workers(5)
        assert (removed["requested"], removed["removed"], removed["target_workers"]) == (5, 2, 1)


def test_a_worker_that_is_scaled_away_finishes_its_call(running: Daemon) -> None:
    """It drains: nobody's call is cut off."""
    calls = [start_call(running, "sleep", 1) for _ in range(2)]
    with client(running) as dirty:
        while dirty.status()["workers"] and running.do("pool", name="dirty")["pool"]["queued"]:
            pass
    running.do("scale", name="dirty", count=1)
    assert [call.communicate(timeout=DEADLINE)[0] for call in calls] == ["1\n", "1\n"]


def test_a_scale_holds_over_a_reread(running: Daemon) -> None:
    """Until the file's own number changes."""
    with running.events() as events:
        running.do("scale", name="dirty", count=3)
        events.until("dirty:3", "RUNNING")
        assert running.do("reread")["unchanged"] == ["dirty"]
        assert len(workers(running)) == 3
        running.configure(configured(a_pool(workers=1)))
        assert running.do("reread")["updated"] == ["dirty"]
        events.until("dirty:2", "STOPPED")
    assert list(workers(running)) == ["dirty:1"]


def test_a_new_definition_comes_in_worker_by_worker(running: Daemon) -> None:
    """The new one is ready before the old one is asked to go."""
    running.configure(configured(a_pool(workers=2, env={"COLOUR": "red"})))
    before = set(workers(running).values())
    with running.events() as events:
        assert running.do("reread")["restarted"] == ["dirty"]
        events.until("dirty:3", "RUNNING")
        events.until("dirty:1", "STOPPING")
        assert events.until("dirty:1", "STOPPED")["description"] == "stopped: replacement"
        events.until("dirty:2", "STOPPED")
    assert len(workers(running)) == 2
    assert not before & set(workers(running).values())
    with client(running) as dirty:
        assert dirty.execute(ECHO, "env", "COLOUR") == "red"


def test_a_new_definition_that_fails_changes_nobody(running: Daemon) -> None:
    """The old workers stay, and it is said why; what is right again is brought in by the next reread."""
    broken = running.directory / "broken"
    broken.touch()
    before = workers(running)
    running.configure(configured(a_pool(workers=2, env={"BROKEN": str(broken)})))
    with running.events() as events:
        running.do("reread")
        events.until("dirty:3", "STOPPED")
        running.log.expect("dirty: the new definition fails, and the old workers stay: .*the model is broken")
        assert workers(running) == before
        assert "new definition failed" in running.do("status")["pools"][0]["error"]
        (row,) = [row for row in running.do("plan")["changes"] if row["name"] == "dirty"]
        assert (row["action"], row["why"]) == ("restarted", ["its newest definition failed; tried again"])
        broken.unlink()
        assert running.do("reread")["restarted"] == ["dirty"]
        events.until("dirty:2", "STOPPED")
    assert not set(before.values()) & set(workers(running).values())
    assert "error" not in running.do("status")["pools"][0]


def test_settings_of_the_arbiter_need_no_process(running: Daemon) -> None:
    """It is told, and nobody is restarted."""
    pids = running.pids()
    running.configure(configured(a_pool(workers=2, timeout=1)))
    assert running.do("reread")["updated"] == ["dirty"]
    call = start_call(running, "sleep", 60)
    assert call.communicate(timeout=DEADLINE)[0].startswith("DirtyTimeoutError")
    assert running.pids()["dirty:arbiter"] == pids["dirty:arbiter"]


def test_a_moved_socket_is_served_by_a_new_arbiter(running: Daemon) -> None:
    """The workers keep what they have loaded."""
    before = workers(running)
    elsewhere = running.directory / "else.sock"
    running.configure(configured(a_pool(workers=2, socket=elsewhere)))
    with running.events(name="dirty:arbiter") as events:
        running.do("reread")
        events.until("dirty:arbiter", "RUNNING")
    assert not (running.directory / "dirty.sock").exists()
    with client(running, "else") as dirty:
        assert dirty.execute(ECHO, "pid") in before.values()
    assert workers(running) == before


def test_a_pool_comes_and_goes(daemon: Daemon) -> None:
    """Added by a reread, with what its workers are forked from, and removed with its sockets."""
    sleeper = '[companions.sleeper]\ncommand = ["sleep", "1000"]\n'
    daemon.start(configured(sleeper))
    daemon.configure(configured(sleeper, a_pool()))
    with daemon.events() as events:
        assert daemon.do("reread")["added"] == ["dirty"]
        events.until("dirty:1", "RUNNING")
        with client(daemon) as dirty:
            assert dirty.execute(ECHO, "pid") == workers(daemon)["dirty:1"]
        daemon.configure(configured(sleeper))
        assert "dirty" in daemon.do("reread")["removed"]
        events.until("dirty:arbiter", "STOPPED")
    assert list(daemon.programs()) == ["sleeper"]
    assert not (daemon.directory / "dirty.sock").exists()
    assert daemon.do("status")["pools"] == []


def test_apps_are_tried_before_anything_changes(running: Daemon) -> None:
    """A class that is not there, too few workers for one, hooks that are not there."""
    before = running.pids()
    running.configure(configured(a_pool(workers=2, apps="pooled:Ecko")))
    reply = running.ctl("reread")
    assert (reply["code"], reply["problems"][0]["key"]) == ("config", "pools.dirty.apps")
    running.configure(configured(a_pool(workers=1, apps=PAIR, hooks="nowhere")))
    problems = {p["key"]: p["message"] for p in running.ctl("reread")["problems"]}
    assert problems["pools.dirty.workers"].startswith("must be at least 2, not 1")
    assert "nowhere" in problems["pools.dirty.hooks"]
    assert running.pids() == before


def test_a_plan_names_pools(running: Daemon) -> None:
    """With the keys that are the reason."""
    running.configure(configured(a_pool(workers=3, timeout=7)))
    rows = {row["name"]: (row["action"], row["why"]) for row in running.do("plan")["changes"]}
    assert rows["dirty"] == ("updated", ["workers", "timeout"])


def test_hooks_are_run(daemon: Daemon) -> None:
    """Those of a worker in it, the others in a process of their own, in order; a failing one harms nobody."""
    notes = daemon.directory / "notes"
    env = {"NOTES": str(notes), "HOOK_FAILS": "1"}
    daemon.start(configured(a_pool(workers=2, hooks="pool_hooks", env=env)))
    pid = workers(daemon)["dirty:2"]
    arbiter = daemon.programs()["dirty:arbiter"]["pid"]
    with daemon.events() as events:
        daemon.do("scale", name="dirty", count=1)
        events.until("dirty:2", "STOPPED")
    daemon.log.expect("dirty: hook dirty_worker_exit of pool_hooks failed: exited with status 1")
    daemon.log.expect("LookupError: a broken hook")
    daemon.stop_now()
    lines = notes.read_text().splitlines()
    assert lines[0] == f"starting dirty 2 {ECHO}"
    assert set(lines[1:5]) == {
        *(f"forked {name} of 2 {ECHO} {arbiter}" for name in ("dirty:1", "dirty:2")),
        *("initialised dirty:1", "initialised dirty:2"),
    }
    assert lines[5] == f"exited dirty:2 {pid} 2 exited with status 0"
    assert lines[6].startswith("exited dirty:1")


def test_the_last_pool_has_its_hooks_when_it_is_removed(daemon: Daemon) -> None:
    """Its zygote, removed with it, stays until the last worker's hook has run."""
    notes = daemon.directory / "notes"
    daemon.start(configured(a_pool(hooks="pool_hooks", env={"NOTES": str(notes)})))
    daemon.configure(configured())
    with daemon.events() as events:
        assert {"zygote", "dirty"} <= set(daemon.do("reread")["removed"])
        events.until("zygote", "STOPPED")
    assert notes.read_text().splitlines()[-1].startswith("exited dirty:1")


def test_a_stopped_pool_says_so_at_once(running: Daemon) -> None:
    """Nobody is waited for who cannot answer."""
    running.do("stop", name="dirty")
    assert running.do("pool", name="dirty")["pool"]["error"] == "the arbiter of dirty is stopped"
    assert running.ctl("cancel", pool="dirty", call=1)["error"] == "the arbiter of dirty is stopped"


def test_a_refused_pool_says_how_many_it_needs(daemon: Daemon) -> None:
    """By the attributes of its classes, which are known by then."""
    daemon.start(configured(a_pool(apps=PAIR)))
    (known,) = daemon.do("status")["pools"]
    assert known["minimum"] == 2
    assert "must be at least 2, not 1" in known["error"]
