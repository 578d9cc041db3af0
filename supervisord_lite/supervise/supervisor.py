"""The supervisor: event, decide, effects, perform.

Every program goes through here, whatever kind it is. Decisions are the model's; this performs them and tells
the news. Nothing here blocks.
"""

import asyncio
import contextlib
import logging
import random
import signal
import time
from collections import deque
from collections.abc import Iterator
from functools import partial

from supervisord_lite.linux.kernel import Kernel, Sent
from supervisord_lite.model.events import (
    Asked,
    Due,
    Effect,
    Ended,
    Event,
    Kill,
    Launch,
    Terminate,
)
from supervisord_lite.model.exits import Exit
from supervisord_lite.model.life import Step, step
from supervisord_lite.model.states import State, Trigger
from supervisord_lite.zygote.server import ForkServerLost

from .launcher import Launcher, LaunchError
from .news import News, Transition
from .program import Supervised
from .registry import Registry
from .trees import Trees

log = logging.getLogger(__name__)

ON_THE_WAY = (State.STARTING, State.STOPPING)
"""States that nobody waits for."""


class Supervisor:
    """Feeds events into the lives of programs and performs what follows."""

    def __init__(self, kernel: Kernel, trees: Trees, registry: Registry, news: News) -> None:
        self.programs = registry
        self.news = news
        self.launcher: Launcher | None = None
        self._kernel = kernel
        self._trees = trees
        self._queue: deque[tuple[Supervised, Event]] = deque()
        self._is_feeding = False
        self._held: dict[str, None] = {}
        self._is_gathering = False
        self._tasks: set[asyncio.Task[None]] = set()

    def feed(self, program: Supervised, event: Event) -> None:
        """Let this have happened to the program; what follows from it is done before this returns."""
        self._queue.append((program, event))
        if self._is_feeding:
            return
        self._is_feeding = True
        try:
            while self._queue:
                self._take(*self._queue.popleft())
        finally:
            self._is_feeding = False

    def _take(self, program: Supervised, event: Event) -> None:
        now = self._kernel.now()
        before = program.life
        outcome = step(before, event, program.definition.policy, now, random.random())  # noqa: S311 - jitter
        if outcome.trigger is None:
            return
        program.life = outcome.life
        ended = event.exit if isinstance(event, Ended) else None
        if ended is not None:
            self._note_exit(program, ended)
        if outcome.trigger in (Trigger.RETRY, Trigger.REPLACE):
            program.restarts += 1
        self._arm(program)
        self._perform(program, outcome)
        if program.life.state is not before.state:
            self._tell(program, before.state, outcome, ended, now)
            self._settle(program)
            if program.life.state not in ON_THE_WAY or before.state is State.STOPPING:
                self.look_again()

    def _note_exit(self, program: Supervised, ended: Exit) -> None:
        program.last_exit = ended
        program.ended_at = time.time()
        program.exit_count += 1

    def _arm(self, program: Supervised) -> None:
        if program.timer is not None:
            program.timer.cancel()
            program.timer = None
        deadline = program.life.deadline
        if deadline is not None and deadline != float("inf"):
            program.timer = asyncio.get_running_loop().call_at(deadline, self._due, program)

    def _due(self, program: Supervised) -> None:
        deadline = program.life.deadline
        if deadline is not None and self._kernel.now() < deadline:
            self._arm(program)  # the loop's clock ticks coarser than the deadline
        else:
            self.feed(program, Due())

    def _tell(
        self, program: Supervised, before: State, outcome: Step, ended: Exit | None, now: float
    ) -> None:
        assert outcome.trigger is not None
        self.news.publish(
            Transition(
                seq=self.news.next_number(),
                time=time.time(),
                name=program.name,
                before=before,
                after=program.life.state,
                trigger=outcome.trigger.value,
                pid=program.pid,
                description=program.describe(now),
                exit=ended,
            )
        )

    def _settle(self, program: Supervised) -> None:
        """A program that has stopped takes its new definition, or its leave."""
        if program.life.state is not State.STOPPED:
            return
        program.take_successor()
        if program.is_leaving:
            self.programs.forget(program)

    def _perform(self, program: Supervised, outcome: Step) -> None:
        for effect in outcome.effects:
            match effect:
                case Launch():
                    program.take_successor()
                    self._hold(program, effect)
                case Terminate():
                    self._withdraw_or_terminate(program, effect)
                case Kill():
                    self.kill(program)

    def kill(self, program: Supervised) -> None:
        """SIGKILL to its whole tree; a main process that has been reaped has no pid of its own any more."""
        child = program.child
        if child is None:
            return
        self._trees.kill(child)
        if child.reaped is None:
            self._kernel.send(child.pid, signal.SIGKILL)

    def _withdraw_or_terminate(self, program: Supervised, effect: Terminate) -> None:
        if program.child is not None:
            self._hold(program, effect)
            return
        self._unhold(program)
        if program.launching is not None:
            program.launching.cancel()
        self.feed(
            program, Ended(Exit(error="it was stopped before it was started", cause=program.life.cause))
        )

    # Order: an effect is held until what it has to wait for has come about.

    def _hold(self, program: Supervised, effect: Effect) -> None:
        program.held = effect
        self._held[program.name] = None
        if not self._is_gathering:
            self._try(program)

    def _unhold(self, program: Supervised) -> None:
        program.held = None
        program.waiting_for = None
        self._held.pop(program.name, None)

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is fed inside happens at once: nothing starts or ends before it is known what else will.

        Without it, of two programs that are stopped with one command the first would not wait for the second.
        """
        self._is_gathering = True
        try:
            yield
        finally:
            self._is_gathering = False
            self.look_again()

    def look_again(self) -> None:
        """Start and end what has nothing to wait for any more."""
        if self._is_gathering:
            return
        for name in tuple(self._held):
            program = self.programs.find(name)
            if program is None:
                self._held.pop(name, None)
            else:
                self._try(program)

    def _try(self, program: Supervised) -> None:
        effect = program.held
        program.waiting_for = self.programs.waits_for(program, effect)
        if program.waiting_for is not None:
            return
        self._unhold(program)
        if isinstance(effect, Launch):
            program.launching = asyncio.get_running_loop().create_task(self._launch(program))
            self._tasks.add(program.launching)
            program.launching.add_done_callback(partial(self._launch_done, program))
        elif isinstance(effect, Terminate):
            self._terminate(program, effect.signal)

    def _terminate(self, program: Supervised, number: int) -> None:
        child = program.child
        if child is not None and child.reaped is None:
            self._trees.survey(child)
            if self._kernel.send(child.pid, number) is Sent.FORBIDDEN:
                log.error(
                    "%s: pid %d may not be signalled: it runs as a user whom this daemon has no power over",
                    program.name,
                    child.pid,
                )
            self._kernel.send(child.pid, signal.SIGCONT)  # a stopped process could not hear
        self.feed(program, Asked())

    async def _launch(self, program: Supervised) -> None:
        assert self.launcher is not None
        task = asyncio.current_task()
        try:
            await self.launcher.launch(program, self.programs.server_of(program))
        except ForkServerLost:
            if program.launching is task and program.child is None:
                self._hold(program, Launch())
        except LaunchError as error:
            if program.launching is task:
                self.feed(program, Ended(Exit(error=str(error), cause=program.life.cause)))

    def _launch_done(self, program: Supervised, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        is_current = program.launching is task
        if is_current:
            program.launching = None
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("%s: its launch failed inside the daemon", program.name, exc_info=error)
            if is_current and program.child is None:
                self.feed(program, Ended(Exit(error=f"the daemon failed: {error!r}")))
            elif is_current and program.child is not None:
                program.child.error = f"the daemon failed: {error!r}"
                self.kill(program)

    async def close(self) -> None:
        """End every launch that is still under way."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for program in self.programs:
            if program.timer is not None:
                program.timer.cancel()
