"""The clients that an application gets without saying where the pool is."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

import supervisord_lite.dirty as dirty
from supervisord_lite.dirty import (
    DirtyClient,
    DirtyError,
    close_dirty_client,
    close_dirty_client_async,
    get_dirty_client,
    get_dirty_client_async,
    get_dirty_socket_path,
    set_dirty_socket_path,
)

from .callers import APP
from .peer import Peer, Script, answering, echo

VARIABLES = ("SUPERVISOR_DIRTY_SOCKET", "GUNICORN_DIRTY_SOCKET", "SUPERVISOR_POOLS")


@pytest.fixture(autouse=True)
def environ(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An environment that knows no pool."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    set_dirty_socket_path(None)
    yield monkeypatch
    set_dirty_socket_path(None)


def test_no_pool_is_known() -> None:
    """Without a word about a pool, the error says what to set."""
    with pytest.raises(DirtyError, match=r"SUPERVISOR_DIRTY_SOCKET is not set; .*set_dirty_socket_path"):
        get_dirty_client()
    with pytest.raises(DirtyError):
        DirtyClient()


def test_the_default_pool(environ: pytest.MonkeyPatch) -> None:
    """What the application sets wins over the daemon's variable, and that over gunicorn's."""
    environ.setenv("GUNICORN_DIRTY_SOCKET", "/run/theirs.sock")
    assert get_dirty_socket_path() == "/run/theirs.sock"
    environ.setenv("SUPERVISOR_DIRTY_SOCKET", "/run/ours.sock")
    assert get_dirty_socket_path() == "/run/ours.sock"
    assert DirtyClient().socket_path == "/run/ours.sock"
    set_dirty_socket_path("/run/mine.sock")
    assert get_dirty_client().socket_path == "/run/mine.sock"


def test_a_pool_by_name(environ: pytest.MonkeyPatch) -> None:
    """The daemon tells its programs of all pools; one that it has not is refused with those it has."""
    environ.setenv("SUPERVISOR_POOLS", json.dumps({"dirty": "/run/d.sock", "models": "/run/m.sock"}))
    assert get_dirty_client(pool="models").socket_path == "/run/m.sock"
    with pytest.raises(DirtyError, match=r"No pool 'mail' in SUPERVISOR_POOLS \(it has dirty, models\)"):
        get_dirty_client(pool="mail")


@pytest.mark.parametrize("text", ["{", "[]", "3", ""])
def test_pools_that_cannot_be_read(text: str, environ: pytest.MonkeyPatch) -> None:
    """A variable that somebody spoiled is an error that names it."""
    environ.setenv("SUPERVISOR_POOLS", text)
    with pytest.raises(DirtyError, match="SUPERVISOR_POOLS"):
        get_dirty_client(pool="mail")


def test_one_client_for_all() -> None:
    """Callers with the same timeout get the same client, all of them its connections."""
    set_dirty_socket_path("/run/mine.sock")
    client = get_dirty_client()
    assert get_dirty_client() is client
    assert client.timeout == 30
    other = get_dirty_client(timeout=5)
    assert other.timeout == 5
    assert other is not client
    assert other._connections is client._connections
    assert asyncio.run(get_dirty_client_async(timeout=5)) is other
    set_dirty_socket_path("/run/another.sock")
    assert get_dirty_client().socket_path == "/run/another.sock"


def test_using_and_closing(pool: Callable[[Script], Peer]) -> None:
    """The default client serves threads and tasks; closing it costs the next call a connection."""
    peer = pool(answering(echo))
    set_dirty_socket_path(peer.path)
    assert get_dirty_client().execute(APP, "turn", 1) == 1
    close_dirty_client()
    assert get_dirty_client().execute(APP, "turn", 2) == 2
    close_dirty_client()

    async def work() -> int:
        client = await get_dirty_client_async()
        answer: int = await client.execute_async(APP, "turn", 3)
        await close_dirty_client_async()
        return answer

    assert asyncio.run(work()) == 3
    assert peer.connections == 3


def test_everything_is_where_gunicorn_has_it() -> None:
    """Moving over is changing an import: gunicorn's public names are here, but its arbiter."""
    import gunicorn.dirty

    assert {*gunicorn.dirty.__all__} - {*dirty.__all__} == {"DirtyArbiter"}
    for name in dirty.__all__:
        assert getattr(dirty, name) is not None
    assert {*dirty.__all__} <= {*dir(dirty)}
    with pytest.raises(AttributeError, match="no attribute 'DirtyArbiter'"):
        dirty.DirtyArbiter  # noqa: B018


def test_importing_is_light() -> None:
    """Importing the package imports nothing of it, and a client nothing that only some need."""
    code = (
        "import sys, supervisord_lite.dirty as d\n"
        "assert not [m for m in sys.modules if m.startswith('supervisord_lite.dirty.')]\n"
        "d.DirtyClient\n"
        "print([m for m in ('asyncio', 'lmdb', 'numpy', 'ctypes', 'json', 'pickle', 'logging',"
        " 'supervisord_lite.dirty.stash', 'supervisord_lite.dirty.async_link') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
