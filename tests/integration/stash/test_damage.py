"""Stashes whose file is damaged, and stashes that persist."""

import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path

import lmdb
import pytest

from supervisord_lite.dirty.stash import StashError, damage
from supervisord_lite.dirty.stash.store import Store, prepare

from .test_processes import child, heard

SIZE = 2**24


def filled(place: Path, *, persist: bool = True) -> Path:
    """A stash with something in it, closed again; its file."""
    store = Store(str(place), size=SIZE, persist=persist)
    for number in range(200):
        store.put("t", number, b"x" * 2000, ttl=None if number % 2 else 1000)
    store.close()
    return place / "data.mdb"


def overwritten(file: Path) -> None:
    """Its head is garbage."""
    with file.open("r+b") as opened:
        opened.write(os.urandom(8192))


def cut_off(file: Path) -> None:
    """Its end is missing, so that reading it is SIGBUS."""
    os.truncate(file, file.stat().st_size // 2)


def scribbled_in(file: Path) -> None:
    """Its pages are garbage, its head is not."""
    size = file.stat().st_size
    with file.open("r+b") as opened:
        for at in range(8192, size, 4096):
            opened.seek(at)
            opened.write(os.urandom(64))


DAMAGES: list[Callable[[Path], None]] = [overwritten, cut_off, scribbled_in]


@pytest.mark.parametrize("harm", DAMAGES, ids=lambda harm: harm.__name__)
def test_a_damaged_file_is_set_aside(
    place: Path, harm: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """The arbiter keeps it under another name, says so, and goes on with an empty one."""
    file = filled(place)
    harm(file)
    content = file.read_bytes()
    with caplog.at_level(logging.WARNING):
        warnings = prepare(str(place), size=SIZE, persist=True)
    assert not caplog.records  # the arbiter says it, once
    assert len(warnings) == 1
    assert f"The stash in {place} was damaged (" in warnings[0]
    assert "it is kept as stash.damaged-1, and an empty one takes its place." in warnings[0]
    assert (place / "stash.damaged-1").read_bytes() == content
    store = Store(str(place), size=SIZE, persist=True)
    assert store.tables() == []
    store.put("t", "k", 1)
    store.close()


@pytest.mark.parametrize("harm", [overwritten, cut_off], ids=lambda harm: harm.__name__)
def test_a_program_without_an_arbiter_does_so_itself(place: Path, harm: Callable[[Path], None]) -> None:
    """When it opens it and nobody else has it open."""
    harm(filled(place, persist=False))
    store = Store(str(place), size=SIZE, persist=False)
    store.put("t", "k", 1)
    assert store.keys("t") == ["k"]
    assert (place / "stash.damaged-1").exists()
    store.close()


def test_a_few_damaged_files_are_kept(place: Path) -> None:
    """The latest ones: the runtime directory is memory."""
    for _ in range(damage.KEPT + 2):
        overwritten(filled(place))
        assert len(prepare(str(place), size=SIZE, persist=True)) == 1
        Store(str(place), size=SIZE, persist=True).close()
    assert sorted(path.name for path in place.glob("stash.*")) == [f"stash.damaged-{n}" for n in (3, 4, 5)]


def test_a_damaged_file_that_others_have_open(place: Path) -> None:
    """It is not taken away from them: the error says to stop them."""
    file = filled(place)
    store = Store(str(place), size=SIZE, persist=True)

    def hold(say: Callable[[str], None]) -> None:
        store.get("t", 1)
        say("open")
        signal.pause()

    with child(hold) as (_, reading):
        heard(reading)
        assert damage.is_in_use(str(place))
        overwritten(file)
        with pytest.raises(StashError, match=r"is damaged .*; stop the programs that use it: the first"):
            store.get("t", 1)
    assert not damage.is_in_use(str(place))
    assert store.get("t", 1) is None
    assert (place / "stash.damaged-1").exists()
    store.close()


def test_a_sound_one_is_left_alone(place: Path) -> None:
    """What persists is there after everybody was gone, to the last key and its time."""
    filled(place)
    assert prepare(str(place), size=SIZE, persist=True) == []
    store = Store(str(place), size=SIZE, persist=True)
    assert store.info("t")["size"] == 200
    assert store.get("t", 1) == b"x" * 2000
    assert 900 < (store.ttl("t", 0) or 0) <= 1000
    assert store.info()["persist"] is True
    store.close()


def test_a_layout_of_another_version(place: Path) -> None:
    """It is set aside like a damaged one, and the warning says why."""
    with lmdb.open(str(place)) as opened, opened.begin(write=True) as txn:
        txn.put(b"\x00layout", b"99")
    (warning,) = prepare(str(place), size=SIZE, persist=True)
    assert "it has layout b'99', and this version knows b'1'" in warning


def test_a_record_that_cannot_be_read(place: Path) -> None:
    """The error names table and key; everything else goes on."""
    store = Store(str(place), size=SIZE, persist=False)
    store.put("t", "k", 1)
    store._environment.write(lambda view: view.txn.put(b"\x02\x01tsk", b"\0\xc1"))
    with pytest.raises(
        StashError, match=r"'k' in the stash table 't' is damaged .*; delete it, or put it anew"
    ):
        store.get("t", "k")
    store.put("t", "k", 2)
    assert store.get("t", "k") == 2
    store.close()
