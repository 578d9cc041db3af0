"""What the control socket says of pools, and does to them."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from supervisord_lite.model.crew import CannotScale
from supervisord_lite.model.states import State
from supervisord_lite.supervise.news import News
from supervisord_lite.supervise.pools.arbiter import ArbiterSilent
from supervisord_lite.supervise.pools.keeper import Keeper
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.supervise.verdicts import until

from .requests import RequestRefused
from .steering import Outcome

Reply = dict[str, Any]


class ArbiterStopped(Exception):
    """It was stopped by hand, or not started yet."""

    def __init__(self, pool: str) -> None:
        super().__init__(f"the arbiter of {pool} is stopped")


class Kept(Protocol):
    """The pools that there are."""

    @property
    def keepers(self) -> Mapping[str, Keeper]:
        """Who keeps each, by its name."""

    @property
    def failed(self) -> Mapping[str, str]:
        """Pools that could not even listen, each with the reason."""


class PoolCommands:
    """Answers requests that are about pools."""

    def __init__(self, pools: Kept) -> None:
        self._pools = pools

    def knows(self, name: str) -> bool:
        """Whether a pool is called this, even one that does not run."""
        return name in self._pools.keepers or name in self._pools.failed

    def all(self) -> list[Reply]:
        """Every pool, as far as the daemon itself knows it."""
        failed = [{"name": name, "error": why} for name, why in self._pools.failed.items()]
        return [*map(_facts, self._pools.keepers.values()), *failed]

    async def report(self, name: str) -> Reply:
        """One pool, its calls, workers and apps by what its arbiter says."""
        keeper = self._keeper(name)
        facts = _facts(keeper)
        try:
            _refuse_stopped(keeper)
            report = await keeper.line.report()
        except (ArbiterStopped, ArbiterSilent) as error:
            return {"ok": True, "pool": {**facts, "error": facts.get("error") or str(error)}}
        told: Reply = msgspec.to_builtins(report)
        del told["number"], told["type"]
        programs = keeper.programs()
        for worker in told["workers"]:
            program = programs.get(worker["name"])
            worker["program_state"] = program.life.state if program is not None else None
            worker["restarts"] = program.restarts if program is not None else None
        return {"ok": True, "pool": {**facts, **told}}

    async def cancel(self, name: str, call: int) -> Reply:
        """End one call."""
        keeper = self._keeper(name)
        try:
            _refuse_stopped(keeper)
            problem = await keeper.line.cancel(call)
        except (ArbiterStopped, ArbiterSilent) as error:
            raise RequestRefused(str(error), "failed") from error
        if problem is not None:
            raise RequestRefused(problem, "refused")
        return {"ok": True, "message": "cancelled"}

    async def reload(self, name: str, news: News, wait: bool, timeout: float | None) -> Outcome:
        """Replace its workers one by one, each when its relief is ready."""
        keeper = self._keeper(name)
        arbiter = keeper.arbiter
        try:
            keeper.reload()
        except CannotScale as error:
            raise RequestRefused(str(error), "refused") from error
        assert arbiter is not None
        if not wait:
            return Outcome(name, True, arbiter.life.state, "its workers are replaced one by one")

        def is_decided(_: Supervised) -> bool:
            return not keeper.crew.is_outdated or bool(keeper.crew.kept_because)

        late = await until(news, [arbiter], is_decided, timeout)
        if keeper.crew.is_outdated:
            why = "not all workers are replaced yet" if late else keeper.problem
            return Outcome(name, False, arbiter.life.state, why)
        return Outcome(name, True, arbiter.life.state, "reloaded")

    def scale(self, name: str, count: int | str) -> Reply:
        """Change the number of workers."""
        keeper = self._keeper(name)
        try:
            added, removed = keeper.resize(wanted_count(count, keeper.crew.wanted, "workers"))
        except CannotScale as error:
            raise RequestRefused(str(error), "refused") from error
        number = keeper.crew.wanted
        return {
            "ok": True,
            "name": name,
            "workers": number,
            "added": added,
            "removed": removed,
            "message": f"{name}: {number} workers",
        }

    def _keeper(self, name: str) -> Keeper:
        keeper = self._pools.keepers.get(name)
        if keeper is None:
            why = self._pools.failed.get(name)
            if why is not None:
                raise RequestRefused(f"pool {name} does not run: {why}", "failed")
            known = ", ".join(self._pools.keepers) or "none"
            raise RequestRefused(f'no pool is called "{name}"; there are: {known}', "unknown_program")
        return keeper


def wanted_count(count: int | str, present: int, things: str) -> int:
    """The number that 4, "4", "+1" or "-1" comes to. Raises `RequestRefused`."""
    text = str(count)
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not digits.isdecimal() or len(digits) > 5:
        raise RequestRefused(f'"{count}" is no number of {things}; say 4, "+1" or "-1"', "bad_request")
    wanted = present + int(text) if text[0] in "+-" else int(text)
    if wanted < 0:
        raise RequestRefused(f"there are only {present} {things}", "refused")
    return wanted


def _refuse_stopped(keeper: Keeper) -> None:
    """Nobody would answer, until somebody starts it."""
    arbiter = keeper.arbiter
    if arbiter is not None and arbiter.life.state is State.STOPPED:
        raise ArbiterStopped(keeper.name)


def _facts(keeper: Keeper) -> Reply:
    pool, arbiter, stash = keeper.pool, keeper.arbiter, keeper.definition.stash
    found = {
        "name": keeper.name,
        "kind": pool.kind,
        "socket": str(keeper.sockets.public.path),
        "workers_wanted": keeper.crew.wanted,
        "minimum": keeper.minimum,
        "arbiter_pid": arbiter.pid if arbiter is not None else None,
        "stash": stash.path if stash is not None else None,
    }
    return {**found, "error": keeper.problem} if keeper.problem else found
