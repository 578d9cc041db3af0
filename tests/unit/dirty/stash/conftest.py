"""What the tests of the stash share: a clock that they set, and a stash of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from supervisord_lite.dirty.stash.store import Store

from .loopback import Loopback


class Clock:
    """Seconds since 1970, as a test sets them."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of `store`."""
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    """An empty stash."""
    store = Store(str(tmp_path), size=2**22, persist=False, clock=clock)
    yield store
    store.close()


@pytest.fixture
def loopback(store: Store) -> Loopback:
    """The same stash as requests and answers."""
    return Loopback(store)
