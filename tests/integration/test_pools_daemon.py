"""Pools as the daemon keeps them: from READY to the last worker, whatever is killed in between."""

import grp
import os
import pwd
import signal
import stat
import subprocess
import sys
import time

import pytest

from supervisord_lite.dirty.errors import DirtyError
from tests.integration.daemon import BIN, Daemon
from tests.integration.pooled import (
    ECHO,
    PAIR,
    a_pool,
    client,
    configured,
    listening,
    report,
    start_call,
    workers,
)
from tests.integration.process import DEADLINE, command_line, environment, wait_until_gone


@pytest.fixture
def running(daemon: Daemon) -> Daemon:
    """A daemon whose pool has two workers."""
    return daemon.start(configured(a_pool(workers=2)))


def test_a_pool_serves_when_the_daemon_is_ready(running: Daemon) -> None:
    """READY=1 comes after the workers; a call is answered by one of them."""
    pids = workers(running)
    assert set(pids) == {"dirty:1", "dirty:2"}
    with client(running) as dirty:
        assert dirty.execute(ECHO, "pid") in pids.values()
    assert "3 of 3 programs running" in running.do("status")["daemon"]["status"]


def test_its_programs_are_programs(running: Daemon) -> None:
    """Arbiter and workers are in status, log under the pool's name, and go by it in commands."""
    programs = running.programs()
    assert {name: p["kind"] for name, p in programs.items()} == {
        "dirty:arbiter": "arbiter",
        "dirty:1": "worker",
        "dirty:2": "worker",
    }
    assert {(p["companion"], p["identifier"]) for p in programs.values()} == {("dirty", "dirty")}
    assert {r["name"] for r in running.do("restart", name="dirty")["results"]} == set(programs)
    assert len(set(workers(running).values()) & {p["pid"] for p in programs.values()}) == 0


def test_the_daemon_tells_of_its_pools(running: Daemon) -> None:
    """`status` has what the daemon knows, `pool` also what the arbiter says."""
    (known,) = running.do("status")["pools"]
    assert (known["name"], known["workers_wanted"], known["minimum"]) == ("dirty", 2, 1)
    assert known["socket"] == str(running.directory / "dirty.sock")
    found = report(running)
    assert {w["name"]: (w["state"], w["program_state"]) for w in found["workers"]} == {
        "dirty:1": ("idle", "RUNNING"),
        "dirty:2": ("idle", "RUNNING"),
    }
    assert [app["app"] for app in found["apps"]] == [ECHO]
    assert found["arbiter_pid"] == running.programs()["dirty:arbiter"]["pid"]
    assert running.ctl("pool", name="durty")["code"] == "unknown_program"


def test_a_killed_worker_is_replaced_at_once(running: Daemon) -> None:
    """One that has served for a while: without a delay, by a process of the same name."""
    pid = workers(running)["dirty:1"]
    _serve_for_a_second(running)
    with running.events(name="dirty:1") as events:
        os.kill(pid, signal.SIGKILL)
        first = events.next()
        assert (first["to"], first["trigger"]) == ("STARTING", "ended, to be replaced at once")
        events.until("dirty:1", "RUNNING")
    assert workers(running)["dirty:1"] != pid
    running.log.expect(r"WARNING dirty:1: STARTING, killed by SIGKILL after")


def test_who_waits_for_a_killed_worker_learns_how_it_died(running: Daemon) -> None:
    """At once, and with the signal; the next call works."""
    call = start_call(running, "sleep", 60)
    worker = _busy(running)
    os.kill(workers(running)[worker], signal.SIGKILL)
    said = call.communicate(timeout=DEADLINE)[0]
    assert said.startswith("DirtyWorkerError")
    assert "SIGKILL" in said
    with client(running) as dirty:
        assert dirty.execute(ECHO, "pid")


def test_an_init_that_fails_is_a_verdict(daemon: Daemon) -> None:
    """READY=1 comes, the pool backs off, and the reason is everywhere where one would look for it."""
    broken = daemon.directory / "broken"
    broken.touch()
    daemon.start(configured(a_pool(env={"BROKEN": str(broken)}, restart_delay="60s")))
    program = daemon.programs()["dirty:1"]
    assert program["state"] == "BACKOFF"
    assert "the model is broken" in program["description"]
    assert "dirty:1 BACKOFF" in daemon.do("status")["daemon"]["status"]
    broken.unlink()
    daemon.do("start", name="dirty:1")
    with client(daemon) as dirty:
        assert dirty.execute(ECHO, "pid") == workers(daemon)["dirty:1"]


