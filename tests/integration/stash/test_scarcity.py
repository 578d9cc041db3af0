"""Too little memory, too little disk, too few rights."""

import os
import resource
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisord_lite.dirty.stash import StashError, StashFullError
from supervisord_lite.dirty.stash.store import Store
from tests.fakes.forked import in_a_fork

needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="needs root, to mount a file system or be somebody else"
)


@pytest.fixture
def disk() -> Iterator[Path]:
    """A file system in memory of 2 MiB."""
    place = Path(tempfile.mkdtemp(prefix="sl-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)
    place.rmdir()


@needs_root
def test_a_full_file_system(disk: Path) -> None:
    """The write that does not fit is refused, the one before it stays; no signal ends the program."""
    store = Store(str(disk), size=2**28, persist=False)
    count = 0

    def fill() -> None:
        nonlocal count
        while True:
            store.put("t", count, b"x" * 50_000)
            count += 1

    with pytest.raises(StashFullError, match="cannot be written: its file system is full"):
        fill()
    assert 20 < count < 42
    assert store.info("t")["size"] == count
    assert store.get("t", 0) == b"x" * 50_000
    subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
    store.put("t", count, b"x" * 50_000)
    assert store.get("t", count) == b"x" * 50_000
    store.close()


@needs_root
def test_no_room_for_the_first_file(disk: Path) -> None:
    """It says that the file system is full."""
    (disk / "fill").write_bytes(b"x" * (2 * 2**20 - 8192))
    store = Store(str(disk), size=2**28, persist=False)
    with pytest.raises(StashFullError, match="file system is full"):
        store.put("t", "k", 1)
    (disk / "fill").unlink()
    store.put("t", "k", 1)
    store.close()


def test_a_limit_of_address_space(place: Path) -> None:
    """A program that is not to have so much is told which key decides it."""

    def try_it() -> object:
        resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
        store = Store(str(place), size=2**33, persist=False)
        with pytest.raises(
            StashError, match=r"bytes of address space, more than rlimits.as leaves this process"
        ):
            store.get("t", "k")
        small = Store(str(place), size=2**33, persist=False)
        small._environment.size = 2**20
        small.put("t", "k", 1)
        return small.get("t", "k")

    assert in_a_fork(try_it) == "1"


@needs_root
def test_a_file_that_may_not_be_read(place: Path) -> None:
    """The directory is ours, its file is not: the error says whose rights to look at."""
    (place / "data.mdb").write_bytes(b"")
    (place / "data.mdb").chmod(0o600)
    os.chown(place, 65534, 65534)
    place.chmod(0o755)

    def be_somebody_else() -> object:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        Store(str(place), size=2**20, persist=False).get("t", "k")
        return None

    with pytest.raises(AssertionError, match="see that user 65534 may read and write its files"):
        in_a_fork(be_somebody_else)
