"""The stream of an action's chunks, for callers that block."""

from collections.abc import Callable, Generator
from time import monotonic
from types import TracebackType
from typing import Any, NoReturn

from supervisord_lite.dirty import failures
from supervisord_lite.dirty.errors import DirtyError, DirtyTimeoutError
from supervisord_lite.dirty.exchange import Event, Question
from supervisord_lite.dirty.link import Link
from supervisord_lite.dirty.links import Links
from supervisord_lite.wire import header


class Limits:
    """How long a stream may take: `timeout` seconds to each chunk, `total` for all; None for ever."""

    __slots__ = ("_end", "_is_end_next", "timeout", "total", "what")

    def __init__(self, what: str, timeout: float | None, total: float | None) -> None:
        self.what = what
        self.timeout = timeout
        self.total = total
        self._end: float | None = None
        self._is_end_next = False

    def start(self, now: float) -> None:
        """The stream has begun at this moment, in monotonic seconds."""
        self._end = None if self.total is None else now + self.total

    def wait(self, now: float) -> float | None:
        """How many seconds the next chunk may take. Raises `DirtyTimeoutError` where the total is used up."""
        if self._end is None:
            return self.timeout
        rest = self._end - now
        if rest <= 0:
            raise failures.late_end(self.what, self.total)
        self._is_end_next = self.timeout is None or rest <= self.timeout
        return rest if self._is_end_next else self.timeout

    def late(self) -> DirtyTimeoutError:
        """The error where the latest wait was in vain. It asks no clock: some loops' timers are early."""
        if self._is_end_next:
            return failures.late_end(self.what, self.total)
        return failures.late_chunk(self.what, self.timeout)


class DirtyStreamIterator:
    """The chunks of one call, which is sent when the first is asked for.

    Iterate over it, once. Leaving before the end (`close()`, the end of a `with` block, or dropping the last
    reference) hangs up, and the pool closes the action's generator.
    """

    __slots__ = ("_chunks",)

    def __init__(
        self, links: Links, question: Callable[[], Question], limits: Limits, serializer: int
    ) -> None:
        self._chunks = _chunks(links, question, limits, serializer)

    def __iter__(self) -> "DirtyStreamIterator":
        return self

    def __next__(self) -> Any:
        return next(self._chunks)

    def close(self) -> None:
        """End the stream, if it has not ended."""
        self._chunks.close()

    def __enter__(self) -> "DirtyStreamIterator":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _chunks(
    links: Links, question: Callable[[], Question], limits: Limits, serializer: int
) -> Generator[Any, None, None]:
    link, events = _begin(links, question, limits, serializer)
    is_answered = False
    try:
        while True:
            for kind, value in events:
                if kind == header.CHUNK:
                    yield from value
                    continue
                is_answered = True
                links.give(link)
                if kind == header.ERROR:
                    raise value
                if kind == header.RESPONSE:
                    yield value
                return
            events = _receive(links, link, limits)
    finally:
        if not is_answered:
            links.drop(link)


def _begin(
    links: Links, question: Callable[[], Question], limits: Limits, serializer: int
) -> tuple[Link, list[Event]]:
    limits.start(monotonic())
    seconds = limits.wait(monotonic())
    asked = question()
    try:
        return links.begin(asked, seconds, serializer)
    except BaseException as error:  # noqa: BLE001 - raised again, by fail
        _fail(links, error, limits)


def _receive(links: Links, link: Link, limits: Limits) -> list[Event]:
    seconds = limits.wait(monotonic())
    try:
        return link.receive(seconds)
    except BaseException as error:  # noqa: BLE001 - raised again, by fail
        _fail(links, error, limits)


def _fail(links: Links, error: BaseException, limits: Limits) -> NoReturn:
    if isinstance(error, BlockingIOError | TimeoutError) and not isinstance(error, DirtyError):
        raise limits.late() from error
    links.fail(error, limits.what, limits.timeout)
