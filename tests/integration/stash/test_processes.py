"""A stash that several processes have open."""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from supervisord_lite.dirty.stash import StashError, forks
from supervisord_lite.dirty.stash.store import Store
from supervisord_lite.linux import clone
from tests.fakes.forked import DEADLINE, in_a_fork, read_to_end, wait_for_end


@contextmanager
def child(work: Callable[[Callable[[str], None]], object]) -> Iterator[tuple[int, int]]:
    """A process that works, writing a pipe: its pid, and the pipe's other end. In the end it is killed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            work(lambda text: (os.write(writing, text.encode()), None)[1])
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is to read it
            os.write(writing, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    try:
        yield pid, reading
    finally:
        os.close(reading)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def heard(fd: int) -> str:
    """What comes next out of a pipe."""
    assert select.select([fd], [], [], DEADLINE)[0], "nothing comes"
    return os.read(fd, 65536).decode()


def for_ever(store: Store) -> Callable[[Callable[[str], None]], None]:
    """Write in transactions that keep two tables equal, having said so."""

    def work(say: Callable[[str], None]) -> None:
        say("writing")
        while True:
            with store.transaction() as transaction:
                number = transaction.incr("a", "n")
                transaction.put("b", number % 100, b"x" * 3000)
                transaction.put("b", "n", number)

    return work


def test_many_writers_lose_nothing(store: Store) -> None:
    """Eight processes count to the same number, each way there is."""

    def work(say: Callable[[str], None]) -> None:
        for _ in range(200):
            store.incr("t", "n")
            with store.transaction() as transaction:
                transaction.put("t", "m", transaction.get("t", "m", 0) + 1)
            while not store.compare_and_set("t", "c", there := store.setdefault("t", "c", 0), there + 1):
                pass
        say("done")

    def at_once(left: int) -> None:
        if left:
            with child(work) as (_, reading):
                at_once(left - 1)
                assert read_to_end(reading) == "done"

    at_once(8)
    assert store.items("t") == [("c", 1600), ("m", 1600), ("n", 1600)]


@pytest.mark.parametrize("moment", range(12))
def test_a_writer_killed_in_the_middle(store: Store, moment: int) -> None:
    """Nothing is half done, and nobody waits for the dead."""
    with child(for_ever(store)) as (pid, reading):
        heard(reading)
        while store.get("a", "n", 0) < 20 * moment:
            pass
        os.kill(pid, signal.SIGKILL)
        wait_for_end(pid)
        assert store.get("a", "n") == store.get("b", "n")
        assert store.incr("a", "n") == store.incr("b", "n")
        assert store.reader_check() <= 1


def test_a_stopped_writer_does_not_stop_readers(store: Store) -> None:
    """They read what was before; a write waits until it goes on, and is then done."""
    store.put("t", "k", 0)

    def work(say: Callable[[str], None]) -> None:
        with store.transaction() as transaction:
            transaction.put("t", "k", 1)
            say("writing")
            signal.pause()

    with child(work) as (pid, reading):
        heard(reading)
        os.kill(pid, signal.SIGSTOP)
        assert store.get("t", "k") == 0
        other = threading.Thread(target=store.put, args=("t", "other", 2))
        other.start()
        assert store.get("t", "other") is None
        os.kill(pid, signal.SIGKILL)
        other.join(DEADLINE)
        assert (store.get("t", "k"), store.get("t", "other")) == (0, 2)


def test_more_readers_than_lmdb_has_by_itself(store: Store) -> None:
    """200 processes hold the stash open; killed, they leave their places to others."""
    store.put("t", "k", 1)

    def read_and_wait(say: Callable[[str], None]) -> None:
        say(str(store.get("t", "k")))
        signal.pause()

    def at_once(left: int) -> None:
        if left == 0:
            assert store.info()["readers"] >= 200
            return
        with child(read_and_wait) as (_, reading):
            assert heard(reading) == "1"
            at_once(left - 1)

    at_once(200)
    assert store.reader_check() == 200
    assert store.info()["readers"] == 1


def test_a_fork_opens_it_anew(store: Store) -> None:
    """Parent and child both go on, whoever closes or ends first."""
    store.put("t", "k", 1)
    assert store.get("t", "k") == 1

    def in_child() -> object:
        assert store.incr("t", "k") == 2
        return in_a_fork(lambda: store.incr("t", "k"))

    assert in_a_fork(in_child) == "3"
    assert store.get("t", "k") == 3
    store.put("t", "k", 4)
    assert store.info()["readers"] == 1


ENDS = """
import os, sys
from supervisord_lite.dirty.stash.store import Store
store = Store(sys.argv[1], size=2**24, persist=False)
store.put("t", "k", 1)
store.get("t", "k")
pid = os.fork()
if pid == 0:
    sys.exit()
