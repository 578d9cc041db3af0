"""The daemon's side of a fork server: ask it to fork, hear what it says, notice that it is gone."""

import asyncio
import os
import socket
from collections.abc import Callable, Mapping

from supervisord_lite.linux import descriptors
from supervisord_lite.wire.orders import FORK
from supervisord_lite.wire.reports import (
    Forked,
    ForkRefused,
    FromServer,
    PreloadFailed,
    Prepared,
    Reader,
    ReportError,
)

WINDOW = 16
"""Forks asked for and not yet answered: more would overrun the socket's buffer with descriptors."""

PATIENCE = 30.0
"""Seconds a fork may take before the server counts as hung."""


class ForkServerLost(Exception):
    """The fork server ended, or hung, before it answered: the fork may be asked of its successor."""


class ForkFailed(OSError):
    """The kernel refused the fork."""


class ForkServer:
    """The connection to one fork server process; a successor gets an object of its own.

    `env` is the environment that the process was started with, `generation` how many there were with it.
    `on_news` is called with `Prepared` or `PreloadFailed` when it has imported what it was to import, and
    `on_lost` once, when it is gone or has to be ended because it hangs.
    """

    def __init__(
        self,
        sock: socket.socket,
        on_news: Callable[[Prepared | PreloadFailed], None],
        on_lost: Callable[[], None],
        env: Mapping[str, str] | None = None,
        generation: int = 1,
    ) -> None:
        sock.setblocking(False)
        self.env = env or {}
        self.generation = generation
        self._sock = sock
        self._on_news = on_news
        self._on_lost = on_lost
        self._reader = Reader[FromServer](FromServer)  # type: ignore[arg-type]
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self._next_id = 0
        self._window = asyncio.Semaphore(WINDOW)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._read)
        self.is_lost = False

    async def fork(self, channel: socket.socket, cgroup: int | None = None) -> int:
        """Fork a child on this end of its channel, and return its pid: it is a child of this process.

        It is born into the control group whose directory this descriptor is, if the fork server may do that
        (the spawner may). The end is closed here in any case. Raises `ForkServerLost` or `ForkFailed`.
        """
        try:
            async with self._window:
                answer = self._ask(channel, cgroup)
                channel.close()
                async with asyncio.timeout(PATIENCE):
                    return await answer
        except TimeoutError:
            self.lose()
            raise ForkServerLost("did not answer") from None
        finally:
            channel.close()

    def _ask(self, channel: socket.socket, cgroup: int | None) -> asyncio.Future[int]:
        if self.is_lost:
            raise ForkServerLost("is gone")
        self._next_id += 1
        try:
            fds = (channel.fileno(),) if cgroup is None else (channel.fileno(), cgroup)
            descriptors.send(self._sock, FORK.pack(self._next_id, cgroup is not None), fds)
        except OSError as error:
            self.lose()
            raise ForkServerLost(str(error)) from error
        answer: asyncio.Future[int] = self._loop.create_future()
        self._waiting[self._next_id] = answer
        return answer

    def _read(self) -> None:
        try:
            data = self._sock.recv(65536)
            messages = self._reader.feed(data)
        except BlockingIOError:
            return
        except (OSError, ReportError):
            data, messages = b"", []
        for message in messages:
            self._take(message)
        if not data:
            self.lose()

    def _take(self, message: FromServer) -> None:
        match message:
            case Forked(pid=pid) if pid <= 1:
                self.lose()  # it runs anybody's code: what it says is no reason to signal everybody
            case Forked(id=number, pid=pid):
                answer = self._waiting.pop(number, None)
                if answer is not None and not answer.done():
                    answer.set_result(pid)
            case ForkRefused(id=number, errno=errno):
                answer = self._waiting.pop(number, None)
                if answer is not None and not answer.done():
                    reason = f"the kernel refused to fork: {os.strerror(errno % 4096)}"
                    answer.set_exception(ForkFailed(errno, reason))
            case Prepared() | PreloadFailed():
                self._on_news(message)

    def lose(self) -> None:
        """Give it up: every fork that it has not answered fails with `ForkServerLost`."""
        if self.is_lost:
            return
        self.is_lost = True
        self._loop.remove_reader(self._sock)
        self._sock.close()
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(ForkServerLost("ended"))
                answer.exception()  # whoever asked may have left; that is no error
        self._on_lost()
