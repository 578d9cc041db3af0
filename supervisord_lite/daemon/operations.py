"""What concerns the daemon as a whole: reread, plan, check, scale."""

import asyncio
import logging
import os
import time
from collections.abc import Collection, Coroutine, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from supervisord_lite import __version__
from supervisord_lite.config.load import ConfigError, Problem, load
from supervisord_lite.config.program import Configuration
from supervisord_lite.control.requests import RequestRefused
from supervisord_lite.model.difference import Action, Change
from supervisord_lite.model.states import Cause
from supervisord_lite.supervise.examination import Examiner
from supervisord_lite.supervise.supervisor import Supervisor

from . import changes, check
from .programs import SPAWNER, Planned, log_paths, planned

log = logging.getLogger(__name__)

Reply = dict[str, Any]

REPORTED = (Action.ADDED, Action.REMOVED, Action.RESTARTED, Action.UPDATED)


class Intent(Struct, frozen=True):
    """A configuration that may come into force, and what leads to it."""

    configuration: Configuration
    planned: dict[str, Planned]
    changes: tuple[Change, ...]
    scaled: dict[str, int]
    counts: dict[str, int]
    """Instances of each companion as the file has them, whatever was scaled."""


class Daemon(Protocol):
    """What operations need of the daemon around them."""

    def facts(self) -> Reply:
        """What `status` says of the daemon beyond its configuration."""

    def shut_down(self) -> None:
        """Begin to stop everything."""

    def is_unclaimed(self, pid: int) -> bool:
        """Whether this is a child of the daemon that is no program's main process."""

    def reloading(self) -> AbstractContextManager[None]:
        """The time in which a reread goes on."""

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
    ) -> None:
        self.configuration = configuration
        self.planned = planned(configuration)
        self.is_stopping = False
        self._supervisor = supervisor
        self._environ = dict(environ)
        self._daemon = daemon
        self._scaled: dict[str, int] = {}
        self._counts = configuration.instances
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
        self._begin(self._reread()).add_done_callback(_log_outcome)

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
                warnings = _out_of_reach(self.configuration, intent.configuration)
                self._adopt(intent, Cause.REREAD)
                self._daemon.retain_logs(log_paths(self.configuration))
                return {"ok": True, **_lists(intent), "warnings": warnings}

    async def plan(self) -> Reply:
        """What reread would do, and why."""
        try:
            intent = await self._intend()
        except ConfigError as error:
            return refusal(error.problems)
        rows = [{"name": c.name, "action": c.action, "why": c.why} for c in intent.changes]
        return {
            "ok": True,
            "changes": rows,
            "warnings": _out_of_reach(self.configuration, intent.configuration),
        }

    async def check(self, path: str | None) -> Reply:
        """Everything that is wrong with the file in force, or with another one."""
        try:
            fresh = load(path or self.configuration.file, self._environ)
        except ConfigError as error:
            return refusal(error.problems)
        problems = await self._try_targets(fresh, fresh.programs.keys())
        return refusal(problems) if problems else {"ok": True}

    async def scale(self, companion: str, count: int | str) -> Reply:
        """Change the number of instances: those with the highest numbers come and go, and nothing else."""
        if companion not in self.configuration.instances:
            raise RequestRefused(f'no companion is called "{companion}"', "unknown_program")
        return await asyncio.shield(self._begin(self._scale(companion, count)))

    async def _scale(self, companion: str, count: int | str) -> Reply:
        async with self._changing:
            present = self.configuration.instances.get(companion, 0)
            scaled = {**self._scaled, companion: _wanted_count(count, present)}
            intent = self._only(companion, scaled)
            self._adopt(intent, Cause.SCALE)
            lists = _lists(intent)
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
        counts = fresh.instances
        scaled = {name: n for name, n in self._scaled.items() if counts.get(name) == self._counts.get(name)}
        if scaled:
            fresh = load(self.configuration.file, self._environ, instances=scaled, texts=fresh.texts)
        intent = self._intent(fresh, scaled, counts)
        touched = {
            c.name for c in intent.changes if c.action in (Action.ADDED, Action.RESTARTED, Action.UPDATED)
        }
        problems = await self._try_targets(fresh, touched)
        if problems:
            raise ConfigError(problems)
        return intent

    async def _try_targets(self, fresh: Configuration, names: Collection[str]) -> tuple[Problem, ...]:
        registry = self._supervisor.programs
        spawner = registry.find(SPAWNER)
        if spawner is None or spawner.serves is None:
            raise RequestRefused("the spawner is not running; try again in a moment", "busy")
        examiner = Examiner(spawner.serves, self._environ, check.DEADLINE, self._daemon.is_unclaimed)
        return await check.target_problems(fresh, names, examiner, self.planned, registry)

    def _intent(self, fresh: Configuration, scaled: dict[str, int], counts: dict[str, int]) -> Intent:
        new = planned(fresh)
        return Intent(fresh, new, changes.plan(self.planned, new, self._supervisor), scaled, counts)

    def _adopt(self, intent: Intent, cause: Cause) -> None:
        if self.is_stopping:  # since it was asked for: what is started now would not be stopped any more
            raise RequestRefused("the daemon is shutting down", "shutting_down")
        changes.apply(intent.changes, intent.planned, self._supervisor, cause)
        self.configuration = intent.configuration
        self.planned = intent.planned
        self._scaled = intent.scaled
        self._counts = intent.counts


def _log_outcome(change: asyncio.Task[Reply]) -> None:
    """Say in the log what became of a change that nobody waits for."""
    if change.cancelled():
        return
    error = change.exception()
    if error is not None:
        log.error("supervisord-lite: reread failed: %s", error)
        return
    reply = change.result()
    if reply["ok"]:
        lists = "; ".join(f"{key} {', '.join(reply[key])}" for key in REPORTED if reply[key])
        log.info("supervisord-lite: reread, %s", lists or "nothing changed")
    else:
        log.error("supervisord-lite: reread refused, the old configuration stays: %s", reply["error"])


def refusal(problems: tuple[Problem, ...]) -> Reply:
    """The reply that refuses a configuration: the first problem as a sentence, and all of them."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    rows = [{"file": p.file, "key": p.key, "message": p.message} for p in problems]
    return {"ok": False, "error": f"{problems[0]}{more}", "code": "config", "problems": rows}


def _wanted_count(count: int | str, present: int) -> int:
    text = str(count)
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits.isdecimal() or len(digits) > 5:
        raise RequestRefused(f'"{count}" is no number of instances; say 4, "+1" or "-1"', "bad_request")
    wanted = present + int(text) if text[0] in "+-" else int(text)
    if wanted < 0:
        raise RequestRefused(f"there are only {present} instances", "refused")
    return wanted


def _lists(intent: Intent) -> dict[str, list[str]]:
    """The names by what happens to them; the daemon's own are in it only where they change."""
    lists: dict[str, list[str]] = {action.value: [] for action in Action}
    for change in intent.changes:
        planned = intent.planned.get(change.name)
        is_own = planned is not None and planned.is_own
        if not (is_own and change.action in (Action.UNCHANGED, Action.ADDED)):
            lists[change.action].append(change.name)
    return lists


def _out_of_reach(old: Configuration, new: Configuration) -> list[str]:
    """What a running daemon cannot take on, as warnings."""
    keys = ("control_socket", "control_socket_mode", "control_socket_group", "log_level")
    return [
        f"supervisor.{key} changed: it takes effect when the daemon is restarted"
        for key in keys
        if getattr(old.supervisor, key) != getattr(new.supervisor, key)
    ]
