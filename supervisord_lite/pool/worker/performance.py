"""One call performed: the app's code run, and what comes of it turned into an answer."""

import os
import time
from types import AsyncGeneratorType, CoroutineType, GeneratorType, NoneType
from typing import Any

from supervisord_lite.dirty.errors import (
    DirtyAppError,
    DirtyAppNotFoundError,
    DirtyCancelledError,
    DirtyError,
)
from supervisord_lite.wire.errors import Untransferable

from .aside import Aside, Tap
from .call import Call
from .dialects import Dialect
from .diary import ERROR, INFO, Diary, flush, spell, trace
from .interruption import Cancelled
from .outlet import AT_ONCE, Flusher, Outlet, Send
from .stream import stream

_VALUES = frozenset((NoneType, bool, int, float, str, bytes, list, dict, tuple, set))
"""Types of results that are nothing but values."""

_MAX_WORDS = 16384


class Performer:
    """Performs the calls of one lane, in its thread."""

    def __init__(self, apps: dict[str, Any], aside: Aside, diary: Diary) -> None:
        self._apps = apps
        self._aside = aside
        self._diary = diary
        self._flusher = Flusher()
        self._pid = os.getpid()

    def perform(self, call: Call, dialect: Dialect, args: Any, kwargs: Any, send: Send) -> None:
        """Run it and send its answer. Raises `OSError` where the arbiter is gone."""
        app = self._apps.get(call.app)
        if app is None:
            call.is_over = True
            send(dialect.error(call.id, DirtyAppNotFoundError(call.app)))
            return
        result, problem = _run(call, app, args, kwargs)
        while problem is None and type(result) not in _VALUES:
            kind = type(result)
            if kind is CoroutineType or hasattr(kind, "__await__"):
                result, problem = self._await(call, result)
            elif kind is GeneratorType or kind is AsyncGeneratorType or _is_iterator(kind):
                self._stream(call, dialect, result, send)
                return
            else:
                break
        call.is_over = True
        if problem is None and not call.is_cancelled:
            try:
                message = dialect.response(call.id, result)
            except Exception as error:  # noqa: BLE001 - whatever a value does to a codec
                problem = error
            else:
                send(message)
                return
        send(dialect.error(call.id, self._failure(call, problem)))

    def _await(self, call: Call, work: Any) -> tuple[Any, BaseException | None]:
        """Have it awaited in the loop, where a cancelled call's task is cancelled."""
        errand = self._aside.begin(work)
        call.stopper = errand.cancel
        if call.is_cancelled:  # before there was a stopper
            errand.cancel()
        errand.news.get()
        call.stopper = None
        return errand.outcome()

    def _stream(self, call: Call, dialect: Dialect, chunks: Any, send: Send) -> None:
        problem: BaseException | None
        is_async = hasattr(chunks, "__anext__")
        if call.is_stream is False:
            problem = DirtyAppError("it streams its result: call it with stream(), not with execute()")
            self._close(call, chunks, is_async)
            call.is_over = True
            send(dialect.error(call.id, self._failure(call, problem)))
            return
        outlet = Outlet(call, dialect, send)
        try:
            if is_async:
                problem = self._pump(call, chunks, outlet)
            else:
                call.is_streaming = True
                problem = stream(call, chunks, outlet, self._flusher)
        finally:
            self._close(call, chunks, is_async)
        call.is_over = True
        if problem is None and not call.is_cancelled:
            outlet.finish(dialect.end(call.id))
        else:
            outlet.finish(dialect.error(call.id, self._failure(call, problem)))

    def _pump(self, call: Call, chunks: Any, outlet: Outlet) -> BaseException | None:
        """Send what an async generator yields in the loop, until it has ended. Raises `OSError`."""
        tap = Tap(outlet)
        errand = tap.open(self._aside, chunks)
        call.stopper = errand.cancel
        if call.is_cancelled:
            errand.cancel()
        try:
            while not errand.news.get():
                tap.empty()
                time.sleep(AT_ONCE)  # what comes meanwhile leaves together
        except BaseException as error:
            errand.cancel()
            outlet.drop(error if isinstance(error, Exception) else RuntimeError("given up"))
            while not errand.news.get():
                pass
            errand.outcome()  # or the loop complains that nobody asked
            raise
        finally:
            call.stopper = None
        return errand.outcome()[1]

    def _close(self, call: Call, chunks: Any, is_async: bool) -> None:
        """Close what may not have come to its end; what that raises is for the log only."""
        problem: BaseException | None = None
        try:
            if is_async:
                close = getattr(chunks, "aclose", None)
                if close is not None:
                    _, problem = self._aside.run(close())
            else:
                close = getattr(chunks, "close", None)
                if close is not None:
                    close()
        except BaseException as error:  # noqa: BLE001 - of the app's own cleaning up
            problem = error
        if problem is not None:
            self._diary.say(ERROR, f"{call} failed to close: {spell(problem)}", trace(problem))

    def _failure(self, call: Call, problem: BaseException | None) -> DirtyError:
        """The error that the caller gets; the log gets the whole of it."""
        if os.getpid() != self._pid:  # forked by the action, and `sys.exit()` brought it here
            flush()
            os._exit(problem.code if isinstance(problem, SystemExit) and type(problem.code) is int else 1)
        if call.is_cancelled:
            self._diary.say(INFO, f"{call} was cancelled")
            return DirtyCancelledError(app_path=call.app, action=call.action)
        assert problem is not None
        said = spell(problem)[:_MAX_WORDS]
        if isinstance(problem, Untransferable):
            self._diary.say(ERROR, f"{call} returned what cannot travel: {said}")
            return DirtyAppError(said, call.app, call.action, None, type(problem).__name__)
        traceback = trace(problem)
        self._diary.say(ERROR, f"{call} failed: {type(problem).__name__}: {said}", traceback)
        problem.__traceback__ = None  # whose frames refer to it: or arguments stay until a collection
        return DirtyAppError(said, call.app, call.action, traceback or None, type(problem).__name__)


def _run(call: Call, app: Any, args: Any, kwargs: Any) -> tuple[Any, BaseException | None]:
    """Call the app behind an open gate; nothing that was meant for it is raised after this returned."""
    gate = call.gate
    result: Any = None
    problem: BaseException | None = None
    try:
        try:
            gate.open()
            if call.is_cancelled:  # while nobody could be struck
                raise Cancelled
            result = app(call.action, *args, **kwargs)
        except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt are no reason to end
            problem = error
        gate.shut()
    except Cancelled as struck:
        gate.shut()
        problem = struck
    return result, problem


def _is_iterator(kind: type) -> bool:
    return hasattr(kind, "__next__") or hasattr(kind, "__anext__")
