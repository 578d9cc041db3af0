"""A pool whose workers are replaced on demand, and one that was stopped by hand."""

import time

import pytest

from supervisord_lite.dirty import DirtyConnectionError
from tests.integration.dirty.conftest import Start
from tests.integration.dirty.pool import OBEYS
from tests.integration.process import DEADLINE


def test_reload_replaces_every_worker_and_loses_no_call(start: Start) -> None:
    """`supctl reload dirty`: a relief is ready before a worker leaves, one after the other; calls go on."""
    pool = start("workers = 3\n")
    before = {worker["pid"] for worker in pool.report()["workers"]}
    stop = time.monotonic() + 20 * DEADLINE

    def call() -> int:
        answered = 0
        with pool.client() as client:
            while {w["pid"] for w in pool.report()["workers"]} & before and time.monotonic() < stop:
                assert client.execute(OBEYS, "echo", answered) == answered
                answered += 1
        return answered

    callers = [pool.doing(call) for _ in range(4)]
    done = pool.daemon.supctl("reload", "dirty")
    assert done.returncode == 0, done.stderr
    assert "dirty: reloaded" in done.stdout
    assert all(caller.result(DEADLINE) > 0 for caller in callers)
    after = {worker["pid"] for worker in pool.report()["workers"]}
    assert len(after) == 3
    assert not after & before


def test_a_reload_whose_workers_fail_leaves_the_old_ones(start: Start) -> None:
    """The command fails with the reason, and the pool serves as before."""
    pool = start("workers = 2\n", apps=("breakable_app:Breakable",))
    before = {worker["pid"] for worker in pool.report()["workers"]}
    (pool.daemon.directory / "broken").touch()
    done = pool.daemon.supctl("reload", "dirty")
    assert done.returncode == 1
    assert "no weights" in done.stderr
    assert {worker["pid"] for worker in pool.report()["workers"]} == before
    assert pool.calling("answer", app="breakable_app:Breakable").result(DEADLINE) == 42


def test_a_stopped_pool_sends_clients_away(start: Start) -> None:
    """Nobody waits for a pool that was stopped by hand; started again, it serves the same client."""
    pool = start()
    client = pool.client()
    assert client.execute(OBEYS, "echo", 1) == 1
    pool.daemon.do("stop", name="dirty")
    for _ in range(3):
        with pytest.raises(DirtyConnectionError, match="supctl status"):
            client.execute(OBEYS, "echo", 2)
    pool.daemon.do("start", name="dirty")
    assert client.execute(OBEYS, "echo", 3) == 3
    client.close()
