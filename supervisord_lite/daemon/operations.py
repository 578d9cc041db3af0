"""What concerns the daemon as a whole: reread, plan, check, scale."""

import asyncio
import logging
import os
import time
from collections.abc import Collection, Coroutine, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from msgspec.structs import replace

from supervisord_lite import __version__
from supervisord_lite.config.load import ConfigError, load
from supervisord_lite.config.program import Configuration
from supervisord_lite.control.pools import wanted_count
from supervisord_lite.control.requests import RequestRefused
from supervisord_lite.model.difference import Action
from supervisord_lite.model.names import nearest
from supervisord_lite.model.states import Cause
from supervisord_lite.supervise.examination import Examiner
from supervisord_lite.supervise.supervisor import Supervisor

from . import changes
from .intent import Intent
from .outcome import lists_of, log_outcome, out_of_reach, refusal
from .pools import PoolBusy, Pools
from .programs import log_paths, planned
from .trial import Trial

log = logging.getLogger(__name__)

Reply = dict[str, Any]


class Daemon(Protocol):
    """What operations need of the daemon around them."""

    def facts(self) -> Reply:
        """What `status` says of the daemon beyond its configuration."""

    def shut_down(self) -> None:
        """Begin to stop everything."""

    def examiner(self) -> Examiner | None:
        """Who tries user code out; None while there is no spawner."""

    def reloading(self) -> AbstractContextManager[None]:
        """The time in which a reread goes on."""

    def tell_programs(self) -> None:
        """The pools have changed: programs that are started from now on are told."""

    def retain_logs(self, paths: Collection[str]) -> None:
        """These are the log files of the configuration now in force."""