os.waitpid(pid, 0)
print(store.get("t", "k"), store.info()["readers"])
with store.transaction() as transaction:
    transaction.put("t", "k", 2)
    if os.fork() == 0:
        sys.exit()
    os.wait()
print(store.get("t", "k"))
"""


def test_a_child_that_ends_as_pythons_do(place: Path) -> None:
    """What it frees at its end takes no reader's place, and no transaction, from the parent."""
    done = subprocess.run(
        [sys.executable, "-c", ENDS, place], capture_output=True, text=True, timeout=DEADLINE
    )
    assert (done.stdout.split(), done.stderr) == (["1", "1", "2"], "")


def test_a_fork_while_other_threads_use_it(store: Store) -> None:
    """Their reads and writes go on as if nothing were, and so does the child."""
    store.put("t", "n", 0)
    is_over = threading.Event()
    failures: list[BaseException] = []
    done = [0]

    def use() -> None:
        try:
            while not is_over.is_set():
                store.incr("t", "n")
                assert len(store.items("t")) == 1
                with store.transaction() as transaction:
                    transaction.incr("t", "n", -1)
                    done[0] += 1
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=use) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            assert in_a_fork(lambda: type(store.get("t", "n")).__name__) == "int"
            done[0] = 0
            while done[0] == 0 and not failures:
                pass
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert store.get("t", "n") == 0


def test_a_fork_inside_a_transaction(store: Store) -> None:
    """The transaction stays the parent's: the child neither ends it nor uses the stash, and is told why."""
    with store.transaction() as transaction:
        transaction.put("t", "k", 1)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                with pytest.raises(StashError, match="inside its `with`"):
                    transaction.put("t", "k", 2)
                with pytest.raises(StashError, match="forked in the middle of a write to the stash"):
                    store.get("t", "k")
                transaction.__exit__(None, None, None)
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(pid, 0)[1] == 0
        transaction.put("t", "l", 1)
    assert store.items("t") == [("k", 1), ("l", 1)]
    assert in_a_fork(lambda: store.get("t", "k")) == "1"


def test_a_fork_that_python_is_not_told_of(store: Store) -> None:
    """As fork servers do it (clone3): the process id tells, and the child opens it for itself."""
    store.put("t", "k", 1)
    reading, writing = os.pipe()

    def in_between() -> object:
        os.close(reading)
        store.get("t", "k")
        pid = clone.fork_for_parent(None)
        if pid == 0:
            os.write(writing, str(store.incr("t", "k")).encode())
            os._exit(0)
        return pid

    pid = int(in_a_fork(in_between))
    os.close(writing)
    try:
        assert read_to_end(reading) == "2"
        assert store.get("t", "k") == 2
    finally:
        os.close(reading)
        os.waitpid(pid, 0)


def test_one_environment_for_a_directory(store: Store, place: Path) -> None:
    """Two stores of one directory share it, by whatever path, since LMDB forbids two."""
    other = Store(f"{place}/../{place.name}", size=2**24, persist=False)
    other.put("t", "k", 1)
    assert store.get("t", "k") == 1
    assert other._environment is store._environment
    assert sum(path == str(place) for path in forks._open) == 1
