"""All pools of a configuration: their beginning, changes and end, and what every program is told of them."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from supervisord_lite.config.program import Configuration, Pool, Stash
from supervisord_lite.linux.listening import CannotListen
from supervisord_lite.model.crew import CannotScale
from supervisord_lite.model.difference import Action, Change, changed_keys
from supervisord_lite.model.states import Cause
from supervisord_lite.supervise.news import Transition
from supervisord_lite.supervise.outputs import Outputs
from supervisord_lite.supervise.pools import plans, sockets
from supervisord_lite.supervise.pools.attributes import Attributes
from supervisord_lite.supervise.pools.definition import Definition
from supervisord_lite.supervise.pools.hooks import Children, Hooks
from supervisord_lite.supervise.pools.keeper import Keeper
from supervisord_lite.supervise.pools.sockets import Inherited
from supervisord_lite.supervise.pools.study import Study
from supervisord_lite.supervise.supervisor import Supervisor

from .programs import SPAWNER, zygote_of

log = logging.getLogger(__name__)


class PoolBusy(Exception):
    """A pool of this name is still on its way out."""


class PoolChange(Struct, frozen=True):
    """What becomes of one pool, and what is known of its new definition."""

    change: Change
    definition: Definition | None = None
    attributes: Attributes | None = None
    scaled: int | None = None
    """The number of workers that was set at run time when this was planned."""


class Pools:
    """Keeps one keeper for each pool. `shared` is what every program finds in its environment."""

    def __init__(
        self,
        supervisor: Supervisor,
        outputs: Outputs,
        children: Children,
        study: Study,
        inherited: Inherited,
    ) -> None:
        self.keepers: dict[str, Keeper] = {}
        self.failed: dict[str, str] = {}
        """Pools that have no socket, each with the reason."""
        self.scaled: dict[str, int] = {}
        """Numbers of workers set at run time."""
        self._leaving: list[Keeper] = []
        self._supervisor = supervisor
        self._outputs = outputs
        self._children = children
        self._study = study
        self._inherited = inherited
        self._default: str | None = None
        self._stash: Stash | None = None
        supervisor.news.listen(self._on_transition)

    # The beginning and the end.

    def listen(self, configuration: Configuration, stash: Stash | None) -> None:
        """Have every socket, before anything is started that may want to connect."""
        self._stash = stash
        for pool in configuration.pools.values():
            self._add(self._definition(configuration, pool))
        self._name_default(configuration)

    def start(self) -> None:
        """Start everything."""
        for keeper in self.keepers.values():
            keeper.open()

    async def finish(self) -> None:
        """Their programs have ended: wait for the last hooks."""
        keepers = [*self.keepers.values(), *self._leaving]
        await asyncio.gather(*(keeper.hooks.done() for keeper in keepers))

    def close(self) -> None:
        """Close every socket."""
        for keeper in (*self.keepers.values(), *self._leaving):
            keeper.close()

    @property
    def is_decided(self) -> bool:
        """Whether the verdict on every pool is known, as far as it is not its programs'."""
        return all(keeper.is_decided for keeper in self.keepers.values())

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong with pools, beyond what their programs say."""
        found = {name: keeper.problem for name, keeper in self.keepers.items() if keeper.problem}
        return {**self.failed, **found}

    @property
    def default(self) -> Keeper | None:
        """The pool that is meant where none is named."""
        return self.keepers.get(self._default or "")

    def environment(self) -> dict[str, str]:
        """What every program is told, by the sockets that there are."""
        paths = {name: str(keeper.sockets.public.path) for name, keeper in self.keepers.items()}
        found: dict[str, str] = {}
        if paths:
            found["SUPERVISOR_POOLS"] = msgspec.json.encode(paths).decode()
        if self._default in paths:
            found["SUPERVISOR_DIRTY_SOCKET"] = found["GUNICORN_DIRTY_SOCKET"] = paths[self._default]
        if self._stash is not None:
            found["SUPERVISOR_STASH"] = self._stash.path
            found["SUPERVISOR_STASH_SIZE"] = str(self._stash.size)
            found["SUPERVISOR_STASH_PERSIST"] = str(int(self._stash.persist))
        return found

    # Changes.

    def plan(self, configuration: Configuration) -> list[PoolChange]:
        """What leads from the pools that there are to those of this configuration."""
        changes: list[PoolChange] = []
        for name, pool in configuration.pools.items():
            definition = self._definition(configuration, pool)
            keeper = self.keepers.get(name)
            if keeper is None:
                changes.append(PoolChange(Change(name, Action.ADDED, ("newly configured",)), definition))
            else:
                change = _change(keeper.definition, definition)
                if change.action is Action.UNCHANGED and keeper.crew.is_outdated:
                    change = Change(name, Action.RESTARTED, ("its newest definition failed; tried again",))
                changes.append(PoolChange(change, definition, scaled=self.scaled.get(name)))
        gone = [name for name in self.keepers if name not in configuration.pools]
        return changes + [
            PoolChange(Change(name, Action.REMOVED, ("no longer configured",))) for name in gone
        ]

    def refuse_busy(self, changes: Sequence[PoolChange]) -> None:
        """Raises `PoolBusy` where a pool would come back that has not gone yet."""
        leaving = {keeper.name for keeper in self._leaving}
        for item in changes:
            if item.change.action is Action.ADDED and item.change.name in leaving:
                raise PoolBusy(
                    f"pool {item.change.name} was removed and is still draining; try again when it has"
                )

    def apply(
        self, configuration: Configuration, changes: Sequence[PoolChange], scaled: Mapping[str, int]
    ) -> None:
        """Carry the changes out; returns at once. `scaled` are the numbers of workers that still hold."""
        if self._stash is not None:
            self._stash = replace(self._stash, size=configuration.stash.size)
        for item in changes:
            name, keeper = item.change.name, self.keepers.get(item.change.name)
            if item.change.action is Action.REMOVED and keeper is not None:
                self._leaving.append(self.keepers.pop(name))
                keeper.leave(Cause.REMOVED)
                self.scaled.pop(name, None)
            elif item.definition is not None and keeper is None:
                added = self._add(item.definition)
                if added is not None:
                    added.open()
            elif item.definition is not None and keeper is not None:
                if self.scaled.get(name) == item.scaled:
                    self._forget_scale(name, scaled)
                else:  # somebody scaled it while the change was tried
                    pool = replace(item.definition.pool, workers=self.scaled[name])
                    item = replace(item, definition=replace(item.definition, pool=pool))
                self._update(keeper, item)
        self.failed = {name: why for name, why in self.failed.items() if name in configuration.pools}
        self._name_default(configuration)

    def _forget_scale(self, name: str, scaled: Mapping[str, int]) -> None:
        if name not in scaled:
            self.scaled.pop(name, None)

    def _update(self, keeper: Keeper, item: PoolChange) -> None:
        assert item.definition is not None
        if item.change.action is Action.UNCHANGED and keeper.definition == item.definition:
            return
        found = item.attributes or keeper.attributes
        ours = keeper.sockets
        try:
            ours = sockets.moved(ours, keeper.definition.pool, item.definition.pool)
        except CannotListen as error:
            log.error("%s: %s; the old socket stays", keeper.name, error)
        keeper.change(item.definition, found, ours)

    def scale(self, name: str, count: int) -> tuple[list[str], list[str]]:
        """Have so many workers; returns who comes and who goes. Raises `CannotScale`."""
        return self.keepers[name].resize(count)

    def scale_default(self, by: int) -> None:
        """SIGTTIN or SIGTTOU came to the daemon."""
        word = "SIGTTIN" if by > 0 else "SIGTTOU"
        keeper = self.default
        if keeper is None:
            log.warning("%s: there is no pool that it could mean", word)
            return
        try:
            keeper.resize(keeper.crew.wanted + by)
        except CannotScale as error:
            log.warning("WARNING: %s: %s", word, error)  # gunicorn's line

    def _add(self, definition: Definition) -> Keeper | None:
        name = definition.pool.name
        try:
            found = sockets.listen(definition.pool, self._inherited)
        except CannotListen as error:
            log.error("%s: %s", name, error)
            self.failed[name] = str(error)
            return None
        self.failed.pop(name, None)
        own_hooks = Hooks(self._children, self._outputs)
        own_hooks.on_idle = self._see_off
        keeper = Keeper(definition, found, self._supervisor, SPAWNER, self._study, own_hooks)
        keeper.on_scale = self.scaled.__setitem__
        self.keepers[name] = keeper
        return keeper

    def _definition(self, configuration: Configuration, pool: Pool) -> Definition:
        stash = self._stash
        if stash is not None:
            stash = replace(stash, size=configuration.stash.size)
        return Definition(pool, zygote_of(configuration, pool.launch).name, stash)

    def _name_default(self, configuration: Configuration) -> None:
        found = configuration.default_pool
        self._default = found.name if found is not None else None

    def _on_transition(self, transition: Transition) -> None:
        for keeper in (*self.keepers.values(), *self._leaving):
            keeper.on_transition(transition)
        self._see_off()

    def _see_off(self) -> None:
        """Those of whom nothing is left."""
        for keeper in tuple(self._leaving):
            if keeper.has_left:
                self._leaving.remove(keeper)
                keeper.close()


def _change(old: Definition, new: Definition) -> Change:
    name = new.pool.name
    keys = changed_keys(old.pool, new.pool)
    if old.zygote != new.zygote or plans.needs_processes(old.pool, new.pool):
        return Change(name, Action.RESTARTED, keys or ("supervisor",))
    if old.stash != new.stash:
        keys = (*keys, "stash.size")
    return Change(name, Action.UPDATED if keys else Action.UNCHANGED, keys)
