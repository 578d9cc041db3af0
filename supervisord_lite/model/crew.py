"""Who works in a pool: the decisions about coming, going and being relieved, without a process in sight.

A crew hears what became of its members and answers with orders. A member that is to be replaced gets a relief
first, and goes when that is ready. A new definition is brought in the same way, one member after the other;
where its first worker fails, the others stay as they are.
"""

from collections.abc import Sequence

from msgspec import Struct

from .assignment import AppSpec, allocate, apps_for_new, minimum, who_leaves
from .states import Cause


class CannotScale(Exception):
    """The crew cannot have this size; the message says why."""


class Member(Struct):
    """One worker. `edition` is the definition that it was hired under, `age` counts those hired before it."""

    name: str
    age: int
    apps: tuple[str, ...]
    edition: int
    relieves: str | None = None
    """Who goes once this one is ready."""
    is_serving: bool = False
    is_leaving: bool = False


# Orders: what is to be done. A closed set; the keeper of the pool performs each.


class Hire(Struct, frozen=True):
    """Take this member in and start it."""

    member: Member


class Dismiss(Struct, frozen=True):
    """Ask this member to end, and forget it."""

    name: str
    cause: Cause


class Renew(Struct, frozen=True):
    """Give this member, which does not serve, a new process under the newest definition."""

    member: Member


class Say(Struct, frozen=True):
    """Something the operator should know."""

    text: str
    is_bad: bool = False


Order = Hire | Dismiss | Renew | Say
Orders = list[Order]


