"""What the daemon, its signals and those who look at the pool have of an arbiter."""

import os
import re
import signal
from pathlib import Path

import msgspec
import pytest

from supervisord_lite.wire import header, tlv, values
from supervisord_lite.wire.backstage import Answer, Manage, Scale
from supervisord_lite.wire.header import V1, V2
from tests.integration.pools.arbiter import APP, OTHER, Peer, Pool, pool
from tests.integration.process import DEADLINE

__all__ = ["pool"]


def test_it_is_ready_when_it_has_its_settings(pool: Pool) -> None:
    """It tells its notify socket, and is found by its name in ps and top."""
    pool.serve()
    told = [pool.notified(), pool.notified()]
    assert "READY=1" in told
    process = Path(f"/proc/{pool.process.pid}")
    assert (process / "comm").read_text() == "dirty-arbiter\n"
    assert (process / "cmdline").read_bytes().startswith(b"dirty-arbiter [dirty]")


def test_clients_wait_until_it_has_its_settings(pool: Pool) -> None:
    """Nobody is refused for having come early."""
    pool.start()
    client = pool.client()
    client.ask("early")
    pool.daemon()
    lane = pool.worker().lane
    lane.answer(lane.take(), 1)
    assert client.receive().value() == 1


@pytest.mark.parametrize(("number", "by"), [(signal.SIGTTIN, 1), (signal.SIGTTOU, -1)])
def test_signals_scale_the_pool(pool: Pool, number: signal.Signals, by: int) -> None:
    """The daemon is asked, and its answer is in the log, as gunicorn's users look for it."""
    daemon = pool.serve()
    pool.process.send_signal(number)
    question = daemon.heard()
    assert isinstance(question, Scale)
    assert question.by == by
    daemon.say(Answer(question.number, "Cannot decrease below 3 workers (required by app specs)"))
    refusal = f"WARNING: {number.name}: Cannot decrease below 3 workers (required by app specs)"
    assert pool.errors.expect(re.escape(refusal)).string.startswith("dirty: ")  # it is no journal


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM])
def test_signals_of_other_arbiters_cost_no_call(pool: Pool, number: signal.Signals) -> None:
    """The log has one line about each, and what runs goes on."""
    pool.serve()
    lane = pool.worker().lane
    client = pool.client()
    client.ask("work")
    call = lane.take()
    pool.process.send_signal(number)
    pool.errors.expect(f"{number.name} does nothing here: ")
    lane.answer(call, 1)
    assert client.receive().value() == 1


def test_sigquit_is_sigterm(pool: Pool) -> None:
    """What runs is finished first."""
    pool.serve()
    lane = pool.worker().lane
    client = pool.client()
    client.ask("work")
    call = lane.take()
    pool.process.send_signal(signal.SIGQUIT)
    lane.answer(call, 1)
    assert client.receive().value() == 1
    assert pool.process.wait(DEADLINE) == 0


@pytest.mark.parametrize("version", [V1, V2])
def test_clients_add_and_remove_workers(pool: Pool, version: int) -> None:
    """The daemon does it, and its result is gunicorn's."""
    daemon = pool.serve()
    client = pool.client()
    for operation, name in ((1, "add"), (2, "remove")):
        asked = {"op": operation, "count": 2}
        payload = tlv.encode(asked) if version == V1 else msgspec.msgpack.encode(asked)
        client.send(version, header.MANAGE, 4, payload)
        question = daemon.heard()
        assert isinstance(question, Manage)
        assert (question.operation, question.count) == (operation, 2)
        daemon.say(Answer(question.number, None, {"total_workers": 3}))
        found = client.receive().value()
        found = found["result"] if version == V1 else found
        assert found == {"success": True, "operation": name, "requested": 2, "total_workers": 3}


def test_without_a_daemon_nothing_is_managed(pool: Pool) -> None:
    """Who asks is told so, also while the answer is waited for."""
    daemon = pool.serve()
    client = pool.client()
    client.send(V1, header.MANAGE, 4, tlv.encode({"op": 1, "count": 1}))
    daemon.heard()
    daemon.close()
    assert "is not connected" in client.receive().failure().message
    client.send(V1, header.MANAGE, 5, tlv.encode({"op": 7, "count": 1}))
    assert client.receive().failure().message == "Unknown manage operation: 7"