def test_an_init_that_never_returns_is_ended(daemon: Daemon) -> None:
    """After `init_timeout`, with its stack in the log, and the app named."""
    daemon.start(configured(a_pool(env={"INIT": "1000"}, init_timeout=1, restart_delay="60s")))
    program = daemon.programs()["dirty:1"]
    assert program["state"] == "BACKOFF"
    assert ECHO in program["description"]
    assert "SIGABRT" in program["description"]
    daemon.log.expect(r"pooled\.py.*in init")


def test_a_killed_arbiter_is_replaced_and_the_workers_stay(running: Daemon) -> None:
    """They keep what they have loaded, and the next call works without a new client."""
    before = workers(running)
    _serve_for_a_second(running)
    with client(running) as dirty:
        assert dirty.execute(ECHO, "pid") in before.values()
        with running.events(name="dirty:arbiter") as events:
            os.kill(running.programs()["dirty:arbiter"]["pid"], signal.SIGKILL)
            events.until("dirty:arbiter", "RUNNING")
        assert dirty.execute(ECHO, "pid") in before.values()
    assert workers(running) == before


def test_a_call_past_the_timeout_costs_its_worker(daemon: Daemon) -> None:
    """SIGABRT leaves its stacks, the caller is told, the worker is there again."""
    daemon.start(configured(a_pool(timeout=1)))
    _serve_for_a_second(daemon)
    pid = workers(daemon)["dirty:1"]
    with daemon.events(name="dirty:1") as events, client(daemon) as dirty:
        with pytest.raises(DirtyError):
            dirty.execute(ECHO, "sleep", 60)
        events.until("dirty:1", "RUNNING")
    assert workers(daemon)["dirty:1"] != pid
    daemon.log.expect(r"dirty:1: STARTING, killed by SIGABRT \(.*sleep.*\)")
    daemon.log.expect(r"pooled\.py.*in sleep")


def test_an_operator_cancels_a_call(running: Daemon) -> None:
    """By its number; one that is not there is refused."""
    call = start_call(running, "sleep", 60)
    _busy(running)
    (found,) = report(running)["calls"]
    running.do("cancel", pool="dirty", call=found["id"])
    assert call.communicate(timeout=DEADLINE)[0].startswith("DirtyCancelledError")
    assert running.ctl("cancel", pool="dirty", call=99)["ok"] is False


def test_shutdown_lets_calls_finish(running: Daemon) -> None:
    """The arbiter stays until the workers have drained."""
    call = start_call(running, "sleep", 0.5)
    _busy(running)
    running.stop_now()
    assert call.communicate(timeout=DEADLINE)[0] == "0.5\n"
    assert not (running.directory / "dirty.sock").exists()
    assert not (running.directory / "dirty.backstage.sock").exists()
    assert not (running.directory / "stash").exists()


def test_programs_are_told_where_the_pools_are(daemon: Daemon) -> None:
    """Under our names and gunicorn's; what a program's own table says goes first."""
    other = '[companions.{}]\ncommand = ["sleep", "1000"]\nenv = {{{}}}\n'
    tables = (other.format("a", ""), other.format("b", 'GUNICORN_DIRTY_SOCKET = "/else"'))
    daemon.start(configured(a_pool(), a_pool("images"), *tables))
    path = str(daemon.directory / "dirty.sock")
    found = {name: environment(pid) for name, pid in daemon.pids().items()}
    assert found["a"]["SUPERVISOR_DIRTY_SOCKET"] == found["a"]["GUNICORN_DIRTY_SOCKET"] == path
    assert found["b"]["GUNICORN_DIRTY_SOCKET"] == "/else"
    images = daemon.directory / "images.sock"
    assert found["a"]["SUPERVISOR_POOLS"] == f'{{"dirty":"{path}","images":"{images}"}}'
    assert found["a"]["SUPERVISOR_STASH"] == str(daemon.directory / "stash")
    with client(daemon) as dirty:
        assert dirty.execute(ECHO, "env", "GUNICORN_DIRTY_SOCKET") == path


def test_a_socket_of_systemd_is_used_by_its_name(daemon: Daemon) -> None:
    """It is the pool's name; the socket stays when the daemon goes."""
    path = daemon.directory / "given.sock"
    sock = listening(path)
    starter = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3);"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_FDNAMES='dirty');"
        "os.execv(sys.argv[2], sys.argv[2:])"
    )
    daemon.configure(configured(a_pool()))
    process = subprocess.Popen(
        [sys.executable, "-c", starter, str(sock.fileno()), BIN / "supervisord-lite", "-c", daemon.file],
        env=daemon.environ(),
        pass_fds=[sock.fileno()],
        stderr=daemon.log.fd,
        stdout=daemon.output.fd,
        stdin=subprocess.DEVNULL,
    )
    daemon.process = process
    daemon.log.hand_over()
    daemon.output.hand_over()
    sock.close()
    daemon.wait_told("READY=1")
    assert daemon.do("status")["pools"][0]["socket"] == str(path)
    daemon.stop_now()
    assert path.exists()


