"""The stream of an action's chunks, for tasks."""

from collections.abc import Callable
from types import TracebackType
from typing import Any

from supervisord_lite.dirty.async_link import AsyncLink
from supervisord_lite.dirty.async_links import AsyncLinks
from supervisord_lite.dirty.errors import DirtyError
from supervisord_lite.dirty.exchange import Event, Question
from supervisord_lite.dirty.streams import Limits
from supervisord_lite.wire import header


class DirtyAsyncStreamIterator:
    """The chunks of one call, which is sent when the first is asked for.

    Iterate over it, once and in one task. Leaving before the end (`aclose()`, the end of an `async with`
    block, or dropping the last reference) hangs up, and the pool closes the action's generator.
    """

    __slots__ = (
        "_chunks", "_error", "_find_links", "_is_over", "_is_waiting", "_limits", "_link", "_links",
        "_question", "_serializer",
    )  # fmt: skip

    def __init__(
        self,
        find_links: Callable[[], AsyncLinks],
        question: Callable[[], Question],
        limits: Limits,
        serializer: int,
    ) -> None:
        self._find_links = find_links
        self._question = question
        self._limits = limits
        self._serializer = serializer
        self._links: AsyncLinks | None = None
        self._link: AsyncLink | None = None
        self._is_over = False
        self._is_waiting = False
        self._error: DirtyError | None = None
        self._chunks: list[Any] = []
        """Those that have come and were not taken, the next one last."""

    def __aiter__(self) -> "DirtyAsyncStreamIterator":
        return self

    async def __anext__(self) -> Any:
        chunks = self._chunks
        while not chunks:
            if self._is_waiting:
                raise RuntimeError(
                    "another task waits for the next chunk of this stream; a stream is for one task"
                )
            if self._is_over:
                error, self._error = self._error, None
                raise error or StopAsyncIteration
            self._is_waiting = True
            try:
                await self._more()
            except BaseException:
                self._drop()
                raise
            finally:
                self._is_waiting = False
        return chunks.pop()

    async def _more(self) -> None:
        """Wait for what comes next, and take the chunks from it."""
        links = self._links = self._links or self._find_links()
        limits = self._limits
        if self._link is None:
            limits.start(links.loop.time())
        deadline = links.deadline(limits.wait(links.loop.time()))
        try:
            if self._link is None:
                self._link, events = await links.begin(self._question(), deadline, self._serializer)
            else:
                events = await self._link.receive(deadline)
        except TimeoutError as error:
            if isinstance(error, DirtyError):
                raise
            raise limits.late() from error
        except BaseException as error:  # noqa: BLE001 - raised again, by fail
            links.fail(error, limits.what, limits.timeout)
        self._take(events, links, self._link)

    def _take(self, events: list[Event], links: AsyncLinks, link: AsyncLink) -> None:
        chunks = self._chunks
        for kind, value in events:
            if kind == header.CHUNK:
                chunks += value
                continue
            self._is_over = True
            self._link = None
            links.give(link)
            if kind == header.RESPONSE:
                chunks.append(value)
            elif kind == header.ERROR:
                self._error = value
        chunks.reverse()

    def _drop(self) -> None:
        self._is_over = True
        link, self._link = self._link, None
        if link is not None and self._links is not None:
            self._links.drop_from_anywhere(link)

    async def aclose(self) -> None:
        """End the stream, if it has not ended."""
        self._chunks.clear()
        self._drop()

    async def __aenter__(self) -> "DirtyAsyncStreamIterator":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        self._drop()
