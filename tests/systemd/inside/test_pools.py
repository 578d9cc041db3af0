"""Dirty pools under the packaged unit: identity, readiness, scaling, reload, stop, and the journal."""

import os
import re
import resource
import signal
import socket
import stat
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from supervisord_lite.dirty import DirtyConnectionError, DirtyTimeoutError, DirtyWorkerError
from tests.systemd.inside.pool import APP, PYTHON, RUNTIME, SOCKET, UNIT, Pool, gone, output

Service = Any
TOO_FEW = "WARNING: SIGTTOU: Cannot decrease below 2 workers (required by app specs)"


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("module", ["lmdb", "msgpack", "supervisord_lite.dirty.stash"])
def test_what_pools_need_is_installed(module: str) -> None:
    """make install brings the packages of pools along, without a network."""
    assert output(PYTHON, "-P", "-c", f"import {module} as it; print(it.__file__)").startswith("/opt/")


def test_a_pool_runs_as_the_system_user(service: Service, pool: Pool) -> None:
    """Arbiter and workers run as app-supervisor, each in its control group; so do the calls."""
    pool.start("workers = 2\n")
    programs = service.programs()
    assert set(programs) == {"dirty:arbiter", "dirty:1", "dirty:2"}
    groups = set()
    for program in programs.values():
        process = Path(f"/proc/{program['pid']}")
        assert process.owner() == "app-supervisor"
        groups.add((process / "cgroup").read_text())
    assert len(groups) == 3
    assert all(UNIT + "/" in group for group in groups)
    who = pool.call("who")
    assert who["uid"] == int(output("id", "-u", "app-supervisor"))
    assert who["gid"] == int(output("id", "-g", "app-supervisor"))


def test_sockets_belong_to_the_pools_identity(pool: Pool) -> None:
    """Both sockets are the workers' user's own, mode 0600, without a capability beyond the unit's."""
    pool.start()
    for path in (SOCKET, RUNTIME / "dirty.backstage.sock"):
        assert path.owner() == "app-supervisor"
        assert path.group() == "app-supervisor"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_pool_of_another_user(service: Service, pool: Pool) -> None:
    """A pool with `user` has arbiter, workers and sockets of that user."""
    pool.start('user = "nobody"\n')
    assert {Path(f"/proc/{pid}").owner() for pid in service.pids().values()} == {"nobody"}
    assert SOCKET.owner() == "nobody"
    assert pool.call("who")["uid"] == int(output("id", "-u", "nobody"))
    assert pool.report()["workers"][0]["memory"] > 0


def test_ready_waits_for_a_pools_first_verdict(service: Service, pool: Pool) -> None:
    """systemctl start returns when init() has returned, not before."""
    pipe = pool.directory / "pipe"
    os.mkfifo(pipe, 0o644)
    pool.configure(f'env = {{ PIPE = "{pipe}" }}\n', apps=["application:Waits"])
    starting = subprocess.Popen(["systemctl", "start", UNIT])
    pool.journal.wait("^init waits", "dirty")
    assert service.shown("ActiveState") == "activating"
    pipe.write_text("")
    assert starting.wait(30) == 0
    assert service.shown("ActiveState") == "active"
    assert service.programs()["dirty:1"]["state"] == "RUNNING"


def test_an_app_that_fails_is_named(service: Service, pool: Pool) -> None:
    """One bad init() does not keep the service from starting; status line and journal say which and why."""
    pool.start(apps=["application:Fails"], more='[companions.one]\ncommand = "sleep 1001"\n')
    assert service.shown("ActiveState") == "active"
    assert "dirty:1" in service.shown("StatusText")
    assert service.programs()["one"]["state"] == "RUNNING"
    lines = pool.journal.lines("dirty", "-p", "err")
    assert any("application:Fails" in line for line in lines), lines
    assert "RuntimeError: no model" in lines