class Crew:
    """The members of one pool."""

    def __init__(self, pool: str, specs: Sequence[AppSpec], wanted: int) -> None:
        self.pool = pool
        self.specs = tuple(specs)
        self.wanted = wanted
        self.members: dict[str, Member] = {}
        self.edition = 1
        self.kept_because = ""
        """Why some members still work under an older definition, where the newest one failed."""
        self._age = 0

    @property
    def minimum(self) -> int:
        """The fewest workers that the apps can do with."""
        return minimum(self.specs)

    @property
    def is_outdated(self) -> bool:
        """Whether some members work under an older definition."""
        return bool(self._outdated())

    def open(self) -> Orders:
        """Hire everybody for the first time."""
        found = allocate(self.specs, self.wanted)
        orders: Orders = [self._hire(apps) for apps in found if apps]
        idle = sum(not apps for apps in found)
        if idle:
            orders.append(Say(f"{idle} of {self.wanted} workers are not started: {REACHED}", is_bad=True))
            self.wanted -= idle
        return orders

    def resize(self, count: int) -> Orders:
        """Come to this size. Raises `CannotScale`, and then nothing has changed."""
        if count < min(self.minimum, self.wanted):
            raise CannotScale(f"Cannot decrease below {self.minimum} workers (required by app specs)")
        if count > max(MOST, self.wanted):
            raise CannotScale(f"Cannot increase beyond {MOST} workers")
        orders: Orders = []
        while self.wanted < count and (apps := apps_for_new(self.specs, self._loaded())):
            orders.append(self._hire(apps))
            self.wanted += 1
        while self.wanted > count and (name := self._who_leaves()) is not None:
            orders += self._dismiss(name, Cause.SCALE)
            self.wanted -= 1
        if not orders and self.wanted < count:
            raise CannotScale(REACHED)
        return orders

    def replace(self, name: str, reason: str) -> Orders:
        """Relieve this member by one that loads the same; nothing, where that is under way."""
        member = self.members.get(name)
        if member is None or member.is_leaving or self._reliefs(name):
            return []
        relief = self._hire(member.apps, member.edition, relieves=name)
        return [Say(f"{name} is to be replaced by {relief.member.name}: {reason}"), relief]

    def renew(self, specs: Sequence[AppSpec], count: int) -> Orders:
        """There is a new definition: those that do not serve take it on at once, the others one by one."""
        self.specs = tuple(specs)
        self.wanted = count
        self.edition += 1
        return self.roll()

    def roll(self) -> Orders:
        """Go on with (or begin again) what a new definition asks for."""
        self.kept_because = ""
        orders: Orders = []
        for member in self._outdated():
            if not member.is_serving and not self._reliefs(member.name):
                orders += self._renew_in_place(member)
        return orders + self._next()

    def served(self, name: str) -> Orders:
        """This member is ready: whom it relieves may go."""
        member = self.members.get(name)
        if member is None:
            return []
        member.is_serving = True
        relieved, member.relieves = member.relieves, None
        if relieved is None:
            return []
        return self._dismiss(relieved, Cause.REPLACED) + self._next()

    def ended(self, name: str, how: str, *, is_given_up: bool, is_at_once: bool) -> Orders:
        """This member ended, and nobody asked for it: it is started again, at once or later, or given up."""
        member = self.members.get(name)
        if member is None:
            return []
        member.is_serving = False
        orders: Orders = []
        for relief in self._reliefs(name):
            if relief.edition == member.edition:
                relief.relieves = None
                orders += self._dismiss(name, Cause.REPLACED)
        relieved = self.members.get(member.relieves or "")
        if relieved is None or is_at_once:
            return orders
        if member.edition > relieved.edition:
            self.kept_because = f"{name} {how}"
            text = f"the new definition fails, and the old workers stay: {self.kept_because}"
            return [*orders, Say(text, is_bad=True), *self._dismiss(name, Cause.REREAD)]
        if is_given_up:
            text = f"{relieved.name} stays, because its replacement {name} {how}"
            return [*orders, Say(text, is_bad=True), *self._dismiss(name, Cause.REPLACED)]
        return orders

    def stopped(self, name: str) -> None:
        """This member has stopped, by hand."""
        if name in self.members:
            self.members[name].is_serving = False

    def forget(self, name: str) -> None:
        """Nothing is left of this member."""
        self.members.pop(name, None)
        for member in self.members.values():
            if member.relieves == name:
                member.relieves = None

    def _next(self) -> Orders:
        """The next step towards the newest definition, where none is under way."""
        if any(self._is_step(member) for member in self.members.values()):
            return []
        orders: Orders = []
        for member in self._outdated():
            apps = apps_for_new(self.specs, self._loaded(self.edition))
            for relief in self._reliefs(member.name):  # by a definition that is no longer the newest
                orders += self._dismiss(relief.name, Cause.REREAD)
            if apps and len(self._loaded(self.edition)) < self.wanted:
                return [*orders, self._hire(apps, relieves=member.name)]
            orders += self._dismiss(member.name, Cause.REREAD)
        while len(self._loaded()) < self.wanted and (apps := apps_for_new(self.specs, self._loaded())):
            orders.append(self._hire(apps))
        return orders

    def _is_step(self, member: Member) -> bool:
        relieved = self.members.get(member.relieves or "")
        return relieved is not None and relieved.edition < member.edition and not member.is_leaving

    def _renew_in_place(self, member: Member) -> Orders:
        apps = apps_for_new(self.specs, self._loaded(self.edition))
        if not apps or len(self._loaded(self.edition)) >= self.wanted:
            return self._dismiss(member.name, Cause.REREAD)
        member.apps = apps
        member.edition = self.edition
        return [Renew(member)]

    def _hire(self, apps: tuple[str, ...], edition: int | None = None, relieves: str | None = None) -> Hire:
        self._age += 1
        number = next(n for n in range(1, len(self.members) + 2) if f"{self.pool}:{n}" not in self.members)
        edition = self.edition if edition is None else edition
        member = Member(f"{self.pool}:{number}", self._age, apps, edition, relieves)
        self.members[member.name] = member
        return Hire(member)

    def _dismiss(self, name: str, cause: Cause) -> Orders:
        member = self.members.get(name)
        if member is None or member.is_leaving:
            return []
        member.is_leaving = True
        orders: Orders = [Dismiss(name, cause)]
        for relief in self._reliefs(name):  # nobody is left to be relieved
            orders += self._dismiss(relief.name, cause)
        return orders

    def _reliefs(self, name: str) -> list[Member]:
        return [m for m in self.members.values() if m.relieves == name and not m.is_leaving]

    def _outdated(self) -> list[Member]:
        found = [m for m in self.members.values() if m.edition < self.edition and not m.is_leaving]
        return sorted((m for m in found if m.relieves is None), key=lambda m: m.age)

    def _who_leaves(self) -> str | None:
        return who_leaves(self.specs, self._loaded(), {m.name: m.age for m in self.members.values()})

    def _loaded(self, edition: int = 0) -> dict[str, tuple[str, ...]]:
        """What each post in the crew loads; a relief has no post of its own until it takes one over."""
        return {
            member.name: member.apps
            for member in self.members.values()
            if not member.is_leaving and member.relieves is None and member.edition >= edition
        }


REACHED = "All apps have reached their worker limits"

MOST = 1000
"""Workers that a pool may be scaled to; whoever may connect may ask for more."""
