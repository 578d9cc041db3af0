"""Calls that are ended early: the code of the app is interrupted, and nothing else ever is."""

import random
from collections.abc import Callable

import pytest

from supervisord_lite.wire import header
from tests.integration.pools.worker import APPS, WorkerProcess, new_worker

__all__ = ["new_worker"]

New = Callable[..., WorkerProcess]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("app", "action", "args", "told"),
    [
        ("Plain", "spins", (), []),
        ("Plain", "swallows", (), []),
        ("Async", "sleeps", (), ["cancelled"]),
        ("Streams", "steps", (), ["closed at a chunk"]),
        ("Async", "steps", (), ["closed"]),
    ],
)
def test_cancelled_call_ends(
    new_worker: New, threads: int, app: str, action: str, args: tuple[object, ...], told: list[str]
) -> None:
    """Sync, async or stream, in the main thread or another; the lane goes on."""
    worker = new_worker("Plain", "Streams", "Async", threads=threads).start()
    control, lanes = worker.serve(threads)
    lane = lanes[-1]
    lane.request(17, app, action, *args, is_stream=action == "steps")
    if action == "steps":
        lane.answer()
    else:
        assert worker.told() == action
    control.cancel(17)
    while (answer := lane.answer())[0] == header.CHUNK:
        pass
    assert answer[0] == header.ERROR
    assert answer[2].error_type == "DirtyCancelledError"  # type: ignore[attr-defined]
    assert [worker.told() for _ in told] == told
    worker.errors.expect(f"call 17 {APPS}:{app}:{action} was cancelled")
    assert lane.call("Plain", "noop") is None


@pytest.mark.parametrize(
    ("app", "action", "args"),
    [("Plain", "sleeps", (3600,)), ("Plain", "waits", ()), ("Streams", "one_then_waits", ())],
)
def test_system_call_of_the_main_thread_is_interrupted(
    new_worker: New, app: str, action: str, args: tuple[object, ...]
) -> None:
    """An action that sleeps, or waits for a lock, ends too where there is one lane."""
    worker = new_worker("Plain", "Streams").start()
    control, (lane,) = worker.serve()
    lane.request(17, app, action, *args, is_stream=app == "Streams")
    assert worker.told() in ("sleeps", "waits")
    control.cancel(17)
    while (answer := lane.answer())[0] == header.CHUNK:
        pass
    assert answer[2].error_type == "DirtyCancelledError"  # type: ignore[attr-defined]
    assert lane.call("Plain", "noop") is None


@pytest.mark.parametrize("app", ["Streams", "Async"])
def test_stream_that_nobody_reads_is_closed(new_worker: New, app: str) -> None:
    """It ends once its caller's chunks are read away."""
    worker = new_worker("Streams", "Async").start()
    control, (lane,) = worker.serve()
    lane.request(17, app, "endless", is_stream=True)
    lane.answer()
    control.cancel(17)
    while (answer := lane.answer())[0] == header.CHUNK:
        pass
    assert answer[2].error_type == "DirtyCancelledError"  # type: ignore[attr-defined]
    assert worker.told() == "ended"


def test_word_that_overtakes_its_call_counts(new_worker: New) -> None:
    """The two come by different connections."""
    worker = new_worker("Plain").start()
    control, (lane,) = worker.serve()
    control.cancel(17)
    control.cancel(18)
    for number in (17, 18):
        # The first may have been heard or not; the second has been when the first has been answered.
        lane.request(number, "Plain", "spins" if number == 17 else "noop")
        if number == 17:
            assert lane.error(17).error_type == "DirtyCancelledError"
    assert lane.error(18).error_type == "DirtyCancelledError"
    assert lane.call("Plain", "noop") is None


def test_word_for_a_call_that_is_over_does_nothing(new_worker: New) -> None:
    """Nor for the call after it."""
    worker = new_worker("Plain").start()
    control, (lane,) = worker.serve()
    lane.request(17, "Plain", "noop")
    assert lane.answer() == (header.RESPONSE, 17, None)
    control.cancel(17)
    lane.request(18, "Plain", "alive")
    assert control.word().call == 18  # type: ignore[attr-defined]
    assert lane.answer() == (header.RESPONSE, 18, None)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("app", "action", "args", "is_stream"),
    [
        ("Plain", "noop", (), False),
        ("Plain", "echo", ({"a": [1, 2, 3]}, "x" * 1000), False),
        ("Plain", "works", (50,), False),
        ("Plain", "raises", (), False),
        ("Streams", "count", (3000,), True),
        ("Streams", "mixed", (), True),
        ("Async", "same", (1,), False),
        ("Async", "count", (300,), True),
    ],
)
def test_cancelling_at_any_moment_harms_nothing(
    new_worker: New, threads: int, app: str, action: str, args: tuple[object, ...], is_stream: bool
) -> None:
    """Each call has exactly one final message, whole, and the worker goes on, wherever the word strikes."""
    worker = new_worker("Plain", "Streams", "Async", threads=threads).start()
    control, lanes = worker.serve(threads)
    lane = lanes[-1]
    draw = random.Random(5)
    outcomes = set()
    for number in range(1, 301):
        lane.request(number, app, action, *args, is_stream=is_stream)
        for _ in range(draw.randrange(0, 3000)):
            pass
        control.cancel(number)
        while (answer := lane.answer())[0] == header.CHUNK:
            assert answer[1] == number
        assert answer[1] == number
        failure = answer[2]
        outcomes.add(getattr(failure, "error_type", answer[0]))
    assert outcomes <= {"DirtyCancelledError", "DirtyAppError", header.RESPONSE, header.END}
    assert lane.call("Plain", "noop") is None
    assert not worker.errors.found("lane|Traceback.*interruption")