def test_status_of_version_1_is_gunicorns(pool: Pool) -> None:
    """The same keys."""
    pool.serve()
    pool.worker("dirty:2", OTHER, APP)
    client = pool.client()
    client.send(V1, header.STATUS, 4)
    assert client.receive().value()["result"] == {
        "arbiter_pid": pool.process.pid,
        "workers": [
            {"pid": os.getpid(), "age": 2, "apps": [OTHER, APP], "booted": True, "last_heartbeat": 0.0}
        ],
        "worker_count": 1,
        "apps": [APP, OTHER],
    }


def test_status_of_version_2_is_the_report(pool: Pool) -> None:
    """What the daemon gets, as a map."""
    daemon = pool.serve()
    worker = pool.worker()
    client = pool.client()
    client.ask("work")
    worker.lane.answer(worker.lane.take())
    client.receive()
    client.send(V2, header.STATUS, 4)
    found = client.receive().value()
    assert found["clients"] == 1
    assert found["workers"][0]["state"] == "idle"
    assert found["workers"][0]["memory"] > 2**20
    assert found["apps"][0]["calls"] == 1
    assert found["apps"][0]["ran_p50"] > 0
    assert daemon.ask().workers[0].name == "dirty:1"


def test_an_app_that_is_configured_away_is_unknown(pool: Pool) -> None:
    """Calls that wait for it are told, and those of the others go on."""
    pool.serve()
    client = pool.client()
    client.ask(app=OTHER)
    pool.daemon(apps=(APP,))
    assert client.receive().failure().error_type == "DirtyAppNotFoundError"
    lane = pool.worker("dirty:1", OTHER, APP).lane
    client.ask()
    lane.answer(lane.take(), 1)
    assert client.receive().value() == 1


def test_the_stash_is_reached_by_both_versions(pool: Pool, directory: Path) -> None:
    """What one version puts the other gets; declared tables are there."""
    (directory / "stash").mkdir(mode=0o700)
    pool.serve(stash=str(directory / "stash"), stash_size=2**20, stash_mode=0o600, stash_tables=("declared",))
    client = pool.client()

    def ask_v1(**asked: object) -> object:
        client.send(V1, header.STASH, 1, tlv.encode(asked))
        return client.receive().value()

    def ask_v2(*asked: object) -> object:
        client.send(V2, header.STASH, 2, values.pack(list(asked), inline=True).document)
        return client.receive().value()

    assert ask_v1(op=9, table="") == {"result": ["declared"]}
    assert ask_v1(op=1, table="t", key="k", value=[1, 2]) == {"result": True}
    assert ask_v1(op=2, table="t", key="k") == {"result": [1, 2]}
    assert ask_v1(op=2, table="t", key="none")["error"]["error_type"] == "StashKeyNotFoundError"  # type: ignore[index]
    assert sorted(ask_v2("tables")) == ["declared", "t"]  # type: ignore[call-overload]


def test_a_pool_without_a_stash_says_so(pool: Pool) -> None:
    """As an error of the stash."""
    pool.serve()
    client = pool.client()
    client.send(V1, header.STASH, 1, tlv.encode({"op": 9, "table": ""}))
    assert client.receive().failure().message == "this pool has no stash"


def test_strangers_do_not_come_backstage(pool: Pool) -> None:
    """Whoever does not say hello in the right way is cut off."""
    pool.serve()
    peer = Peer(pool.backstage)
    peer.send(V2, header.REQUEST, 1, b"")
    assert peer.is_at_end()
    peer.close()
    pool.errors.expect("did not say hello first")


def test_it_ends_with_its_daemon(pool: Pool) -> None:
    """Its connection ends and it is an orphan: nobody would ever replace a worker."""
    pool.start_under_another()
    client = pool.client()
    client.send(V1, header.STATUS, 1)
    client.receive()
    pool.kill()
    assert client.is_at_end()
    pool.errors.expect("the daemon has ended")
