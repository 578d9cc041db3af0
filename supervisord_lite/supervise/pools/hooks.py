"""Hooks of a pool that belong to no worker: each runs in a short-lived fork of the pool's zygote.

They run one after the other. One that fails says so in the pool's log, and changes nothing.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from supervisord_lite.config.program import Pool
from supervisord_lite.linux.kernel import Reaped
from supervisord_lite.model.crew import Member
from supervisord_lite.model.exits import signal_name
from supervisord_lite.supervise import environment, throwaway
from supervisord_lite.supervise.outputs import Outputs
from supervisord_lite.supervise.throwaway import ThrowawayFailed
from supervisord_lite.wire.orders import CALL, Setup
from supervisord_lite.wire.reports import Failed
from supervisord_lite.zygote.server import ForkServer, ForkServerLost

log = logging.getLogger(__name__)

RUN_HOOK = "supervisord_lite.pool.hooks:run_hook"
HOOK_ENV = "SUPERVISOR_HOOK"

STARTING = "on_dirty_starting"
WORKER_EXIT = "dirty_worker_exit"

PATIENCE = 30.0
"""Seconds a hook may take."""


class Children(Protocol):
    """Who knows the daemon's children that are no programs."""

    def is_unclaimed(self, pid: int) -> bool:
        """Whether this is one."""

    def expect(self, pid: int) -> asyncio.Future[Reaped]:
        """How it will have ended."""


class Hooks:
    """Runs the hooks of one pool in their order."""

    def __init__(self, children: Children, outputs: Outputs) -> None:
        self._children = children
        self._outputs = outputs
        self._latest: asyncio.Task[None] | None = None

    def run(
        self,
        pool: Pool,
        hook: str,
        server: Callable[[], ForkServer | None],
        arbiter: dict[str, Any],
        worker: dict[str, Any] | None = None,
    ) -> asyncio.Task[None] | None:
        """Run it when those before it are done; nothing, where the pool has no hooks."""
        if pool.hooks is None:
            return None
        told = {"module": pool.hooks, "hook": hook, "arbiter": arbiter, "worker": worker}
        env = {**pool.launch.env, HOOK_ENV: msgspec.json.encode(told).decode()}
        self._latest = asyncio.get_running_loop().create_task(
            self._after(self._latest, pool, hook, server, env)
        )
        return self._latest

    async def done(self) -> None:
        """Wait until all that were asked for have ended."""
        if self._latest is not None:
            await asyncio.wait([self._latest])

    async def _after(
        self,
        before: "asyncio.Task[None] | None",
        pool: Pool,
        hook: str,
        server: Callable[[], ForkServer | None],
        env: dict[str, str],
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        try:
            problem = await self._run(pool, hook, server(), env)
        except (OSError, ForkServerLost, ThrowawayFailed) as error:
            problem = str(error)
        if problem is not None:
            log.error("%s: hook %s of %s failed: %s", pool.name, hook, pool.hooks, problem)

    async def _run(self, pool: Pool, hook: str, server: ForkServer | None, env: dict[str, str]) -> str | None:
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


def about(member: Member, pid: int, how: str) -> dict[str, object]:
    """What a hook is told of a worker that has ended."""
    return {
        "name": member.name,
        "pid": pid,
        "age": member.age,
        "app_paths": list(member.apps),
        "exit": how,
    }


def _trouble(reaped: Reaped) -> str | None:
    if reaped.signal is not None:
        return f"killed by {signal_name(reaped.signal)}"
    return f"exited with status {reaped.code}, its traceback is above" if reaped.code else None
