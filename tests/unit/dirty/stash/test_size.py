"""How much fits into a stash, and what happens then."""

from pathlib import Path

import pytest

from supervisord_lite.dirty.stash import StashError, StashFullError
from supervisord_lite.dirty.stash.store import Store, prepare

from .conftest import Clock

SIZE = 2**18


@pytest.fixture
def small(tmp_path: Path, clock: Clock) -> Store:
    """A stash for 256 KiB."""
    return Store(str(tmp_path), size=SIZE, persist=False, clock=clock)


def fill(store: Store, **options: float) -> int:
    """Put until it is full; how many there were."""
    for number in range(10_000):
        try:
            store.put("t", number, b"x" * 500, **options)
        except StashFullError:
            return number
    raise AssertionError("it is never full")


def test_a_full_stash_says_so_and_goes_on(small: Store) -> None:
    """What was there stays and can be read, replaced and removed; what is removed makes room."""
    count = fill(small)
    assert SIZE * 0.7 / 500 < count < SIZE / 500
    with pytest.raises(StashFullError, match=r"where 262144 are allowed; .*, or raise size in \[stash\]"):
        small.put("t", "one more", b"x" * 5000)
    assert small.info("t")["size"] == count
    small.put("t", 0, b"y" * 500)
    for number in range(count):
        assert small.delete("t", number)
    assert fill(small) == count


@pytest.mark.parametrize("repetition", range(3))
def test_a_full_stash_can_be_cleared(small: Store, repetition: int) -> None:
    """Removing never fails for want of room."""
    for _ in range(repetition + 1):
        fill(small)
        small.clear("t")
    assert small.info()["entries"] == 0


def test_what_is_larger_than_the_stash(small: Store) -> None:
    """One value alone can be too much; nothing of it is left."""
    with pytest.raises(StashFullError):
        small.put("t", "k", b"x" * 10 * SIZE)
    with pytest.raises(StashFullError):
        small.update("t", {number: b"x" * 1000 for number in range(1000)})
    with pytest.raises(StashFullError), small.transaction() as transaction:
        transaction.update("t", {number: b"x" * 1000 for number in range(1000)})
    assert small.tables() == []


def test_what_has_expired_makes_room(small: Store, clock: Clock) -> None:
    """Before a stash is called full, everything that has expired is removed."""
    count = fill(small, ttl=10)
    clock.now += 11
    assert fill(small, ttl=10) > count * 0.6  # the pages are not as full as at first


def test_a_stash_can_grow(small: Store, tmp_path: Path) -> None:
    """A program that was started when it was smaller sees the new size when it needs it."""
    count = fill(small)
    small.close()
    prepare(str(tmp_path), size=SIZE * 10, persist=False)
    small._environment.size = SIZE  # as a program has it that runs since before
    small._environment.close()
    assert fill(small) > count * 8
    assert small.info()["limit"] == SIZE * 10


def test_a_stash_can_shrink(small: Store, tmp_path: Path) -> None:
    """Nothing is lost; nothing is added until enough is removed."""
    count = fill(small)
    prepare(str(tmp_path), size=SIZE // 2, persist=False)
    with pytest.raises(StashFullError):
        small.put("t", "k", b"x" * 500)
    for number in range(count * 2 // 3):
        small.delete("t", number)
    small.put("t", "k", b"x" * 500)


def test_its_directory_has_to_be_there(tmp_path: Path) -> None:
    """The daemon makes it; nobody else does."""
    store = Store(str(tmp_path / "stash"), size=SIZE, persist=False)
    with pytest.raises(
        StashError, match=r"stash cannot be used: No such file or directory; the daemon makes it"
    ):
        store.get("t", "k")
    (tmp_path / "stash").write_text("")
    with pytest.raises(StashError, match="is no directory; see path"):
        store.put("t", "k", 1)
    (tmp_path / "stash").unlink()
    (tmp_path / "stash").mkdir()
    store.put("t", "k", 1)
    assert {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "stash").iterdir()} == {
        "data.mdb": 0o600,
        "lock.mdb": 0o600,
    }
