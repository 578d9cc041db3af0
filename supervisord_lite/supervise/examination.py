"""Trying targets out in a throwaway child, so that nothing new or broken is imported into what serves."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack

from supervisord_lite.config.program import Program
from supervisord_lite.linux import descriptors
from supervisord_lite.linux.identity import account
from supervisord_lite.wire.orders import EXAMINE, EXEC, Setup
from supervisord_lite.wire.reports import (
    Examined,
    Failed,
    FromChild,
    PreloadFailed,
    Prepared,
    Reader,
    ReportError,
)
from supervisord_lite.zygote.server import ForkServer, ForkServerLost

from . import environment


class ExaminationFailed(Exception):
    """The targets could not be tried at all; the message says why."""


class Examiner:
    """Examines targets in forks of a zygote: of one that serves, or of a fresh one that is ended afterwards.

    `seconds` bounds each examination with everything it imports. `environ` is the daemon's environment, and
    `is_ours` says whether a process is a child of this one that is no program's.
    """

    def __init__(
        self,
        spawner: ForkServer,
        environ: Mapping[str, str],
        seconds: float,
        is_ours: Callable[[int], bool],
    ) -> None:
        self._spawner = spawner
        self._is_ours = is_ours
        self._environ = environment.inherited(environ)
        self._seconds = seconds

    async def examine(
        self, zygote: Program, targets: Iterable[str], serving: ForkServer | None
    ) -> dict[str, str]:
        """The targets that cannot be called, each with the reason. Raises `ExaminationFailed`."""
        with ExitStack() as cleanup:
            try:
                async with asyncio.timeout(self._seconds):
                    server = serving or await self._fresh(zygote, cleanup)
                    return await self._ask(server, zygote, tuple(targets))
            except TimeoutError:
                raise ExaminationFailed(f"the imports did not end within {self._seconds:.0f}s") from None
            except ForkServerLost as error:
                raise ExaminationFailed(f"the fork server {error}") from error
            except (OSError, LookupError) as error:
                raise ExaminationFailed(str(error)) from error

    async def _fresh(self, zygote: Program, cleanup: ExitStack) -> ForkServer:
        """A zygote of this definition that nobody else uses. It ends when its socket is closed."""
        news: asyncio.Future[Prepared | PreloadFailed | None] = asyncio.get_running_loop().create_future()

        def settle(what: Prepared | PreloadFailed | None) -> None:
            if not news.done():
                news.set_result(what)

        ours, theirs = socket.socketpair()
        server = ForkServer(ours, settle, lambda: settle(None))
        cleanup.callback(server.lose)
        assert zygote.launch.command is not None
        try:
            conversation = await self._fork(
                self._spawner, zygote, EXEC, zygote.launch.command, [theirs.fileno()]
            )
        finally:
            theirs.close()
        cleanup.callback(conversation.end)
        failed = await conversation.last_word()
        if isinstance(failed, Failed):
            raise ExaminationFailed(failed.error)
        match await news:
            case PreloadFailed(error=error):
                raise ExaminationFailed(error)
            case None:
                raise ExaminationFailed("the zygote ended while it imported the preload")
        return server

    async def _ask(self, server: ForkServer, zygote: Program, targets: tuple[str, ...]) -> dict[str, str]:
        with await self._fork(server, zygote, EXAMINE, targets, []) as conversation:
            match await conversation.last_word():
                case Examined(problems=problems):
                    return problems
                case Failed(error=error):
                    raise ExaminationFailed(error)
        raise ExaminationFailed("the interpreter ended while it imported the targets")

    async def _fork(
        self, server: ForkServer, zygote: Program, work: str, arguments: tuple[str, ...], extra: list[int]
    ) -> "_Conversation":
        ours, theirs = socket.socketpair()
        try:
            pid = await server.fork(theirs)
        except BaseException:
            ours.close()
            raise
        if not self._is_ours(pid):
            ours.close()
            raise ExaminationFailed(f"its fork server passed a foreign process {pid} off as its own")
        conversation = _Conversation(pid, ours)
        null = os.open(os.devnull, os.O_RDWR)
        try:
            await conversation.begin(self._setup(zygote, work, arguments), [null, null, null, *extra])
        except BaseException:
            conversation.end()
            raise
        finally:
            os.close(null)
        return conversation

    def _setup(self, zygote: Program, work: str, arguments: tuple[str, ...]) -> Setup:
        launch = zygote.launch
        who = account(launch.user, launch.group) if launch.user or launch.group else None
        becomes = work == EXEC
        return Setup(
            work,
            arguments,
            title=f"{environment.TITLE}{zygote.name} [examination]",
            daemon=os.getpid(),
            env={**self._environ, **(who.environment if who is not None else {}), **launch.env},
            identity=(who.uid, who.gid, who.groups) if becomes and who is not None else None,
            cwd=launch.cwd,
        )


class _Conversation:
    """The channel to one throwaway child. Left by an exception, it ends the child and what that started."""

    def __init__(self, pid: int, channel: socket.socket) -> None:
        self._pid = pid
        self._channel = channel
        channel.setblocking(False)

    async def begin(self, setup: Setup, fds: list[int]) -> None:
        """Tell it who it is to be."""
        data = setup.encode()
        descriptors.send(self._channel, data[:1], fds)
        await asyncio.get_running_loop().sock_sendall(self._channel, data[1:])

    async def last_word(self) -> FromChild | None:
        """What it said last, once it has hung up."""
        reader = Reader[FromChild](FromChild)  # type: ignore[arg-type]
        last: FromChild | None = None
        try:
            while data := await asyncio.get_running_loop().sock_recv(self._channel, 65536):
                for message in reader.feed(data):
                    last = message
        except ReportError as error:
            raise ExaminationFailed(f"the interpreter said what is {error}") from error
        return last

    def end(self) -> None:
        """End it with what it started: it leads a session and a group of its own."""
        self._channel.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)

    def __enter__(self) -> "_Conversation":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self.end()  # one that has answered ends by itself
        self._channel.close()
