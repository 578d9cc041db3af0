"""One record per program: what is configured, where its life is, and the process it has now."""

import asyncio
from collections.abc import Callable, Mapping

from supervisord_lite.config.program import Program
from supervisord_lite.model.describe import describe
from supervisord_lite.model.events import Effect
from supervisord_lite.model.exits import Exit
from supervisord_lite.model.life import Life
from supervisord_lite.zygote.server import ForkServer

from .child import Child
from .handing import Handed
from .plan import Plan


class Supervised:
    """A program under supervision."""

    __slots__ = (
        "child",
        "ended_at",
        "exit_count",
        "handed",
        "held",
        "is_leaving",
        "last_exit",
        "launches",
        "launching",
        "life",
        "plan",
        "restarts",
        "serves",
        "started_at",
        "status_text",
        "successor",
        "surroundings",
        "timer",
        "waiting_for",
        "watch",
    )  # fmt: skip

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.handed: tuple[Handed, ...] = ()
        """Listening sockets that each of its processes gets, behind the standard streams."""
        self.surroundings: Callable[[], Mapping[str, str]] = dict
        """Asked at each launch: environment variables that are true now. No process ends because they
        change."""
        self.life = Life()
        self.child: Child | None = None
        self.held: Effect | None = None
        """The effect that waits for other programs, named in `waiting_for`."""
        self.waiting_for: str | None = None
        self.launching: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.serves: ForkServer | None = None
        self.launches = 0
        """Processes that it has had."""
        self.started_at: float | None = None
        self.ended_at: float | None = None
        self.last_exit: Exit | None = None
        self.exit_count = 0
        self.restarts = 0
        self.status_text: str | None = None
        self.successor: Plan | None = None
        """The plan that the next process is to follow, where the running one still follows the old."""
        self.is_leaving = False
        """Whether it is to be forgotten once it has stopped."""
        self.watch: Callable[[], None] | None = None
        """Called when it has a new process, or that says something new of itself."""

    def __repr__(self) -> str:
        return f"<Supervised {self.name} {self.life.state} wanted {self.life.wanted} {self.child}>"

    @property
    def definition(self) -> Program:
        """What its process was started with."""
        return self.plan.program

    @property
    def name(self) -> str:
        return self.plan.program.name

    @property
    def newest(self) -> Plan:
        """What it is, or is to be with its next process."""
        return self.successor or self.plan

    @property
    def after(self) -> tuple[str, ...]:
        """The programs it starts after, by its newest definition."""
        return self.newest.program.after

    def succeed(self, plan: Plan) -> None:
        """It follows this plan with its next process."""
        self.successor = plan

    def take_successor(self) -> None:
        """From here on its newest plan holds."""
        self.plan = self.newest
        self.successor = None

    def changed(self) -> None:
        """There is something new of its process that is no transition."""
        if self.watch is not None:
            self.watch()

    @property
    def pid(self) -> int | None:
        """The process id of its main process."""
        return self.child.pid if self.child is not None else None

    @property
    def is_own(self) -> bool:
        """Whether it is one of the daemon's own, which no file configures."""
        return self.plan.is_own

    @property
    def generation(self) -> int | None:
        """Of a fork server: its own; of what was forked from one and is no command: that one's."""
        if self.serves is not None:
            return self.serves.generation
        return self.child.generation if self.child is not None else None

    def describe(self, now: float) -> str:
        """One line that is true now."""
        text = describe(
            self.life,
            self.definition.policy,
            now,
            pid=self.pid,
            last=self.last_exit,
            waiting_for=self.waiting_for,
        )
        return f"{text}, {self.status_text}" if self.status_text and self.child is not None else text
