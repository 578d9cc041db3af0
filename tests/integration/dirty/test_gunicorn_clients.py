"""gunicorn's own clients, apps and web server against our pool: nothing of theirs is changed."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.request import urlopen

import pytest
from gunicorn.dirty import (
    DirtyAppError,
    DirtyClient,
    DirtyError,
    StashClient,
    StashTableNotFoundError,
)
from gunicorn.dirty.protocol import MANAGE_OP_ADD, MANAGE_OP_REMOVE, DirtyProtocol, make_manage_message

from tests.integration.dirty.conftest import Start
from tests.integration.dirty.pool import Pool
from tests.integration.process import DEADLINE

APP = "gunicorn_app:Counting"
FEW = "gunicorn_app:Few"


@pytest.fixture
def pool(start: Start) -> Pool:
    """Two workers with apps that are subclasses of gunicorn's DirtyApp."""
    return start("workers = 2\n", apps=(APP, FEW))


@pytest.fixture
def client(pool: Pool) -> DirtyClient:
    """gunicorn's client, connected to our socket."""
    return DirtyClient(pool.path, timeout=DEADLINE)


def test_execute(client: DirtyClient) -> None:
    """Arguments, keyword arguments and results of every type of the protocol travel unchanged."""
    with client:
        assert client.execute(APP, "add", 1, right=2) == 3
        for value in (None, True, -5, 1.5, "é", b"\0\xff", [1, [2]], {"a": {"b": None}}):
            assert client.execute(APP, "add", [value], [value]) == [value, value]


def test_errors_have_gunicorns_types_and_fields(client: DirtyClient) -> None:
    """An exception in an action is DirtyAppError with its message, app, action and remote traceback."""
    with client, pytest.raises(DirtyAppError) as caught:
        client.execute(APP, "fail", "no such model")
    assert caught.value.message == "no such model"
    assert (caught.value.app_path, caught.value.action) == (APP, "fail")
    assert "ValueError: no such model" in caught.value.traceback


@pytest.mark.parametrize("action", ["nonsense", "_private", "calls"])
def test_what_is_no_action_is_refused(client: DirtyClient, action: str) -> None:
    """Unknown and private names, and attributes that cannot be called, are errors of the app."""
    with client, pytest.raises(DirtyAppError, match=action):
        client.execute(APP, action)


def test_unknown_app(client: DirtyClient) -> None:
    """An app that the pool does not have is an error at once."""
    with client, pytest.raises(DirtyError, match="elsewhere:App"):
        client.execute("elsewhere:App", "run")


@pytest.mark.parametrize("action", ["count", "acount"])
def test_stream(client: DirtyClient, action: str) -> None:
    """Generators and asynchronous generators arrive chunk by chunk; the connection serves on."""
    with client:
        assert list(client.stream(APP, action, 500)) == list(range(500))
        assert client.execute(APP, "add", 1) == 2


def test_stream_that_breaks(client: DirtyClient) -> None:
    """What was yielded before an exception arrives, then the error."""
    with client:
        chunks = client.stream(APP, "broken")
        assert next(chunks) == 1
        with pytest.raises(DirtyAppError, match="in the middle"):
            next(chunks)


def test_async_client(pool: Pool) -> None:
    """execute_async and stream_async."""

    async def talk() -> tuple[int, list[int]]:
        async with DirtyClient(pool.path, timeout=DEADLINE) as client:
            total = await client.execute_async(APP, "add", 20, 22)
            return total, [chunk async for chunk in client.stream_async(APP, "acount", 5)]

    assert asyncio.run(talk()) == (42, [0, 1, 2, 3, 4])


