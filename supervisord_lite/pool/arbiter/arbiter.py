"""The arbiter: its two listening sockets, everyone connected to them, and what brings them together."""

import os
import random
import socket
import traceback
from collections.abc import Callable, Mapping
from math import inf
from typing import Any

from supervisord_lite.pool.arbiter import reporting, signals
from supervisord_lite.pool.arbiter.backroom import Backroom
from supervisord_lite.pool.arbiter.connections.admission import Admission
from supervisord_lite.pool.arbiter.connections.client import Client
from supervisord_lite.pool.arbiter.connections.daemon import Daemon
from supervisord_lite.pool.arbiter.connections.reception import Reception
from supervisord_lite.pool.arbiter.log import ERROR, NOTICE, WARNING, Log
from supervisord_lite.pool.arbiter.loop import Loop
from supervisord_lite.pool.arbiter.memory import Heap, Scales
from supervisord_lite.pool.arbiter.performance import perform
from supervisord_lite.pool.arbiter.questions import Questions
from supervisord_lite.pool.arbiter.room import Room
from supervisord_lite.pool.arbiter.settings import blank
from supervisord_lite.pool.arbiter.stash import Stash
from supervisord_lite.pool.routing import casualties, deadlines, recycling, roster
from supervisord_lite.pool.routing.calls import Call
from supervisord_lite.pool.routing.partials import Partials
from supervisord_lite.pool.routing.router import Router
from supervisord_lite.systemd.notify import Notifier
from supervisord_lite.wire.backstage import Report, Roster, Serving, Settings

SWEEP = 0.1
"""Seconds between looks at deadlines, while there is anything to look at."""


MIND_EVERY = 0.5
"""Seconds between looks at whether the daemon lives, while it is not connected."""


