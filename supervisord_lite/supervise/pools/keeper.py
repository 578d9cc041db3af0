"""Keeping one pool: its sockets, its arbiter, its workers, and what they are told of each other."""

import asyncio
import logging
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from supervisord_lite.config.program import Pool
from supervisord_lite.model import assignment, events
from supervisord_lite.model.crew import CannotScale, Crew, Dismiss, Hire, Member
from supervisord_lite.model.exits import Exit
from supervisord_lite.model.states import Cause, State, Wanted
from supervisord_lite.supervise.news import Transition
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.supervise.registry import Absence
from supervisord_lite.supervise.staffing import give_plan, give_process, let_go, take_in
from supervisord_lite.supervise.supervisor import Supervisor
from supervisord_lite.wire.backstage import Gone, Roster, ToArbiter
from supervisord_lite.wire.hook_orders import ArbiterFacts, Hook, WorkerFacts
from supervisord_lite.wire.worker_orders import ARBITER_FACTS

from . import attributes, hooks, plans
from .arbiter import ArbiterLine
from .attributes import Attributes
from .definition import Definition
from .hooks import Hooks
from .sockets import Sockets
from .staff import Staff
from .study import Study

log = logging.getLogger(__name__)


class Keeper:
    """One pool, from its sockets to its last worker."""

    def __init__(
        self,
        definition: Definition,
        sockets: Sockets,
        supervisor: Supervisor,
        spawner: str,
        study: Study,
        hooks: Hooks,
    ) -> None:
        self.definition = definition
        self.attributes = attributes.understood(definition.pool, {})
        self.sockets = sockets
        self.hooks = hooks
        self.is_decided = False
        """Whether it is known what becomes of its start: its programs have the word from here on."""
        self.is_leaving = False
        self.on_scale: Callable[[str, int], None] = lambda _name, _count: None
        """Told the number of workers that was set at run time."""
        self._refusal = ""
        self._supervisor = supervisor
        self._registry = supervisor.programs
        self._spawner = spawner
        self._study = study
        self._staff = Staff(definition, supervisor, self._roster_soon, self._surroundings)
        self._roster_is_due = False
        self._beginning: asyncio.Task[None] | None = None
        self.line = ArbiterLine(self, self.name, str(sockets.backstage.path))
        self._registry.absent[self.name] = Absence("starting")

    @property
    def name(self) -> str:
        return self.definition.pool.name

    @property
    def pool(self) -> Pool:
        """Its table, in force."""
        return self.definition.pool

    @property
    def crew(self) -> Crew:
        """Who works in it."""
        return self._staff.crew

    @property
    def minimum(self) -> int:
        """The fewest workers that its apps can do with, as far as is known."""
        return assignment.minimum(self.attributes.specs)

    @property
    def arbiter(self) -> Supervised | None:
        """The program that routes its calls."""
        return self._registry.find(plans.arbiter_name(self.name))

    @property
    def problem(self) -> str:
        """Why it has no workers, or not those that the configuration asks for."""
        kept = self.crew.kept_because
        return f"new definition failed: {kept}" if kept else self._refusal

    def programs(self) -> dict[str, Supervised]:
        """Its workers, by their names."""
        return self._staff.programs()

    # The beginning.

    def open(self) -> None:
        """Start the arbiter, and the workers as soon as it is known what their apps ask for."""
        plan = plans.arbiter(self.pool, self._spawner)
        take_in(self._supervisor, plan, self.sockets.handed).watch = self._roster_soon
        self.line.open()
        self.sockets.mind(self.arbiter)
        self._begin()

    def _begin(self) -> None:
        if self._beginning is not None:
            self._beginning.cancel()
        self._beginning = asyncio.get_running_loop().create_task(self._learn_and_hire())
        self._beginning.add_done_callback(self._begun)

    async def _learn_and_hire(self) -> None:
        zygote = await self._study.zygote(self.definition.zygote, self._lacks)
        found = await self._study.of(self.pool, zygote)
        for warning in found.warnings:
            log.warning("%s: %s", self.name, warning)
        self.attributes = found.attributes
        if why := found.attributes.too_few(self.pool.workers):
            self.refuse(f"workers {why}")
            return
        self._settle()
        await self._announce()
        self._registry.absent.pop(self.name, None)
        self._staff.open(self.definition, self.attributes.specs)
        self._refusal = ""
        self._decided()

    def _begun(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("%s: its start failed inside the daemon", self.name, exc_info=error)
            self.refuse(f"the daemon failed: {error!r}")

    async def _announce(self) -> None:
        """`on_dirty_starting`, once the arbiter has a process."""
        program = self.arbiter
        if self.pool.hooks is None or program is None or not self.pool.autostart:
            return
        await self._study.verdict(program)
        running = self._run_hook(Hook.STARTING)
        if running is not None:
            await asyncio.wait([running])

    def refuse(self, why: str) -> None:
        """It gets no workers."""
        log.error("%s: %s", self.name, why)
        self.line.tell(Roster(()))
        self._lacks(why)

    def _lacks(self, why: str) -> None:
        """It has no workers for now; nobody need wait to hear that."""
        self._refusal = why
        self._registry.absent[self.name] = Absence(why, is_verdict=True)
        self._decided()

    def _decided(self) -> None:
        self.is_decided = True
        self._supervisor.look_again()
        self._study.changed()

    # Changes.

    def change(self, new: Definition, found: Attributes, sockets: Sockets) -> None:
        """Come to this definition, with what its apps ask for and with these sockets."""
        old, self.definition = self.definition, new
        self.attributes = found
        self._change_arbiter(old, sockets)
        self._settle()
        if self._staff.is_open:
            self._staff.change(new, found.specs)
        else:
            self._begin()  # it was refused before: there is nobody to replace

    def _change_arbiter(self, old: Definition, sockets: Sockets) -> None:
        program, plan = self.arbiter, plans.arbiter(self.pool, self._spawner)
        is_moved = sockets is not self.sockets
        self.sockets = sockets
        if program is None:
            return
        program.handed = sockets.handed
        self.sockets.mind(self.arbiter)
        needs_process = is_moved or plans.arbiter(old.pool, "").program.launch != plan.program.launch
        if needs_process and program.life.wanted is Wanted.UP:
            give_process(self._supervisor, program, plan, Cause.REREAD)
        else:
            give_plan(self._supervisor, program, plan)

    def resize(self, count: int) -> tuple[list[str], list[str]]:
        """Have so many workers; returns who comes and who goes. Raises `CannotScale`."""
        if not self._staff.is_open:
            raise CannotScale(f"{self.name} has no workers yet: {self._refusal or 'it is starting'}")
        orders = self.crew.resize(count)
        self.definition = replace(self.definition, pool=replace(self.pool, workers=self.crew.wanted))
        self.on_scale(self.name, self.crew.wanted)
        if orders:
            log.info("%s: scaled, workers: %d", self.name, self.crew.wanted)
        self._staff.perform(orders)
        hired = [order.member.name for order in orders if isinstance(order, Hire)]
        return hired, [order.name for order in orders if isinstance(order, Dismiss)]

    def reload(self) -> None:
        """Replace every worker, each when its relief is ready. Raises `CannotScale` where there are none."""
        if not self._staff.is_open:
            raise CannotScale(f"{self.name} has no workers yet: {self._refusal or 'it is starting'}")
        self._staff.relieve_all()

    def abort(self, name: str, pid: int, reason: str) -> None:
        """The arbiter gives this worker up."""
        program = self.programs().get(name)
        if program is not None and program.pid == pid:
            self._supervisor.feed(program, events.Abort(reason))

    def relieve(self, name: str, pid: int, reason: str) -> None:
        """The arbiter asks for a replacement of this worker."""
        program = self.programs().get(name)
        if program is not None and program.pid == pid:
            self._staff.perform(self.crew.replace(name, reason))

    # The end.

    def leave(self, cause: Cause) -> None:
        """The pool is no longer configured: it drains, then its arbiter ends."""
        self.is_leaving = True
        self._registry.needed[self.name] = self.definition.zygote  # for the hooks of those who drain
        if self._beginning is not None:
            self._beginning.cancel()
        self._registry.absent.pop(self.name, None)
        arbiter = [] if self.arbiter is None else [self.arbiter]
        with self._supervisor.together():
            for program in (*self.programs().values(), *arbiter):
                let_go(self._supervisor, program, cause)
        self._study.changed()

    @property
    def has_left(self) -> bool:
        """Whether nothing of it is left but its sockets."""
        arbiter = self.arbiter
        is_gone = arbiter is None or (arbiter.is_leaving and arbiter.life.state is State.STOPPED)
        return self.is_leaving and is_gone and not self.crew.members and self.hooks.is_idle

    def close(self) -> None:
        """Nothing of it is left, or wanted."""
        if self._beginning is not None:
            self._beginning.cancel()
        self.line.close()
        self.sockets.close()
        if self._registry.needed.pop(self.name, None) is not None:
            self._supervisor.look_again()

    # What becomes of its programs, and what is told of them.

    def on_transition(self, transition: Transition) -> None:
        """Something happened to a program, perhaps to one of this pool."""
        if transition.name == plans.arbiter_name(self.name):
            self.sockets.mind(self.arbiter)
        member = self.crew.members.get(transition.name)
        if member is None:
            return
        if transition.exit is not None:
            self._tell_end(member, transition.exit)
        self._staff.heard(transition)

    def _tell_end(self, member: Member, ended: Exit) -> None:
        if ended.pid is not None:
            how = ended.how()
            self.line.tell(Gone(member.name, ended.pid, f"was {how}" if ended.signal else how))
            self._run_hook(Hook.WORKER_EXIT, hooks.about(member, ended.pid, how))

    def greeting(self) -> list[ToArbiter]:
        """What an arbiter that is new hears first."""
        settings = plans.settings(self.pool, self.definition.stash, self.attributes.tables)
        if self._staff.is_open or self._refusal:
            return [settings, self._staff.roster()]
        return [settings]

    def _settle(self) -> None:
        self.line.tell(plans.settings(self.pool, self.definition.stash, self.attributes.tables))

    def _roster_soon(self) -> None:
        """Once for all that happens at a time."""
        if not self._roster_is_due and self._staff.is_open:
            self._roster_is_due = True
            asyncio.get_running_loop().call_soon(self._send_roster)

    def _send_roster(self) -> None:
        self._roster_is_due = False
        self.line.tell(self._staff.roster())

    def _surroundings(self) -> dict[str, str]:
        return {ARBITER_FACTS: msgspec.json.encode(self._arbiter_facts()).decode()}

    def _arbiter_facts(self) -> ArbiterFacts:
        pid = self.arbiter.pid if self.arbiter is not None else None
        return ArbiterFacts(self.name, pid, self.crew.wanted, tuple(spec.path for spec in self.pool.apps))

    def _run_hook(self, hook: Hook, worker: WorkerFacts | None = None) -> "asyncio.Future[None] | None":
        server = self._study.server(self.definition.zygote)
        return self.hooks.run(self.pool, hook, server, self._arbiter_facts(), worker)
