"""What is said between the daemon and a pool's arbiter, and what comes of it."""

import asyncio
import itertools
import logging
from typing import TYPE_CHECKING, Any, TypeVar

from supervisord_lite.model.crew import CannotScale
from supervisord_lite.wire.backstage import (
    Abort,
    Answer,
    Ask,
    CancelCall,
    Cancelled,
    FromArbiter,
    Manage,
    Operation,
    Replace,
    Report,
    Scale,
    Serving,
    ToArbiter,
)

from .channel import ArbiterChannel

if TYPE_CHECKING:
    from .keeper import Keeper

log = logging.getLogger(__name__)

PATIENCE = 2.0
"""Seconds an arbiter has to answer a question."""

A = TypeVar("A", Report, Cancelled)


class ArbiterSilent(Exception):
    """It did not answer."""

    def __init__(self, pool: str) -> None:
        super().__init__(f"the arbiter of {pool} does not answer")


class ArbiterLine:
    """Asks the arbiter of one pool, and answers it."""

    def __init__(self, keeper: "Keeper", pool: str, path: str) -> None:
        self._keeper = keeper
        self._pool = pool
        self._channel = ArbiterChannel(pool, path, keeper.greeting, self._hear)
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[Report | Cancelled]] = {}

    def open(self) -> None:
        """Connect."""
        self._channel.open()

    def close(self) -> None:
        """Hang up."""
        self._channel.close()

    def tell(self, word: ToArbiter) -> None:
        """Say this."""
        self._channel.send(word)

    async def report(self) -> Report:
        """How the pool is. Raises `ArbiterSilent`."""
        number = next(self._numbers)
        answer = await self._ask(number, Ask(number))
        assert isinstance(answer, Report)
        return answer

    async def cancel(self, call: int) -> str | None:
        """End a call; returns why there was nothing to end. Raises `ArbiterSilent`."""
        number = next(self._numbers)
        answer = await self._ask(number, CancelCall(number, call))
        assert isinstance(answer, Cancelled)
        return answer.error

    async def _ask(self, number: int, question: ToArbiter) -> Report | Cancelled:
        answer: asyncio.Future[Report | Cancelled] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self.tell(question)
        try:
            async with asyncio.timeout(PATIENCE):
                return await answer
        except TimeoutError:
            raise ArbiterSilent(self._pool) from None
        finally:
            del self._asked[number]

    def _hear(self, word: FromArbiter) -> None:
        match word:
            case Serving():
                log.debug("%s: its arbiter accepts calls", self._pool)
            case Scale(number=number, by=by):
                self.tell(self._scaled(number, by))
            case Manage(number=number, operation=operation, count=count):
                self.tell(self._managed(number, operation, count))
            case Replace(name=name, pid=pid, reason=reason):
                self._keeper.relieve(name, pid, reason)
            case Abort(name=name, pid=pid, reason=reason):
                self._keeper.abort(name, pid, reason)
            case Report(number=number) | Cancelled(number=number):
                answer = self._asked.get(number)
                if answer is not None and not answer.done():
                    answer.set_result(word)

    def _scaled(self, number: int, by: int) -> Answer:
        try:
            self._keeper.resize(self._keeper.crew.wanted + by)
        except CannotScale as error:
            return Answer(number, str(error))
        return Answer(number, None, {"target_workers": self._keeper.crew.wanted})

    def _managed(self, number: int, operation: int, count: int) -> Answer:
        """The results have gunicorn's keys: one who asks for too much is told how much there was."""
        crew = self._keeper.crew
        adds = operation == Operation.ADD
        if operation not in tuple(Operation):
            return Answer(number, f"Unknown manage operation: {operation}")
        wanted = crew.wanted + count if adds else max(crew.wanted - count, min(crew.minimum, crew.wanted))
        reason = "" if adds else "the apps need those that are left"
        before = crew.wanted
        try:
            self._keeper.resize(wanted)
        except CannotScale as error:
            reason = str(error)
        changed = abs(crew.wanted - before)
        result: dict[str, Any] = {
            "success": True,
            "operation": "add" if adds else "remove",
            "requested": count,
            "spawned" if adds else "removed": changed,
            "total_workers": sum(not member.is_leaving for member in crew.members.values()),
            "target_workers": crew.wanted,
        }
        return Answer(number, None, result if changed == count else {**result, "reason": reason})