def test_scale_adds_a_worker(service: Service, pool: Pool) -> None:
    """supctl scale dirty +1 adds a worker, which serves; -1 takes it away."""
    pool.start()
    done = service.supctl("scale", "dirty", "+1")
    assert done.returncode == 0, done.stderr
    assert set(pool.wait_for_workers(2)) == {"dirty:1", "dirty:2"}
    hanging = pool.calling("hang", "one of two hangs")
    pool.journal.wait("one of two hangs", "dirty")
    assert pool.call("echo", 1) == 1
    pool.service.supctl("pool", "dirty", "cancel", str(pool.report()["calls"][0]["id"]))
    assert hanging.exception(30) is not None
    assert service.supctl("scale", "dirty", "-1").returncode == 0
    pool.wait_for_workers(1)


@pytest.mark.parametrize("whom", ["arbiter", "daemon"])
def test_signals_scale_down_to_what_apps_need(service: Service, pool: Pool, whom: str) -> None:
    """SIGTTIN to arbiter or daemon adds a worker, SIGTTOU takes one, down to what the apps ask for."""
    pool.start("workers = 2\n", apps=[APP, "application:Limited:2"])

    def send(name: str) -> None:
        if whom == "arbiter":
            os.kill(pool.arbiter(), getattr(signal, f"SIG{name}"))
        else:
            output("systemctl", "kill", "--kill-whom=main", "-s", name, UNIT)

    before = pool.workers()
    send("TTIN")
    assert set(pool.wait_for_workers(3).items()) > set(before.items())
    send("TTOU")
    pool.wait_for_workers(2)
    send("TTOU")
    pool.journal.wait(re.escape(TOO_FEW))
    assert len(pool.wait_for_workers(2)) == 2


def test_the_story_of_a_killed_call(pool: Pool) -> None:
    """The journal of the pool says which call died with which worker and how; the client hears the same."""
    pool.start("workers = 2\n")
    call = pool.calling("hang", "about to be killed")
    pool.journal.wait("about to be killed", "dirty")
    report = pool.report()
    running = report["calls"][0]
    worker, number = running["worker"], running["id"]
    pid = pool.workers()[worker]
    os.kill(pid, signal.SIGKILL)
    error = call.exception(30)
    assert isinstance(error, DirtyWorkerError)
    assert worker in str(error)
    assert "SIGKILL" in str(error)
    told = pool.journal.wait(rf"call {number}\b", "dirty").string
    for word in ("dirty", worker, str(pid), f"{APP}:hang", "SIGKILL"):
        assert word in told
    assert told in pool.journal.lines("dirty", "-p", "err")
    assert pid not in pool.wait_for_workers(2).values()
    assert pool.call("echo", 1) == 1


def test_the_story_of_a_call_past_its_timeout(pool: Pool) -> None:
    """Past the pool's timeout the journal has the call, and the stack of the worker that ran it."""
    pool.start('timeout = "1s"\n')
    call = pool.calling("hang", "runs too long")
    worker = pool.journal.wait("runs too long", "dirty") and pool.workers()["dirty:1"]
    assert isinstance(call.exception(30), DirtyTimeoutError)
    number = pool.journal.wait(rf"call (\d+) .*{APP}:hang.*timeout", "dirty")[1]
    pool.journal.wait(r'File ".*/application\.py", line \d+ in hang', "dirty")
    pool.journal.wait(rf"dirty:1 \(pid {worker}\)", "dirty")
    assert number
    assert pool.call("echo", 1) == 1


def test_reload_replaces_workers_without_a_failed_call(service: Service, pool: Pool) -> None:
    """systemctl reload with another environment for the pool: new workers, while every call is answered."""
    pool.start("workers = 2\n" + 'env = { WORD = "old" }\n')
    before = set(pool.workers().values())
    enough, answered = threading.Event(), threading.Semaphore(0)

    def call_on_and_on() -> set[str]:
        client, words = pool.client(), set()
        while not enough.is_set():
            words.add(client.execute(APP, "who")["word"])
            answered.release()
        return words

    callers = [pool.doing(call_on_and_on) for _ in range(3)]
    for _ in range(20):
        assert answered.acquire(timeout=30)
    pool.configure("workers = 2\n" + 'env = { WORD = "new" }\n')
    assert service.systemctl("reload").returncode == 0, service.journal("-n", "20")
    after = set(pool.wait_for_workers(2).values())
    while answered.acquire(blocking=False):
        pass
    for _ in range(20):
        assert answered.acquire(timeout=30)
    enough.set()
    assert {word for caller in callers for word in caller.result(30)} == {"old", "new"}
    assert not before & after
    assert pool.call("who")["word"] == "new"


