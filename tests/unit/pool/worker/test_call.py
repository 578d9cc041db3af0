"""What a call knows of its caller's time, and how it says that it is at work."""

import time

from supervisord_lite.pool.worker.call import Call


def new_call() -> tuple[Call, list[int]]:
    """A call, and the numbers that it has said to be at work."""
    said: list[int] = []
    return Call(7, "m:A", "act", lambda call: said.append(call.id)), said


def test_deadline_is_the_callers() -> None:
    """None where it waits for ever."""
    call, _ = new_call()
    call.expect(None, False, None)
    assert call.deadline is None
    call.expect(30.0, False, None)
    assert call.deadline is not None
    assert 29 < call.deadline - time.monotonic() <= 30


def test_each_chunk_has_its_time_within_the_whole() -> None:
    """The total bounds what a chunk may take."""
    call, _ = new_call()
    call.expect(30.0, True, 100.0)
    began = call.total_deadline
    assert began is not None
    call.chunk_left(began - 100 + 10)
    assert call.deadline == began - 60
    call.chunk_left(began - 1)
    assert call.deadline == began


def test_keep_alive_in_every_turn_is_said_seldom() -> None:
    """And not at all when the call is over."""
    call, said = new_call()
    for _ in range(100):
        call.keep_alive()
    assert 1 <= len(said) < 10
    call.is_over = True
    count = len(said)
    call.keep_alive()
    assert len(said) == count


def test_call_is_named_for_the_log() -> None:
    """By number, app and action."""
    assert str(new_call()[0]) == "call 7 m:A:act"
