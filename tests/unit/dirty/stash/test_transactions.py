"""Several operations as one: what others see and do meanwhile."""

import threading

import pytest

from supervisord_lite.dirty.stash import Stash, StashConflictError, StashError
from supervisord_lite.dirty.stash.store import Store

from .conftest import Clock
from .loopback import Loopback


def test_others_see_it_when_it_has_ended(store: Store) -> None:
    """Until then they read what was."""
    store.put("t", "k", 1)
    seen = []

    def look() -> None:
        seen.append(store.get("t", "k"))

    with store.transaction() as transaction:
        transaction.put("t", "k", 2)
        other = threading.Thread(target=look)
        other.start()
        other.join()
    assert (seen, store.get("t", "k")) == ([1], 2)


def test_others_wait_to_write(store: Store) -> None:
    """A write of another thread comes after the whole transaction."""
    with store.transaction() as transaction:
        other = threading.Thread(target=store.incr, args=("t", "n"))
        other.start()
        transaction.put("t", "n", transaction.get("t", "n", 10) + 1)
    other.join()
    assert store.get("t", "n") == 12


def test_its_own_thread_writes_through_it(store: Store) -> None:
    """Anything else would wait for itself, and is refused; reading shows what was before."""
    store.put("t", "k", 0)
    with store.transaction() as transaction:
        transaction.put("t", "k", 1)
        with pytest.raises(StashError, match="in a transaction of this thread"):
            store.put("t", "k", 2)
        with pytest.raises(StashError, match="in a transaction of this thread"), store.transaction():
            pass
        assert store.get("t", "k") == 0
    assert store.get("t", "k") == 1


def test_it_is_not_for_other_threads(store: Store) -> None:
    """LMDB ties it to the thread that began it."""
    refused = []

    def use() -> None:
        try:
            transaction.put("t", "k", 1)
        except StashError as error:
            refused.append(error)

    with store.transaction() as transaction:
        other = threading.Thread(target=use)
        other.start()
        other.join()
    assert len(refused) == 1


def test_a_local_one_goes_through_tables(store: Store) -> None:
    """It knows every operation on keys and tables."""
    store.update("t", {"a": 1, "b": 2})
    with store.transaction() as transaction:
        assert transaction.items("t") == [("a", 1), ("b", 2)]
        transaction.clear("t")
        transaction.ensure("u")
        assert (transaction.keys("t"), transaction.tables(), transaction.info("t")["size"]) == (
            [],
            ["t", "u"],
            0,
        )
        with pytest.raises(StashError, match="whole stash"):
            transaction.info()
    assert store.tables() == ["t", "u"]


def test_a_remote_one_does_not(loopback: Loopback) -> None:
    """What it cannot watch for changes is refused."""
    with loopback.transaction() as transaction:
        for refused in (lambda: transaction.keys("t"), lambda: transaction.clear("t"), transaction.tables):
            with pytest.raises(StashError, match=r"\(\) goes through a table"):
                refused()
        assert transaction.exists("t", 1) is False


def changed_meanwhile(stash: Stash, other: Stash) -> list[int]:
    """Count up in a transaction into which, at its first try, another program comes."""
    tries: list[int] = []

    def work(transaction: Stash) -> None:
        tries.append(transaction.get("t", "n", 0))
        if len(tries) == 1:
            other.put("t", "n", 10)
        transaction.put("t", "n", tries[-1] + 1)

    stash.transact(work)
    return tries


def test_a_remote_one_is_repeated_when_others_come_between(loopback: Loopback, store: Store) -> None:
    """Nothing of the first try is written."""
    assert changed_meanwhile(loopback, store) == [0, 10]
    assert store.get("t", "n") == 11


def test_a_remote_one_alone_raises(loopback: Loopback, store: Store) -> None:
    """Without `transact` the conflict is the caller's; it names the key."""
    store.put("t", "a", 1)
    transaction = loopback.transaction()
    with transaction as begun:
        begun.put("t", "b", begun.get("t", "a"))
        store.delete("t", "a")
        with pytest.raises(
            StashConflictError, match="'a' in the stash table 't' was changed by another program"
        ):
            transaction.__exit__(None, None, None)
    assert store.get("t", "b") is None


def test_a_remote_one_reads_one_moment(loopback: Loopback, store: Store) -> None:
    """A read that would not fit to an earlier one is refused there and then."""
    store.update("t", {"a": 1, "b": 1})
    with loopback.transaction() as transaction:
        assert transaction.get("t", "a") == 1
        store.update("t", {"a": 2, "b": 2})
        with pytest.raises(StashConflictError):
            transaction.get("t", "b")


def test_a_remote_one_sees_times_change(loopback: Loopback, store: Store, clock: Clock) -> None:
    """A new ttl is a change, and so is a key that expires."""
    for change in (lambda: store.expire("t", "a", 500), lambda: setattr(clock, "now", clock.now + 1000)):
        store.put("t", "a", 1, ttl=100)
        with loopback.transaction() as transaction:
            transaction.get("t", "a")
            change()
            with pytest.raises(StashConflictError):
                transaction.get("t", "b")


def test_one_who_always_comes_between(loopback: Loopback, store: Store) -> None:
    """In the end the conflict is raised."""

    def work(transaction: Stash) -> None:
        transaction.get("t", "n")
        store.incr("t", "n")
        transaction.put("t", "n", 0)

    with pytest.raises(StashConflictError):
        loopback.transact(work)