def test_stash_client(pool: Pool, client: DirtyClient) -> None:
    """gunicorn's StashClient sees what a worker's `gunicorn.dirty.stash` put, and the other way round."""
    with StashClient(pool.path) as stash, client:
        assert "counts" in stash.tables()
        assert client.execute(APP, "remember", "a", {"n": 1}) == {"n": 1}
        table = stash.table("counts")
        assert table["a"] == {"n": 1}
        table["b:1"], table["b:2"] = "one", None
        assert sorted(table.keys("b:*")) == ["b:1", "b:2"]
        assert table["b:2"] is None
        assert len(table) == 3
        assert "b:1" in table
        del table["b:1"]
        with pytest.raises(KeyError):
            table["b:1"]
        assert stash.get("counts", "b:1", "default") == "default"
        with pytest.raises(StashTableNotFoundError):
            stash.info("nowhere")
        stash.clear("counts")
        assert stash.keys("counts") == []
        stash.delete_table("counts")
        assert not stash.exists("counts")


def test_status(pool: Pool) -> None:
    """The status message is answered with gunicorn's keys."""
    with DirtyClient(pool.path, timeout=DEADLINE) as client:
        DirtyProtocol.write_message(client._sock, {"type": "status", "id": 7})
        reply = DirtyProtocol.read_message(client._sock)
    result = reply["result"]
    assert reply["id"] == 7
    assert result["worker_count"] == 2
    assert sorted(result["apps"]) == sorted([APP, FEW])
    assert result["arbiter_pid"] == pool.report()["arbiter_pid"]
    assert {worker["pid"] for worker in result["workers"]} == {w["pid"] for w in pool.report()["workers"]}
    assert all(worker["booted"] for worker in result["workers"])


def test_manage(pool: Pool) -> None:
    """Manage messages add and remove workers, never below what the apps need."""
    with DirtyClient(pool.path, timeout=DEADLINE) as client:

        def manage(operation: int, count: int) -> dict[str, object]:
            DirtyProtocol.write_message(client._sock, make_manage_message(1, operation, count))
            result: dict[str, object] = DirtyProtocol.read_message(client._sock)["result"]
            return result

        added = manage(MANAGE_OP_ADD, 1)
        assert (added["success"], added["spawned"], added["target_workers"]) == (True, 1, 3)
        pool.wait(lambda report: len(report["workers"]) == 3)
        removed = manage(MANAGE_OP_REMOVE, 9)
        assert (removed["removed"], removed["target_workers"]) == (2, 1)
    pool.wait(lambda report: len(report["workers"]) == 1)


def test_an_app_for_few_workers_is_loaded_by_as_many(client: DirtyClient) -> None:
    """The class attribute `workers` of gunicorn's apps is honoured: always the same process answers."""
    with client:
        assert len({client.execute(FEW, "pid") for _ in range(20)}) == 1


WSGI = """
from gunicorn.dirty import get_dirty_client

def application(environ, start_response):
    total = get_dirty_client().execute("gunicorn_app:Counting", "add", 40, 2)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(total).encode()]
"""


def test_a_gunicorn_web_app_under_load_while_workers_are_killed(pool: Pool, tmp_path: Path) -> None:
    """Two web workers whose dirty socket is ours answer on; only calls in a killed worker may fail."""
    (tmp_path / "wsgi_of_test.py").write_text(WSGI)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-w", "2", "-b", f"127.0.0.1:{port}", "wsgi_of_test:application"],
        cwd=tmp_path,
        env={**os.environ, "GUNICORN_DIRTY_SOCKET": pool.path},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stderr is not None
    try:
        while "Booting worker" not in server.stderr.readline():
            assert server.poll() is None
        answers: list[str] = []

        def visit() -> None:
            for _ in range(50):
                try:
                    with urlopen(f"http://127.0.0.1:{port}/", timeout=DEADLINE) as page:
                        answers.append(page.read().decode())
                except OSError as error:
                    answers.append(repr(error))

        visitors = [threading.Thread(target=visit) for _ in range(4)]
        for visitor in visitors:
            visitor.start()
        for _ in range(3):
            victim = pool.wait(lambda report: report["workers"])["workers"][0]["pid"]
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
            pool.wait(lambda report, victim=victim: victim not in [w["pid"] for w in report["workers"]])
        for visitor in visitors:
            visitor.join()
        assert len(answers) == 200
        assert answers.count("42") >= 200 - 3 * 2
    finally:
        server.terminate()
        server.communicate(timeout=2 * DEADLINE)
