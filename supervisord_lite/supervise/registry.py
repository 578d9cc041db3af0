"""Every program by its name, and who waits for whom among them."""

import asyncio
from collections.abc import Iterator
from typing import NamedTuple

from supervisord_lite.model import order
from supervisord_lite.model.events import Effect, Launch, Terminate
from supervisord_lite.model.life import Life
from supervisord_lite.model.states import State, Wanted
from supervisord_lite.zygote.server import ForkServer

from .plan import Plan
from .program import Supervised


class Absence(NamedTuple):
    """Why the programs of a group are not here, and whether that is the verdict on them."""

    why: str
    is_verdict: bool = False


class Registry:
    """The programs in the order they were added."""

    def __init__(self) -> None:
        self._programs: dict[str, Supervised] = {}
        self._followers: dict[str, tuple[str, ...]] | None = None
        self._awaited: dict[str, asyncio.Future[Supervised]] = {}
        """Who is to be told of a program that is not here yet, by its name."""
        self.needed: dict[str, str] = {}
        """Groups on their way out, each with the fork server that it needs until it has left."""
        self.absent: dict[str, Absence] = {}
        """Groups whose programs are not here yet: who comes after them waits."""

    def __iter__(self) -> Iterator[Supervised]:
        return iter(tuple(self._programs.values()))

    def __len__(self) -> int:
        return len(self._programs)

    def find(self, name: str) -> Supervised | None:
        """The program of this name."""
        return self._programs.get(name)

    def life_of(self, name: str) -> Life | None:
        """Where its life is."""
        program = self._programs.get(name)
        return program.life if program is not None else None

    def add(self, plan: Plan) -> Supervised:
        """Take a program in; it is down until somebody starts it."""
        program = Supervised(plan)
        self._programs[plan.name] = program
        self._followers = None
        awaited = self._awaited.pop(plan.name, None)
        if awaited is not None:
            awaited.set_result(program)
        return program

    async def arrival(self, name: str) -> Supervised:
        """The program of this name, once it is here: between two rereads it may be missing for a while."""
        while (program := self._programs.get(name)) is None:
            if name not in self._awaited:
                self._awaited[name] = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._awaited[name])
        return program

    def forget(self, program: Supervised) -> None:
        """The program has stopped and is no longer configured."""
        del self._programs[program.name]
        self._followers = None

    def reorder(self) -> None:
        """Some program's `after` has changed."""
        self._followers = None

    def server_of(self, program: Supervised) -> ForkServer | None:
        """The connection to the fork server that launches it; None for the spawner, which needs none."""
        server = self._programs.get(program.plan.server)
        return server.serves if server is not None else None

    def waits_for(self, program: Supervised, effect: Effect | None) -> str | None:
        """What the effect still has to wait for, in words; None: nothing."""
        match effect:
            case Launch():
                return self._before_start(program)
            case Terminate():
                blockers = order.stop_blockers(self._who_follows(program), self.life_of)
                if program.is_leaving:
                    blockers += self._who_needs(program)
                return ", ".join(blockers) or None
        return None

    def _who_needs(self, server: Supervised) -> tuple[str, ...]:
        return tuple(f"{group} (draining)" for group, name in self.needed.items() if name == server.name)

    def _who_follows(self, program: Supervised) -> tuple[str, ...]:
        if self._followers is None:
            self._followers = order.followers({program.name: self._before(program) for program in self})
        return self._followers.get(program.name, ())

    def _before_start(self, program: Supervised) -> str | None:
        if name := program.plan.server:
            server = self._programs.get(name)
            if server is None or server.life.state is not State.RUNNING:
                return self._in_words(name)
            if server.serves is None or server.serves.is_lost:
                return f"{name} (ending)"
        blockers = order.start_blockers(self._before(program), self.life_of)
        absent = [f"{name} ({self.absent[name].why})" for name in program.after if name in self.absent]
        return ", ".join([*absent, *map(self._in_words, blockers)]) or None

    def _before(self, program: Supervised) -> list[str]:
        """The names of the programs that it comes after, each program of a group for the group's name."""
        found: list[str] = []
        for name in program.after:
            found += (
                [name] if name in self._programs else [p.name for p in self if p.definition.group == name]
            )
        return found

    def has_verdict(self, program: Supervised) -> bool:
        """Whether it is known how its start went: it serves, it failed, or it waits for one that failed."""
        if program.life.state is not State.STARTING:
            return program.life.state is not State.STOPPING
        if not isinstance(program.held, Launch):
            return False
        if any(self.absent[name].is_verdict for name in program.after if name in self.absent):
            return True
        awaited = [self._programs.get(name) for name in (program.plan.server, *self._before(program)) if name]
        return any(self._failed(other) for other in awaited if other is not None)

    def _failed(self, program: Supervised) -> bool:
        life = program.life
        if life.wanted is Wanted.DOWN or life.is_ready:
            return False
        if (
            program.is_own
            and life.failures <= 1
            and (program.last_exit is None or not program.last_exit.error)
        ):
            return False  # a fork server that was killed is back in a moment
        return life.state in (State.BACKOFF, State.FATAL, State.EXITED) or self.has_verdict(program)

    def _in_words(self, name: str) -> str:
        program = self._programs.get(name)
        if program is None:
            return name
        state, last = program.life.state, program.last_exit
        if state in (State.BACKOFF, State.FATAL, State.EXITED) and last is not None:
            return f"{name} ({state}: {last.sentence()})"
        return f"{name} ({state})"
