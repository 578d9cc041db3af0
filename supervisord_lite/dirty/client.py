"""What an application calls a dirty pool with.

The same protocol (`exchange`) is under two thin drivers: `links` and `streams` block, `async_links` and
`async_streams` await; these are imported at their first use, with asyncio.
"""

import math
import os
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from supervisord_lite.dirty.exchange import ask, request
from supervisord_lite.dirty.links import Links
from supervisord_lite.dirty.location import get_dirty_socket_path
from supervisord_lite.dirty.streams import DirtyStreamIterator, Limits
from supervisord_lite.wire import envelope, header

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from supervisord_lite.dirty.async_links import AsyncLinks
    from supervisord_lite.dirty.async_streams import DirtyAsyncStreamIterator
    from supervisord_lite.dirty.stash import StashClient

_SERIALIZERS = {"msgpack": envelope.MSGPACK, "pickle": envelope.PICKLE}
_ADD = 1
_REMOVE = 2


class _Unset:
    """Stands for what an option has been."""


_UNSET: Final = _Unset()


class _Connections:
    """What a client and all views of it share: connections for callers that block, and those of each loop."""

    __slots__ = ("_by_loop", "links", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.links = Links(path)
        self._by_loop: dict[AbstractEventLoop, AsyncLinks] = {}

    def of_loop(self) -> "AsyncLinks":
        """The connections of the running loop."""
        from asyncio import get_running_loop  # the caller runs in a loop: it is imported already

        found = self._by_loop.get(get_running_loop())
        return found if found is not None else self._new_loop()

    def _new_loop(self) -> "AsyncLinks":
        from supervisord_lite.dirty.async_links import AsyncLinks

        for loop, links in list(self._by_loop.items()):
            if loop.is_closed():  # `asyncio.run` ended without `close_async`
                self._by_loop.pop(loop, None)
                links.forget()
        made = AsyncLinks(self.path)
        self._by_loop[made.loop] = made
        return made


class DirtyClient:
    """A client of the pool at `socket_path`, a unix socket; by default, of the pool this process is told of.

    `timeout` is in seconds, None for ever: an `execute` has so long from the call to the result, waiting in
    the pool's queue included, and a stream has so long to its first chunk and from each to the next.
    `priority`: calls of a higher one leave the pool's queue first. `serializer` is "msgpack", or "pickle" for
    a pool that allows it.

    One client serves any number of threads, tasks and event loops; calls that overlap have a connection each,
    and connections are kept for later calls. After a fork the child makes its own. Nothing is connected
    before the first call, or `connect()`.

    All errors are `DirtyError`. Each method names what it raises beyond these, which any call may:
    `DirtyConnectionError` (the pool cannot be reached, or hung up during the call), `DirtyTimeoutError` (the
    call's time or the pool's is over), `DirtyQueueFullError`, `DirtyNoWorkersAvailableError` and
    `DirtyProtocolError`.
    """

    def __init__(
        self,
        socket_path: str | os.PathLike[str] | None = None,
        timeout: float | None = 30.0,
        *,
        serializer: str = "msgpack",
        priority: int = 0,
    ) -> None:
        if serializer not in _SERIALIZERS:
            raise ValueError(f"serializer is {serializer!r}; it can be {' or '.join(_SERIALIZERS)}.")
        self.socket_path = get_dirty_socket_path() if socket_path is None else os.fspath(socket_path)
        self.timeout = _seconds("timeout", timeout)
        self.priority = _priority(priority)
        self.total: float | None = None
        self._serializer = _SERIALIZERS[serializer]
        self._connections = _Connections(self.socket_path)
        self._links = self._connections.links
        self._stash: StashClient | None = None

    def options(
        self,
        *,
        timeout: float | _Unset | None = _UNSET,
        priority: int | _Unset = _UNSET,
        total: float | _Unset | None = _UNSET,
    ) -> "DirtyClient":
        """The same client with other settings: `client.options(timeout=5).execute(…)`.

        It shares the connections of this one. `total` bounds a whole stream, in seconds (None: nothing does).
        """
        view = DirtyClient.__new__(type(self))
        view.__dict__.update(self.__dict__, _stash=None)
        if not isinstance(timeout, _Unset):
            view.timeout = _seconds("timeout", timeout)
        if not isinstance(priority, _Unset):
            view.priority = _priority(priority)
        if not isinstance(total, _Unset):
            view.total = _seconds("total", total)
        return view

    # For callers that block.

    def connect(self) -> None:
        """Connect now, if there is no idle connection. Raises `DirtyConnectionError`, `DirtyTimeoutError`."""
        self._links.connect(self.timeout)

    def close(self) -> None:
        """Close the connections of callers that block; those in use when their calls are done.

        A later call connects anew.
        """
        self._links.close()
        if self._stash is not None:
            self._stash.close()

    def execute(self, app_path: str, action: str, *args: Any, **kwargs: Any) -> Any:
        """The result of an action of the app `app_path` (`"module:Class"`).

        Raises `DirtyAppError` for what the action raised, with the worker's traceback, and where there is no
        such action; `DirtyAppNotFoundError`; `DirtyWorkerError` where the worker died of it;
        `DirtyCancelledError`; and `DirtyUntransferableError` for an argument that cannot travel.
        """
        timeout = self.timeout
        question = request(
            app_path, action, args, kwargs, timeout, self.priority, False, None, self._serializer
        )
        return self._links.answer(question, timeout, app_path, action, self._serializer)

    def stream(self, app_path: str, action: str, *args: Any, **kwargs: Any) -> DirtyStreamIterator:
        """The chunks of an action that returns a generator; of any other, its result as the only chunk.

        The call is sent when the first chunk is asked for. Iterating raises what `execute` raises. Leave it
        early by `close()`, or use it in a `with` block.
        """
        question = partial(
            request,
            app_path, action, args, kwargs, self.timeout, self.priority, True, self.total, self._serializer,
        )  # fmt: skip
        limits = Limits(f"{app_path} {action}", self.timeout, self.total)
        return DirtyStreamIterator(self._links, question, limits, self._serializer)

    def status(self) -> dict[str, Any]:
        """How the pool is: its queue, workers, apps and calls, as docs/dirty-protocol.md has them."""
        found: dict[str, Any] = self._ask(header.STATUS)
        return found

    def add_workers(self, count: int = 1) -> dict[str, Any]:
        """Let the pool have so many workers more; what became of it. Raises `DirtyError` where it is
        refused."""
        done: dict[str, Any] = self._ask(header.MANAGE, _management(_ADD, count))
        return done

    def remove_workers(self, count: int = 1) -> dict[str, Any]:
        """Let the pool have so many workers fewer; never fewer than its apps need. As `add_workers`."""
        done: dict[str, Any] = self._ask(header.MANAGE, _management(_REMOVE, count))
        return done

    def _ask(self, kind: int, payload: bytes = b"") -> Any:
        return self._links.answer(ask(kind, payload), self.timeout, _WHAT[kind])

    @property
    def stash(self) -> "StashClient":
        """The stash of this pool's daemon: used directly where this process may, else through the pool."""
        if self._stash is None:
            from supervisord_lite.dirty.stash import StashClient

            self._stash = StashClient(self.socket_path, self.timeout)
        return self._stash

    # For tasks: the same, awaited.

    async def connect_async(self) -> None:
        """Connect now, in the running loop, as `connect` does."""
        await self._connections.of_loop().connect(self.timeout)

    async def close_async(self) -> None:
        """Close the connections of the running loop, as `close` does those of callers that block."""
        self._connections.of_loop().close()

    async def execute_async(self, app_path: str, action: str, *args: Any, **kwargs: Any) -> Any:
        """The result of an action, as `execute` has it. A task that is cancelled while it waits hangs up."""
        timeout = self.timeout
        question = request(
            app_path, action, args, kwargs, timeout, self.priority, False, None, self._serializer
        )
        links = self._connections.of_loop()
        return await links.answer(question, timeout, app_path, action, self._serializer)

    def stream_async(
        self, app_path: str, action: str, *args: Any, **kwargs: Any
    ) -> "DirtyAsyncStreamIterator":
        """The chunks of an action, as `stream` has them: `async for`, `aclose()`, `async with`."""
        from supervisord_lite.dirty.async_streams import DirtyAsyncStreamIterator

        question = partial(
            request,
            app_path, action, args, kwargs, self.timeout, self.priority, True, self.total, self._serializer,
        )  # fmt: skip
        limits = Limits(f"{app_path} {action}", self.timeout, self.total)
        return DirtyAsyncStreamIterator(self._connections.of_loop, question, limits, self._serializer)

    async def status_async(self) -> dict[str, Any]:
        """How the pool is, as `status` has it."""
        links = self._connections.of_loop()
        found: dict[str, Any] = await links.answer(ask(header.STATUS), self.timeout, _WHAT[header.STATUS])
        return found

    # Context managers.

    def __enter__(self) -> "DirtyClient":
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> "DirtyClient":
        await self.connect_async()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close_async()

    def __repr__(self) -> str:
        return f"<DirtyClient {self.socket_path} timeout={self.timeout}>"


_WHAT = {header.STATUS: "status()", header.MANAGE: "add_workers() or remove_workers()"}


def _seconds(name: str, value: float | None) -> float | None:
    """A duration as it is used. Raises `ValueError`."""
    if value is None or value == math.inf:
        return None
    if not value > 0:
        raise ValueError(f"{name} is {value!r}; it is in seconds and more than 0, or None for ever.")
    return float(value)


def _priority(value: int) -> int:
    """A priority that can travel. Raises `ValueError`."""
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"priority is {value!r}; it has to fit into 64 bits.")
    return value


def _management(operation: int, count: int) -> bytes:
    return msgspec.msgpack.encode({"op": operation, "count": count})
