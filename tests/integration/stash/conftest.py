"""What the tests of the stash in real processes share."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from supervisord_lite.dirty.stash.store import Store

from .arbiter import Arbiter


@pytest.fixture
def place() -> Iterator[Path]:
    """An empty directory in memory, as the runtime directory is, for a stash."""
    place = Path(tempfile.mkdtemp(prefix="sl-stash-", dir="/dev/shm"))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def store(place: Path) -> Iterator[Store]:
    """An empty stash, open in this process as soon as it is used."""
    store = Store(str(place), size=2**24, persist=False)
    yield store
    store.close()


@pytest.fixture
def new_arbiter(directory: Path) -> Iterator[Callable[..., Arbiter]]:
    """Makes arbiters that listen at `directory / "dirty.sock"`, one after the other."""
    arbiters: list[Arbiter] = []

    def make(*args: object) -> Arbiter:
        arbiters.append(Arbiter(directory / "dirty.sock", *args))  # type: ignore[arg-type]
        return arbiters[-1]

    yield make
    for arbiter in arbiters:
        if not arbiter.is_closed:
            arbiter.close()
