"""The errors that users catch: gunicorn's names and attributes, through the wire and through pickle."""

import copy
import pickle

import gunicorn.dirty.errors
import pytest

from supervisord_lite.dirty import errors
from supervisord_lite.dirty.errors import DirtyError

MADE = [
    errors.DirtyError("it failed", {"at": 3}),
    errors.DirtyTimeoutError("too late", 2.5),
    errors.DirtyTimeoutError(),
    errors.DirtyConnectionError("gone", "/run/dirty.sock"),
    errors.DirtyWorkerError("killed", "dirty:2", "Traceback"),
    errors.DirtyAppError("no such model", "shop:App", "predict", "Traceback", "KeyError"),
    errors.DirtyAppNotFoundError("shop:App"),
    errors.DirtyNoWorkersAvailableError("shop:App"),
    errors.DirtyNoWorkersAvailableError("shop:App", "all failed"),
    errors.DirtyProtocolError("garbage", b"\x00\x01"),
    errors.DirtyUntransferableError("args[0]: an object cannot travel", "args[0]", "object"),
    errors.DirtyQueueFullError("shop:App", 3),
    errors.DirtyCancelledError("ended by an operator", "shop:App", "predict"),
]
GUNICORNS = {
    "DirtyError": ("it failed", {"at": 3}),
    "DirtyTimeoutError": ("too late", 2.5),
    "DirtyConnectionError": ("gone", "/run/dirty.sock"),
    "DirtyWorkerError": ("killed", 3, "Traceback"),
    "DirtyAppError": ("no such model", "shop:App", "predict", "Traceback"),
    "DirtyAppNotFoundError": ("shop:App",),
    "DirtyNoWorkersAvailableError": ("shop:App",),
    "DirtyProtocolError": ("garbage", b"\x00\x01"),
}


def name(error: DirtyError) -> str:
    """What a case is called."""
    return type(error).__name__


@pytest.mark.parametrize("error", MADE, ids=name)
def test_travelling(error: DirtyError) -> None:
    """What arrives is of the same class, with the same message, details and attributes."""
    arrived = DirtyError.from_dict(error.to_dict())
    assert type(arrived) is type(error)
    assert str(arrived) == str(error) == error.message
    assert arrived.args == error.args
    assert {**arrived.__dict__, "__notes__": 0} == {**error.__dict__, "__notes__": 0}


@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy])
@pytest.mark.parametrize("error", MADE, ids=name)
def test_pickling(error: DirtyError, again: "type[DirtyError]") -> None:
    """Errors pass through pickle and copy, as process pools and task queues need, with their notes."""
    travelled = DirtyError.from_dict(error.to_dict())
    for one in (error, travelled):
        copied = again(one)
        assert type(copied) is type(one)
        assert copied.__dict__ == one.__dict__
        assert copied.args == one.args


@pytest.mark.parametrize("kind", GUNICORNS)
def test_gunicorns_errors(kind: str) -> None:
    """Made with the same arguments, an error has gunicorn's attributes, and arrives at gunicorn's client."""
    theirs = getattr(gunicorn.dirty.errors, kind)(*GUNICORNS[kind])
    ours = getattr(errors, kind)(*GUNICORNS[kind])
    attributes = {**vars(theirs)}
    if kind != "DirtyProtocolError":
        assert {name: vars(ours)[name] for name in attributes} == attributes
    assert [*map(bool, attributes.values())] == [bool(vars(ours)[name]) for name in attributes]
    arrived = gunicorn.dirty.errors.DirtyError.from_dict(ours.to_dict())
    assert type(arrived) is type(theirs)
    assert arrived.message == ours.message
    assert {base.__name__ for base in type(theirs).__mro__} <= {base.__name__ for base in type(ours).__mro__}


def test_what_the_standard_library_calls_them() -> None:
    """Who catches the errors of the standard library catches these, too."""
    assert isinstance(errors.DirtyTimeoutError(), TimeoutError)
    assert isinstance(errors.DirtyConnectionError(), ConnectionError)
    assert isinstance(errors.DirtyUntransferableError("no"), TypeError)


def test_a_message_that_says_nothing() -> None:
    """An error without a class, message or details is one all the same; so is one with too much."""
    assert str(DirtyError.from_dict({})).startswith("The pool sent an error")
    novel = DirtyError.from_dict({"error_type": "Novel", "message": "new", "details": {"x": 1}})
    assert type(novel) is DirtyError
    assert (novel.message, novel.details) == ("new", {"x": 1})


def test_classes_of_an_application_do_not_travel() -> None:
    """An application may derive its own errors; a name in a message never reaches them."""

    class DirtyWorkerError(errors.DirtyWorkerError):
        """Somebody's."""

    arrived = DirtyError.from_dict({"error_type": "DirtyWorkerError", "message": "killed"})
    assert type(arrived) is errors.DirtyWorkerError
    assert isinstance(DirtyWorkerError("x"), errors.DirtyWorkerError)
