"""The directory of the stash."""

import os
import stat
from pathlib import Path

import pytest

from supervisord_lite.config.program import Stash
from supervisord_lite.daemon.stash import clear_away, prepare
from tests.fakes.definitions import a_supervisor


def at(path: Path, **given: object) -> Stash:
    """A stash there."""
    return Stash(path=str(path), **given)  # type: ignore[arg-type]


def test_it_is_made_for_its_users(tmp_path: Path) -> None:
    """With the permissions of its files, and search for those who may read."""
    path = tmp_path / "stash"
    assert prepare(at(path, mode=0o660), a_supervisor())
    assert stat.S_IMODE(path.stat().st_mode) == 0o770


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a directory away takes root")
def test_it_belongs_to_whom_programs_run_as(tmp_path: Path) -> None:
    """And to its group."""
    prepare(at(tmp_path / "stash", group="4"), a_supervisor(user="65534"))
    found = (tmp_path / "stash").stat()
    assert (found.st_uid, found.st_gid) == (65534, 4)


@pytest.mark.parametrize("persist", [False, True])
def test_what_it_held_is_forgotten_unless_it_persists(tmp_path: Path, persist: bool) -> None:
    """At the start and at the end; nothing is touched that is not its own."""
    stash = at(tmp_path, persist=persist)
    for name in ("data.mdb", "lock.mdb", "precious"):
        (tmp_path / name).touch()
    assert prepare(stash, a_supervisor())
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left == ({"data.mdb", "lock.mdb", "precious"} if persist else {"precious"})
    clear_away(stash)
    assert (tmp_path / "precious").exists()


def test_where_it_cannot_be_there_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The daemon runs on, and says so."""
    (tmp_path / "file").touch()
    assert not prepare(at(tmp_path / "file" / "stash"), a_supervisor())
    assert "there is no stash" in caplog.text
