"""What callers are told, as `dirty.errors` has it."""

from supervisord_lite.dirty.errors import DirtyCancelledError, DirtyError, DirtyQueueFullError
from supervisord_lite.pool.arbiter.connections import requests
from supervisord_lite.pool.arbiter.connections.port import HEAD, BrokenPeer, NoDescriptor
from supervisord_lite.pool.routing import failures
from supervisord_lite.wire.envelope import Failure
from tests.unit.pool.routing.stage import A, Stage


def raised(failure: Failure) -> DirtyError:
    """The error that a client raises for it."""
    told = {"error_type": failure.error_type, "message": failure.message, "details": failure.details}
    return DirtyError.from_dict(told)


def test_a_full_queue_tells_its_limit() -> None:
    """By the name that the class has for it."""
    error = raised(failures.queue_full(A, 5))
    assert isinstance(error, DirtyQueueFullError)
    assert (error.app_path, error.limit) == (A, 5)


def test_a_cancelled_call_is_named() -> None:
    """App and action are there."""
    error = raised(failures.cancelled(Stage().call()))
    assert isinstance(error, DirtyCancelledError)
    assert (error.app_path, error.action) == (A, "work")


def test_too_few_descriptors_are_not_the_clients_fault() -> None:
    """The operator is told what to raise."""
    assert requests.unreadable(BrokenPeer("no")).error_type == "DirtyProtocolError"
    failure = requests.unreadable(NoDescriptor("lost"))
    assert failure.error_type == "DirtyError"
    assert "LimitNOFILE" in failure.message


def test_a_refusal_goes_to_the_request_that_was_read() -> None:
    """Version 1 and no id where that is not known."""
    head = HEAD.pack(b"GD", 2, 0x81, 5, 77)
    assert requests.who_asks(head + b"abc") == (2, 77)
    assert requests.who_asks(head[:15]) == (1, 0)
    assert requests.who_asks(b"XX" + head[2:]) == (1, 0)
