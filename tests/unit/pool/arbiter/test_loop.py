"""The reactor and its threads: a fault stays where it is."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from supervisord_lite.pool.arbiter.backroom import Backroom
from supervisord_lite.pool.arbiter.loop import IN, Loop


@pytest.fixture
def loop() -> Iterator[Loop]:
    """One that is stopped after a test."""
    loop = Loop()
    yield loop
    loop.finish()


def fail(*_: object) -> None:
    """What nobody has expected."""
    raise ZeroDivisionError


def test_a_fault_of_one_connection_takes_no_event_of_another(loop: Loop) -> None:
    """Nor a timer that is due; the fault is told with its descriptor."""
    called: list[str] = []
    faults: list[int | None] = []
    loop.on_fault = faults.append
    pipes = [os.pipe() for _ in range(3)]
    for at, (reader, writer) in enumerate(pipes):
        os.write(writer, b"x")
        loop.add(reader, IN, fail if at < 2 else lambda _: called.append("event"))
    loop.at(0.0, lambda: called.append("timer"))
    loop.at(0.0, loop.stop)
    loop.run()
    for reader, writer in pipes:
        loop.remove(reader)
        os.close(reader)
        os.close(writer)
    assert called == ["event", "timer"]
    assert sorted(faults, key=str) == sorted([pipes[0][0], pipes[1][0]], key=str)


def test_a_fault_of_a_timer_is_no_connections(loop: Loop) -> None:
    """And the timers after it are called."""
    faults: list[int | None] = []
    called: list[str] = []
    loop.on_fault = faults.append
    loop.at(0.0, fail)
    loop.at(0.1, lambda: called.append("later"))
    loop.at(0.2, loop.stop)
    loop.run()
    assert (faults, called) == ([None], ["later"])


def test_a_fault_at_a_signal_or_a_wakeup_is_nobodys(loop: Loop) -> None:
    """What else woke it is heard."""
    faults: list[int | None] = []
    before = signal.getsignal(signal.SIGUSR1)
    loop.on_fault = faults.append
    loop.on_wakeup = fail
    loop.on_signal = lambda _: loop.stop()
    loop.catch(signal.SIGUSR1)
    loop.wake()
    signal.raise_signal(signal.SIGUSR1)
    loop.run()
    signal.signal(signal.SIGUSR1, before)
    assert faults == [None]


def test_whoever_asked_a_backroom_is_told_whatever_becomes_of_others() -> None:
    """A result that leads to a fault is not the next one's."""
    told: list[tuple[object, str]] = []
    faults: list[str] = []
    woken = threading.Semaphore(0)
    backroom = Backroom("test", woken.release, lambda: faults.append("fault"))
    backroom.ask(lambda: 1, fail)
    backroom.ask(lambda: 2, lambda result, error: told.append((result, type(error).__name__)))
    backroom.ask(fail, lambda result, error: told.append((result, type(error).__name__)))
    for _ in range(3):
        assert woken.acquire(timeout=10)
    backroom.tell()
    backroom.close()
    assert told == [(2, "NoneType"), (None, "ZeroDivisionError")]
    assert faults == ["fault"]
