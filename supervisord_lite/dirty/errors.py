"""What can go wrong between a client, a pool and an app; by the names that users of gunicorn catch.

Errors travel: `to_dict` is what an ERROR message says, and `DirtyError.from_dict` makes the same error of it
on the client's side.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

_known: dict[str, type["DirtyError"]] = {}


class DirtyError(Exception):
    """Whatever a dirty pool refuses or fails to do; all its errors are of this class.

    `message` is a sentence. `details` is a dict of plain values that travels with it.
    """

    carried: ClassVar[tuple[str, ...]] = ()
    """Attributes that are kept in `details` under the same name; None where `details` has none."""

    message: str
    details: dict[str, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith(f"{__package__}."):  # an application's own classes do not travel
            _known[cls.__name__] = cls

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self._fill(message, details)

    def _fill(self, message: str, details: Mapping[str, Any] | None) -> None:
        self.message = message
        self.details = dict(details) if details else {}
        for name in self.carried:
            setattr(self, name, self.details.get(name))

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Callable[..., "DirtyError"], tuple[Any, ...]]:
        return _restored, (type(self), self.__dict__.copy())

    def to_dict(self) -> dict[str, Any]:
        """What travels: `error_type` (the name of the class), `message` and `details`."""
        return {"error_type": type(self).__name__, "message": self.message, "details": self.details}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "DirtyError":
        """The error that travelled; one of a class unknown here is a `DirtyError`.

        Where it brings a traceback from the worker, that is printed below the traceback of the caller.
        """
        message = data.get("message") or "The pool sent an error without saying which."
        error = _restored(_known.get(str(data.get("error_type")), DirtyError), {})
        error.args = (str(message),)
        error._fill(str(message), data.get("details"))
        traceback = error.details.get("traceback")
        if traceback:
            error.add_note(f"In the worker:\n{str(traceback).rstrip()}")
        return error


def _restored(kind: type[DirtyError], state: dict[str, Any]) -> DirtyError:
    """An error of this class without calling its constructor, whose parameters each class chooses."""
    error = kind.__new__(kind)
    error.__dict__.update(state)
    if state:
        error.args = (error.message,)
    return error


_known["DirtyError"] = DirtyError


class DirtyTimeoutError(DirtyError, TimeoutError):
    """No answer in time: the caller's own time (`timeout`, in seconds) is over, or the pool's for a call."""

    carried = ("timeout",)
    timeout: float | None

    def __init__(self, message: str = "The call timed out.", timeout: float | None = None) -> None:
        super().__init__(message, _given(timeout=timeout))


class DirtyConnectionError(DirtyError, ConnectionError):
    """The pool could not be reached at `socket_path`, or went away while it had the call.

    In the second case the call may have run; it is not repeated.
    """

    carried = ("socket_path",)
    socket_path: str | None

    def __init__(self, message: str = "The connection failed.", socket_path: str | None = None) -> None:
        super().__init__(message, _given(socket_path=socket_path))


class DirtyWorkerError(DirtyError):
    """The worker `worker_id` failed while it had the call: it was killed, or is no longer connected."""

    carried = ("worker_id", "traceback")
    worker_id: str | int | None
    traceback: str | None

    def __init__(
        self, message: str, worker_id: str | int | None = None, traceback: str | None = None
    ) -> None:
        super().__init__(message, _given(worker_id=worker_id, traceback=traceback))


class DirtyAppError(DirtyError):
    """The app raised, or the call is not one that it can carry out.

    `traceback` is the worker's, as text; `exception` the name of the exception's class.
    """

    carried: ClassVar[tuple[str, ...]] = ("app_path", "action", "traceback", "exception")
    app_path: str | None
    action: str | None
    traceback: str | None
    exception: str | None

    def __init__(
        self,
        message: str,
        app_path: str | None = None,
        action: str | None = None,
        traceback: str | None = None,
        exception: str | None = None,
    ) -> None:
        details = _given(app_path=app_path, action=action, traceback=traceback, exception=exception)
        super().__init__(message, details)


class DirtyAppNotFoundError(DirtyAppError):
    """No worker of this pool has such an app, or it cannot be imported."""

    def __init__(self, app_path: str, message: str | None = None) -> None:
        super().__init__(message or f"Dirty app not found: {app_path}", app_path)


class DirtyNoWorkersAvailableError(DirtyError):
    """The pool has the app `app_path`, but no worker that could take the call is up or coming up."""

    carried = ("app_path",)
    app_path: str

    def __init__(self, app_path: str, message: str | None = None) -> None:
        super().__init__(message or f"No workers available for app: {app_path}", {"app_path": app_path})


class DirtyProtocolError(DirtyError):
    """What arrived is not the protocol of dirty pools; `raw_data`, where given, is what it was."""

    carried: ClassVar[tuple[str, ...]] = ("raw_data",)
    raw_data: str | None

    def __init__(
        self, message: str = "The peer broke the protocol.", raw_data: bytes | str | None = None
    ) -> None:
        if isinstance(raw_data, bytes):
            raw_data = raw_data[:100].hex()
        super().__init__(message, _given(raw_data=raw_data and str(raw_data)[:200]))


class DirtyUntransferableError(DirtyProtocolError, TypeError):
    """A value of the call, at `path` (`args[0]["model"]`) and of type `type_name`, cannot travel.

    Raised before anything is sent. A `TypeError` too.
    """

    carried = ("path", "type_name")
    path: str | None
    type_name: str | None

    def __init__(self, message: str, path: str | None = None, type_name: str | None = None) -> None:
        DirtyError.__init__(self, message, _given(path=path, type_name=type_name))


class DirtyQueueFullError(DirtyError):
    """As many calls of `app_path` wait as the pool's `max_queue` (`limit`) allows: try again later."""

    carried = ("app_path", "limit")
    app_path: str
    limit: int | None

    def __init__(self, app_path: str, limit: int | None = None, message: str | None = None) -> None:
        waiting = "" if limit is None else f": {limit} calls wait"
        said = message or f"The queue of {app_path} is full{waiting}; try again later or raise max_queue."
        super().__init__(said, _given(app_path=app_path, limit=limit))


class DirtyCancelledError(DirtyError):
    """The call was ended before it was done: by an operator, or because its caller had left."""

    carried = ("app_path", "action")
    app_path: str | None
    action: str | None

    def __init__(
        self,
        message: str = "The call was cancelled.",
        app_path: str | None = None,
        action: str | None = None,
    ) -> None:
        super().__init__(message, _given(app_path=app_path, action=action))


def _given(**details: Any) -> dict[str, Any]:
    return {name: value for name, value in details.items() if value is not None and value != ""}
