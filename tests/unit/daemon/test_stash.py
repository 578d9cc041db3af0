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
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.iterdir()} == {0o660}


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a directory away takes root")
def test_it_belongs_to_whom_programs_run_as(tmp_path: Path) -> None:
    """And to its group."""
    prepare(at(tmp_path / "stash", group="4"), a_supervisor(user="65534"))
    for path in (tmp_path / "stash", tmp_path / "stash" / "data.mdb", tmp_path / "stash" / "lock.mdb"):
        found = path.stat()
        assert (found.st_uid, found.st_gid) == (65534, 4)


def test_no_link_is_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A link that a program put in its place, or in place of a file, is refused."""
    (tmp_path / "elsewhere").mkdir(mode=0o711)
    (tmp_path / "elsewhere" / "file").touch(mode=0o640)
    (tmp_path / "stash").symlink_to("elsewhere")
    assert not prepare(at(tmp_path / "stash"), a_supervisor())
    (tmp_path / "stash").unlink()
    (tmp_path / "stash").mkdir()
    (tmp_path / "stash" / "data.mdb").symlink_to("../elsewhere/file")
    assert not prepare(at(tmp_path / "stash", persist=True), a_supervisor())
    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o711
    assert stat.S_IMODE((tmp_path / "elsewhere" / "file").stat().st_mode) == 0o640


@pytest.mark.parametrize("persist", [False, True])
def test_what_it_held_is_forgotten_unless_it_persists(tmp_path: Path, persist: bool) -> None:
    """At the start and at the end; nothing is touched that is not its own."""
    stash = at(tmp_path, persist=persist)
    for name in ("data.mdb", "lock.mdb", "precious"):
        (tmp_path / name).write_text("held")
    assert prepare(stash, a_supervisor())
    held = {entry.name for entry in tmp_path.iterdir() if entry.read_text()}
    assert held == ({"data.mdb", "lock.mdb", "precious"} if persist else {"precious"})
    clear_away(stash)
    assert (tmp_path / "data.mdb").exists() is persist
    assert (tmp_path / "precious").exists()


def test_where_it_cannot_be_there_is_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The daemon runs on, and says so."""
    (tmp_path / "file").touch()
    assert not prepare(at(tmp_path / "file" / "stash"), a_supervisor())
    assert "there is no stash" in caplog.text
