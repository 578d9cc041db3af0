"""Calls that come down a worker's lane, and what goes back up."""

from collections.abc import Callable

import pytest

from supervisord_lite.wire import envelope, header
from tests.integration.pools.worker import APPS, Connection, WorkerProcess, new_worker

__all__ = ["new_worker"]

New = Callable[..., WorkerProcess]


@pytest.fixture
def worker(new_worker: New) -> WorkerProcess:
    """A worker with one lane."""
    return new_worker("Plain", "Streams", "Async").start()


@pytest.fixture
def lane(worker: WorkerProcess) -> Connection:
    """Its lane."""
    return worker.serve()[1][0]


@pytest.mark.parametrize("app", ["Plain", "Async"])
@pytest.mark.parametrize(
    "value", [None, 1, 1 << 100, "x", b"y", [1, [2]], {1: {2}}, (3,), "x" * 300_000, b"z" * 3_000_000]
)
def test_value_comes_back(lane: Connection, app: str, value: object) -> None:
    """What an action returns is its caller's, as it was, small or large."""
    assert lane.call(app, "same", value) == value


def test_arguments_arrive(lane: Connection) -> None:
    """Positional and named arguments are the action's."""
    assert lane.call("Plain", "echo", 1, "two", kwargs={"three": 3}) == [[1, "two"], {"three": 3}]


def test_arguments_in_a_memfd_arrive(lane: Connection) -> None:
    """A request whose body came in a memfd is like any other, small ones too."""
    assert lane.call("Plain", "echo", 1, by_fd=True) == [[1], {}]
    assert lane.call("Plain", "echo", b"x" * 500_000) == [[b"x" * 500_000], {}]


def test_request_without_its_memfd_is_refused(lane: Connection) -> None:
    """Arguments that did not come are the caller's error, and the lane goes on."""
    request = envelope.Request(f"{APPS}:Plain", "noop")
    lane.send(header.V2, header.REQUEST | header.BY_FD, 3, envelope.encode(request))
    failure = lane.error(3)
    assert failure.error_type == "DirtyProtocolError"
    assert "0 descriptors" in failure.message
    assert lane.call("Plain", "noop") is None


def test_first_version_is_answered_in_it(lane: Connection) -> None:
    """gunicorn's client gets its own protocol back."""
    lane.request_v1(7, "Plain", "echo", 1, "a", b=2)
    assert lane.answer() == (header.RESPONSE, 7, [[1, "a"], {"b": 2}])
    lane.request_v1(8, "Streams", "count", 3)
    assert [lane.answer() for _ in range(4)] == [
        (header.CHUNK, 8, 0),
        (header.CHUNK, 8, 1),
        (header.CHUNK, 8, 2),
        (header.END, 8, None),
    ]
    lane.request_v1(9, "Plain", "raises")
    kind, number, error = lane.answer()
    assert (kind, number) == (header.ERROR, 9)
    assert error["error_type"] == "DirtyAppError"  # type: ignore[index]
    assert error["message"] == "'nothing'"  # type: ignore[index]
    assert error["details"]["app_path"] == f"{APPS}:Plain"  # type: ignore[index]


@pytest.mark.parametrize("app", ["Plain", "Async"])
def test_exception_is_told(worker: WorkerProcess, lane: Connection, app: str) -> None:
    """The caller gets message, type and traceback; so does the log, with the call's number."""
    lane.request(5, app, "raises")
    failure = lane.error(5)
    assert failure.error_type == "DirtyAppError"
    assert failure.message == "'nothing'"
    assert failure.details["exception"] == "KeyError"
    assert failure.details["action"] == "raises"
    assert "worker_apps.py" in failure.details["traceback"]
    assert "performance.py" not in failure.details["traceback"]
    worker.errors.expect(rf"dirty: worker dirty:1: call 5 {APPS}:{app}:raises failed: KeyError: 'nothing'")


@pytest.mark.parametrize(
    ("app", "action", "exception"),
    [
        ("Plain", "exits", "SystemExit"),
        ("Plain", "interrupts", "KeyboardInterrupt"),
        ("Plain", "unspeakable", "Unspeakable"),
        ("Async", "exits", "SystemExit"),
    ],
)
def test_worker_outlives_what_an_action_raises(
    lane: Connection, app: str, action: str, exception: str
) -> None:
    """No exception of an action ends its worker."""
    lane.request(5, app, action)
    assert lane.error(5).details["exception"] == exception
    assert lane.call("Plain", "noop") is None
    assert lane.call("Async", "same", 1) == 1


@pytest.mark.parametrize("action", ["_private", "absent", "count"])
def test_unknown_action_is_an_error(lane: Connection, action: str) -> None:
    """Only public methods are actions."""
    lane.request(5, "Plain", action)
    failure = lane.error(5)
    assert failure.error_type == "DirtyAppError"
    assert action in failure.message


def test_unknown_app_is_an_error(lane: Connection) -> None:
    """A worker runs what it has loaded."""
    lane.request(5, "os:system", "x")
    assert lane.error(5).error_type == "DirtyAppNotFoundError"


