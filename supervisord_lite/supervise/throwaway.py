"""Children that do one thing and end: forked from a fork server, and no program."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Sequence

from supervisord_lite.linux import descriptors
from supervisord_lite.wire.orders import Setup
from supervisord_lite.wire.reports import FromChild, Reader, ReportError
from supervisord_lite.zygote.server import ForkServer


class ThrowawayFailed(Exception):
    """It could not do what it was forked for; the message says why."""


class Throwaway:
    """The channel to one such child. Left by an exception, it ends the child and what that started."""

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self.pid = pid
        self._channel = channel
        channel.setblocking(False)

    async def last_word(self) -> FromChild | None:
        """What it said last, once it has hung up."""
        reader = Reader[FromChild](FromChild)  # type: ignore[arg-type]
        last: FromChild | None = None
        try:
            while data := await asyncio.get_running_loop().sock_recv(self._channel, 65536):
                for message in reader.feed(data):
                    last = message
        except ReportError as error:
            raise ThrowawayFailed(f"the interpreter said what is {error}") from error
        return last

    def end(self) -> None:
        """End it with what it started: it leads a session and a group of its own."""
        self._channel.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def __enter__(self) -> "Throwaway":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.end()  # one that has answered ends by itself
        self._channel.close()


async def fork(
    server: ForkServer,
    setup: Setup,
    fds: Sequence[int],
    is_ours: Callable[[int], bool],
    on_pid: Callable[[int], object] = lambda _: None,
) -> Throwaway:
    """Fork one and tell it who it is to be; `fds` become its descriptors 0, 1, 2 and so on.

    `is_ours` says whether a process is a child of this one that is no program's; `on_pid` is called before it
    does anything. Raises `ForkServerLost`, `OSError` or `ThrowawayFailed`.
    """
    ours, theirs = socket.socketpair()
    try:
        pid = await server.fork(theirs)
    except BaseException:
        ours.close()
        raise
    if not is_ours(pid):
        ours.close()
        raise ThrowawayFailed(f"its fork server passed a foreign process {pid} off as its own")
    throwaway = Throwaway(pid, ours)
    on_pid(pid)
    try:
        data = setup.encode()
        descriptors.send(ours, data[:1], fds)
        await asyncio.get_running_loop().sock_sendall(ours, data[1:])
    except BaseException:
        throwaway.end()
        raise
    return throwaway
