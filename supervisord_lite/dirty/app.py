"""What an app of a dirty pool is, how one is named and loaded, and what it may ask while it serves a call."""

import importlib
import time
from collections.abc import Iterable, Sequence
from contextvars import ContextVar, Token
from typing import Any, ClassVar, Protocol

from supervisord_lite.dirty.errors import DirtyAppError, DirtyAppNotFoundError

_LIFECYCLE = ("init", "__call__", "close")


class DirtyApp:
    """The base class of apps: loaded once in a worker, kept in its memory, called by clients.

    A worker makes one instance, calls `init()`, then the instance for every call, and `close()` before it
    ends. All of them, and the actions, may be `async def`. What is kept on `self` stays from call to call.
    With `threads` above 1 calls overlap, and what they share has to be safe for that.
    """

    workers: ClassVar[int | None] = None
    """How many workers of the pool load this app; None: all. `module:Class:N` in the configuration wins."""

    stashes: ClassVar[Sequence[str]] = ()
    """Tables of the stash that are there before the first call."""

    def init(self) -> Any:
        """Load what is to stay loaded; in the worker, after its fork. Raising makes the worker fail."""

    def __call__(self, action: str, *args: Any, **kwargs: Any) -> Any:
        """Carry out an action: by default the public method of that name.

        What it returns goes to the client; a generator, sync or async, goes there as a stream. What it raises
        reaches the client as `DirtyAppError`. Raises `ValueError` where there is no such method.
        """
        is_public = not action.startswith("_") and action not in _LIFECYCLE
        method = getattr(self, action, None) if is_public else None
        if not callable(method):
            raise ValueError(f"Unknown action: {action}; {_name(type(self))} {_offer(type(self))}")
        return method(*args, **kwargs)

    def close(self) -> Any:
        """Let go of what `init` took; when the worker is asked to end, not when it is killed."""


def _name(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _offer(kind: type) -> str:
    """What the class can be asked, as the end of a sentence."""
    public = (name for name in dir(kind) if not name.startswith("_") and name not in _LIFECYCLE)
    actions = [name for name in public if callable(getattr(kind, name, None))]
    return f"has {', '.join(actions)}." if actions else "has no public method."


def parse_dirty_app_spec(spec: str) -> tuple[str, int | None]:
    """The import path of `"module:Class"` or `"module:Class:N"`, and N (None: in all workers).

    Raises `DirtyAppError`.
    """
    parts = spec.split(":")
    if len(parts) not in (2, 3):
        form = '"module:Class" or "module:Class:N"'
        raise DirtyAppError(f"Invalid app: {spec!r} is not of the form {form}.", app_path=spec)
    if len(parts) == 2:
        return spec, None
    count = parts[2]
    if not (count.isascii() and count.isdecimal() and int(count) >= 1):
        raise DirtyAppError(
            f"Invalid worker count in {spec!r}: {count!r} is not a whole number of at least 1.", app_path=spec
        )
    return f"{parts[0]}:{parts[1]}", int(count)


def _imported(import_path: str) -> type:
    """The class of this path. Raises `DirtyAppNotFoundError`, `DirtyAppError`; what an import raises, too."""
    module_name, colon, class_name = import_path.rpartition(":")
    if not colon:
        raise DirtyAppError(
            f'Invalid import path: {import_path!r} is not of the form "module:Class".', app_path=import_path
        )
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise DirtyAppNotFoundError(import_path, f"Dirty app not found: {import_path}: {error}") from error
    try:
        found = getattr(module, class_name)
    except AttributeError:
        raise DirtyAppNotFoundError(
            import_path, f"Dirty app not found: {import_path}: {module_name} has no {class_name}"
        ) from None
    if not isinstance(found, type):
        raise DirtyAppError(f"{import_path} is not a class; name one.", app_path=import_path)
    return found


def load_dirty_app(import_path: str) -> Any:
    """An instance of the class `"module:Class"`; any class with `init`, `__call__` and `close` will do.

    Raises `DirtyAppNotFoundError` where it cannot be imported and `DirtyAppError` where it is no app.
    """
    kind = _imported(import_path)
    try:
        app = kind()
    except Exception as error:
        raise DirtyAppError(
            f"Cannot make an instance of {import_path}: {type(error).__name__}: {error}",
            app_path=import_path,
            exception=type(error).__name__,
        ) from error
    for method in _LIFECYCLE:
        if not callable(getattr(app, method, None)):
            raise DirtyAppError(
                f"{import_path} has no method {method}; derive it from DirtyApp.", app_path=import_path
            )
    return app


def load_dirty_apps(import_paths: Iterable[str]) -> dict[str, Any]:
    """Instances by import path. Raises as `load_dirty_app` does."""
    return {path: load_dirty_app(path) for path in import_paths}


def get_app_workers_attribute(import_path: str) -> int | None:
    """The class attribute `workers` of an app, which is only imported. Raises as `load_dirty_app` does."""
    workers: int | None = getattr(_imported(import_path), "workers", None)
    return workers


class Call(Protocol):
    """The call that is being served, as its worker knows it; `deadline` is in monotonic seconds."""

    deadline: float | None

    def keep_alive(self) -> None:
        """Start the running time of the call anew."""


_current: ContextVar[Call | None] = ContextVar("dirty call", default=None)


class serving:
    """While entered, `keep_alive()` and `remaining()` of this thread or task are about this call."""

    __slots__ = ("_call", "_token")

    def __init__(self, call: Call) -> None:
        self._call = call

    def __enter__(self) -> None:
        self._token: Token[Call | None] = _current.set(self._call)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


def keep_alive() -> None:
    """Tell the pool that this call is at work: its running time (`timeout` of the pool) starts anew.

    For long loops in an action; cheap enough to be called often. Outside of a call it does nothing.
    """
    call = _current.get()
    if call is not None:
        call.keep_alive()


def remaining() -> float | None:
    """Seconds that the caller still waits, 0.0 when it has given up; None where it waits for ever.

    For a stream it is until the next chunk is due. None outside of a call.
    """
    call = _current.get()
    if call is None or call.deadline is None:
        return None
    return max(call.deadline - time.monotonic(), 0.0)