def test_garbage_is_an_error(lane: Connection) -> None:
    """A request that cannot be read is answered, and the lane goes on."""
    lane.send(header.V2, header.REQUEST, 5, b"\xc1")
    assert lane.error(5).error_type == "DirtyProtocolError"
    lane.send(header.V2, header.REQUEST, 6, envelope.encode([f"{APPS}:Plain", "noop", b"\xc1"]))
    assert lane.error(6).error_type == "DirtyProtocolError"
    lane.send(header.V1, header.REQUEST, 7, b"\xff")
    kind, number, error = lane.answer()
    assert (kind, number, error["error_type"]) == (header.ERROR, 7, "DirtyProtocolError")  # type: ignore[index]
    assert lane.call("Plain", "noop") is None


def test_result_that_cannot_travel_is_named(lane: Connection) -> None:
    """The error says where in the result it is."""
    lane.request(5, "Plain", "cannot_travel")
    failure = lane.error(5)
    assert failure.error_type == "DirtyAppError"
    assert 'result["rows"][1]: ' in failure.message
    lane.request_v1(6, "Plain", "cannot_travel")
    _, _, error = lane.answer()
    assert '["rows"][1]: ' in error["message"]  # type: ignore[index]


def test_result_over_the_limit_is_an_error(new_worker: New) -> None:
    """What no arbiter would pass on is not sent to it."""
    _, (lane,) = new_worker("Plain", max_message=100_000).start().serve()
    lane.request(5, "Plain", "makes", 200_000)
    assert "max_message" in lane.error(5).message
    lane.request_v1(6, "Plain", "makes", 200_000)
    _, _, error = lane.answer()
    assert "max_message" in error["message"]  # type: ignore[index]
    assert lane.call("Plain", "noop") is None


def test_pickle_is_refused(lane: Connection) -> None:
    """Who can reach the socket is not to run code in the worker, unless the pool says so."""
    lane.request(5, "Plain", "same", 1, serializer=envelope.PICKLE)
    failure = lane.error(5)
    assert failure.error_type == "DirtyProtocolError"
    assert "serializer" in failure.message


def test_pickle_is_answered_in_pickle(new_worker: New) -> None:
    """A pool that says so takes pickled calls."""
    _, (lane,) = new_worker("Plain", pickle=True).start().serve()
    lane.request(5, "Plain", "same", 1 + 2j, serializer=envelope.PICKLE)
    message = lane.read()
    assert message is not None
    import pickle

    assert message[1] == header.RESPONSE
    assert pickle.loads(message[3]) == 1 + 2j


def test_sync_actions_run_in_the_main_thread(lane: Connection) -> None:
    """With one lane they do, as libraries that insist on it need."""
    assert lane.call("Plain", "where") is True


def test_printing_is_no_answer(worker: WorkerProcess, lane: Connection) -> None:
    """What an action prints is in the log, not in the protocol."""
    assert lane.call("Plain", "prints") is None
    worker.errors.expect("printed by the app")


def test_remaining_time_is_known(lane: Connection) -> None:
    """An action can ask how long its caller waits."""
    assert lane.call("Plain", "left") is None
    left = lane.call("Plain", "left", timeout=100.0)
    assert isinstance(left, float)
    assert 90 < left <= 100


@pytest.mark.parametrize("app", ["Plain", "Async"])
def test_keep_alive_reaches_the_arbiter(worker: WorkerProcess, app: str) -> None:
    """With the number of the call."""
    control, (lane,) = worker.serve()
    lane.request(17, app, "alive")
    assert control.word().call == 17  # type: ignore[attr-defined]
    assert lane.answer() == (header.RESPONSE, 17, None)


def test_lanes_run_calls_at_the_same_time(new_worker: New) -> None:
    """As many as there are threads."""
    _, (one, two) = new_worker("Plain", threads=2).start().serve(2)
    one.request(1, "Plain", "waits")
    two.request(2, "Plain", "releases")
    assert two.answer() == (header.RESPONSE, 2, None)
    assert one.answer() == (header.RESPONSE, 1, "released")


@pytest.mark.parametrize(
    ("action", "answer"),
    [("forks", "from the worker"), ("forks_and_exits", 7), ("forks_and_ends_it", -15)],
)
def test_forked_copy_is_no_worker(
    worker: WorkerProcess, lane: Connection, action: str, answer: object
) -> None:
    """A process that an action forks answers nothing, ends by signals, and its end is nobody else's."""
    assert lane.call("Plain", action) == answer
    assert lane.call("Plain", "noop") is None
    assert lane.is_silent()
    assert not worker.errors.found("failed|asked to end")


def test_stream_mode_of_a_plain_result_is_a_response(lane: Connection) -> None:
    """The client makes one chunk of it."""
    assert lane.call("Plain", "same", 3, is_stream=True) == 3


@pytest.mark.parametrize("app", ["Streams", "Async"])
def test_execute_of_a_stream_is_an_error(lane: Connection, app: str) -> None:
    """The error says what to call instead."""
    lane.request(5, app, "count", 3)
    failure = lane.error(5)
    assert failure.error_type == "DirtyAppError"
    assert "stream()" in failure.message
