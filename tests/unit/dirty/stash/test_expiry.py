"""Keys that live for a time."""

import pytest

from supervisord_lite.dirty.stash import MISSING, Stash, StashError, StashKeyNotFoundError
from supervisord_lite.dirty.stash.store import Store

from .conftest import Clock
from .loopback import Loopback


@pytest.fixture(params=["here", "by requests"])
def stash(request: pytest.FixtureRequest, store: Store) -> Stash:
    """A stash, each way."""
    return store if request.param == "here" else Loopback(store)


def test_an_expired_key_is_gone_for_every_operation(stash: Stash, clock: Clock) -> None:
    """From its last moment on nobody sees it, removed or not."""
    for number in range(100):
        stash.put("t", number, number, ttl=10)
    stash.put("t", "stays", 1)
    clock.now += 9.9
    assert stash.info("t")["size"] == 101
    clock.now += 0.2
    assert (stash.get("t", 1), stash.exists("t", 1), stash.get_many("t", [1, 2])) == (None, False, {})
    assert (stash.keys("t"), stash.items("t"), stash.info("t")["size"]) == (["stays"], [("stays", 1)], 1)
    assert (stash.delete("t", 1), stash.pop("t", 2, None), stash.expire("t", 3, 5)) == (False, None, False)
    assert stash.compare_and_set("t", 4, MISSING, "new")
    assert stash.setdefault("t", 5, "new") == "new"
    assert stash.incr("t", 6) == 1
    assert stash.info("t")["size"] == 4


def test_time_left(stash: Stash, clock: Clock) -> None:
    """`ttl` says what is left, None for ever, and raises where there is nothing."""
    stash.put("t", "a", 1, ttl=10)
    stash.put("t", "b", 1)
    clock.now += 4
    assert (stash.ttl("t", "a"), stash.ttl("t", "b")) == (pytest.approx(6), None)
    clock.now += 6
    with pytest.raises(StashKeyNotFoundError):
        stash.ttl("t", "a")


def test_a_time_can_be_changed(stash: Stash, clock: Clock) -> None:
    """`expire` sets it anew, or takes it away; a put without one takes it away too."""
    for key in "abc":
        stash.put("t", key, 1, ttl=10)
    assert stash.expire("t", "a", 100)
    assert stash.expire("t", "b", None)
    stash.put("t", "c", 2)
    clock.now += 50
    assert stash.keys("t") == ["a", "b", "c"]
    clock.now += 51
    assert stash.keys("t") == ["b", "c"]


def test_a_counter_keeps_the_time_it_began_with(stash: Stash, clock: Clock) -> None:
    """So that a rate is counted in windows."""
    assert [stash.incr("t", "n", ttl=60) for _ in range(3)] == [1, 2, 3]
    clock.now += 59
    assert stash.incr("t", "n", ttl=60) == 4
    clock.now += 2
    assert stash.incr("t", "n", ttl=60) == 1


def test_times_that_make_no_sense(stash: Stash, clock: Clock) -> None:
    """None at all or less is over at once; more than the clock can say is for ever; a word is refused."""
    stash.put("t", "a", 1, ttl=0)
    stash.put("t", "b", 1, ttl=-(10**10))
    stash.put("t", "c", 1, ttl=float("inf"))
    assert stash.keys("t") == ["c"]
    for ttl in ("5", float("nan")):
        with pytest.raises(StashError, match="A ttl is a number of seconds"):
            stash.put("t", "d", 1, ttl=ttl)  # type: ignore[arg-type]


def test_writes_remove_what_has_expired(store: Store, clock: Clock) -> None:
    """So that nothing is left for ever, a bounded number at a time."""
    for number in range(500):
        store.put("t", number, b"x" * 1000, ttl=10)
    full = store.info()["used"]
    clock.now += 11
    for number in range(500):
        store.put("other", number % 3, 1)
    assert store.info()["used"] < full / 20
    assert store.sweep() == 0


def test_a_long_key_expires_too(store: Store, clock: Clock) -> None:
    """Its name in the tree has room for that."""
    store.put("t" * 200, "k" * 10_000, 1, ttl=10)
    assert store.ttl("t" * 200, "k" * 10_000) == pytest.approx(10)
    clock.now += 11
    assert store.sweep() == 1
    assert store.info() | {"path": "", "readers": 0, "used": 0} == {
        "tables": 1, "entries": 0, "limit": 2**22, "persist": False, "path": "", "readers": 0, "used": 0,
    }  # fmt: skip
