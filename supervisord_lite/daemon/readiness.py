"""What systemd is told: ready, one true sentence, alive, and more time while a slow start or stop goes on."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from supervisord_lite.model.states import State
from supervisord_lite.supervise.news import Transition
from supervisord_lite.supervise.program import Supervised
from supervisord_lite.supervise.registry import Registry
from supervisord_lite.systemd.notify import Notifier

log = logging.getLogger(__name__)

COALESCE = 0.05
"""Seconds within which transitions are told as one status."""

MARGIN = 30.0
"""Seconds asked of systemd beyond what the slowest program may take."""

TROUBLE = (State.FATAL, State.BACKOFF, State.EXITED)


class Verdicts(Protocol):
    """What is known of pools beyond their programs."""

    @property
    def is_decided(self) -> bool:
        """Whether each has its programs, or it is known why not."""

    @property
    def problems(self) -> Mapping[str, str]:
        """What is wrong with some."""


class _NoPools:
    is_decided = True
    problems: Mapping[str, str] = {}


class Readiness:
    """Watches the news and keeps systemd informed. `is_ready` is set once every program had its verdict."""

    def __init__(self, registry: Registry, notifier: Notifier) -> None:
        self._registry = registry
        self._notifier = notifier
        self._pending: asyncio.TimerHandle | None = None
        self._renewal: asyncio.TimerHandle | None = None
        self._alive_due: float | None = None
        self._decided: set[str] = set()
        """Programs that have had their first verdict, wherever they are now."""
        self.pools: Verdicts = _NoPools()
        self.is_ready = asyncio.Event()
        self.is_stopping = False

    def on_transition(self, transition: Transition) -> None:
        """Something changed: take down the first verdicts, and look at everything shortly."""
        if not self.is_ready.is_set():
            if transition.after not in (State.STARTING, State.STOPPING):
                self._decided.add(transition.name)
            if transition.after in TROUBLE:
                self._decide_held()
        self.look_soon()

    def _decide_held(self) -> None:
        """Who waits for one that failed has a verdict too."""
        self._decided |= {p.name for p in self._registry if p.held and self._registry.has_verdict(p)}

    def look_soon(self) -> None:
        """Look at every program once, however much happens at a time."""
        if self._pending is None:
            self._pending = asyncio.get_running_loop().call_later(COALESCE, self._look)

    def _look(self) -> None:
        self._pending = None
        if self._renewal is not None:
            self._renewal.cancel()
        programs = list(self._registry)
        self._notifier.status(self.sentence())
        if self.is_stopping:
            self._extend(max((_stop_timeout(program) for program in programs), default=0.0))
        elif not self.is_ready.is_set():
            self._decide_held()
            if self.pools.is_decided and all(p.name in self._decided or _is_down(p) for p in programs):
                self._become_ready()
            else:
                self._extend(max(_ready_timeout(program) for program in programs))

    def _extend(self, seconds: float) -> None:
        """Ask for this much and a margin, and again before that has passed."""
        self._notifier.extend(seconds + MARGIN)
        self._renewal = asyncio.get_running_loop().call_later(seconds + MARGIN / 2, self._look)

    def _become_ready(self) -> None:
        self.is_ready.set()
        self._notifier.ready()
        log.info("supervisord-lite: ready, %s", self.sentence())

    def sentence(self) -> str:
        """One sentence that is true now: "3 programs running; worker BACKOFF: exited with status 1 …"."""
        programs = [
            program for program in self._registry if not program.is_own or program.life.state in TROUBLE
        ]
        if self.is_stopping:
            left = sum(program.life.state is not State.STOPPED for program in programs)
            return f"shutting down, {left} program{'s' if left > 1 else ''} left" if left else "shutting down"
        told = [f"pool {name}: {why}" for name, why in self.pools.problems.items()]
        if not programs:
            return "; ".join(["no programs configured", *told]) if told else "no programs configured"
        counts = Counter(program.life.state for program in programs)
        words = [f"{count} {state.lower()}" for state, count in counts.items() if state is not State.RUNNING]
        running = f"{counts[State.RUNNING]} of {len(programs)} programs running"
        troubled = [program for program in programs if _is_in_trouble(program)]
        detail = [f"{p.name} {p.life.state}: {p.last_exit.sentence()}" for p in troubled[:3] if p.last_exit]
        return "; ".join([", ".join([running, *words]), *told, *detail])

    def watch_dog(self) -> None:
        """Say WATCHDOG=1 twice an interval, as long as the loop comes to it on time."""
        interval = self._notifier.watchdog
        if interval is None:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._alive_due is None or now - self._alive_due < interval / 2:
            self._notifier.alive()
        else:
            log.warning("supervisord-lite: the event loop was %.1fs late", now - self._alive_due)
        self._alive_due = now + interval / 2
        loop.call_at(self._alive_due, self.watch_dog)


def _is_down(program: Supervised) -> bool:
    return program.life.state is State.STOPPED


def _is_in_trouble(program: Supervised) -> bool:
    return program.life.state in TROUBLE and not program.life.succeeded


def _ready_timeout(program: Supervised) -> float:
    policy = program.definition.policy
    return _finite(policy.ready_timeout if policy.notify else policy.startsecs)


def _stop_timeout(program: Supervised) -> float:
    return _finite(program.definition.policy.stop_timeout)


def _finite(seconds: float) -> float:
    """An hour for what may take forever: it is asked for again before it has passed."""
    return min(seconds, 3600.0)
