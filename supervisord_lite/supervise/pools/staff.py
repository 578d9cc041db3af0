"""The workers of one pool: what its crew decides is carried out here, on programs as all others are."""

import logging
from collections.abc import Callable, Mapping, Sequence

from supervisord_lite.config.program import Pool
from supervisord_lite.model.assignment import AppSpec
from supervisord_lite.model.crew import CannotScale, Crew, Dismiss, Hire, Member, Order, Renew, Say
from supervisord_lite.model.states import Cause, State, Trigger, Wanted
from supervisord_lite.supervise.news import Transition
from supervisord_lite.supervise.plan import Plan
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.supervise.staffing import give_plan, give_process, let_go, take_in
from supervisord_lite.supervise.supervisor import Supervisor
from supervisord_lite.wire.backstage import Roster

from . import plans
from .definition import Definition
from .roster import entry

log = logging.getLogger(__name__)


class Staff:
    """Who works in a pool, each by the definition that he was hired under.

    `watch` is told of what is new, `surroundings` asked what each process is told when it is launched.
    """

    def __init__(
        self,
        definition: Definition,
        supervisor: Supervisor,
        watch: Callable[[], None],
        surroundings: Callable[[], Mapping[str, str]],
    ) -> None:
        self.crew = Crew(definition.pool.name, definition.pool.apps, definition.pool.workers)
        self.is_open = False
        self._supervisor = supervisor
        self._registry = supervisor.programs
        self._watch = watch
        self._surroundings = surroundings
        self._pool = definition.pool.name
        self._editions = {1: definition}

    def open(self, definition: Definition, specs: Sequence[AppSpec]) -> None:
        """Hire everybody."""
        self.crew = Crew(self._pool, specs, definition.pool.workers)
        self._editions = {1: definition}
        self.is_open = True
        self.perform(self.crew.open())

    def change(self, new: Definition, specs: tuple[AppSpec, ...]) -> None:
        """Come to this definition: what only new processes can take on, they take on one by one."""
        old = self._editions[self.crew.edition]
        needs_processes = old.zygote != new.zygote or plans.needs_processes(old.pool, new.pool)
        if needs_processes or specs != self.crew.specs:
            self._editions[self.crew.edition + 1] = new
            self.perform(self.crew.renew(specs, new.pool.workers))
        else:
            self._editions[self.crew.edition] = new
            self._refresh()
            self._come_to(new.pool)
            self.perform(self.crew.roll())
        self._forget_editions()

    def relieve_all(self) -> None:
        """Everybody gets a relief, one after the other, by the same definition."""
        edition = self.crew.edition
        self._editions[edition + 1] = self._editions[edition]
        self.perform(self.crew.renew(self.crew.specs, self.crew.wanted))
        self._forget_editions()

    def _forget_editions(self) -> None:
        used = {member.edition for member in self.crew.members.values()} | {self.crew.edition}
        self._editions = {number: found for number, found in self._editions.items() if number in used}

    def _come_to(self, pool: Pool) -> None:
        try:
            if pool.workers != self.crew.wanted:
                self.perform(self.crew.resize(pool.workers))
        except CannotScale as error:
            log.error("%s: %d workers stay: %s", pool.name, self.crew.wanted, error)

    def _refresh(self) -> None:
        """The definition changed in what needs no process: so do the plans of those who work under it."""
        for name, program in self.programs().items():
            member = self.crew.members[name]
            if member.edition == self.crew.edition:
                give_plan(self._supervisor, program, self._plan(member))

    # Carrying out.

    def perform(self, orders: Sequence[Order]) -> None:
        """What the crew has decided."""
        for order in orders:
            match order:
                case Hire(member=member):
                    self._hire(member)
                case Renew(member=member):
                    self._renew(member)
                case Dismiss(name=name, cause=cause):
                    self._dismiss(name, cause)
                case Say(text=text, is_bad=is_bad):
                    log.log(logging.ERROR if is_bad else logging.INFO, "%s: %s", self._pool, text)
        self._watch()

    def _plan(self, member: Member) -> Plan:
        definition = self._editions[member.edition]
        return plans.worker(definition.pool, member, definition.zygote)

    def _hire(self, member: Member) -> None:
        plan = self._plan(member)
        arbiter = self._registry.find(plans.arbiter_name(self._pool))
        if arbiter is not None and arbiter.life.wanted is Wanted.DOWN:
            plan = plans.not_started(plan)
        program = take_in(self._supervisor, plan)
        program.watch = self._watch
        program.surroundings = self._surroundings

    def _renew(self, member: Member) -> None:
        program = self._registry.find(member.name)
        if program is None:
            self._hire(member)
        elif program.life.wanted is Wanted.DOWN:
            give_plan(self._supervisor, program, self._plan(member))
        else:
            give_process(self._supervisor, program, self._plan(member), Cause.REREAD)

    def _dismiss(self, name: str, cause: Cause) -> None:
        program = self._registry.find(name)
        if program is not None:
            let_go(self._supervisor, program, cause)
        if self._registry.find(name) is None:
            self.crew.forget(name)

    # What becomes of them.

    def heard(self, transition: Transition) -> None:
        """Something happened to one of them."""
        name, ended = transition.name, transition.exit
        how = ended.sentence() if ended is not None else "ended"
        match transition.after:
            case State.RUNNING:
                self.perform(self.crew.served(name))
            case State.BACKOFF:
                self.perform(self.crew.ended(name, how, is_given_up=False, is_at_once=False))
            case State.FATAL | State.EXITED:
                self.perform(self.crew.ended(name, how, is_given_up=True, is_at_once=False))
            case State.STARTING if transition.trigger == Trigger.REPLACE:
                self.perform(self.crew.ended(name, how, is_given_up=False, is_at_once=True))
            case State.STOPPED:
                program = self._registry.find(name)
                if program is None or program.is_leaving:
                    self.crew.forget(name)
                else:
                    self.crew.stopped(name)
        self._watch()

    def programs(self) -> dict[str, Supervised]:
        """Those that there are, by their names."""
        found = {name: self._registry.find(name) for name in self.crew.members}
        return {name: program for name, program in found.items() if program is not None}

    def roster(self) -> Roster:
        """Every worker, as the arbiter is told."""
        members = self.crew.members
        return Roster(tuple(entry(program, members[name]) for name, program in self.programs().items()))
