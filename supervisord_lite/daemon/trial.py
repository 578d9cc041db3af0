"""What is tried in throwaway processes before a configuration may come into force."""

from collections.abc import Callable, Collection, Mapping

from msgspec.structs import replace

from supervisord_lite.config.load import Problem
from supervisord_lite.config.program import Configuration
from supervisord_lite.control.requests import RequestRefused
from supervisord_lite.model.difference import Action
from supervisord_lite.supervise.examination import Examiner
from supervisord_lite.supervise.plan import Plan
from supervisord_lite.supervise.registry import Registry

from . import check
from .pools import PoolChange


class Trial:
    """Tries one configuration beside the one that runs (`running`): whose zygote is the same lends a fork."""

    def __init__(
        self,
        configuration: Configuration,
        running: Mapping[str, Plan],
        registry: Registry,
        examiner: Callable[[], Examiner | None],
    ) -> None:
        self._configuration = configuration
        self._running = running
        self._registry = registry
        self._examiner = examiner

    async def everything(self) -> tuple[Problem, ...]:
        """All that is wrong with targets, apps and hooks."""
        problems = await self.targets(self._configuration.programs.keys())
        for pool in self._configuration.pools.values():
            found, _ = await check.pool_problems(
                self._configuration, pool, self._present(), self._running, self._registry
            )
            problems += tuple(found)
        return problems

    async def targets(self, names: Collection[str]) -> tuple[Problem, ...]:
        """What is wrong with the targets of the named programs, and the preload of the named zygotes."""
        return await check.target_problems(
            self._configuration, names, self._present(), self._running, self._registry
        )

    async def pools(self, changes: list[PoolChange]) -> tuple[tuple[PoolChange, ...], tuple[Problem, ...]]:
        """The changes with what the apps of changed pools ask for, and what is wrong with those."""
        known: list[PoolChange] = []
        problems: list[Problem] = []
        for item in changes:
            if item.definition is None or item.change.action is Action.UNCHANGED:
                known.append(item)
                continue
            found, attributes = await check.pool_problems(
                self._configuration, item.definition.pool, self._present(), self._running, self._registry
            )
            problems += found
            known.append(replace(item, attributes=attributes))
        return tuple(known), tuple(problems)

    def _present(self) -> Examiner:
        examiner = self._examiner()
        if examiner is None:
            raise RequestRefused("the spawner is not running; try again in a moment", "busy")
        return examiner
