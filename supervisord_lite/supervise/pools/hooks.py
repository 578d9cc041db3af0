"""Hooks of a pool that belong to no worker: each runs in a short-lived fork of the pool's zygote.

They run one after the other. One that fails says so in the pool's log, and changes nothing; where too many
wait, further ones are not run, and that is said and counted.
"""

import asyncio
import logging
import os
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

import msgspec

from supervisord_lite.config.program import Pool
from supervisord_lite.linux.kernel import Reaped
from supervisord_lite.model.crew import Member
from supervisord_lite.model.exits import signal_name
from supervisord_lite.supervise import environment, throwaway
from supervisord_lite.supervise.outputs import Outputs
from supervisord_lite.supervise.throwaway import ThrowawayFailed
from supervisord_lite.wire.hook_orders import HOOK_ORDER, ArbiterFacts, Hook, HookOrder, WorkerFacts
from supervisord_lite.wire.orders import CALL, Setup
from supervisord_lite.wire.reports import Failed
from supervisord_lite.zygote.server import ForkServer, ForkServerLost

log = logging.getLogger(__name__)

RUN_HOOK = "supervisord_lite.pool.hooks:run_hook"

PATIENCE = 30.0
"""Seconds a hook may take."""

MAX_WAITING = 100
"""Hooks of a pool that wait for those before them."""


class Children(Protocol):
    """Who knows the daemon's children that are no programs."""

    def is_unclaimed(self, pid: int) -> bool:
        """Whether this is one."""

    def expect(self, pid: int) -> asyncio.Future[Reaped]:
        """How it will have ended."""


class Errand(NamedTuple):
    """One hook that is to run: for which pool, in a fork of what, told what; `done` when it has."""

    pool: Pool
    server: Callable[[], ForkServer | None]
    order: HookOrder
    done: asyncio.Future[None]


class Hooks:
    """Runs the hooks of one pool in their order."""

    def __init__(self, children: Children, outputs: Outputs) -> None:
        self._children = children
        self._outputs = outputs
        self._waiting: deque[Errand] = deque()
        self._runner: asyncio.Task[None] | None = None
        self._unreported = 0
        self.dropped = 0
        """Hooks that were not run, because too many waited."""
        self.on_idle: Callable[[], None] = lambda: None
        """Called when all that were asked for have ended."""

    @property
    def is_idle(self) -> bool:
        """Whether none runs or waits."""
        return self._runner is None

    def run(
        self,
        pool: Pool,
        hook: Hook,
        server: Callable[[], ForkServer | None],
        arbiter: ArbiterFacts,
        worker: WorkerFacts | None = None,
    ) -> asyncio.Future[None] | None:
        """Run it when those before it are done; nothing, where the pool has no hooks, or too many wait."""
        if pool.hooks is None:
            return None
        if len(self._waiting) >= MAX_WAITING:
            self._drop(pool, hook)
            return None
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(Errand(pool, server, HookOrder(pool.hooks, hook, arbiter, worker), done))
        if self._runner is None:
            self._runner = asyncio.get_running_loop().create_task(self._run_all())
        return done

    async def done(self) -> None:
        """Wait until all that were asked for have ended."""
        if self._runner is not None:
            await asyncio.wait([self._runner])

    def _drop(self, pool: Pool, hook: Hook) -> None:
        if not self._unreported:
            log.warning("%s: hook %s is not run: %d others wait", pool.name, hook, MAX_WAITING)
        self.dropped += 1
        self._unreported += 1

    async def _run_all(self) -> None:
        try:
            while self._waiting:
                errand = self._waiting.popleft()
                await self._perform(errand)
                if self._unreported and len(self._waiting) < MAX_WAITING // 2:
                    log.warning("%s: %d hooks were not run", errand.pool.name, self._unreported)
                    self._unreported = 0
        finally:
            self._runner = None
        self.on_idle()

    async def _perform(self, errand: Errand) -> None:
        pool, order = errand.pool, errand.order
        env = {**pool.launch.env, HOOK_ORDER: msgspec.json.encode(order).decode()}
        try:
            problem = await self._run(pool, order.hook, errand.server(), env)
        except (OSError, ForkServerLost, ThrowawayFailed) as error:
            problem = str(error)
        finally:
            if not errand.done.done():
                errand.done.set_result(None)
        if problem is not None:
            log.error("%s: hook %s of %s failed: %s", pool.name, order.hook, order.module, problem)

    async def _run(
        self, pool: Pool, hook: Hook, server: ForkServer | None, env: dict[str, str]
    ) -> str | None:
        if server is None:
            return "the zygote is not running"
        ended: list[asyncio.Future[Reaped]] = []
        stdio = self._outputs.open(pool.launch, pool.name, None)
        setup = Setup(
            CALL,
            (RUN_HOOK,),
            title=f"{environment.TITLE}{pool.name} [{hook}]",
            daemon=os.getpid(),
            env=env if stdio.journal_stream is None else {**env, "JOURNAL_STREAM": stdio.journal_stream},
            cwd=pool.launch.cwd,
            errors_prefixed=stdio.journal_stream is not None,
        )
        try:
            forked = await throwaway.fork(
                server,
                setup,
                stdio.fds,
                self._children.is_unclaimed,
                lambda pid: ended.append(self._children.expect(pid)),
            )
        finally:
            stdio.close()
        with forked:
            try:
                async with asyncio.timeout(PATIENCE):
                    word = await forked.last_word()
                    how = await ended[0]
            except TimeoutError:
                forked.end()
                return f"it did not end within {PATIENCE:.0f}s"
        return word.error if isinstance(word, Failed) else _trouble(how)


def about(member: Member, pid: int, how: str) -> WorkerFacts:
    """What a hook is told of a worker that has ended."""
    return WorkerFacts(member.name, pid, member.age, member.apps, how)


def _trouble(reaped: Reaped) -> str | None:
    if reaped.signal is not None:
        return f"killed by {signal_name(reaped.signal)}"
    return f"exited with status {reaped.code}, its traceback is above" if reaped.code else None
