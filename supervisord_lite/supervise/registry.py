"""Every program by its name, and who waits for whom among them."""

from collections.abc import Iterator

from supervisord_lite.config.program import Program
from supervisord_lite.model import order
from supervisord_lite.model.events import Effect, Launch, Terminate
from supervisord_lite.model.life import Life
from supervisord_lite.model.states import State, Wanted
from supervisord_lite.zygote.server import ForkServer

from .program import Kind, Supervised


class Registry:
    """The programs in the order they were added."""

    def __init__(self) -> None:
        self._programs: dict[str, Supervised] = {}
        self._followers: dict[str, tuple[str, ...]] | None = None

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

    def add(self, definition: Program, kind: Kind, server: str) -> Supervised:
        """Take a program in; it is down until somebody starts it."""
        program = Supervised(definition, kind, server)
        self._programs[definition.name] = program
        self._followers = None
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
        server = self._programs.get(program.server)
        return server.serves if server is not None else None

    def waits_for(self, program: Supervised, effect: Effect | None) -> str | None:
        """What the effect still has to wait for, in words; None: nothing."""
        match effect:
            case Launch():
                return self._before_start(program)
            case Terminate():
                blockers = order.stop_blockers(self._who_follows(program), self.life_of)
                return ", ".join(blockers) or None
        return None

    def _who_follows(self, program: Supervised) -> tuple[str, ...]:
        if self._followers is None:
            self._followers = order.followers({program.name: program.after for program in self})
        return self._followers.get(program.name, ())

    def _before_start(self, program: Supervised) -> str | None:
        if program.server:
            server = self._programs.get(program.server)
            if server is None or server.life.state is not State.RUNNING:
                return self._in_words(program.server)
            if server.serves is None or server.serves.is_lost:
                return f"{program.server} (ending)"
        blockers = order.start_blockers(program.after, self.life_of)
        return ", ".join(map(self._in_words, blockers)) or None

    def has_verdict(self, program: Supervised) -> bool:
        """Whether it is known how its start went: it serves, it failed, or it waits for one that failed."""
        if program.life.state is not State.STARTING:
            return program.life.state is not State.STOPPING
        if not isinstance(program.held, Launch):
            return False
        awaited = [self._programs.get(name) for name in (program.server, *program.after) if name]
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