def test_calls_go_on_without_their_arbiter(pool: Pool) -> None:
    """An arbiter that is killed is replaced; workers stay, and a client that was there calls again."""
    pool.start("workers = 2\n")
    client, before = pool.client(), pool.workers()
    assert client.execute(APP, "echo", 1) == 1
    call = pool.calling("hang", "in flight")
    pool.journal.wait("in flight", "dirty")
    arbiter = pool.arbiter()
    pidfd = os.pidfd_open(arbiter)
    os.kill(arbiter, signal.SIGKILL)
    assert isinstance(call.exception(30), DirtyConnectionError)
    assert gone(pidfd)
    os.close(pidfd)
    assert client.execute(APP, "echo", 2) == 2
    assert pool.arbiter() != arbiter
    assert pool.workers() == before


def test_stop_leaves_nothing(service: Service, pool: Pool) -> None:
    """systemctl stop with calls at work leaves no process, no control group and no socket."""
    service.drop_in("[Service]\nRuntimeDirectoryPreserve=yes\n")
    pool.start("workers = 2\n")
    calls = [pool.calling("hang", f"number {number} hangs") for number in range(2)]
    for number in range(2):
        pool.journal.wait(f"number {number} hangs", "dirty")
    cgroup = service.cgroup()
    assert cgroup.is_dir()
    assert service.systemctl("stop").returncode == 0
    assert not cgroup.exists()
    assert [path for path in RUNTIME.rglob("*") if path.is_socket()] == []
    assert service.shown("Result") == "success"
    assert all(call.exception(30) is not None for call in calls)
    output("systemctl", "clean", "--what=runtime", UNIT)


def test_a_call_may_take_longer_than_the_units_timeout(service: Service, pool: Pool) -> None:
    """At systemctl stop a call gets the pool's graceful_timeout, whatever TimeoutStopSec= says."""
    service.drop_in("[Service]\nTimeoutStopSec=2s\n")
    pool.start(graceful="30s")
    call = pool.calling("linger", "takes its time", 4)
    pool.journal.wait("takes its time", "dirty")
    assert service.systemctl("stop").returncode == 0
    assert call.result(30) == "takes its time"
    assert service.shown("Result") == "success"


def test_more_clients_than_a_soft_limit(pool: Pool) -> None:
    """The arbiter takes the unit's hard limit of descriptors: thousands of clients may stay connected."""
    pool.start()
    arbiter = pool.arbiter()
    limits = re.search(r"Max open files +(\d+) +(\d+)", Path(f"/proc/{arbiter}/limits").read_text())
    assert limits is not None
    assert int(limits[1]) == int(limits[2]) > 10_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    clients = [socket.socket(socket.AF_UNIX) for _ in range(1500)]
    for client in clients:
        client.connect(str(SOCKET))
    assert pool.call("echo", 1) == 1
    assert len(os.listdir(f"/proc/{arbiter}/fd")) > 1500
    for client in clients:
        client.close()


def test_memory_of_workers_is_known(pool: Pool) -> None:
    """Under the unit's sandbox the arbiter can see what its workers take, for max_memory and status."""
    pool.start("workers = 2\n")
    assert all(worker["memory"] > 0 for worker in pool.report()["workers"])


def test_a_pool_without_root(service: Service, pool: Pool) -> None:
    """With everything unprivileged a pool is called, scaled and stopped all the same."""
    service.drop_in("[Service]\nUser=app-supervisor\nCapabilityBoundingSet=\nNoNewPrivileges=yes\n")
    pool.start()
    assert Path(f"/proc/{service.main_pid()}").owner() == "app-supervisor"
    assert SOCKET.owner() == "app-supervisor"
    assert pool.call("echo", 1) == 1
    assert service.supctl("scale", "dirty", "+1").returncode == 0
    pool.wait_for_workers(2)
    cgroup = service.cgroup()
    assert service.systemctl("stop").returncode == 0
    assert not cgroup.exists()