def test_a_companion_after_a_pool_waits_for_its_workers(daemon: Daemon) -> None:
    """Until every one of them serves, and it is stopped before they are."""
    after = '[companions.web]\ncommand = ["sleep", "1000"]\nstartsecs = 0\nafter = ["dirty"]\n'
    daemon.start(configured(a_pool(workers=2, env={"INIT": "0.3"}), after))
    seen = [(e["name"], e["to"]) for e in _past(daemon) if e["to"] == "RUNNING"]
    assert seen.index(("web", "RUNNING")) > seen.index(("dirty:1", "RUNNING"))
    assert seen.index(("web", "RUNNING")) > seen.index(("dirty:2", "RUNNING"))


@pytest.mark.parametrize("forks", [False, True])
def test_the_children_of_a_worker_end_with_it(daemon: Daemon, forks: bool) -> None:
    """Executed or only forked, and in a session of their own."""
    daemon.start(configured(a_pool()))
    with client(daemon) as dirty:
        pid = dirty.execute(ECHO, "start", forks)
    while not forks and "sleep" not in command_line(pid):
        """One that is just being executed has neither a name nor an environment to be told by."""
    os.kill(workers(daemon)["dirty:1"], signal.SIGKILL)
    wait_until_gone(pid)


def test_class_attributes_hold(daemon: Daemon) -> None:
    """A class that asks for two workers is loaded by two, and its tables are there."""
    daemon.start(configured(a_pool(apps=f'{ECHO}", "{PAIR}', workers=3)))
    holders = [w["name"] for w in report(daemon)["workers"] if PAIR in w["apps"]]
    assert sorted(holders) == ["dirty:1", "dirty:2"]
    with client(daemon) as dirty:
        assert dirty.stash.tables() == ["sessions"]


def test_too_few_workers_for_a_class_are_a_verdict(daemon: Daemon) -> None:
    """Known only once it is imported: the daemon is ready, the pool has no workers, and says why."""
    after = '[companions.web]\ncommand = ["sleep", "1000"]\nstartsecs = 0\nafter = ["dirty"]\n'
    daemon.start(configured(a_pool(apps=PAIR, workers=1), after))
    assert daemon.program("web")["description"].startswith("waiting for dirty (workers must be at least 2")
    why = 'workers must be at least 2, not 1: the class of "pooled:Pair" asks for 2'
    assert why in daemon.do("status")["daemon"]["status"]
    assert why in daemon.do("status")["pools"][0]["error"]
    check = daemon.ctl("check")
    assert (check["ok"], check["problems"][0]["key"]) == (False, "pools.dirty.workers")


def _busy(daemon: Daemon) -> str:
    """The worker that is at work; each look is a question that the arbiter answers."""
    end = time.monotonic() + DEADLINE
    while not (busy := [w["name"] for w in report(daemon)["workers"] if w["state"] == "busy"]):
        assert time.monotonic() < end
    return str(busy[0])


def _serve_for_a_second(daemon: Daemon) -> None:
    """Until everybody has served for as long as a life that is not short."""
    end = time.monotonic() + DEADLINE
    while min(p["uptime"] or 0 for p in daemon.programs().values()) < 1.2:
        assert time.monotonic() < end


def _past(daemon: Daemon) -> list[dict[str, object]]:
    with daemon.connect() as client:
        client.send({"cmd": "events", "past": 200})
        client.receive()
        client.sock.settimeout(0.5)
        found = []
        try:
            while True:
                found.append(client.receive())
        except TimeoutError:
            return found


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root")
def test_a_pool_of_another_user(daemon: Daemon) -> None:
    """Sockets and stash belong to the identity that programs run as."""
    text = configured(a_pool(user="nobody", socket_mode="0660", socket_group="daemon"))
    daemon.start(text.replace("[supervisor]\n", '[supervisor]\nuser = "nobody"\n', 1))
    nobody, path = pwd.getpwnam("nobody"), daemon.directory / "dirty.sock"
    found = path.stat()
    assert (found.st_uid, stat.S_IMODE(found.st_mode)) == (nobody.pw_uid, 0o660)
    assert found.st_gid == grp.getgrnam("daemon").gr_gid
    assert (daemon.directory / "stash").stat().st_uid == nobody.pw_uid
    with client(daemon) as dirty:
        assert os.stat(f"/proc/{dirty.execute(ECHO, 'pid')}").st_uid == nobody.pw_uid
        dirty.stash.put("table", "key", 1)
        assert dirty.stash.get("table", "key") == 1
    with daemon.events() as events:
        os.kill(daemon.programs()["dirty:arbiter"]["pid"], signal.SIGTTIN)
        events.until("dirty:2", "RUNNING")
