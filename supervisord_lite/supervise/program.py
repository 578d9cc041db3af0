"""One record per program: what is configured, where its life is, and the process it has now."""

import asyncio
from enum import StrEnum

from supervisord_lite.config.program import Program
from supervisord_lite.model.describe import describe
from supervisord_lite.model.events import Effect
from supervisord_lite.model.exits import Exit
from supervisord_lite.model.life import Life
from supervisord_lite.zygote.server import ForkServer

from .child import Child


class Kind(StrEnum):
    """What a program is made of, which decides how it is launched."""

    TARGET = "target"
    COMMAND = "command"
    ZYGOTE = "zygote"
    SPAWNER = "spawner"
    LOGWRITER = "logwriter"


class Supervised:
    """A program under supervision. `server` names the fork server that launches it ("" for the spawner)."""

    __slots__ = (
        "child",
        "definition",
        "ended_at",
        "exit_count",
        "generation",
        "held",
        "is_leaving",
        "kind",
        "last_exit",
        "launching",
        "life",
        "restarts",
        "server",
        "serves",
        "started_at",
        "status_text",
        "successor",
        "timer",
        "waiting_for",
    )  # fmt: skip

    def __init__(self, definition: Program, kind: Kind, server: str) -> None:
        self.definition = definition
        self.kind = kind
        self.server = server
        self.life = Life()
        self.child: Child | None = None
        self.held: Effect | None = None
        """The effect that waits for other programs, named in `waiting_for`."""
        self.waiting_for: str | None = None
        self.launching: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.serves: ForkServer | None = None
        self.generation: int | None = None
        self.started_at: float | None = None
        self.ended_at: float | None = None
        self.last_exit: Exit | None = None
        self.exit_count = 0
        self.restarts = 0
        self.status_text: str | None = None
        self.successor: tuple[Program, Kind, str] | None = None
        """The definition that the next process is to have, where the running one still has the old."""
        self.is_leaving = False
        """Whether it is to be forgotten once it has stopped."""

    def __repr__(self) -> str:
        return f"<Supervised {self.name} {self.life.state} wanted {self.life.wanted} {self.child}>"

    @property
    def name(self) -> str:
        return self.definition.name

    @property
    def after(self) -> tuple[str, ...]:
        """The programs it starts after, by its newest definition."""
        return (self.successor[0] if self.successor is not None else self.definition).after

    def succeed(self, definition: Program, kind: Kind, server: str) -> None:
        """It gets this definition with its next process."""
        self.successor = (definition, kind, server)

    def take_successor(self) -> None:
        """From here on its newest definition holds."""
        if self.successor is not None:
            self.definition, self.kind, self.server = self.successor
            self.successor = None

    @property
    def pid(self) -> int | None:
        """The process id of its main process."""
        return self.child.pid if self.child is not None else None

    @property
    def is_own(self) -> bool:
        """Whether it is one of the daemon's own, which no file configures."""
        return self.kind not in (Kind.TARGET, Kind.COMMAND)

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
