"""Trying user code out in a throwaway child, so that nothing new or broken is imported into what serves."""

import asyncio
import os
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack

from supervisord_lite.config.program import Program
from supervisord_lite.linux.identity import account
from supervisord_lite.wire.orders import ASK, EXAMINE, EXEC, Setup
from supervisord_lite.wire.reports import Answered, Examined, Failed, FromChild, PreloadFailed, Prepared
from supervisord_lite.zygote.server import ForkServer, ForkServerLost

from . import environment, throwaway
from .throwaway import Throwaway, ThrowawayFailed


class ExaminationFailed(Exception):
    """The code could not be tried at all; the message says why."""


class Examiner:
    """Examines code in forks of a zygote: of one that serves, or of a fresh one that is ended afterwards.

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
        """The targets that cannot be called, and modules that cannot be imported, each with the reason.

        Raises `ExaminationFailed`.
        """
        answer = await self._try(zygote, EXAMINE, tuple(targets), serving, {})
        assert isinstance(answer, Examined)
        return answer.problems

    async def ask(
        self,
        zygote: Program,
        function: str,
        subjects: Iterable[str],
        serving: ForkServer | None,
        env: Mapping[str, str],
    ) -> Answered:
        """What the function says of each subject, with `env` on top. Raises `ExaminationFailed`."""
        answer = await self._try(zygote, ASK, (function, *subjects), serving, env)
        assert isinstance(answer, Answered)
        return answer

    async def _try(
        self,
        zygote: Program,
        work: str,
        arguments: tuple[str, ...],
        serving: ForkServer | None,
        env: Mapping[str, str],
    ) -> FromChild:
        with ExitStack() as cleanup:
            try:
                async with asyncio.timeout(self._seconds):
                    server = serving or await self._fresh(zygote, cleanup)
                    return await self._hear(server, self._setup(zygote, work, arguments, env))
            except TimeoutError:
                raise ExaminationFailed(f"the imports did not end within {self._seconds:.0f}s") from None
            except ForkServerLost as error:
                raise ExaminationFailed(f"the fork server {error}") from error
            except (OSError, LookupError, ThrowawayFailed) as error:
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
            setup = self._setup(zygote, EXEC, zygote.launch.command, {})
            forked = await self._fork(self._spawner, setup, theirs.fileno())
        finally:
            theirs.close()
        cleanup.callback(forked.end)
        failed = await forked.last_word()
        if isinstance(failed, Failed):
            raise ExaminationFailed(failed.error)
        match await news:
            case PreloadFailed(error=error):
                raise ExaminationFailed(error)
            case None:
                raise ExaminationFailed("the zygote ended while it imported the preload")
        return server

    async def _hear(self, server: ForkServer, setup: Setup) -> FromChild:
        with await self._fork(server, setup) as forked:
            match await forked.last_word():
                case Examined() | Answered() as answer:
                    return answer
                case Failed(error=error):
                    raise ExaminationFailed(error)
        raise ExaminationFailed("the interpreter ended while it imported the targets")

    async def _fork(self, server: ForkServer, setup: Setup, *extra: int) -> Throwaway:
        null = os.open(os.devnull, os.O_RDWR)
        try:
            return await throwaway.fork(server, setup, [null, null, null, *extra], self._is_ours)
        finally:
            os.close(null)

    def _setup(self, zygote: Program, work: str, arguments: tuple[str, ...], env: Mapping[str, str]) -> Setup:
        launch = zygote.launch
        who = account(launch.user, launch.group) if launch.user or launch.group else None
        becomes = work == EXEC
        return Setup(
            work,
            arguments,
            title=f"{environment.TITLE}{zygote.name} [examination]",
            daemon=os.getpid(),
            env={**self._environ, **(who.environment if who is not None else {}), **launch.env, **env},
            identity=(who.uid, who.gid, who.groups) if becomes and who is not None else None,
            cwd=launch.cwd,
        )
