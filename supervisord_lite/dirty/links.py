"""The connections that callers who block share: each has one for as long as its call lasts.

Idle ones wait here for the next call. A call that its connection's death kept from arriving is sent on
another: the kernel refused to take it (EPIPE), or says that the pool has closed without reading it to its end
(ECONNRESET, which a unix socket gives only then). One that arrived is never sent again, as it may have run.
"""

import os
from time import monotonic
from typing import Any, NoReturn
from weakref import WeakSet

from supervisord_lite.dirty import failures
from supervisord_lite.dirty.errors import DirtyError
from supervisord_lite.dirty.exchange import Event, Question, seal
from supervisord_lite.dirty.failures import told
from supervisord_lite.dirty.link import Link, left
from supervisord_lite.wire import envelope, header
from supervisord_lite.wire.errors import WireError

MAX_IDLE = 256
"""More idle connections than this are closed."""

_RESPONSE = header.RESPONSE
_ERROR = header.ERROR
_all: "WeakSet[Links]" = WeakSet()


class Links:
    """Connections to the pool at `path`; safe from any number of threads, and in a child after a fork."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._idle: list[Link] = []
        self._open: set[Link] = set()
        self._epoch = 0
        _all.add(self)

    def connect(self, timeout: float | None) -> None:
        """See that there is a connection. Raises `DirtyConnectionError`, `DirtyTimeoutError`."""
        if self._idle:
            return
        try:
            self.give(self._new(timeout))
        except (BlockingIOError, TimeoutError) as error:
            raise told(error, self.path, f"a connection to {self.path}", timeout) from error

    def begin(self, question: Question, timeout: float | None, serializer: int) -> tuple[Link, list[Event]]:
        """Send a question on a connection of its own; that, and what comes first in answer.

        Raises errors as they come, for `fail`.
        """
        number, data, parts = question
        deadline = None if timeout is None else monotonic() + timeout
        while True:
            link = self._idle_one()
            is_new = link is None
            if link is None:
                link = self._new(left(deadline))
            try:
                link.exchange.expect(number, serializer)
                fd = seal(parts)
                try:
                    link.send(data, fd, timeout, deadline)
                finally:
                    if fd >= 0:
                        os.close(fd)
                events = link.receive(timeout)
                while not events:
                    events = link.receive(left(deadline))
                return link, events
            except ConnectionError as error:
                why = _last_words(link, timeout) if is_new else None
                self.drop(link)
                if is_new:
                    raise why or failures.refused(self.path) from error
            except BaseException:
                self.drop(link)
                raise

    def _idle_one(self) -> Link | None:
        try:
            return self._idle.pop()
        except IndexError:  # asking first would not be safe: other threads take some too
            return None

    def answer(
        self,
        question: Question,
        timeout: float | None,
        app: str,
        action: str = "",
        serializer: int = envelope.MSGPACK,
    ) -> Any:
        """Send a question and wait for the one answer to it, `timeout` seconds for all of it."""
        try:
            link, events = self.begin(question, timeout, serializer)
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

    def give(self, link: Link) -> None:
        """Take back a connection on which everything was answered."""
        if link.epoch == self._epoch and len(self._idle) < MAX_IDLE:
            self._idle.append(link)
        else:
            self.drop(link)

    def drop(self, link: Link) -> None:
        """Close a connection."""
        self._open.discard(link)
        link.close()

    def close(self) -> None:
        """Close all connections: idle ones now, others when their call is done. It can be used again."""
        self._epoch += 1
        while self._idle:
            try:
                link = self._idle.pop()
            except IndexError:  # another thread was faster
                return
            self.drop(link)

    def _new(self, timeout: float | None) -> Link:
        link = Link(self.path, timeout, self._epoch)
        self._open.add(link)
        return link

    def forget(self) -> None:
        """In a child after a fork: the connections are the parent's."""
        self._epoch += 1
        self._idle.clear()
        while self._open:
            self._open.pop().close()

    def __del__(self) -> None:
        for link in self._idle:
            link.close()


def _last_words(link: Link, timeout: float | None) -> DirtyError | None:
    """The error that the pool sent before it hung up on a message, if it did."""
    try:
        events = link.receive(timeout)
    except (OSError, EOFError, WireError):
        return None
    return next((value for kind, value in events if kind == _ERROR), None)


def _after_in_child() -> None:
    for links in list(_all):
        links.forget()


os.register_at_fork(after_in_child=_after_in_child)
