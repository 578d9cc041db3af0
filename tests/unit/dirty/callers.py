"""The two ways to use a client, behind one face, so that one table of cases drives both."""

import asyncio
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

from supervisord_lite.dirty import DirtyClient
from supervisord_lite.dirty.exchange import Question

APP = "shop.forecast:Forecast"


class Stream(Protocol):
    """A stream that was begun."""

    def take(self) -> Any:
        """Its next chunk. Raises `StopIteration`."""

    def close(self) -> None:
        """Leave it."""


class Caller(Protocol):
    """Somebody who uses a client."""

    def execute(self, client: DirtyClient, *args: Any, **kwargs: Any) -> Any:
        """A call of an action of `APP`."""

    def stream(self, client: DirtyClient, *args: Any, **kwargs: Any) -> Stream:
        """A stream of it."""

    def status(self, client: DirtyClient) -> dict[str, Any]:
        """How the pool is."""

    def connect(self, client: DirtyClient) -> None:
        """Connect."""

    def close(self, client: DirtyClient) -> None:
        """Close."""

    def within(self, client: DirtyClient, *args: Any) -> Any:
        """A call within the context manager."""

    def put_through(self, client: DirtyClient, question: Question) -> Any:
        """Any message, and the answer to it."""

    def __enter__(self) -> "Caller": ...

    def __exit__(self, *_: object) -> None: ...


def drain(stream: Stream) -> Iterator[Any]:
    """All chunks that are left."""
    while True:
        try:
            yield stream.take()
        except StopIteration:
            return


class Blocking:
    """A thread."""

    def __enter__(self) -> "Blocking":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def execute(self, client: DirtyClient, *args: Any, **kwargs: Any) -> Any:
        return client.execute(APP, *args, **kwargs)

    def stream(self, client: DirtyClient, *args: Any, **kwargs: Any) -> Stream:
        return _Blocked(client.stream(APP, *args, **kwargs))

    def status(self, client: DirtyClient) -> dict[str, Any]:
        return client.status()

    def connect(self, client: DirtyClient) -> None:
        client.connect()

    def close(self, client: DirtyClient) -> None:
        client.close()

    def put_through(self, client: DirtyClient, question: Question) -> Any:
        return client._links.answer(question, client.timeout, APP)

    def within(self, client: DirtyClient, *args: Any) -> Any:
        with client as entered:
            return entered.execute(APP, *args)


class _Blocked:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def take(self) -> Any:
        return next(self._stream)

    def close(self) -> None:
        self._stream.close()


class Awaiting:
    """A task."""

    loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None

    def __enter__(self) -> "Awaiting":
        self._runner = asyncio.Runner(loop_factory=self.loop_factory)
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.close()

    def execute(self, client: DirtyClient, *args: Any, **kwargs: Any) -> Any:
        return self._runner.run(client.execute_async(APP, *args, **kwargs))

    def stream(self, client: DirtyClient, *args: Any, **kwargs: Any) -> Stream:
        return _Awaited(self._runner, client.stream_async(APP, *args, **kwargs))

    def status(self, client: DirtyClient) -> dict[str, Any]:
        return self._runner.run(client.status_async())

    def connect(self, client: DirtyClient) -> None:
        self._runner.run(client.connect_async())

    def close(self, client: DirtyClient) -> None:
        self._runner.run(client.close_async())

    def put_through(self, client: DirtyClient, question: Question) -> Any:
        async def work() -> Any:
            return await client._connections.of_loop().answer(question, client.timeout, APP)

        return self._runner.run(work())

    def within(self, client: DirtyClient, *args: Any) -> Any:
        async def work() -> Any:
            async with client as entered:
                return await entered.execute_async(APP, *args)

        return self._runner.run(work())


def kinds() -> list[type[Caller]]:
    """All that can be had here."""
    if find_spec("uvloop") is None:
        return [Blocking, Awaiting]

    class Uvloop(Awaiting):
        """A task on the loop of many web servers."""

        loop_factory = staticmethod(import_module("uvloop").new_event_loop)

    return [Blocking, Awaiting, Uvloop]


class _Awaited:
    def __init__(self, runner: asyncio.Runner, stream: Any) -> None:
        self._runner = runner
        self._stream = stream

    def take(self) -> Any:
        async def next_chunk() -> tuple[Any, bool]:
            try:
                return await anext(self._stream), False
            except StopAsyncIteration:
                return None, True

        chunk, is_over = self._runner.run(next_chunk())
        if is_over:
            raise StopIteration
        return chunk

    def close(self) -> None:
        self._runner.run(self._stream.aclose())