class Operations:
    """Holds the configuration in force; one change of it at a time."""

    def __init__(
        self,
        configuration: Configuration,
        supervisor: Supervisor,
        environ: Mapping[str, str],
        daemon: Daemon,
        pools: Pools,
    ) -> None:
        self._pools = pools
        self.configuration = configuration
        self.planned = planned(configuration)
        self.is_stopping = False
        self._supervisor = supervisor
        self._environ = dict(environ)
        self._daemon = daemon
        self._scaled: dict[str, int] = {}
        self._counts = _counts(configuration)
        self._changing = asyncio.Lock()
        self._begun: set[asyncio.Task[Reply]] = set()
        self._since = time.monotonic()

    def describe(self) -> Reply:
        """The `daemon` object of status."""
        return {
            "pid": os.getpid(),
            "version": __version__,
            "uptime": round(time.monotonic() - self._since, 3),
            "config": self.configuration.file,
            **self._daemon.facts(),
        }

    def shut_down(self) -> None:
        """Begin to stop everything."""
        self._daemon.shut_down()

    def start(self) -> None:
        """Bring the configuration into force for the first time."""
        first = changes.plan({}, self.planned, self._supervisor)
        changes.apply(first, self.planned, self._supervisor, Cause.REREAD)

    async def reread(self, wait: bool = True) -> Reply:
        """Read the file, try what is new in a throwaway process, and only then change anything.

        It goes on when whoever asked has left. Not waited for, its outcome is in the log.
        """
        if wait:
            return await asyncio.shield(self._begin(self._reread()))
        self.reread_unasked()
        return {"ok": True, "message": "rereading; the log says what comes of it"}

    def reread_unasked(self) -> None:
        """Reread, with the outcome in the log."""
        self._begin(self._reread()).add_done_callback(log_outcome)

    async def close(self) -> None:
        """Give up what is still being tried."""
        for change in self._begun:
            change.cancel()
        await asyncio.gather(*self._begun, return_exceptions=True)

    def _begin(self, change: Coroutine[Any, Any, Reply]) -> asyncio.Task[Reply]:
        task = asyncio.get_running_loop().create_task(change)
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        return task

    async def _reread(self) -> Reply:
        async with self._changing:
            with self._daemon.reloading():
                try:
                    intent = await self._intend()
                except ConfigError as error:
                    return {**refusal(error.problems), "kept_old_config": True}
                warnings = out_of_reach(self.configuration, intent.configuration)
                self._adopt(intent, Cause.REREAD)
                self._daemon.retain_logs(log_paths(self.configuration))
                return {"ok": True, **lists_of(intent), "warnings": warnings}

    async def plan(self) -> Reply:
        """What reread would do, and why."""
        try:
            intent = await self._intend()
        except ConfigError as error:
            return refusal(error.problems)
        rows = [
            {"name": c.name, "action": c.action, "why": c.why}
            for c in (*intent.changes, *(item.change for item in intent.pools))
        ]
        return {
            "ok": True,
            "changes": rows,
            "warnings": out_of_reach(self.configuration, intent.configuration),
        }

    async def check(self, path: str | None) -> Reply:
        """Everything that is wrong with the file in force, or with another one."""
        try:
            fresh = load(path or self.configuration.file, self._environ)
        except ConfigError as error:
            return refusal(error.problems)
        problems = await self._trial(fresh).everything()
        return refusal(problems) if problems else {"ok": True}

    async def scale(self, companion: str, count: int | str) -> Reply:
        """Change the number of instances: those with the highest numbers come and go, and nothing else."""
        if companion not in self.configuration.instances:
            raise RequestRefused(self._unknown(companion), "unknown_program")
        return await asyncio.shield(self._begin(self._scale(companion, count)))

    def _unknown(self, name: str) -> str:
        """Nothing that can be scaled is called this."""
        known = [*self.configuration.instances, *self._pools.keepers]
        found = nearest(name, known)
        hint = f'did you mean "{found}"?' if found else f"there are: {', '.join(known) or 'none'}"
        return f'no companion or pool is called "{name}"; {hint}'

    async def _scale(self, companion: str, count: int | str) -> Reply:
        async with self._changing:
            present = self.configuration.instances.get(companion, 0)
            scaled = {**self._scaled, companion: wanted_count(count, present, "instances")}
            intent = self._only(companion, scaled)
            self._adopt(intent, Cause.SCALE)
            lists = lists_of(intent)
            number = self.configuration.instances[companion]
            return {
                "ok": True,
                "name": companion,
                "instances": number,
                "added": lists["added"],
                "removed": lists["removed"],
                "message": f"{companion}: {number} instances",
            }

    def _only(self, companion: str, scaled: dict[str, int]) -> Intent:
        """Another number of this companion, by the files as they are in force; who is there stays."""
        old = self.configuration
        try:
            fresh = load(old.file, self._environ, instances=scaled, texts=old.texts)
        except ConfigError as error:  # the machine has changed: a directory or an account is gone
            raise RequestRefused(f"{companion} cannot be scaled: {error.problems[0]}", "config") from error
        programs = {name: old.programs.get(name, program) for name, program in fresh.programs.items()}
        merged = replace(old, programs=programs, instances=fresh.instances)
        return self._intent(merged, scaled, self._counts)

    async def _intend(self) -> Intent:
        """What the file asks for now, tried out. Raises `ConfigError`."""
        fresh = load(self.configuration.file, self._environ)
        counts = _counts(fresh)
        asked = {**self._scaled, **self._pools.scaled}
        scaled = {name: n for name, n in asked.items() if counts.get(name) == self._counts.get(name)}
        if scaled:
            fresh = load(self.configuration.file, self._environ, instances=scaled, texts=fresh.texts)
        intent = self._intent(fresh, scaled, counts)
        touched = {
            c.name for c in intent.changes if c.action in (Action.ADDED, Action.RESTARTED, Action.UPDATED)
        }
        trial = self._trial(fresh)
        problems = await trial.targets(touched)
        pools, more = await trial.pools(self._pools.plan(fresh))
        if problems or more:
            raise ConfigError((*problems, *more))
        return replace(intent, pools=pools)

    def _trial(self, fresh: Configuration) -> Trial:
        return Trial(fresh, self.planned, self._supervisor.programs, self._daemon.examiner)

    def _intent(self, fresh: Configuration, scaled: dict[str, int], counts: dict[str, int]) -> Intent:
        new = planned(fresh)
        return Intent(fresh, new, changes.plan(self.planned, new, self._supervisor), scaled, counts)

    def _adopt(self, intent: Intent, cause: Cause) -> None:
        if self.is_stopping:  # since it was asked for: what is started now would not be stopped any more
            raise RequestRefused("the daemon is shutting down", "shutting_down")
        if cause is not Cause.SCALE:
            self._change_pools(intent)
        changes.apply(intent.changes, intent.planned, self._supervisor, cause)
        self.configuration = intent.configuration
        self.planned = intent.planned
        self._scaled = {n: c for n, c in intent.scaled.items() if n in intent.configuration.instances}
        self._counts = intent.counts

    def _change_pools(self, intent: Intent) -> None:
        try:
            self._pools.refuse_busy(intent.pools)
        except PoolBusy as error:
            raise RequestRefused(str(error), "busy") from error
        self._pools.apply(intent.configuration, intent.pools, intent.scaled)
        self._daemon.tell_programs()


def _counts(configuration: Configuration) -> dict[str, int]:
    """Instances and workers as this configuration has them."""
    workers = {name: pool.workers for name, pool in configuration.pools.items()}
    return {**configuration.instances, **workers}
