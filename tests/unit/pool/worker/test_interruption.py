"""A strike hits the code behind an open gate, and nothing else."""

import threading
from collections.abc import Callable

import pytest

from supervisord_lite.pool.worker.interruption import Cancelled, Gate


def in_thread(work: Callable[[Gate], None]) -> tuple[Gate, threading.Thread]:
    """Run work in a thread with a gate of its own."""
    ready: list[Gate] = []
    is_there = threading.Event()

    def run() -> None:
        gate = Gate(threading.get_ident())
        ready.append(gate)
        is_there.set()
        work(gate)

    thread = threading.Thread(target=run)
    thread.start()
    assert is_there.wait(10)
    return ready[0], thread


def test_gate_that_is_shut_is_not_passed() -> None:
    """Neither before it was opened nor afterwards."""
    gate = Gate(threading.get_ident())
    assert not gate.strike()
    gate.open()
    gate.shut()
    assert not gate.strike()


def test_open_gate_is_passed() -> None:
    """The code behind it gets the exception."""
    struck, is_open = [], threading.Event()

    def work(gate: Gate) -> None:
        try:
            gate.open()
            is_open.set()
            while True:
                pass
        except Cancelled as error:
            gate.shut()
            struck.append(error)

    gate, thread = in_thread(work)
    assert is_open.wait(10)
    assert gate.strike()
    assert not gate.strike(), "once only"
    thread.join(10)
    assert len(struck) == 1


@pytest.mark.parametrize("turns", range(0, 400, 40))
def test_nothing_comes_after_it_was_shut(turns: int) -> None:
    """Wherever the strike and the end of the code meet."""
    leaked: list[BaseException] = []
    gates: list[Gate] = []
    is_done = threading.Event()

    def work() -> None:
        try:
            for _ in range(300):
                gate = Gate(threading.get_ident())
                try:
                    gate.open()
                    gates.append(gate)
                    for _ in range(turns):
                        pass
                    gate.shut()
                except Cancelled:
                    gate.shut()
                gates.clear()
                for _ in range(50):  # somebody else's code
                    pass
        except BaseException as error:  # noqa: BLE001 - which is what must not come
            leaked.append(error)
        finally:
            is_done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not is_done.is_set():
        for gate in gates[:1]:
            gate.strike()
    thread.join(10)
    assert leaked == []


def test_strike_in_the_main_thread_ends_a_system_call() -> None:
    """Once the signal that kicks it is handled."""
    import signal

    from supervisord_lite.pool.worker.interruption import KICK

    before = signal.signal(KICK, lambda number, frame: None)
    gate = Gate(threading.get_ident())
    timer = threading.Timer(0.05, gate.strike)
    try:
        gate.open()
        timer.start()
        with pytest.raises(Cancelled):
            threading.Event().wait(10)
        gate.shut()
    finally:
        timer.join()
        signal.signal(KICK, before)
