"""The connections that the tasks of one event loop share: what `links` is to callers that block."""

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn
from weakref import WeakSet

from supervisord_lite.dirty import failures
from supervisord_lite.dirty.async_link import AsyncLink, connected
from supervisord_lite.dirty.errors import DirtyError
from supervisord_lite.dirty.exchange import Event, Question, seal
from supervisord_lite.dirty.failures import told
from supervisord_lite.dirty.links import MAX_IDLE
from supervisord_lite.wire import envelope, header
from supervisord_lite.wire.errors import WireError

_RESPONSE = header.RESPONSE
_ERROR = header.ERROR
_all: "WeakSet[AsyncLinks]" = WeakSet()


class AsyncLinks:
    """Connections to the pool at `path` that belong to the running loop."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.loop = asyncio.get_running_loop()
        self._idle: list[AsyncLink] = []
        self._open: set[AsyncLink] = set()
        self._epoch = 0
        _all.add(self)

    def deadline(self, timeout: float | None) -> float | None:
        """So many seconds from now, in the loop's seconds."""
        return None if timeout is None else self.loop.time() + timeout

    async def connect(self, timeout: float | None) -> None:
        """See that there is a connection. Raises `DirtyConnectionError`, `DirtyTimeoutError`."""
        if self._idle:
            return
        try:
            self.give(await self._new(self.deadline(timeout)))
        except TimeoutError as error:
            self.fail(error, f"a connection to {self.path}", timeout)

    async def begin(
        self, question: Question, deadline: float | None, serializer: int
    ) -> tuple[AsyncLink, list[Event]]:
        """Send a question on a connection of its own; that, and what comes first in answer.

        Raises errors as they come, for `fail`.
        """
        number, data, parts = question
        while True:
            is_new = not self._idle
            link = await self._new(deadline) if is_new else self._idle.pop()
            if not link.is_fresh:
                self.drop(link)
                continue
            try:
                link.exchange.expect(number, serializer)
                fd = seal(parts)
                try:
                    sent = link.send(data, fd)
                    if sent < len(data):
                        await link.send_rest(data, sent, fd, deadline)
                finally:
                    if fd >= 0:
                        os.close(fd)
                return link, await link.receive(deadline)
            except ConnectionError as error:
                why = await _last_words(link, deadline) if is_new else None
                self.drop(link)
                if is_new:
                    raise why or failures.refused(self.path) from error
            except BaseException:
                self.drop(link)
                raise

    async def answer(
        self,
        question: Question,
        timeout: float | None,
        app: str,
        action: str = "",
        serializer: int = envelope.MSGPACK,
    ) -> Any:
        """Send a question and wait for the one answer to it, `timeout` seconds for all of it."""
        try:
            link, events = await self.begin(question, self.deadline(timeout), serializer)
        except BaseException as error:  # noqa: BLE001 - raised again, by fail
            self.fail(error, f"{app} {action}".rstrip(), timeout)
        kind, value = events[0]
        if kind == _RESPONSE:
            self.give(link)
            return value
        if kind == _ERROR:
            self.give(link)
            raise value
        self.drop(link)
        raise failures.streamed(f"{app} {action}")

    def fail(self, error: BaseException, what: str, timeout: float | None) -> NoReturn:
        """Raise what is to be told of an error."""
        ours = told(error, self.path, what, timeout)
        if ours is error:
            raise error
        raise ours from error

    def give(self, link: AsyncLink) -> None:
        """Take back a connection on which everything was answered."""
        if link.epoch == self._epoch and len(self._idle) < MAX_IDLE and link.is_fresh:
            self._idle.append(link)
        else:
            self.drop(link)

    def drop(self, link: AsyncLink) -> None:
        """Close a connection."""
        self._open.discard(link)
        link.close()

    def drop_from_anywhere(self, link: AsyncLink) -> None:
        """Close a connection, possibly from another thread, as the garbage collector may run there."""
        self._open.discard(link)
        link.close_from_anywhere()

    def close(self) -> None:
        """Close all connections: idle ones now, others when their call is done. It can be used again."""
        self._epoch += 1
        while self._idle:
            self.drop(self._idle.pop())

    def forget(self) -> None:
        """Where the loop is closed, or another process's: close what is open and leave the loop alone."""
        self._epoch += 1
        self._idle.clear()
        while self._open:
            self._open.pop().abandon()

    async def _new(self, deadline: float | None) -> AsyncLink:
        link = AsyncLink(await connected(self.path, deadline), self._epoch, self)
        self._open.add(link)
        return link

    def lost(self, link: AsyncLink) -> None:
        """A connection died while nobody waited on it: an idle one goes; a caller will see it himself."""
        if link in self._idle:
            self._idle.remove(link)
            self.drop(link)

    def __del__(self, is_finalizing: Callable[[], bool] = sys.is_finalizing) -> None:
        if not is_finalizing():  # modules may be gone then, and the sockets go with the process
            for link in self._open:
                link.close_from_anywhere()


async def _last_words(link: AsyncLink, deadline: float | None) -> DirtyError | None:
    """The error that the pool sent before it hung up on a message, if it did."""
    try:
        events = await link.receive(deadline)
    except (OSError, EOFError, WireError):
        return None
    return next((value for kind, value in events if kind == _ERROR), None)


def _after_in_child() -> None:
    for links in list(_all):
        links.forget()


os.register_at_fork(after_in_child=_after_in_child)