class Arbiter:
    """One pool's arbiter. Connections call it; it holds what they share."""

    def __init__(
        self, pool: str, public: socket.socket, behind: socket.socket, log: Log, notifier: Notifier
    ) -> None:
        self.parent = os.getppid()
        """The daemon."""
        self.log = log
        self.loop = Loop()
        self.loop.on_fault = self._fault
        self.loop.on_signal = self._signalled
        threads = ("stash reads", "stash writes", "memory")
        self._backrooms = [Backroom(name, self.loop.wake, self._fault) for name in threads]
        reading, writing, weighing = self._backrooms
        self.loop.on_wakeup = self._tell
        self.router = Router(blank(pool))
        self.max_message = self.router.settings.max_message
        self.latest = 0
        """The id of the latest call."""
        self.clients: set[Client] = set()
        self.partials = Partials()
        self._heap = Heap(self.loop)
        self.scales = Scales(self, weighing)
        self.room = Room(self.max_message)
        self.stash = Stash(reading, writing, log)
        self.questions = Questions(log, self.tell_daemon, lambda: self.loop.now)
        self._notifier = notifier
        self._daemon: Daemon | None = None
        self.is_watching = False
        self._looked_for_at = inf
        self._is_serving = False
        self._admission = Admission(self, public)
        self.reception = Reception(self, behind)
        self._mind_parent()

    def close(self) -> None:
        """The loop has ended: end the threads."""
        for backroom in self._backrooms:
            backroom.close()

    def _tell(self) -> None:
        for backroom in self._backrooms:
            backroom.tell()

    # The way of a call, as far as connections share it.

    def perform(self) -> None:
        """Carry out what was decided: each of it, whatever becomes of the others."""
        while self.router.effects:
            for effect in self.router.take_effects():
                self._guard(perform, self, effect)

    def client_left(self, client: Client, call: Call | None) -> None:
        """Its connection is closed."""
        self.clients.discard(client)
        self.partials.forget(client)
        self.room.give_back(client)
        if call is not None:
            lane = call.lane
            self.router.leave(call, self.loop.now)
            if lane is not None and call.is_paused:
                lane.port.resume()
            self.perform()
        self._admission.resume()
        self._end_if_done()

    def note_partial(self, client: Client, size: int) -> None:
        """A piece of a message came."""
        self.partials.note(client, size, self.loop.now)
        self._heap.note(size)
        if self.partials:
            self.watch()

    def garbage(self, client: Client, what: str) -> None:
        """A client broke the protocol."""
        self.log.say_seldom("garbage", WARNING, f"client {client.pid} is cut off: {what}", self.loop.now)

    # The daemon.

    def take_over(self, daemon: Daemon) -> Daemon:
        """It has connected, and is the only one."""
        if self._daemon is not None:
            self._daemon.lost()
        self._daemon = daemon
        return daemon

    def configure(self, settings: Settings) -> None:
        """The daemon says how the pool is to be; from the first time on clients are served."""
        self.room.resize(self.max_message, settings.max_message)
        self.max_message = settings.max_message
        self.router.configure(settings, self.loop.now)
        for worker in self.router.workers.values():
            worker.limits = self.draw_limits()
        self.stash.configure(settings)
        if not self._is_serving:
            self._is_serving = True
            self._admission.open()
            self._notifier.status(f"routing calls to {', '.join(settings.apps)}")
            self._notifier.ready()
        if self._daemon is not None:
            self._daemon.say(Serving())
        self.workers_changed()

    def enrol(self, told: Roster) -> None:
        """The daemon says how the workers are."""
        roster.update(self.router, told, self.loop.now)
        self.watch()

    def gone(self, name: str, pid: int, how: str) -> None:
        """The daemon says how a worker has ended."""
        worker = self.router.workers.get((name, pid))
        if worker is not None:
            for lane in list(worker.lanes):
                lane.port.read_out()
            casualties.gone(self.router, worker, how)
            self.log.say(NOTICE, f"{worker.label} {how}")
            self.workers_changed()
        self.stash.sweep()

    def tell_daemon(self, word: Any) -> bool:
        """Returns whether there is one to hear it."""
        if self._daemon is None:
            return False
        self._daemon.say(word)
        return True

    def daemon_left(self, daemon: Daemon) -> None:
        """Its connection is closed. It comes back, unless it has ended: without it this ends too."""
        if self._daemon is daemon:
            self._daemon = None
            self.questions.daemon_left()
            self._mind_parent()

    def _mind_parent(self) -> None:
        """Look again while it is away: a process that ends closes its sockets first, and orphans later."""
        if self._daemon is not None:
            return
        if os.getppid() != self.parent:
            self.log.warn("the daemon has ended")
            self.loop.stop()
        else:
            self.loop.at(self.loop.now + MIND_EVERY, self._mind_parent)

    def workers_changed(self) -> None:
        """Workers came, or went, or are of no use any more."""
        roster.judge(self.router, self.loop.now)
        self.perform()
        self.watch()

    # What is asked about it.

    def report(self, number: int, found: Mapping[int, int | None]) -> Report:
        """How the pool is."""
        return reporting.report(self.router, number, len(self.clients), found, self.loop.now)

    # Time.

    def watch(self) -> None:
        """There is something to look at from time to time."""
        if not self.is_watching:
            self.is_watching = True
            self.loop.at(self.loop.now + SWEEP, self._sweep)

    def _sweep(self) -> None:
        """Each look is taken whatever becomes of the others, and the next sweep comes."""
        self.is_watching = False
        now = self.loop.now
        for look in (self._end_waits, self.reception.sweep, self.questions.give_up, self.scales.look):
            self._guard(look, now)
        self._admission.resume()
        if self.router.calls or self.partials or self.reception or self.questions:
            self.watch()
        else:
            self._wait_for_age(now)
        self._end_if_done()

    def _end_waits(self, now: float) -> None:
        for client in self.partials.overdue(now):
            client.rest_missing()
        try:
            deadlines.sweep(self.router, now)
        finally:
            self.perform()

    def _wait_for_age(self, now: float) -> None:
        """Idle as the pool is, workers grow old."""
        young = [worker for worker in self.router.workers.values() if not worker.is_replaced]
        due = min((worker.joined_at + worker.limits.age for worker in young), default=inf)
        if due < self._looked_for_at:
            self._looked_for_at = max(due, now + SWEEP)
            self.loop.at(self._looked_for_at, self._look_again)

    def _look_again(self) -> None:
        self._looked_for_at = inf
        self.watch()

    def draw_limits(self) -> recycling.Limits:
        """For one worker."""
        chance = random.random
        return recycling.draw(self.router.settings, chance(), chance(), chance())  # not a secret

    # Signals and faults.

    def _signalled(self, number: int) -> None:
        if number in signals.STOP:
            self._stop()
        elif number in signals.SCALE:
            self.questions.scale(signals.SCALE[number])
            self.watch()
        elif number in signals.INSTEAD:
            self.log.say_seldom("signal", NOTICE, signals.ignored(number), self.loop.now)

    def _stop(self) -> None:
        """Finish what was begun, take nothing new. Asked twice: end now."""
        if self.router.is_stopping:
            self.loop.stop()
            return
        self.router.is_stopping = True
        self._notifier.stopping()
        self._admission.close()
        for client in list(self.clients):
            client.end()
        self.workers_changed()
        self._end_if_done()

    def _end_if_done(self) -> None:
        if self.router.is_stopping and not self.clients:
            self.loop.stop()

    def _guard(self, work: Callable[..., None], *args: Any) -> None:
        """Whatever becomes of this: it is somebody else's turn next."""
        try:
            work(*args)
        except Exception:  # noqa: BLE001  # which ones there may be, only a fault knows
            self._fault()

    def _fault(self, fd: int | None = None) -> None:
        """An exception nobody has expected. The connection that it came of is closed."""
        text = f"fault in the arbiter, please report it:\n{traceback.format_exc()}"
        self.log.say_seldom("fault", ERROR, text, self.loop.now)
        for port in [*self.clients, *self._worker_ports()] if fd is not None else ():
            if port.fd == fd:
                port.lost()

    def _worker_ports(self) -> list[Any]:
        workers = list(self.router.workers.values())
        return [lane.port for worker in workers for lane in worker.lanes] + [
            worker.port for worker in workers
        ]
