"""Taking everything down: programs in order, then what they were launched by; within a time, or at once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from supervisord_lite.config.program import Supervisor as Settings
from supervisord_lite.model.durations import spell
from supervisord_lite.model.events import Stop
from supervisord_lite.model.states import Cause, State
from supervisord_lite.supervise.logfiles import LogFiles
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.supervise.supervisor import Supervisor

log = logging.getLogger(__name__)

KILLS = 30
"""Times, a second apart at the most, that what is left is killed before it is left behind."""

OWN_PROGRAMS = 10.0
"""Seconds for the daemon's own programs to end after all others have."""


def total_timeout(settings: Settings, supervisor: Supervisor) -> float:
    """Seconds an orderly stop may take: as configured, else the slowest program and a buffer."""
    if settings.shutdown_timeout is not None:
        return settings.shutdown_timeout
    slowest = max(
        (p.definition.policy.stop_timeout for p in supervisor.programs if not p.is_own), default=0.0
    )
    return slowest + settings.shutdown_buffer


class Shutdown:
    """One shutdown; `at_once` makes a running one end what is left without asking."""

    def __init__(
        self, supervisor: Supervisor, log_files: LogFiles, last_words: Callable[[], Awaitable[None]]
    ) -> None:
        """`last_words` is awaited between the programs and the daemon's own, which it may need."""
        self._last_words = last_words
        self._supervisor = supervisor
        self._log_files = log_files
        self._changed = asyncio.Event()
        self._is_urgent = False

    def at_once(self) -> None:
        """Kill what is left."""
        self._is_urgent = True
        self._changed.set()

    async def run(self, timeout: float) -> None:
        """Stop everything that a file configures, then the daemon's own; returns when nothing is left."""
        stop_listening = self._supervisor.news.listen(lambda _: self._changed.set())
        try:
            await self._stop(lambda program: not program.is_own, timeout)
            await self._have_last_words()
            self._log_files.disconnect()
            await self._stop(lambda program: program.is_own, OWN_PROGRAMS)
        finally:
            stop_listening()

    async def _have_last_words(self) -> None:
        if self._is_urgent:
            return
        try:
            async with asyncio.timeout(OWN_PROGRAMS):
                await self._last_words()
        except TimeoutError:
            log.warning("supervisord-lite: hooks of pools did not end; going on without them")

    async def _stop(self, concerns: Callable[[Supervised], bool], timeout: float) -> None:
        with self._supervisor.together():
            for program in self._supervisor.programs:
                if concerns(program):
                    self._supervisor.feed(program, Stop(Cause.SHUTDOWN))
        try:
            async with asyncio.timeout(timeout if timeout != float("inf") else None):
                while self._left(concerns) and not self._is_urgent:
                    await self._changed.wait()
                    self._changed.clear()
        except TimeoutError:
            log.warning("supervisord-lite: %s for an orderly stop have passed", spell(timeout))
        await self._kill_the_rest(concerns)

    async def _kill_the_rest(self, concerns: Callable[[Supervised], bool]) -> None:
        for _ in range(KILLS):
            left = self._left(concerns)
            if not left:
                return
            self._kill(left)
            try:
                async with asyncio.timeout(1.0):
                    await self._changed.wait()
            except TimeoutError:
                continue
            self._changed.clear()
        for program in self._left(concerns):
            log.error("%s: left behind, because it does not die or may not be killed", program.name)

    def _left(self, concerns: Callable[[Supervised], bool]) -> list[Supervised]:
        return [
            program
            for program in self._supervisor.programs
            if concerns(program) and program.life.state is not State.STOPPED
        ]

    def _kill(self, programs: list[Supervised]) -> None:
        for program in programs:
            if program.child is not None:
                log.warning("%s: killed, because the shutdown cannot wait", program.name)
                self._supervisor.kill(program)
