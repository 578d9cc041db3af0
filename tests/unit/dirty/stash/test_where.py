"""Which stash the functions mean."""

import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from supervisord_lite.dirty import stash
from supervisord_lite.dirty.stash import StashError, StashFullError, StashKeyNotFoundError, where
from supervisord_lite.dirty.stash.client import StashClient
from supervisord_lite.dirty.stash.errors import StashTableNotFoundError
from supervisord_lite.dirty.stash.store import Store


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that says nothing."""
    for name in ("SUPERVISOR_STASH", "SUPERVISOR_DIRTY_SOCKET", "GUNICORN_DIRTY_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_a_directory_of_ours_is_opened(tmp_path: Path) -> None:
    """With what the daemon says of it."""
    found = where.found({"SUPERVISOR_STASH": str(tmp_path), "SUPERVISOR_STASH_SIZE": "1000000"})
    assert isinstance(found, Store)
    assert (found.info()["limit"], found.info()["persist"], found.directory) == (
        1000000,
        False,
        str(tmp_path),
    )
    found.close()


def test_a_directory_of_others_is_reached_through_the_pool(environment: pytest.MonkeyPatch) -> None:
    """It is not opened, and without a pool there is no stash."""
    theirs = {"SUPERVISOR_STASH": "/nowhere/stash"}
    with pytest.raises(StashError, match=r"is not this user's .* no dirty pool is known"):
        where.found(theirs)
    environment.setenv("GUNICORN_DIRTY_SOCKET", "/run/dirty.sock")
    found = where.found(theirs)
    assert isinstance(found, StashClient)
    assert found.socket_path == "/run/dirty.sock"


def test_nothing_is_said() -> None:
    """The error says what to do."""
    with pytest.raises(StashError, match=r"This process knows no stash: SUPERVISOR_STASH is not set"):
        where.found({})
    with pytest.raises(StashError, match="is a number of bytes, not 'big'"):
        where.found({"SUPERVISOR_STASH": "/", "SUPERVISOR_STASH_SIZE": "big"})


def test_gunicorns_way_to_say_it(environment: pytest.MonkeyPatch) -> None:
    """A socket can be set, and asked for."""
    with pytest.raises(StashError, match="No dirty pool is known"):
        stash.get_stash_socket_path()
    environment.setenv("GUNICORN_DIRTY_SOCKET", "/run/one.sock")
    assert stash.get_stash_socket_path() == "/run/one.sock"
    stash.set_stash_socket_path("/run/other.sock")
    assert stash.get_stash_socket_path() == "/run/other.sock"
    stash.set_stash_socket_path(None)
    assert stash.get_stash_socket_path() == "/run/one.sock"


def test_a_table_may_be_made_before_anything_is_known(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """At the head of a module, say, that is imported before a fork."""
    sessions = stash.table("sessions")
    environment.setenv("SUPERVISOR_STASH", str(tmp_path))
    sessions["a"] = 1
    assert stash.get("sessions", "a") == 1
    assert stash.transact(lambda t: t.get("sessions", "a")) == 1
    stash.set_stash_socket_path(None)  # the next test looks for its own


@pytest.mark.parametrize(
    "what_is_said",
    [
        {"path": "/", "size": 1, "persist": False, "uid": -1, "mode": 0o600, "file": [0, 0]},
        {"path": "/nowhere"},
        {},
        None,
        [1],
    ],
)
def test_what_a_pool_says_is_checked(what_is_said: object) -> None:
    """A stash that is not there, not ours, or another file, is not opened."""
    assert where.opened(what_is_said) is None


def test_another_file_by_the_same_name(store: Store) -> None:
    """In another mount namespace, say."""
    said = store.where()
    found = where.opened(said)
    assert isinstance(found, Store)
    assert found.directory == store.directory
    assert where.opened(said | {"file": [said["file"][0], said["file"][1] + 1]}) is None


def test_errors_can_be_pickled() -> None:
    """With everything that they carry."""
    for error in (
        StashFullError("full", {"a": 1}),
        StashTableNotFoundError("t"),
        StashKeyNotFoundError("t", (1,)),
    ):
        back = pickle.loads(pickle.dumps(error))
        assert (type(back), str(back), back.__dict__) == (type(error), str(error), error.__dict__)


def test_importing_is_cheap() -> None:
    """Neither LMDB nor a codec is imported before it is needed."""
    heavy = "{'lmdb', 'msgpack', 'asyncio', 'subprocess'}"
    look = f"import sys; from supervisord_lite.dirty import stash; print({heavy} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
